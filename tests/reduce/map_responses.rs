//! Observations whose responses are maps, from files made here.

use std::fs;
use std::path::Path;

use tierline::fits::{Cells, Column, FitsWriter, Header, Table};
use tierline::reduce::Error;
use tierline::reduce::data::{DataStore, Environment, Observation, RequiredIrf};
use tierline::reduce::dataset::{Axes, Dataset};
use tierline::reduce::gadf::write_maps;
use tierline::reduce::geom::Geom;
use tierline::reduce::makers::{MapMaker, SafeIrfs, SafeMaskMaker, SafeMethod, SpectrumMaker};
use tierline::reduce::map::{Map, n_cells};
use tierline::report::Limits;
use tierline::sky::{Interp, MapAxis, RegionGeom, SkyCoord, SkyRegion};

use super::files::Random;
use super::maps::{energy, image};

const SECONDS: f64 = 43_082.045_265;

/// A map of one value.
fn constant(axes: Vec<MapAxis>, unit: &str, value: f64) -> Map {
    let geom = image([83.6, 22.0], 6.0, 1.0, axes);
    let n = n_cells(&geom);
    Map::new(geom, unit, vec![value; n]).unwrap()
}

fn rad(bins: usize) -> MapAxis {
    MapAxis::from_bounds("rad", "deg", Interp::Lin, [0.0, 0.6], bins).unwrap()
}

fn table(writer: &mut FitsWriter, name: &str, cards: &[(&str, &str)], columns: Vec<Column>) {
    let mut header = Header::default();
    for (key, value) in cards {
        match value.parse::<f64>() {
            Ok(number) => header.set(key, number, ""),
            Err(_) => header.set(key, *value, ""),
        }
    }
    let rows = columns[0].cells.len();
    writer.table(&Table { name: name.into(), header, rows, columns }).unwrap();
}

fn events(path: &Path, mode: &str) {
    let mut writer = FitsWriter::create(path, true).unwrap();
    writer.primary(&Header::default()).unwrap();
    let time = [("MJDREFI", "51910"), ("MJDREFF", "0.5"), ("TIMESYS", "tt"), ("TIMEUNIT", "s")];
    let column =
        |name: &str, unit: &str, value: f64| Column::new(name, unit, Cells::F64(vec![value]));
    let own = [
        ("OBS_ID", "1"),
        ("OBS_MODE", mode),
        ("RA_PNT", "83.6"),
        ("DEC_PNT", "22"),
        ("AZ_PNT", "0"),
        ("ALT_PNT", "60"),
        ("DEADC", "0.5"),
    ];
    let columns = vec![
        column("TIME", "s", 10.0),
        column("RA", "deg", 83.6),
        column("DEC", "deg", 22.0),
        column("ENERGY", "TeV", 2.0),
    ];
    table(&mut writer, "EVENTS", &[&time[..], &own[..]].concat(), columns);
    let columns = vec![column("START", "s", 0.0), column("STOP", "s", SECONDS)];
    table(&mut writer, "GTI", &time, columns);
    writer.finish(false).unwrap();
}

fn index(path: &Path, rows: &[[&str; 4]]) {
    let mut writer = FitsWriter::create(path, true).unwrap();
    writer.primary(&Header::default()).unwrap();
    let texts = |name: &str, k: usize| {
        let texts = rows.iter().map(|row| row[k].to_owned()).collect();
        Column::new(name, "", Cells::Text(texts))
    };
    let columns = vec![
        Column::new("OBS_ID", "", Cells::I64(vec![1; rows.len()])),
        texts("HDU_TYPE", 0),
        texts("HDU_CLASS", 1),
        texts("FILE_NAME", 2),
        texts("HDU_NAME", 3),
    ];
    table(&mut writer, "HDU_INDEX", &[], columns);
    writer.finish(false).unwrap();
}

/// The files of an observation; exposure and background have these units.
fn files(folder: &Path, mode: &str, aeff: &str, bkg: &str) {
    events(&folder.join("events.fits"), mode);
    let true_energy = |bins| energy("energy_true", [0.3, 30.0], bins);
    // Those of counts must be the dataset's.
    let reco = || energy("energy", if bkg.is_empty() { [1.0, 10.0] } else { [0.3, 30.0] }, 3);
    let (aeff, bkg) = (constant(vec![true_energy(4)], aeff, 2.0), constant(vec![reco()], bkg, 3.0));
    let psf = constant(vec![rad(3), true_energy(4)], "sr-1", 4.0);
    let psf_exposure = constant(vec![rad(1), true_energy(4)], "m2 s", 5.0);
    let edisp = constant(vec![reco(), true_energy(4)], "", 0.25);
    let edisp_exposure = constant(vec![reco().squash().unwrap(), true_energy(4)], "m2 s", 6.0);
    let write = |name: &str, maps: &[(&str, &Map)]| {
        write_maps(&folder.join(name), maps, true).unwrap();
    };
    write("aeff.fits", &[("AEFF", &aeff)]);
    write("bkg.fits", &[("BKG", &bkg)]);
    write("psf.fits", &[("PSF", &psf), ("PSF_EXPOSURE", &psf_exposure)]);
    write("edisp.fits", &[("EDISP", &edisp), ("EDISP_EXPOSURE", &edisp_exposure)]);
    index(&folder.join("hdu-index.fits"), &ROWS);
}

