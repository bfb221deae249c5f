//! From an event source to a sink: calibration, extraction, cleaning and parameters, spread over threads.

mod cuts;
mod ordered;
mod processor;
mod run;
mod settings;

pub use cuts::QualityCuts;
pub use processor::{ImageCounts, KeptWaveforms, Processor};
pub use run::{EventSink, EventSource, Outcome, SimulatedEvent, Undecoded, process};
pub use settings::{ProcessSettings, TimingSeed};
