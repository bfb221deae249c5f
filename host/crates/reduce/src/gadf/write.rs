//! Writing.

use std::path::Path;

use tierline_fits::{Cells, Column, Compression, FitsWriter, Header, Image, Pixels, Table, Value};
use tierline_sky::header;

use super::CREATOR;
use super::bands::{add_axis_cards, bands_table};
use crate::Error;
use crate::data::Gti;
use crate::dataset::{Dataset, IrfMap, MetaRow};
use crate::geom::Geom;
use crate::map::{Map, MapValues, Mask};

/// Writes a dataset of maps. The content depends on the dataset only.
///
/// # Errors
/// Where the file exists and `overwrite` is not set, it can't be written, or the dataset is of a region.
pub fn write_dataset(path: &Path, dataset: &Dataset, overwrite: bool) -> Result<(), Error> {
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
        file.writer.table(&gti_table(gti))?;
    }
    if !dataset.meta.is_empty() {
        file.writer.table(&meta_table(&dataset.meta))?;
    }
    if let Some(off) = &dataset.off {
        file.optional("COUNTS_OFF", off.counts_off.as_ref(), false)?;
        file.map("ACCEPTANCE", &off.acceptance, false)?;
        file.optional("ACCEPTANCE_OFF", off.acceptance_off.as_ref(), false)?;
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
        let pixels = match &map.values {
            MapValues::F32(values) => Pixels::F32(values.clone()),
            MapValues::F64(values) => Pixels::F64(values.clone()),
        };
        let meta = if is_exposure { self.meta.clone() } else { "{}".into() };
        self.image(name, &map.geom, &map.unit, &meta, pixels)
    }

    fn mask(&mut self, name: &str, mask: &Mask) -> Result<(), Error> {
        let pixels = Pixels::I64(mask.values.iter().map(|set| i64::from(*set)).collect());
        self.image(name, &mask.geom, "", "{}", pixels)
    }

    fn image(
        &mut self,
        name: &str,
        geom: &Geom,
        unit: &str,
        meta: &str,
        pixels: Pixels,
    ) -> Result<(), Error> {
        let Geom::Wcs(wcs) = geom else {
            let what = format!("dataset member {name}");
            return Err(Error::unsupported(what, "only maps of pixels are written as images"));
        };
        let mut header = Header::default();
        let (shape, mut last) = (wcs.shape(), None);
        for keyword in wcs.keywords() {
            let value = match keyword.value {
                header::Value::Text(text) => Value::Text(text),
                header::Value::Real(value) => Value::Real(value),
                header::Value::Integer(value) => Value::Integer(value),
                header::Value::Logical(value) => Value::Logical(value),
            };
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

fn gti_table(gti: &Gti) -> Table {
    let _ = gti;
    let column = |name: &str, k: usize| {
        let values = gti.intervals.iter().map(|interval| interval[k]).collect();
        Column::new(name, "s", Cells::F64(values))
    };
    let columns = vec![column("START", 0), column("STOP", 1)];
    Table { name: "GTI".into(), header: Header::default(), rows: gti.intervals.len(), columns }
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
