//! ORFlashCamListenerConfig and -Status: a FlashCam stream's configuration and card status, repacked by ORCA.
//!
//! Config: w1 readout id << 16 | fcid; w2... i32 streamid, nadcs, ntriggers, nsamples, adcbits, sumlength, blprecision,
//! mastercards, triggercards, adccards, gps (w12); w13... one word per channel, board id << 16 | input; then, if the
//! packet goes on, board revisions (4 per word, 4 bits apart as the field reads them) and 2 words of unique id per board.
//!
//! Status: w1 as above; w2 status; w3, w4 FPGA s, us; w5, w6 server s, us; w8, w9 start s, us; w13 cards; w14 size of a
//! card's data; w15... the cards, as in an FCIO Status record. The reference converter has this decoder switched off.

use heapless::Vec;

use super::header::LISTENERS;
use super::{MAX_SAMPLES, Piece, Shape};
use crate::bytes::u32_at;
use crate::decoder::{Row, RowSink};
use crate::error::{Error, Kind, Result};
use crate::field::{DType, Field, Value};
use crate::part::Stage;

/// Channels of a listener that are kept.
const CHANNELS: usize = 2400;

/// Columns of configurations.
pub(super) const CONFIG_FIELDS: &[Field] = &[
    Field::one("packet_id", DType::U32),
    Field::one("packet_len", DType::U32),
    Field::one("readout_id", DType::U16),
    Field::one("fcid", DType::U16),
    Field::one("streamid", DType::I32),
    Field::one("nadcs", DType::I32),
    Field::one("ntriggers", DType::I32),
    Field::one("nsamples", DType::I32),
    Field::one("adcbits", DType::I32),
    Field::one("sumlength", DType::I32),
    Field::one("blprecision", DType::I32),
    Field::one("mastercards", DType::I32),
    Field::one("triggercards", DType::I32),
    Field::one("adccards", DType::I32),
    Field::one("gps", DType::I32),
    Field::any("ch_board_id", DType::U16),
    Field::any("ch_inputnum", DType::U16),
    Field::any("board_rev", DType::U8),
    Field::any("board_uid", DType::U64),
];

/// Columns of status packets; those of cards are vectors over the cards.
pub(super) const STATUS_FIELDS: &[Field] = &[
    Field::one("packet_id", DType::U32),
    Field::one("readout_id", DType::U16),
    Field::one("fcid", DType::U16),
    Field::one("status", DType::I32),
    Field::one("statustime", DType::F32).units("s"),
    Field::one("cputime", DType::F64).units("s"),
    Field::one("startoffset", DType::F32).units("s"),
    Field::one("n_cards", DType::I32),
    Field::one("card_data_size", DType::I32),
    Field::any("card_id", DType::U32),
    Field::any("card_status", DType::U32),
    Field::any("card_eventnumber", DType::U32),
    Field::any("card_pps_count", DType::U32),
    Field::any("card_clock_tick_count", DType::U32),
    Field::any("card_max_clock_ticks", DType::U32),
    Field::any("card_n_env_vals", DType::U32),
    Field::any("card_n_cti_links", DType::U32),
    Field::any("card_n_link_states", DType::U32),
    Field::any("card_n_errors_tot", DType::U32),
    Field::any("card_n_env_errors", DType::U32),
    Field::any("card_n_cti_errors", DType::U32),
    Field::any("card_n_link_errors", DType::U32),
    Field::any("card_n_other_errors", DType::U32),
    Field::any("card_temps", DType::I32).units("mC"),
    Field::any("card_voltages", DType::I32).units("mV"),
    Field::any("card_main_current", DType::I32).units("mA"),
    Field::any("card_humidity", DType::I32).units("o/oo"),
    Field::any("card_adc_temps", DType::I32).units("mC"),
    Field::any("card_cti_links", DType::U32),
    Field::any("card_link_states", DType::U32),
];

/// Card columns: (column, first word within the card, words).
const CARD_WORDS: [(usize, usize, usize); 21] = [
    (9, 0, 1),
    (10, 1, 1),
    (11, 2, 1),
    (12, 3, 1),
    (13, 4, 1),
    (14, 5, 1),
    (15, 6, 1),
    (16, 7, 1),
    (17, 8, 1),
    (18, 10, 1),
    (19, 11, 1),
    (20, 12, 1),
    (21, 13, 1),
    (22, 14, 5),
    (23, 19, 5),
    (24, 24, 6),
    (25, 30, 1),
    (26, 31, 1),
    (27, 32, 2),
    (28, 35, 4),
    (29, 39, 256),
];

/// Board and input of each channel of each listener, from their configurations.
#[derive(Clone, Debug, Default)]
pub(super) struct ChannelMap {
    listeners: Vec<Vec<u32, CHANNELS>, LISTENERS>,
}

impl ChannelMap {
    /// Board and input of a channel.
    pub(super) fn get(&self, listener: usize, channel: u32) -> Option<(u16, u16)> {
        let word = *self.listeners.get(listener)?.get(channel as usize)?;
        Some(((word >> 16) as u16, word as u16))
    }

    fn set(&mut self, listener: usize, words: impl Iterator<Item = u32>) {
        while self.listeners.len() <= listener && self.listeners.push(Vec::new()).is_ok() {}
        if let Some(map) = self.listeners.get_mut(listener) {
            map.clear();
            map.extend(words.take(CHANNELS));
        }
    }
}

/// What a configuration tells the waveform decoder.
pub(super) struct Config {
    pub(super) fcid: u16,
    pub(super) samples: u32,
    pub(super) gps: i32,
}

