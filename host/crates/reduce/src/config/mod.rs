//! Configuration of a reduction, with the keys of gammapy's analysis configuration.
//!
//! Keys of steps that come after the reduction (fit, flux_points, light_curve, models) may be there and are not used. A key that is none is
//! refused, and the nearest one named.

mod keys;

pub(crate) use keys::nearest;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;
use tierline_sky::{Frame, Interp, MapAxis, SkyCoord};

use crate::Error;
use crate::unit;

/// A configuration.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AnalysisConfig {
    /// Threads and folders.
    pub general: General,
    /// What is read.
    pub observations: Observations,
    /// What is made.
    pub datasets: Datasets,
    /// Maps of excess and significance.
    pub excess_map: ExcessMap,
}

/// Threads and folders.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct General {
    /// Folder that relative outputs are in.
    pub outdir: PathBuf,
    /// Threads.
    pub n_jobs: usize,
    /// List of the datasets.
    pub datasets_file: Option<PathBuf>,
}

impl Default for General {
    fn default() -> Self {
        General { outdir: ".".into(), n_jobs: 1, datasets_file: None }
    }
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Observations {
    /// Folder of index files, or a file of them.
    pub datastore: PathBuf,
    /// Numbers; empty: all.
    pub obs_ids: Vec<i64>,
    /// File of numbers, one per line.
    pub obs_file: Option<PathBuf>,
    /// Cone around which pointings must lie.
    pub obs_cone: Circle,
    /// Times.
    pub obs_time: TimeRange,
    /// Responses that must be there: a list, or one of full-enclosure, point-like, all-optional.
    pub required_irf: RequiredIrf,
}

impl Default for Observations {
    fn default() -> Self {
        Observations {
            datastore: "$GAMMAPY_DATA/hess-dl3-dr1".into(),
            obs_ids: Vec::new(),
            obs_file: None,
            obs_cone: Circle::default(),
            obs_time: TimeRange::default(),
            required_irf: RequiredIrf::List(
                ["aeff", "edisp", "psf", "bkg"].map(String::from).to_vec(),
            ),
        }
    }
}

/// Names of responses.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum RequiredIrf {
    /// One by one.
    List(Vec<String>),
    /// A set of them.
    Set(String),
}

/// From one time to another, as ISO text.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TimeRange {
    /// First; one or several.
    pub start: Option<Value>,
    /// Last; as many.
    pub stop: Option<Value>,
}

/// A circle on the sky; its values are texts with units.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Circle {
    /// `icrs` or `galactic`.
    pub frame: Option<String>,
    /// Longitude.
    pub lon: Option<String>,
    /// Latitude.
    pub lat: Option<String>,
    /// Radius.
    pub radius: Option<String>,
}

/// Whether maps or spectra are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Kind {
    /// Spectra.
    #[default]
    #[serde(rename = "1d")]
    Spectra,
    /// Maps.
    #[serde(rename = "3d")]
    Maps,
}

/// What is made.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Datasets {
    /// Maps or spectra.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether all observations make one dataset.
    pub stack: bool,
    /// Geometry of maps and axes of both.
    pub geom: GeomConfig,
    /// Members of maps.
    pub map_selection: Vec<String>,
    /// Background.
    pub background: Background,
    /// Safe mask.
    pub safe_mask: SafeMask,
    /// Region of spectra.
    pub on_region: Circle,
    /// Whether the exposure of spectra is corrected for what leaves the region.
    pub containment_correction: bool,
}

impl Default for Datasets {
    fn default() -> Self {
        let selection = ["counts", "exposure", "background", "psf", "edisp"];
        Datasets {
            kind: Kind::default(),
            stack: true,
            geom: GeomConfig::default(),
            map_selection: selection.map(String::from).to_vec(),
            background: Background::default(),
            safe_mask: SafeMask::default(),
            on_region: Circle::default(),
            containment_correction: true,
        }
    }
}

/// Geometry.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct GeomConfig {
    /// Image.
    pub wcs: WcsConfig,
    /// HEALPix pixels of this `nside`, nested, in a disk as wide as the image, instead of the image. It is no key of files.
    #[serde(skip)]
    pub hpx_nside: Option<u64>,
    /// Which events are near enough.
    pub selection: Selection,
    /// Axes.
    pub axes: AxesConfig,
}

