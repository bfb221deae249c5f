//! Trees against what silx shows of the same files.

mod images;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tierline::dataio::tree::{
    self, Data, Dataset, Element, Layout, Link, Node, Tree, Values, Visit,
};
use tierline_tests::data::shared;

fn golden() -> Option<Value> {
    let text = std::fs::read(shared("golden/dataio/silx_trees.json")?).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

fn dtype_name(element: &Element) -> String {
    use tierline::table::DType::*;
    match element {
        Element::Text { .. } => "vlen-utf8".into(),
        Element::Other(what) => what.clone(),
        Element::Plain(dtype) => match dtype {
            Bool => "|b1".into(),
            U8 => "|u1".into(),
            I8 => "|i1".into(),
            U16 => "<u2".into(),
            I16 => "<i2".into(),
            U32 => "<u4".into(),
            I32 => "<i4".into(),
            U64 => "<u8".into(),
            I64 => "<i8".into(),
            F32 => "<f4".into(),
            F64 => "<f8".into(),
            Text(width) => format!("|S{width}"),
        },
    }
}

fn number(values: &Values, index: usize) -> Value {
    if let Some(value) = values.get_i64(index) {
        return json!(value);
    }
    match values.get_f64(index).unwrap() {
        value if value.is_finite() => json!(value),
        value => json!(value.to_string().to_lowercase()),
    }
}

fn described(dataset: &dyn Dataset) -> Value {
    let info = dataset.info().unwrap();
    let values = dataset.read_all().unwrap();
    assert_eq!(values.shape, info.shape);
    let mut out = Map::new();
    out.insert("t".into(), json!("D"));
    out.insert("shape".into(), json!(info.shape));
    out.insert("dtype".into(), json!(dtype_name(&info.element)));
    let count = values.len();
    if values.get_text(0).is_some() || matches!(values.data, Data::Texts(_)) {
        let texts: Vec<String> = (0..count).filter_map(|i| values.get_text(i)).collect();
        if info.shape.is_empty() {
            out.insert("value".into(), json!(texts[0]));
        } else {
            out.insert("value_n".into(), json!(count));
            let digest = Sha256::digest(texts.join("\0").as_bytes());
            out.insert("sha256".into(), json!(format!("{digest:x}")));
        }
    } else if info.shape.is_empty() {
        out.insert("value".into(), number(&values, 0));
    } else if count <= 4 && info.shape.len() == 1 {
        out.insert("value".into(), (0..count).map(|i| number(&values, i)).collect());
    } else {
        let Data::Plain { bytes, .. } = &values.data else { panic!("not plain") };
        out.insert("sha256".into(), json!(format!("{:x}", Sha256::digest(bytes))));
    }
    if let Some(storage) = info.storage {
        if let Layout::Chunked(chunks) = storage.layout {
            out.insert("chunks".into(), json!(chunks));
        }
        for filter in &storage.filters {
            match filter.id {
                1 => {
                    out.insert("compression".into(), json!("gzip"));
                    out.insert("compression_opts".into(), json!(filter.parameters[0]));
                }
                2 => _ = out.insert("shuffle".into(), json!(true)),
                3 => _ = out.insert("fletcher32".into(), json!(true)),
                other => panic!("filter {other}"),
            }
        }
    }
    Value::Object(out)
}

/// All nodes of a tree, as the golden file has them.
fn nodes(tree: &Tree) -> Map<String, Value> {
    let mut out = Map::new();
    tree.walk("/", &mut |step| {
        let mut value = match step.node {
            Node::Group(_) => json!({"t": "G"}),
            Node::Dataset(dataset) => described(&**dataset),
            Node::Link(Link::Soft(target)) => json!({"t": "L", "target": target}),
            Node::Link(_) | Node::Other(_) => json!({}),
        };
        let attrs = step.node.attrs().unwrap().into_iter().map(|attr| {
            let value = attr.value.get_text(0).map_or_else(|| number(&attr.value, 0), Value::from);
            (attr.name, value)
        });
        let mut attrs: Vec<(String, Value)> = attrs.collect();
        attrs.sort_by(|a, b| a.0.cmp(&b.0));
        value["attrs"] = Value::Object(attrs.into_iter().collect());
        out.insert(step.path.to_owned(), value);
        Ok(Visit::Enter)
    })
    .unwrap();
    out
}

/// Equality, but for the last bit of numbers, which is lost where the golden file is parsed.
fn close(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 2.0 * f64::EPSILON * a.abs()
        }
        _ => found == expected,
    }
}

