//! Writing.

use std::path::Path;

use tierline_fits::{Cells, Column, Compression, FitsWriter, Header, Image, Pixels, Table};
use tierline_report::AtomicOutput;
use tierline_sky::{RegionGeom, WcsGeom};

use super::bands::{add_axis_cards, bands_table};
use super::region::{card_value, cells_of_map, cells_of_mask, region_table_of, values_table};
use super::{CREATOR, healpix};
use crate::Error;
use crate::data::Gti;
use crate::dataset::{Dataset, IrfMap, MetaRow};
use crate::geom::Geom;
use crate::map::{Map, MapValues, Mask};

/// Writes a dataset of maps or spectra. The content depends on the dataset only.
///
/// # Errors
/// Where the file exists and `overwrite` is not set, it can't be written, or the format has no place for a geometry.
pub fn write_dataset(path: &Path, dataset: &Dataset, overwrite: bool) -> Result<(), Error> {
    let output = complete_dataset(path, dataset, overwrite)?;
    Ok(output.commit().map_err(tierline_fits::Error::from)?)
}

/// Writes a dataset, but does not give the file its name yet.
pub(crate) fn complete_dataset(
    path: &Path,
    dataset: &Dataset,
    overwrite: bool,
) -> Result<AtomicOutput, Error> {
    let mut writer = FitsWriter::create(path, overwrite)?;
    let mut primary = Header::default();
    primary.set("NAME", dataset.name.as_str(), "");
    primary.set("CREATOR", CREATOR, "");
    writer.primary(&primary)?;
    let mut file = File { writer: &mut writer, meta: exposure_meta(dataset) };
    file.map("COUNTS", &dataset.counts, false)?;
    file.optional("EXPOSURE", dataset.exposure.as_ref(), true)?;
    if dataset.off.is_none() {
        file.optional("BACKGROUND", dataset.background.as_ref(), false)?;
    }
    file.irf("EDISP", dataset.edisp.as_ref())?;
    file.irf("PSF", dataset.psf.as_ref())?;
    for (name, mask) in [("MASK_SAFE", &dataset.mask_safe), ("MASK_FIT", &dataset.mask_fit)] {
        if let Some(mask) = mask {
            file.mask(name, mask)?;
        }
    }
    if let Some(gti) = &dataset.gti {
        file.writer.table(&gti_table(gti)?)?;
    }
    if !dataset.meta.is_empty() {
        file.writer.table(&meta_table(&dataset.meta))?;
    }
    if let Some(off) = &dataset.off {
        file.optional("COUNTS_OFF", off.counts_off.as_ref(), false)?;
        file.map("ACCEPTANCE", &off.acceptance, false)?;
        file.optional("ACCEPTANCE_OFF", off.acceptance_off.as_ref(), false)?;
    }
    Ok(writer.complete(true)?)
}

/// Writes maps under their names, each with its table of planes.
///
/// # Errors
/// As [`write_dataset`].
pub fn write_maps(path: &Path, maps: &[(&str, &Map)], overwrite: bool) -> Result<(), Error> {
    let mut writer = FitsWriter::create(path, overwrite)?;
    let mut primary = Header::default();
    primary.set("CREATOR", CREATOR, "");
    writer.primary(&primary)?;
    let mut file = File { writer: &mut writer, meta: String::new() };
    for (name, map) in maps {
        file.map(name, map, false)?;
    }
    writer.finish(true)?;
    Ok(())
}

/// What an exposure's `META` tells.
fn exposure_meta(dataset: &Dataset) -> String {
    let is_pointlike = dataset.is_pointlike;
    match dataset.livetime_s {
        Some(seconds) => {
            format!("{{\"livetime\": \"{seconds:?} s\", \"is_pointlike\": {is_pointlike}}}")
        }
        None => format!("{{\"is_pointlike\": {is_pointlike}}}"),
    }
}

struct File<'a> {
    writer: &'a mut FitsWriter,
    meta: String,
}

