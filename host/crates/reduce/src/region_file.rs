//! Regions from files: text of DS9, and tables of FITS.

use std::io::Read;
use std::path::Path;

use tierline_fits::{FitsFile, HduKind};
use tierline_report::Limits;
use tierline_sky::region::{Ds9Region, parse_ds9};
use tierline_sky::{RegionGeom, SkyRegion, WcsGeom};

use crate::Error;
use crate::gadf::read_region;

/// Bytes of a region file, at most.
const MAX_TEXT: u64 = 16 << 20;

/// What is taken in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionUse {
    /// Counts.
    On,
    /// Counts from which the background is estimated.
    Off,
    /// The file doesn't tell.
    Unknown,
}

/// The region of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct FileRegion {
    /// What is taken in it.
    pub usage: RegionUse,
    /// The region.
    pub region: SkyRegion,
    /// The image in whose pixels it is kept.
    pub image: WcsGeom,
}

/// Reads the regions of a DS9 file.
///
/// # Errors
/// Where it can't be read or understood.
pub fn read_ds9(path: &Path) -> Result<Vec<Ds9Region>, Error> {
    let io = |source| Error::Io { path: path.to_owned(), action: "read it", source };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(io)?;
    file.take(MAX_TEXT + 1).read_to_string(&mut text).map_err(io)?;
    if text.len() as u64 > MAX_TEXT {
        let reason = format!("expected {MAX_TEXT} bytes at most for a list of regions");
        return Err(Error::malformed(path, "", reason));
    }
    parse_ds9(&text).map_err(|error| Error::malformed(path, "", error.to_string()))
}

/// Reads the regions of a FITS file: those of the counts and off counts of a spectrum, in this file or in the one that it names for
/// the background; without any of these all region tables. An off region that is the on region is left out.
///
/// # Errors
/// Where a file can't be read, or has no table of a region that is understood.
pub fn read_region_tables(path: &Path, limits: &Limits) -> Result<Vec<FileRegion>, Error> {
    let mut file = FitsFile::open(path, limits)?;
    let mut regions = Vec::new();
    let mut add = |file: &mut FitsFile, name: &str, usage| -> Result<(), Error> {
        let geom = read_region(file, name, Vec::new())?;
        regions.extend(file_region(&geom, usage));
        Ok(())
    };
    if let Some(number) = file.find("SPECTRUM") {
        let header = file.header(number)?;
        let is_off = matches!(header.text("HDUCLAS2"), Ok(Some(class)) if class.trim() == "BKG");
        let beside = match header.text("BACKFILE") {
            Ok(Some(name)) if !is_off && !matches!(name.trim(), "" | "none" | "NONE") => {
                Some(path.parent().unwrap_or(Path::new("")).join(name.trim()))
            }
            _ => None,
        };
        add(&mut file, "REGION", if is_off { RegionUse::Off } else { RegionUse::On })?;
        if let Some(beside) = beside {
            let mut file = FitsFile::open(&beside, limits)?;
            add(&mut file, "REGION", RegionUse::Off)?;
        }
    } else if file.find("COUNTS_REGION").is_some() {
        add(&mut file, "COUNTS_REGION", RegionUse::On)?;
        add(&mut file, "COUNTS_OFF_REGION", RegionUse::Off)?;
    } else {
        for name in table_names(&mut file)? {
            add(&mut file, &name, RegionUse::Unknown)?;
        }
    }
    if regions.is_empty() {
        return Err(Error::malformed(path, "", "there is no table of a region"));
    }
    Ok(without_copies(regions))
}

/// The same without off regions that are those of the counts: stacked spectra have forgotten theirs.
fn without_copies(regions: Vec<FileRegion>) -> Vec<FileRegion> {
    let is_on = |one: &&FileRegion| one.usage == RegionUse::On;
    let on: Vec<SkyRegion> = regions.iter().filter(is_on).map(|one| one.region.clone()).collect();
    let is_copy = |one: &FileRegion| {
        one.usage == RegionUse::Off && on.iter().any(|on| on.is_close(&one.region, 1e-6))
    };
    regions.into_iter().filter(|one| !is_copy(one)).collect()
}

fn file_region(geom: &RegionGeom, usage: RegionUse) -> Option<FileRegion> {
    let (region, image) = (geom.region()?.clone(), geom.image()?.clone());
    Some(FileRegion { usage, region, image })
}

/// Names of the tables that have shapes.
fn table_names(file: &mut FitsFile) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for number in 0..file.hdus().len() {
        let info = file.info(number)?;
        let name = info.hdu.name.clone();
        let is_table = info.kind == HduKind::BinaryTable && !name.is_empty();
        let header = file.header(number)?;
        let has_shape = (1..=16).any(|column| {
            let text = header.text(&format!("TTYPE{column}"));
            matches!(text, Ok(Some(text)) if text.trim().eq_ignore_ascii_case("SHAPE"))
        });
        if is_table && has_shape {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use tierline_fits::{FitsWriter, Header};
    use tierline_sky::SkyCoord;

    use super::*;
    use crate::gadf::region_table;

    fn write(path: &Path, names: &[(&str, f64)]) {
        let mut writer = FitsWriter::create(path, true).unwrap();
        writer.primary(&Header::default()).unwrap();
        for (name, radius) in names {
            let region = SkyRegion::circle(SkyCoord::icrs(83.63, 22.01), *radius);
            let geom = RegionGeom::new(region, Vec::new()).unwrap();
            writer.table(&region_table(name, &geom).unwrap().unwrap()).unwrap();
        }
        writer.finish(false).unwrap();
    }

    #[test]
    fn tables_tell_what_their_regions_are_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.fits");
        write(&path, &[("COUNTS_REGION", 0.1), ("COUNTS_OFF_REGION", 0.2)]);
        let found = read_region_tables(&path, &Limits::default()).unwrap();
        let uses: Vec<_> = found.iter().map(|one| one.usage).collect();
        assert_eq!(uses, [RegionUse::On, RegionUse::Off]);
        let expected = SkyRegion::circle(SkyCoord::icrs(83.63, 22.01), 0.2);
        assert!(found[1].region.is_close(&expected, 1e-6));
        write(&path, &[("COUNTS_REGION", 0.1), ("COUNTS_OFF_REGION", 0.1)]);
        assert_eq!(read_region_tables(&path, &Limits::default()).unwrap().len(), 1);
        write(&path, &[("ANY", 0.1)]);
        let found = read_region_tables(&path, &Limits::default()).unwrap();
        assert_eq!((found.len(), found[0].usage), (1, RegionUse::Unknown));
        write(&path, &[]);
        assert!(read_region_tables(&path, &Limits::default()).is_err());
    }

    #[test]
    fn texts_are_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.reg");
        std::fs::write(&path, "icrs\ncircle(1,2,3)\nimage\npoint(1,1)").unwrap();
        assert_eq!(read_ds9(&path).unwrap().len(), 2);
        std::fs::write(&path, "icrs\ncircle(1,2").unwrap();
        assert!(read_ds9(&path).unwrap_err().to_string().contains("r.reg"));
        assert!(read_ds9(&folder.path().join("none.reg")).is_err());
    }
}
