//! Files are written, then read back through libhdf5.

use std::path::Path;

use tierline_table::{
    Array, Attrs, Column, DType, Object, Scalar, Table, VectorOfVectors, WaveformTable,
};

use crate::lh5::{ChunkPolicy, TableWriter, write_object};
use crate::tree::{ElementType, Node, NodeKind, Reader};
use crate::{Chunk, Compression, Error, Filters, Options, Stats, Writer};

fn options(threads: usize) -> Options {
    Options { threads, compression: Compression::Gzip(4), ..Options::default() }
}

/// Samples that look like a noisy trace.
fn samples(count: usize, seed: u32) -> Vec<u16> {
    let mut state = seed.wrapping_add(1);
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            8000 + (state >> 28) as u16
        })
        .collect()
}

fn batch(rows: usize, seed: u32) -> Table {
    let values = Array::from_u16(&samples(rows * 100, seed)).reshaped(&[100]);
    let times = Array::from_f64(&vec![16.0; rows]);
    let waveform = WaveformTable::new(times.clone(), times, values).into_table().unwrap();
    let mut vectors = VectorOfVectors::new(DType::U16);
    for row in 0..rows {
        vectors.push_row(&vec![row as u8; 2 * (row % 4)]);
    }
    let channels: Vec<u16> = (0..rows).map(|row| row as u16).collect();
    let flags: Vec<bool> = (0..rows).map(|row| row % 3 == 0).collect();
    let mut table = Table::new();
    table.push("waveform", Attrs::new(), waveform).unwrap();
    table.push("channel", Attrs::with_units("1"), Array::from_u16(&channels)).unwrap();
    table.push("good", Attrs::new(), Array::from_bool(&flags)).unwrap();
    table.push("list", Attrs::new().described("größer"), vectors).unwrap();
    table.push("name", Attrs::new(), Array::from_text(&vec!["ab"; rows], 4)).unwrap();
    table
}

fn write_batches(path: &Path, threads: usize, pending: usize) -> Stats {
    let policy = ChunkPolicy { wide_bytes: 4096, narrow_bytes: 256, table_bytes: 1 << 20 };
    let options = Options { max_pending_bytes: pending, ..options(threads) };
    let mut writer = Writer::create(path, options).unwrap();
    for channel in 0..3 {
        let first = batch(50, channel);
        let name = format!("raw/ch{channel}");
        let mut output = TableWriter::create(&mut writer, &name, &first, policy).unwrap();
        output.append(&mut writer, &first).unwrap();
        for seed in 0..4 {
            let mut table = batch(16 * seed as usize + 1, seed);
            output.append_drain(&mut writer, &mut table).unwrap();
            assert_eq!((table.rows, table.bytes()), (0, 0));
        }
        assert_eq!(output.rows(), 50 + 1 + 17 + 33 + 49);
    }
    write_object(&mut writer, "header", &Attrs::new(), &Object::Text("<xml/> µ".into())).unwrap();
    writer.finish().unwrap()
}

