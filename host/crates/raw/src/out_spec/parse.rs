//! Reads an output specification and holds it against what can be known before a stream is read.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::format::{Template, Value};
use super::keys::KeyPattern;
use super::{Decoder, Entry, OutSpec, SpecError, Variables};
use crate::buffer_processor::ProcSpec;
use crate::out_links::is_link;

/// What an entry may hold.
const FIELDS: [&str; 4] = ["key_list", "out_stream", "out_name", "proc_spec"];

/// Extensions of specifications: JSON, and YAML.
const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

/// Whether a path is that of a specification, by its extension.
pub fn is_spec(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
    EXTENSIONS.iter().any(|other| extension.eq_ignore_ascii_case(other))
}

/// Reads a JSON or YAML document. `what`: the file, in messages.
///
/// # Errors
/// Where it can't be read or parsed, with the place.
pub fn document(path: &Path) -> Result<Json, SpecError> {
    let bad = |reason: String| SpecError::at(&path.display().to_string(), reason);
    let text = std::fs::read_to_string(path).map_err(|e| bad(e.to_string()))?;
    let json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    parse_document(&text, json).map_err(bad)
}

/// Parses the text of a document: JSON, or YAML.
///
/// # Errors
/// What is wrong with it, and at which line.
pub fn parse_document(text: &str, json: bool) -> Result<Json, String> {
    match json {
        true => serde_json::from_str(text).map_err(|e| e.to_string()),
        false => serde_saphyr::from_str(text).map_err(|e| e.to_string()),
    }
}

/// Replaces `$NAME` and `${NAME}` by the environment's values.
///
/// # Errors
/// The name of a variable that is not set.
pub fn expand_environment(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, left) = match after.strip_prefix('{').and_then(|after| after.split_once('}')) {
            Some(split) => split,
            None => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                after.split_at(after.find(|c| !is_name(c)).unwrap_or(after.len()))
            }
        };
        if name.is_empty() {
            out.push('$');
        } else {
            let value = std::env::var(name);
            out.push_str(&value.map_err(|_| format!("environment variable '{name}' is not set"))?);
        }
        rest = left;
    }
    out.push_str(rest);
    Ok(out)
}

impl OutSpec {
    /// Compiles a specification.
    ///
    /// # Errors
    /// The first entry that makes no sense, by name.
    pub fn compile(spec: &Json, variables: &Variables) -> Result<Self, SpecError> {
        let Json::Object(decoders) = spec else {
            return Err(SpecError::at("", format!("expected an object of decoders, found {spec}")));
        };
        let mut out = OutSpec::default();
        for (decoder, entries) in decoders {
            let Json::Object(entries) = entries else {
                return Err(SpecError::at(decoder, "expected an object of tables".into()));
            };
            let from = out.entries.len();
            for (name, entry) in entries {
                let place = format!("{decoder}/{name}");
                let entry = compile_entry(decoder, name, entry, variables, &mut out.warnings)
                    .map_err(|reason| SpecError::at(&place, reason))?;
                out.entries.push(entry);
            }
            let all = from..out.entries.len();
            if decoder == "*" && all.len() > 1 {
                out.warnings.push("of the tables under \"*\" only the first is used".into());
            }
            out.decoders.push(Decoder { name: decoder.clone(), entries: all });
        }
        out.check_keys()?;
        out.check_places()?;
        Ok(out)
    }

    /// Two entries for one key, and two that want all the rest.
    fn check_keys(&mut self) -> Result<(), SpecError> {
        let mut warnings = Vec::new();
        for decoder in &self.decoders {
            let entries = self.entries.get(decoder.entries.clone()).unwrap_or(&[]);
            let rest = |e: &&Entry| e.keys.contains(&KeyPattern::Rest);
            if let [first, second, ..] = entries.iter().filter(rest).collect::<Vec<_>>()[..]
                && decoder.name != "*"
            {
                let reason = format!("\"*\" is in the key list of '{}' already", first.name);
                return Err(SpecError::at(&second.place(), reason));
            }
            for (i, entry) in entries.iter().enumerate() {
                for other in entries.get(i + 1..).unwrap_or(&[]) {
                    let twice =
                        entry.keys.iter().find(|a| other.keys.iter().any(|b| a.overlaps(b)));
                    if let Some(key) = twice {
                        let (name, other) = (&entry.name, &other.name);
                        warnings.push(format!(
                            "{}: key {key} of '{name}' is also that of '{other}', which gets it",
                            decoder.name
                        ));
                    }
                }
            }
        }
        self.warnings.extend(warnings);
        Ok(())
    }

