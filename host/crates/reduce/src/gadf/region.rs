//! Maps of regions: a table of values, one of the planes, one of the region.

use std::path::Path;

use tierline_fits::{Cells, Column, FitsFile, Header, Mismatch, Pixels, Table, Value};
use tierline_sky::region::{RegionRow, regions_from_rows, rows_of_region};
use tierline_sky::{MapAxis, RegionGeom, WcsGeom, header};

use super::CREATOR;
use super::bands::{add_axis_cards, malformed, read_axes};
use super::columns::f64_rows;
use super::read::lookup;
use crate::Error;
use crate::map::{Map, MapValues, Mask};

/// Name of the table of a map's region.
fn region_name(name: &str) -> String {
    format!("{name}_REGION")
}

/// Values of a map as a column of a row per plane of the last axis.
pub(super) fn values_table(name: &str, geom: &RegionGeom, unit: &str, cells: Cells) -> Table {
    let shape = geom.shape();
    let (rows, cell) = shape.split_first().map_or((1, &[][..]), |(rows, cell)| (*rows, cell));
    let channel = match i16::try_from(rows) {
        Ok(rows) => Cells::I16((0..rows).collect()),
        Err(_) => Cells::I64((0..rows as i64).collect()),
    };
    let data = Column { shape: cell.to_vec(), ..Column::new("DATA", unit, cells) };
    let columns = vec![Column::new("CHANNEL", "", channel), data];
    let mut header = Header::default();
    add_axis_cards(&mut header, geom.axes());
    header.set("CREATOR", CREATOR, "");
    Table { name: name.into(), header, rows, columns }
}

/// Values of a map as cells.
pub(super) fn cells_of_map(map: &Map) -> Cells {
    match &map.values {
        MapValues::F32(values) => Cells::F32(values.clone()),
        MapValues::F64(values) => Cells::F64(values.clone()),
    }
}

/// Values of a mask as cells.
pub(super) fn cells_of_mask(mask: &Mask) -> Cells {
    Cells::Logical(mask.values.clone())
}

/// A keyword of coordinates as a card's value.
pub(super) fn card_value(value: header::Value) -> Value {
    match value {
        header::Value::Text(text) => Value::Text(text),
        header::Value::Real(value) => Value::Real(value),
        header::Value::Integer(value) => Value::Integer(value),
        header::Value::Logical(value) => Value::Logical(value),
    }
}

/// The table of a region in pixels of its WCS; `None` where there is no region.
///
/// # Errors
/// Where such tables have no shape for it.
pub(crate) fn region_table(name: &str, geom: &RegionGeom) -> Result<Option<Table>, Error> {
    let (Some(region), Some(image)) = (geom.pixel_region(), geom.image()) else { return Ok(None) };
    let rows = rows_of_region(region)?;
    let numbers = |name: &str, of: &dyn Fn(&RegionRow) -> &[f64]| {
        let width = rows.iter().map(|row| of(row).len()).max().unwrap_or(1).max(1);
        let padded = |row| of(row).iter().copied().chain(std::iter::repeat(0.0)).take(width);
        let cells = Cells::F64(rows.iter().flat_map(padded).collect());
        let shape = if width > 1 { vec![width] } else { Vec::new() };
        Column { shape, ..Column::new(name, "pix", cells) }
    };
    let shapes = rows.iter().map(|row| row.shape.clone()).collect();
    let angles = rows.iter().map(|row| row.rotang).collect();
    let columns = vec![
        Column::new("SHAPE", "", Cells::Text(shapes)),
        numbers("X", &|row| &row.x),
        numbers("Y", &|row| &row.y),
        numbers("R", &|row| &row.r),
        Column::new("ROTANG", "deg", Cells::F64(angles)),
    ];
    let mut header = Header::default();
    for keyword in image.to_image().keywords() {
        header.set(&keyword.name, card_value(keyword.value), "");
    }
    header.set("CREATOR", CREATOR, "");
    Ok(Some(Table { name: name.into(), header, rows: rows.len(), columns }))
}

