//! Lists of datasets: a YAML file that names them, and the FITS files of each beside it.
//!
//! ```yaml
//! datasets:
//! -   name: crab
//!     type: MapDataset
//!     filename: crab.fits
//! ```
//!
//! The checksum at the end is that of the text before it.

use std::fs;
use std::path::Path;

use md5::{Digest, Md5};
use serde::Deserialize;
use tierline_report::{AtomicOutput, LimitKind, Limits, commit_all};

use crate::Error;
use crate::dataset::Dataset;
use crate::gadf::{CREATOR, complete_dataset, read_dataset_of};
use crate::ogip::read_ogip_of;
use crate::open::open;

/// The content of a list.
#[derive(Debug, Deserialize)]
struct List {
    datasets: Vec<Entry>,
}

/// A dataset of a list.
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    filename: String,
}

/// Kinds of datasets: of a region or not, with off counts or not.
const KINDS: [(&str, bool, bool); 4] = [
    ("MapDataset", false, false),
    ("MapDatasetOnOff", false, true),
    ("SpectrumDataset", true, false),
    ("SpectrumDatasetOnOff", true, true),
];

/// The kind of a dataset by name.
pub(crate) fn kind_of(dataset: &Dataset) -> &'static str {
    let own = (dataset.is_spectrum(), dataset.off.is_some());
    let found = KINDS.iter().find(|(_, region, off)| (*region, *off) == own);
    found.map_or(KINDS[0].0, |(name, ..)| name)
}

/// The file of a dataset.
///
/// # Errors
/// Where the name is none for a file.
fn file_name(dataset: &Dataset) -> Result<String, Error> {
    let name = &dataset.name;
    let is_fine = |letter: char| !letter.is_control() && !matches!(letter, '/' | '\\');
    if name.is_empty() || !name.chars().all(is_fine) {
        let reason = "its name can't be that of a file";
        return Err(Error::parameter(format!("dataset {name:?}"), reason));
    }
    Ok(match kind_of(dataset) {
        "SpectrumDatasetOnOff" => format!("pha_obs{name}.fits"),
        _ => format!("{}.fits", name.replace(' ', "_")),
    })
}

/// Writes datasets into files beside a list of them. All are complete before the first gets its name.
///
/// # Errors
/// Where a file exists and `overwrite` is not set, one can't be written, or names are not unique or none for files.
pub fn write_datasets(path: &Path, datasets: &[Dataset], overwrite: bool) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let output = |error| Error::from(tierline_fits::Error::Output(error));
    let list = AtomicOutput::create(path, overwrite).map_err(output)?;
    let (mut outputs, mut text) = (Vec::new(), String::from("datasets:\n"));
    if datasets.is_empty() {
        text = String::from("datasets: []\n");
    }
    for (at, dataset) in datasets.iter().enumerate() {
        let Dataset { name, .. } = dataset;
        if datasets[..at].iter().any(|other| other.name == *name) {
            return Err(Error::parameter(format!("dataset {name}"), "two have this name"));
        }
        let (file, kind) = (file_name(dataset)?, kind_of(dataset));
        outputs.push(complete_dataset(&folder.join(&file), dataset, overwrite)?);
        let (name, file) = (scalar(name), scalar(&file));
        text.push_str(&format!("-   name: {name}\n    type: {kind}\n    filename: {file}\n"));
    }
    text.push_str(&format!("metadata:\n    creator: {}\n", scalar(CREATOR)));
    let sum = data_encoding::HEXLOWER.encode(&Md5::digest(text.as_bytes()));
    text.push_str(&format!("checksum: {}\n", scalar(&sum)));
    fs::write(list.path(), text).map_err(|source| Error::Io {
        path: path.into(),
        action: "write it",
        source,
    })?;
    outputs.push(list);
    commit_all(outputs).map_err(output)
}

/// A string as YAML, bare where it can't be taken for something else.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"];
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ');
    let starts_well = text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_');
    let is_word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    let is_text = starts_well && !is_word && !is_like_a_number(text);
    if is_text && text.bytes().all(is_plain) && !text.ends_with(' ') {
        return text.to_owned();
    }
    match text.chars().all(|letter| matches!(letter, ' '..='~')) {
        true => format!("'{}'", text.replace('\'', "''")),
        // Strings of JSON are YAML, too.
        false => serde_json::Value::from(text).to_string(),
    }
}