    /// Tables that would fall together, as far as their names are known.
    fn check_places(&self) -> Result<(), SpecError> {
        let known = |entry: &Entry| {
            let none = |_: &str| None;
            let stream = entry.stream.as_ref()?.render(none).ok()?;
            Some((stream, entry.out_name.render(none).ok()?))
        };
        let places: Vec<_> = self.entries.iter().map(known).collect();
        for (i, (entry, place)) in self.entries.iter().zip(&places).enumerate() {
            let Some(place) = place else { continue };
            for (other, second) in self.entries.iter().zip(&places).skip(i + 1) {
                if second.as_ref() != Some(place) {
                    continue;
                }
                let same = entry.decoder == other.decoder && entry.proc_spec == other.proc_spec;
                if !same && !is_link(&place.0) {
                    let (stream, name) = place;
                    let reason =
                        format!("'{}' is written to {name} in {stream} already", entry.place());
                    return Err(SpecError::at(&other.place(), reason));
                }
            }
        }
        Ok(())
    }
}

fn template(field: &str, text: &str) -> Result<Template, String> {
    Template::parse(text).map_err(|why| format!("{field}: {why}"))
}

fn text<'j>(entry: &'j Map<String, Json>, field: &str) -> Result<Option<&'j str>, String> {
    match entry.get(field) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("{field}: expected a text, found {other}")),
    }
}

fn key_list(entry: &Map<String, Json>) -> Result<Vec<KeyPattern>, String> {
    let Some(list) = entry.get("key_list") else { return Err("key_list is missing".into()) };
    let Json::Array(list) = list else {
        return Err(format!("key_list: expected a list, found {list}"));
    };
    let keys = list.iter().map(KeyPattern::parse).collect::<Result<Vec<_>, _>>();
    keys.map_err(|why| format!("key_list: {why}"))
}

fn compile_entry(
    decoder: &str,
    name: &str,
    entry: &Json,
    variables: &Variables,
    warnings: &mut Vec<String>,
) -> Result<Entry, String> {
    let Json::Object(entry) = entry else { return Err("expected an object".into()) };
    if name.is_empty() {
        return Err("a name is empty".into());
    }
    for field in entry.keys().filter(|field| !FIELDS.contains(&field.as_str())) {
        let known = FIELDS.join(", ");
        warnings.push(format!("{decoder}/{name}: '{field}' means nothing here (known: {known})"));
    }
    let keys = key_list(entry)?;
    let only = match keys.as_slice() {
        [one] => one.only(),
        _ => None,
    };
    let given = |variable: &str| variables.get(variable).cloned();
    let key = |variable: &str| {
        only.as_deref().filter(|_| variable == "key").map(Value::of_key).or_else(|| given(variable))
    };
    let own = template("name", name)?.fill(key)?;
    // The name is that of the decoder under a wildcard, and known later.
    let known = own.render(|_| None).ok().filter(|_| decoder != "*");
    let values = |variable: &str| match (variable, &known) {
        ("name", Some(name)) => Some(Value::Text(name.clone())),
        (other, _) => key(other),
    };
    let out_name = match text(entry, "out_name")? {
        Some(text) => template("out_name", text)?.fill(values)?,
        None => own.clone(),
    };
    let stream = stream(entry, values)?;
    // The key is known for tables of one key only.
    let by_key = own.has("key") || out_name.has("key");
    let names = own.names().chain(out_name.names());
    for variable in names.chain(stream.iter().flat_map(Template::names)) {
        if variable == "key" && !by_key {
            let reason =
                "{key} in out_stream needs {key} in the name: the table is of several keys";
            return Err(reason.into());
        }
        if variable != "key" && variable != "name" {
            return Err(format!(
                "unknown variable '{variable}' (give it with --set {variable}=...)"
            ));
        }
    }
    if stream.is_none() {
        warnings.push(format!("{decoder}/{name}: no out_stream: its rows are not written"));
    }
    let proc_spec = match entry.get("proc_spec") {
        None | Some(Json::Null) => None,
        Some(spec) => {
            let compiled = ProcSpec::compile(spec).map_err(|why| format!("proc_spec: {why}"))?;
            Some(Arc::new(compiled))
        }
    };
    if let Some(stream) = stream.as_ref().filter(|stream| stream.could_be_link()) {
        if stream.names().next().is_some() {
            return Err("out_stream: the name of a link holds no {key} or {name}".into());
        }
        if proc_spec.is_some() {
            return Err("proc_spec: packets go to a link as they are".into());
        }
    }
    Ok(Entry {
        decoder: decoder.to_owned(),
        name: name.to_owned(),
        own,
        out_name,
        stream,
        keys,
        proc_spec,
    })
}

/// Where the table goes, environment variables filled in; `None`: nowhere.
fn stream(
    entry: &Map<String, Json>,
    values: impl Fn(&str) -> Option<Value>,
) -> Result<Option<Template>, String> {
    match text(entry, "out_stream")? {
        None | Some("") => Ok(None),
        // Variables may hold environment variables too, but their values are no templates.
        Some(text) => {
            let expanded = expand_environment(text).map_err(|why| format!("out_stream: {why}"))?;
            let values = |name: &str| match values(name)? {
                Value::Text(text) => Some(Value::Text(expand_environment(&text).unwrap_or(text))),
                other => Some(other),
            };
            template("out_stream", &expanded)?.fill(values).map(Some)
        }
    }
}
