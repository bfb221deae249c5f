//! All events of a source, through the processor, to a sink.

use std::cell::RefCell;

use super::ordered::{self, Stages};
use super::processor::{Done, HalfEvent, ImageCounts, KeptWaveforms, Processor, Scratch};
use crate::Error;
use crate::event::{ArrayEvent, Decoding, Dl1Event, Shower};
use crate::random::Random;

/// An event that is not decoded yet: doing so is work for any thread. What is left out of it comes as notes.
pub type Undecoded =
    Box<dyn FnOnce(&mut Decoding) -> Result<(ArrayEvent, Vec<Error>), Error> + Send>;

/// A simulated shower, whether it triggered or not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedEvent {
    /// Number of the run.
    pub obs_id: i32,
    /// Number of the event.
    pub event_id: i64,
    /// The shower.
    pub shower: Shower,
}

/// Where events come from.
pub trait EventSource {
    /// The next event; `None` at the end. [`Error::Truncated`] ends the source, too, other errors do so for good.
    fn next_event(&mut self) -> Result<Option<Undecoded>, Error>;

    /// What was left out until now, and why.
    fn take_notes(&mut self) -> Vec<Error> {
        Vec::new()
    }

    /// Showers that were simulated until now, if they are wanted.
    fn take_simulated(&mut self) -> Vec<SimulatedEvent> {
        Vec::new()
    }

    /// Bytes that were read.
    fn offset(&self) -> u64 {
        0
    }
}

/// Where processed events go, in the order of the source.
pub trait EventSink {
    /// Takes an event.
    fn write(&mut self, event: &Dl1Event) -> Result<(), Error>;

    /// Takes waveforms of an event that was written.
    fn write_waveforms(&mut self, _event: &Dl1Event, _kept: &KeptWaveforms) -> Result<(), Error> {
        Ok(())
    }

    /// Takes a simulated shower, whether it triggered or not.
    fn write_simulated(&mut self, _event: &SimulatedEvent) -> Result<(), Error> {
        Ok(())
    }
}

/// What a run did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Events written.
    pub events: u64,
    /// Telescopes of these events.
    pub telescope_events: u64,
    /// Events that did not pass the cuts.
    pub events_cut: u64,
    /// Images that did not pass the cuts.
    pub images_cut: u64,
    /// Events that could not be decoded.
    pub lost_events: u64,
    /// Objects and telescopes' parts of events that were left out.
    pub left_out: u64,
    /// The first errors, for messages.
    pub errors: Vec<Error>,
    /// How the source ended too early, if it did.
    pub truncated: Option<Error>,
    /// Counts of images.
    pub images: ImageCounts,
}

/// Errors that are kept.
const MAX_ERRORS: usize = 20;

impl Outcome {
    /// Whether everything that was there has been written.
    pub fn is_clean(&self) -> bool {
        self.lost_events == 0 && self.left_out == 0 && self.truncated.is_none()
    }

    fn note(&mut self, error: Error) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error);
        }
    }

    fn leave_out(&mut self, errors: impl IntoIterator<Item = Error>) {
        for error in errors {
            self.left_out += 1;
            self.note(error);
        }
    }
}

struct Work<'a>(&'a Processor);

/// An event on its way; an error for one that could not be decoded.
type Half = Result<(HalfEvent, Vec<Error>), Error>;

/// A processed event, and what was left out of it.
type Whole = Result<(Done, Vec<Error>), Error>;

/// Events that a thread takes at once, so that threads seldom wait for each other.
const BATCH: usize = 4;

impl Stages for Work<'_> {
    type Input = Vec<Undecoded>;
    type Half = Vec<Half>;
    type Output = Vec<Whole>;
    type Scratch = Scratch;

    fn first(&self, inputs: Vec<Undecoded>, scratch: &mut Scratch) -> Vec<Half> {
        let mut begin = |input: Undecoded| {
            let (event, notes) = input(self.0.decoding(scratch))?;
            Ok((self.0.begin(event, scratch), notes))
        };
        inputs.into_iter().map(&mut begin).collect()
    }

    fn second(&self, halves: Vec<Half>, _: &mut Scratch) -> Vec<Whole> {
        let finish = |(half, notes)| (self.0.finish(half), notes);
        halves.into_iter().map(|half| half.map(finish)).collect()
    }
}

/// Processes all events. The content does not depend on `threads`. An error of the sink or of `progress`, which is
/// told the bytes that were read, ends the run, as does one of the source that is not about its end.
pub fn process(
    source: &mut dyn EventSource,
    processor: &Processor,
    random: &mut Random,
    threads: usize,
    sink: &mut dyn EventSink,
    progress: &mut dyn FnMut(u64) -> Result<(), Error>,
) -> Result<Outcome, Error> {
    let (mut outcome, mut truncated, mut notes) = (Outcome::default(), None, Vec::new());
    let simulated = RefCell::new(Vec::new());
    let mut next_event = || {
        let next = match source.next_event() {
            Err(error @ Error::Truncated { .. }) => {
                truncated = Some(error);
                Ok(None)
            }
            next => next,
        };
        notes.append(&mut source.take_notes());
        simulated.borrow_mut().append(&mut source.take_simulated());
        progress(source.offset())?;
        next
    };
    let batches = || {
        let events = std::iter::from_fn(|| next_event().transpose()).take(BATCH);
        let batch: Vec<Undecoded> = events.collect::<Result<_, _>>()?;
        Ok((!batch.is_empty()).then_some(batch))
    };
    let between = |halves: &mut Vec<Half>| {
        for (half, _) in halves.iter_mut().flatten() {
            processor.draw(half, random);
        }
    };
    let mut last = |done: Whole| {
        for event in simulated.take() {
            sink.write_simulated(&event)?;
        }
        match done {
            Ok((done, notes)) => {
                outcome.leave_out(notes.into_iter().chain(done.failed));
                outcome.images.add(done.counts);
                outcome.images_cut += done.images_cut;
                if !done.passes {
                    outcome.events_cut += 1;
                    return Ok(());
                }
                outcome.events += 1;
                outcome.telescope_events += done.event.telescopes.len() as u64;
                sink.write(&done.event)?;
                for kept in &done.waveforms {
                    sink.write_waveforms(&done.event, kept)?;
                }
            }
            Err(error) => {
                outcome.lost_events += 1;
                outcome.note(error);
            }
        }
        Ok(())
    };
    let write = |batch: Vec<Whole>| batch.into_iter().try_for_each(&mut last);
    ordered::run(&Work(processor), threads, batches, between, write)?;
    for event in simulated.take() {
        sink.write_simulated(&event)?;
    }
    outcome.leave_out(notes);
    outcome.truncated = truncated;
    Ok(outcome)
}
