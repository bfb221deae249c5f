use std::path::Path;

use tierline_report::Limits;
use tierline_table::DType;

use super::super::super::{Pixels, Target, Value};
use super::*;

fn open(bytes: &[u8]) -> Result<Box<dyn Image>, Error> {
    Tif.open(Source::memory(Path::new("x.tif"), bytes.to_vec(), Limits::default()))
}

fn write(frames: Vec<Frame>) -> Result<Vec<u8>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let target = Target { path: &path, name: Path::new("x.tif") };
    Tif.encoder().unwrap().write(&mut frames.into_iter().map(Ok), target)?;
    Ok(std::fs::read(&path).unwrap())
}

fn image(shape: &[usize], dtype: DType) -> Pixels {
    let size = shape.iter().product::<usize>() * dtype.size();
    Pixels { dtype, shape: shape.to_vec(), data: (0..size).map(|i| (i * 7) as u8).collect() }
}

fn frame(shape: &[usize], dtype: DType) -> Frame {
    Frame {
        pixels: image(shape, dtype),
        header: [("key", "value"), ("date", "now")].into_iter().collect(),
    }
}

/// A TIFF file with one directory; values of more than four bytes are given by what is behind it.
fn file(entries: &[(u16, u16, u32, u32)], behind: &[u8]) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    bytes.extend_from_slice(&(entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&kind.to_le_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    [bytes, vec![0; 4], behind.to_vec()].concat()
}

/// Where `behind` begins.
fn behind(entries: usize) -> u32 {
    (8 + 2 + entries * 12 + 4) as u32
}

#[test]
fn what_is_written_is_read() {
    for dtype in [DType::U8, DType::I8, DType::U16, DType::I32, DType::U64, DType::F32] {
        let shapes = [&[3, 5][..], &[1, 1], &[4, 3, 3], &[2, 2, 4]];
        let frames: Vec<Frame> = shapes.iter().map(|shape| frame(shape, dtype)).collect();
        let mut image = open(&write(frames.clone()).unwrap()).unwrap();
        assert_eq!(image.frames().unwrap(), 4);
        for (i, frame) in frames.iter().enumerate() {
            let read = image.frame(i).unwrap();
            assert_eq!(read.pixels, frame.pixels, "frame {i}");
            assert_eq!(read.header.text("imageDescription"), Some("key=value\n"));
            assert!(read.header.text("software").unwrap().starts_with("tierline"));
        }
        assert!(!image.incomplete() && image.frame(4).is_err());
    }
    let doubles = frame(&[2, 2], DType::F64);
    let read = open(&write(vec![doubles.clone()]).unwrap()).unwrap().frame(0).unwrap().pixels;
    assert_eq!(read, doubles.pixels.cast(DType::F32));
    assert!(write(vec![frame(&[2, 2, 2], DType::U8)]).is_err() && write(Vec::new()).is_err());
}

#[test]
fn the_library_reads_what_is_written() {
    let bytes = write(vec![frame(&[6, 4], DType::U16), frame(&[4, 3, 3], DType::U8)]).unwrap();
    let source = Source::memory(Path::new("x.tif"), bytes, Limits::default());
    let mut own = TifImage::open(source.clone(), Box::new(|header| header)).unwrap();
    for i in 0..2 {
        let tags = own.tags(i).unwrap();
        assert_eq!(pixels::by_library(&source, &tags, i).unwrap(), own.frame(i).unwrap().pixels);
    }
}

#[test]
fn every_truncation_is_read_or_refused() {
    let bytes = write(vec![frame(&[3, 5], DType::U16), frame(&[3, 5], DType::U16)]).unwrap();
    for length in 0..bytes.len() {
        let Ok(mut image) = open(&bytes[..length]) else { continue };
        let count = image.frames().unwrap();
        let frames: Vec<_> = (0..count).map(|i| image.frame(i)).collect();
        assert!(image.incomplete() || frames.iter().any(|frame| frame.is_err()), "{length}");
        assert!(frames.into_iter().flatten().all(|frame| frame.pixels.data.len() == 30));
    }
}

#[test]
fn bits_strips_planes_and_colors() {
    let gray = |bits: u32, more: &[(u16, u16, u32, u32)], data: &[u8]| {
        let head = [
            (256, 3, 1, 5),
            (257, 3, 1, 2),
            (258, 3, 1, bits),
            (273, 4, 1, behind(4 + more.len())),
        ];
        let entries = [&head[..], more].concat();
        open(&file(&entries, data)).unwrap().frame(0).map(|frame| frame.pixels)
    };
    assert_eq!(
        gray(1, &[], &[0b1010_1000, 0b0100_0000]).unwrap().data,
        [1, 0, 1, 0, 1, 0, 1, 0, 0, 0]
    );
    let low_first = gray(1, &[(266, 3, 1, 2)], &[0b1010_1001, 0]).unwrap();
    assert_eq!(low_first.data[..5], [1, 0, 0, 1, 0]);
    assert_eq!(
        gray(4, &[], &[0x12, 0x34, 0x50, 0x67, 0x89, 0xa0]).unwrap().data,
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    );
    assert!(gray(12, &[], &[0; 20]).is_err() && gray(16, &[(339, 3, 1, 3)], &[0; 20]).is_err());
    assert!(gray(8, &[(278, 3, 1, 0)], &[0; 20]).is_err());
    // A run of three, two bytes, nothing, four of one, and too many.
    let packed = [254, 9, 1, 1, 2, 128, 253, 7, 129, 5];
    let read = gray(8, &[(259, 3, 1, 32773), (279, 4, 1, 10)], &packed).unwrap();
    assert_eq!(read.data, [9, 9, 9, 1, 2, 7, 7, 7, 7, 5]);
    // Two strips of one row each.
    let at = behind(5);
    let strips: Vec<u8> =
        [at + 16, at + 18, 2, 2].iter().flat_map(|n: &u32| n.to_le_bytes()).collect();
    let entries = [(256, 3, 1, 2), (257, 3, 1, 2), (258, 3, 1, 8), (273, 4, 2, at), (278, 3, 1, 1)];
    let read =
        open(&file(&entries, &[&strips[..], &[1, 2, 3, 4]].concat())).unwrap().frame(0).unwrap();
    assert_eq!(read.pixels.data, [1, 2, 3, 4]);
    // Two samples in planes: the bits of both are in the entry.
    let at = behind(6);
    let offsets: Vec<u8> = [at + 8, at + 10].iter().flat_map(|n: &u32| n.to_le_bytes()).collect();
    let entries = [
        (256, 3, 1, 2),
        (257, 3, 1, 1),
        (258, 3, 2, 0x0008_0008),
        (273, 4, 2, at),
        (277, 3, 1, 2),
        (284, 3, 1, 2),
    ];
    let read =
        open(&file(&entries, &[&offsets[..], &[1, 2, 3, 4]].concat())).unwrap().frame(0).unwrap();
    assert_eq!(
        (read.pixels.shape.as_slice(), read.pixels.data.as_slice()),
        (&[1, 2, 2][..], &[1, 3, 2, 4][..])
    );
    // A colormap of two colors, 16 bit each.
    let at = behind(6);
    let map: Vec<u8> =
        [0, 256, 512, 768, 1024, 1280].iter().flat_map(|n: &u16| n.to_le_bytes()).collect();
    let colors = |pixels: [u8; 2]| {
        let entries = [
            (256, 3, 1, 2),
            (257, 3, 1, 1),
            (258, 3, 1, 8),
            (262, 3, 1, 3),
            (273, 4, 1, at + 12),
            (320, 3, 6, at),
        ];
        open(&file(&entries, &[&map[..], &pixels].concat())).unwrap().frame(0)
    };
    let read = colors([1, 0]).unwrap();
    assert_eq!(
        (read.pixels.shape.as_slice(), read.pixels.data.as_slice()),
        (&[1, 2, 3][..], &[1, 3, 5, 0, 2, 4][..])
    );
    assert_eq!(read.header.get("colormap").unwrap().to_string(), "[[0, 2, 4], [1, 3, 5]]");
    assert!(colors([2, 0]).is_err());
}

#[test]
fn big_tiff_and_high_byte_first() {
    let mut big = b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0".to_vec();
    big.extend_from_slice(&4_u64.to_le_bytes());
    for (tag, value) in [(256_u16, 2_u64), (257, 1), (258, 16), (273, 16 + 8 + 80 + 8)] {
        big.extend_from_slice(&tag.to_le_bytes());
        big.extend_from_slice(&16_u16.to_le_bytes());
        big.extend_from_slice(&1_u64.to_le_bytes());
        big.extend_from_slice(&value.to_le_bytes());
    }
    big.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0]);
    assert_eq!(open(&big).unwrap().frame(0).unwrap().pixels.data, [1, 0, 2, 0]);
    let mut high = b"MM\0*\0\0\0\x08\0\x04".to_vec();
    for (tag, value) in [(256_u16, 2_u16), (257, 1), (258, 16), (273, 62)] {
        high.extend_from_slice(&tag.to_be_bytes());
        high.extend_from_slice(&[0, 3, 0, 0, 0, 1]);
        high.extend_from_slice(&value.to_be_bytes());
        high.extend_from_slice(&[0, 0]);
    }
    high.extend_from_slice(&[0, 0, 0, 0, 0, 1, 0, 2]);
    assert_eq!(open(&high).unwrap().frame(0).unwrap().pixels.data, [1, 0, 2, 0]);
}

