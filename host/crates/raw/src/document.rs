//! Text headers and settings files, parsed by libraries into one kind of tree.

use tierline_core::Node;

/// A node of a parsed document.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// Named children, in order; a name may come more than once (XML).
    Dict(Vec<(String, Document)>),
    /// Children without names.
    List(Vec<Document>),
    /// Text.
    Text(String),
    /// Integer.
    Int(i128),
    /// Floating-point number.
    Real(f64),
    /// Boolean.
    Bool(bool),
}

impl Node for Document {
    fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Document::Dict(children) => children.iter().find(|(n, _)| n == name).map(|(_, c)| c),
            _ => None,
        }
    }

    fn child(&self, i: usize) -> Option<(&str, &Self)> {
        match self {
            Document::Dict(children) => children.get(i).map(|(n, c)| (n.as_str(), c)),
            Document::List(children) => children.get(i).map(|c| ("", c)),
            _ => None,
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Document::Text(text) => Some(text),
            _ => None,
        }
    }

    fn int(&self) -> Option<i64> {
        match self {
            Document::Int(n) => i64::try_from(*n).ok(),
            Document::Bool(b) => Some(i64::from(*b)),
            Document::Real(x) => Some(*x as i64),
            _ => None,
        }
    }
}

/// Parses a property list or any other XML.
///
/// # Errors
/// The library's words.
pub fn parse(text: &[u8]) -> Result<Document, String> {
    let head = text.get(..text.len().min(1024)).unwrap_or(text);
    let plist = head.windows(6).any(|w| w == b"<plist") || head.windows(6).any(|w| w == b"plist ");
    if plist { parse_plist(text) } else { parse_xml(text) }
}

fn parse_plist(text: &[u8]) -> Result<Document, String> {
    let value = plist::Value::from_reader_xml(text).map_err(|e| e.to_string())?;
    Ok(from_plist(value))
}

fn from_plist(value: plist::Value) -> Document {
    use plist::Value;
    match value {
        Value::Array(items) => Document::List(items.into_iter().map(from_plist).collect()),
        Value::Dictionary(dict) => {
            Document::Dict(dict.into_iter().map(|(k, v)| (k, from_plist(v))).collect())
        }
        Value::Boolean(b) => Document::Bool(b),
        Value::Integer(n) => {
            let wide = n.as_signed().map(i128::from).or_else(|| n.as_unsigned().map(i128::from));
            Document::Int(wide.unwrap_or(0))
        }
        Value::Real(x) => Document::Real(x),
        Value::Uid(uid) => Document::Int(uid.get().into()),
        Value::Date(date) => Document::Text(date.to_xml_format()),
        Value::Data(bytes) => Document::Text(bytes.iter().map(|b| format!("{b:02x}")).collect()),
        Value::String(text) => Document::Text(text),
        other => Document::Text(format!("{other:?}")),
    }
}

/// An element on its way in.
#[derive(Debug, Default)]
struct Element {
    name: String,
    children: Vec<(String, Document)>,
    text: String,
}

impl Element {
    fn named(name: &str) -> Self {
        Element { name: name.to_owned(), ..Element::default() }
    }

    /// A dictionary of the children, or the text where there are none.
    fn into_document(self) -> Document {
        if self.children.is_empty() {
            Document::Text(self.text.trim().to_owned())
        } else {
            Document::Dict(self.children)
        }
    }
}

/// Elements become dictionaries of their children, or text where they have none. Attributes are left out.
fn parse_xml(text: &[u8]) -> Result<Document, String> {
    use quick_xml::events::Event;
    let text = std::str::from_utf8(text).map_err(|e| e.to_string())?;
    let mut reader = quick_xml::Reader::from_str(text);
    let mut above: Vec<Element> = Vec::new();
    let mut now = Element::default();
    loop {
        match reader.read_event().map_err(|e| e.to_string())? {
            Event::Start(tag) => {
                above.push(std::mem::replace(&mut now, Element::named(tag.name().as_ref())));
            }
            Event::Empty(tag) => {
                let name = tag.name().as_ref().to_owned();
                now.children.push((name, Document::Text(String::new())));
            }
            Event::Text(piece) => now.text.push_str(&piece),
            Event::CData(piece) => now.text.push_str(&piece),
            Event::GeneralRef(name) => {
                let entity = format!("&{};", &*name);
                let plain = quick_xml::escape::unescape(&entity).map_err(|e| e.to_string())?;
                now.text.push_str(&plain);
            }
            Event::End(_) => {
                let Some(outer) = above.pop() else { return Err("an end without a start".into()) };
                let done = std::mem::replace(&mut now, outer);
                now.children.push((done.name.clone(), done.into_document()));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match (above.is_empty(), now.children.is_empty()) {
        (true, false) => Ok(Document::Dict(now.children)),
        (true, true) => Err("no element".into()),
        (false, _) => Err("an element is not closed".into()),
    }
}

impl Document {
    /// The document as JSON text, in the form that Python's `json.dumps` has by default.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        self.write_json(&mut out);
        out
    }

    fn write_json(&self, out: &mut String) {
        use std::fmt::Write;
        match self {
            Document::Dict(children) => {
                out.push('{');
                for (i, (name, child)) in children.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    write_text(name, out);
                    out.push_str(": ");
                    child.write_json(out);
                }
                out.push('}');
            }
            Document::List(children) => {
                out.push('[');
                for (i, child) in children.iter().enumerate() {
                    out.push_str(if i > 0 { ", " } else { "" });
                    child.write_json(out);
                }
                out.push(']');
            }
            Document::Text(text) => write_text(text, out),
            Document::Int(n) => {
                let _ = write!(out, "{n}");
            }
            Document::Real(x) if x.is_finite() => {
                let _ = write!(out, "{x:?}");
            }
            Document::Real(x) if x.is_nan() => out.push_str("NaN"),
            Document::Real(x) => out.push_str(if *x > 0.0 { "Infinity" } else { "-Infinity" }),
            Document::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        }
    }
}

fn write_text(text: &str, out: &mut String) {
    use std::fmt::Write;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn property_lists_keep_order_and_types() {
        let xml =
            br#"<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE plist><plist version="1.0"><dict>
            <key>b</key><integer>-3</integer><key>a</key><array><true/><real>1.5</real></array>
            <key>t</key><string>x &amp; "y" &#228;</string></dict></plist>"#;
        let doc = parse(xml).unwrap();
        assert_eq!(doc.get("b").and_then(Node::int), Some(-3));
        assert_eq!(doc.to_json(), r#"{"b": -3, "a": [true, 1.5], "t": "x & \"y\" \u00e4"}"#);
    }

    #[test]
    fn xml_repeats_names_and_trims_text() {
        let doc = parse(b"<c><e> 1 </e><e><k>a&lt;b</k></e><f/></c>").unwrap();
        let c = doc.get("c").unwrap();
        assert_eq!(c.children().count(), 3);
        assert_eq!(c.child(0).unwrap().1.text(), Some("1"));
        assert_eq!(c.find(&["e"]).unwrap().text(), Some("1"));
        assert_eq!(c.child(1).unwrap().1.get("k").unwrap().text(), Some("a<b"));
        assert!(parse(b"<c><e></c>").is_err());
        assert!(parse(b"").is_err());
    }
}
