use tierline_table::{Array, DType, Scalar};

use super::{Column, FileWriter, Schema, Value, blosc, decode};
use crate::browse::Elements;
use crate::tree::Reader;
use crate::{Compression, Error, Filters, Options};

fn schema() -> Schema {
    let mut schema = Schema::new();
    schema.push("event_id", DType::I64);
    schema.push("ok", DType::Bool);
    schema.push("name", DType::Text(5));
    schema.push_array("image", DType::F32, &[3, 2]);
    schema.push_array("mask", DType::Bool, &[6]);
    schema.push("tel", DType::I16);
    schema
}

fn row(n: usize) -> Vec<u8> {
    let mut row = (n as i64 * 1_000_003).to_le_bytes().to_vec();
    row.push(n.is_multiple_of(3) as u8);
    row.extend([b'a', b'b', b'0' + (n % 10) as u8, 0, 0]);
    (0..6).for_each(|i| row.extend((n as f32 * 0.5 + i as f32).to_le_bytes()));
    (0..6).for_each(|i| row.push((n + i).is_multiple_of(2) as u8));
    row.extend((n as i16).to_le_bytes());
    row
}

const FLETCHER: Filters =
    Filters { shuffle: true, deflate: Some(4), fletcher32: true, store_noise: true };

fn write(path: &std::path::Path, rows: usize, threads: usize, filters: Filters) {
    let options = Options { threads, ..Options::default() };
    let mut file = FileWriter::create(path, options, filters, true).unwrap();
    file.chunk_bytes = 1000;
    let extra = vec![("CTAFIELD_0_DESC".to_owned(), Value::from("größer"))];
    let tables: Vec<_> = (0..300)
        .map(|n| file.table(&format!("/dl1/t/tel_{n:03}"), "T", &schema(), extra.clone()).unwrap())
        .collect();
    for n in 0..rows {
        file.append(tables[0], &row(n)).unwrap();
        file.append(tables[299], &row(n + 1)).unwrap();
    }
    file.append(tables[7], &[row(1), row(2)].concat()).unwrap();
    let values = vec![
        ("empty".to_owned(), Value::from("")),
        ("three".to_owned(), Value::from(3i64)),
        ("pair".to_owned(), Value::from([1.5f32, 2.5].as_slice())),
        ("yes".to_owned(), Value::Scalar(Scalar::Bool(true))),
        ("pickle".to_owned(), Value::Ascii(b"(lp0\n.".to_vec())),
    ];
    file.attributes("dl1", values).unwrap();
    assert_eq!(file.rows(tables[7]), 2);
    file.finish().unwrap();
}

#[test]
fn tables_come_back_whatever_the_filters_and_threads() {
    let folder = tempfile::tempdir().unwrap();
    let gzip: Filters = Compression::Gzip(1).into();
    let plain = Filters { shuffle: true, ..Filters::NONE };
    for (n, filters) in [FLETCHER, gzip, plain, Filters::NONE].into_iter().enumerate() {
        let paths = [1, 2].map(|threads| folder.path().join(format!("{n}-{threads}.h5")));
        write(&paths[0], 101, 1, filters);
        write(&paths[1], 101, 2, filters);
        assert!(std::fs::read(&paths[0]).unwrap() == std::fs::read(&paths[1]).unwrap());
        let reader = Reader::open(&paths[0]).unwrap();
        for (name, first, rows) in [("000", 0, 101), ("299", 1, 101), ("007", 1, 2), ("001", 0, 0)]
        {
            let mut table = reader.table(&format!("dl1/t/tel_{name}")).unwrap();
            assert_eq!((table.schema(), table.rows()), (&schema(), rows), "{name}");
            for n in (0..rows).rev() {
                assert_eq!(table.row(n).unwrap(), row(n + first), "{name} {n}");
            }
            assert!(table.row(rows).is_err());
            let image = table.column("image", 0..1000).unwrap();
            assert_eq!((image.rows(), image.row_shape.as_slice()), (rows, [3, 2].as_slice()));
            assert!(table.column("none", 0..1).is_err());
        }
        assert!(!reader.has_table("dl1/t") && reader.has_table("dl1/t/tel_000"));
    }
}

#[test]
fn attributes_are_those_of_pytables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    write(&path, 3, 1, FLETCHER);
    let reader = Reader::open(&path).unwrap();
    let get = |object: &str, name: &str| {
        let all = reader.item(object).unwrap().attributes().unwrap();
        all.into_iter().find(|attribute| attribute.name == name).unwrap().elements
    };
    let text = |text: &str| Elements::Plain(DType::Text(text.len() as u16), text.into());
    let i64 = |value: i64| Elements::Plain(DType::I64, value.to_le_bytes().to_vec());
    assert_eq!(get("", "PYTABLES_FORMAT_VERSION"), text("2.1"));
    for group in ["", "dl1", "dl1/t"] {
        assert_eq!(get(group, "CLASS"), text("GROUP"));
        assert_eq!(get(group, "TITLE"), Elements::Other("empty".into()));
        assert_eq!(get(group, "FILTERS"), i64(4 | 3 << 8 | 1 << 16));
    }
    assert_eq!(get("dl1", "empty"), Elements::Other("empty".into()));
    assert_eq!(get("dl1", "three"), i64(3));
    let pair = Array::from_f32(&[1.5, 2.5]).data;
    assert_eq!(get("dl1", "pair"), Elements::Plain(DType::F32, pair));
    assert_eq!(get("dl1", "pickle"), text("(lp0\n."));
    let table = "dl1/t/tel_000";
    assert_eq!(get(table, "CLASS"), text("TABLE"));
    assert_eq!(get(table, "VERSION"), text("2.7"));
    assert_eq!(get(table, "TITLE"), text("T"));
    assert_eq!(get(table, "NROWS"), i64(3));
    assert_eq!(get("dl1/t/tel_001", "NROWS"), i64(0));
    assert_eq!(get(table, "FIELD_3_NAME"), text("image"));
    assert_eq!(get(table, "FIELD_3_FILL"), Elements::Plain(DType::F32, vec![0; 4]));
    assert_eq!(get(table, "CTAFIELD_0_DESC"), text("größer"));
}

