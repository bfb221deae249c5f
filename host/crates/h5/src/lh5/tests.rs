//! Encoded columns, as written and as read.

use std::path::Path;

use tierline_table::{
    Array, Attrs, Codec, Column, DType, DecodedSize, EncodedVectors, NamedColumn, Table,
    VectorOfVectors,
};

use super::codec::{CodecError, decode_column, encode_column};
use super::{
    ChunkPolicy, ColumnSettings, TableReader, TableSettings, TableWriter, Waveforms, tables,
};
use crate::tree::Reader;
use crate::{Error, Options, Writer};

const RADWARE: Codec = Codec::RadwareSigcompress { shift: -32768 };
const ULEB: Codec = Codec::Uleb128ZigZagDiff;

fn traces(rows: usize, samples: usize, seed: u32) -> Array {
    let mut state = seed;
    let values: Vec<u16> = (0..rows * samples)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            40_000 + (state >> 27) as u16
        })
        .collect();
    Array::from_u16(&values).reshaped(&[samples])
}

fn lists(rows: usize) -> VectorOfVectors {
    let mut vectors = VectorOfVectors::new(DType::I32);
    for row in 0..rows as i32 {
        let values: Vec<i32> = (0..row % 5).map(|i| i * 70_000 * row).collect();
        vectors.push_row(&Array::from_i32(&values).data);
    }
    vectors
}

fn batch(rows: usize, seed: u32) -> Table {
    let mut inner = Table::new();
    let values = Column::Array(traces(rows, 300, seed));
    let radware = encode_column(&values, &RADWARE).unwrap();
    inner.push("radware", Attrs::with_units("ADC"), radware).unwrap();
    inner.push("uleb", Attrs::new(), encode_column(&values, &ULEB).unwrap()).unwrap();
    let mut table = Table::new();
    table.push("waveform", Attrs::new(), inner).unwrap();
    let own = encode_column(&Column::Vectors(lists(rows)), &ULEB).unwrap();
    table.push("own", Attrs::new(), own).unwrap();
    table
}

fn write(path: &Path, threads: usize) {
    let mut writer = Writer::create(path, Options { threads, ..Options::default() }).unwrap();
    let policy = ChunkPolicy { wide_bytes: 4096, narrow_bytes: 1024, table_bytes: 1 << 20 };
    let mut output = TableWriter::create(&mut writer, "t", &batch(0, 0), policy).unwrap();
    output.append(&mut writer, &batch(50, 1)).unwrap();
    let mut drained = batch(33, 2);
    output.append_drain(&mut writer, &mut drained).unwrap();
    assert_eq!((drained.rows, drained.bytes()), (0, 0));
    let mut other = batch(3, 1);
    let column = &mut other.column_mut("waveform/uleb").unwrap().column;
    *column = encode_column(&traces(3, 301, 1).into(), &ULEB).unwrap();
    let error = output.append(&mut writer, &other).unwrap_err();
    assert!(error.to_string().contains("column 'uleb' has changed"), "{error}");
    writer.finish().unwrap();
}

