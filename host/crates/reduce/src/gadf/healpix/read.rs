//! Reading.

use tierline_fits::{Cells, Column, FitsFile, Header, Pixels, Table};
use tierline_report::{LimitKind, Limits};
use tierline_sky::{HpxGeom, HpxKeywords, MapAxis};

use super::super::bands::malformed;
use super::super::read::lookup;
use super::{HpxConvention, SEVERAL_SIZES, is_order_of_nside_plain};
use crate::Error;

/// Whether a table is a map of HEALPix pixels.
pub fn is_healpix(header: &Header) -> bool {
    matches!(header.text("PIXTYPE"), Ok(Some(kind)) if kind.trim().eq_ignore_ascii_case("HEALPIX"))
}

/// A map of HEALPix pixels: geometry, unit and values.
pub(in super::super) fn read_map(
    file: &mut FitsFile,
    name: &str,
    number: usize,
    limits: &Limits,
) -> Result<(HpxGeom, String, Pixels), Error> {
    let path = file.path().to_owned();
    let wrong = |reason: String| malformed(&path, name, reason);
    let table = file.table(number, None)?;
    let convention = HpxConvention::of_table(&table).map_err(wrong)?;
    let scheme = table.header.text("INDXSCHM").map_err(|found| wrong(found.to_string()))?;
    let scheme = scheme.unwrap_or("").trim().to_ascii_uppercase();
    let bands = bands_table(file, &table, &scheme)?;
    let (axes, nside) = match &bands {
        None => (Vec::new(), None),
        Some(bands) => {
            let axes = convention.axes(&table.header, bands).map_err(wrong)?;
            let nside = bands_nside(bands, &axes).map_err(wrong)?;
            (axes, nside)
        }
    };
    let has_gti = file.find("GTI").is_some();
    let reader = Reader { table: &table, convention, axes, nside, limits };
    let (geom, pixels) = reader.read(&scheme).map_err(wrong)?;
    Ok((geom, reader.unit(has_gti), pixels))
}

/// The table of the axes: of BANDSHDU, or a known name where there are several columns.
fn bands_table(file: &mut FitsFile, table: &Table, scheme: &str) -> Result<Option<Table>, Error> {
    let named = table.header.text("BANDSHDU");
    let number =
        match named.map_err(|wrong| malformed(file.path(), &table.name, wrong.to_string()))? {
            Some(name) => Some(file.require(name)?),
            None if matches!(scheme, "" | "IMPLICIT" | "EXPLICIT") && table.columns.len() > 1 => {
                file.find("EBOUNDS").or_else(|| file.find("ENERGIES"))
            }
            None => None,
        };
    number.map(|number| file.table(number, None).map_err(Error::from)).transpose()
}

/// NSIDE of each band, or one for all; `None` where the table doesn't tell.
fn bands_nside(bands: &Table, axes: &[MapAxis]) -> Result<Option<Vec<u64>>, String> {
    let Some(column) = bands.column("NSIDE") else { return Ok(None) };
    let values = column.i64s().map_err(|wrong| wrong.to_string())?;
    let nside = values
        .iter()
        .map(|value| u64::try_from(*value).map_err(|_| format!("column NSIDE: {value} is none")));
    let nside = nside.collect::<Result<Vec<_>, _>>()?;
    let Some(first) = nside.first() else { return Ok(None) };
    if nside.iter().all(|value| value == first) {
        return Ok(Some(vec![*first]));
    }
    if !is_order_of_nside_plain(&nside, axes) {
        return Err(format!("column NSIDE: not supported: {SEVERAL_SIZES}"));
    }
    Ok(Some(nside))
}

