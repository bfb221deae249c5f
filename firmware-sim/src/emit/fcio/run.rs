//! A typical run of each kind.

use super::{Detector, Emitter, STATUS_SIZE, Stream};

/// Protocol, Config, events and a Status now and then.
pub(super) fn run(setup: &Emitter, events: u32) -> Vec<u8> {
    let mut stream = setup.stream();
    let mut out = Vec::new();
    stream.protocol(&mut out);
    stream.config(&mut out);
    for event in 0..events {
        stream.event_type = if event % 10 == 9 { 2 } else { 1 };
        match setup.detector {
            Detector::Camera => camera_event(&mut stream, &mut out, event),
            _ => sparse_event(&mut stream, &mut out, event),
        }
        if event % 16 == 15 {
            let cards = stream.status_cards();
            stream.status(&mut out, cards, STATUS_SIZE);
        }
    }
    out
}

/// Every pixel in every event; reconstructed pulses follow some of them.
fn camera_event(stream: &mut Stream, out: &mut Vec<u8>, event: u32) {
    stream.event(out);
    if event % 8 == 7 {
        stream.rec_event(out);
    }
}

/// All traces now and then, else those of one or two detectors.
fn sparse_event(stream: &mut Stream, out: &mut Vec<u8>, event: u32) {
    if event.is_multiple_of(8) {
        return stream.event(out);
    }
    let traces = u64::from(stream.setup.traces());
    let mut list = vec![stream.rng.below(traces) as u16];
    if stream.rng.chance(0.3) {
        list.push(stream.rng.below(traces) as u16);
    }
    list.sort_unstable();
    list.dedup();
    stream.sparse_event(out, &list);
}
