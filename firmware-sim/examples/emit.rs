//! Writes every example run into a directory: `emit DIRECTORY [SEED]`.

use std::{env, fs, io, path::Path};

use tierline_firmware_sim::emit::EXAMPLES;

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| ".".into());
    let seed = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    for example in EXAMPLES {
        let path = Path::new(&directory).join(example.file_name);
        let bytes = (example.make)(seed, example.events);
        println!("{} {} ({} bytes)", path.display(), example.description, bytes.len());
        fs::write(path, bytes)?;
    }
    Ok(())
}