/// The parts of a map.
struct Reader<'a> {
    table: &'a Table,
    convention: HpxConvention,
    axes: Vec<MapAxis>,
    nside: Option<Vec<u64>>,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn read(&self, scheme: &str) -> Result<(HpxGeom, Pixels), String> {
        let has_pixels = self.table.column("PIX").is_some();
        match (scheme, has_pixels) {
            ("IMPLICIT", _) | ("", false) => self.implicit(false),
            ("EXPLICIT", _) | ("", true) => self.explicit(),
            ("LOCAL", _) => self.implicit(true),
            ("SPARSE", _) => self.sparse(),
            (other, _) => Err(format!(
                "INDXSCHM: expected IMPLICIT, EXPLICIT, LOCAL or SPARSE, found '{other}'"
            )),
        }
    }

    fn unit(&self, has_gti: bool) -> String {
        let unit = self.table.header.text("BUNIT").ok().flatten().unwrap_or_default();
        if !unit.is_empty() {
            return unit.to_owned();
        }
        let columns = self.convention.columns(self.table);
        let unit = columns.first().map_or("", |column| column.unit.as_str());
        match self.convention {
            // Those of the Fermi tools have times, but no unit.
            HpxConvention::FgstBexpcube if unit.is_empty() && has_gti => "cm2 s".into(),
            _ => unit.to_owned(),
        }
    }

    /// Columns of all planes, each as long as the first.
    fn planes(&self) -> Result<(Vec<&Column>, usize), String> {
        let columns = self.convention.columns(self.table);
        let planes: usize = self.axes.iter().map(MapAxis::n_bins).product();
        if columns.len() != planes {
            let (prefix, found) = (self.convention.prefix(), columns.len());
            return Err(format!("{found} columns {prefix}1, … for {planes} planes of the axes"));
        }
        let n = columns.first().map_or(0, |column| column.cells.len());
        match columns.iter().find(|column| column.cells.len() != n) {
            Some(other) => Err(format!(
                "column {}: {} values, but {n} in others",
                other.name,
                other.cells.len()
            )),
            None => Ok((columns, n)),
        }
    }

    /// The geometry of keywords, for which there are so many values per plane.
    fn geom(&self, n: u64) -> Result<HpxGeom, String> {
        let lookup = |key: &str| lookup(&self.table.header, &[], key);
        let bands = self.nside.as_ref().map_or(1, Vec::len) as u64;
        // The shares of disks are not exact.
        let most = n.saturating_mul(2).saturating_add(1000).saturating_mul(bands);
        HpxGeom::from_keywords(&lookup, self.nside.as_deref(), self.axes.clone(), most)
            .map_err(|wrong| wrong.to_string())
    }

    fn implicit(&self, is_local: bool) -> Result<(HpxGeom, Pixels), String> {
        let (columns, n) = self.planes()?;
        let geom = self.geom(n as u64)?;
        if geom.max_pixels() != n as u64 {
            return Err(format!("{n} values per plane for {} pixels", geom.max_pixels()));
        }
        if let (true, Some(pixels)) = (is_local, self.table.column("PIX")) {
            let places = pixels.i64s().map_err(|wrong| wrong.to_string())?;
            if !places.iter().copied().eq(0..n as i64) {
                return Err(format!("column PIX: expected 0 to {} in this order", n - 1));
            }
        }
        Ok((geom, values(&columns, None)?))
    }

    fn explicit(&self) -> Result<(HpxGeom, Pixels), String> {
        let (columns, n) = self.planes()?;
        let lookup = |key: &str| lookup(&self.table.header, &[], key);
        let keywords = HpxKeywords::read(&lookup).map_err(|wrong| wrong.to_string())?;
        let nside = match (self.nside.as_deref(), keywords.nside) {
            (Some([one]), _) => *one,
            (None, Some(one)) => one,
            (None, None) => return Err("NSIDE: is not there".into()),
            (Some(_), _) => {
                return Err(
                    "INDXSCHM: EXPLICIT, but pixels of several sizes, which need LOCAL".into()
                );
            }
        };
        let pixels = self.table.require("PIX").map_err(|wrong| wrong.to_string())?;
        let pixels = pixels.i64s().map_err(|wrong| wrong.to_string())?;
        if pixels.len() != n {
            return Err(format!("column PIX: {} pixels for {n} values", pixels.len()));
        }
        let mut places: Vec<usize> = (0..n).collect();
        places.sort_by_key(|at| pixels[*at]);
        let sorted: Result<Vec<u64>, _> = places
            .iter()
            .map(|at| {
                let pixel = pixels[*at];
                u64::try_from(pixel).map_err(|_| format!("column PIX: {pixel} is no pixel"))
            })
            .collect();
        let HpxKeywords { order, frame, region, .. } = keywords;
        let geom = HpxGeom::of_pixels(nside, order, frame, region, sorted?, self.axes.clone())
            .map_err(|wrong| wrong.to_string())?;
        let is_sorted = places.iter().copied().eq(0..n);
        Ok((geom, values(&columns, (!is_sorted).then_some(&places))?))
    }

    fn sparse(&self) -> Result<(HpxGeom, Pixels), String> {
        let planes: usize = self.axes.iter().map(MapAxis::n_bins).product();
        let most = self.limits.max_allocation / 8 / (planes as u64).max(1);
        let geom = self.geom(most / 2)?;
        let n = geom.max_pixels();
        let size = n.saturating_mul(planes as u64).saturating_mul(8);
        self.limits
            .check(LimitKind::Allocation, "sparse map", size)
            .map_err(|wrong| wrong.to_string())?;
        let n = n as usize;
        let required = |name: &str| {
            let column = self.table.require(name).map_err(|wrong| wrong.to_string())?;
            column.i64s().map_err(|wrong| wrong.to_string())
        };
        let pixels = required("PIX")?;
        let channels = match self.table.column("CHANNEL") {
            Some(_) => required("CHANNEL")?,
            None => vec![0; pixels.len()],
        };
        let column = self.table.require("VALUE").map_err(|wrong| wrong.to_string())?;
        let found = column.f64s().map_err(|wrong| wrong.to_string())?;
        if pixels.len() != found.len() || channels.len() != found.len() {
            return Err("columns PIX, CHANNEL, VALUE: not of one length".into());
        }
        let mut all = empty(&geom, planes, n);
        for ((pixel, channel), value) in pixels.into_iter().zip(channels).zip(found) {
            let place = usize::try_from(channel).ok().filter(|plane| *plane < planes);
            let local = place.and_then(|plane| {
                let local = geom.local_pixel(plane, u64::try_from(pixel).ok()?)?;
                Some(plane * n + local)
            });
            match local {
                Some(at) => all[at] = value,
                None => return Err(format!("PIX {pixel} of CHANNEL {channel} is not in the map")),
            }
        }
        let pixels = match column.cells {
            Cells::F32(_) => Pixels::F32(all.into_iter().map(|value| value as f32).collect()),
            _ => Pixels::F64(all),
        };
        Ok((geom, pixels))
    }
}