/// One piece; its counts say how long it is.
pub(super) fn cut_config(shape: &mut Shape, _: usize, window: &[u8], len: usize) -> Result<Piece> {
    let (Some(adcs), Some(boards)) = (u32_at(window, 12), u32_at(window, 44)) else {
        return Ok(Piece::Need(48));
    };
    let least = u64::from(adcs) + 13;
    let most = least + u64::from(boards.div_ceil(4)) + 2 * u64::from(boards);
    let words = len as u64 / 4;
    if words < least {
        return Err(Error::malformed("nadcs", adcs.into(), words as i64 - 13));
    }
    shape.sure = words == least || words == most;
    Ok(Piece::Fields(Stage::Whole, len, 0))
}

/// One piece.
pub(super) fn cut_status(_: &mut Shape, _: usize, _: &[u8], len: usize) -> Result<Piece> {
    Ok(Piece::Fields(Stage::Whole, len, 0))
}

/// Reads the words that other decoders need.
pub(super) fn read_config(packet: &[u8]) -> Result<Config> {
    let word = |i: usize| u32_at(packet, 4 * i).ok_or(short(packet));
    let adcs = word(3)?;
    let channels = packet.len() / 4;
    if adcs as usize > channels.saturating_sub(13) || adcs as usize > CHANNELS {
        return Err(Error::malformed("nadcs", adcs.into(), channels as i64 - 13));
    }
    let samples = word(5)?;
    if samples > MAX_SAMPLES {
        return Err(Error::new(Kind::Limit, "nsamples", samples.into(), MAX_SAMPLES.into()));
    }
    Ok(Config { fcid: word(1)? as u16, samples, gps: word(12)? as i32 })
}

const fn short(packet: &[u8]) -> Error {
    Error::malformed("packet length", packet.len() as i64 / 4, 13)
}

/// Notes the channel map of a configuration that [`read_config`] has accepted.
pub(super) fn note_channels(packet: &[u8], listener: usize, map: &mut ChannelMap) {
    let adcs = u32_at(packet, 12).unwrap_or(0) as usize;
    map.set(listener, (0..adcs).map(|i| u32_at(packet, 4 * (13 + i)).unwrap_or(0)));
}

/// Fills a row of a configuration that [`read_config`] has accepted.
pub(super) fn decode_config<S: RowSink>(packet: &[u8], number: u64, row: Row, sink: &mut S) {
    let word = |i: usize| u32_at(packet, 4 * i).unwrap_or(0);
    sink.put(row, 0, Value::U32(number as u32));
    sink.put(row, 1, Value::U32(packet.len() as u32 / 4));
    sink.put(row, 2, Value::U16((word(1) >> 16) as u16));
    sink.put(row, 3, Value::U16(word(1) as u16));
    for i in 0..11 {
        sink.put(row, 4 + i, Value::I32(word(2 + i) as i32));
    }
    let adcs = word(3) as usize;
    for i in 0..adcs {
        sink.put(row, 15, Value::U16((word(13 + i) >> 16) as u16));
        sink.put(row, 16, Value::U16(word(13 + i) as u16));
    }
    let (words, boards) = (packet.len() / 4, word(11) as usize);
    let first = 13 + adcs;
    if words <= first || boards > CHANNELS {
        return;
    }
    for i in 0..boards {
        let revision = word(first + i / 4) >> (4 * (i % 4));
        sink.put(row, 17, Value::U8(revision as u8));
    }
    let ids = first + boards.div_ceil(4);
    for i in 0..boards {
        let (high, low) = (word(ids + 2 * i), word(ids + 2 * i + 1));
        sink.put(row, 18, Value::U64(u64::from(high) << 32 | u64::from(low)));
    }
}

/// Fills a row of a status packet.
pub(super) fn decode_status<S: RowSink>(
    packet: &[u8],
    number: u64,
    row: Row,
    sink: &mut S,
) -> Result<()> {
    let word = |i: usize| u32_at(packet, 4 * i).unwrap_or(0);
    let seconds = |i: usize| f64::from(word(i) as i32) + f64::from(word(i + 1) as i32) / 1e6;
    let (cards, size) = (word(13) as usize, word(14) as usize);
    let room = (packet.len() / 4).saturating_sub(15);
    // The size counts bytes, as in FCIO, where that many words would not fit.
    let words = if cards.saturating_mul(size) <= room { size } else { size / 4 };
    if cards.saturating_mul(words) > room {
        return Err(Error::malformed("cards", cards as i64, (room / words.max(1)) as i64));
    }
    let values = [
        Value::U32(number as u32),
        Value::U16((word(1) >> 16) as u16),
        Value::U16(word(1) as u16),
        Value::I32(word(2) as i32),
        Value::F32(seconds(3) as f32),
        Value::F64(seconds(5)),
        Value::F32(seconds(8) as f32),
        Value::I32(cards as i32),
        Value::I32(size as i32),
    ];
    for (i, value) in values.into_iter().enumerate() {
        sink.put(row, i, value);
    }
    for card in 0..cards {
        let at = 15 + card * words;
        let links = word(at + 8).min(256) as usize;
        for (column, first, n) in CARD_WORDS {
            let n = if first == 39 { links } else { n }.min(words.saturating_sub(first));
            for i in 0..n {
                let value = word(at + first + i);
                let signed = STATUS_FIELDS.get(column).is_some_and(|f| f.dtype == DType::I32);
                let value = if signed { Value::I32(value as i32) } else { Value::U32(value) };
                sink.put(row, column, value);
            }
        }
    }
    Ok(())
}