#[test]
fn encoded_columns_are_stored_as_the_peers_store_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    write(&path, 1);
    let bytes = std::fs::read(&path).unwrap();
    for threads in [2, 3] {
        write(&path, threads);
        assert!(std::fs::read(&path).unwrap() == bytes, "{threads} threads");
    }
    let reader = Reader::open(&path).unwrap();
    let tree = reader.tree().unwrap();
    let node = |path: &str| tree.find(path).unwrap().clone();
    let radware = node("t/waveform/radware");
    let equal = "array_of_encoded_equalsized_arrays<1,1>{real}";
    assert_eq!(radware.datatype.as_deref(), Some(equal));
    let attrs = [("codec", "radware_sigcompress"), ("codec_shift", "-32768"), ("units", "ADC")];
    assert_eq!(radware.attrs.pairs(), attrs);
    let size = node("t/waveform/radware/decoded_size");
    assert_eq!((size.datatype.as_deref(), size.dataset().unwrap().shape.len()), (Some("real"), 0));
    let own = node("t/own");
    assert_eq!(own.datatype.as_deref(), Some("array<1>{encoded_array<1>{real}}"));
    assert_eq!(own.attrs.pairs(), [("codec", "uleb128_zigzag_diff")]);
    let data = reader.vectors("/t/own/encoded_data", 0..100).unwrap();
    let sizes = reader.array("/t/own/decoded_size", 0..100).unwrap();
    let sizes: Vec<u32> = sizes.iter_f64().map(|size| size as u32).collect();
    let (first, second) = (lists(50), lists(33));
    let back = |rows: std::ops::Range<usize>| {
        let mut part = EncodedVectors::new(ULEB, DecodedSize::PerRow(sizes[rows.clone()].into()));
        for row in rows {
            part.encoded_data.push_row(&data.flattened.data[data.range(row).unwrap()]);
        }
        decode_column(&part, 1 << 20).unwrap()
    };
    assert_eq!(back(0..50), first.into());
    assert_eq!(back(50..83), second.into());
    let flattened = node("t/waveform/uleb/encoded_data/flattened_data");
    assert_eq!(flattened.dataset().unwrap().filters, [""; 0]);
    let ends = node("t/waveform/uleb/encoded_data/cumulative_length");
    assert_eq!(ends.dataset().unwrap().filters, ["shuffle", "gzip 1"]);
    assert_eq!(ends.dataset().unwrap().element, crate::tree::ElementType::Plain(DType::U32));
}

#[test]
fn columns_that_are_no_traces_are_refused() {
    let mut inner = Table::new();
    inner.push("a", Attrs::new(), traces(2, 4, 0)).unwrap();
    let mut pairs = lists(3);
    pairs.flattened.row_shape = vec![2];
    let columns: [(Column, &str); 8] = [
        (Array::from_u16(&[1]).into(), "single values"),
        (traces(2, 6, 0).reshaped(&[2, 3]).into(), "several extents"),
        (Array::new(DType::U16, &[0]).into(), "without samples"),
        (inner.into(), "a table"),
        (pairs.into(), "vectors of arrays"),
        (encode_column(&traces(1, 3, 1).into(), &ULEB).unwrap(), "encoded already"),
        (Array::from_f32(&[1.0, 2.0]).reshaped(&[2]).into(), "float32"),
        (Array::from_text(&["a", "b"], 3).reshaped(&[2]).into(), "S3"),
    ];
    for (column, why) in columns {
        let error = encode_column(&column, &RADWARE).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("codec_shift=-32768"), "{error}");
    }
    let wide = Array::from_i32(&[1, 2, 3, 99_999]).reshaped(&[2]).into();
    let error = encode_column(&wide, &RADWARE).unwrap_err();
    assert!(matches!(error, CodecError::TooLarge { row: 1, sample: 1, value: 99_999, .. }));
}

#[test]
fn hostile_columns_are_refused_before_memory_is_taken() {
    let Column::Encoded(good) = encode_column(&traces(4, 100, 1).into(), &RADWARE).unwrap() else {
        panic!("not encoded");
    };
    assert!(matches!(decode_column(&good, 1599), Err(CodecError::Limit { bytes: 1600, .. })));
    let mut huge = good.clone();
    huge.decoded_size = DecodedSize::Equal(usize::MAX);
    assert!(matches!(decode_column(&huge, u64::MAX - 1), Err(CodecError::Limit { .. })));
    huge.decoded_size = DecodedSize::Equal(1 << 40);
    assert!(matches!(decode_column(&huge, u64::MAX), Err(CodecError::Malformed { row: 0, .. })));
    let mut short = good.clone();
    short.encoded_data.flattened.data.truncate(50);
    assert!(matches!(decode_column(&short, 1 << 20), Err(CodecError::Rows { row: 0 })));
    let mut cut = good.clone();
    let ends = &mut cut.encoded_data.cumulative_length;
    (ends[1], ends[2]) = (ends[1] - 4, ends[2] - 4);
    assert!(matches!(decode_column(&cut, 1 << 20), Err(CodecError::Malformed { row: 1, .. })));
    let fewer = EncodedVectors { decoded_size: DecodedSize::PerRow(vec![100]), ..good };
    assert!(matches!(decode_column(&fewer, 1 << 20), Err(CodecError::Rows { row: 1 })));
}

