//! Reads a file of ctapipe's DL1 data and writes it again: `rewrite FROM TO [v7.6.0] [observation] [ctaml-0.7 |
//! ctaml-0.8]`. The last two write the format of dl1-data-handler.

use std::path::Path;

use tierline_dl1::observation::SimulationRun;
use tierline_dl1::reader::ctapipe::Reader;
use tierline_dl1::writer::ctaml::{self, CtamlWriter, Header, Variant};
use tierline_dl1::writer::ctapipe::{Dl1Writer, Model, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [from, to, rest @ ..] = arguments.as_slice() else {
        return Err("usage: rewrite FROM TO [v7.6.0] [observation] [ctaml-0.7 | ctaml-0.8]".into());
    };
    let has = |word: &str| rest.iter().any(|own| own == word);
    let (mut reader, to) = (Reader::open(Path::new(from))?, Path::new(to));
    let handlers = [("ctaml-0.7", Variant::V0_7), ("ctaml-0.8", Variant::V0_8)];
    if let Some((_, variant)) = handlers.into_iter().find(|(word, _)| has(word)) {
        return handler(&mut reader, from, to, variant);
    }
    let options = Options {
        model: if has("v7.6.0") { Model::V7_6_0 } else { Model::V7_1_0 },
        images: true,
        camera_frame: reader.is_camera_frame(),
        is_simulation: reader.is_simulation() && !has("observation"),
        ..Options::default()
    };
    let mut writer = Dl1Writer::create(to, reader.subarray(), options)?;
    while let Some(event) = reader.next_event()? {
        writer.write(&event)?;
    }
    let stats = writer.finish(reader.run())?;
    println!("{} events, {} bytes in {} chunks", reader.len(), stats.stored_bytes, stats.chunks);
    Ok(())
}

fn handler(
    reader: &mut Reader,
    from: &str,
    to: &Path,
    variant: Variant,
) -> Result<(), Box<dyn std::error::Error>> {
    let options = ctaml::Options { mc_events: true, ..ctaml::Options::new(variant) };
    let mut writer = CtamlWriter::create(to, options)?;
    let direction = reader.run().observations.first().map(|own| own.pointing);
    let run: SimulationRun = reader.run().simulation_runs.first().cloned().unwrap_or_default();
    let direction = direction.ok_or("the file has no observation")?;
    writer.begin_input(from, reader.subarray(), &Header { direction, run })?;
    while let Some(event) = reader.next_event()? {
        writer.write(&event)?;
        if let Some(shower) = &event.shower {
            writer.write_mc_event(event.obs_id, event.event_id, shower)?;
        }
    }
    let (files, stats) = writer.finish()?;
    println!("{} files, {} bytes in {} chunks", files.len(), stats.stored_bytes, stats.chunks);
    Ok(())
}