/// Whether a node is the golden one: what is volatile and what no value can hold is not compared.
fn same(found: &Value, expected: &Value) -> bool {
    let empty = Map::new();
    let attrs = |value: &Value| value["attrs"].as_object().unwrap_or(&empty).clone();
    let (own, theirs) = (attrs(found), attrs(expected));
    let keys = own.keys().eq(theirs.keys());
    let values =
        theirs.iter().all(|(key, value)| *value == "<volatile>" || own.get(key) == Some(value));
    let other = expected.as_object().unwrap().iter().all(|(key, value)| match key.as_str() {
        // The digest says more; heads are cut there.
        "attrs" | "sum" | "nfinite" | "head" => true,
        _ => close(&found[key], value),
    });
    keys && values && other
}

pub(crate) fn compare(
    name: &str,
    tree: &Tree,
    expected: &Map<String, Value>,
    skip: &dyn Fn(&str) -> bool,
) -> usize {
    let found = nodes(tree);
    let names = |nodes: &Map<String, Value>| nodes.keys().cloned().collect::<Vec<_>>();
    let (own, theirs) = (names(&found), names(expected));
    let differ = own.iter().zip(&theirs).position(|(a, b)| a != b);
    assert!(
        own == theirs,
        "{name}: {} nodes, {} expected; differ at {differ:?}",
        own.len(),
        theirs.len()
    );
    let mut wrong = 0;
    for (path, expected) in expected {
        if !skip(path) && !same(&found[path], expected) {
            wrong += 1;
            if wrong < 3 {
                let short = |value: &Value| value.to_string().chars().take(400).collect::<String>();
                eprintln!("{name} {path}:\n {}\n {}", short(&found[path]), short(expected));
            }
        }
    }
    assert_eq!(wrong, 0, "{name}: nodes that differ");
    expected.len()
}

#[test]
fn spec_files_look_as_in_silx() {
    let Some(golden) = golden() else { return };
    let (mut files, mut count) = (0, 0);
    for (name, expected) in golden["files"].as_object().unwrap() {
        let (true, Some(expected)) = (name.starts_with("spec/"), expected["nodes"].as_object())
        else {
            continue;
        };
        let Some(path) = shared(&format!("data/dataio/{name}")) else { return };
        let tree = tree::spec(&path, Default::default(), Default::default()).unwrap();
        // A label without a column: silx shows what lies behind the data, ours is empty.
        let skip = |path: &str| name.ends_with("s19_more_labels.dat") && path.ends_with("/extra");
        count += compare(name, &tree, expected, &skip);
        files += 1;
    }
    eprintln!("{files} files, {count} nodes");
    assert!(files > 45);
}

#[test]
fn spec_files_that_silx_cannot_show_are_shown() {
    for name in ["s25_mca_not_multiple", "s35_s_after_line10", "s39_many_columns"] {
        let Some(path) = shared(&format!("data/dataio/spec/edge/{name}.dat")) else { return };
        let tree = tree::spec(&path, Default::default(), Default::default()).unwrap();
        let found = nodes(&tree);
        assert!(found.contains_key("/1.1/measurement"), "{name}");
    }
}

#[test]
fn hdf5_files_look_as_in_silx() {
    let Some(golden) = golden() else { return };
    for name in ["h5/test.h5", "h5/ID16B_diatomee_rebuilt.h5"] {
        let Some(path) = shared(&format!("data/dataio/{name}")) else { return };
        let tree = tree::hdf5(&path, Default::default()).unwrap();
        let expected = golden["files"][name]["nodes"].as_object().unwrap();
        compare(name, &tree, expected, &|_| false);
    }
}

#[test]
fn numpy_files_look_as_in_silx() {
    let Some(golden) = golden() else { return };
    let name = "npy/reference_ci.npy";
    let Some(path) = shared(&format!("data/dataio/{name}")) else { return };
    let tree = tree::open(&path, Default::default()).unwrap();
    let expected = golden["files"][name]["nodes"].as_object().unwrap();
    compare(name, &tree, expected, &|_| false);
}