impl File<'_> {
    fn irf(&mut self, name: &str, irf: Option<&IrfMap>) -> Result<(), Error> {
        let Some(IrfMap { map, exposure }) = irf else { return Ok(()) };
        self.map(name, map, false)?;
        self.map(&format!("{name}_EXPOSURE"), exposure, true)
    }

    fn optional(&mut self, name: &str, map: Option<&Map>, is_exposure: bool) -> Result<(), Error> {
        map.map_or(Ok(()), |map| self.map(name, map, is_exposure))
    }

    fn map(&mut self, name: &str, map: &Map, is_exposure: bool) -> Result<(), Error> {
        let meta = if is_exposure { self.meta.clone() } else { "{}".into() };
        match &map.geom {
            Geom::Region(geom) => {
                let mut table = values_table(name, geom, &map.unit, cells_of_map(map));
                if is_exposure {
                    table.header.set("META", meta.as_str(), "");
                }
                self.region(name, geom, &table)
            }
            Geom::Wcs(geom) => {
                let pixels = match &map.values {
                    MapValues::F32(values) => Pixels::F32(values.clone()),
                    MapValues::F64(values) => Pixels::F64(values.clone()),
                };
                self.image(name, geom, &map.unit, &meta, pixels)
            }
            Geom::Hpx(geom) => self.tables(&healpix::tables(name, geom, map, &meta)?),
        }
    }

    fn mask(&mut self, name: &str, mask: &Mask) -> Result<(), Error> {
        match &mask.geom {
            Geom::Region(geom) => {
                self.region(name, geom, &values_table(name, geom, "", cells_of_mask(mask)))
            }
            Geom::Wcs(geom) => {
                let pixels = mask.values.iter().map(|set| i64::from(*set)).collect();
                self.image(name, geom, "", "{}", Pixels::I64(pixels))
            }
            Geom::Hpx(geom) => self.tables(&healpix::mask_tables(name, geom, mask)?),
        }
    }

    fn tables(&mut self, tables: &[Table]) -> Result<(), Error> {
        Ok(tables.iter().try_for_each(|table| self.writer.table(table))?)
    }

    fn region(&mut self, name: &str, geom: &RegionGeom, values: &Table) -> Result<(), Error> {
        self.writer.table(values)?;
        self.writer.table(&bands_table(name, geom.axes()))?;
        if let Some(region) = region_table_of(name, geom)? {
            self.writer.table(&region)?;
        }
        Ok(())
    }

    fn image(
        &mut self,
        name: &str,
        wcs: &WcsGeom,
        unit: &str,
        meta: &str,
        pixels: Pixels,
    ) -> Result<(), Error> {
        let mut header = Header::default();
        let (shape, mut last) = (wcs.shape(), None);
        for keyword in wcs.keywords() {
            let value = card_value(keyword.value);
            if keyword.name == "WCSSHAPE" {
                last = Some(value);
            } else {
                header.set(&keyword.name, value, &keyword.comment);
            }
        }
        add_axis_cards(&mut header, wcs.axes());
        if let Some(shape) = last {
            header.set("WCSSHAPE", shape, "");
        }
        if !wcs.axes().is_empty() {
            header.set("BANDSHDU", format!("{name}_BANDS").as_str(), "");
        }
        header.set("META", meta, "");
        header.set("BUNIT", unit, "");
        header.set("CREATOR", CREATOR, "");
        let image = Image { name: name.into(), header, shape, pixels };
        self.writer.image(&image, Compression::None)?;
        if !wcs.axes().is_empty() {
            self.writer.table(&bands_table(name, wcs.axes()))?;
        }
        Ok(())
    }
}

/// Good time intervals as a table, with the reference of their seconds.
///
/// # Errors
/// Where the reference can't be told in its scale.
pub(crate) fn gti_table(gti: &Gti) -> Result<Table, Error> {
    let column = |name: &str, k: usize| {
        let values = gti.intervals.iter().map(|interval| interval[k]).collect();
        Column::new(name, "s", Cells::F64(values))
    };
    let [day, part] = gti.reference.mjd()?;
    let mut header = Header::default();
    header.set("CREATOR", CREATOR, "");
    header.set("MJDREFI", day as i64, "");
    header.set("MJDREFF", part, "");
    header.set("TIMESYS", gti.reference.scale().name(), "");
    header.set("TIMEUNIT", "s", "");
    let columns = vec![column("START", 0), column("STOP", 1)];
    Ok(Table { name: "GTI".into(), header, rows: gti.intervals.len(), columns })
}

/// One row, whose cells are arrays where there are several observations.
fn meta_table(rows: &[MetaRow]) -> Table {
    let shape = if rows.len() > 1 { vec![rows.len()] } else { Vec::new() };
    let text = |name: &str, of: &dyn Fn(&MetaRow) -> &str| {
        let cells = Cells::Text(rows.iter().map(|row| of(row).to_owned()).collect());
        Column { shape: shape.clone(), ..Column::new(name, "", cells) }
    };
    let number = |name: &str, k: usize| {
        let cells = Cells::F64(rows.iter().map(|row| row.pointing[k]).collect());
        Column { shape: shape.clone(), ..Column::new(name, "deg", cells) }
    };
    let ids: Option<Vec<i64>> = rows.iter().map(|row| row.obs_id.parse().ok()).collect();
    let obs_id = match ids {
        Some(ids) => Column { shape: shape.clone(), ..Column::new("OBS_ID", "", Cells::I64(ids)) },
        None => text("OBS_ID", &|row| &row.obs_id),
    };
    let columns = vec![
        text("TELESCOP", &|row| &row.telescope),
        obs_id,
        text("OBS_MODE", &|row| &row.obs_mode),
        number("RA_PNT", 0),
        number("DEC_PNT", 1),
    ];
    Table { name: "META_TABLE".into(), header: Header::default(), rows: 1, columns }
}
