//! Records of the software trigger (FSP), each written directly before its FCIO partner.

use super::{Stream, floats, frame, ints, shorts, tag};
use crate::emit::bytes::{put_f32, put_f64, put_i32, put_u16, put_u32, put_u64};

/// Traces in the hardware trigger: an event lists at most as many as prescaled.
const HARDWARE_TRACES: u16 = 3;
/// Traces in the channel trigger: an event lists at most as many as triggered.
const CHANNEL_TRACES: u16 = 2;

/// Version of the layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FspLayout {
    /// All frames of libfsp 2025.
    Current,
    /// As seen in January 2025: processor flags of 24 bytes, hardware multiplicity of 8 bytes, no
    /// list of prescaled traces, one prescale ratio for all.
    Short,
}

/// Why an event was written, and its lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FspFlags {
    /// Consecutive (bit 0), extended (bit 1).
    pub event: u8,
    /// Hardware multiplicity, its prescaling, window sum, coincident sum, prescaled sum,
    /// channel multiplicity: bits 0 to 5.
    pub trigger: u8,
    /// Number of channels over the channel threshold, at most 2.
    pub channel_triggers: u16,
    /// Number of sub-events.
    pub sub_events: u16,
    /// Number of prescaled traces, at most 3.
    pub prescaled: u16,
}

impl FspFlags {
    /// A window-sum trigger with some entries in every list.
    pub fn window_sum() -> Self {
        Self { event: 0, trigger: 0b100, channel_triggers: 2, sub_events: 1, prescaled: 1 }
    }
}

/// One byte per bit, padded to 8 bytes.
fn bits(flags: u8) -> [u8; 8] {
    std::array::from_fn(|bit| flags >> bit & 1)
}

impl Stream {
    /// FSPConfig: three traces in the hardware trigger, all in the window sum, two in the channel
    /// trigger.
    pub fn fsp_config(&self, out: &mut Vec<u8>, layout: FspLayout) {
        let hardware = self.last_traces(HARDWARE_TRACES);
        let ratios = if layout == FspLayout::Short { 1 } else { hardware.len() };
        tag(out, 8);
        ints(out, &[2]);
        ints(out, &vec![1000; ratios]);
        ints(out, &[500]);
        for threshold in [150.0, 120.0, 0.0] {
            floats(out, &[threshold]);
        }
        floats(out, &vec![0.0; ratios]);
        frame(out, |data| {
            data.extend([bits(0b11), bits(0b11_1101), [1, 0, 0, 0, 0, 0, 0, 0]].concat());
        });
        time(out, 0, 1_000_000);
        time(out, 1, 500_000);
        for flags in [0b1, 0b0, 0b11] {
            frame(out, |data| data.extend(bits(flags)));
        }
        ints(out, &[0, 1]);
        ints(out, &[101]);
        time(out, 0, 524_288);
        self.trace_list(out, &hardware);
        shorts(out, &vec![2500; hardware.len()]);
        let channel = self.last_traces(CHANNEL_TRACES);
        self.trace_list(out, &channel);
        shorts(out, &vec![40; channel.len()]);
        self.fsp_window_sum(out);
    }

    fn fsp_window_sum(&self, out: &mut Vec<u8>) {
        let all: Vec<i32> = (0..i32::from(self.setup.adcs)).collect();
        let samples = i32::from(self.setup.samples);
        let each = |value: i32| vec![value; all.len()];
        self.trace_list(out, &all);
        for value in [1, 375, samples / 4, samples - 20] {
            ints(out, &[value]);
        }
        floats(out, &[120.0]);
        floats(out, &all.iter().map(|trace| 5.5 + 0.25 * *trace as f32).collect::<Vec<f32>>());
        floats(out, &vec![0.5; all.len()]);
        floats(out, &vec![0.0; all.len()]);
        ints(out, &each(22));
        ints(out, &[43]);
        ints(out, &[42]);
        for value in [43, 42, samples / 4, samples - 42] {
            ints(out, &each(value));
        }
    }

