//! The buffers of a front end: the window of its parser and the queue of its finished records.

mod slide;

pub use slide::SlideBuffer;
