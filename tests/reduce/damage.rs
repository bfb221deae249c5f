//! Damaged files of real observations: no panic, and errors that name the file.

use std::io::Read;
use std::path::Path;

use tierline::reduce::Error;
use tierline::reduce::data::{DataStore, Environment, RequiredIrf};
use tierline::reduce::dataset::{Axes, Dataset};
use tierline::reduce::makers::{MapMaker, SafeMaskMaker};
use tierline::report::Limits;
use tierline_tests::data::shared;

use super::maps::{energy, image};

const CASES: u64 = 1000;

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

fn reduce(path: &Path, reference: &Dataset) -> Result<(), Error> {
    let files = [path.to_owned()];
    let limits = Limits::default();
    let store = DataStore::from_files(&files, None, Environment::default(), &limits)?;
    for id in store.ids() {
        let observation = store.observation(id, &RequiredIrf::full_enclosure(), &mut Vec::new())?;
        let mut dataset = MapMaker::default().run(reference, &observation)?;
        SafeMaskMaker::default().run(&mut dataset, &observation)?;
    }
    Ok(())
}

/// Headers, where most of the meaning is, begin at these bytes.
fn headers(bytes: &[u8]) -> Vec<usize> {
    let blocks = (0..bytes.len() / 2880).map(|block| block * 2880);
    blocks
        .filter(|at| bytes[*at..].starts_with(b"XTENSION") || bytes[*at..].starts_with(b"SIMPLE"))
        .collect()
}

#[test]
fn damaged_observations_are_errors_or_observations() {
    let name = "data/reduce/hess-dl3-dr1/data/hess_dl3_dr1_obs_id_023523.fits.gz";
    let Some(path) = shared(name) else { return };
    let mut whole = Vec::new();
    let packed = std::fs::File::open(path).unwrap();
    flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut whole).unwrap();
    let headers = headers(&whole);
    assert_eq!(headers.len(), 7);
    let axes = Axes { binsz_irf: 2.0, ..Axes::default() };
    let geom = image([83.6, 22.0], 4.0, 1.0, vec![energy("energy", [1.0, 10.0], 3)]);
    let reference = Dataset::create("damage", geom, &axes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.fits");
    std::fs::write(&path, &whole).unwrap();
    reduce(&path, &reference).unwrap();
    let (mut fine, mut refused) = (0, 0);
    for seed in 0..CASES {
        let (mut random, mut bytes) = (Random(seed), whole.clone());
        match random.below(4) {
            0 => bytes.truncate(random.below(whole.len())),
            1 => {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            // A card of a header: a byte of it, or its value's digits.
            kind => {
                let start = headers[random.below(headers.len())] + 80 * random.below(60);
                for _ in 0..=random.below(4) {
                    let at =
                        start + if kind == 2 { random.below(80) } else { 10 + random.below(20) };
                    bytes[at] = b"0123456789 -.ETF'/("[random.below(19)];
                }
            }
        }
        std::fs::write(&path, &bytes).unwrap();
        match reduce(&path, &reference) {
            Ok(()) => fine += 1,
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty(), "{seed}");
            }
        }
    }
    println!("{fine} are read, {refused} refused");
    assert!(fine > 100 && refused > 200, "{fine} read, {refused} refused");
}