/// The region of a map, if the file has it.
pub(super) fn region_table_of(name: &str, geom: &RegionGeom) -> Result<Option<Table>, Error> {
    region_table(&region_name(name), geom)
}

/// The region of a table with some axes; nowhere if there is no such table.
///
/// # Errors
/// Where it is not understood.
pub(crate) fn read_region(
    file: &mut FitsFile,
    name: &str,
    axes: Vec<MapAxis>,
) -> Result<RegionGeom, Error> {
    let Some(number) = file.find(name) else { return Ok(RegionGeom::nowhere(axes)?) };
    let table = file.table(number, None)?;
    let path = file.path().to_owned();
    let wrong = |reason: String| malformed(&path, name, reason);
    let rows = region_rows(&table).map_err(|mismatch| wrong(mismatch.to_string()))?;
    let pixel = regions_from_rows(&rows).map_err(|error| wrong(error.to_string()))?;
    let lookup = |key: &str| lookup(&table.header, &[], key);
    let image = WcsGeom::from_keywords(&lookup, Vec::new()).map_err(|e| wrong(e.to_string()))?;
    let region = pixel.to_sky(image.wcs()).map_err(|error| wrong(error.to_string()))?;
    RegionGeom::with_wcs(region, &image, axes).map_err(|error| wrong(error.to_string()))
}

fn region_rows(table: &Table) -> Result<Vec<RegionRow>, Mismatch> {
    let numbers = |name: &str| f64_rows(table.require(name)?, table.rows);
    let (xs, ys) = (numbers("X")?, numbers("Y")?);
    let optional = |name: &str| match table.column(name) {
        Some(column) => f64_rows(column, table.rows),
        None => Ok(vec![vec![0.0]; table.rows]),
    };
    let (sizes, angles) = (optional("R")?, optional("ROTANG")?);
    let shapes = table.require("SHAPE")?.texts()?;
    let rows = shapes.iter().zip(xs).zip(ys).zip(sizes).zip(angles);
    let row = |((((shape, x), y), r), angle): ((((&String, _), _), _), Vec<f64>)| RegionRow {
        shape: shape.clone(),
        x,
        y,
        r,
        rotang: angle.first().copied().unwrap_or(0.0),
    };
    Ok(rows.map(row).collect())
}

/// A map of a region: geometry, unit and values.
pub(super) fn read_map(
    file: &mut FitsFile,
    name: &str,
    number: usize,
) -> Result<(RegionGeom, String, Pixels), Error> {
    let path = file.path().to_owned();
    let wrong = |reason: String| malformed(&path, name, reason);
    let mut table = file.table(number, None)?;
    let bands = file.require(&format!("{name}_BANDS"))?;
    let bands = file.table(bands, None)?;
    let axes = read_axes(&table.header, &bands).map_err(wrong)?;
    let geom = read_region(file, &region_name(name), axes)?;
    let place = table.columns.iter().position(|column| column.name.eq_ignore_ascii_case("DATA"));
    let place = place.ok_or_else(|| wrong("column DATA: is not there".into()))?;
    let column = table.columns.swap_remove(place);
    let expected = geom.shape().iter().try_fold(1_usize, |n, bins| n.checked_mul(*bins));
    if expected != Some(column.cells.len()) {
        let (found, shape) = (column.cells.len(), geom.shape());
        return Err(wrong(format!("column DATA: {found} values for a geometry of {shape:?}")));
    }
    let pixels = match column.cells {
        Cells::F32(values) => Pixels::F32(values),
        Cells::Logical(values) => Pixels::U8(values.into_iter().map(u8::from).collect()),
        _ => Pixels::F64(column.f64s().map_err(|mismatch| wrong(mismatch.to_string()))?),
    };
    Ok((geom, column.unit, pixels))
}

/// The error of a member that is kept in some other way.
pub(super) fn unsupported(path: &Path, name: &str) -> Error {
    Error::unsupported(format!("{}: HDU {name}", path.display()), "neither image nor table")
}
