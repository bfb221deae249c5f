//! Addresses, slices and patterns of names: any text is refused or understood, and is then written as it is understood.

use std::path::Path;
use std::sync::Arc;

use tierline_dataio::convert::Pattern;
use tierline_dataio::tree::{
    Branch, Data, Leaf, Pick, Tree, Values, Visit, default_path, glance, h5ls,
};
use tierline_dataio::url::DataUrl;

/// The first byte chooses what the text is taken for.
pub fn run(data: &[u8]) {
    let Some((how, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    match how % 4 {
        0 => url(&text),
        1 => picks(&text),
        2 => pattern(&text),
        _ => links(&text),
    }
}

/// What an address says is what its text says.
fn url(text: &str) {
    let url = DataUrl::parse(text);
    if url.check().is_err() {
        return;
    }
    let mut wanted = url.clone();
    wanted.ignored.clear();
    let again = DataUrl::parse(&url.to_string());
    assert_eq!(again, wanted, "{url}");
    if let Some(picks) = &url.slice {
        apply(picks);
    }
}

fn picks(text: &str) {
    let Ok(picks) = Pick::parse_list(text) else { return };
    assert_eq!(Pick::parse_list(&Pick::list(&picks)).as_ref(), Ok(&picks));
    apply(&picks);
}

/// A slice of a small array has the extents that it is told to have.
fn apply(picks: &[Pick]) {
    for shape in [vec![], vec![0], vec![7], vec![3, 4], vec![2, 0, 3], vec![2, 3, 4]] {
        let count: usize = shape.iter().product();
        let values = Values::i64(&shape, 0..count as i64);
        let Ok((selection, extents)) = Pick::apply(picks, &shape) else { continue };
        assert_eq!(selection.clipped(&shape), selection);
        let part = values.select(&selection);
        assert_eq!(part.len(), extents.iter().product::<usize>());
        assert_eq!(part.shape, selection.shape());
        let Data::Plain { bytes, .. } = part.data else { panic!("numbers are numbers") };
        assert_eq!(bytes.len(), 8 * extents.iter().product::<usize>());
    }
}

/// A pattern and a name, a line each.
fn pattern(text: &str) {
    let (text, name) = text.split_once('\n').unwrap_or((text, "scan_0001.edf"));
    let Ok(pattern) = Pattern::new(text) else { return };
    assert!(pattern.numbers() > 0);
    if let Some(numbers) = pattern.parse(name) {
        assert_eq!(numbers.len(), pattern.numbers());
    }
}

/// A tree whose links and attributes are the lines of the text.
fn links(text: &str) {
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let mut inner = Branch::class(line());
    inner.put_dataset("data", Leaf::new(Values::i64(&[2, 3], 0..6)));
    inner.put_dataset("text", Leaf::new(Values::text(line())));
    inner.put_link("a", line());
    inner.put_link(line(), "data");
    let mut root = Branch::class(line());
    root.put_group("g", inner);
    root.put_link("l", line());
    root.put_link("m", line());
    let root = root.with_attr(tierline_dataio::tree::Attr::text("default", line()));
    let tree = Tree::new(Path::new("a"), Arc::new(root));
    for path in ["/g/a", "/l", "/m", "/l/m", line(), line()] {
        if let Ok(real) = tree.real_path(path) {
            assert_eq!(tree.real_path(&real).ok(), Some(real));
        }
    }
    let _ = default_path(&tree);
    tree.walk("/", &mut |_| Ok(Visit::Enter)).expect("a tree in memory");
    let mut shown = Vec::new();
    h5ls(&mut shown, &tree, "/").expect("a tree in memory");
    glance(&mut shown, &tree, None, &Default::default()).expect("a tree in memory");
}

/// Inputs to start from.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts: [(u8, &str); 8] = [
        (0, "silx:///data/image.h5?path=/entry/data&slice=1,:,::2"),
        (0, "C:/a.h5::/d%20e+f"),
        (0, "fabio:image.edf?slice=2"),
        (1, "1,-3:,::2,..."),
        (2, "s%d_%03d%%.cbf\ns12_004%.cbf"),
        (2, "%d%d%d%dx\n123456789012345"),
        (3, "NXdata\nhello\n../g/data\nb\nNXroot\n/g\n/g/a/..\ng\n/m/data\n/l/../g"),
        (3, "\n\n../..\n.\n\nm\nl\n/\n//\n"),
    ];
    texts.into_iter().map(|(how, text)| [&[how], text.as_bytes()].concat()).collect()
}
