//! Writing.

use std::path::Path;

use tierline_fits::{Cells, Column, FitsWriter, Header, Table};
use tierline_sky::{HpxGeom, MapAxis};

use super::super::CREATOR;
use super::super::bands::{add_axis_cards, bands_table};
use super::super::region::card_value;
use super::{HpxConvention, SEVERAL_SIZES, is_order_of_nside_plain};
use crate::Error;
use crate::geom::Geom;
use crate::map::{Map, MapValues, Mask};

/// How a map of HEALPix pixels is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HpxForm {
    /// Names of columns and of the table of axes.
    pub convention: HpxConvention,
    /// Whether only values that are not 0 are kept.
    pub sparse: bool,
}

/// Writes a map of HEALPix pixels under a name.
///
/// # Errors
/// Where the file exists and `overwrite` is not set, it can't be written, the map is of other pixels, or the convention has no place
/// for its axes.
pub fn write_healpix(
    path: &Path,
    name: &str,
    map: &Map,
    form: HpxForm,
    overwrite: bool,
) -> Result<(), Error> {
    let Geom::Hpx(geom) = &map.geom else {
        return Err(Error::parameter(format!("map {name}"), "its pixels are not HEALPix ones"));
    };
    let tables = match form.sparse {
        true => sparse_tables(name, geom, map, "{}", form.convention)?,
        false if form.convention == HpxConvention::Gadf => tables(name, geom, map, "{}")?,
        false => dense_tables(name, geom, (&map.unit, "{}"), planes_of_map(map), form.convention)?,
    };
    let mut writer = FitsWriter::create(path, overwrite)?;
    let mut primary = Header::default();
    primary.set("CREATOR", CREATOR, "");
    writer.primary(&primary)?;
    tables.iter().try_for_each(|table| writer.table(table))?;
    writer.finish(true)?;
    Ok(())
}

/// Most columns of a table.
const MAX_COLUMNS: usize = 999;

/// A map as tables: its values, and its axes if it has any. One of more planes than a table may have columns is kept as its values
/// that are not 0.
pub(in super::super) fn tables(
    name: &str,
    geom: &HpxGeom,
    map: &Map,
    meta: &str,
) -> Result<Vec<Table>, Error> {
    if crate::map::n_planes(&map.geom) >= MAX_COLUMNS {
        return sparse_tables(name, geom, map, meta, HpxConvention::Gadf);
    }
    dense_tables(name, geom, (&map.unit, meta), planes_of_map(map), HpxConvention::Gadf)
}

/// A mask as tables, of 0 and 1 in one byte.
pub(in super::super) fn mask_tables(
    name: &str,
    geom: &HpxGeom,
    mask: &Mask,
) -> Result<Vec<Table>, Error> {
    let n = n_pixels(geom);
    let planes = mask.values.chunks_exact(n);
    let planes = planes.map(|plane| Cells::U8(plane.iter().map(|set| u8::from(*set)).collect()));
    dense_tables(name, geom, ("", "{}"), planes.collect(), HpxConvention::Gadf)
}

fn n_pixels(geom: &HpxGeom) -> usize {
    (geom.max_pixels() as usize).max(1)
}

fn planes_of_map(map: &Map) -> Vec<Cells> {
    let n = map.geom.n_image_pixels().max(1);
    match &map.values {
        MapValues::F32(values) => values.chunks_exact(n).map(|v| Cells::F32(v.into())).collect(),
        MapValues::F64(values) => values.chunks_exact(n).map(|v| Cells::F64(v.into())).collect(),
    }
}

/// Pixel numbers in 4 bytes where they fit.
fn numbers(values: Vec<u64>) -> Cells {
    let small: Result<Vec<i32>, _> = values.iter().map(|value| i32::try_from(*value)).collect();
    match small {
        Ok(small) => Cells::I32(small),
        Err(_) => Cells::I64(values.into_iter().map(|value| value as i64).collect()),
    }
}

fn dense_tables(
    name: &str,
    geom: &HpxGeom,
    (unit, meta): (&str, &str),
    planes: Vec<Cells>,
    convention: HpxConvention,
) -> Result<Vec<Table>, Error> {
    let n = n_pixels(geom);
    let mut columns = Vec::with_capacity(planes.len() + 1);
    if !geom.is_whole_sky() {
        let pixel = |at: usize| match geom.is_regular() {
            true => geom.global_pixel(0, at).unwrap_or_default(),
            false => at as u64,
        };
        columns.push(Column::new("PIX", "", numbers((0..n).map(pixel).collect())));
    }
    let prefix = convention.prefix();
    for (at, cells) in planes.into_iter().enumerate() {
        columns.push(Column::new(&format!("{prefix}{}", at + 1), "", cells));
    }
    let mut values = Table { name: name.into(), header: Header::default(), rows: n, columns };
    complete(&mut values, geom, (unit, meta), convention, None)
}

