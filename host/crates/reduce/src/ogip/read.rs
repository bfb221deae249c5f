//! Reading.

use std::path::{Path, PathBuf};

use tierline_fits::{FitsFile, Header, Value};
use tierline_report::Limits;
use tierline_sky::MapAxis;

use super::matrix::{edges_axis, read_ebounds, read_matrix};
use super::spectrum::{Found, read_spectrum};
use crate::data::Gti;
use crate::dataset::{Dataset, IrfMap, OnOff};
use crate::gadf::read_region;
use crate::geom::Geom;
use crate::map::{Map, MapValues, Mask};
use crate::open::open;
use crate::{Error, unit};

/// Reads a spectrum by its file of counts; the others are those it names, beside it. A background or an energy dispersion may be
/// missing. Energies stay in the unit of the files, areas become m2.
///
/// # Errors
/// Where one can't be read, or they don't fit each other.
pub fn read_ogip(path: &Path, limits: &Limits) -> Result<Dataset, Error> {
    read_ogip_of(FitsFile::open(path, limits)?, limits, &mut Vec::new())
}

/// Reads a spectrum whose file of counts is open; what is noticed of the others is added to the warnings.
pub(crate) fn read_ogip_of(
    mut file: FitsFile,
    limits: &Limits,
    warnings: &mut Vec<String>,
) -> Result<Dataset, Error> {
    let path = file.path().to_owned();
    let path = path.as_path();
    let found = read_spectrum(&mut file)?;
    let wrong = |reason: String| Error::malformed(path, found.place.clone(), reason);
    let livetime = found.header.require_real("EXPOSURE").map_err(|e| wrong(e.to_string()))?;
    let name = dataset_name(&found.header, path);
    let beside = Beside { path, place: &found.place, header: &found.header };
    let mut rmf = match beside.file("RESPFILE")? {
        Some(path) => Some(open(&path, limits, warnings)?),
        None => None,
    };
    let energy = match (file.find("EBOUNDS"), &mut rmf) {
        (None, Some(rmf)) => read_ebounds(rmf)?,
        _ => read_ebounds(&mut file)?,
    };
    let geom = geom_of(&mut file, &energy)?;
    let arf = beside.file("ANCRFILE")?;
    let arf = arf.ok_or_else(|| wrong("keyword ANCRFILE: names no file".into()))?;
    let exposure = read_exposure(open(&arf, limits, warnings)?, livetime, &geom)?;
    let edisp = match &mut rmf {
        Some(rmf) => Some(read_edisp(rmf, &exposure, &energy)?),
        None => None,
    };
    let off = match beside.file("BACKFILE")? {
        Some(path) => Some(read_off(open(&path, limits, warnings)?, &energy)?),
        None => None,
    };
    let gti = match file.find("GTI") {
        Some(number) => Some(Gti::read(&mut file, number)?),
        None => None,
    };
    let counts = member(path, &found.place, "COUNTS", &geom, found.counts)?;
    let acceptance = member(path, &found.place, "BACKSCAL", &geom, found.acceptance)?;
    let mask_safe = match found.safe {
        Some(values) => Some(Mask::new(geom, values)?),
        None => None,
    };
    let (counts_off, acceptance_off) = off.unzip();
    Ok(Dataset {
        name,
        counts,
        exposure: Some(exposure),
        livetime_s: Some(livetime),
        background: None,
        model: None,
        psf: None,
        edisp,
        mask_safe,
        mask_fit: None,
        off: Some(OnOff { counts_off, acceptance, acceptance_off }),
        gti,
        is_pointlike: false,
        meta: Vec::new(),
    })
}

/// OBS_ID, else the name of the file.
fn dataset_name(header: &Header, path: &Path) -> String {
    match header.value("OBS_ID") {
        Some(Value::Text(text)) if !text.trim().is_empty() => text.trim().to_owned(),
        Some(Value::Integer(number)) => number.to_string(),
        _ => path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
    }
}

/// Files that a header names.
struct Beside<'a> {
    path: &'a Path,
    place: &'a str,
    header: &'a Header,
}