const ROWS: [[&str; 4]; 6] = [
    ["events", "events", "events.fits", "EVENTS"],
    ["gti", "gti", "events.fits", "GTI"],
    ["aeff", "map", "aeff.fits", "AEFF"],
    ["bkg", "map", "bkg.fits", "BKG"],
    ["psf", "psf_map", "psf.fits", "PSF"],
    ["edisp", "edisp_kernel_map", "edisp.fits", "EDISP"],
];

fn read(folder: &Path) -> Result<Observation, Error> {
    let limits = Limits { max_allocation: 1 << 24, ..Limits::default() };
    let store = DataStore::open(folder, Environment::default(), &limits)?;
    store.observation(1, &RequiredIrf::full_enclosure(), &mut Vec::new())
}

fn reference(geom: Geom) -> Dataset {
    let axes = Axes {
        energy_true: Some(energy("energy_true", [0.5, 20.0], 5)),
        rad: Some(rad(6)),
        binsz_irf: 0.5,
        ..Axes::default()
    };
    Dataset::create("maps", geom, &axes).unwrap()
}

fn reco() -> Vec<MapAxis> {
    vec![energy("energy", [1.0, 10.0], 3)]
}

fn all_near(map: &Map, wanted: f64) {
    let values = map.values.to_f64();
    assert!(
        values.iter().all(|value| (value / wanted - 1.0).abs() < 1e-9),
        "{} {wanted}",
        values[0]
    );
}

#[test]
fn units_tell_what_is_multiplied() {
    let folder = tempfile::tempdir().unwrap();
    let geom = image([83.6, 22.0], 2.0, 0.25, reco());
    let reference = reference(geom.clone());
    let omega = geom.solid_angle().unwrap();
    let widths: Vec<f64> = reco()[0].edges().windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Half a sidereal day is half a transit.
    for (aeff, bkg, exposure, rate) in [
        ("m2 s", "TeV-1 sr-1", 2.0, 3.0),
        ("m2 s transit-1", "TeV-1 sr-1 transit-1", 1.0, 1.5),
        ("km2 s", "GeV-1 sr-1", 2e6, 3e3),
        ("cm2", "s-1 TeV-1 sr-1", 2e-4 * SECONDS, 3.0 * SECONDS),
    ] {
        files(folder.path(), "POINTING", aeff, bkg);
        let made = MapMaker::default().run(&reference, &read(folder.path()).unwrap()).unwrap();
        assert_eq!(made.counts.sum(), 1.0);
        assert_eq!(made.livetime_s, None);
        all_near(made.exposure.as_ref().unwrap(), exposure);
        let background = made.background.as_ref().unwrap();
        for (at, value) in background.values.to_f64().into_iter().enumerate() {
            let wanted = rate * omega[at % omega.len()] * widths[at / omega.len()];
            assert!((value / wanted - 1.0).abs() < 1e-9, "{bkg} {at}: {value} for {wanted}");
        }
        let (psf, edisp) = (made.psf.as_ref().unwrap(), made.edisp.as_ref().unwrap());
        for (map, wanted) in
            [(&psf.map, 4.0), (&psf.exposure, 5.0), (&edisp.map, 0.25), (&edisp.exposure, 6.0)]
        {
            all_near(map, wanted);
        }
        assert_eq!((psf.map.unit.as_str(), psf.exposure.unit.as_str()), ("sr-1", "m2 s"));
    }
    // Counts per pixel of 1 deg, of which 16 pixels share one.
    files(folder.path(), "POINTING", "m2 s", "");
    let made = MapMaker::default().run(&reference, &read(folder.path()).unwrap()).unwrap();
    let (sum, wanted) = (made.background.unwrap().sum(), 3.0 * 4.0 * 3.0);
    assert!((sum / wanted - 1.0).abs() < 1e-3, "{sum} for {wanted}");
}

