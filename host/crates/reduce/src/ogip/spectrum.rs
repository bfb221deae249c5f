//! SPECTRUM tables (OGIP 92-007).

use tierline_fits::{Cells, Column, FitsFile, Header, Table, Value};

use super::matrix::channels;
use super::write::finite;
use crate::Error;
use crate::gadf::CREATOR;
use crate::map::{Map, MapValues, Mask};

/// What a table is made of.
pub(super) struct Spectrum<'a> {
    pub(super) name: &'a str,
    pub(super) counts: &'a Map,
    pub(super) acceptance: &'a Map,
    /// Whether acceptances, here and of the off counts, are whole numbers.
    pub(super) is_whole: bool,
    pub(super) mask_safe: Option<&'a Mask>,
    pub(super) livetime_s: f64,
    /// TOTAL or BKG.
    pub(super) class: &'a str,
    pub(super) arf: &'a str,
    pub(super) bkg: Option<&'a str>,
    pub(super) rmf: Option<&'a str>,
}

/// The table of counts.
///
/// # Errors
/// Where members have other sizes than the axis, or counts don't fit 4 bytes.
pub(super) fn spectrum_table(spectrum: &Spectrum<'_>, rows: usize) -> Result<Table, Error> {
    let name = || format!("dataset {}", spectrum.name);
    for (what, map) in [("counts", spectrum.counts), ("acceptance", spectrum.acceptance)] {
        let found = map.values.len();
        if found != rows {
            let reason = format!("{what}: {found} values for {rows} channels");
            return Err(Error::parameter(name(), reason));
        }
    }
    let count = |value: f64| -> Result<i32, Error> {
        let whole = finite(value).trunc();
        match whole.abs() <= f64::from(i32::MAX) {
            true => Ok(whole as i32),
            false => Err(Error::parameter(name(), format!("{value} counts don't fit 4 bytes"))),
        }
    };
    let values = spectrum.counts.values.to_f64();
    let counts = values.into_iter().map(count).collect::<Result<Vec<_>, _>>()?;
    let quality = match spectrum.mask_safe {
        Some(mask) => mask.values.iter().map(|safe| !safe).collect(),
        None => vec![false; rows],
    };
    let columns = vec![
        Column::new("CHANNEL", "", channels(rows)),
        Column::new("COUNTS", "", Cells::I32(counts)),
        Column::new("QUALITY", "", Cells::Logical(quality)),
        Column::new("BACKSCAL", "", acceptance_cells(spectrum.acceptance, spectrum.is_whole)),
    ];
    Ok(Table { name: "SPECTRUM".into(), header: header(spectrum, rows), rows, columns })
}

/// Acceptances as whole numbers, as those of off regions are, or as they are kept.
fn acceptance_cells(map: &Map, is_whole: bool) -> Cells {
    let values: Vec<f64> = map.values.to_f64().into_iter().map(finite).collect();
    match &map.values {
        _ if is_whole => Cells::I64(values.into_iter().map(|value| value as i64).collect()),
        MapValues::F32(_) => Cells::F32(values.into_iter().map(|value| value as f32).collect()),
        MapValues::F64(_) => Cells::F64(values),
    }
}

/// Whether all values are whole numbers.
pub(super) fn is_whole(map: &Map) -> bool {
    let is_whole = |value: f64| value.fract() == 0.0 && value.abs() < 1e15;
    map.values.to_f64().into_iter().all(|value| is_whole(finite(value)))
}

fn header(spectrum: &Spectrum<'_>, rows: usize) -> Header {
    let mut header = Header::default();
    let mut set = |key: &str, value: Value| header.set(key, value, "");
    set("TELESCOP", "unknown".into());
    set("INSTRUME", "unknown".into());
    set("FILTER", "None".into());
    set("EXPOSURE", spectrum.livetime_s.into());
    set("CORRFILE", "".into());
    set("CORRSCAL", "".into());
    set("ANCRFILE", spectrum.arf.into());
    set("HDUCLASS", "OGIP".into());
    set("HDUCLAS1", "SPECTRUM".into());
    set("HDUVERS", "1.2.1".into());
    set("POISSERR", true.into());
    set("CHANTYPE", "PHA".into());
    set("DETCHANS", (rows as i64).into());
    set("GROUPING", 0_i64.into());
    set("AREASCAL", 1_i64.into());
    set("HDUCLAS2", spectrum.class.into());
    set("HDUCLAS3", "COUNT".into());
    set("HDUCLAS4", "TYPE:1".into());
    set("OBS_ID", spectrum.name.into());
    if let Some(name) = spectrum.bkg {
        set("BACKFILE", name.into());
    }
    if let Some(name) = spectrum.rmf {
        set("RESPFILE", name.into());
    }
    set("CREATOR", CREATOR.into());
    header
}

