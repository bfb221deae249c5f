//! How a file came to be (types 70, 71, 72, 75).
//!
//! 70 holds 71 (command lines) and 72 (lines of the configuration): i4 time, text. 75 holds metaparameters: their
//! number, then each name and value after the numbers of their bytes.

use std::collections::BTreeMap;

use super::kind;
use crate::eventio::{Object, ObjectError};
use crate::instrument::TelId;

/// First words of the line at which a telescope's own configuration begins.
const TELESCOPE_FOLLOWS: &str = "# Telescope-specific configuration follows";

/// A command line or a line of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryLine {
    /// When it was used, in seconds since 1970.
    pub time: i32,
    /// Its text.
    pub text: String,
    /// Whether it is a command line.
    pub command: bool,
}

/// Reads the lines of a history.
pub fn parse_history(object: &Object<'_>) -> Result<Vec<HistoryLine>, ObjectError> {
    let mut lines = Vec::new();
    for inner in object.objects() {
        let inner = inner?;
        if matches!(inner.header.kind, kind::COMMAND_LINE | kind::CONFIG_LINE) {
            let mut cursor = inner.cursor();
            let time = cursor.i32()?;
            let command = inner.header.kind == kind::COMMAND_LINE;
            lines.push(HistoryLine { time, text: cursor.text()?, command });
        }
    }
    Ok(lines)
}

/// Metaparameters, by their names.
pub type Meta = BTreeMap<String, String>;

/// Reads metaparameters.
pub fn parse_meta(object: &Object<'_>) -> Result<Meta, ObjectError> {
    let mut cursor = object.cursor();
    let n = cursor.unsigned_varint_count("metaparameters")?;
    cursor.at_least(n)?;
    (0..n).map(|_| Ok((cursor.varint_text()?, cursor.varint_text()?))).collect()
}

/// Metaparameters of all and of each telescope.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metaparameters {
    /// Those of the whole array.
    pub global: Meta,
    /// Those of telescopes.
    pub telescopes: BTreeMap<TelId, Meta>,
}

/// Whether images of photo-electrons should be in the file, by the settings of the simulation: the second bit of
/// `save_photons`, or `store_photoelectrons` above 0 for all or for any telescope. Merged files never have them.
/// Settings that are no numbers count as yes, since an image that is there must not be taken for lost.
pub fn has_true_images(history: &[HistoryLine]) -> bool {
    if history.first().is_none_or(|line| line.text.contains("merge_simtel")) {
        return false;
    }
    let mut global = true;
    let (mut save_photons, mut store) = (0, -1);
    let mut any = false;
    for line in history {
        let text = line.text.trim();
        if text.starts_with(TELESCOPE_FOLLOWS) {
            global = false;
        }
        let lower = text.to_lowercase();
        let Some(value) = setting(&lower) else { continue };
        if global && lower.starts_with("save_photons") {
            save_photons = value;
        } else if global && lower.starts_with("store_photoelectrons") {
            store = value;
        } else if !global && lower.contains("store_photoelectrons") {
            any |= value > 0;
        }
    }
    save_photons & 2 != 0 || store > 0 || any
}

fn setting(line: &str) -> Option<i64> {
    if !line.contains("save_photons") && !line.contains("store_photoelectrons") {
        return None;
    }
    Some(line.split_whitespace().nth(1).and_then(|value| value.parse().ok()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<HistoryLine> {
        let line = |text: &&str| HistoryLine { time: 0, text: (*text).into(), command: false };
        texts.iter().map(line).collect()
    }

    #[test]
    fn true_images_by_the_settings() {
        let follows = "# Telescope-specific configuration follows";
        assert!(!has_true_images(&[]));
        assert!(!has_true_images(&lines(&["sim_telarray"])));
        assert!(has_true_images(&lines(&["sim_telarray", "SAVE_PHOTONS 2"])));
        assert!(!has_true_images(&lines(&["sim_telarray", "save_photons 1"])));
        assert!(has_true_images(&lines(&["sim_telarray", " store_photoelectrons 20"])));
        assert!(!has_true_images(&lines(&["sim_telarray", follows, "save_photons 2"])));
        let own = ["sim_telarray", follows, follows, "STORE_PHOTOELECTRONS 5"];
        assert!(has_true_images(&lines(&own)));
        assert!(!has_true_images(&lines(&["merge_simtel", "save_photons 2"])));
    }
}
