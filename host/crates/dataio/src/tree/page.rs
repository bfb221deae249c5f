//! A tree as a page for a browser: one file, without scripts, groups that open and close.

use std::io::{self, Write};

use super::python::{Style, array, scalar};
use super::{Data, Element, Link, MAX_DEPTH, Node, Selection, Tree, Values, numpy_type};
use crate::Error;

/// Elements of a dataset that are shown.
const SHOWN: usize = 200;
/// Groups nested deeper than this are closed at first.
const OPEN: usize = 2;

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;color:#222;background:#fff}\
details{margin-left:1.2rem}summary{cursor:pointer}.leaf{margin-left:2.2rem}.type{color:#666}\
.attr{margin-left:2.2rem;color:#075}pre{margin:.2rem 0 .4rem 1.2rem;color:#444;overflow-x:auto}\
h1{font-size:1.3rem}@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}.type{color:#999}\
.attr{color:#7c9}pre{color:#bbb}}";

/// Writes the object at a path and everything below it as a page.
pub fn page(
    out: &mut dyn Write,
    tree: &Tree,
    path: &str,
    depth: Option<usize>,
) -> Result<(), Error> {
    let node = tree.get(path)?;
    let title = escaped(&format!("{}::{path}", tree.path().display()));
    let failed = |error| Error::io(tree.path(), "list", error);
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n"
    )
    .map_err(failed)?;
    let mut page = Page { out, tree, depth: depth.unwrap_or(MAX_DEPTH), seen: Vec::new() };
    page.node(path.rsplit('/').next().unwrap_or_default(), &node, 0)?;
    out.write_all(b"</body></html>\n").map_err(failed)
}

struct Page<'a> {
    out: &'a mut dyn Write,
    tree: &'a Tree,
    depth: usize,
    /// Objects with several names that were shown.
    seen: Vec<super::Token>,
}

impl Page<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), Error> {
        let done: io::Result<()> = self.out.write_fmt(text);
        done.map_err(|error| Error::io(self.tree.path(), "list", error))
    }

    fn node(&mut self, name: &str, node: &Node, depth: usize) -> Result<(), Error> {
        let name = escaped(if name.is_empty() { "/" } else { name });
        match node {
            Node::Link(Link::Soft(target)) => self.put(format_args!(
                "<div class=\"leaf\">{name} <span class=\"type\">&rarr; {}</span></div>\n",
                escaped(target)
            )),
            Node::Link(Link::External { file, path }) => self.put(format_args!(
                "<div class=\"leaf\">{name} <span class=\"type\">&rarr; {}::{}</span></div>\n",
                escaped(file),
                escaped(path)
            )),
            Node::Other(what) => self.put(format_args!(
                "<div class=\"leaf\">{name} <span class=\"type\">{}</span></div>\n",
                escaped(what)
            )),
            Node::Dataset(dataset) => {
                let info = dataset.info()?;
                let shape: Vec<String> = info.shape.iter().map(usize::to_string).collect();
                let shape =
                    if shape.is_empty() { "scalar".into() } else { shape.join(" &times; ") };
                let dtype = escaped(&numpy_type(&info));
                self.put(format_args!(
                    "<details><summary>{name} <span class=\"type\">{dtype}, {shape}</span></summary>\n"
                ))?;
                self.attrs(node)?;
                let text = match (&info.element, info.shape.iter().product::<usize>()) {
                    (Element::Other(what), _) => what.clone(),
                    (_, 0) => String::new(),
                    _ => sample(&dataset.read(&first(&info.shape))?),
                };
                self.put(format_args!("<pre>{}</pre></details>\n", escaped(&text)))
            }
            Node::Group(group) => {
                let names = group.names()?;
                let known = node.token().filter(|token| self.seen.contains(token)).is_some();
                if known || depth >= self.depth.min(MAX_DEPTH) {
                    let why = if known {
                        "shown above".into()
                    } else {
                        format!("{} objects", names.len())
                    };
                    return self.put(format_args!(
                        "<div class=\"leaf\"><b>{name}</b> <span class=\"type\">{why}</span></div>\n"
                    ));
                }
                self.seen.extend(node.token());
                let open = if depth < OPEN { " open" } else { "" };
                self.put(format_args!("<details{open}><summary><b>{name}</b></summary>\n"))?;
                self.attrs(node)?;
                for name in names {
                    if let Some(child) = group.child(&name)? {
                        self.node(&name, &child, depth + 1)?;
                    }
                }
                self.put(format_args!("</details>\n"))
            }
        }
    }

    fn attrs(&mut self, node: &Node) -> Result<(), Error> {
        for attr in node.attrs()? {
            let (name, value) = (escaped(&attr.name), escaped(&sample(&attr.value)));
            self.put(format_args!("<div class=\"attr\">@{name} = {value}</div>\n"))?;
        }
        Ok(())
    }
}

/// A corner of a dataset with so many elements at most.
fn first(shape: &[usize]) -> Selection {
    let mut selection = Selection::all(shape);
    let mut left = SHOWN;
    for span in selection.spans.iter_mut().rev() {
        span.count = span.count.min(left.max(1));
        left /= span.count.max(1);
    }
    selection
}

fn sample(values: &Values) -> String {
    match (&values.data, values.shape.is_empty()) {
        (Data::Other(what), _) => what.clone(),
        (_, true) => scalar(values),
        (_, false) => array(values, Style { precision: 8, threshold: SHOWN }),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::{Attr, Branch, Leaf};
    use super::*;
    use std::sync::Arc;

    #[test]
    fn names_and_values_are_escaped() {
        let mut root = Branch::new().with_attr(Attr::text("a<b", "\"x\" & y"));
        root.put_dataset("<data>", Leaf::new(Values::f64(&[2], [1.0, 2.5])));
        root.put_link("link", "/<data>");
        let tree = Tree::new("f.dat".as_ref(), Arc::new(root));
        let mut out = Vec::new();
        page(&mut out, &tree, "/", None).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("@a&lt;b = ")
                && text.contains("&lt;data&gt;")
                && !text.contains("<data>")
        );
        assert!(text.contains("2.5") && text.contains("&rarr;") && text.ends_with("</html>\n"));
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
    }
}
