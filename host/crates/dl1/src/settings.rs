//! Settings of components, as configurations name them.

use std::collections::BTreeMap;

use crate::Error;
use crate::instrument::{TelId, TelescopeParameter};

/// A value of a setting.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing: switches off what it sets.
    None,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
    /// A word.
    Text(String),
}

/// Settings of one component by their names; what is not set has its default.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    values: BTreeMap<String, TelescopeParameter<Value>>,
}

impl Settings {
    /// Sets a value for all telescopes.
    pub fn set(&mut self, name: &str, value: Value) -> &mut Self {
        self.set_parameter(name, TelescopeParameter::all(value))
    }

    /// Sets a value per telescope.
    pub fn set_parameter(&mut self, name: &str, parameter: TelescopeParameter<Value>) -> &mut Self {
        self.values.insert(name.to_owned(), parameter);
        self
    }

    /// The settings of a telescope, for a component that knows some names. Other names are errors, and so are
    /// settings whose rules leave the telescope out.
    pub fn resolve(
        &self,
        component: &'static str,
        known: &[&str],
        tel_id: TelId,
        description: &str,
    ) -> Result<TelescopeSettings<'_>, Error> {
        let mut values = BTreeMap::new();
        for (name, parameter) in &self.values {
            let full = || format!("{component}.{name}");
            if !known.contains(&name.as_str()) {
                let reason = format!("there is no such setting, but {}", known.join(", "));
                return Err(Error::parameter(full(), reason));
            }
            let Some(value) = parameter.get(tel_id, description) else {
                let reason = format!("no rule is for telescope {tel_id} ({description})");
                return Err(Error::parameter(full(), reason));
            };
            values.insert(name.as_str(), value);
        }
        Ok(TelescopeSettings { component, description: description.to_owned(), tel_id, values })
    }
}

/// Settings of one component for one telescope.
#[derive(Debug, Clone, PartialEq)]
pub struct TelescopeSettings<'a> {
    component: &'static str,
    /// The telescope's description, by which defaults may differ.
    pub description: String,
    /// The telescope.
    pub tel_id: TelId,
    values: BTreeMap<&'a str, &'a Value>,
}

impl TelescopeSettings<'_> {
    /// A whole number.
    pub fn int(&self, name: &str, default: i64) -> Result<i64, Error> {
        match self.values.get(name) {
            None => Ok(default),
            Some(Value::Int(value)) => Ok(*value),
            Some(other) => Err(self.wrong(name, "a whole number", other)),
        }
    }

    /// A whole number that is not smaller than `least`.
    pub fn int_from(&self, name: &str, default: i64, least: i64) -> Result<i64, Error> {
        let value = self.int(name, default)?;
        if value < least {
            return Err(self.refused(name, format!("{value} is less than {least}")));
        }
        Ok(value)
    }

    /// A number.
    pub fn float(&self, name: &str, default: f64) -> Result<f64, Error> {
        Ok(self.optional(name, Some(default))?.unwrap_or(default))
    }

    /// A number, or nothing.
    pub fn optional(&self, name: &str, default: Option<f64>) -> Result<Option<f64>, Error> {
        match self.values.get(name) {
            None => Ok(default),
            Some(Value::Float(value)) if !value.is_nan() => Ok(Some(*value)),
            Some(Value::Int(value)) => Ok(Some(*value as f64)),
            Some(Value::None) => Ok(None),
            Some(other) => Err(self.wrong(name, "a number", other)),
        }
    }

    /// Yes or no.
    pub fn boolean(&self, name: &str, default: bool) -> Result<bool, Error> {
        match self.values.get(name) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(*value),
            Some(other) => Err(self.wrong(name, "true or false", other)),
        }
    }

    /// A word, or nothing.
    pub fn text<'s>(&'s self, name: &str, default: &'s str) -> Result<Option<&'s str>, Error> {
        match self.values.get(name) {
            None => Ok(Some(default)),
            Some(Value::Text(value)) => Ok(Some(value)),
            Some(Value::None) => Ok(None),
            Some(other) => Err(self.wrong(name, "a name", other)),
        }
    }

    /// The error of a value that can't be.
    pub fn refused(&self, name: &str, reason: impl Into<String>) -> Error {
        Error::parameter(format!("{}.{name}", self.component), reason)
    }

    fn wrong(&self, name: &str, expected: &str, found: &Value) -> Error {
        self.refused(name, format!("expected {expected}, found {found:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float_of(value: Value) -> Result<f64, Error> {
        let mut settings = Settings::default();
        settings.set("level", value);
        settings.resolve("Cleaner", &["level"], 1, "LST")?.float("level", 1.5)
    }

    #[test]
    fn values_have_types_and_defaults() {
        let settings = Settings::default();
        let found = settings.resolve("Cleaner", &[], 1, "LST").unwrap();
        assert_eq!(found.float("level", 1.5).unwrap(), 1.5);
        assert_eq!(found.int_from("width", 7, 1).unwrap(), 7);
        assert!(found.boolean("keep", true).unwrap());
        assert_eq!(found.text("type", "A").unwrap(), Some("A"));
        assert_eq!(float_of(Value::Int(3)).unwrap(), 3.0);
        assert!(float_of(Value::Float(f64::NAN)).is_err());
        let error = float_of(Value::Text("high".into())).unwrap_err().to_string();
        assert!(error.contains("Cleaner.level") && error.contains("high"), "{error}");
    }

    #[test]
    fn names_and_telescopes_are_checked() {
        let mut settings = Settings::default();
        settings.set("level", Value::Int(0));
        assert!(settings.resolve("Cleaner", &["width"], 1, "LST").is_err());
        let found = settings.resolve("Cleaner", &["level"], 1, "LST").unwrap();
        assert!(found.int_from("level", 5, 1).is_err());
        let mut some = TelescopeParameter::new();
        some.push("id", "4", Value::Int(2)).unwrap();
        settings.set_parameter("level", some);
        assert!(settings.resolve("Cleaner", &["level"], 1, "LST").is_err());
        assert!(settings.resolve("Cleaner", &["level"], 4, "LST").is_ok());
    }
}
