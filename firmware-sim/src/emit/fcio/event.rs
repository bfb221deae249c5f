//! Event, SparseEvent, EventHeader and RecEvent.

use super::{Detector, Emitter, Stream, floats, frame, ints, shorts, tag};
use crate::emit::bytes::put_u16;
use crate::emit::pulse::{Pulse, Spectrum, baseline_and_height};

/// An air shower as it falls on the camera: a spot of light on a square grid of pixels.
struct Shower {
    column: f64,
    row: f64,
    width: f64,
    photo_electrons: f64,
    time: f64,
}

impl Stream {
    /// Event: all traces, in the order of the trace map.
    pub fn event(&mut self, out: &mut Vec<u8>) {
        self.advance();
        self.head(out, 3, self.event_type);
        let traces: Vec<u16> = (0..self.setup.traces()).collect();
        let hit = self.rng.below(u64::from(self.setup.adcs.max(1))) as u16;
        let traces = self.traces(&traces, |trace| trace == hit);
        self.event_body(out, &traces);
    }

    /// Event of traces that are given, with their two header words, in the order of the trace map.
    pub fn event_of(&mut self, out: &mut Vec<u8>, traces: &[Vec<u16>]) {
        self.advance();
        self.head(out, 3, self.event_type);
        self.event_body(out, traces);
    }

    fn event_body(&mut self, out: &mut Vec<u8>, traces: &[Vec<u16>]) {
        frame(out, |data| traces.iter().for_each(|trace| put_u16(data, trace)));
        self.dead_region(out);
        self.end_event(out);
    }

    /// SparseEvent of traces that are given, with their numbers and two header words.
    pub fn sparse_event_of(&mut self, out: &mut Vec<u8>, traces: &[(u16, Vec<u16>)]) {
        self.advance();
        let list: Vec<u16> = traces.iter().map(|(number, _)| *number).collect();
        self.sparse_head(out, &list, self.event_type);
        traces.iter().for_each(|(_, trace)| shorts(out, trace));
        self.end_event(out);
    }

    /// SparseEvent: the listed traces, one frame each.
    pub fn sparse_event(&mut self, out: &mut Vec<u8>, list: &[u16]) {
        self.advance();
        self.sparse(out, list, self.event_type);
    }

    /// SparseEvent of type 11: all traces of one ADC card, whose dead region is its own.
    pub fn card_event(&mut self, out: &mut Vec<u8>, card: u16) {
        self.advance();
        let per_card = self.setup.channels_per_card();
        let first = card * per_card;
        let list: Vec<u16> = (first..(first + per_card).min(self.setup.adcs)).collect();
        let shared = self.dead;
        (self.dead[5], self.dead[6]) = (i32::from(first), list.len() as i32);
        let length = 1 + self.rng.below(40_000);
        let stop = self.ticks - self.rng.below(50_000) - length;
        self.set_dead(stop - length, stop);
        if !std::mem::replace(&mut self.cards_seen[usize::from(card)], true) {
            (self.dead[0], self.dead[1]) = (0, 0);
        }
        self.sparse(out, &list, 11);
        self.dead = shared;
    }

    /// EventHeader: the listed traces with baseline and integral, without samples.
    pub fn event_header(&mut self, out: &mut Vec<u8>, list: &[u16]) {
        self.advance();
        self.head(out, 7, self.event_type);
        self.dead_region(out);
        let traces = self.traces(list, |_| true);
        shorts(out, list);
        frame(out, |data| traces.iter().for_each(|trace| put_u16(data, &trace[..2])));
        self.end_event(out);
    }

    /// RecEvent: reconstructed pulses of all ADC traces.
    pub fn rec_event(&mut self, out: &mut Vec<u8>) {
        self.advance();
        self.head(out, 5, self.event_type);
        self.dead_region(out);
        let rng = &mut self.rng;
        let per_channel: Vec<i32> = (0..self.setup.adcs).map(|_| rng.poisson(0.8) as i32).collect();
        let total = per_channel.iter().sum::<i32>();
        let flags: Vec<i32> = (0..total).map(|_| rng.range(0, 7) as i32).collect();
        let amplitudes: Vec<f32> = (0..total).map(|_| 0.5 + 8.0 * rng.uniform() as f32).collect();
        let times: Vec<f32> = (0..total).map(|_| 120.0 * rng.uniform() as f32).collect();
        ints(out, &[total]);
        ints(out, &per_channel);
        ints(out, &flags);
        floats(out, &amplitudes);
        floats(out, &times);
        self.end_event(out);
    }

    fn sparse_head(&self, out: &mut Vec<u8>, list: &[u16], event_type: i32) {
        self.head(out, 6, event_type);
        self.dead_region(out);
        ints(out, &[list.len() as i32]);
        shorts(out, list);
    }

    fn sparse(&mut self, out: &mut Vec<u8>, list: &[u16], event_type: i32) {
        self.sparse_head(out, list, event_type);
        for trace in self.traces(list, |_| true) {
            shorts(out, &trace);
        }
        self.end_event(out);
    }

