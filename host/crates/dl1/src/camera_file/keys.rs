//! Keys of a file, taken one after the other: errors name them, and what nobody took is unknown.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Error, Place};

/// The keys of a map in a file.
pub(super) struct Keys<'a> {
    path: &'a Path,
    /// Name of the map, with a dot; empty for the file.
    above: String,
    map: Map<String, Value>,
    known: Vec<&'static str>,
}

impl<'a> Keys<'a> {
    pub(super) fn of_file(path: &'a Path, value: Value) -> Result<Self, Error> {
        Self::of(path, String::new(), value)
    }

    fn of(path: &'a Path, above: String, value: Value) -> Result<Self, Error> {
        match value {
            Value::Object(map) => Ok(Keys { path, above, map, known: Vec::new() }),
            other => {
                let name = above.trim_end_matches('.').to_owned();
                let place = if name.is_empty() { Place::File } else { Place::Entry(name) };
                let reason = format!("expected a map of keys, found {}", kind(&other));
                Err(Error::malformed(path, place, reason))
            }
        }
    }

    /// Something is wrong with a key.
    pub(super) fn wrong(&self, key: &str, reason: impl Into<String>) -> Error {
        Error::malformed(self.path, Place::Entry(format!("{}{key}", self.above)), reason)
    }

    /// A value, if it is there and not null.
    pub(super) fn value(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.map.remove(key).filter(|value| !value.is_null())
    }

    /// What `T` reads, if it is there.
    pub(super) fn optional<T: DeserializeOwned>(
        &mut self,
        key: &'static str,
    ) -> Result<Option<T>, Error> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let found = kind(&value);
        let wrong = |e: serde_json::Error| self.wrong(key, format!("{e} (it is {found})"));
        serde_json::from_value(value).map(Some).map_err(wrong)
    }

    /// What `T` reads, which must be there.
    pub(super) fn required<T: DeserializeOwned>(&mut self, key: &'static str) -> Result<T, Error> {
        self.optional(key)?.ok_or_else(|| self.wrong(key, "this key is missing"))
    }

    /// A map inside of this one.
    pub(super) fn section(&mut self, key: &'static str) -> Result<Option<Keys<'a>>, Error> {
        let above = format!("{}{key}.", self.above);
        self.value(key).map(|value| Keys::of(self.path, above, value)).transpose()
    }

    /// A map inside of this one, which must be there.
    pub(super) fn required_section(&mut self, key: &'static str) -> Result<Keys<'a>, Error> {
        self.section(key)?.ok_or_else(|| self.wrong(key, "this key is missing"))
    }

    /// A finite number.
    pub(super) fn number(&mut self, key: &'static str) -> Result<Option<f64>, Error> {
        let number: Option<f64> = self.optional(key)?;
        match number.filter(|number| !number.is_finite()) {
            Some(number) => Err(self.wrong(key, format!("{number} is no finite number"))),
            None => Ok(number),
        }
    }

    /// A finite number above zero, which must be there.
    pub(super) fn positive(&mut self, key: &'static str) -> Result<f64, Error> {
        let number = self.number(key)?.ok_or_else(|| self.wrong(key, "this key is missing"))?;
        if number > 0.0 {
            return Ok(number);
        }
        Err(self.wrong(key, format!("expected a number above 0, found {number}")))
    }

    /// Finite numbers, which must be there.
    pub(super) fn numbers(&mut self, key: &'static str) -> Result<Vec<f64>, Error> {
        let numbers: Vec<f64> = self.required(key)?;
        self.finite(key, &numbers)?;
        Ok(numbers)
    }

    /// One number for all, or a list of `n`.
    pub(super) fn for_each(
        &mut self,
        key: &'static str,
        n: usize,
    ) -> Result<Option<Vec<f64>>, Error> {
        let numbers = match self.value(key) {
            None => return Ok(None),
            Some(Value::Array(list)) => {
                let list = serde_json::from_value::<Vec<f64>>(Value::Array(list));
                list.map_err(|e| self.wrong(key, e.to_string()))?
            }
            Some(value) => match value.as_f64() {
                Some(one) => vec![one; n],
                None => {
                    let reason =
                        format!("expected a number or a list of {n}, found {}", kind(&value));
                    return Err(self.wrong(key, reason));
                }
            },
        };
        if numbers.len() != n {
            let found = numbers.len();
            return Err(self.wrong(key, format!("expected one value or {n}, found {found}")));
        }
        self.finite(key, &numbers)?;
        Ok(Some(numbers))
    }

    fn finite(&self, key: &str, numbers: &[f64]) -> Result<(), Error> {
        match numbers.iter().position(|number| !number.is_finite()) {
            Some(at) => Err(self.wrong(key, format!("value {at} is no finite number"))),
            None => Ok(()),
        }
    }

    /// Fails where a key was not asked for.
    pub(super) fn finish(self) -> Result<(), Error> {
        match self.map.keys().next() {
            Some(key) => {
                let known = self.known.join(", ");
                Err(self.wrong(key, format!("there is no such key; known are {known}")))
            }
            None => Ok(()),
        }
    }
}

/// What a value is, in a word.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => format!("'{}'", text.chars().take(40).collect::<String>()),
        Value::Array(list) => format!("a list of {}", list.len()),
        Value::Object(map) => format!("a map of {} keys", map.len()),
    }
}
