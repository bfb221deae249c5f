//! Where the rows of each input go: one file, or what an output specification says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use tierline::h5::lh5::ColumnSettings;
use tierline::raw::buffer_processor::column_settings;
use tierline::raw::out_spec::{self, OutSpec, Value, Variables};
use tierline::raw::{Destination, Spec, default_output};
use tierline_firmware_sim::link;

use super::super::Usage;
use super::args::SpecArgs;

/// Files that are known to come.
pub(super) fn files(destination: &Destination) -> Vec<PathBuf> {
    match destination {
        Destination::File(path) => vec![path.clone()],
        Destination::Spec(spec) => {
            let files = spec.spec.known_files().into_iter().map(PathBuf::from);
            files.filter(|path| !path.as_os_str().is_empty()).collect()
        }
    }
}

/// What the keywords and variables on the command line say.
#[derive(Debug, Default)]
pub(crate) struct Keywords {
    /// Variables of names.
    pub(crate) variables: Variables,
    /// A settings file of CoMPASS.
    pub(crate) compass_config: Option<PathBuf>,
    /// How columns are stored.
    pub(crate) storage: Option<ColumnSettings>,
    /// Values of processing chains.
    pub(crate) database: Json,
}

fn usage(text: String) -> anyhow::Error {
    Usage(text).into()
}

/// A value of `-k`.
fn variable(name: &str, value: &Json) -> anyhow::Result<Value> {
    match value {
        Json::String(text) => Ok(Value::Text(text.clone())),
        Json::Number(number) => Ok(match number.as_i64() {
            Some(n) => Value::Int(n.into()),
            None => Value::Text(number.to_string()),
        }),
        other => Err(usage(format!("-k: {name} is {other}: expected a text or a number"))),
    }
}

fn storage(name: &str, value: &Json) -> anyhow::Result<ColumnSettings> {
    column_settings(value).map_err(|why| usage(format!("{name}: {why}")))
}

impl Keywords {
    /// Reads `-k JSON`, and `--hdf5-settings JSON` and `--set NAME=VALUE`, which win.
    pub(crate) fn read(args: &SpecArgs) -> anyhow::Result<Self> {
        let mut out = Keywords::default();
        if let Some(text) = &args.keywords {
            let parsed: Map<String, Json> = serde_json::from_str(text)
                .map_err(|e| usage(format!("-k: expected a JSON object: {e}")))?;
            for (name, value) in parsed {
                match (name.as_str(), value) {
                    ("compass_config_file", Json::String(path)) => {
                        out.compass_config = Some(path.into());
                    }
                    ("hdf5_settings", value) => {
                        out.storage = Some(storage("-k: hdf5_settings", &value)?);
                    }
                    ("db_dict", value) => out.database = value,
                    (_, value) => {
                        out.variables.insert(name.clone(), variable(&name, &value)?);
                    }
                }
            }
        }
        if let Some(text) = &args.hdf5_settings {
            let name = "--hdf5-settings";
            let parsed = serde_json::from_str(text);
            let value =
                parsed.map_err(|e| usage(format!("{name}: expected a JSON object: {e}")))?;
            out.storage = Some(storage(name, &value)?);
        }
        for text in &args.set {
            let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty())
            else {
                return Err(usage(format!("--set {text}: expected NAME=VALUE")));
            };
            out.variables.insert(name.to_owned(), Value::of_key(value));
        }
        Ok(out)
    }
}

/// The specification for one input.
fn spec_for(input: &Path, path: &Path, json: &Json, variables: &Variables) -> anyhow::Result<Spec> {
    let mut variables = variables.clone();
    let base = input.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
    let own = || Value::Text(base.to_owned());
    variables.entry("orig_basename".into()).or_insert_with(own);
    let spec = OutSpec::compile(json, &variables)
        .map_err(|error| usage(format!("{}: {error}", path.display())))?;
    Ok(Spec { path: path.to_path_buf(), spec: Arc::new(spec) })
}

/// Inputs that go together, and where.
pub(super) type Job = (Vec<String>, Destination);

/// Where each input goes, if that makes sense. `concat`: all to one place.
pub(super) fn destinations(
    inputs: &[String],
    out: Option<&Path>,
    concat: bool,
    keywords: &Keywords,
) -> anyhow::Result<Vec<Job>> {
    let groups: Vec<&[String]> = if concat { vec![inputs] } else { inputs.chunks(1).collect() };
    let spec = match out.filter(|path| out_spec::is_spec(path)) {
        Some(path) => {
            let json = out_spec::document(path).map_err(|error| usage(error.to_string()))?;
            Some((path, json))
        }
        None => None,
    };
    if out.is_some() && spec.is_none() && groups.len() > 1 {
        let text =
            "one output for several inputs: leave out -o, convert them one by one, or --concat";
        return Err(usage(text.into()));
    }
    let mut jobs = Vec::new();
    for group in groups {
        let first = group.first().map_or("", String::as_str);
        let destination = match (&spec, out) {
            (Some((path, json)), _) => {
                Destination::Spec(spec_for(Path::new(first), path, json, &keywords.variables)?)
            }
            (None, Some(out)) => Destination::File(out.to_path_buf()),
            (None, None) if link::is_link(first) => {
                return Err(usage(format!(
                    "{first} is no file: say where to write with -o OUT.lh5"
                )));
            }
            (None, None) => Destination::File(default_output(Path::new(first))),
        };
        jobs.push((group.to_vec(), destination));
    }
    refuse_collisions(&jobs)?;
    Ok(jobs)
}

/// No output may be that of two jobs, or one of their inputs.
fn refuse_collisions(jobs: &[Job]) -> anyhow::Result<()> {
    let mut seen: BTreeMap<PathBuf, &str> = BTreeMap::new();
    for (inputs, destination) in jobs {
        let first = inputs.first().map_or("", String::as_str);
        for output in files(destination) {
            if let Some(input) = inputs.iter().find(|input| Path::new(input) == output) {
                return Err(usage(format!("{input} would be written over itself")));
            }
            if let Some(other) = seen.insert(output.clone(), first) {
                let output = output.display();
                let hint = match destination {
                    Destination::File(_) => "",
                    Destination::Spec(_) => ": use {orig_basename} in out_stream",
                };
                let text = format!("{other} and {first} would both be written to {output}{hint}");
                return Err(usage(text));
            }
        }
    }
    Ok(())
}