/// An image.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct WcsConfig {
    /// Its middle.
    pub skydir: Circle,
    /// Size of its pixels.
    pub binsize: String,
    /// Its sizes.
    pub width: Width,
    /// Size of the pixels of responses.
    pub binsize_irf: String,
}

impl Default for WcsConfig {
    fn default() -> Self {
        WcsConfig {
            skydir: Circle::default(),
            binsize: "0.02 deg".into(),
            width: Width::default(),
            binsize_irf: "0.2 deg".into(),
        }
    }
}

/// Sizes of an image.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Width {
    /// Along longitude.
    pub width: String,
    /// Along latitude.
    pub height: String,
}

impl Default for Width {
    fn default() -> Self {
        Width { width: "5 deg".into(), height: "5 deg".into() }
    }
}

/// Which events are near enough.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Largest distance from the pointing.
    pub offset_max: String,
}

impl Default for Selection {
    fn default() -> Self {
        Selection { offset_max: "2.5 deg".into() }
    }
}

/// Axes of energy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct AxesConfig {
    /// Reconstructed.
    pub energy: AxisConfig,
    /// True.
    pub energy_true: AxisConfig,
}

impl Default for AxesConfig {
    fn default() -> Self {
        let axis = |min: &str, max: &str, nbins| AxisConfig {
            min: Some(min.into()),
            max: Some(max.into()),
            nbins: Some(nbins),
        };
        AxesConfig {
            energy: axis("1 TeV", "10 TeV", 5),
            energy_true: axis("0.5 TeV", "20 TeV", 16),
        }
    }
}

/// An axis with edges at equal ratios.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct AxisConfig {
    /// First edge.
    pub min: Option<String>,
    /// Last edge.
    pub max: Option<String>,
    /// Bins.
    pub nbins: Option<usize>,
}

/// Background.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Background {
    /// `reflected`, `fov_background`, `ring` or none.
    pub method: Option<String>,
    /// Mask of pixels that may be used.
    pub exclusion: Option<PathBuf>,
    /// What the method takes.
    pub parameters: serde_json::Map<String, Value>,
}

/// Safe mask.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct SafeMask {
    /// Conditions.
    pub methods: Vec<String>,
    /// What they take.
    pub parameters: serde_json::Map<String, Value>,
}

impl Default for SafeMask {
    fn default() -> Self {
        SafeMask { methods: vec!["aeff-default".into()], parameters: serde_json::Map::new() }
    }
}

/// Maps of excess and significance.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default)]
pub struct ExcessMap {
    /// Radius of the disk that is summed over.
    pub correlation_radius: String,
    /// Energies; none: one bin over all.
    pub energy_edges: AxisConfig,
}

impl Default for ExcessMap {
    fn default() -> Self {
        ExcessMap { correlation_radius: "0.1 deg".into(), energy_edges: AxisConfig::default() }
    }
}

impl AnalysisConfig {
    /// Reads a configuration, YAML or JSON.
    ///
    /// # Errors
    /// Where it can't be read, is no configuration, or has a key that is none.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
            path: path.into(),
            action: "read",
            source,
        })?;
        Self::parse(&text).map_err(|reason| Error::malformed(path, "", reason))
    }

    /// Reads the text of a configuration.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_saphyr::from_str(text).map_err(|e| e.to_string())?;
        let value = if value.is_null() { Value::Object(serde_json::Map::new()) } else { value };
        keys::check(&value)?;
        let value = without_nulls(value);
        let mut config: AnalysisConfig =
            serde_json::from_value(value).map_err(|error| format!("configuration: {error}"))?;
        config.general.n_jobs = config.general.n_jobs.max(1);
        Ok(config)
    }
}

/// A key without a value is as good as none.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key, without_nulls(value))).collect())
        }
        other => other,
    }
}

/// A number in a unit, from a text as `0.1 deg`.
///
/// # Errors
/// Where it is none, or its unit does not convert.
pub fn quantity(what: &str, text: &str, to: &str) -> Result<f64, Error> {
    let text = text.trim();
    let wrong = || Error::parameter(what, format!("expected a number and a unit, found '{text}'"));
    let end = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E')))
        .unwrap_or(text.len());
    // An exponent may be the start of a unit: 1 eV.
    let number = text[..end].trim_end_matches(['e', 'E']);
    let value: f64 = number.trim().parse().map_err(|_| wrong())?;
    let unit = text[number.len()..].trim();
    if unit.is_empty() {
        return Err(wrong());
    }
    Ok(value * unit::factor(unit, to)?)
}

