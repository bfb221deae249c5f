use std::path::Path;

use tierline_report::Limits;

use super::super::super::{Target, Value};
use super::*;

fn open(bytes: &[u8]) -> Result<Box<dyn Image>, Error> {
    Cbf.open(Source::memory(Path::new("x.cbf"), bytes.to_vec(), Limits::default()))
}

fn write(frame: Frame) -> Result<Vec<u8>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let target = Target { path: &path, name: Path::new("x y.cbf") };
    Cbf.encoder().unwrap().write(&mut std::iter::once(Ok(frame)), target)?;
    Ok(std::fs::read(&path).unwrap())
}

fn image(dtype: DType, rows: usize, columns: usize) -> Pixels {
    let data = (0..rows * columns * dtype.size()).map(|i| (i * i / 7 % 251) as u8).collect();
    Pixels { dtype, shape: vec![rows, columns], data }
}

#[test]
fn what_is_written_is_read() {
    for (_, dtype) in &TYPES[..8] {
        let mut header = Header::new();
        let pairs = [
            ("_a", "one"),
            ("_b", "two words"),
            ("_c", "it's \"both\" here"),
            ("_d", "l1\nl2"),
            ("_e", "_x"),
            ("key", "7"),
            ("X-Binary-Size", "9"),
        ];
        let row = |n: i64| Value::Map(vec![("_p".into(), n.into()), ("_q".into(), "a b".into())]);
        let names = Value::List(vec!["_p".into(), "_q".into()]);
        let rows = Value::List((0..40).map(row).collect());
        header.set("loop_", Value::List(vec![Value::List(vec![names, rows])]));
        pairs.iter().for_each(|(key, value)| header.set(*key, *value));
        let pixels = image(*dtype, 50, 31);
        let bytes = write(Frame { pixels: pixels.clone(), header }).unwrap();
        let mut image = open(&bytes).unwrap();
        let frame = image.frame(0).unwrap();
        assert!(image.warnings().is_empty() && !image.incomplete());
        assert!(frame.pixels == pixels);
        for (key, value) in &pairs[..5] {
            assert_eq!(frame.header.text(key), Some(*value));
        }
        assert_eq!(frame.header.text("_array_data.header_contents"), Some("# key 7"));
        let Some(Value::List(loops)) = frame.header.get("loop_") else { panic!("no loop") };
        assert!(loops[0].to_string().ends_with("{_p: 39, _q: a b}]]"));
        assert!(image.frame(1).is_err());
    }
}

#[test]
fn a_header_does_not_end_the_text() {
    let marker = String::from_utf8_lossy(MARKER).into_owned();
    let mut header = Header::new();
    header.set("_a", format!("x\n;\n{marker}\n").as_str());
    header.set("_b", ";\n;\n_c 1");
    header.set("key", marker.as_str());
    let pixels = image(DType::U16, 4, 5);
    let bytes = write(Frame { pixels: pixels.clone(), header }).unwrap();
    let frame = open(&bytes).unwrap().frame(0).unwrap();
    assert!(frame.pixels == pixels);
    assert!(frame.header.get("_b").is_some() && frame.header.get("_c").is_none());
}

#[test]
fn floats_are_cast() {
    let data = [1.7_f32, -2.5, 1e30].iter().flat_map(|v| v.to_le_bytes()).collect();
    let pixels = Pixels { dtype: DType::F32, shape: vec![3], data };
    let frame = open(&write(Frame { pixels, header: Header::new() }).unwrap()).unwrap().frame(0);
    let pixels = frame.unwrap().pixels;
    assert_eq!((pixels.dtype, pixels.shape.as_slice()), (DType::I64, &[1, 3][..]));
    assert_eq!(pixels.integers().collect::<Vec<_>>(), [1, -2, i64::MAX]);
}

#[test]
fn a_wrong_checksum_is_a_warning() {
    let mut bytes =
        write(Frame { pixels: image(DType::I32, 9, 9), header: Header::new() }).unwrap();
    let start = memmem::find(&bytes, &STARTER).unwrap() + STARTER.len();
    bytes[start] ^= 1;
    let mut image = open(&bytes).unwrap();
    assert!(image.frame(0).is_ok());
    assert!(image.warnings()[0].starts_with("Content-MD5"));
}

#[test]
fn every_truncation_is_read_or_refused() {
    let bytes = write(Frame { pixels: image(DType::I32, 9, 9), header: Header::new() }).unwrap();
    let start = memmem::find(&bytes, &STARTER).unwrap() + STARTER.len();
    let end = bytes.len() - MARKER.len() - 9;
    for length in 0..bytes.len() {
        match open(&bytes[..length]) {
            Ok(mut image) => {
                assert!(length >= start);
                assert_eq!(image.incomplete(), length < end, "{length}");
                assert_eq!(image.frame(0).unwrap().pixels.data.len(), 324);
            }
            Err(_) => assert!(length < start),
        }
    }
}

#[test]
fn the_section_may_be_far_and_plain() {
    let head = "###CBF: VERSION\n_a 1\n".to_owned() + &"# x\n".repeat(30_000);
    let mime = "\n;\n--CIF-BINARY-FORMAT-SECTION--\nContent-Type: x; conversions=\"x-CBF_NONE\"\n\
                X-Binary-Element-Type: \"unsigned 16-bit integer\"\n\
                X-Binary-Element-Byte-Order: BIG_ENDIAN\n";
    let file = |more: &str| {
        [head.as_bytes(), mime.as_bytes(), more.as_bytes(), &STARTER, &[0, 1, 0, 2]].concat()
    };
    let pixels = open(&file("X-Binary-Size: 4\n\n")).unwrap().frame(0).unwrap().pixels;
    assert_eq!((pixels.shape, pixels.data), (vec![2], vec![1, 0, 2, 0]));
    let pixels = open(&file("\n")).unwrap().frame(0).unwrap().pixels;
    assert_eq!(pixels.data, [1, 0, 2, 0]);
    let large = "X-Binary-Size: 4\nX-Binary-Size-Fastest-Dimension: 9999999999\nX-Binary-Size-Second-Dimension: 9999999999\n\n";
    assert!(open(&file(large)).unwrap().frame(0).is_err());
    assert!(open(&file("X-Binary-Size: -4\n\n")).is_err());
    assert!(open(&file("conversions=\"x-CBF_PACKED\"\nX-Binary-Size: 4\n\n")).is_err());
}
