//! From the ring to whatever takes bytes.

use tierline_core::link::{Framing, Sender, crc32};
use tierline_core::ring::Consumer;

use crate::sizes::RING;

/// The sending end of the ring: frames one record after the other.
pub struct Link {
    consumer: Consumer<'static, RING>,
    sender: Sender,
    /// A lone zero starts a session: it ends what the receiver may have of another one.
    greeted: bool,
}

impl Link {
    /// A link at the start of its session.
    pub const fn new(consumer: Consumer<'static, RING>, framing: Framing) -> Self {
        let greeted = matches!(framing, Framing::Length);
        Link { consumer, sender: Sender::new(framing, crc32), greeted }
    }

    /// Puts the next bytes into `out`; returns how many. Fewer than there is room for: the ring is empty.
    pub fn fill(&mut self, out: &mut [u8]) -> usize {
        let mut at = 0usize;
        if !self.greeted
            && let Some(slot) = out.first_mut()
        {
            *slot = 0;
            at = 1;
            self.greeted = true;
        }
        while let Some(room) = out.get_mut(at..).filter(|room| !room.is_empty()) {
            let Some(record) = self.consumer.read() else { break };
            let (n, done) = self.sender.fill(record.bytes(), room);
            at = at.saturating_add(n);
            if !done {
                break;
            }
            record.release();
        }
        at
    }
}