#[test]
fn spectra_take_the_middle_of_their_region() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path(), "POINTING", "m2", "s-1 TeV-1 sr-1");
    let region = SkyRegion::circle(SkyCoord::icrs(83.6, 22.0), 0.2);
    let geom = Geom::Region(RegionGeom::new(region, reco()).unwrap());
    let observation = read(folder.path()).unwrap();
    let made = SpectrumMaker::default().run(&reference(geom.clone()), &observation).unwrap();
    all_near(made.exposure.as_ref().unwrap(), 2.0 * SECONDS);
    all_near(&made.edisp.as_ref().unwrap().map, 0.25);
    let (sum, omega) = (made.background.unwrap().sum(), geom.solid_angle().unwrap()[0]);
    assert!((sum / (27.0 * SECONDS * omega) - 1.0).abs() < 1e-9, "{sum}");
    let corrected = SpectrumMaker { containment_correction: true, ..SpectrumMaker::default() };
    let error = corrected.run(&reference(geom), &observation).unwrap_err().to_string();
    assert!(error.contains("its psf is a map"), "{error}");
}

#[test]
fn what_does_not_go_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let reference = reference(image([83.6, 22.0], 2.0, 0.25, reco()));
    let made = |aeff: &str, bkg: &str, mode: &str| -> Result<Dataset, Error> {
        files(folder.path(), mode, aeff, bkg);
        MapMaker::default().run(&reference, &read(folder.path())?)
    };
    for (aeff, bkg, mode, word) in [
        ("m", "", "POINTING", "unit 'm'"),
        ("m2 s", "TeV-1", "POINTING", "unit 'TeV-1'"),
        ("m2 s", "TeV-1 sr-1", "DRIFT", "drift mode"),
    ] {
        let error = made(aeff, bkg, mode).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    // Masks that need a table, or a livetime.
    let mut dataset = made("m2 s", "TeV-1 sr-1", "POINTING").unwrap();
    let observation = read(folder.path()).unwrap();
    for (method, irfs, word) in [
        (SafeMethod::AeffMax, SafeIrfs::Dl4, "no exposure"),
        (SafeMethod::AeffMax, SafeIrfs::Dl3, "its aeff is a map"),
        (SafeMethod::BkgPeak, SafeIrfs::Dl3, "its bkg is a map"),
    ] {
        let safe = SafeMaskMaker { methods: vec![method], irfs, ..SafeMaskMaker::default() };
        let error = safe.run(&mut dataset.clone(), &observation).unwrap_err().to_string();
        assert!(error.contains(word), "{method:?}: {error}");
    }
    let warnings = SafeMaskMaker::default().run(&mut dataset, &observation).unwrap();
    assert_eq!(warnings.len(), 2);
    // Other classes, other axes, no exposure.
    for (row, class, file, hdu) in [
        (2, "psf_map", "aeff.fits", "AEFF"),
        (4, "map", "psf.fits", "PSF"),
        (4, "psf_map_reco", "psf.fits", "PSF"),
        (4, "psf_map", "edisp.fits", "EDISP"),
        (5, "edisp_kernel_map", "aeff.fits", "AEFF"),
        (5, "edisp_map", "psf.fits", "PSF"),
    ] {
        let mut rows = ROWS;
        rows[row] = [rows[row][0], class, file, hdu];
        index(&folder.path().join("hdu-index.fits"), &rows);
        assert!(read(folder.path()).is_err(), "{class} {file}");
    }
}

#[test]
fn damaged_maps_are_errors_or_maps() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path(), "POINTING", "m2 s", "TeV-1 sr-1");
    let reference = reference(image([83.6, 22.0], 2.0, 1.0, reco()));
    let mut random = Random(3);
    for name in ["aeff.fits", "bkg.fits", "psf.fits", "edisp.fits"] {
        let path = folder.path().join(name);
        let whole = fs::read(&path).unwrap();
        let run = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let observation = read(folder.path());
            observation.and_then(|observation| MapMaker::default().run(&reference, &observation))
        };
        assert!(run(&whole).is_ok());
        let cuts = (0..whole.len()).step_by(1447);
        assert!(cuts.clone().filter(|to| run(&whole[..*to]).is_err()).count() * 2 > cuts.len());
        let mut refused = 0;
        for _ in 0..100 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random.below(40) {
                let at = 2880 + random.below(2880 * 2);
                bytes[at] = match bytes[at] {
                    digit @ b'0'..=b'9' => b'0' + (digit - b'0' + 1 + random.below(9) as u8) % 10,
                    b'A'..=b'Z' => b'A' + random.below(26) as u8,
                    other => other,
                };
            }
            refused += usize::from(run(&bytes).is_err());
        }
        assert!(refused > 5, "{name}: {refused} of 100 are refused");
        fs::write(&path, &whole).unwrap();
    }
}
