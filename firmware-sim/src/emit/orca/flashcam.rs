//! FlashCam packets: one per trace, or FCIO records as they are.

use super::header::place;
use super::{FlashCam, Stream, id, long};
use crate::emit::bytes::{pair_samples, put_u32};
use crate::emit::fcio::{self, FspFlags, STATUS_SIZE};

/// FCIO records that come in packets of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record<'a> {
    /// All traces.
    Event,
    /// The listed traces.
    SparseEvent(&'a [u16]),
    /// The listed traces without samples.
    EventHeader(&'a [u16]),
    /// Status of so many cards.
    Status(usize),
}

impl Stream {
    /// The listener config packet, with revision and unique number of every card.
    pub fn flashcam_config(&mut self, out: &mut Vec<u8>) {
        let Some(fcio) = &self.fcio else { return };
        let setup = &fcio.setup;
        let cards = u32::from(setup.cards());
        let mut words = vec![7 << 16 | setup.stream_id as u32 & 0xFFFF, setup.stream_id as u32];
        words.extend([setup.adcs, setup.triggers, setup.samples].map(u32::from));
        words.push(u32::from(setup.adcbits));
        words.extend([setup.sumlength as u32, setup.blprecision as u32]);
        words.extend([1, u32::from(setup.triggers), cards, setup.gps as u32]);
        words.extend(&setup.trace_map()[..usize::from(setup.adcs)]);
        words.extend((0..cards.div_ceil(4)).map(|_| 0x0000_2222));
        words.extend((0..cards).flat_map(|card| [0, 0xFC00_0000 + card]));
        long(out, id::FLASHCAM_CONFIG, &words);
    }

    /// An event as one waveform packet for each of the listed traces.
    pub fn flashcam_waveforms(&mut self, out: &mut Vec<u8>, list: &[u16]) {
        let Some((_, packing)) = self.setup.flashcam else { return };
        let Some(fcio) = &mut self.fcio else { return };
        fcio.advance();
        let traces = fcio.traces(list, |_| true);
        for (trace, words) in list.iter().zip(&traces) {
            let packet = waveform(fcio, packing, *trace, words);
            long(out, id::FLASHCAM_WAVEFORM, &packet);
        }
        fcio.event_number += 1;
    }

    /// The packet with protocol frame, FSPConfig (if the software trigger is on) and Config.
    pub fn fcio_config(&mut self, out: &mut Vec<u8>) {
        let Some(fcio) = &self.fcio else { return };
        let mut data = Vec::new();
        fcio.protocol(&mut data);
        if let Some((_, FlashCam::Fcio(Some(layout)))) = self.setup.flashcam {
            fcio.fsp_config(&mut data, layout);
        }
        fcio.config(&mut data);
        extended(out, id::FCIO_CONFIG, fcio.setup.stream_id, data);
    }

    /// The packet with one FCIO record, behind the FSP record it belongs to if the software
    /// trigger is on.
    pub fn fcio_record(&mut self, out: &mut Vec<u8>, record: Record<'_>, flags: FspFlags) {
        let Some(fcio) = &mut self.fcio else { return };
        let mut data = Vec::new();
        if let Some((_, FlashCam::Fcio(Some(layout)))) = self.setup.flashcam {
            match record {
                Record::Status(_) => fcio.fsp_status(&mut data),
                _ => fcio.fsp_event(&mut data, layout, flags),
            }
        }
        let data_id = match record {
            Record::Event | Record::SparseEvent(_) => id::FCIO_EVENT,
            Record::EventHeader(_) => id::FCIO_EVENT_HEADER,
            Record::Status(_) => id::FCIO_STATUS,
        };
        match record {
            Record::Event => fcio.event(&mut data),
            Record::SparseEvent(list) => fcio.sparse_event(&mut data, list),
            Record::EventHeader(list) => fcio.event_header(&mut data, list),
            Record::Status(cards) => fcio.status(&mut data, cards, STATUS_SIZE),
        }
        extended(out, data_id, fcio.setup.stream_id, data);
    }

    pub(super) fn flashcam_start(&mut self, out: &mut Vec<u8>) {
        match self.setup.flashcam {
            None => {}
            Some((_, FlashCam::Fcio(_))) => self.fcio_config(out),
            Some(_) => self.flashcam_config(out),
        }
    }

    /// One event of a typical run.
    pub(super) fn flashcam_event(&mut self, out: &mut Vec<u8>, event: u32) {
        let Some((setup, packing)) = &self.setup.flashcam else { return };
        let traces = u64::from(setup.adcs);
        let embedded = matches!(packing, FlashCam::Fcio(_));
        let first = self.rng.below(traces) as u16;
        let second = self.rng.below(traces) as u16;
        let list = if first < second { vec![first, second] } else { vec![first] };
        if !embedded {
            return self.flashcam_waveforms(out, &list);
        }
        let all: Vec<u16> = (0..traces as u16).collect();
        let status = self.fcio.as_ref().map_or(0, fcio::Stream::status_cards);
        let mut flags = FspFlags::window_sum();
        match event % 6 {
            0 => self.fcio_record(out, Record::SparseEvent(&list), flags),
            1 => self.fcio_record(out, Record::Event, flags),
            _ => {
                (flags.trigger, flags.prescaled) = (u8::from(event % 6 == 2), 0);
                flags.channel_triggers = event as u16 % 3;
                self.fcio_record(out, Record::EventHeader(&all), flags);
            }
        }
        if event % 16 == 15 {
            self.fcio_record(out, Record::Status(status), flags);
        }
    }
}

/// A waveform packet without its first word.
fn waveform(fcio: &fcio::Stream, packing: FlashCam, trace: u16, words: &[u16]) -> Vec<u32> {
    const ORCA_HEADER: u32 = 3;
    const FCIO_HEADER: u32 = 17;
    let per_card = fcio.setup.channels_per_card();
    let (crate_number, slot) = place(trace / per_card);
    let board = u32::from(fcio::Emitter::card_address(trace / per_card) & 0xFF0);
    let input = u32::from(trace % per_card);
    let input = if packing == FlashCam::Waveform { input << 9 } else { input << 10 };
    let samples = u32::from(fcio.setup.samples);
    let mut packet = vec![
        ORCA_HEADER << 28 | FCIO_HEADER << 22 | samples << 6 | fcio.event_type as u32 & 0x1F,
        u32::from(crate_number) << 27 | u32::from(slot) << 22 | board << 10,
    ];
    packet[1] |= input | u32::from(trace);
    packet.extend(fcio.time_offset()[..7].iter().map(|value| *value as u32));
    packet.extend(fcio.dead[..5].iter().map(|value| *value as u32));
    packet.extend(fcio.timestamp()[..4].iter().map(|value| *value as u32));
    packet.extend(pair_samples(words));
    packet
}

/// An extended packet with a piece of a TMIO stream, zero padded to a word.
fn extended(out: &mut Vec<u8>, data_id: u32, stream_id: i32, mut data: Vec<u8>) {
    data.resize(data.len().next_multiple_of(4), 0);
    put_u32(out, &[data_id, data.len() as u32 / 4 + 3, stream_id as u32]);
    out.append(&mut data);
}