/// The values that are something, with the pixels of the sphere they are in.
fn sparse_tables(
    name: &str,
    geom: &HpxGeom,
    map: &Map,
    meta: &str,
    convention: HpxConvention,
) -> Result<Vec<Table>, Error> {
    let n = n_pixels(geom);
    if geom.region().is_none() && !geom.is_whole_sky() {
        let reason = "values that are not 0 of a list of pixels that has no name";
        return Err(Error::unsupported(format!("map {name}"), reason));
    }
    let is_something = |at: &usize| {
        let has = geom.global_pixel(at / n, at % n).is_some();
        has && map.values.get(*at) != 0.0
    };
    let cells: Vec<usize> = (0..map.values.len()).filter(is_something).collect();
    let pixel = |at: &usize| geom.global_pixel(at / n, at % n).unwrap_or_default();
    let mut columns = vec![Column::new("PIX", "", numbers(cells.iter().map(pixel).collect()))];
    if !geom.axes().is_empty() {
        let channels = cells.iter().map(|at| (at / n) as u64).collect();
        columns.push(Column::new("CHANNEL", "", numbers(channels)));
    }
    let kept = match &map.values {
        MapValues::F32(values) => Cells::F32(cells.iter().map(|at| values[*at]).collect()),
        MapValues::F64(values) => Cells::F64(cells.iter().map(|at| values[*at]).collect()),
    };
    columns.push(Column::new("VALUE", "", kept));
    let rows = cells.len();
    let mut values = Table { name: name.into(), header: Header::default(), rows, columns };
    complete(&mut values, geom, (&map.unit, meta), convention, Some("SPARSE"))
}

/// Adds the keywords, and the table of the axes.
fn complete(
    values: &mut Table,
    geom: &HpxGeom,
    (unit, meta): (&str, &str),
    convention: HpxConvention,
    scheme: Option<&str>,
) -> Result<Vec<Table>, Error> {
    if geom.max_pixels() == 0 {
        let reason = "no pixel has its centre in the region";
        return Err(Error::parameter(format!("map {}", values.name), reason));
    }
    let bands = bands_of(&values.name, geom, convention)?;
    let header = &mut values.header;
    if !matches!(convention, HpxConvention::Gadf | HpxConvention::Galprop) {
        header.set("TELESCOP", "GLAST", "");
        header.set("INSTRUME", "LAT", "");
    }
    for keyword in geom.keywords() {
        header.set(&keyword.name, card_value(keyword.value), &keyword.comment);
    }
    if let Some(scheme) = scheme {
        header.set("INDXSCHM", scheme, "How pixels are numbered");
    }
    header.set("HPX_CONV", convention.name().to_ascii_uppercase().as_str(), "");
    add_axis_cards(header, geom.axes());
    if let Some(bands) = &bands {
        header.set("BANDSHDU", bands.name.as_str(), "");
    }
    header.set("META", meta, "");
    header.set("BUNIT", unit, "");
    header.set("CREATOR", CREATOR, "");
    let values = std::mem::replace(
        values,
        Table { name: String::new(), header: Header::default(), rows: 0, columns: Vec::new() },
    );
    Ok(std::iter::once(values).chain(bands).collect())
}

/// The table of the axes.
fn bands_of(name: &str, geom: &HpxGeom, convention: HpxConvention) -> Result<Option<Table>, Error> {
    let axes = geom.axes();
    let what = format!("map {name}");
    let is_energy = |wanted: &str| matches!(axes, [axis] if axis.name() == wanted);
    let fits = match convention {
        HpxConvention::Gadf => true,
        HpxConvention::FgstCcube => is_energy("energy"),
        HpxConvention::FgstTemplate => is_energy("energy_true"),
        HpxConvention::FgstBexpcube | HpxConvention::Galprop => {
            return Err(Error::unsupported(what, format!("{} is not written", convention.name())));
        }
    };
    if !fits {
        let names: Vec<&str> = axes.iter().map(MapAxis::name).collect();
        let reason = format!("{} has one axis of energy, not {names:?}", convention.name());
        return Err(Error::parameter(what, reason));
    }
    if axes.is_empty() {
        return Ok(None);
    }
    let mut bands = bands_table(name, axes);
    match convention {
        HpxConvention::FgstCcube => bands.name = "EBOUNDS".into(),
        HpxConvention::FgstTemplate => {
            bands.name = "ENERGIES".into();
            // True energies are called by this name, too.
            if let [axis] = axes {
                let nodes = Cells::F64(axis.centers());
                bands.columns = vec![Column::new("ENERGY", axis.unit(), nodes)];
            }
        }
        _ => {}
    }
    if !geom.is_regular() {
        let nside = geom.nside();
        if !is_order_of_nside_plain(&nside, axes) {
            return Err(Error::unsupported(what, SEVERAL_SIZES));
        }
        bands.columns.push(Column::new("NSIDE", "", numbers(nside)));
    }
    Ok(Some(bands))
}