/// A table of every kind of column.
fn kinds(rows: usize) -> Table {
    let count = |n: usize| (0..n as i64).collect::<Vec<i64>>();
    let mut table = batch(rows, 5);
    let mut push = |name: &str, attrs, column: Column| table.push(name, attrs, column).unwrap();
    let attrs = Attrs { other: vec![("note".into(), "a b".into())], ..Attrs::with_units("keV") };
    push("flag", Attrs::new(), Array::from_bool(&vec![true; rows]).into());
    push("energy", attrs.described("of the pulse"), Array::from_i64(&count(rows)).into());
    push("pair", Attrs::new(), Array::from_i64(&count(2 * rows)).reshaped(&[2]).into());
    push("cube", Attrs::new(), Array::from_i64(&count(6 * rows)).reshaped(&[2, 3]).into());
    push("name", Attrs::new(), Array::from_text(&vec!["xyz"; rows], 5).into());
    push("list", Attrs::new(), lists(rows).into());
    table
}

fn write_kinds(path: &Path) {
    let mut writer = Writer::create(path, Options::default()).unwrap();
    let table = kinds(40);
    for name in ["a/kinds", "b"] {
        let mut output = TableWriter::create(&mut writer, name, &table, ChunkPolicy::default());
        output.as_mut().unwrap().append(&mut writer, &table).unwrap();
    }
    writer.finish().unwrap();
}

/// The columns in the order of their names, decoded.
fn as_read(table: &Table, decoded: bool) -> Table {
    let mut table = table.clone();
    table.columns.sort_by(|a, b| a.name.cmp(&b.name));
    for named in &mut table.columns {
        named.column = match &named.column {
            Column::Table(inner) => as_read(inner, decoded).into(),
            Column::Encoded(encoded) if decoded => decode_column(encoded, 1 << 30).unwrap(),
            other => other.clone(),
        };
    }
    table
}

#[test]
fn tables_of_all_kinds_are_read_in_any_batches() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    write_kinds(&path);
    let reader = Reader::open(&path).unwrap();
    let listed = tables(&reader, &reader.tree().unwrap());
    let found: Vec<_> = listed.iter().map(|t| (t.path.as_str(), t.rows)).collect();
    assert_eq!(found, [("/a/kinds", Some(40)), ("/b", Some(40))]);
    assert_eq!(listed[0].columns[..3], ["cube", "energy", "flag"]);
    for waveforms in [Waveforms::Decoded, Waveforms::Encoded] {
        let reader = TableReader::new(Reader::open(&path).unwrap(), "a/kinds", waveforms).unwrap();
        let expected = as_read(&kinds(40), waveforms == Waveforms::Decoded);
        assert_eq!((reader.rows(), reader.layout().rows), (40, 0));
        let mut empty = expected.clone();
        empty.clear();
        assert_eq!(reader.layout(), &empty);
        assert_eq!(reader.read(0..usize::MAX).unwrap(), expected);
        assert_eq!(reader.read(50..60).unwrap().rows, 0);
        let energies = |bytes| {
            let batches = reader.batches(bytes).map(|batch| batch.unwrap());
            batches.flat_map(|b| b.array("energy").unwrap().iter_f64().collect::<Vec<f64>>())
        };
        assert!(energies(5000).eq((0..40).map(f64::from)));
        assert!(reader.batches(5000).count() > 10 && reader.batches(1 << 30).count() == 1);
    }
    let column = TableReader::open(&path, "/a/kinds/waveform/uleb").unwrap();
    assert_eq!(column.layout().columns.len(), 1);
    assert_eq!(column.read(3..5).unwrap().array("uleb").unwrap().row_shape, [300]);
    assert_eq!(column.row_bytes().unwrap(), 1200);
    let list = TableReader::open(&path, "b/list").unwrap().read(1..5).unwrap();
    assert_eq!(list.vectors("list").unwrap().cumulative_length, [1, 3, 6, 10]);
}