#[test]
fn what_cannot_be_a_table_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut file = FileWriter::create(&path, Options::default(), FLETCHER, false).unwrap();
    assert!(file.table("t", "", &Schema::new(), Vec::new()).is_err());
    let mut huge = Schema::new();
    huge.push_array("a", DType::F64, &[usize::MAX, usize::MAX]);
    assert!(file.table("u", "", &huge, Vec::new()).is_err());
    let mut none = Schema::new();
    none.push_array("a", DType::F64, &[0]);
    none.push("b", DType::F64);
    assert!(file.table("v", "", &none, Vec::new()).is_err());
    let table = file.table("w", "", &schema(), Vec::new()).unwrap();
    assert!(file.append(table, &[0; 3]).is_err());
    assert!(file.table("w", "", &schema(), Vec::new()).is_err());
}

#[test]
fn damaged_chunks_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let noise: Vec<u8> = (0..5000).map(|_| next()).collect();
    let mut schema = Schema::new();
    schema.push_array("x", DType::U8, &[5000]);
    let mut file = FileWriter::create(&path, Options::default(), FLETCHER, false).unwrap();
    let table = file.table("t", "", &schema, Vec::new()).unwrap();
    file.append(table, &noise).unwrap();
    file.finish().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(100).position(|window| window == &noise[..100]).unwrap();
    bytes[at + 50] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = Reader::open(&path).unwrap().table("t").unwrap().row(0).unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    let mut reader = Reader::open(&path).unwrap();
    reader.max_allocation = 4999;
    assert!(matches!(reader.table("t"), Err(Error::Limit { .. })));
}

#[test]
fn big_endian_columns_are_turned() {
    let column =
        Column { name: "x".into(), dtype: DType::U16, shape: vec![2], offset: 1, big_endian: true };
    let mut rows = [9, 1, 2, 3, 4, 9, 5, 6, 7, 8];
    super::reader::swap(&column, &mut rows, 5);
    assert_eq!(rows, [9, 2, 1, 4, 3, 9, 6, 5, 8, 7]);
}

/// A frame of blocks, each in so many parts.
fn frame(flags: u8, item: u8, content: &[u8], block: usize, parts: usize) -> Vec<u8> {
    let mut head = vec![2, 1, flags, item];
    let mut body = Vec::new();
    let mut starts = Vec::new();
    let count = content.len().div_ceil(block);
    for bytes in content.chunks(block) {
        starts.extend((16 + 4 * count as u32 + body.len() as u32).to_le_bytes());
        let mut shuffled = vec![0; bytes.len()];
        let item = if flags & 1 != 0 { usize::from(item) } else { 1 };
        crate::chunk::shuffle(bytes, &mut shuffled, item);
        let parts = if bytes.len() == block { parts } else { 1 };
        for part in shuffled.chunks(bytes.len() / parts) {
            let packed = match flags >> 5 {
                1 => lz4_flex::block::compress(part),
                _ => zstd::bulk::compress(part, 3).unwrap(),
            };
            let packed = if packed.len() < part.len() { packed } else { part.to_vec() };
            body.extend((packed.len() as u32).to_le_bytes());
            body.extend(packed);
        }
    }
    let all = 16 + starts.len() + body.len();
    for word in [content.len(), block, all] {
        head.extend((word as u32).to_le_bytes());
    }
    [head, starts, body].concat()
}

#[test]
fn blosc_frames_are_decoded_and_broken_ones_refused() {
    let content: Vec<u8> = (0..5000u32).flat_map(|n| (n * n / 7).to_le_bytes()).collect();
    let cases = [(4 << 5 | 1, 1), (4 << 5 | 1 | 16, 1), (4 << 5, 1), (1 << 5 | 1, 4)];
    for (flags, parts) in cases {
        // Blocks of items of 4 bytes are split unless the flag says otherwise.
        let parts = if flags & 16 == 0 { 4 } else { parts };
        let bytes = frame(flags, 4, &content, 8192, parts);
        let mut out = Vec::new();
        blosc::decode(&bytes, &mut out, content.len()).unwrap();
        assert!(out == content, "{flags}");
        assert!(blosc::decode(&bytes, &mut out, content.len() + 1).is_err());
        for end in (0..bytes.len()).step_by(7) {
            assert!(blosc::decode(&bytes[..end], &mut out, content.len()).is_err(), "{end}");
        }
        for at in 0..40 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            let _ = blosc::decode(&damaged, &mut out, content.len());
        }
    }
    let stored = [frame(2, 4, &[], 100, 1), content.clone()].concat();
    let mut stored = stored;
    stored[4..8].copy_from_slice(&(content.len() as u32).to_le_bytes());
    let mut out = Vec::new();
    blosc::decode(&stored, &mut out, content.len()).unwrap();
    assert!(out == content);
}

#[test]
fn unshuffle_undoes_shuffle() {
    for item in [1, 2, 3, 8, 59] {
        for length in [0, 1, 58, 59, 118, 1003] {
            let from: Vec<u8> = (0..length).map(|n| (n * 7 % 251) as u8).collect();
            let (mut there, mut back) = (vec![0; length], vec![0; length]);
            crate::chunk::shuffle(&from, &mut there, item);
            decode::unshuffle(&there, &mut back, item);
            assert_eq!(from, back, "{item} {length}");
        }
    }
}
