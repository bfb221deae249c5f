//! Reads an image of any format and writes it in another: `encode_image IN OUT FORMAT`.
//!
//! All frames are written, where the format holds more than one; else the first.

use std::error::Error;
use std::path::Path;

use tierline_dataio::image::{CODECS, Target, open};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, format] = arguments.as_slice() else {
        return Err("usage: encode_image IN OUT FORMAT".into());
    };
    let codec = CODECS.iter().find(|codec| codec.name() == format);
    let encoder = codec.and_then(|codec| codec.encoder());
    let encoder = encoder.ok_or_else(|| format!("{format} is not written"))?;
    let mut image = open(Path::new(input))?;
    let count = image.frames()?;
    let count = if encoder.many() { count } else { count.min(1) };
    let mut frames = (0..count).map(|index| image.frame(index));
    let path = Path::new(output);
    std::fs::File::create(path)?;
    encoder.write(&mut frames, Target { path, name: path })?;
    Ok(())
}
