//! Settings by class and name, as ctapipe's configuration files and command lines give them.
//!
//! A file is JSON or YAML: classes are the keys that begin with a capital letter, and may stand inside of the
//! classes that own them; other keys are settings of the class around them. On a command line a setting is
//! `Class.name=value`, where the value is JSON, YAML, or a Python list. What is given later wins.

use std::collections::BTreeSet;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Error, Place};

/// Largest configuration file, in bytes.
const MAX_BYTES: u64 = 16 << 20;
/// Classes inside of classes.
const MAX_DEPTH: usize = 16;

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    class: String,
    name: String,
    value: Value,
    used: bool,
}

/// Settings, and which of them were asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    entries: Vec<Entry>,
    known: BTreeSet<String>,
}

impl Configuration {
    /// Adds what a file says.
    pub fn read(&mut self, path: &Path) -> Result<(), Error> {
        let malformed = |reason: String| Error::malformed(path, Place::File, reason);
        match &parse(path)? {
            value @ Value::Object(_) => self.add("", value, 0).map_err(malformed),
            Value::Null => Ok(()),
            _ => Err(malformed("it is no map of classes".into())),
        }
    }

    fn add(&mut self, class: &str, value: &Value, depth: usize) -> Result<(), String> {
        let Value::Object(map) = value else {
            return Err(format!("'{class}' is a class: its settings are expected, not {value}"));
        };
        if depth > MAX_DEPTH {
            return Err(format!("classes are nested deeper than {MAX_DEPTH}"));
        }
        for (key, value) in map {
            if key.starts_with(|first: char| first.is_ascii_uppercase()) {
                self.add(key, value, depth + 1)?;
            } else if class.is_empty() {
                return Err(format!("'{key}' stands outside of a class"));
            } else {
                self.push(class, key, value.clone());
            }
        }
        Ok(())
    }

    /// Adds a setting.
    pub fn push(&mut self, class: &str, name: &str, value: Value) {
        self.entries.push(Entry { class: class.into(), name: name.into(), value, used: false });
    }

    /// Adds `Class.name=value`.
    pub fn set(&mut self, text: &str) -> Result<(), Error> {
        let wrong = || Error::parameter(text, "'Class.name=value' is expected");
        let (key, value) = text.split_once('=').ok_or_else(wrong)?;
        let (class, name) = key.trim_start_matches('-').rsplit_once('.').ok_or_else(wrong)?;
        // The class that owns the one meant may stand before it.
        let class = class.rsplit('.').next().unwrap_or(class);
        self.push(class, name, literal(value));
        Ok(())
    }

    /// The last value that was given for a setting.
    pub fn take<T: DeserializeOwned>(
        &mut self,
        class: &str,
        name: &str,
    ) -> Result<Option<T>, Error> {
        let key = format!("{class}.{name}");
        let mut found = None;
        for entry in &mut self.entries {
            if entry.class == class && entry.name == name {
                entry.used = true;
                found = Some(&entry.value);
            }
        }
        let value = found.map(|value| {
            T::deserialize(value).map_err(|e| Error::parameter(&key, format!("{e}, not {value}")))
        });
        self.known.insert(key);
        value.transpose()
    }

    /// Puts the last value that was given for a setting where it belongs; leaves that as it is if there is none.
    pub fn take_into<T: DeserializeOwned>(
        &mut self,
        class: &str,
        name: &str,
        target: &mut T,
    ) -> Result<(), Error> {
        if let Some(value) = self.take(class, name)? {
            *target = value;
        }
        Ok(())
    }

    /// Settings that were given and that nobody asked for.
    pub fn unknown(&self) -> Vec<String> {
        let unused = self.entries.iter().filter(|entry| !entry.used);
        unused.map(|entry| format!("{}.{}", entry.class, entry.name)).collect()
    }

    /// Refuses settings that nobody asked for, and names the nearest one that is known.
    pub fn finish(&self) -> Result<(), Error> {
        let Some(key) = self.unknown().into_iter().next() else { return Ok(()) };
        let near = |known: &&String| {
            let likeness = strsim::jaro_winkler(known, &key);
            (likeness * 1e6) as u64
        };
        let reason = match self.known.iter().max_by_key(near) {
            Some(nearest) => format!("there is no such setting; did you mean {nearest}?"),
            None => "there is no such setting".into(),
        };
        Err(Error::parameter(key, reason))
    }
}