impl Beside<'_> {
    /// The path of a file; `None` where the keyword is absent, empty or "none".
    fn file(&self, key: &str) -> Result<Option<PathBuf>, Error> {
        let name = self.header.text(key);
        let name = name.map_err(|e| Error::malformed(self.path, self.place, e.to_string()))?;
        let folder = self.path.parent().unwrap_or(Path::new(""));
        Ok(match name.map(str::trim) {
            None | Some("") => None,
            Some(name) if name.eq_ignore_ascii_case("none") => None,
            Some(name) => Some(folder.join(name)),
        })
    }
}

/// The geometry of a file's counts.
fn geom_of(file: &mut FitsFile, energy: &MapAxis) -> Result<Geom, Error> {
    Ok(Geom::Region(read_region(file, "REGION", vec![energy.clone()])?))
}

/// Values with a geometry, which must have as many cells.
fn member(
    path: &Path,
    place: &str,
    what: &str,
    geom: &Geom,
    values: MapValues,
) -> Result<Map, Error> {
    let (found, expected) = (values.len(), crate::map::n_cells(geom));
    if found != expected {
        let reason = format!("column {what}: {found} rows, but EBOUNDS has {expected}");
        return Err(Error::malformed(path, place, reason));
    }
    Ok(Map { geom: geom.clone(), unit: String::new(), values })
}

/// Off counts and their acceptance.
fn read_off(mut file: FitsFile, energy: &MapAxis) -> Result<(Map, Map), Error> {
    let Found { counts, acceptance, place, .. } = read_spectrum(&mut file)?;
    let geom = geom_of(&mut file, energy)?;
    let counts = member(file.path(), &place, "COUNTS", &geom, counts)?;
    Ok((counts, member(file.path(), &place, "BACKSCAL", &geom, acceptance)?))
}

/// Effective area times livetime.
fn read_exposure(mut file: FitsFile, livetime_s: f64, geom: &Geom) -> Result<Map, Error> {
    let number = file.require("SPECRESP")?;
    let table = file.table(number, None)?;
    let place = file.info(number)?.hdu.to_string();
    let wrong = |reason: String| Error::malformed(file.path(), place.clone(), reason);
    let energy = edges_axis(&table, ["ENERG_LO", "ENERG_HI"], "energy_true").map_err(wrong)?;
    let column = table.require("SPECRESP").map_err(|e| wrong(e.to_string()))?;
    let mut values = column.f64s().map_err(|e| wrong(e.to_string()))?;
    if values.len() != table.rows {
        return Err(wrong("column SPECRESP: expected one value per row".into()));
    }
    let scale = unit::factor(&column.unit, "m2");
    let scale = scale.map_err(|e| wrong(format!("column SPECRESP: {e}")))?;
    values.iter_mut().for_each(|value| *value *= scale * livetime_s);
    Map::new(geom.with_axes(vec![energy])?, "m2 s", values)
}

/// The energy dispersion, with the exposure.
fn read_edisp(rmf: &mut FitsFile, exposure: &Map, energy: &MapAxis) -> Result<IrfMap, Error> {
    let matrix = read_matrix(rmf, energy.n_bins())?;
    let [energy_true] = exposure.geom.axes() else {
        return Err(Error::parameter("exposure", "expected one axis"));
    };
    if !same_energies(&matrix.energy_true, energy_true)? {
        let reason = format!(
            "{} true energies are not the {} of the effective area",
            matrix.energy_true.n_bins(),
            energy_true.n_bins()
        );
        return Err(Error::malformed(rmf.path(), ": HDU MATRIX", reason));
    }
    let squashed = energy.squash()?;
    let geom = exposure.geom.with_axes(vec![energy.clone(), energy_true.clone()])?;
    let map = Map::new(geom, "", matrix.values)?;
    let geom = exposure.geom.with_axes(vec![squashed, energy_true.clone()])?;
    Ok(IrfMap { map, exposure: Map { geom, ..exposure.clone() } })
}

/// Whether edges are the same within what 4 bytes tell.
fn same_energies(a: &MapAxis, b: &MapAxis) -> Result<bool, Error> {
    let factor = unit::factor(a.unit(), b.unit())?;
    let near = |(a, b): (&f64, &f64)| (a * factor - b).abs() <= 1e-5 * b.abs();
    Ok(a.n_bins() == b.n_bins() && a.edges().iter().zip(&b.edges()).all(near))
}