    /// FSPEvent. Call it before the event record it belongs to.
    pub fn fsp_event(&mut self, out: &mut Vec<u8>, layout: FspLayout, flags: FspFlags) {
        let current = layout == FspLayout::Current;
        let channel = self.last_traces(flags.channel_triggers.min(CHANNEL_TRACES));
        let prescaled = self.last_traces(flags.prescaled.min(HARDWARE_TRACES));
        let rng = &mut self.rng;
        tag(out, 9);
        frame(out, |data| {
            data.extend([bits(flags.event), bits(flags.trigger)].concat());
            put_u32(data, &[u32::from(flags.trigger != 0), 0]);
        });
        frame(out, |data| {
            let window = u8::from(flags.trigger & 0b100 != 0);
            data.extend([bits(flags.trigger & 1), bits(window), bits(flags.trigger >> 5)].concat());
            data.extend(bits(flags.event).into_iter().take(if current { 8 } else { 0 }));
        });
        ints(out, &[i32::from(flags.event & 1)]);
        frame(out, |data| {
            put_i32(data, &[rng.range(0, 4) as i32]);
            put_u16(data, &[rng.range(3000, 9000) as u16, rng.range(0, 2999) as u16]);
            put_i32(data, &[3][..usize::from(current)]);
        });
        frame(out, |data| {
            put_f32(data, &[100.0 + 200.0 * rng.uniform() as f32]);
            put_i32(data, &[rng.range(100, 500) as i32, rng.range(1, 20) as i32]);
            put_f32(data, &[5.0 * rng.uniform() as f32]);
            put_i32(data, &[rng.range(100, 500) as i32]);
        });
        ints(out, &channel);
        shorts(out, &(0..).take(channel.len()).map(|i| 50 + i).collect::<Vec<u16>>());
        let starts: Vec<i32> = (0..i32::from(flags.sub_events)).map(|i| 100 + 90 * i).collect();
        ints(out, &starts);
        ints(out, &starts.iter().map(|start| start + 60).collect::<Vec<i32>>());
        floats(out, &starts.iter().map(|start| *start as f32 + 0.5).collect::<Vec<f32>>());
        if current {
            shorts(out, &prescaled.iter().map(|trace| *trace as u16).collect::<Vec<u16>>());
        }
    }

    /// FSPStatus. Call it before the Status record.
    pub fn fsp_status(&self, out: &mut Vec<u8>) {
        let read = self.event_number;
        let run = f64::from(read) * self.setup.interval_us * 1e-6;
        tag(out, 10);
        frame(out, |data| {
            put_f64(data, &[1000.5, 1000.5 + run, 1.0, run]);
            put_i32(data, &[read, read - read / 3, read / 3, 7, 5, 2]);
            put_f64(data, &[1.0, 7.0, 5.0, 2.0, 6.5, 4.5, 2.0]);
        });
    }

    fn last_traces(&self, count: u16) -> Vec<i32> {
        let adcs = self.setup.adcs;
        (adcs.saturating_sub(count)..adcs).map(i32::from).collect()
    }

    /// A map of the traces one processor sees: format, map, position of every trace in the map
    /// (or -1), and a label per mapped trace.
    fn trace_list(&self, out: &mut Vec<u8>, map: &[i32]) {
        ints(out, &[1]);
        ints(out, map);
        let position = |trace: i32| map.iter().position(|mapped| *mapped == trace);
        let enabled = (0..i32::from(self.setup.adcs)).map(|t| position(t).map_or(-1, |p| p as i32));
        ints(out, &enabled.collect::<Vec<i32>>());
        frame(out, |data| {
            for trace in map {
                let label = format!("ch{trace:05}");
                data.extend(label.bytes().chain(std::iter::repeat(0)).take(8));
            }
        });
    }
}

/// A time as two frames: seconds and nanoseconds.
fn time(out: &mut Vec<u8>, seconds: u64, nanoseconds: u64) {
    frame(out, |data| put_u64(data, &[seconds]));
    frame(out, |data| put_u64(data, &[nanoseconds]));
}