#[test]
fn tables_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    write_batches(&path, 2, 1 << 20);
    let reader = Reader::open(&path).unwrap();
    let tree = reader.tree().unwrap();
    let datatype = |path: &str| tree.find(path).and_then(|node| node.datatype.clone()).unwrap();
    assert_eq!(datatype("/"), "struct{header,raw}");
    assert_eq!(datatype("raw"), "struct{ch0,ch1,ch2}");
    assert_eq!(datatype("raw/ch1"), "table{channel,good,list,name,waveform}");
    assert_eq!(datatype("raw/ch1/waveform"), "table{dt,t0,values}");
    let equal = "array_of_equalsized_arrays<1,1>{real}";
    assert_eq!(datatype("raw/ch1/waveform/values"), equal);
    assert_eq!(datatype("raw/ch1/list"), "array<1>{array<1>{real}}");
    assert_eq!(datatype("raw/ch1/list/flattened_data"), "array<1>{real}");
    assert_eq!(datatype("raw/ch1/good"), "array<1>{bool}");
    assert_eq!(datatype("raw/ch1/name"), "array<1>{string}");
    assert_eq!(datatype("header"), "string");
    assert_eq!(reader.text("header").unwrap(), "<xml/> µ");
    let list = tree.find("raw/ch0/list").unwrap();
    assert_eq!(list.attrs.description.as_deref(), Some("größer"));

    let mut expected = [batch(50, 1), batch(1, 0), batch(17, 1), batch(33, 2), batch(49, 3)];
    let values = reader.array("raw/ch1/waveform/values", 0..usize::MAX).unwrap();
    let all: Vec<u8> = expected
        .iter()
        .flat_map(|table| table.array("waveform/values").unwrap().data.clone())
        .collect();
    assert_eq!((values.row_shape, values.data), (vec![100], all));
    let names = reader.array("raw/ch1/name", 148..1000).unwrap();
    assert_eq!((names.rows(), names.get_text(1).as_deref()), (2, Some("ab")));
    let vectors = reader.vectors("raw/ch1/list", 51..68).unwrap();
    let Column::Vectors(list) = expected[2].column_mut("list").unwrap().column.clone() else {
        panic!("no vectors");
    };
    assert_eq!(vectors, list);
    let info = tree.find("raw/ch1/waveform/values").unwrap().dataset().unwrap();
    assert_eq!(info.chunk.as_deref(), Some(&[16, 100][..]));
    assert_eq!(info.filters, ["shuffle", "gzip 4"]);
}

#[test]
fn threads_do_not_change_the_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    let reference = write_batches(&path, 1, 1 << 20);
    let bytes = std::fs::read(&path).unwrap();
    for (threads, pending) in [(2, 1 << 20), (4, 1 << 20), (3, 0)] {
        let stats = write_batches(&path, threads, pending);
        assert!(std::fs::read(&path).unwrap() == bytes, "{threads} threads, {pending} pending");
        assert_eq!(stats.stored_bytes, reference.stored_bytes);
    }
}

#[test]
fn chunks_are_partial_short_or_absent() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.h5");
    let mut writer = Writer::create(&path, options(1)).unwrap();
    let long = writer.dataset("long", DType::I32, &[], 1000, &[("units", "ns")]).unwrap();
    let short = writer.dataset("short", DType::I32, &[3], 1000, &[]).unwrap();
    let none = writer.dataset("g/none", DType::F64, &[2], 1000, &[]).unwrap();
    let flat = writer.dataset("g/flat", DType::U16, &[0], 1000, &[]).unwrap();
    let values: Vec<i32> = (0..2500).collect();
    writer.append(long, &Array::from_i32(&values).data).unwrap();
    writer.append(short, &Array::from_i32(&values[..15]).data).unwrap();
    writer.append_empty(flat, 7).unwrap();
    writer.append_empty(long, 7).unwrap();
    assert_eq!((writer.rows(long), writer.rows(none)), (2500, 0));
    let stats = writer.finish().unwrap();
    assert_eq!((stats.chunks, stats.raw_bytes), (4, 10_060));

    let reader = Reader::open(&path).unwrap();
    let tree = reader.tree().unwrap();
    let info = |path: &str| tree.find(path).unwrap().dataset().unwrap().clone();
    assert_eq!(reader.array("long", 0..9999).unwrap(), Array::from_i32(&values));
    assert_eq!(reader.array("short", 0..5).unwrap().data, Array::from_i32(&values[..15]).data);
    assert_eq!(info("short").chunk, Some(vec![5, 3]));
    assert_eq!((info("g/none").shape, info("g/none").stored_bytes), (vec![0, 2], 0));
    assert_eq!(info("g/flat").shape, [7, 0]);
    assert_eq!(reader.array("g/none", 0..5).unwrap().rows(), 0);
    assert_eq!(tree.find("long").unwrap().attrs.units.as_deref(), Some("ns"));
    assert_eq!(tree.datatype, None);
}