/// Zeros, and NaN where a plane has fewer pixels than others.
fn empty(geom: &HpxGeom, planes: usize, n: usize) -> Vec<f64> {
    let mut all = vec![0.0; planes * n];
    if !geom.is_regular() {
        for (plane, cells) in all.chunks_exact_mut(n.max(1)).enumerate() {
            let own = geom.n_pixels(plane).map_or(n, |own| own as usize);
            cells[own.min(n)..].fill(f64::NAN);
        }
    }
    all
}

/// Values of planes one behind the other, in the order of `places`, in 4 bytes where all are.
fn values(columns: &[&Column], places: Option<&Vec<usize>>) -> Result<Pixels, String> {
    let n: usize = columns.iter().map(|column| column.cells.len()).sum();
    if columns.iter().all(|column| matches!(column.cells, Cells::F32(_))) {
        let mut all = Vec::with_capacity(n);
        for column in columns {
            let Cells::F32(cells) = &column.cells else { continue };
            match places {
                None => all.extend_from_slice(cells),
                Some(places) => all.extend(places.iter().map(|at| cells[*at])),
            }
        }
        return Ok(Pixels::F32(all));
    }
    let mut all = Vec::with_capacity(n);
    for column in columns {
        let cells = column.f64s().map_err(|wrong| wrong.to_string())?;
        match places {
            None => all.extend(cells),
            Some(places) => all.extend(places.iter().map(|at| cells[*at])),
        }
    }
    Ok(Pixels::F64(all))
}
