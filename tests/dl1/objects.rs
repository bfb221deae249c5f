//! Every object of real files, as the peer lists them.

use std::fmt::Write;

use tierline::dl1::eventio::{self, End, Listing, ObjectReader, iact, list_objects};
use tierline_tests::data::shared;

use super::{IACT, SIMTEL, content, pair};

fn table(listing: &Listing) -> String {
    let mut text = String::from(
        "depth,type,version,id,content_size,only_subobjects,extended,user,header_size,\
         content_address,payload_crc32\n",
    );
    for object in &listing.objects {
        let h = object.header;
        let flags = [h.only_sub_objects, h.extended, h.user].map(u8::from);
        let crc = object.crc32.map_or(String::new(), |crc| format!("{crc:08x}"));
        writeln!(
            text,
            "{},{},{},{},{},{},{},{},{},{},{crc}",
            object.depth,
            h.kind,
            h.version,
            h.id,
            h.length,
            flags[0],
            flags[1],
            flags[2],
            h.header_size,
            h.content_offset
        )
        .unwrap();
    }
    text + if listing.end == End::Clean { "#end,clean\n" } else { "#end,EOFError\n" }
}

#[test]
fn listings_equal_the_peers() {
    for name in SIMTEL.into_iter().chain(IACT) {
        let Some((input, golden)) = pair(name, "eventio_objects", ".objects.csv.gz") else {
            return;
        };
        let listing = list_objects(&input, Default::default()).unwrap();
        let (ours, theirs) = (table(&listing), content(&golden));
        let theirs = String::from_utf8(theirs).unwrap().replace("\r\n", "\n");
        for (n, (ours, theirs)) in ours.lines().zip(theirs.lines()).enumerate() {
            assert_eq!(ours, theirs, "{name}: line {n}");
        }
        assert_eq!(ours.lines().count(), theirs.lines().count(), "{name}");
        assert_eq!(listing.error.is_some(), listing.end != End::Clean, "{name}");
    }
}

/// The files' own counts fit to each other, whatever a peer says.
#[test]
fn objects_of_corsika_are_read_and_consistent() {
    for name in IACT {
        let Some((input, _)) = pair(name, "eventio_objects", ".objects.csv.gz") else { return };
        let mut reader = eventio::ObjectReader::open(&input, Default::default()).unwrap();
        let (mut payload, mut bunches, mut showers, mut telescopes) = (Vec::new(), 0, 0, 0);
        while let Some(object) = reader.next_in(&mut payload).unwrap() {
            match object.header.kind {
                iact::RUN_HEADER => {
                    assert_eq!(&iact::Block::parse(&object).unwrap().name(), b"RUNH");
                }
                iact::EVENT_HEADER => {
                    let block = iact::Block::parse(&object).unwrap();
                    assert_eq!(&block.name(), b"EVTH");
                    assert_eq!(block.number(), Some(object.header.id as f32), "{name}");
                    showers += 1;
                }
                iact::EVENT_END => {
                    assert_eq!(&iact::Block::parse(&object).unwrap().name(), b"EVTE");
                }
                iact::RUN_END => {
                    iact::Block::parse(&object).unwrap();
                }
                iact::TELESCOPE_DEFINITION => {
                    let spheres = iact::TelescopeDefinition::parse(&object).unwrap();
                    telescopes = spheres.x_cm.len();
                    assert!(spheres.r_cm.iter().all(|&r| r > 0.0 && r < 10_000.0), "{name}");
                }
                iact::ARRAY_OFFSETS => {
                    iact::ArrayOffsets::parse(&object).unwrap();
                }
                iact::LONGITUDINAL => {
                    let profile = iact::Longitudinal::parse(&object).unwrap();
                    assert_eq!(profile.values.len(), profile.n_quantities * profile.n_steps);
                }
                iact::INPUT_CARD => {
                    assert!(!iact::InputCard::parse(&object).unwrap().lines.is_empty(), "{name}");
                }
                iact::ATMOSPHERE => {
                    let profile = iact::Atmosphere::parse(&object).unwrap();
                    assert!(profile.density.is_sorted_by(|a, b| a >= b), "{name}");
                }
                iact::TELESCOPE_DATA => bunches += photons(name, &object),
                iact::PHOTONS => {
                    photon_object(name, &object);
                    bunches += 1;
                }
                _ => {}
            }
        }
        assert!(showers > 0 && telescopes > 0 && bunches > 0, "{name}");
    }
}

fn photons(name: &str, data: &eventio::Object<'_>) -> usize {
    data.objects().map(|object| photon_object(name, &object.unwrap())).count()
}

fn photon_object(name: &str, object: &eventio::Object<'_>) {
    let photons = iact::Photons::parse(object).unwrap();
    let id = i32::from(photons.array) * 1000 + i32::from(photons.telescope);
    assert_eq!(id, object.header.id, "{name}");
    let sum: f64 = photons.bunches.iter().map(|bunch| f64::from(bunch.photons)).sum();
    let whole = f64::from(photons.n_photons);
    assert!((sum - whole).abs() <= 1e-2 * whole + 1.0, "{name}: {sum} photons of {whole}");
    for bunch in &photons.bunches {
        assert!(bunch.cx.abs() <= 1.0 && bunch.cy.abs() <= 1.0, "{name}");
        let wavelength = bunch.wavelength_nm.abs();
        assert!((0.0..1e4).contains(&wavelength), "{name}: {wavelength} nm");
    }
}

/// Containers can be entered without reading what is in them.
#[test]
fn headers_alone_give_the_same_objects() {
    for name in SIMTEL.iter().chain(&IACT) {
        let Some(path) = shared(&format!("data/dl1/{name}")) else { return };
        let listing = eventio::list_objects(&path, Default::default()).unwrap();
        let mut reader = ObjectReader::open(&path, Default::default()).unwrap();
        let mut found = Vec::new();
        while let Ok(Some(header)) = reader.next_header() {
            found.push((reader.depth(), header));
            if header.only_sub_objects {
                reader.enter();
            }
        }
        let listed: Vec<_> = listing.objects.iter().map(|one| (one.depth, one.header)).collect();
        assert!(found == listed, "{name}: {} objects for {}", found.len(), listed.len());
        assert_eq!(reader.end(), Some(listing.end), "{name}");
    }
}
