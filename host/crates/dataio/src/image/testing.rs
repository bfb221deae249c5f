//! Helpers of the codecs' tests.

use std::path::Path;

use tierline_report::Limits;
use tierline_table::DType;

use super::{Codec, Frame, Header, Image, Pixels, Source, Target};
use crate::Error;

/// Opens bytes as a file of the format.
pub(crate) fn open_bytes(codec: &dyn Codec, bytes: Vec<u8>) -> Result<Box<dyn Image>, Error> {
    codec.open(Source::memory(Path::new("memory"), bytes, Limits::default()))
}

/// The one frame of a file in memory.
pub(crate) fn read_bytes(codec: &dyn Codec, bytes: Vec<u8>) -> Result<Frame, Error> {
    open_bytes(codec, bytes)?.frame(0)
}

/// What the encoder makes of frames.
pub(crate) fn write_frames(codec: &dyn Codec, frames: &[Frame]) -> Result<Vec<u8>, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out");
    std::fs::write(&path, b"").unwrap();
    let mut all = frames.iter().cloned().map(Ok);
    let target = Target { path: &path, name: Path::new("out.0001") };
    codec.encoder().unwrap().write(&mut all, target)?;
    Ok(std::fs::read(&path).unwrap())
}

/// A picture of any type: a slope with steps of all sizes.
pub(crate) fn picture(dtype: DType, rows: usize, columns: usize, seed: u64) -> Frame {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let values = (0..rows * columns).flat_map(|i| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let small = (i % 97) as i64 + (state >> 60) as i64;
        let value = if state >> 56 & 15 == 0 { (state >> 32) as i32 as i64 / 3 } else { small };
        value.to_le_bytes()
    });
    let wide = Pixels { dtype: DType::I64, shape: vec![rows, columns], data: values.collect() };
    Frame { pixels: wide.cast(dtype), header: Header::new() }
}

/// Every shorter file fails or gives pixels; none panics.
pub(crate) fn truncated(codec: &dyn Codec, bytes: &[u8]) {
    assert!(read_bytes(codec, bytes.to_vec()).is_ok());
    for length in 0..bytes.len() {
        let read = read_bytes(codec, bytes[..length].to_vec());
        assert!(read.is_err(), "{length} bytes of {}", bytes.len());
    }
}

/// Changes bytes here and there: nothing may panic.
pub(crate) fn damaged(codec: &dyn Codec, bytes: &[u8]) {
    let mut state = 88_172_645_463_325_252u64;
    for _ in 0..2000 {
        let mut changed = bytes.to_vec();
        for _ in 0..3 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let place = state as usize % changed.len();
            changed[place] = (state >> 40) as u8;
        }
        if let Ok(mut image) = open_bytes(codec, changed) {
            let count = image.frames().unwrap_or(0);
            for index in 0..count.min(3) {
                let _ = image.frame(index);
            }
        }
    }
}

/// Writes pictures of these types and reads them back.
pub(crate) fn round_trip(codec: &dyn Codec, dtypes: &[DType], count: u64) {
    for dtype in dtypes {
        let frames: Vec<Frame> = (0..count).map(|seed| picture(*dtype, 37, 45, seed)).collect();
        let bytes = write_frames(codec, &frames).unwrap();
        let mut image = open_bytes(codec, bytes).unwrap();
        assert_eq!(image.frames().unwrap(), frames.len());
        for (index, frame) in frames.iter().enumerate() {
            let read = image.frame(index).unwrap();
            assert_eq!((read.pixels.dtype, &read.pixels.shape), (*dtype, &frame.pixels.shape));
            assert!(read.pixels.data == frame.pixels.data, "{dtype}: pixels of frame {index}");
        }
    }
}