#[test]
fn incompressible_and_uncompressed_chunks_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.h5");
    let mut state = 1u64;
    let noise: Vec<u64> = (0..40_000)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state ^ (state >> 33)
        })
        .collect();
    let noise = Array::from_u64(&noise);
    let mut writer = Writer::create(&path, options(2)).unwrap();
    let packed = writer.dataset("packed", DType::U64, &[], 20_000, &[]).unwrap();
    let buffer = writer.append_vec(packed, noise.data[..160_000].to_vec()).unwrap();
    assert!(buffer.is_empty());
    writer.append(packed, &noise.data[160_000..]).unwrap();
    let rows = Chunk::Rows(30_000);
    let plain = writer.dataset_with("plain", DType::U64, &[], rows, &[], Filters::NONE).unwrap();
    writer.append(plain, &noise.data).unwrap();
    let stats = writer.finish().unwrap();
    assert!(stats.stored_bytes >= 320_000 + 480_000);
    let reader = Reader::open(&path).unwrap();
    assert_eq!(reader.array("packed", 0..40_000).unwrap(), noise);
    assert_eq!(reader.array("plain", 0..40_000).unwrap(), noise);
}

#[test]
fn what_went_to_the_disk_before_the_end_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.h5");
    let options = Options { compression: Compression::None, ..Options::default() };
    let mut writer = Writer::create(&path, options).unwrap();
    let id = writer.dataset("a", DType::U16, &[1 << 15], 4, &[]).unwrap();
    let rows: Vec<Array> = (0..160).map(|row| Array::from_u16(&samples(1 << 15, row))).collect();
    rows.iter().for_each(|row| writer.append(id, &row.data).unwrap());
    assert!(writer.finish().unwrap().stored_bytes > 8 << 20);
    let read = Reader::open(&path).unwrap().array("a", 0..160).unwrap();
    assert!(read.data.chunks(1 << 16).eq(rows.iter().map(|row| row.data.as_slice())));
}

#[test]
fn more_datasets_than_may_be_open() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.h5");
    let mut writer = Writer::create(&path, options(2)).unwrap();
    let ids: Vec<_> = (0..600)
        .map(|n| writer.dataset(&format!("g{}/d{n}", n % 7), DType::U16, &[], 8, &[]).unwrap())
        .collect();
    for round in 0..3u16 {
        for id in &ids {
            writer.append(*id, &Array::from_u16(&[round; 11]).data).unwrap();
        }
    }
    writer.finish().unwrap();
    let reader = Reader::open(&path).unwrap();
    let expected: Vec<u16> = (0..33).map(|n| n / 11).collect();
    for n in 0..600 {
        let array = reader.array(&format!("g{}/d{n}", n % 7), 0..100).unwrap();
        assert_eq!(array, Array::from_u16(&expected), "dataset {n}");
    }
}

#[test]
fn structs_scalars_and_arrays_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    let mut writer = Writer::create(&path, options(1)).unwrap();
    let field = |name: &str, object| (name.to_owned(), Attrs::new(), object);
    let mut map = Table::new();
    map.push("key", Attrs::new(), Array::from_u32(&[1, 2])).unwrap();
    let object = Object::Struct(vec![
        field("zeta", Object::Scalar(Scalar::F64(f64::NAN))),
        ("gain".into(), Attrs::with_units("V"), Object::Scalar(Scalar::I8(-5))),
        field("on", Object::Scalar(Scalar::Bool(true))),
        field("list", Object::Array(Array::from_i64(&[1, 2, 3]))),
        field("name", Object::Text(String::new())),
        field("empty", Object::Struct(Vec::new())),
        field("map", Object::Table(map)),
    ]);
    write_object(&mut writer, "/run/config", &Attrs::new().described("d"), &object).unwrap();
    writer.finish().unwrap();
    let reader = Reader::open(&path).unwrap();
    let tree = reader.tree().unwrap();
    let datatype = |path: &str| tree.find(path).and_then(|node| node.datatype.clone()).unwrap();
    assert_eq!(datatype("run"), "struct{config}");
    assert_eq!(datatype("run/config"), "struct{empty,gain,list,map,name,on,zeta}");
    assert_eq!(datatype("run/config/empty"), "struct{}");
    assert_eq!(datatype("run/config/map"), "table{key}");
    assert_eq!(datatype("run/config/list"), "array<1>{real}");
    assert_eq!(datatype("run/config/on"), "bool");
    assert_eq!(tree.find("run/config").unwrap().attrs.description.as_deref(), Some("d"));
    let gain = tree.find("run/config/gain").unwrap();
    assert_eq!(gain.attrs.units.as_deref(), Some("V"));
    assert_eq!(gain.dataset().unwrap().element, ElementType::Plain(DType::I8));
    assert_eq!(reader.array("run/config/gain", 0..1).unwrap().get_i64(0), Some(-5));
    assert!(reader.array("run/config/zeta", 0..1).unwrap().get_f64(0).unwrap().is_nan());
    assert_eq!(reader.text("run/config/name").unwrap(), "");
}

