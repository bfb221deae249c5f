use std::path::Path;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use tierline_report::Limits;
use tierline_table::DType;

use super::super::super::{Codec, Encoder, Frame, Header, Image, Pixels, Source, Target, Value};
use super::{EDF_WRITER, Edf, EdfWriter};
use crate::Error;

fn open(bytes: &[u8]) -> Result<Box<dyn Image>, Error> {
    Edf.open(Source::memory(Path::new("x.edf"), bytes.to_vec(), Limits::default()))
}

/// A block of 2 × 3 pixels of 16 bit, with more pairs.
fn block(pairs: &str, blob: &[u8]) -> Vec<u8> {
    let head = "{\nByteOrder = LowByteFirst;DataType = UnsignedShort;Dim_1 = 3;Dim_2 = 2;";
    [format!("{head}{pairs}}}\n").as_bytes(), blob].concat()
}

fn pixels(bytes: &[u8]) -> Pixels {
    open(bytes).unwrap().frame(0).unwrap().pixels
}

const BLOB: [u8; 12] = [1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0];

fn write(writer: EdfWriter, frames: Vec<Frame>) -> Result<Vec<u8>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let target = Target { path: &path, name: Path::new("x.edf") };
    writer.write(&mut frames.into_iter().map(Ok), target)?;
    Ok(std::fs::read(&path).unwrap())
}

fn image(shape: &[usize], dtype: DType) -> Pixels {
    let size = shape.iter().product::<usize>() * dtype.size();
    Pixels { dtype, shape: shape.to_vec(), data: (0..size).map(|i| (i * 7) as u8).collect() }
}

#[test]
fn what_is_written_is_read() {
    for dtype in [DType::I8, DType::U16, DType::I32, DType::U64, DType::F32, DType::F64] {
        let header: Header =
            [("a", "1"), ("b;{c", "x}y \u{e9}"), ("dim_7", "3")].into_iter().collect();
        let frames: Vec<Frame> = (1..4)
            .map(|rows| Frame { pixels: image(&[rows, 5], dtype), header: header.clone() })
            .collect();
        let mut image = open(&write(EDF_WRITER, frames.clone()).unwrap()).unwrap();
        assert_eq!(image.frames().unwrap(), 3);
        assert!(!image.incomplete() && image.warnings().is_empty());
        for (i, frame) in frames.iter().enumerate() {
            let read = image.frame(i).unwrap();
            assert_eq!(read.pixels, frame.pixels);
            assert_eq!(read.header.text("Image"), Some(i.to_string().as_str()));
            assert_eq!(read.header.text("bc"), Some("xy"));
            assert_eq!(read.header.text("dim_7"), None);
        }
        assert!(matches!(image.frame(3), Err(Error::Missing { .. })));
    }
}

#[test]
fn headers_fill_whole_blocks() {
    for count in [0, 1, 20, 50, 2000] {
        let header = (0..count).map(|i| (format!("key{i}"), Value::Int(i))).collect();
        let frame = Frame { pixels: image(&[4], DType::U8), header };
        let bytes = write(EDF_WRITER, vec![frame]).unwrap();
        let size = bytes.len() - 4;
        assert!(
            size.is_multiple_of(512) && bytes[size - 2..size] == *b"}\n",
            "{count} keys: {size}"
        );
        let header = open(&bytes).unwrap().header(0).unwrap();
        assert_eq!(header.text("EDF_HeaderSize").unwrap().trim(), size.to_string());
        assert_eq!(header.len(), 10 + count as usize);
    }
}

#[test]
fn what_edf_cannot_hold_is_refused() {
    for shape in [&[2, 2, 2][..], &[]] {
        let frame = Frame { pixels: image(shape, DType::U8), header: Header::new() };
        assert!(matches!(write(EDF_WRITER, vec![frame]), Err(Error::Unsupported { .. })));
    }
}

