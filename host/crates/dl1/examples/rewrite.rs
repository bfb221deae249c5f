//! Reads a file of ctapipe's DL1 data and writes it again: `rewrite FROM TO [v7.6.0] [observation]`.

use std::path::Path;

use tierline_dl1::reader::ctapipe::Reader;
use tierline_dl1::writer::ctapipe::{Dl1Writer, Model, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, rest @ ..] = arguments.as_slice() else {
        return Err("usage: rewrite FROM TO [v7.6.0] [observation]".into());
    };
    let has = |word: &str| rest.iter().any(|own| own == word);
    let mut reader = Reader::open(Path::new(from))?;
    let options = Options {
        model: if has("v7.6.0") { Model::V7_6_0 } else { Model::V7_1_0 },
        images: true,
        is_simulation: reader.is_simulation() && !has("observation"),
        ..Options::default()
    };
    let mut writer = Dl1Writer::create(Path::new(to), reader.subarray(), options)?;
    while let Some(event) = reader.next_event()? {
        writer.write(&event)?;
    }
    let stats = writer.finish(reader.run())?;
    println!("{} events, {} bytes in {} chunks", reader.len(), stats.stored_bytes, stats.chunks);
    Ok(())
}
