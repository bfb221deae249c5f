//! Times reading of a file of sim_telarray: `time_simtel FILE walk|parse|process ROUNDS` prints the fastest of some calls
//! in seconds, and how many objects or telescope events were seen, as JSON.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use tierline_dl1::event::Dl1Event;
use tierline_dl1::eventio::ObjectReader;
use tierline_dl1::pipeline::{self, EventSink, EventSource, ProcessSettings, Processor, Undecoded};
use tierline_dl1::random::Random;
use tierline_dl1::simtel::source::FocalLengthChoice;
use tierline_dl1::simtel::{Options, SimtelEventSource, SimtelFile, SourceOptions};
use tierline_report::Limits;

/// Headers of all objects; content that is no objects is passed over.
fn walk(path: &Path) -> Result<u64, Box<dyn Error>> {
    let (mut reader, mut objects) = (ObjectReader::open(path, Limits::default())?, 0);
    while let Some(header) = reader.next_header()? {
        objects += 1;
        if header.only_sub_objects {
            reader.enter();
        }
    }
    Ok(objects)
}

/// Everything decoded, as objects of this crate.
fn parse(path: &Path) -> Result<u64, Box<dyn Error>> {
    let options = Options { skip_calibration: false, ..Options::default() };
    let mut telescopes = 0;
    for event in SimtelFile::open(path, options)? {
        let event = event?;
        if let Some(parsed) = event.parse() {
            telescopes += parsed.map_err(|flaw| format!("{flaw:?}"))?.telescopes.len() as u64;
        }
        event.photo_electrons().map_err(|flaw| format!("{flaw:?}"))?;
    }
    Ok(telescopes)
}

/// Passes events that are not decoded yet.
struct Source(SimtelEventSource);

impl EventSource for Source {
    fn next_event(&mut self) -> Result<Option<Undecoded>, tierline_dl1::Error> {
        let Some(event) = self.0.next().transpose()? else { return Ok(None) };
        let converter = self.0.converter().clone();
        Ok(Some(Box::new(move |decoding| {
            converter.convert_with(&event, decoding).map(|it| (it.event, it.notes))
        })))
    }
}

struct Nowhere;

impl EventSink for Nowhere {
    fn write(&mut self, _: &Dl1Event) -> Result<(), tierline_dl1::Error> {
        Ok(())
    }
}

/// All events to images and parameters, by one thread, which go nowhere.
fn process(path: &Path) -> Result<u64, Box<dyn Error>> {
    let focal_length_choice = FocalLengthChoice::Equivalent;
    let options = SourceOptions { focal_length_choice, ..SourceOptions::default() };
    let source = SimtelEventSource::open(path, options)?;
    let processor = Processor::new(path, &source.subarray().clone(), ProcessSettings::default())?;
    let (mut random, mut source) = (Random::default(), Source(source));
    let mut progress = |_| Ok(());
    let outcome =
        pipeline::process(&mut source, &processor, &mut random, 1, &mut Nowhere, &mut progress)?;
    Ok(outcome.telescope_events)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let [_, path, what, rounds] = args.as_slice() else {
        return Err("time_simtel FILE walk|parse|process ROUNDS".into());
    };
    let work = match what.as_str() {
        "walk" => walk,
        "parse" => parse,
        "process" => process,
        _ => return Err("walk, parse or process".into()),
    };
    let (mut best, mut seen) = (f64::INFINITY, 0);
    for _ in 0..rounds.parse()? {
        let start = Instant::now();
        seen = work(Path::new(path))?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{{\"seconds\": {best}, \"seen\": {seen}}}");
    Ok(())
}
