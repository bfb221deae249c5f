//! How events are processed, and where the settings stand in ctapipe's configuration.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::cuts::QualityCuts;
use crate::Error;
use crate::calib::{GainChannel, GainSelector, R1Calibration};
use crate::clean::CLEANERS;
use crate::configuration::Configuration;
use crate::extract::EXTRACTORS;
use crate::instrument::TelescopeParameter;
use crate::settings::{Settings, Value};

/// From which stream the timing fits draw their starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimingSeed {
    /// One stream in the order of the file, which is ctapipe's.
    #[default]
    Stream,
    /// A stream of its own for each telescope of an event, so that results do not depend on other events.
    Event,
}

/// How events are processed.
#[derive(Debug, Clone)]
pub struct ProcessSettings {
    /// Name of the extractor, per telescope.
    pub extractor: TelescopeParameter<String>,
    /// Settings of extractors, by name.
    pub extractors: BTreeMap<&'static str, Settings>,
    /// Name of the cleaner.
    pub cleaner: String,
    /// Settings of cleaners, by name.
    pub cleaners: BTreeMap<&'static str, Settings>,
    /// How a pixel's gain is selected, per telescope.
    pub gain_selector: TelescopeParameter<GainSelector>,
    /// Whether a gain is selected; `None`: of showers only.
    pub select_gain: Option<bool>,
    /// From ADC counts to photo-electrons.
    pub r1: R1Calibration,
    /// Whether waveforms are shifted by what pixels are late, in whole samples.
    pub apply_waveform_time_shift: bool,
    /// Whether what remains is taken off the times.
    pub apply_peak_time_shift: bool,
    /// Whether invalid pixels get the mean of their neighbours.
    pub average_invalid: bool,
    /// Whether images are cleaned and described.
    pub parameters: bool,
    /// Whether parameters are angles in the field of view; else they are lengths in the camera.
    pub use_telescope_frame: bool,
    /// Where the timing fits draw from.
    pub timing_seed: TimingSeed,
    /// What images and events must be like to be written.
    pub cuts: QualityCuts,
    /// Whether waveforms as digitized are handed on.
    pub keep_r0: bool,
    /// Whether calibrated waveforms are handed on.
    pub keep_r1: bool,
}

impl Default for ProcessSettings {
    fn default() -> Self {
        ProcessSettings {
            extractor: TelescopeParameter::all("NeighborPeakWindowSum".into()),
            extractors: BTreeMap::new(),
            cleaner: "TailcutsImageCleaner".into(),
            cleaners: BTreeMap::new(),
            gain_selector: TelescopeParameter::all(GainSelector::default()),
            select_gain: None,
            r1: R1Calibration::default(),
            apply_waveform_time_shift: false,
            apply_peak_time_shift: true,
            average_invalid: true,
            parameters: true,
            use_telescope_frame: true,
            timing_seed: TimingSeed::Stream,
            cuts: QualityCuts::default(),
            keep_r0: false,
            keep_r1: false,
        }
    }
}

impl ProcessSettings {
    /// Takes what a configuration says on these settings.
    pub fn configure(&mut self, from: &mut Configuration) -> Result<(), Error> {
        const CALIBRATOR: &str = "CameraCalibrator";
        const PROCESSOR: &str = "ImageProcessor";
        const SOURCE: &str = "SimTelEventSource";
        if let Some(value) = from.take::<Json>(CALIBRATOR, "image_extractor_type")? {
            let key = "CameraCalibrator.image_extractor_type";
            self.extractor = per_telescope(key, &value, |value| match value {
                Json::String(name) => Some(name.clone()),
                _ => None,
            })?;
        }
        from.take_into(
            CALIBRATOR,
            "apply_waveform_time_shift",
            &mut self.apply_waveform_time_shift,
        )?;
        from.take_into(CALIBRATOR, "apply_peak_time_shift", &mut self.apply_peak_time_shift)?;
        if let Some(handler) =
            from.take::<Option<String>>(CALIBRATOR, "invalid_pixel_handler_type")?
        {
            self.average_invalid = match handler.as_deref() {
                None => false,
                Some("NeighborAverage") => true,
                Some(other) => {
                    let reason = format!("there is no {other}, but NeighborAverage");
                    return Err(Error::parameter(
                        "CameraCalibrator.invalid_pixel_handler_type",
                        reason,
                    ));
                }
            };
        }
        from.take_into(PROCESSOR, "image_cleaner_type", &mut self.cleaner)?;
        from.take_into(PROCESSOR, "use_telescope_frame", &mut self.use_telescope_frame)?;
        if let Some(select) = from.take(SOURCE, "select_gain")? {
            self.select_gain = select;
        }
        from.take_into(SOURCE, "calib_scale", &mut self.r1.calib_scale)?;
        from.take_into(SOURCE, "calib_shift", &mut self.r1.calib_shift)?;
        self.configure_gain(from)?;
        for kind in EXTRACTORS {
            let settings = self.extractors.entry(kind.name).or_default();
            component(from, kind.name, kind.settings, settings)?;
        }
        for kind in CLEANERS {
            let settings = self.cleaners.entry(kind.name).or_default();
            component(from, kind.name, kind.settings, settings)?;
        }
        Ok(())
    }

