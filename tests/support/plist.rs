//! Property lists as the tree that core reads.

use tierline_core::Node;

/// A node of a property list.
#[derive(Debug)]
pub struct Plist {
    value: plist::Value,
    children: Vec<(String, Plist)>,
}

impl Plist {
    /// Parses the text of a property list.
    pub fn parse(text: &[u8]) -> Option<Self> {
        plist::Value::from_reader_xml(text).ok().map(Self::new)
    }

    fn new(value: plist::Value) -> Self {
        let children = match &value {
            plist::Value::Dictionary(entries) => {
                entries.iter().map(|(key, child)| (key.clone(), Self::new(child.clone()))).collect()
            }
            plist::Value::Array(items) => {
                items.iter().map(|child| (String::new(), Self::new(child.clone()))).collect()
            }
            _ => Vec::new(),
        };
        Self { value, children }
    }
}

impl Node for Plist {
    fn get(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|(key, _)| key == name).map(|(_, child)| child)
    }

    fn child(&self, i: usize) -> Option<(&str, &Self)> {
        self.children.get(i).map(|(key, child)| (key.as_str(), child))
    }

    fn text(&self) -> Option<&str> {
        self.value.as_string()
    }

    fn int(&self) -> Option<i64> {
        self.value.as_signed_integer().or_else(|| self.value.as_boolean().map(i64::from))
    }
}