/// Whether a string without quotes would be a number or a date.
fn is_like_a_number(text: &str) -> bool {
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    let digits = text.replace('_', "");
    let has_base = ["0x", "0o", "0b"].iter().any(|base| digits.starts_with(base));
    let mut parts = text.splitn(3, '-');
    let mut is_of = |lengths: std::ops::RangeInclusive<usize>| {
        let part = parts.next().unwrap_or_default();
        let n = part.bytes().take_while(u8::is_ascii_digit).count();
        lengths.contains(&n)
    };
    let is_date = is_of(4..=4) && is_of(1..=2) && is_of(1..=2);
    has_base || is_date || digits.parse::<f64>().is_ok()
}

/// Reads the datasets of a list.
///
/// # Errors
/// Where the list or a file can't be read, or a dataset is of another kind than the list says.
pub fn read_datasets(path: &Path, limits: &Limits) -> Result<Vec<Dataset>, Error> {
    read_datasets_with(path, limits, &mut Vec::new())
}

/// Reads the datasets of a list; what is noticed of their files is added to the warnings.
///
/// # Errors
/// As [`read_datasets`].
pub fn read_datasets_with(
    path: &Path,
    limits: &Limits,
    warnings: &mut Vec<String>,
) -> Result<Vec<Dataset>, Error> {
    let io = |source| Error::Io { path: path.into(), action: "read it", source };
    let size = fs::metadata(path).map_err(io)?.len();
    let wrong = |reason: String| Error::malformed(path, "", reason);
    limits
        .check(LimitKind::Allocation, "list of datasets", size)
        .map_err(|error| wrong(error.to_string()))?;
    let text = fs::read_to_string(path).map_err(io)?;
    let list: List = serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut read = |entry: &Entry| {
        let Entry { name, kind, filename } = entry;
        let known = KINDS.iter().any(|(known, ..)| known == kind);
        if !known {
            let kinds = KINDS.map(|(name, ..)| name).join(", ");
            return Err(wrong(format!("dataset {name}: expected one of {kinds}, found {kind}")));
        }
        let mut dataset = read_any_with(&folder.join(filename), limits, warnings)?;
        let found = kind_of(&dataset);
        if found != kind {
            let file = filename.as_str();
            return Err(wrong(format!(
                "dataset {name}: expected a {kind}, found a {found} in {file}"
            )));
        }
        dataset.name.clone_from(name);
        Ok(dataset)
    };
    list.datasets.iter().map(&mut read).collect()
}

/// Reads a dataset of either format: a file with SPECTRUM is one of OGIP's.
///
/// # Errors
/// As [`read_dataset`](crate::gadf::read_dataset) and [`read_ogip`](crate::ogip::read_ogip).
pub fn read_any(path: &Path, limits: &Limits) -> Result<Dataset, Error> {
    read_any_with(path, limits, &mut Vec::new())
}

/// Reads a dataset of either format; what is noticed of its files is added to the warnings.
///
/// # Errors
/// As [`read_any`].
pub fn read_any_with(
    path: &Path,
    limits: &Limits,
    warnings: &mut Vec<String>,
) -> Result<Dataset, Error> {
    let mut file = open(path, limits, warnings)?;
    match file.find("SPECTRUM") {
        Some(_) => read_ogip_of(file, limits, warnings),
        None => read_dataset_of(&mut file),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_stay_strings() {
        for (text, yaml) in [
            ("crab", "crab"),
            ("crab nebula", "crab nebula"),
            ("23523", "'23523'"),
            ("23523-2", "23523-2"),
            ("2004-12-04", "'2004-12-04'"),
            ("0x1f", "'0x1f'"),
            ("1_000.5", "'1_000.5'"),
            ("1e5", "'1e5'"),
            ("No", "'No'"),
            ("", "''"),
            ("it's: x", "'it''s: x'"),
            (" x", "' x'"),
            ("d443380e126a4403447455df95624574", "d443380e126a4403447455df95624574"),
            ("0443380e126a4403447455df95624574", "0443380e126a4403447455df95624574"),
            ("04433801126944034474551954624574", "'04433801126944034474551954624574'"),
            ("Krebsnebel é\n", "\"Krebsnebel é\\n\""),
        ] {
            assert_eq!(scalar(text), yaml);
            let list = format!("datasets: [{{name: {}, type: a, filename: b}}]", scalar(text));
            let list: List = serde_saphyr::from_str(&list).unwrap();
            assert_eq!(list.datasets[0].name, text);
        }
    }
}