#[test]
fn a_type_may_be_forced() {
    let writer = EdfWriter { fit2d: true, force_type: Some(DType::F32) };
    let frame = Frame { pixels: image(&[1, 2], DType::U8), header: Header::new() };
    let read = open(&write(writer, vec![frame]).unwrap()).unwrap().frame(0).unwrap();
    assert_eq!(read.pixels.data, [0.0_f32.to_le_bytes(), 7.0_f32.to_le_bytes()].concat());
    assert_eq!(read.header.text("Image"), Some("1"));
    assert_eq!(read.header.text("EDF_DataBlockID"), Some("1.Image.Psd"));
}

#[test]
fn blobs_may_be_packed() {
    let packed = |compression: &str, blob: &[u8]| {
        let pairs = format!("Compression = {compression}; Size = {};", blob.len());
        pixels(&block(&pairs, blob)).data
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut gzip, &BLOB).unwrap();
    let gzip = gzip.finish().unwrap();
    assert_eq!(packed("GZipCompression", &gzip), BLOB);
    assert_eq!(packed("gzip", &[&gzip[..], &[0; 50]].concat()), BLOB);
    assert_eq!(packed("gzip", &gzip[..10]), [0; 12]);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut zlib, &BLOB).unwrap();
    assert_eq!(packed("ZCompression", &zlib.finish().unwrap()), BLOB);
    assert_eq!(packed("x-CBF_BYTE_OFFSET", &[1; 6]), BLOB);
    assert_eq!(packed("None", &BLOB), BLOB);
    let mut image = open(&block("Compression = Own; Size = 12;", &BLOB)).unwrap();
    assert_eq!(image.frame(0).unwrap().pixels.data, BLOB);
    assert_eq!(image.warnings().len(), 1);
}

#[test]
fn general_blocks_give_defaults() {
    let general = "{EDF_DataFormatVersion = 2.40;DataType=UnsignedShort;ByteOrder=HighByteFirst;\
                   EDF_x=1;Size=7;image=4;Title = a; Title2 = b;}\n";
    let frame = "{Dim_1=3;Dim_2=2;Title2 = c;}\n";
    let bytes = [general.as_bytes(), frame.as_bytes(), &BLOB].concat();
    let mut image = open(&bytes).unwrap();
    let frame = image.frame(0).unwrap();
    let keys: Vec<&str> = frame.header.iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["Dim_1", "Dim_2", "Title2", "DataType", "ByteOrder", "Title"]);
    assert_eq!(frame.header.text("Title2"), Some("c"));
    assert_eq!(frame.pixels.data[..2], [0, 1]);
    assert!(open(general.as_bytes()).is_err());
}

#[test]
fn data_may_be_in_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let pairs =
        "EDF_BinarySize = 0; EDF_BinaryFileName = /far/away/data; EDF_BinaryFilePosition = 4;";
    std::fs::write(folder.path().join("x.edf"), block(pairs, &[])).unwrap();
    let read = || {
        let source = Source::open(&folder.path().join("x.edf"), Limits::default())?;
        Edf.open(source)?.frame(0)
    };
    assert!(matches!(read(), Err(Error::Io { .. })));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    std::io::Write::write_all(&mut gzip, &[&[9; 4], &BLOB[..]].concat()).unwrap();
    std::fs::write(folder.path().join("data.gz"), gzip.finish().unwrap()).unwrap();
    assert_eq!(read().unwrap().pixels.data, BLOB);
    std::fs::write(folder.path().join("data"), [&[9; 4], &[7; 12][..]].concat()).unwrap();
    assert_eq!(read().unwrap().pixels.data, [7; 12]);
    let pairs = "EDF_BinarySize = 0; EDF_BinaryFileName = a/..;";
    assert!(open(&block(pairs, &[])).unwrap().frame(0).is_err());
}

