//! Encoded columns, as written and as read.

use std::path::Path;

use tierline_table::{
    Array, Attrs, Codec, Column, DType, DecodedSize, EncodedVectors, Table, VectorOfVectors,
};

use super::codec::{CodecError, decode_column, encode_column};
use super::{ChunkPolicy, TableWriter};
use crate::tree::Reader;
use crate::{Options, Writer};

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
