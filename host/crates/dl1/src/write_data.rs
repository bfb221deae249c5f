//! The configuration of dl1-data-handler's writer (`write_data.py`).
//!
//! A YAML file of three maps, all of which are needed: `Data Writer`, `Event Source` and `Data Dumper`, each with
//! `Settings`. What only steered PyTables or processes of Python has no effect here and is accepted.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::calib::{GainChannel, GainSelector};
use crate::instrument::TelescopeParameter;
use crate::pipeline::ProcessSettings;
use crate::writer::ctaml::{Options, Variant};
use crate::{BuildDl1, Error, Format};

/// The file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteData {
    /// What is written.
    #[serde(rename = "Data Writer")]
    pub data_writer: Part<DataWriter>,
    /// What is read.
    #[serde(rename = "Event Source")]
    pub event_source: Part<BTreeMap<String, Json>>,
    /// How it is written.
    #[serde(rename = "Data Dumper")]
    pub data_dumper: DataDumper,
}

/// A part of the file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part<T> {
    /// Its settings.
    #[serde(rename = "Settings")]
    pub settings: T,
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataWriter {
    /// Names of the calibration's steps (0.7).
    pub calibration_settings: Option<CalibrationSettings>,
    /// A function of Python. Cuts are given as expressions here.
    pub preselection_cut_function: Option<Json>,
    /// Bytes of a file above which the next one begins.
    pub output_file_size: Option<u64>,
    /// Events to a file.
    pub events_per_file: Option<usize>,
    /// Samples above which the low gain is taken, by camera (0.7.3).
    pub gain_thresholds: Option<BTreeMap<String, f64>>,
    /// Whether runs are processed side by side (0.8): no effect.
    pub write_mode: Option<String>,
    /// Whether all simulated events are written, triggered or not (0.8).
    pub save_mc_events: Option<bool>,
}

/// Names of the calibration's steps.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CalibrationSettings {
    /// From counts to photo-electrons.
    pub r1_product: Option<String>,
    /// From waveforms to images.
    pub extractor_product: Option<String>,
}

/// How it is written.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataDumper {
    /// Name of the format.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Its settings.
    #[serde(rename = "Settings")]
    pub settings: DumperSettings,
}

/// Settings of PyTables, which have no effect but for the level of compression.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DumperSettings {
    /// Filters of the tables.
    pub filter_settings: Option<FilterSettings>,
    /// Rows that were expected.
    pub expected_tel_types: Option<u64>,
    /// Rows that were expected.
    pub expected_tels: Option<u64>,
    /// Rows that were expected.
    pub expected_events: Option<u64>,
    /// Rows that were expected.
    pub expected_mc_events: Option<u64>,
    /// Rows that were expected.
    pub expected_images_per_event: Option<BTreeMap<String, f64>>,
    /// Columns of which PyTables made indexes.
    pub index_columns: Option<Vec<[String; 2]>>,
}

/// Filters of the tables. Other libraries than deflate are not written: all readers read that.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct FilterSettings {
    /// Name of the library.
    pub complib: Option<String>,
    /// Level of compression.
    pub complevel: Option<u8>,
    /// Everything else.
    #[serde(flatten)]
    pub other: BTreeMap<String, Json>,
}

/// Cameras of which dl1-data-handler 0.7.3 selects the gain, and above which samples.
const GAIN_THRESHOLDS: [(&str, f64); 3] =
    [("LSTCam", 4094.0), ("NectarCam", 4094.0), ("ASTRICam", 4094.0)];

impl WriteData {
    /// Whether a parsed file is of this kind.
    pub fn is_one(file: &Json) -> bool {
        ["Data Writer", "Event Source", "Data Dumper"].iter().any(|key| file.get(key).is_some())
    }

    /// Takes the settings over.
    pub fn apply(self, build: &mut BuildDl1) -> Result<(), Error> {
        let DataWriter {
            calibration_settings,
            preselection_cut_function,
            output_file_size,
            events_per_file,
            gain_thresholds,
            write_mode: _,
            save_mc_events,
        } = self.data_writer.settings;
        if self.data_dumper.kind != "CTAMLDataDumper" {
            let reason = format!("there is no {}, but CTAMLDataDumper", self.data_dumper.kind);
            return Err(Error::parameter("Data Dumper.Type", reason));
        }
        if preselection_cut_function.is_some_and(|function| !function.is_null()) {
            let reason = "functions of Python can't be called; give the cut as --event-cut";
            return Err(Error::parameter("Data Writer.preselection_cut_function", reason));
        }
        if let Some(key) = self.event_source.settings.keys().next() {
            let reason = "settings of the event source are ctapipe's; give them as --Class.name";
            return Err(Error::parameter(format!("Event Source.{key}"), reason));
        }
        let Format::Ctaml(options) = &mut build.format else {
            let reason = "it is of dl1-data-handler: choose --format ctaml-0.7 or ctaml-0.8";
            return Err(Error::parameter("configuration", reason));
        };
        options.output_file_size = output_file_size.or(options.output_file_size);
        options.events_per_file = events_per_file.or(options.events_per_file);
        options.mc_events |= save_mc_events.unwrap_or_default();
        let filters = self.data_dumper.settings.filter_settings.unwrap_or_default();
        if let Some(level) = filters.complevel {
            options.filters.deflate = (level > 0).then(|| level.min(9));
        }
        if let Some(thresholds) = gain_thresholds {
            build.process.gain_selector = gain_selectors(thresholds.iter())?;
        }
        if let Some(product) = calibration_settings.and_then(|names| names.extractor_product) {
            build.process.extractor = TelescopeParameter::all(extractor_of(&product)?.to_owned());
        }
        Ok(())
    }
}

