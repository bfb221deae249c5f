//! What was never a file of any format.

use std::path::Path;
use std::time::{Duration, Instant};

use tierline::dataio::image::{CODECS, Source};

use super::readers::{limits, read_image};
use super::variants::Numbers;

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
            let source = Source::memory(Path::new("x"), input.clone(), limits());
            let _ = read_image(*codec, source);
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
