//! The configuration: what is computed from what.

use serde_json::{Map, Value as Json};

use super::error::ChainError;

/// What is to be computed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config {
    pub(crate) outputs: Vec<String>,
    pub(crate) entries: Vec<Entry>,
}

/// One entry of `processors`.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key as it was written.
    pub(crate) key: String,
    /// What it computes.
    pub(crate) names: Vec<String>,
    pub(crate) work: Work,
    /// Units of `names`.
    pub(crate) units: Vec<Option<String>>,
    pub(crate) defaults: Map<String, Json>,
}

/// How an entry computes.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// An expression.
    Expression(Json),
    /// A function with its arguments.
    Function(Function),
}

/// A function with its arguments.
#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) args: Vec<Json>,
}

impl Config {
    /// Reads `dsp_config`.
    pub(crate) fn parse(config: &Json) -> Result<Config, ChainError> {
        let wrong = |reason: &str| ChainError::Config { reason: reason.into() };
        let outputs = config.get("outputs").and_then(Json::as_array);
        let outputs = outputs.ok_or_else(|| wrong("'outputs' must be a list of names"))?;
        let outputs = outputs.iter().map(|name| name.as_str().map(|name| name.trim().to_owned()));
        let outputs: Option<Vec<String>> = outputs.collect();
        let outputs = outputs.ok_or_else(|| wrong("'outputs' must be a list of names"))?;
        let processors = config.get("processors").and_then(Json::as_object);
        let processors = processors.ok_or_else(|| wrong("'processors' must be an object"))?;
        let entries = processors.iter().map(|(key, value)| entry(key, value));
        Ok(Config { outputs, entries: entries.collect::<Result<_, _>>()? })
    }

    /// The entry that computes a name.
    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.names.iter().any(|n| n == name))
    }
}

fn entry(key: &str, value: &Json) -> Result<Entry, ChainError> {
    let names: Vec<String> = key.split(',').map(|name| name.trim().to_owned()).collect();
    let units = units(key, value.get("unit"), names.len())?;
    let defaults = value.get("defaults").and_then(Json::as_object).cloned().unwrap_or_default();
    let work = match value {
        Json::Object(object) => work(key, object)?,
        other => Work::Expression(other.clone()),
    };
    Ok(Entry { key: key.to_owned(), names, work, units, defaults })
}

fn work(key: &str, object: &Map<String, Json>) -> Result<Work, ChainError> {
    let wrong = |reason: &str| ChainError::Config { reason: format!("'{key}': {reason}") };
    let function = object.get("function").and_then(Json::as_str);
    let function = function.ok_or_else(|| wrong("'function' is missing"))?.trim();
    let module = object.get("module").and_then(Json::as_str);
    let (module, name) = match (module, function.rsplit_once('.')) {
        (Some(module), _) => (module, function),
        (None, Some((module, name))) if object.contains_key("args") => (module, name),
        _ => return Ok(Work::Expression(Json::String(function.to_owned()))),
    };
    let args = object.get("args").and_then(Json::as_array);
    let args = args.ok_or_else(|| wrong("'args' must be a list"))?.clone();
    Ok(Work::Function(Function { module: module.to_owned(), name: name.to_owned(), args }))
}

fn units(key: &str, unit: Option<&Json>, names: usize) -> Result<Vec<Option<String>>, ChainError> {
    match unit {
        None | Some(Json::Null) => Ok(vec![None; names]),
        Some(Json::String(unit)) => Ok(vec![Some(unit.clone()); names]),
        Some(Json::Array(units)) => {
            let unit = |i| units.get(i).and_then(Json::as_str).map(str::to_owned);
            Ok((0..names).map(unit).collect())
        }
        Some(_) => Err(ChainError::Config { reason: format!("'{key}': 'unit' must be text") }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entries_in_their_forms() {
        let config = json!({"outputs": ["a"], "processors": {
            "a, b": {"function": "presum", "module": "dspeed.processors", "args": [1], "unit": ["ns"]},
            "c": {"function": "numpy.amax", "args": [], "kwargs": {"types": ["fi->f"]}, "unit": "keV"},
            "d": {"function": "a - 1.5"},
            "e": "a * 2",
        }});
        let config = Config::parse(&config).unwrap();
        assert_eq!(config.entries[0].names, ["a", "b"]);
        assert_eq!(config.entries[0].units, [Some("ns".to_owned()), None]);
        let Work::Function(amax) = &config.entries[1].work else { panic!() };
        assert_eq!((amax.module.as_str(), amax.name.as_str()), ("numpy", "amax"));
        assert!(matches!(config.entries[2].work, Work::Expression(_)));
        assert!(config.entry("e").is_some() && config.entry("x").is_none());
        assert!(Config::parse(&json!({"outputs": [], "processors": {"a": {"args": []}}})).is_err());
        assert!(Config::parse(&json!({"processors": {}})).is_err());
    }
}