/// As [`quantity`], of a value that may be a plain number, too, which is in the unit already.
///
/// # Errors
/// As [`quantity`].
pub fn value_in(what: &str, value: &Value, to: &str) -> Result<f64, Error> {
    match value {
        Value::Number(number) => number
            .as_f64()
            .ok_or_else(|| Error::parameter(what, format!("{number} is no number that fits"))),
        Value::String(text) => quantity(what, text, to),
        other => {
            Err(Error::parameter(what, format!("expected a number and a unit, found {other}")))
        }
    }
}

impl Circle {
    /// Its centre, if one is told.
    ///
    /// # Errors
    /// Where it is told in part only, or in another frame than icrs and galactic.
    pub fn center(&self, what: &str) -> Result<Option<SkyCoord>, Error> {
        let (lon, lat) = match (&self.lon, &self.lat) {
            (None, None) => return Ok(None),
            (Some(lon), Some(lat)) => (quantity(what, lon, "deg")?, quantity(what, lat, "deg")?),
            _ => return Err(Error::parameter(what, "lon and lat go together")),
        };
        let frame = match &self.frame {
            Some(frame) => Frame::of_name(frame)?,
            None => return Err(Error::parameter(what, "frame is missing: icrs or galactic")),
        };
        Ok(Some(SkyCoord::new(lon, lat, frame)))
    }

    /// Its radius in degrees, if one is told.
    ///
    /// # Errors
    /// Where it is no angle.
    pub fn radius_deg(&self, what: &str) -> Result<Option<f64>, Error> {
        self.radius.as_ref().map(|radius| quantity(what, radius, "deg")).transpose()
    }
}

impl AxisConfig {
    /// The axis, in the unit of its first edge; `None` where anything of it isn't told.
    ///
    /// # Errors
    /// Where it is no axis.
    pub fn axis(&self, name: &str) -> Result<Option<MapAxis>, Error> {
        let (Some(min), Some(max), Some(nbins)) = (&self.min, &self.max, self.nbins) else {
            return Ok(None);
        };
        let what = format!("axis {name}");
        let unit = min.trim().trim_start_matches(|c: char| !c.is_alphabetic()).trim();
        let unit = match quantity(&what, &format!("1 {unit}"), "TeV") {
            Ok(_) => unit.to_owned(),
            // 1e3GeV and the like
            Err(_) => "TeV".to_owned(),
        };
        let bounds = [quantity(&what, min, &unit)?, quantity(&what, max, &unit)?];
        if bounds[0].is_nan() || bounds[1].is_nan() || bounds[0] >= bounds[1] {
            return Err(Error::parameter(
                what,
                format!("expected min below max, found {min}, {max}"),
            ));
        }
        Ok(Some(MapAxis::from_bounds(name, &unit, Interp::Log, bounds, nbins)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_units() {
        assert_eq!(quantity("x", "0.1 deg", "deg").unwrap(), 0.1);
        assert_eq!(quantity("x", "1e3 GeV", "GeV").unwrap(), 1000.0);
        assert!((quantity("x", "1 TeV", "GeV").unwrap() - 1000.0).abs() < 1e-9);
        assert!(quantity("x", "0.1", "deg").is_err());
        assert!(quantity("x", "deg", "deg").is_err());
        assert!(quantity("x", "1 TeV", "deg").is_err());
    }

    #[test]
    fn keys_have_their_defaults_and_strange_ones_are_refused() {
        let empty = AnalysisConfig::parse("{}").unwrap();
        assert_eq!(empty, AnalysisConfig { ..AnalysisConfig::parse("").unwrap() });
        assert_eq!(empty.datasets.kind, Kind::Spectra);
        let text = "datasets:\n  type: 3d\n  geom: {wcs: {binsize: 0.04 deg}}\n  stack: null\n";
        let config = AnalysisConfig::parse(text).unwrap();
        assert_eq!(config.datasets.geom.wcs.binsize, "0.04 deg");
        assert!(config.datasets.stack);
        let error = AnalysisConfig::parse("datasets: {geom: {wcs: {binsiz: 1 deg}}}").unwrap_err();
        assert!(error.contains("datasets.geom.wcs.binsiz") && error.contains("binsize"), "{error}");
        assert!(AnalysisConfig::parse("datasets: {type: 2d}").is_err());
        assert!(AnalysisConfig::parse("[1, 2]").is_err());
    }
}
