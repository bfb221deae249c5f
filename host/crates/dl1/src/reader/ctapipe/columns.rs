//! The columns of images and parameters.

use tierline_h5::pytables::Column;
use tierline_h5::tree;

use super::super::cell::{f32s, f64s, number};
use super::rows::Rows;
use crate::Error;
use crate::parameters::{
    Concentration, Hillas, ImageParameters, Leakage, Morphology, Statistics, Timing,
};
use crate::reader::{Attributes, Cells};
use crate::writer::ctapipe::fields;
use crate::writer::ctapipe::table::Container;

/// A column of images or times, with what turns its numbers back.
pub(super) struct Pixels {
    pub(super) column: Column,
    fixed: Option<FixedPoint>,
}

/// How numbers were made whole ones: times a scale, plus an offset, with three that mean something else.
pub(super) struct FixedPoint {
    pub(super) scale: f64,
    offset: f64,
    nan: f64,
    infinite: [f64; 2],
}

impl Pixels {
    pub(super) fn find(cells: &Cells, attributes: &Attributes, name: &str) -> Option<Self> {
        let column = cells.find_column(name)?;
        let n = cells.position(name)?;
        let value = |what: &str| attributes.number(&format!("CTAFIELD_{n}_{what}"));
        let transform = attributes.text(&format!("CTAFIELD_{n}_TRANSFORM"));
        let is_fixed = transform.as_deref() == Some("fixed_point");
        let fixed = is_fixed.then(|| FixedPoint {
            scale: value("TRANSFORM_SCALE").unwrap_or(1.0),
            offset: value("TRANSFORM_OFFSET").unwrap_or(0.0),
            nan: value("NAN_VALUE").unwrap_or(f64::NAN),
            infinite: ["NEGINF_VALUE", "POSINF_VALUE"].map(|name| value(name).unwrap_or(f64::NAN)),
        });
        Some(Pixels { column, fixed })
    }

    pub(super) fn read(&self, row: &[u8]) -> Vec<f32> {
        let Some(fixed) = &self.fixed else { return f32s(&self.column, row) };
        let turned = |value: f64| match value {
            _ if value == fixed.nan => f32::NAN,
            _ if value == fixed.infinite[0] => f32::NEG_INFINITY,
            _ if value == fixed.infinite[1] => f32::INFINITY,
            _ => ((value - fixed.offset) / fixed.scale) as f32,
        };
        f64s(&self.column, row).into_iter().map(turned).collect()
    }
}

/// Columns of a table of images.
pub(super) struct Images {
    pub(super) rows: Rows,
    pub(super) image: Option<Pixels>,
    pub(super) peak_time: Option<Pixels>,
    pub(super) mask: Option<Column>,
    pub(super) is_valid: Option<Column>,
}

impl Images {
    pub(super) fn find(file: &tree::Reader, path: &str) -> Result<Option<Self>, Error> {
        let Some(rows) = Rows::find(file, path)? else { return Ok(None) };
        let attributes = Attributes::of(file, path)?;
        let cells = &rows.cells;
        Ok(Some(Images {
            image: Pixels::find(cells, &attributes, "image"),
            peak_time: Pixels::find(cells, &attributes, "peak_time"),
            mask: cells.find_column("image_mask"),
            is_valid: cells.find_column("is_valid"),
            rows,
        }))
    }
}

/// Columns of a table of parameters.
pub(super) struct Parameters {
    pub(super) rows: Rows,
    pub(super) is_camera: bool,
    columns: Vec<Option<Column>>,
}

impl Parameters {
    /// `prefix`: what all columns begin with.
    pub(super) fn find(
        file: &tree::Reader,
        path: &str,
        prefix: &str,
    ) -> Result<Option<Self>, Error> {
        let Some(rows) = Rows::find(file, path)? else { return Ok(None) };
        let is_camera =
            rows.cells.find_column(&format!("{prefix}camera_frame_hillas_intensity")).is_some();
        let (hillas, timing) = match is_camera {
            true => (&fields::CAMERA_HILLAS, &fields::CAMERA_TIMING),
            false => (&fields::HILLAS, &fields::TIMING),
        };
        let containers: [&Container; 7] = [
            hillas,
            timing,
            &fields::LEAKAGE,
            &fields::CONCENTRATION,
            &fields::MORPHOLOGY,
            &fields::INTENSITY,
            &fields::PEAK_TIME_STATISTICS,
        ];
        let mut columns = Vec::new();
        for container in containers {
            for field in container.fields {
                let name = format!("{prefix}{}_{}", container.prefix, field.name);
                columns.push(rows.cells.find_column(&name));
            }
        }
        Ok(Some(Parameters { rows, is_camera, columns }))
    }

    /// The parameters of the row that was taken. Floats that are not there are NaN, counts -1.
    pub(super) fn read(&self) -> ImageParameters {
        let row = self.rows.cells.row();
        let mut columns = self.columns.iter();
        let mut next = || {
            let column = columns.next().and_then(Option::as_ref);
            column.map_or(f64::NAN, |column| number(column, row))
        };
        let hillas = Hillas {
            intensity: next(),
            skewness: next(),
            kurtosis: next(),
            x: next(),
            y: next(),
            r: next(),
            phi: next(),
            length: next(),
            length_uncertainty: next(),
            width: next(),
            width_uncertainty: next(),
            psi: next(),
            psi_uncertainty: next(),
            transverse_cog_uncertainty: next(),
        };
        let (intercept, deviation, slope) = (next(), next(), next());
        let leakage = Leakage { pixels_width: [next(), next()], intensity_width: [next(), next()] };
        let concentration = Concentration { cog: next(), core: next(), pixel: next() };
        let mut count = || Some(next()).filter(|count| !count.is_nan()).map_or(-1, |n| n as i64);
        let morphology = Morphology {
            n_pixels: count(),
            n_islands: count(),
            n_small_islands: count(),
            n_medium_islands: count(),
            n_large_islands: count(),
        };
        let mut statistics = || Statistics {
            max: next(),
            min: next(),
            mean: next(),
            std: next(),
            skewness: next(),
            kurtosis: next(),
        };
        let (intensity, peak_time) = (statistics(), statistics());
        let timing = Timing { slope, intercept, deviation };
        ImageParameters { hillas, timing, leakage, concentration, morphology, intensity, peak_time }
    }
}