    fn head(&self, out: &mut Vec<u8>, record_tag: i32, event_type: i32) {
        tag(out, record_tag);
        ints(out, &[event_type]);
        floats(out, &[if event_type == 2 { 1.5 } else { 0.0 }]);
        ints(out, &self.time_offset());
        ints(out, &self.timestamp()[..self.setup.timestamp_entries.min(10)]);
    }

    fn dead_region(&self, out: &mut Vec<u8>) {
        ints(out, &self.dead[..self.setup.deadregion_entries.min(10)]);
    }

    fn end_event(&mut self, out: &mut Vec<u8>) {
        if self.setup.surplus {
            frame(out, |data| data.extend_from_slice(b"surplus"));
        }
        self.event_number += 1;
    }

    /// The traces with their two header words; `hit` says which hold a signal.
    pub(in crate::emit) fn traces(
        &mut self,
        list: &[u16],
        hit: impl Fn(u16) -> bool,
    ) -> Vec<Vec<u16>> {
        let shower = self.shower();
        let make = |trace: &u16| {
            let pulses = self.pulses(*trace, hit(*trace), &shower);
            let channel = self.channels[usize::from(*trace)];
            let samples = usize::from(self.setup.samples);
            let samples = channel.trace(&mut self.rng, samples, &pulses);
            self.with_header(samples)
        };
        list.iter().map(make).collect()
    }

    fn pulses(&mut self, trace: u16, hit: bool, shower: &Shower) -> Vec<Pulse> {
        let samples = usize::from(self.setup.samples);
        let channel = &self.channels[usize::from(trace)];
        let foot = samples as f64 * 0.45;
        match self.setup.detector {
            Detector::Germanium if !hit => Vec::new(),
            Detector::Germanium => {
                Spectrum::default().pulses(&mut self.rng, channel, foot, samples)
            }
            Detector::Photomultiplier => {
                let count = self.rng.poisson(2.5);
                let rng = &mut self.rng;
                (0..count)
                    .map(|_| Pulse {
                        start: foot + 40.0 * rng.exponential(),
                        height: channel.height(1.0 + 0.1 * rng.gaussian()),
                    })
                    .collect()
            }
            Detector::Camera => {
                let light = shower.light(trace, self.setup.adcs);
                let light = f64::from(self.rng.poisson(light));
                let start = shower.time + 0.6 * self.rng.gaussian();
                vec![Pulse { start, height: channel.height(light) }]
            }
        }
    }

    fn shower(&mut self) -> Shower {
        let side = f64::from(self.setup.adcs).sqrt();
        Shower {
            column: side * (0.2 + 0.6 * self.rng.uniform()),
            row: side * (0.2 + 0.6 * self.rng.uniform()),
            width: 0.8 + 1.2 * self.rng.uniform(),
            photo_electrons: 12.0 + 40.0 * self.rng.exponential(),
            time: f64::from(self.setup.samples) * (0.3 + 0.1 * self.rng.uniform()),
        }
    }

    fn with_header(&self, samples: Vec<u16>) -> Vec<u16> {
        let (baseline, height) = baseline_and_height(&samples, samples.len() / 4);
        self.setup.with_words(baseline, height, samples)
    }
}

impl Emitter {
    /// The firmware's two words before the samples: baseline, and energy (16 bit) or the mean of
    /// the samples around the highest one (12 bit).
    pub(super) fn with_words(&self, baseline: f64, height: f64, samples: Vec<u16>) -> Vec<u16> {
        let precision = f64::from(self.blprecision);
        let second = if self.adcbits == 12 {
            let length = self.sumlength.max(1) as usize;
            let peak = samples.iter().zip(0_usize..).max_by_key(|(sample, _)| **sample);
            let first = peak.map_or(0, |(_, index)| index.saturating_sub(length / 3));
            let window = &samples[first..(first + length).min(samples.len())];
            let sum: f64 = window.iter().map(|sample| f64::from(*sample)).sum();
            sum / window.len().max(1) as f64 * precision
        } else {
            height
        };
        let word = |value: f64| value.round().clamp(0.0, 65535.0) as u16;
        let mut words = vec![word(baseline * precision), word(second)];
        words.extend(samples);
        words
    }
}

impl Shower {
    /// Mean number of photo electrons in a pixel; trigger traces see a sum.
    fn light(&self, trace: u16, adcs: u16) -> f64 {
        if trace >= adcs {
            return self.photo_electrons.min(60.0);
        }
        let side = f64::from(adcs).sqrt().ceil();
        let (column, row) = (f64::from(trace) % side, (f64::from(trace) / side).floor());
        let (dx, dy) = ((column - self.column) / self.width, (row - self.row) / self.width);
        let fall = 1.0 + dx * dx + 0.4 * dy * dy;
        (self.photo_electrons / (fall * fall)).min(300.0) + 0.5
    }
}