    fn configure_gain(&mut self, from: &mut Configuration) -> Result<(), Error> {
        let kind: Option<String> = from.take("SimTelEventSource", "gain_selector_type")?;
        let threshold: Option<f64> = from.take("ThresholdGainSelector", "threshold")?;
        let channel: Option<String> = from.take("ManualGainSelector", "channel")?;
        match kind.as_deref() {
            None | Some("ThresholdGainSelector") => {
                if let Some(threshold) = threshold {
                    self.gain_selector =
                        TelescopeParameter::all(GainSelector::Threshold(threshold));
                }
            }
            Some("ManualGainSelector") => {
                let channel = match channel.as_deref() {
                    None | Some("HIGH") => GainChannel::High,
                    Some("LOW") => GainChannel::Low,
                    Some(other) => {
                        let reason = format!("there is no channel {other}, but HIGH and LOW");
                        return Err(Error::parameter("ManualGainSelector.channel", reason));
                    }
                };
                self.gain_selector = TelescopeParameter::all(GainSelector::Manual(channel));
            }
            Some(other) => {
                let reason = format!(
                    "there is no {other}, but ThresholdGainSelector and ManualGainSelector"
                );
                return Err(Error::parameter("SimTelEventSource.gain_selector_type", reason));
            }
        }
        Ok(())
    }
}

/// Takes the settings of an extractor or a cleaner.
fn component(
    from: &mut Configuration,
    class: &str,
    names: &[&str],
    settings: &mut Settings,
) -> Result<(), Error> {
    for name in names {
        if let Some(value) = from.take::<Json>(class, name)? {
            let key = format!("{class}.{name}");
            settings.set_parameter(name, per_telescope(&key, &value, scalar)?);
        }
    }
    Ok(())
}

fn scalar(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Null => Value::None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(int) => Value::Int(int),
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(_) | Json::Object(_) => return None,
    })
}

/// A value for all telescopes, or a list of `[kind, pattern, value]`.
fn per_telescope<T>(
    key: &str,
    value: &Json,
    scalar: impl Fn(&Json) -> Option<T>,
) -> Result<TelescopeParameter<T>, Error> {
    let wrong = |found: &Json| {
        Error::parameter(
            key,
            format!("expected a value, or a list of [kind, pattern, value], not {found}"),
        )
    };
    let Json::Array(rules) = value else {
        return scalar(value).map(TelescopeParameter::all).ok_or_else(|| wrong(value));
    };
    let mut parameter = TelescopeParameter::new();
    for rule in rules {
        let parts: [Json; 3] = Deserialize::deserialize(rule).map_err(|_| wrong(rule))?;
        let [Json::String(kind), pattern, value] = &parts else { return Err(wrong(rule)) };
        let pattern = match pattern {
            Json::String(pattern) => pattern.clone(),
            // ctapipe allows anything for the type "*" means.
            Json::Number(number) => number.to_string(),
            Json::Null if kind == "type" => "*".into(),
            _ => return Err(wrong(rule)),
        };
        let value = scalar(value).ok_or_else(|| wrong(rule))?;
        let named = |error: Error| Error::parameter(key, error.to_string());
        parameter.push(kind, &pattern, value).map_err(named)?;
    }
    Ok(parameter)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ctapipes_configuration_is_understood() {
        let mut from = Configuration::default();
        from.push(
            "CameraCalibrator",
            "image_extractor_type",
            json!([["type", "*", "FullWaveformSum"]]),
        );
        from.push("ImageProcessor", "image_cleaner_type", json!("MARSImageCleaner"));
        let rules = json!([["type", "*", 10.0], ["id", 4, 5]]);
        from.push("MARSImageCleaner", "picture_threshold_pe", rules);
        from.push("ThresholdGainSelector", "threshold", json!(3500));
        from.push("CameraCalibrator", "invalid_pixel_handler_type", Json::Null);
        let mut settings = ProcessSettings::default();
        settings.configure(&mut from).unwrap();
        from.finish().unwrap();
        assert_eq!(settings.extractor.get(3, "LST").map(String::as_str), Some("FullWaveformSum"));
        assert_eq!(settings.cleaner, "MARSImageCleaner");
        assert_eq!(settings.gain_selector.get(1, "LST"), Some(&GainSelector::Threshold(3500.0)));
        assert!(!settings.average_invalid);
        let resolved = settings.cleaners["MARSImageCleaner"]
            .resolve("MARSImageCleaner", &["picture_threshold_pe"], 4, "LST")
            .unwrap();
        assert_eq!(resolved.float("picture_threshold_pe", 0.0).unwrap(), 5.0);
    }

    #[test]
    fn values_that_can_not_be_are_refused() {
        let refused = |class: &str, name: &str, value: Json| {
            let mut from = Configuration::default();
            from.push(class, name, value);
            ProcessSettings::default().configure(&mut from).unwrap_err().to_string()
        };
        let error = refused("MARSImageCleaner", "picture_threshold_pe", json!([["type", 1.0]]));
        assert!(error.starts_with("MARSImageCleaner.picture_threshold_pe: expected"), "{error}");
        let error = refused("SimTelEventSource", "gain_selector_type", json!("Other"));
        assert!(error.contains("there is no Other"), "{error}");
        let error = refused("CameraCalibrator", "apply_peak_time_shift", json!(3));
        assert!(error.contains("expected a boolean"), "{error}");
        let error = refused("MARSImageCleaner", "picture_threshold_pe", json!([["tel", "*", 1.0]]));
        assert!(error.contains("\"type\" or \"id\""), "{error}");
    }
}
