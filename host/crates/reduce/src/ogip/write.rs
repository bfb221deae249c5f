//! Writing.

use std::path::Path;

use tierline_fits::{Cells, Column, FitsWriter, Header, Table};
use tierline_report::{AtomicOutput, commit_all};
use tierline_sky::{MapAxis, RegionGeom};

use super::Names;
use super::matrix::{ebounds_table, matrix_table};
use super::spectrum::{Spectrum, is_whole, spectrum_table};
use crate::dataset::{Dataset, IrfMap, OnOff};
use crate::gadf::{CREATOR, gti_table, region_table};
use crate::geom::Geom;
use crate::irf::EnergyKernel;
use crate::map::{Map, axis};
use crate::{Error, unit};

/// Units of the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Variant {
    /// Those of the dataset, and m2.
    #[default]
    Ogip,
    /// keV and cm2.
    Sherpa,
}

/// Writes a spectrum with off counts: the file of counts, and those that it names beside it. All are complete before the first gets
/// its name.
///
/// # Errors
/// Where a file exists and `overwrite` is not set, one can't be written, or the dataset is no spectrum with off counts, has no
/// exposure or no livetime.
pub fn write_ogip(
    path: &Path,
    dataset: &Dataset,
    variant: Variant,
    overwrite: bool,
) -> Result<(), Error> {
    let outputs = complete_ogip(path, dataset, variant, overwrite)?;
    Ok(commit_all(outputs).map_err(tierline_fits::Error::from)?)
}

fn complete_ogip(
    path: &Path,
    dataset: &Dataset,
    variant: Variant,
    overwrite: bool,
) -> Result<Vec<AtomicOutput>, Error> {
    let parts = Parts::of(dataset, variant)?;
    let names = Names::beside(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let begin = |name: Option<&str>| -> Result<FitsWriter, Error> {
        let path = name.map_or(path.to_owned(), |name| folder.join(name));
        let mut writer = FitsWriter::create(&path, overwrite)?;
        let mut primary = Header::default();
        primary.set("CREATOR", CREATOR, "");
        writer.primary(&primary)?;
        Ok(writer)
    };
    let mut outputs = Vec::new();
    let mut writer = begin(None)?;
    let (counts, off) = (&dataset.counts, parts.off);
    parts.counts(&mut writer, &names, counts, &off.acceptance, "TOTAL")?;
    if let Some(gti) = &dataset.gti {
        writer.table(&gti_table(gti)?)?;
    }
    outputs.push(writer.complete(true)?);
    let mut writer = begin(Some(&names.arf))?;
    writer.table(&parts.area()?)?;
    outputs.push(writer.complete(true)?);
    if let (Some(counts), Some(acceptance)) = (&off.counts_off, &off.acceptance_off) {
        let mut writer = begin(Some(&names.bkg))?;
        parts.counts(&mut writer, &names, counts, acceptance, "BKG")?;
        outputs.push(writer.complete(true)?);
    }
    if let Some(edisp) = &dataset.edisp {
        let mut writer = begin(Some(&names.rmf))?;
        writer.table(&parts.matrix(edisp)?)?;
        writer.table(&parts.ebounds()?)?;
        outputs.push(writer.complete(true)?);
    }
    Ok(outputs)
}

/// What the files need of a dataset.
struct Parts<'a> {
    dataset: &'a Dataset,
    off: &'a OnOff,
    exposure: &'a Map,
    livetime_s: f64,
    energy: &'a MapAxis,
    variant: Variant,
}

impl<'a> Parts<'a> {
    fn of(dataset: &'a Dataset, variant: Variant) -> Result<Self, Error> {
        let lacks = |what: &str| {
            let reason = format!("OGIP files are of a spectrum with {what}, which it hasn't");
            Error::parameter(format!("dataset {}", dataset.name), reason)
        };
        if !dataset.is_spectrum() {
            return Err(lacks("a region"));
        }
        Ok(Parts {
            dataset,
            off: dataset.off.as_ref().ok_or_else(|| lacks("off counts"))?,
            exposure: dataset.exposure.as_ref().ok_or_else(|| lacks("an exposure"))?,
            livetime_s: dataset.livetime_s.ok_or_else(|| lacks("a livetime"))?,
            energy: dataset.energy_axis()?,
            variant,
        })
    }

