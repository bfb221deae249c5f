//! Real files that end early or were changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tierline::dl1::Error;
use tierline::dl1::event::ArrayEvent;
use tierline::dl1::eventio::{End, iact, list_objects};
use tierline::dl1::simtel::source::FocalLengthChoice;
use tierline::dl1::simtel::{SimtelEventSource, SourceOptions};

use super::{IACT, SIMTEL, content, pair};

/// Numbers that look random and are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(self.0) * n as u128) >> 64) as usize
    }
}

/// Events by number, and whether the end was missed.
type Outcome = (BTreeMap<i64, ArrayEvent>, Vec<i64>, Vec<Error>);

fn read(path: &Path) -> Result<Outcome, Error> {
    let options = SourceOptions {
        skip_calibration_events: false,
        focal_length_choice: FocalLengthChoice::Equivalent,
        ..Default::default()
    };
    let mut source = SimtelEventSource::open(path, options)?;
    let converter = source.converter().clone();
    let (mut events, mut order, mut errors) = (BTreeMap::new(), Vec::new(), Vec::new());
    for event in source.by_ref() {
        match event.and_then(|event| converter.convert(&event)) {
            Ok(converted) => {
                order.push(converted.event.event_id);
                events.insert(converted.event.event_id, converted.event);
            }
            Err(error) => errors.push(error),
        }
    }
    Ok((events, order, errors))
}

#[test]
fn files_cut_anywhere_keep_their_whole_events() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut");
    let mut random = Random(1);
    for name in SIMTEL {
        let Some((input, _)) = pair(name, "simtel_parsed", ".simtel.json.gz") else { return };
        let bytes = content_as_far_as_it_goes(&input);
        let (whole, order, _) = read(&input).unwrap();
        for _ in 0..8 {
            let cut = random.below(bytes.len());
            fs::write(&path, &bytes[..cut]).unwrap();
            match read(&path) {
                Ok((events, found, errors)) => {
                    assert_eq!(found, order[..found.len()], "{name}: {cut}");
                    for id in found.iter().rev().skip(1) {
                        assert!(events[id] == whole[id], "{name}: {cut}: event {id}");
                    }
                    assert_eq!(errors.len(), 1, "{name}: {cut}");
                    assert!(matches!(errors[0], Error::Truncated { .. }), "{name}: {}", errors[0]);
                }
                Err(error) => {
                    assert!(matches!(error, Error::Truncated { .. }), "{name}: {cut}: {error}");
                }
            }
        }
    }
}

/// Content of a file that may itself be cut.
fn content_as_far_as_it_goes(path: &Path) -> Vec<u8> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let mut input = tierline::dl1::eventio::Input::open(path, &Default::default()).unwrap();
    let read = input.read_to_end(&mut bytes);
    assert!(read.is_ok() || !bytes.is_empty());
    bytes
}

#[test]
fn cut_compressed_files_end_where_their_data_do() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut");
    let mut random = Random(2);
    for name in SIMTEL.into_iter().chain(IACT) {
        let Some((input, _)) = pair(name, "eventio_objects", ".objects.csv.gz") else { return };
        let bytes = fs::read(&input).unwrap();
        let whole = list_objects(&input, Default::default()).unwrap().objects;
        for _ in 0..3 {
            let cut = 16 + random.below(bytes.len() - 16);
            fs::write(&path, &bytes[..cut]).unwrap();
            let part = list_objects(&path, Default::default()).unwrap();
            let n = part.objects.len();
            assert!(n <= whole.len(), "{name}: {cut}");
            // The last ones of each depth are not whole.
            let headers = part.objects.iter().zip(&whole);
            assert!(headers.clone().all(|(a, b)| a.header == b.header), "{name}: {cut}");
            let same = headers.filter(|(a, b)| a.crc32 == b.crc32).count();
            assert!(same + 1 >= n, "{name}: {cut}");
            assert!(matches!(part.end, End::TruncatedInside | End::TruncatedBetween), "{name}");
            assert!(matches!(part.error, Some(Error::Truncated { .. })), "{name}: {cut}");
        }
    }
}

#[test]
fn changed_bytes_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("changed");
    let mut random = Random(3);
    for name in ["aux_traces_2029.simtel.zst", "gamma_with_obslevel_particles.simtel.zst"] {
        let Some((input, _)) = pair(name, "simtel_parsed", ".simtel.json.gz") else { return };
        let bytes = content(&input);
        for _ in 0..40 {
            let mut bytes = bytes.clone();
            for _ in 0..1 + random.below(40) {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            fs::write(&path, &bytes).unwrap();
            // Whatever comes out, it is no panic.
            let _outcome = read(&path);
        }
    }
    for name in IACT {
        let Some((input, _)) = pair(name, "eventio_objects", ".objects.csv.gz") else { return };
        let bytes = content(&input);
        for _ in 0..20 {
            let mut bytes = bytes.clone();
            for _ in 0..1 + random.below(20) {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            fs::write(&path, &bytes).unwrap();
            parse_iact(&path);
        }
    }
}

fn parse_iact(path: &Path) {
    let Ok(mut reader) = tierline::dl1::eventio::ObjectReader::open(path, Default::default())
    else {
        return;
    };
    let mut payload = Vec::new();
    while let Ok(Some(object)) = reader.next_in(&mut payload) {
        let _parsed = iact::Block::parse(&object);
        let _parsed = iact::TelescopeDefinition::parse(&object);
        let _parsed = iact::ArrayOffsets::parse(&object);
        let _parsed = iact::Longitudinal::parse(&object);
        let _parsed = iact::InputCard::parse(&object);
        let _parsed = iact::Atmosphere::parse(&object);
        for inner in object.objects().map_while(Result::ok) {
            let _parsed = iact::Photons::parse(&inner);
            let _parsed = iact::PhotoElectrons::parse(&inner);
        }
    }
}