#[test]
fn a_file_whose_compression_breaks_off_keeps_its_start() {
    let noise: Vec<u8> =
        (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let frame = Frame {
        pixels: Pixels { dtype: DType::U8, shape: vec![100, 1000], data: noise },
        header: Header::new(),
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let plain = write(EDF_WRITER, vec![frame.clone(), frame.clone()]).unwrap();
    std::io::Write::write_all(&mut gzip, &plain).unwrap();
    let packed = gzip.finish().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.edf.gz");
    let read = |length: usize| {
        std::fs::write(&path, &packed[..length]).unwrap();
        Edf.open(Source::open(&path, Limits::default()).unwrap()).unwrap()
    };
    let mut whole = read(packed.len());
    assert!(whole.frame(1).unwrap().pixels == frame.pixels && !whole.incomplete());
    let mut cut = read(packed.len() * 3 / 4);
    assert!(cut.frame(0).unwrap().pixels == frame.pixels && cut.incomplete());
    assert_eq!(cut.frames().unwrap(), 2);
    assert!(cut.frame(1).unwrap().pixels.data.starts_with(&frame.pixels.data[..1000]));
    assert!(cut.warnings()[0].starts_with("the compression breaks off"));
}

#[test]
fn every_truncation_is_read_or_refused() {
    let bytes = [block("Size = 12;", &BLOB), b"  ".to_vec(), block("Image = 2;", &BLOB)].concat();
    let first = block("Size = 12;", &BLOB).len();
    for length in 0..bytes.len() {
        let Ok(mut image) = open(&bytes[..length]) else {
            assert!(length < first - BLOB.len(), "{length}");
            continue;
        };
        let count = image.frames().unwrap();
        for i in 0..count {
            assert_eq!(image.frame(i).unwrap().pixels.data.len(), BLOB.len());
        }
        let complete = first..=first + 2;
        assert_eq!(image.incomplete(), !complete.contains(&length), "{length}");
        assert_eq!(image.warnings().is_empty(), complete.contains(&length), "{length}");
    }
}

#[test]
fn lies_are_refused_or_guessed() {
    let bad = |pairs: &str| open(&block(pairs, &BLOB)).and_then(|mut image| image.frame(0));
    for pairs in
        ["Dim_2 = -3;", "Dim_1 = x;", "Dim_3 = 99999999999;", "Dim_65 = 1;", "DIM_2=1e300;"]
    {
        assert!(bad(pairs).is_err(), "{pairs}");
    }
    for pairs in ["Size = -4;", "Size = x;", "Dim_ = 4;", "Dim_x = 4;", "Dim_0 = 4;", "\u{e9} = 1;"]
    {
        assert_eq!(bad(pairs).unwrap().pixels.data, BLOB, "{pairs}");
    }
    assert!(open(b"").is_err() && open(b"   ").is_err() && open(b"{}").is_err());
    let many = "{Dim_1 = 0;}\n".repeat(3000);
    assert_eq!(open(many.as_bytes()).unwrap().frames().unwrap(), 3000);
    assert!(open("{a=b;".repeat(100_000).as_bytes()).is_err());
    let long = format!("{{EDF_HeaderSize = 400000; {}}}\n", "k=v; ".repeat(70_000));
    assert_eq!(open(long.as_bytes()).unwrap().header(0).unwrap().len(), 2);
    let limits = Limits { max_header: 300_000, ..Limits::default() };
    assert!(Edf.open(Source::memory(Path::new("x.edf"), long.into_bytes(), limits)).is_err());
}

#[test]
fn a_key_that_reads_as_another_one_is_not_written() {
    let mut header = Header::default();
    for key in ["DataType\u{e9} ", "\u{1} Dim_1", "Image "] {
        header.set(key, "");
    }
    let frame = Frame { pixels: image(&[2, 3], DType::I16), header };
    let bytes = write(EDF_WRITER, vec![frame.clone()]).unwrap();
    assert_eq!(pixels(&bytes), frame.pixels);
}