/// The content of a file of JSON or YAML.
pub fn parse(path: &Path) -> Result<Value, Error> {
    let size = std::fs::metadata(path).map_err(|e| Error::io(path, "open", e))?.len();
    let malformed = |reason: String| Error::malformed(path, Place::File, reason);
    if size > MAX_BYTES {
        return Err(malformed(format!(
            "a configuration has at most {MAX_BYTES} bytes, this has {size}"
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|e| Error::io(path, "read", e))?;
    match text.trim_start().starts_with('{') {
        true => serde_json::from_str(&text).map_err(|e| malformed(e.to_string())),
        false => serde_saphyr::from_str(&text).map_err(|e| malformed(e.to_string())),
    }
}

/// A value as JSON, YAML or Python write it.
fn literal(text: &str) -> Value {
    if let Ok(value) = serde_json::from_str(text) {
        return value;
    }
    if text == "None" {
        return Value::Null;
    }
    // Python's tuples are lists here.
    let mut quote = None;
    let listed: String = text
        .chars()
        .map(|c| {
            match (quote, c) {
                (None, '\'' | '"') => quote = Some(c),
                (Some(open), _) if open == c => quote = None,
                _ => {}
            }
            match (quote, c) {
                (None, '(') => '[',
                (None, ')') => ']',
                _ => c,
            }
        })
        .collect();
    let looks_listed = listed.starts_with(['[', '{', '\'', '"']);
    let parsed = looks_listed.then(|| serde_saphyr::from_str(&listed).ok()).flatten();
    parsed.unwrap_or_else(|| match text {
        "True" | "true" => Value::Bool(true),
        "False" | "false" => Value::Bool(false),
        _ => Value::String(text.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, text: &str) -> Result<Configuration, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut configuration = Configuration::default();
        configuration.read(&path).map(|()| configuration)
    }

    #[test]
    fn classes_may_stand_inside_of_others() {
        let text = r#"{"ImageProcessor": {"image_cleaner_type": "A", "A": {"threshold": 5}}}"#;
        for text in [text, "ImageProcessor:\n  image_cleaner_type: A\n  A: {threshold: 5}\n"] {
            let mut it = read("c.txt", text).unwrap();
            assert_eq!(it.take("A", "threshold").unwrap(), Some(5.0));
            let name: Option<String> = it.take("ImageProcessor", "image_cleaner_type").unwrap();
            assert_eq!(name.as_deref(), Some("A"));
            it.set("--ProcessorTool.A.threshold=7").unwrap();
            assert_eq!(it.unknown(), ["A.threshold"]);
            assert_eq!(it.take("A", "threshold").unwrap(), Some(7));
            assert!(it.finish().is_ok());
        }
    }

    #[test]
    fn what_nobody_knows_is_refused_with_its_neighbour() {
        let mut it = read("c", r#"{"CameraCalibrator": {"image_extractor_typ": "X"}}"#).unwrap();
        assert_eq!(it.take::<String>("CameraCalibrator", "image_extractor_type").unwrap(), None);
        assert_eq!(it.take::<bool>("DataWriter", "overwrite").unwrap(), None);
        let error = it.finish().unwrap_err().to_string();
        assert!(error.starts_with("CameraCalibrator.image_extractor_typ: "), "{error}");
        assert!(error.ends_with("did you mean CameraCalibrator.image_extractor_type?"), "{error}");
        it.push("CameraCalibrator", "image_extractor_type", json!(3));
        let error = it.take::<String>("CameraCalibrator", "image_extractor_type").unwrap_err();
        assert!(error.to_string().contains("expected a string, not 3"), "{error}");
        assert!(read("c", "a: 1").unwrap_err().to_string().contains("outside of a class"));
        assert!(read("c", "[1]").is_err() && read("c", "{").is_err() && read("c", "A: 1").is_err());
        assert!(it.set("A=1").is_err() && it.set("A.b").is_err());
    }

    #[test]
    fn values_are_read_as_users_write_them() {
        for (text, value) in [
            ("5", json!(5)),
            ("True", json!(true)),
            ("None", Value::Null),
            ("LocalPeakWindowSum", json!("LocalPeakWindowSum")),
            ("[('type', '*', 10.0), ('id', 1, 8)]", json!([["type", "*", 10.0], ["id", 1, 8]])),
            ("[[\"type\", \"L(S)T*\", 3]]", json!([["type", "L(S)T*", 3]])),
            ("(1, 2)", json!([1, 2])),
        ] {
            assert_eq!(literal(text), value, "{text}");
        }
    }
}
