//! Files whose content is known from elsewhere, where fabio fails.

use tierline::dataio::image::codec::binary::Layout;
use tierline::dataio::image::{DType, Endian, Image, Source, open};
use tierline_tests::data::shared;

use super::compare::{self, sha256};
use super::golden::golden;

/// fabio counts the frames of maps but can't read them.
#[test]
fn maps_are_read_frame_by_frame() {
    let Some(truth) = golden("extra_truth.json") else { return };
    let maps = truth.as_object().unwrap().iter().filter(|(file, _)| file.contains("mrc"));
    for (file, truth) in maps {
        let mut image = open(&shared(&format!("data/dataio/{file}")).unwrap()).unwrap();
        assert_eq!(image.frames().unwrap() as u64, truth["shape"][0], "{file}");
        let mut sum = 0.0;
        for index in 0..image.frames().unwrap() {
            let pixels = image.frame(index).unwrap().pixels;
            assert_eq!(pixels.dtype.name(), truth["dtype"], "{file}");
            assert_eq!(pixels.shape[0] as u64, truth["shape"][1], "{file}");
            if let Some(hash) = truth["frame_sha256"].get(index) {
                assert_eq!(*hash, sha256(&pixels.data), "{file}: frame {index}");
            }
            sum += pixels.floats().iter().sum::<f64>();
        }
        let expected = truth["sum"].as_f64().unwrap();
        assert!((sum - expected).abs() <= 1e-6 * expected.abs(), "{file}: sum {sum}");
    }
}

#[test]
fn raw_numbers_are_read_with_a_layout() {
    let Some(truth) = golden("written_truth.json") else { return };
    let path = shared("data/dataio/written/raw.bin").unwrap();
    let layout = Layout {
        columns: 96,
        rows: 64,
        offset: Some(0),
        dtype: DType::I32,
        endian: Endian::Little,
    };
    let source = Source::open(&path, Default::default()).unwrap();
    let mut image: Box<dyn Image> = layout.open(source).unwrap();
    let frame = image.frame(0).unwrap();
    assert_eq!(compare::pixels(&frame.pixels, &truth["raw.bin"]), None);
}

/// JPEG leaves the last bit to the decoder: all pixels together may not differ by more than one each has.
#[test]
fn jpeg_is_like_pillows() {
    let Some(golden) = golden("fabio_images.json") else { return };
    let golden = &golden["files"]["synth/gray.jpg"]["frames"][0];
    let path = shared("data/dataio/synth/gray.jpg").unwrap();
    let pixels = open(&path).unwrap().frame(0).unwrap().pixels;
    assert_eq!((pixels.dtype, pixels.shape.as_slice()), (DType::U8, &[64, 96][..]));
    let near = |own: i64, key: &str, most: f64| {
        let golden = golden[key].as_f64().unwrap();
        assert!((own as f64 - golden).abs() <= most, "{key}: {own}, not {golden}");
    };
    near(pixels.integers().sum(), "sum", 0.01 * 64.0 * 96.0);
    near(pixels.integers().min().unwrap(), "min", 1.0);
    near(pixels.integers().max().unwrap(), "max", 1.0);
}

/// fabio was given integers of 32 bits and needed 16 for them.
#[test]
fn bruker_files_hold_the_numbers_they_were_given() {
    let Some(truth) = golden("written_truth.json") else { return };
    let path = shared("data/dataio/written/bruker86.0001").unwrap();
    let pixels = open(&path).unwrap().frame(0).unwrap().pixels.cast(DType::U32);
    assert_eq!(compare::pixels(&pixels, &truth["bruker86.0001"]), None);
}