    /// Unit of energies, and the factor to it.
    fn energy_unit(&self, axis: &'a MapAxis) -> Result<(f64, &'a str), Error> {
        Ok(match self.variant {
            Variant::Ogip => (1.0, axis.unit()),
            Variant::Sherpa => (unit::factor(axis.unit(), "keV")?, "keV"),
        })
    }

    fn ebounds(&self) -> Result<Table, Error> {
        let (factor, unit) = self.energy_unit(self.energy)?;
        Ok(ebounds_table(self.energy, factor, unit))
    }

    /// SPECTRUM, EBOUNDS and REGION.
    fn counts(
        &self,
        writer: &mut FitsWriter,
        names: &Names,
        counts: &Map,
        acceptance: &Map,
        class: &str,
    ) -> Result<(), Error> {
        let has_off = self.off.counts_off.is_some() && self.off.acceptance_off.is_some();
        let spectrum = Spectrum {
            name: &self.dataset.name,
            counts,
            acceptance,
            is_whole: is_whole(&self.off.acceptance)
                && self.off.acceptance_off.as_ref().is_none_or(is_whole),
            mask_safe: self.dataset.mask_safe.as_ref(),
            livetime_s: self.livetime_s,
            class,
            arf: &names.arf,
            bkg: has_off.then_some(names.bkg.as_str()),
            rmf: self.dataset.edisp.is_some().then_some(names.rmf.as_str()),
        };
        writer.table(&spectrum_table(&spectrum, self.energy.n_bins())?)?;
        writer.table(&self.ebounds()?)?;
        if let Some(region) = region_table("REGION", region_of(counts)?)? {
            writer.table(&region)?;
        }
        Ok(())
    }

    /// SPECRESP: exposure over livetime.
    fn area(&self) -> Result<Table, Error> {
        let energy = axis(&self.exposure.geom, "energy_true")?;
        let (factor, energy_unit) = self.energy_unit(energy)?;
        let unit = match self.variant {
            Variant::Ogip => "m2",
            Variant::Sherpa => "cm2",
        };
        let scale = unit::factor(&self.exposure.unit, &format!("{unit} s"))? / self.livetime_s;
        let rows = energy.n_bins();
        let edges: Vec<f64> = energy.edges().iter().map(|edge| edge * factor).collect();
        let values = self.exposure.values.to_f64();
        let values = values.into_iter().map(|value| finite(value * scale)).collect();
        let columns = vec![
            Column::new("ENERG_LO", energy_unit, Cells::F64(edges[..rows].to_vec())),
            Column::new("ENERG_HI", energy_unit, Cells::F64(edges[1..].to_vec())),
            Column::new("SPECRESP", unit, Cells::F64(values)),
        ];
        let mut header = Header::default();
        let texts = [
            ("TELESCOP", "unknown"),
            ("INSTRUME", "unknown"),
            ("FILTER", "None"),
            ("HDUCLASS", "OGIP"),
            ("HDUCLAS1", "RESPONSE"),
            ("HDUCLAS2", "SPECRESP"),
            ("HDUVERS", "1.1.0"),
            ("CREATOR", CREATOR),
        ];
        for (key, text) in texts {
            header.set(key, text, "");
        }
        Ok(Table { name: "SPECRESP".into(), header, rows, columns })
    }

    /// MATRIX.
    fn matrix(&self, edisp: &IrfMap) -> Result<Table, Error> {
        let energy_true = axis(&edisp.map.geom, "energy_true")?;
        let values = edisp.map.values.to_f64();
        let values = match edisp.is_kernel() {
            true => values,
            false => {
                let migra = axis(&edisp.map.geom, "migra")?;
                let scale = unit::factor(energy_true.unit(), self.energy.unit())?;
                let centers = energy_true.centers();
                let energies: Vec<f64> = centers.iter().map(|energy| energy * scale).collect();
                let kernel = EnergyKernel::from_migra(&energies, migra, &values, self.energy)?;
                kernel.matrix().to_vec()
            }
        };
        let (factor, unit) = self.energy_unit(energy_true)?;
        matrix_table(energy_true, factor, unit, &values, self.energy.n_bins())
    }
}

/// A number, 0 instead of what is none.
pub(super) fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

fn region_of(map: &Map) -> Result<&RegionGeom, Error> {
    match &map.geom {
        Geom::Region(geom) => Ok(geom),
        _ => Err(Error::parameter("OGIP files", "expected counts of a region")),
    }
}