/// Today's name of an extractor of ctapipe 0.6.
fn extractor_of(product: &str) -> Result<&'static str, Error> {
    Ok(match product {
        "NeighbourPeakIntegrator" | "NeighborPeakIntegrator" => "NeighborPeakWindowSum",
        "LocalPeakIntegrator" => "LocalPeakWindowSum",
        "GlobalPeakIntegrator" => "GlobalPeakWindowSum",
        "FullIntegrator" => "FullWaveformSum",
        other => {
            let reason = format!(
                "there is no {other}, but NeighbourPeakIntegrator, LocalPeakIntegrator, \
                 GlobalPeakIntegrator and FullIntegrator"
            );
            return Err(Error::parameter("calibration_settings.extractor_product", reason));
        }
    })
}

/// High gain, but for some cameras.
fn gain_selectors<'a>(
    thresholds: impl Iterator<Item = (&'a String, &'a f64)>,
) -> Result<TelescopeParameter<GainSelector>, Error> {
    let mut rules = TelescopeParameter::all(GainSelector::Manual(GainChannel::High));
    for (camera, threshold) in thresholds {
        rules.push("type", &format!("*_{camera}"), GainSelector::Threshold(*threshold))?;
    }
    Ok(rules)
}

/// What a version of dl1-data-handler does that ctapipe does otherwise today: times are not shifted by what pixels
/// are late, invalid pixels stay as they are, and 0.7 has its own thresholds of the gain.
pub fn defaults(options: &Options, settings: &mut ProcessSettings) -> Result<(), Error> {
    settings.parameters = false;
    settings.apply_peak_time_shift = false;
    settings.average_invalid = false;
    if options.variant == Variant::V0_7 {
        let known = GAIN_THRESHOLDS.map(|(camera, threshold)| (camera.to_owned(), threshold));
        settings.gain_selector = gain_selectors(known.iter().map(|(c, t)| (c, t)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "
Data Writer:
    Settings:
        calibration_settings: {r1_product: HESSIOR1Calibrator, extractor_product: NeighbourPeakIntegrator}
        preselection_cut_function: null
        output_file_size: 1073741824
        events_per_file: 500
        gain_thresholds: {LSTCam: 3500}
Event Source:
    Settings: {}
Data Dumper:
    Type: CTAMLDataDumper
    Settings:
        filter_settings: {complib: lzo, complevel: 3}
        expected_images_per_event: {'LST:LSTCam': 0.5}
        index_columns: [[tel, event_index]]
";

    fn apply(text: &str) -> Result<BuildDl1, String> {
        let format = Format::Ctaml(Box::new(Options::new(Variant::V0_7)));
        let mut build = BuildDl1 { format, ..BuildDl1::default() };
        let file: WriteData = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
        file.apply(&mut build).map_err(|e| e.to_string())?;
        Ok(build)
    }

    #[test]
    fn the_file_is_understood() {
        let build = apply(FILE).unwrap();
        let Format::Ctaml(options) = &build.format else { panic!("another format") };
        assert_eq!((options.output_file_size, options.events_per_file), (Some(1 << 30), Some(500)));
        assert_eq!(options.filters.deflate, Some(3));
        let gain = |description| build.process.gain_selector.get(1, description).copied();
        assert_eq!(gain("LST_LST_LSTCam"), Some(GainSelector::Threshold(3500.0)));
        assert_eq!(gain("MST_MST_FlashCam"), Some(GainSelector::Manual(GainChannel::High)));
        assert!(WriteData::is_one(&serde_saphyr::from_str(FILE).unwrap()));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (from, to, reason) in [
            ("CTAMLDataDumper", "Other", "there is no Other"),
            ("function: null", "function: cut", "--event-cut"),
            ("events_per_file", "event_per_file", "event_per_file"),
            ("NeighbourPeakIntegrator", "Unknown", "there is no Unknown"),
            ("Settings: {}", "Settings: {back_seekable: true}", "Event Source.back_seekable"),
            ("Event Source:\n    Settings: {}\n", "", "Event Source"),
        ] {
            let error = apply(&FILE.replace(from, to)).err().unwrap();
            assert!(error.contains(reason), "{reason}: {error}");
        }
    }
}
