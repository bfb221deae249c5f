//! Damaged files: none may bring a reader down, or take long.

use std::path::Path;
use std::time::{Duration, Instant};

use tierline::dataio::Error;
use tierline::dataio::image::{CODECS, Codec, Limits, Source, detect};
use tierline_tests::data::shared;

use super::golden::golden;

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn source(name: &Path, bytes: &[u8]) -> Source {
    let limits = Limits { max_allocation: 16 << 20, ..Limits::default() };
    Source::memory(name, bytes.to_vec(), limits)
}

/// Reads the first frames, right or not.
fn read(codec: &dyn Codec, source: Source) -> Result<(), Error> {
    let mut image = codec.open(source)?;
    for i in 0..image.frames()?.min(3) {
        let (header, frame) = (image.header(i), image.frame(i));
        if let (Ok(header), Ok(frame)) = (header, frame) {
            let pixels = &frame.pixels;
            assert_eq!(pixels.len() * pixels.dtype.size(), pixels.data.len());
            // As text: a number may be none, which equals nothing.
            assert!(format!("{header:?}") == format!("{:?}", frame.header));
        }
    }
    let _ = (image.frame(usize::MAX).is_err(), image.warnings().len());
    Ok(())
}

/// The bytes of a file of the goldens, decompressed; `None` for large ones.
fn content(file: &str) -> Option<Vec<u8>> {
    let path = shared(&format!("data/dataio/{file}"))?;
    let source = Source::open(&path, Default::default()).unwrap();
    (source.len() < 400_000).then(|| source.all().unwrap())
}

#[test]
fn damaged_files_do_no_harm() {
    let Some(golden) = golden("fabio_images.json") else { return };
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for file in golden["files"].as_object().unwrap().keys() {
        let Some(whole) = content(file) else { continue };
        let name = Path::new(file);
        for round in 0..30 {
            let mut bytes = whole.clone();
            if round % 3 == 0 {
                bytes.truncate(numbers.below(whole.len()));
            }
            // Mostly the header.
            let reach = if round % 2 == 0 { 600 } else { bytes.len() };
            for _ in 0..=numbers.below(12) {
                let place = numbers.below(reach.min(bytes.len()));
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = [0, 0xff, 0x7f, 0x80, b'9', b'-', b'\n', numbers.below(256) as u8]
                        [numbers.below(8)];
                }
            }
            let start = Instant::now();
            if let Ok(codec) = detect(&source(name, &bytes)) {
                let _ = read(codec, source(name, &bytes));
            }
            let time = start.elapsed();
            assert!(time < Duration::from_secs(5), "{file}, round {round}: {time:?}");
        }
    }
}

#[test]
fn garbage_is_refused_at_once() {
    let mut numbers = Numbers(7);
    let random: Vec<u8> = (0..10_000).map(|_| numbers.below(256) as u8).collect();
    let texts =
        ["{", "{}\n", "{a=b;", ";", "'", "\"", "loop_ _a ", "=", "\n", "#", "<", "\\", " 1"];
    let mut inputs: Vec<Vec<u8>> =
        texts.iter().map(|text| text.repeat(10_000 / text.len()).into_bytes()).collect();
    inputs.extend([random, vec![0; 10_000], vec![0xff; 10_000], vec![0x80; 10_000]]);
    for codec in CODECS {
        for input in &inputs {
            let start = Instant::now();
            let _ = read(*codec, source(Path::new("x"), input));
            let time = start.elapsed();
            assert!(
                time < Duration::from_secs(1),
                "{}: {time:?} for {:?}…",
                codec.name(),
                &input[..4]
            );
        }
    }
}