/// A file of plain groups and datasets with LH5 types, as nobody should write them.
fn odd(path: &Path) {
    let mut writer = Writer::create(path, Options::default()).unwrap();
    let mut group = |path: &str, datatype: &str, more: &[(&str, &str)]| {
        let mut attrs = vec![("datatype", datatype)];
        attrs.extend(more);
        writer.group(path, &attrs).unwrap();
    };
    let encoded = "array_of_encoded_equalsized_arrays<1,1>{real}";
    let vectors = "array<1>{array<1>{real}}";
    group("absent", "table{x}", &[]);
    group("twice", "table{x,x}", &[]);
    group("unequal", "table{x,y}", &[]);
    group("struct", "struct{x}", &[]);
    group("deep", "array<1>{array<1>{array<1>{real}}}", &[]);
    group("falling", vectors, &[]);
    group("beyond", vectors, &[]);
    group("bare", encoded, &[]);
    for (name, codec, shift) in [
        ("nocodec", "", ""),
        ("lzma", "lzma", ""),
        ("shift", "radware_sigcompress", "0.5"),
        ("huge", "uleb128_zigzag_diff", ""),
        ("negative", "uleb128_zigzag_diff", ""),
        ("cut", "uleb128_zigzag_diff", ""),
    ] {
        let attrs = [("codec", codec), ("codec_shift", shift)];
        let some = attrs.iter().filter(|(_, text)| !text.is_empty()).copied();
        group(name, encoded, &some.collect::<Vec<_>>());
        group(&format!("{name}/encoded_data"), vectors, &[]);
    }
    let mut put = |path: &str, array: Array| {
        let id = writer.dataset(path, array.dtype, &array.row_shape, 8, &[]).unwrap();
        writer.append(id, &array.data).unwrap();
    };
    put("twice/x", Array::from_u8(&[1]));
    put("unequal/x", Array::from_u8(&[1]));
    put("unequal/y", Array::from_u8(&[1, 2]));
    for (name, ends) in [("falling", [3, 1]), ("beyond", [1, 1 << 40])] {
        put(&format!("{name}/flattened_data"), Array::from_u8(&[1, 2, 3]));
        put(&format!("{name}/cumulative_length"), Array::from_i64(&ends));
    }
    for name in ["nocodec", "lzma", "shift", "huge", "negative", "cut"] {
        put(&format!("{name}/encoded_data/flattened_data"), Array::from_u8(&[2, 0x82, 0x80]));
        put(&format!("{name}/encoded_data/cumulative_length"), Array::from_u32(&[1, 3]));
    }
    for (name, size) in [("huge", i64::MAX), ("negative", -1), ("cut", 1)] {
        let path = format!("{name}/decoded_size");
        writer.scalar(&path, tierline_table::Scalar::I64(size), &[]).unwrap();
    }
    for name in ["nocodec", "lzma", "shift"] {
        let path = format!("{name}/decoded_size");
        writer.scalar(&path, tierline_table::Scalar::U8(1), &[]).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn tables_that_contradict_themselves_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    odd(&path);
    for (name, why) in [
        ("absent", "damaged: column 'x' is listed and not there"),
        ("twice", "damaged: column 'x' is listed twice"),
        ("unequal", "damaged: 'y' has 2 rows and 'x' has 1"),
        ("struct", "struct{x} is no table"),
        ("deep", "vectors of vectors of vectors"),
        ("falling", "the row ends do not rise"),
        ("beyond", "rows end after the data"),
        ("bare", "has no decoded_size"),
        ("nocodec", "without a codec"),
        ("lzma", "codec 'lzma'"),
        ("shift", "codec_shift"),
        ("negative", "decoded_size is no size"),
        ("huge", "above the limit"),
        ("cut", "row 1: byte 2 of 2"),
        ("nosuch", "there is no 'nosuch'"),
        ("unequal/x/y", "there is no 'unequal/x/y'"),
        ("huge/decoded_size", "one value is no column"),
        ("", "is no LH5 object"),
    ] {
        let read = TableReader::open(&path, name).and_then(|table| table.read(0..100));
        let error = read.err().unwrap_or_else(|| panic!("{name} is read")).to_string();
        assert!(error.contains(why) && error.contains("a.lh5"), "{name}: {error}");
    }
    let file = hdf5::File::create(dir.path().join("wide.lh5")).unwrap();
    let wide = file.new_dataset::<u16>().chunk((1, 1, 1)).shape((3, 1 << 31, 1 << 20));
    wide.create("wide").unwrap();
    drop(file);
    let wide = TableReader::open(&dir.path().join("wide.lh5"), "wide");
    assert!(matches!(wide, Err(Error::Limit { found: 0x10_0000_0000_0000, .. })));
    let mut small = Reader::open(&path).unwrap();
    small.max_allocation = 7;
    let table = TableReader::new(small, "unequal/x", Waveforms::Decoded).unwrap();
    assert!(matches!(table.read(0..1), Ok(Table { rows: 1, .. })));
    let mut small = Reader::open(&path).unwrap();
    small.max_allocation = 0;
    let table = TableReader::new(small, "unequal/x", Waveforms::Decoded);
    assert!(matches!(table, Err(Error::Limit { .. })));
}

/// A table of one column of waveforms, whatever it holds.
fn write_column(path: &Path, column: EncodedVectors) -> Result<(), Error> {
    let mut table = Table { columns: Vec::new(), rows: column.rows() };
    let (name, attrs, column) = ("x".to_owned(), Attrs::new(), Column::Encoded(column));
    table.columns.push(NamedColumn { name, attrs, column });
    let mut writer = Writer::create(path, Options::default())?;
    let mut output = TableWriter::create(&mut writer, "t", &table, ChunkPolicy::default())?;
    output.append(&mut writer, &table)?;
    writer.finish().map(|_| ())
}

#[test]
fn damaged_columns_are_read_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    let mut state = 7u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below.max(1)
    };
    let (mut read, mut refused) = (0, 0);
    for round in 0..300 {
        let codec = if round % 2 == 0 { RADWARE } else { ULEB };
        let column = match round % 3 {
            0 => encode_column(&Column::Vectors(lists(20)), &ULEB),
            _ => encode_column(&traces(20, 60, round).into(), &codec),
        };
        let Ok(Column::Encoded(mut column)) = column else { panic!("not encoded") };
        let data = &mut column.encoded_data;
        for _ in 0..random(3) {
            let (row, byte) = (random(20), random(data.flattened.data.len()));
            match random(4) {
                0 => data.cumulative_length[row] = random(5000) as i64,
                1 => data.flattened.data.truncate(byte),
                2 => data.flattened.data[byte] = random(256) as u8,
                _ => match &mut column.decoded_size {
                    DecodedSize::Equal(samples) => *samples = random(100_000),
                    DecodedSize::PerRow(sizes) => sizes[row] = random(100_000) as u32,
                },
            }
            if data.flattened.data.is_empty() {
                break;
            }
        }
        write_column(&path, column).unwrap();
        let table = TableReader::open(&path, "t").unwrap();
        match table.read(random(20)..random(30)) {
            Ok(_) => read += 1,
            Err(Error::Malformed { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
        assert!(table.batches(1000).count() > 0);
    }
    assert!(read > 50 && refused > 50, "{read} {refused}");
}

#[test]
fn texts_and_enumerations_of_other_writers_are_read() {
    use hdf5::types::VarLenUnicode;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    let file = hdf5::File::create(&path).unwrap();
    let texts: Vec<VarLenUnicode> =
        ["a", "größer", ""].iter().map(|text| text.parse().unwrap()).collect();
    file.new_dataset_builder().with_data(&texts).create("texts").unwrap();
    file.new_dataset_builder().with_data(&[true, false]).create("flags").unwrap();
    drop(file);
    let texts = TableReader::open(&path, "texts").unwrap();
    assert_eq!(texts.layout().array("texts").unwrap().dtype, DType::Text(8));
    let read = texts.read(1..9).unwrap();
    assert_eq!(read.array("texts").unwrap().get_text(0).as_deref(), Some("größer"));
    assert_eq!(read.rows, 2);
    let flags = TableReader::open(&path, "flags").unwrap().read(0..2).unwrap();
    assert_eq!(flags.array("flags").unwrap(), &Array::from_bool(&[true, false]));
}

fn settings() -> TableSettings {
    let none = ColumnSettings::default;
    let gzip = |level| ColumnSettings { gzip: Some(true), level: Some(level), ..none() };
    let sum = Some(true);
    let list = [
        ("", ColumnSettings { level: Some(3), ..none() }),
        ("cube", ColumnSettings { chunks: Some(vec![7, 2, 3]), ..gzip(0) }),
        ("pair", ColumnSettings { chunks: Some(vec![16, 1]), fletcher32: sum, ..none() }),
        ("list", ColumnSettings { shuffle: Some(false), fletcher32: sum, ..gzip(9) }),
        ("list/flattened_data", ColumnSettings { chunks: Some(vec![500]), ..gzip(6) }),
        ("energy", ColumnSettings { gzip: Some(false), fletcher32: sum, ..none() }),
        ("name", ColumnSettings { gzip: Some(false), shuffle: Some(false), ..none() }),
        ("waveform", ColumnSettings { chunks: Some(vec![9, 9]), fletcher32: sum, ..none() }),
        ("waveform/uleb/encoded_data/flattened_data", gzip(5)),
    ];
    list.into_iter().map(|(path, settings)| (path.to_owned(), settings)).collect()
}

fn write_set(path: &Path, threads: usize) {
    let mut writer = Writer::create(path, Options { threads, ..Options::default() }).unwrap();
    let (table, policy) = (kinds(40), ChunkPolicy::default());
    let made = TableWriter::create_with(&mut writer, "a/b", &table, policy, &settings());
    let mut output = made.unwrap();
    for _ in 0..3 {
        output.append(&mut writer, &table).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn columns_are_stored_as_settings_say() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    write_set(&path, 1);
    let bytes = std::fs::read(&path).unwrap();
    for threads in [2, 4] {
        write_set(&path, threads);
        assert!(std::fs::read(&path).unwrap() == bytes, "{threads} threads");
    }
    let tree = Reader::open(&path).unwrap().node("a/b").unwrap();
    for (name, chunk, filters) in [
        ("flag", None, "shuffle, gzip 3"),
        ("cube", Some(vec![7, 2, 3]), "shuffle, gzip 0"),
        ("pair", Some(vec![16, 1]), "shuffle, gzip 3, fletcher32"),
        ("list/cumulative_length", None, "gzip 9, fletcher32"),
        ("list/flattened_data", Some(vec![500]), "gzip 6, fletcher32"),
        ("energy", None, "shuffle, fletcher32"),
        ("name", None, ""),
        ("waveform/radware/encoded_data/flattened_data", None, "fletcher32"),
        ("waveform/uleb/encoded_data/flattened_data", None, "gzip 5"),
        ("waveform/uleb/encoded_data/cumulative_length", None, "shuffle, gzip 3, fletcher32"),
    ] {
        let info = tree.find(name).unwrap().dataset().unwrap();
        assert_eq!(info.filters.join(", "), filters, "{name}");
        assert!(chunk.is_none() || info.chunk == chunk, "{name}: {:?}", info.chunk);
    }
    let read = TableReader::open(&path, "a/b").unwrap().read(40..80).unwrap();
    assert_eq!(read, as_read(&kinds(40), true));
}

#[test]
fn settings_that_fit_no_column_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(&dir.path().join("a.lh5"), Options::default()).unwrap();
    let chunks =
        |chunks: &[usize]| ColumnSettings { chunks: Some(chunks.into()), ..<_>::default() };
    let level = ColumnSettings { level: Some(11), ..<_>::default() };
    for (index, (path, settings, why)) in [
        ("nosuch", chunks(&[1]), "there is no such column"),
        ("pai", chunks(&[1]), "there is no such column"),
        ("waveform/values", chunks(&[1]), "there is no such column"),
        ("pair", chunks(&[1]), "the column has 2 extents"),
        ("pair", chunks(&[1, 3]), "larger than the rows"),
        ("pair", chunks(&[0, 2]), "1 or more"),
        ("cube", chunks(&[4, 1, 3]), "not cut"),
        ("cube", chunks(&[1 << 40, 2, 3]), "4 GiB"),
        ("flag", level, "level 11"),
    ]
    .into_iter()
    .enumerate()
    {
        let settings = TableSettings::from([(path.to_owned(), settings)]);
        let (name, policy) = (format!("t{index}"), ChunkPolicy::default());
        let made = TableWriter::create_with(&mut writer, &name, &kinds(2), policy, &settings);
        let error = made.err().unwrap().to_string();
        assert!(error.contains(why) && error.contains(path), "{error}");
    }
}
