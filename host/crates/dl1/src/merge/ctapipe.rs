//! Files of ctapipe's format.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tierline_h5::pytables::Value;
use tierline_h5::tree::Reader;
use tierline_report::random_uuid;

use super::RootValues;
use super::check::{Content, groups};
use super::plan::{Plan, Rule, value};
use crate::instrument::Subarray;
use crate::reader::{Cells, ctapipe};
use crate::{Error, Place};

/// Observations of one file.
const MAX_OBSERVATIONS: usize = 1_000_000;

/// What the files have in common.
struct Common {
    path: PathBuf,
    subarray: Subarray,
    values: Vec<(String, Value)>,
    content: Content,
}

/// Looks at all files.
pub(super) fn plan(
    inputs: &[PathBuf],
    single_ob: bool,
) -> Result<(Plan, RootValues, Vec<String>), Error> {
    let (mut plan, mut notes) = (Plan::default(), Vec::new());
    let mut common: Option<Common> = None;
    let mut observed: BTreeMap<i64, PathBuf> = BTreeMap::new();
    for input in inputs {
        let file = crate::reader::open(input)?;
        let reader = ctapipe::Reader::open(input)?;
        let values = root(&file)?;
        if let Some(first) = &common {
            first.compare(input, reader.subarray(), &values)?;
        }
        let tables = plan.add(&file, rule, &mut notes)?;
        let content =
            Content { path: input.clone(), groups: groups(&tables), events: reader.len() };
        for obs_id in observations(&file)? {
            let before = observed.entry(obs_id).or_insert_with(|| input.clone());
            if before != input && !single_ob {
                let before = before.display();
                let reason = format!(
                    "observation {obs_id} is in {before} too; parts of one are merged with single_ob"
                );
                return Err(Error::malformed(input, Place::File, reason));
            }
        }
        match &common {
            Some(first) => first.content.compare(&content, &mut notes)?,
            None => {
                let subarray = reader.subarray().clone();
                common = Some(Common { path: input.clone(), subarray, values, content });
            }
        }
    }
    let mut values = common.map(|common| common.values).unwrap_or_default();
    describe(&mut values, &observed);
    Ok((plan, RootValues(values), notes))
}

/// How the rows of a table are merged.
fn rule(path: &str) -> Rule {
    let starts = |start: &str| path.starts_with(start);
    if starts("/configuration/instrument/")
        || path == "/simulation/service/atmosphere_density_profile"
    {
        Rule::Once
    } else if starts("/dl1/service/") || starts("/dl2/service/") {
        Rule::Sum
    } else if starts("/configuration/")
        || starts("/simulation/service/")
        || path.contains("/monitoring/")
    {
        Rule::Distinct
    } else {
        Rule::Append
    }
}

/// Attributes that tell where the data come from.
fn root(file: &Reader) -> Result<Vec<(String, Value)>, Error> {
    let attributes = file.item("/")?.attributes()?;
    let ours = |name: &str| name.starts_with("CTA ") || name.starts_with("CONTEXT ");
    let all = attributes.iter().filter(|attribute| ours(&attribute.name));
    Ok(all.filter_map(|own| Some((own.name.clone(), value(own)?))).collect())
}

/// Numbers of the observations, from their table, or of the events.
fn observations(file: &Reader) -> Result<Vec<i64>, Error> {
    for path in ["/configuration/observation/observation_block", "/dl1/event/subarray/trigger"] {
        let Some(mut cells) = Cells::find(file, path)? else { continue };
        let mut all = Vec::new();
        for row in 0..cells.rows() {
            cells.go(row)?;
            let obs_id = cells.integer("obs_id");
            if all.last() != Some(&obs_id) {
                all.push(obs_id);
            }
            if all.len() > MAX_OBSERVATIONS {
                let place = Place::Entry(path.to_owned());
                let reason = format!("more than {MAX_OBSERVATIONS} observations");
                return Err(Error::malformed(file.path(), place, reason));
            }
        }
        return Ok(all);
    }
    Ok(Vec::new())
}

impl Common {
    fn compare(
        &self,
        input: &Path,
        subarray: &Subarray,
        values: &[(String, Value)],
    ) -> Result<(), Error> {
        let first = self.path.display();
        let malformed = |reason: String| Err(Error::malformed(input, Place::File, reason));
        for name in ["DATA MODEL VERSION", "DATA CATEGORY", "DATA LEVELS"] {
            let name = format!("CTA PRODUCT {name}");
            let of = |values: &[(String, Value)]| text(values, &name).unwrap_or_default();
            let sorted = |text: String| {
                let mut words: Vec<String> = text.split(',').map(str::to_owned).collect();
                words.sort();
                words
            };
            let (own, others) = (of(&self.values), of(values));
            if sorted(own.clone()) != sorted(others.clone()) {
                return malformed(format!("{name} is {others}, that of {first} {own}"));
            }
        }
        match self.subarray.difference(subarray) {
            None => Ok(()),
            Some(what) => malformed(format!("its telescopes are not those of {first}: {what}")),
        }
    }
}

fn text(values: &[(String, Value)], name: &str) -> Option<String> {
    let (_, value) = values.iter().find(|(own, _)| own == name)?;
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Ascii(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    }
}

/// Puts what is true of the output in place of what was of the first file.
fn describe(values: &mut Vec<(String, Value)>, observed: &BTreeMap<i64, PathBuf>) {
    let observations: Vec<String> = observed.keys().map(i64::to_string).collect();
    let now = crate::time::now();
    let mut set = |name: &str, text: String| {
        let name = format!("CTA {name}");
        match values.iter_mut().find(|(own, _)| *own == name) {
            Some((_, value)) => *value = text.into(),
            None => values.push((name, text.into())),
        }
    };
    set("PROCESS ID", observations.join(","));
    set("PRODUCT CREATION TIME", now.clone());
    set("PRODUCT ID", random_uuid());
    set("ACTIVITY NAME", "tierline-merge".into());
    set("ACTIVITY ID", random_uuid());
    set("ACTIVITY START TIME", now.clone());
    set("ACTIVITY STOP TIME", now);
    set("ACTIVITY SOFTWARE NAME", "tierline".into());
    set("ACTIVITY SOFTWARE VERSION", env!("CARGO_PKG_VERSION").into());
}
