//! Files of sim_telarray: any bytes are read and processed or refused, and what comes of them does not depend on threads.

use std::path::Path;

use tierline_dl1::event::Dl1Event;
use tierline_dl1::eventio::Input;
use tierline_dl1::pipeline::{
    EventSink, EventSource, Outcome, ProcessSettings, Processor, Undecoded, process,
};
use tierline_dl1::random::Random;
use tierline_dl1::simtel::source::FocalLengthChoice;
use tierline_dl1::simtel::{SimtelEventSource, SourceOptions};
use tierline_dl1::{Error, clean, extract};
use tierline_report::Limits;
use tierline_tests::simtel::{Order, run as emitted};

struct Source(SimtelEventSource);

impl EventSource for Source {
    fn next_event(&mut self) -> Result<Option<Undecoded>, Error> {
        let Some(event) = self.0.next().transpose()? else { return Ok(None) };
        let converter = self.0.converter().clone();
        Ok(Some(Box::new(move |decoding| converter.convert_with(&event, decoding).map(|it| (it.event, it.notes)))))
    }
}

#[derive(Default)]
struct Sink(Vec<Dl1Event>);

impl EventSink for Sink {
    fn write(&mut self, event: &Dl1Event) -> Result<(), Error> {
        self.0.push(event.clone());
        Ok(())
    }
}

/// The first byte chooses the extractor and the cleaner; the rest is the file.
pub fn run(data: &[u8]) {
    let Some((&choice, file)) = data.split_first() else { return };
    let mut settings = ProcessSettings::default();
    let extractor = &extract::EXTRACTORS[usize::from(choice) % extract::EXTRACTORS.len()];
    let cleaner = &clean::CLEANERS[usize::from(choice >> 4) % clean::CLEANERS.len()];
    settings.extractor =
        tierline_dl1::instrument::TelescopeParameter::all(extractor.name.to_owned());
    settings.cleaner = cleaner.name.to_owned();
    let one = work(file, &settings, 1);
    let two = work(file, &settings, 2);
    // NaN is not equal to itself, but looks the same.
    assert_eq!(format!("{one:?}"), format!("{two:?}"));
}

/// What comes of a file: the events, how many were lost, and whether it ends early.
fn work(
    file: &[u8],
    settings: &ProcessSettings,
    threads: usize,
) -> Option<(Vec<Dl1Event>, u64, bool)> {
    let options = SourceOptions {
        skip_calibration_events: false,
        focal_length_choice: FocalLengthChoice::Equivalent,
        limits: Limits { max_allocation: 16 << 20, ..Limits::default() },
        ..SourceOptions::default()
    };
    let (path, input) = (Path::new("fuzz"), Input::from(file.to_vec()));
    let source = SimtelEventSource::read(input, path, options).ok()?;
    let subarray = source.subarray().clone();
    let processor = Processor::new(path, &subarray, settings.clone()).ok()?;
    let (mut source, mut sink) = (Source(source), Sink::default());
    let mut random = Random::default();
    let done = process(&mut source, &processor, &mut random, threads, &mut sink, &mut |_| Ok(()));
    let Outcome { lost_events, truncated, .. } = done.ok()?;
    Some((sink.0, lost_events, truncated.is_some()))
}

/// Inputs to start from.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for choice in (0..extract::EXTRACTORS.len() as u8).chain([16, 32, 48, 64]) {
        let order = if choice == 3 { Order::Big } else { Order::Little };
        all.push([&[choice][..], &emitted(order)].concat());
    }
    all
}