#[test]
fn lies_are_refused() {
    let large = [(256, 4, 1, u32::MAX), (257, 4, 1, u32::MAX), (258, 3, 1, 64), (273, 4, 1, 0)];
    assert!(open(&file(&large, &[])).unwrap().frame(0).is_err());
    // Many rows of nothing, and nothing of many columns.
    for (rows, columns) in [(u32::MAX, 0), (0, u32::MAX), (0, 0)] {
        let empty = [
            (256, 4, 1, columns),
            (257, 4, 1, rows),
            (258, 3, 1, 64),
            (273, 4, 1, 0),
            (278, 3, 1, 1),
        ];
        let empty = open(&file(&empty, &[])).unwrap().frame(0);
        assert!(empty.is_ok_and(|frame| frame.pixels.is_empty()) || columns > 0);
    }
    assert!(open(&file(&[(256, 3, 1, 4)], &[])).is_err());
    assert!(open(&file(&[(256, 3, 1, 4), (257, 99, 1, 4)], &[])).is_err());
    assert!(open(b"II*\0\0\0\0\0").is_err() && open(b"MM+\0\0\0\0\0").is_err());
    // The directory names itself as the next.
    let mut bytes = file(&[(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (273, 4, 1, 0)], &[]);
    let end = bytes.len() - 4;
    bytes[end] = 8;
    let mut image = open(&bytes).unwrap();
    assert_eq!((image.frames().unwrap(), image.incomplete()), (1, true));
    let header = image.header(0).unwrap();
    assert_eq!(header.text("imageDescription"), Some("1/1"));
    assert_eq!(header.get("compression"), Some(&Value::Bool(false)));
}
