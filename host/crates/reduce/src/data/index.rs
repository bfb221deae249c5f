//! Index files: which HDUs belong to an observation, and a line about each.

use std::path::{Path, PathBuf};

use tierline_fits::{FitsFile, HduKind, Table};
use tierline_report::Limits;

use super::cards::Cards;
use super::time::Time;
use crate::Error;
use crate::open::open;

/// What an HDU of an observation holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HduType {
    /// Events.
    Events,
    /// Good time intervals.
    Gti,
    /// Effective area.
    Aeff,
    /// Energy dispersion.
    Edisp,
    /// Point spread function.
    Psf,
    /// Background.
    Bkg,
    /// Radius of the region of a point-like response.
    RadMax,
}

impl HduType {
    /// All of them.
    pub const ALL: [HduType; 7] = [
        HduType::Events,
        HduType::Gti,
        HduType::Aeff,
        HduType::Edisp,
        HduType::Psf,
        HduType::Bkg,
        HduType::RadMax,
    ];

    /// Its name in index files.
    pub fn name(self) -> &'static str {
        match self {
            HduType::Events => "events",
            HduType::Gti => "gti",
            HduType::Aeff => "aeff",
            HduType::Edisp => "edisp",
            HduType::Psf => "psf",
            HduType::Bkg => "bkg",
            HduType::RadMax => "rad_max",
        }
    }

    /// The type of a name; capital or small letters are the same.
    pub fn of_name(name: &str) -> Option<Self> {
        HduType::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name.trim()))
    }
}

/// A line of an HDU index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HduRow {
    /// The observation.
    pub obs_id: i64,
    /// What the HDU holds.
    pub hdu_type: HduType,
    /// How it holds it, such as `aeff_2d`, in small letters.
    pub hdu_class: String,
    /// Folder of the file: absolute, or relative to that of the index; may have environment variables.
    pub file_dir: String,
    /// The file.
    pub file_name: String,
    /// Name of the HDU.
    pub hdu_name: String,
}

/// A line of an observation index.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservationRow {
    /// The observation.
    pub obs_id: i64,
    /// Right ascension and declination of the pointing in deg.
    pub pointing: Option<[f64; 2]>,
    /// Start and stop.
    pub time: Option<[Time; 2]>,
    /// What was looked at.
    pub object: String,
}

/// Observations, as an index lists them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ObservationTable {
    /// One line each.
    pub rows: Vec<ObservationRow>,
}

impl ObservationTable {
    /// Reads an observation index; of several lines of an observation the first is taken.
    ///
    /// # Errors
    /// Where the file can't be read or has no `OBS_ID`.
    pub fn read(path: &Path, limits: &Limits) -> Result<Self, Error> {
        Self::read_with(path, limits, &mut Vec::new())
    }

    pub(super) fn read_with(
        path: &Path,
        limits: &Limits,
        warnings: &mut Vec<String>,
    ) -> Result<Self, Error> {
        let mut file = open(path, limits, warnings)?;
        let (number, table) = index_table(&mut file, "OBS_INDEX")?;
        let cards = Cards::of(&file, number)?;
        let ids = ids(&cards, &table)?;
        let optional = |name: &str, default: &str, unit: &str| match table.column(name) {
            Some(_) => cards.plain(&table, name, default, unit).map(Some),
            None => Ok(None),
        };
        let pointings = optional("RA_PNT", "deg", "deg")?.zip(optional("DEC_PNT", "deg", "deg")?);
        let unit = cards.time_unit();
        let times = optional("TSTART", unit, "s")?.zip(optional("TSTOP", unit, "s")?);
        let times = times.zip(cards.reference()?);
        let objects = table.column("OBJECT").and_then(|column| column.texts().ok());
        let mut rows: Vec<ObservationRow> = Vec::with_capacity(ids.len());
        let mut seen = std::collections::HashSet::new();
        for (at, obs_id) in ids.into_iter().enumerate() {
            if !seen.insert(obs_id) {
                continue;
            }
            rows.push(ObservationRow {
                obs_id,
                pointing: pointings.as_ref().map(|(ra, dec)| [ra[at], dec[at]]),
                time: times.as_ref().map(|((start, stop), reference)| {
                    [reference.plus(start[at]), reference.plus(stop[at])]
                }),
                object: objects.and_then(|texts| texts.get(at)).cloned().unwrap_or_default(),
            });
        }
        Ok(ObservationTable { rows })
    }

    /// Numbers of the observations in their order.
    pub fn ids(&self) -> Vec<i64> {
        self.rows.iter().map(|row| row.obs_id).collect()
    }

    /// Observations that point less than `radius` away from a right ascension and declination, all in deg.
    #[must_use]
    pub fn select_cone(&self, center: [f64; 2], radius: f64) -> Self {
        self.select(|row| {
            row.pointing.is_some_and(|pointing| separation(pointing, center) < radius)
        })
    }

    /// Observations of these numbers, in the order of the table.
    #[must_use]
    pub fn select_ids(&self, ids: &[i64]) -> Self {
        self.select(|row| ids.contains(&row.obs_id))
    }

