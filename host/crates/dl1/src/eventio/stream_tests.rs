//! Streams of objects: compression, ends, lengths.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use tierline_report::Limits;

use super::{End, Input, Listing, ObjectReader, list_objects};
use crate::Error;

fn object(kind: u16, payload: &[u8], extended: bool) -> Vec<u8> {
    let mut bytes = super::header::MARKER_LITTLE.to_vec();
    let first = u32::from(kind) | (u32::from(extended) << 17) | (3 << 20);
    bytes.extend(first.to_le_bytes());
    bytes.extend((-1i32).to_le_bytes());
    bytes.extend((payload.len() as u32).to_le_bytes());
    if extended {
        bytes.extend(0u32.to_le_bytes());
    }
    bytes.extend(payload);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn stored(bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("any name");
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn list(bytes: &[u8]) -> Listing {
    let (_dir, path) = stored(bytes);
    list_objects(&path, Limits::default()).unwrap()
}

#[test]
fn several_members_and_frames_are_one_stream() {
    let parts = [object(1, &[7; 1000], false), object(2, b"", true), object(3, b"end", false)];
    let plain = list(&parts.concat());
    assert_eq!(plain.end, End::Clean);
    let kinds: Vec<_> = plain.objects.iter().map(|o| (o.header.kind, o.header.length)).collect();
    assert_eq!(kinds, [(1, 1000), (2, 0), (3, 3)]);
    let sizes: Vec<u8> = plain.objects.iter().map(|o| o.header.header_size).collect();
    assert_eq!(sizes, [16, 20, 16]);
    let members: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
    let frames: Vec<u8> = parts.iter().flat_map(|part| zstandard(part)).collect();
    for bytes in [members, frames] {
        let listing = list(&bytes);
        assert_eq!((listing.end, &listing.objects), (End::Clean, &plain.objects));
    }
}

#[test]
fn every_early_end_is_told_from_a_clean_one() {
    let parts = [object(1, &[5; 40], false), object(2, b"abc", true)];
    let whole = parts.concat();
    for cut in 0..=whole.len() {
        let listing = list(&whole[..cut]);
        let clean = [0, parts[0].len(), whole.len()].contains(&cut);
        assert_eq!(listing.end == End::Clean, clean, "{cut}");
        let truncated = matches!(listing.error, Some(Error::Truncated { .. }));
        assert_eq!((truncated, listing.error.is_some()), (!clean, !clean), "{cut}");
    }
}

#[test]
fn compressed_streams_that_break_off_do_so_inside_or_between_objects() {
    let mut state = 1u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
    .take(300_000)
    .collect();
    let whole = [object(1, &noise, false), object(2, &noise, false)].concat();
    for compressed in [gzip(&whole), zstandard(&whole)] {
        let mut ends = Vec::new();
        for cut in (4..compressed.len() - 1).step_by(9973) {
            let listing = list(&compressed[..cut]);
            assert!(matches!(listing.error, Some(Error::Truncated { .. })), "{:?}", listing.error);
            ends.push(listing.end);
        }
        assert!(ends.contains(&End::TruncatedInside), "{ends:?}");
    }
    // Everything is there but the checksum at the end.
    let compressed = gzip(&whole);
    let listing = list(&compressed[..compressed.len() - 2]);
    assert_eq!((listing.end, listing.objects.len()), (End::TruncatedBetween, 2));
}

#[test]
fn damaged_streams_are_malformed() {
    let mut compressed = gzip(&object(1, &[5; 5000], false));
    compressed[15] ^= 0xff;
    let listing = list(&compressed);
    assert_eq!(listing.end, End::Damaged);
    let other = [object(1, b"x", false), b"no marker".to_vec()].concat();
    let listing = list(&other);
    assert_eq!((listing.end, listing.objects.len()), (End::Damaged, 1));
    let text = listing.error.unwrap().to_string();
    assert!(text.contains("byte 17") && text.contains("37 8a 1f d4"), "{text}");
}

#[test]
fn lengths_above_the_limit_are_refused_and_claimed_ones_not_taken() {
    let limits = Limits { max_packet: 100, ..Limits::default() };
    let bytes = [object(1, &[0; 101], false), object(2, &[0; 100], false)].concat();
    let mut reader = ObjectReader::new(Cursor::new(&bytes), Path::new("x"), limits);
    assert!(reader.next_header().unwrap().is_some());
    // Passing over needs no memory.
    let header = reader.next_header().unwrap().unwrap();
    let mut payload = Vec::new();
    reader.read_payload(&mut payload).unwrap();
    assert_eq!((header.kind, payload.len()), (2, 100));
    let mut reader = ObjectReader::new(Cursor::new(&bytes), Path::new("x"), limits);
    assert!(matches!(reader.next_object(), Err(Error::Report(_))));
    assert!(reader.next_object().unwrap().is_none(), "nothing follows an error");
    let mut claims = object(1, b"", true);
    claims[16..20].copy_from_slice(&0xfffu32.to_le_bytes());
    let mut reader = ObjectReader::new(Cursor::new(&claims), Path::new("x"), Limits::default());
    assert_eq!(reader.next_header().unwrap().unwrap().length, 0xfff << 30);
    assert!(matches!(reader.next_header(), Err(Error::Truncated { .. })));
}

#[test]
fn plain_files_are_passed_over_without_reading() {
    let bytes = [object(1, &[1; 700_000], false), object(2, b"xyz", false)].concat();
    let (_dir, path) = stored(&bytes);
    let mut reader = ObjectReader::open(&path, Limits::default()).unwrap();
    assert_eq!(reader.next_header().unwrap().unwrap().kind, 1);
    let header = reader.next_header().unwrap().unwrap();
    assert_eq!((header.kind, header.version, header.id), (2, 3, -1));
    assert_eq!(header.content_offset, 700_032);
    assert_eq!(reader.next_header().unwrap(), None);
    assert_eq!((reader.end(), reader.offset()), (Some(End::Clean), bytes.len() as u64));
    let (_dir, path) = stored(&bytes[..500_000]);
    let mut reader = ObjectReader::open(&path, Limits::default()).unwrap();
    assert!(reader.next_header().unwrap().is_some());
    let error = reader.next_header().unwrap_err();
    assert!(matches!(error, Error::Truncated { .. }), "{error}");
    assert_eq!(reader.end(), Some(End::TruncatedInside));
    assert!(matches!(
        Input::open(Path::new("/nowhere/x"), &Limits::default()),
        Err(Error::Io { .. })
    ));
}
