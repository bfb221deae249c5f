//! Status: the state of every card of the crate.

use super::{RUN_START, SINCE_RESET, Stream, frame, ints, split, tag};
use crate::emit::bytes::{put_i32, put_u32};
use crate::emit::rng::Rng;

/// Size of a card status in bytes.
pub const STATUS_SIZE: usize = 1180;

impl Stream {
    /// Status of the given number of cards (masters, then trigger cards, then ADC cards), each
    /// cut to `size` bytes (up to [`STATUS_SIZE`]).
    pub fn status(&mut self, out: &mut Vec<u8>, cards: usize, size: usize) {
        let size = size.min(STATUS_SIZE);
        let (seconds, ticks) = split(self.ticks);
        let server = RUN_START - SINCE_RESET + seconds;
        tag(out, 4);
        ints(out, &[1]);
        ints(out, &[seconds, ticks / 250, server, 123_456, 0, SINCE_RESET, 250, 0, 0, 0]);
        ints(out, &[cards as i32]);
        ints(out, &[size as i32]);
        for request_id in self.request_ids().take(cards) {
            let card = self.card_status(request_id);
            frame(out, |data| data.extend_from_slice(&card[..size]));
        }
    }

    /// Number of cards the configuration names.
    pub fn status_cards(&self) -> usize {
        let masters = 1 + usize::from(self.setup.triggers > 0);
        masters + usize::from(self.setup.triggers) + usize::from(self.setup.cards())
    }

    fn request_ids(&self) -> impl Iterator<Item = u32> + use<> {
        let triggers = u32::from(self.setup.triggers);
        let submaster = (triggers > 0).then_some(0x4000);
        std::iter::once(0)
            .chain(submaster)
            .chain((0..triggers).map(|card| 0x1000 + card))
            .chain((0..).map(|card| 0x2000 + card))
    }

    fn card_status(&mut self, request_id: u32) -> Vec<u8> {
        let (seconds, ticks) = split(self.ticks);
        let adc = request_id & 0xF000 == 0x2000;
        let mut card = Vec::with_capacity(STATUS_SIZE);
        put_u32(&mut card, &[request_id, 1, self.event_number as u32]);
        put_u32(&mut card, &[seconds as u32, ticks as u32, 249_999_999]);
        put_u32(&mut card, &[if adc { 15 } else { 13 }, 2, 3, 0]);
        put_u32(&mut card, &[6, 1, 2, 3, 0, 0, 0, 0, 0]);
        put_i32(&mut card, &environment(&mut self.rng));
        put_u32(&mut card, &[0x11, 0x22, 0, 0]);
        put_u32(&mut card, &[0xA1, 0xA2, 0xA3]);
        card.resize(STATUS_SIZE, 0);
        card
    }
}

/// Temperatures in mK above 0 °C, voltages in mV, current in mA, humidity in per mille, the
/// temperatures of two daughter boards and a spare.
fn environment(rng: &mut Rng) -> [i32; 16] {
    let mean = [
        38_000, 41_000, 36_500, 44_000, 39_000, 1000, 1800, 2500, 3300, 5000, 24_000, 2900, 180,
        47_000, 48_500, 0,
    ];
    mean.map(|value| value + rng.range(-i64::from(value) / 200, i64::from(value) / 200) as i32)
}