#[test]
fn wrong_use_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    let mut writer = Writer::create(&path, options(1)).unwrap();
    let table = batch(2, 0);
    let policy = ChunkPolicy::default();
    let mut output = TableWriter::create(&mut writer, "t", &table, policy).unwrap();
    let is_parameter = |result: Result<(), Error>| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Parameter { .. }), "{error}");
    };
    is_parameter(TableWriter::create(&mut writer, "t", &table, policy).map(|_| ()));
    is_parameter(writer.scalar("t/channel/x", Scalar::Bool(true), &[]));
    let object = Object::Text("x".into());
    is_parameter(write_object(&mut writer, "t/x", &Attrs::new(), &object));
    is_parameter(writer.text("a//b", "x", &[]));
    is_parameter(writer.text("b", "x\0y", &[]));
    is_parameter(write_object(&mut writer, "a,b", &Attrs::new(), &Object::Text("x".into())));
    let mut other = table.clone();
    other.columns[1].name = "chan".into();
    is_parameter(output.append(&mut writer, &other));
    let mut ragged = table.clone();
    ragged.rows = 3;
    is_parameter(output.append(&mut writer, &ragged));
    let id = writer.dataset("d", DType::U16, &[4], 8, &[]).unwrap();
    is_parameter(writer.append(id, &[0; 12]));
    is_parameter(writer.dataset("e", DType::U16, &[1 << 40], 8, &[]).map(|_| ()));
    output.append(&mut writer, &table).unwrap();
    writer.finish().unwrap();
    assert!(matches!(
        Writer::create(&dir.path().join("no/a.lh5"), options(1)),
        Err(Error::Hdf5 { .. })
    ));
    let zero = Options { compression: Compression::Gzip(0), ..options(1) };
    is_parameter(Writer::create(&path, zero).map(|_| ()));
}

#[test]
fn dropping_a_writer_does_not_hang() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(&dir.path().join("a.h5"), options(3)).unwrap();
    let id = writer.dataset("d", DType::U16, &[1000], 100, &[]).unwrap();
    for seed in 0..20 {
        writer.append(id, &Array::from_u16(&samples(100_000, seed)).data).unwrap();
    }
    assert!(writer.buffered_bytes() <= (16 << 20) + 200_000);
    drop(writer);
}

#[test]
fn chunk_policy_bounds_what_a_table_holds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.lh5");
    let mut writer = Writer::create(&path, options(1)).unwrap();
    let policy = ChunkPolicy::for_tables(100, 100 * 8192);
    let table = batch(1000, 5);
    for channel in 0..100 {
        let mut output =
            TableWriter::create(&mut writer, &format!("ch{channel}"), &table, policy).unwrap();
        output.append(&mut writer, &table).unwrap();
    }
    assert!(writer.buffered_bytes() < 100 * 8192, "{}", writer.buffered_bytes());
    writer.finish().unwrap();
}

#[test]
fn unknown_files_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.h5");
    let file = hdf5::File::create(&path).unwrap();
    let group = file.create_group("g").unwrap();
    for name in ["again", "loop"] {
        group.link_hard("/g", name).unwrap();
    }
    file.link_soft("/nowhere", "dangling").unwrap();
    group.new_dataset::<f32>().shape((2, 3)).create("x").unwrap();
    drop((group, file));
    let tree: Node = Reader::open(&path).unwrap().tree().unwrap();
    assert_eq!(tree.children.len(), 2);
    let again = tree.find("g/again").unwrap();
    assert_eq!((&again.kind, again.children.len()), (&NodeKind::Ancestor, 0));
    assert_eq!(tree.find("dangling").unwrap().kind, NodeKind::Unknown);
    assert_eq!(tree.find("g/x").unwrap().dataset().unwrap().shape, [2, 3]);
    assert!(Reader::open(&dir.path().join("missing")).is_err());
}
