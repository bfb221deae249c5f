use std::path::Path;

use tierline_report::Limits;

use super::super::super::Target;
use super::*;

fn open(bytes: &[u8]) -> Result<Box<dyn Image>, Error> {
    Mar345.open(Source::memory(Path::new("x.mar2300"), bytes.to_vec(), Limits::default()))
}

fn write(pixels: Pixels, header: Header) -> Result<Vec<u8>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let target = Target { path: &path, name: Path::new("x.mar2300") };
    let frame = Frame { pixels, header };
    Mar345.encoder().unwrap().write(&mut std::iter::once(Ok(frame)), target)?;
    Ok(std::fs::read(&path).unwrap())
}

fn image(rows: usize, columns: usize) -> Pixels {
    let pixel = |i: usize| if i % 17 == 5 { 70_000 + i as u32 } else { (i * i % 4000) as u32 };
    let data = (0..rows * columns).flat_map(|i| pixel(i).to_le_bytes()).collect();
    Pixels { dtype: DType::U32, shape: vec![rows, columns], data }
}

#[test]
fn what_is_written_is_read() {
    for size in [1, 2, 7, 40] {
        let header: Header =
            [("PHI_START", "1.5"), ("PHI_END", "2"), ("PHI_OSC", "x"), ("DATE", "now")]
                .into_iter()
                .collect();
        let bytes = write(image(size, size), header).unwrap();
        let mut read = open(&bytes).unwrap();
        let frame = read.frame(0).unwrap();
        assert!(read.warnings().is_empty() && !read.incomplete());
        assert!(frame.pixels == image(size, size), "{size}");
        assert_eq!(frame.header.text("PHI_OSC"), Some("x"));
        assert_eq!(frame.header.get("StartPhi").unwrap().to_string(), "1.5");
    }
    let read = open(&write(image(2, 3), Header::new()).unwrap()).unwrap().frame(0).unwrap();
    assert_eq!(read.pixels.shape, [3, 3]);
    assert_eq!(read.pixels.data[..24], image(2, 3).data);
    let negative = Pixels { dtype: DType::I8, shape: vec![1], data: vec![255] };
    assert!(write(negative, Header::new()).is_err());
}

#[test]
fn the_high_byte_may_come_first() {
    let mut bytes = write(image(9, 9), Header::new()).unwrap();
    let high = number(&bytes[8..], false) as usize;
    bytes[..64].chunks_exact_mut(4).for_each(<[u8]>::reverse);
    bytes[4096..4096 + 8 * high].chunks_exact_mut(4).for_each(<[u8]>::reverse);
    let mut read = open(&bytes).unwrap();
    assert!(read.frame(0).unwrap().pixels == image(9, 9) && read.warnings().is_empty());
}

#[test]
fn every_truncation_is_read_or_refused() {
    let bytes = write(image(9, 9), Header::new()).unwrap();
    for length in (0..4096).step_by(61).chain(4096..bytes.len()) {
        if let Ok(frame) = open(&bytes[..length]).and_then(|mut image| image.frame(0)) {
            assert!(length > 4096 && frame.pixels.data.len() == 324);
        }
    }
}

#[test]
fn lies_are_refused() {
    let good = write(image(9, 9), Header::new()).unwrap();
    for (place, value) in
        [(1, 0), (1, -9), (1, 8), (2, -1), (2, i32::MAX), (3, 2), (5, -5), (5, i32::MAX)]
    {
        let mut bytes = good.clone();
        bytes[4 * place..4 * place + 4].copy_from_slice(&value.to_le_bytes());
        assert!(open(&bytes).and_then(|mut image| image.frame(0)).is_err(), "{place}: {value}");
    }
    let mut bytes = good.clone();
    bytes[4096..4100].copy_from_slice(&1000_i32.to_le_bytes());
    let mut read = open(&bytes).unwrap();
    assert!(read.frame(0).is_ok() && read.warnings().len() == 1);
}
