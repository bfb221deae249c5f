//! Files of dl1-data-handler's format.

use std::path::PathBuf;

use tierline_h5::browse::Attribute;
use tierline_h5::pytables::Value;
use tierline_h5::tree::Reader;
use tierline_table::Scalar;

use super::RootValues;
use super::plan::{Plan, Rule, value};
use crate::reader::{Attributes, ctaml};
use crate::writer::ctaml::{pickle_texts, unpickle_texts};
use crate::{Error, Place};

/// Attributes that differ from file to file.
const FREE: [&str; 4] = ["runlist", "num_showers", "shower_prog_start", "detector_prog_start"];
/// Attributes of PyTables.
const PYTABLES: [&str; 5] = ["CLASS", "TITLE", "VERSION", "FILTERS", "PYTABLES_FORMAT_VERSION"];

/// Looks at all files.
pub(super) fn plan(inputs: &[PathBuf]) -> Result<(Plan, RootValues, Vec<String>), Error> {
    let (mut plan, mut notes) = (Plan::default(), Vec::new());
    let mut first: Option<(Vec<Attribute>, ctaml::Reader, Vec<String>)> = None;
    let (mut names, mut showers) = (Vec::new(), 0i64);
    for input in inputs {
        let reader = ctaml::Reader::open(input)?;
        let file = crate::reader::open(input)?;
        let types: Vec<String> =
            reader.types().iter().map(|one| format!("/{}", one.name)).collect();
        let rule = |path: &str| match path {
            "/Array_Information" | "/Telescope_Type_Information" => Rule::Once,
            "/Events" => Rule::Events,
            _ if types.iter().any(|one| one == path) => Rule::Images,
            _ => Rule::Append,
        };
        let tables = plan.add(&file, rule, &mut notes)?;
        let attributes = Attributes::of(&file, "/")?;
        let own = attributes.text("runlist").as_deref().and_then(unpickle_texts);
        let name = input.file_name().map(|name| name.to_string_lossy().into_owned());
        names.extend(own.unwrap_or_else(|| name.into_iter().collect()));
        let count = attributes.number("num_showers").unwrap_or(0.0) as i64;
        showers = showers.saturating_add(count);
        match &first {
            None => first = Some((all(&file)?, reader, tables)),
            Some((values, before, known)) => {
                let wrong = |reason: String| Err(Error::malformed(input, Place::File, reason));
                let than = inputs[0].display();
                if before.types() != reader.types() || before.telescopes() != reader.telescopes() {
                    return wrong(format!("its telescopes are not those of {than}"));
                }
                if *known != tables {
                    return wrong(format!("its tables are not those of {than}"));
                }
                if let Some(name) = difference(values, &all(&file)?) {
                    return wrong(format!("{name} is not that of {than}"));
                }
            }
        }
    }
    let values = first.map(|(values, ..)| values).unwrap_or_default();
    let mut values: Vec<(String, Value)> =
        values.iter().filter_map(|own| Some((own.name.clone(), value(own)?))).collect();
    for (name, value) in &mut values {
        match name.as_str() {
            "runlist" => *value = Value::Ascii(pickle_texts(&names)),
            "num_showers" => *value = Value::Scalar(Scalar::I64(showers)),
            _ => {}
        }
    }
    Ok((plan, RootValues(values), notes))
}

fn all(file: &Reader) -> Result<Vec<Attribute>, Error> {
    let mut all = file.item("/")?.attributes()?;
    all.retain(|own| !PYTABLES.contains(&own.name.as_str()));
    Ok(all)
}

/// The name of the first attribute that differs by more than a part in 10⁹.
fn difference(first: &[Attribute], second: &[Attribute]) -> Option<String> {
    let close =
        |a: f64, b: f64| a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 1e-9 * a.abs();
    let same = |a: &Attribute, b: &Attribute| match (value(a), value(b)) {
        (Some(Value::Scalar(Scalar::F32(a))), Some(Value::Scalar(Scalar::F32(b)))) => {
            close(a.into(), b.into())
        }
        (Some(Value::Scalar(Scalar::F64(a))), Some(Value::Scalar(Scalar::F64(b)))) => close(a, b),
        _ => a.elements == b.elements,
    };
    let bound = |own: &&Attribute| !FREE.contains(&own.name.as_str());
    let others = |name: &str| second.iter().find(|own| own.name == name);
    let different = |own: &&Attribute| others(&own.name).is_none_or(|other| !same(own, other));
    let own = first.iter().filter(bound).find(different);
    let more = || {
        let known = |own: &&Attribute| first.iter().any(|first| first.name == own.name);
        second.iter().filter(bound).find(|own| !known(own))
    };
    own.or_else(more).map(|own| own.name.clone())
}
