//! How long opening an image file and decoding all its frames takes: `time_read FILE ROUNDS`.
//!
//! Prints the seconds of the fastest round, and bytes of pixels, as JSON.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use tierline_dataio::image::open;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, rounds] = arguments.as_slice() else {
        return Err("usage: time_read FILE ROUNDS".into());
    };
    let mut best = f64::INFINITY;
    let mut bytes = 0;
    for _ in 0..rounds.parse::<usize>()?.max(1) {
        let start = Instant::now();
        bytes = 0;
        let mut image = open(Path::new(file))?;
        for index in 0..image.frames()? {
            bytes += std::hint::black_box(image.frame(index)?).pixels.data.len();
        }
        best = best.min(start.elapsed().as_secs_f64());
        if let Some(warning) = image.warnings().first() {
            return Err(warning.clone().into());
        }
    }
    println!("{{\"seconds\": {best:.6}, \"bytes\": {bytes}}}");
    Ok(())
}