    /// Observations within a time range, or overlapping it if `partial`.
    ///
    /// # Errors
    /// Where times can't be compared.
    pub fn select_time(&self, [from, to]: [Time; 2], partial: bool) -> Result<Self, Error> {
        let mut rows = Vec::new();
        for row in &self.rows {
            let Some([start, stop]) = row.time else { continue };
            let (first, last) = if partial { (stop, start) } else { (start, stop) };
            if first.since(&from) >= 0.0 && last.since(&to) <= 0.0 {
                rows.push(row.clone());
            }
        }
        Ok(ObservationTable { rows })
    }

    fn select(&self, keep: impl Fn(&ObservationRow) -> bool) -> Self {
        ObservationTable { rows: self.rows.iter().filter(|row| keep(row)).cloned().collect() }
    }
}

/// Reads an HDU index. Lines of other types than are known here are left out.
///
/// # Errors
/// Where the file can't be read or a column is not there.
pub(super) fn read_hdu_index(
    path: &Path,
    limits: &Limits,
    warnings: &mut Vec<String>,
) -> Result<Vec<HduRow>, Error> {
    let mut file = open(path, limits, warnings)?;
    let (number, table) = index_table(&mut file, "HDU_INDEX")?;
    let cards = Cards::of(&file, number)?;
    let ids = ids(&cards, &table)?;
    let texts = |name: &str| -> Result<Vec<String>, Error> {
        let column = cards.column(&table, name)?;
        let texts = column.texts().map_err(|mismatch| cards.wrong(mismatch.to_string()))?;
        if texts.len() != table.rows {
            return Err(cards.wrong(format!("column {name}: more than one text per row")));
        }
        Ok(texts.iter().map(|text| text.trim().to_owned()).collect())
    };
    let (types, classes, names) = (texts("HDU_TYPE")?, texts("HDU_CLASS")?, texts("HDU_NAME")?);
    let files = texts("FILE_NAME")?;
    // Of some tables the folder is left out where it is that of the index.
    let folders = match table.column("FILE_DIR") {
        Some(_) => texts("FILE_DIR")?,
        None => vec![String::new(); table.rows],
    };
    let row = |at: usize| {
        Some(HduRow {
            obs_id: ids[at],
            hdu_type: HduType::of_name(&types[at])?,
            hdu_class: classes[at].to_ascii_lowercase(),
            file_dir: folders[at].clone(),
            file_name: files[at].clone(),
            hdu_name: names[at].clone(),
        })
    };
    Ok((0..ids.len()).filter_map(row).collect())
}

/// The table of an index: by its name, else the first one.
fn index_table(file: &mut FitsFile, name: &str) -> Result<(usize, Table), Error> {
    let is_table = |kind: HduKind| kind == HduKind::BinaryTable;
    let number = file
        .find(name)
        .or_else(|| file.hdus().iter().position(|info| is_table(info.kind)))
        .ok_or_else(|| Error::malformed(file.path(), "", format!("no table {name}")))?;
    Ok((number, file.table(number, None)?))
}

fn ids(cards: &Cards<'_>, table: &Table) -> Result<Vec<i64>, Error> {
    let column = cards.column(table, "OBS_ID")?;
    let ids = column.i64s().map_err(|mismatch| cards.wrong(mismatch.to_string()))?;
    if ids.len() != table.rows {
        return Err(cards.wrong("column OBS_ID: more than one number per row"));
    }
    Ok(ids)
}

/// The folder of a file.
pub(super) fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Angle between two directions in deg, by Vincenty's formula for a sphere, which is exact at all distances.
fn separation(one: [f64; 2], two: [f64; 2]) -> f64 {
    let [lon1, lat1] = one.map(f64::to_radians);
    let [lon2, lat2] = two.map(f64::to_radians);
    let (sin_lon, cos_lon) = (lon2 - lon1).sin_cos();
    let ((sin1, cos1), (sin2, cos2)) = (lat1.sin_cos(), lat2.sin_cos());
    let across = (cos2 * sin_lon).hypot(cos1 * sin2 - sin1 * cos2 * cos_lon);
    across.atan2(sin1 * sin2 + cos1 * cos2 * cos_lon).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::TimeScale;

    #[test]
    fn selections() {
        let reference = Time::from_mjd(51910, 0.0, TimeScale::Tt).unwrap();
        let row = |obs_id, ra, start: f64| ObservationRow {
            obs_id,
            pointing: Some([ra, 0.0]),
            time: Some([reference.plus(start), reference.plus(start + 10.0)]),
            object: String::new(),
        };
        let table = ObservationTable {
            rows: vec![row(1, 359.0, 0.0), row(2, 1.0, 10.0), row(3, 2.5, 20.0)],
        };
        assert_eq!(table.select_cone([0.0, 0.0], 1.5).ids(), [1, 2]);
        assert_eq!(table.select_cone([0.5, 0.0], 0.5).ids(), [0; 0]);
        assert_eq!(table.select_ids(&[3, 1]).ids(), [1, 3]);
        let range = [reference.plus(5.0), reference.plus(20.0)];
        assert_eq!(table.select_time(range, false).unwrap().ids(), [2]);
        assert_eq!(table.select_time(range, true).unwrap().ids(), [1, 2, 3]);
    }

    #[test]
    fn names_of_types() {
        assert_eq!(HduType::of_name(" RAD_MAX "), Some(HduType::RadMax));
        assert_eq!(HduType::of_name("pointing"), None);
    }
}
