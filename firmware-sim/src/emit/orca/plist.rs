//! Property lists as text: the header of an ORCA file.

use std::fmt::Write;

/// A value of a property list.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Named values, in the order of the file.
    Dict(Vec<(&'static str, Value)>),
    /// Values in order.
    Array(Vec<Value>),
    /// Whole number.
    Integer(i64),
    /// Floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Truth value.
    Bool(bool),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Self {
        Self::Array(values)
    }
}

/// A dictionary.
pub fn dict<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    Value::Dict(entries.into())
}

/// The document with its XML declaration.
pub fn document(value: &Value) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    text.push_str("<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" ");
    text.push_str("\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n");
    element(&mut text, value, 0);
    text.push_str("</plist>\n");
    text
}

fn element(text: &mut String, value: &Value, depth: usize) {
    let indent = "\t".repeat(depth);
    match value {
        Value::Dict(entries) if entries.is_empty() => line(text, &indent, "<dict/>"),
        Value::Dict(entries) => {
            line(text, &indent, "<dict>");
            for (key, value) in entries {
                line(text, &indent, &format!("\t<key>{}</key>", escape(key)));
                element(text, value, depth + 1);
            }
            line(text, &indent, "</dict>");
        }
        Value::Array(values) if values.is_empty() => line(text, &indent, "<array/>"),
        Value::Array(values) => {
            line(text, &indent, "<array>");
            values.iter().for_each(|value| element(text, value, depth + 1));
            line(text, &indent, "</array>");
        }
        Value::Integer(value) => line(text, &indent, &format!("<integer>{value}</integer>")),
        Value::Real(value) => line(text, &indent, &format!("<real>{value}</real>")),
        Value::Text(value) => line(text, &indent, &format!("<string>{}</string>", escape(value))),
        Value::Bool(true) => line(text, &indent, "<true/>"),
        Value::Bool(false) => line(text, &indent, "<false/>"),
    }
}

fn line(text: &mut String, indent: &str, content: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{indent}{content}");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_nest_and_escape() {
        let value = dict([
            ("a & b", vec![Value::from(-1), Value::Real(0.5), true.into()].into()),
            ("none", Value::Dict(Vec::new())),
        ]);
        let text = document(&value);
        let body = text.split("<plist version=\"1.0\">\n").nth(1).unwrap();
        assert_eq!(
            body,
            "<dict>\n\t<key>a &amp; b</key>\n\t<array>\n\t\t<integer>-1</integer>\n\t\t\
             <real>0.5</real>\n\t\t<true/>\n\t</array>\n\t<key>none</key>\n\t<dict/>\n</dict>\n\
             </plist>\n"
        );
    }
}