/// What a SPECTRUM table says.
pub(super) struct Found {
    pub(super) header: Header,
    pub(super) counts: MapValues,
    pub(super) acceptance: MapValues,
    /// Channels that are good; `None` where the file doesn't tell.
    pub(super) safe: Option<Vec<bool>>,
    /// Where in the file it is, for errors.
    pub(super) place: String,
}

/// Reads a SPECTRUM table.
///
/// # Errors
/// Where there is none, or counts or BACKSCAL are missing.
pub(super) fn read_spectrum(file: &mut FitsFile) -> Result<Found, Error> {
    let number = file.require("SPECTRUM")?;
    let table = file.table(number, None)?;
    let place = file.info(number)?.hdu.to_string();
    let wrong = |reason: String| Error::malformed(file.path(), place.clone(), reason);
    if table.column("COUNTS").is_none() && table.column("RATE").is_some() {
        let what = format!("{}{place}", file.path().display());
        return Err(Error::unsupported(what, "rates instead of counts"));
    }
    let column = table.require("COUNTS").map_err(|e| wrong(e.to_string()))?;
    let counts = values_of(column, table.rows).map_err(wrong)?;
    check_channels(&table).map_err(wrong)?;
    let acceptance = match table.column("BACKSCAL") {
        Some(column) => match values_of(column, table.rows).map_err(wrong)? {
            MapValues::F32(values) if !matches!(column.cells, Cells::F32(_)) => {
                MapValues::F64(values.into_iter().map(f64::from).collect())
            }
            values => values,
        },
        None => {
            let value = table.header.require_real("BACKSCAL").map_err(|e| wrong(e.to_string()))?;
            MapValues::F64(vec![value; table.rows])
        }
    };
    let safe = quality(&table).map_err(wrong)?;
    check_areascal(&table).map_err(wrong)?;
    Ok(Found { header: table.header, counts, acceptance, safe, place })
}

/// A value per row; whole numbers that 4 bytes hold in these.
fn values_of(column: &Column, rows: usize) -> Result<MapValues, String> {
    let values = column.f64s().map_err(|e| e.to_string())?;
    if values.len() != rows {
        return Err(format!("column {}: expected one value per row", column.name));
    }
    let is_exact = |value: &f64| f64::from(*value as f32) == *value;
    Ok(match &column.cells {
        Cells::F64(_) => MapValues::F64(values),
        _ if values.iter().all(is_exact) => {
            MapValues::F32(values.into_iter().map(|value| value as f32).collect())
        }
        _ => MapValues::F64(values),
    })
}

/// That channels follow one another.
fn check_channels(table: &Table) -> Result<(), String> {
    let Some(column) = table.column("CHANNEL") else { return Ok(()) };
    let channels = column.i64s().map_err(|e| e.to_string())?;
    match channels.windows(2).find(|pair| pair[0].checked_add(1) != Some(pair[1])) {
        None => Ok(()),
        Some(pair) => Err(format!("column CHANNEL: {} comes after {}", pair[1], pair[0])),
    }
}

/// Good channels, of a column or a keyword.
fn quality(table: &Table) -> Result<Option<Vec<bool>>, String> {
    let Some(column) = table.column("QUALITY") else {
        let value = table.header.integer("QUALITY").map_err(|e| e.to_string())?;
        return Ok(value.map(|value| vec![value == 0; table.rows]));
    };
    let safe: Vec<bool> = match &column.cells {
        Cells::Logical(bad) | Cells::Bits(bad) => bad.iter().map(|bad| !bad).collect(),
        _ => column.i64s().map_err(|e| e.to_string())?.iter().map(|bad| *bad == 0).collect(),
    };
    match safe.len() == table.rows {
        true => Ok(Some(safe)),
        false => Err("column QUALITY: expected one value per row".into()),
    }
}

/// That areas are not scaled.
fn check_areascal(table: &Table) -> Result<(), String> {
    let values = match table.column("AREASCAL") {
        Some(column) => column.f64s().map_err(|e| e.to_string())?,
        None => table.header.real("AREASCAL").map_err(|e| e.to_string())?.into_iter().collect(),
    };
    match values.iter().find(|value| **value != 1.0) {
        None => Ok(()),
        Some(value) => Err(format!("AREASCAL: expected 1, found {value}")),
    }
}
