//! What `collect` tells of its streams and links.

use std::collections::BTreeMap;

use serde::Serialize;
use tierline_report::ByteAccount;

use crate::library::Notice;

/// Places of losses that are listed; the others are only counted.
const PLACES: usize = 1000;

/// Packets that did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The first of them: how many packets of the session came before it.
    pub packet: u64,
    /// How many.
    pub count: u64,
    /// Byte of the source before which they lie, as far as is known.
    pub offset: u64,
}

/// Packets that the front end says it dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Announced {
    /// No room in its ring.
    pub ring_full: u64,
    /// Larger than a record may be.
    pub too_big: u64,
    /// Broken, and no room to tell.
    pub malformed: u64,
    /// Missing where it lost its way.
    pub resync: u64,
}

/// Packets of a session. `assembled + broken + lost` are all that were sent, as far as is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Packets {
    /// What the front end says it was given; `None` where it never said End.
    pub sent: Option<u64>,
    /// They became rows, headers, or are well formed and not decoded.
    pub assembled: u64,
    /// They arrived, and are garbage.
    pub broken: u64,
    /// They did not arrive whole.
    pub lost: u64,
    /// Those of the lost that the front end told of.
    pub announced: Announced,
    /// Where packets were lost, up to a thousand places.
    pub losses: Vec<Loss>,
}

impl Packets {
    pub(super) fn lose(&mut self, packet: u64, count: u64, offset: u64) {
        self.lost += count;
        let last = self.losses.last_mut();
        if let Some(last) = last.filter(|last| last.packet + last.count == packet) {
            last.count += count;
        } else if self.losses.len() < PLACES {
            self.losses.push(Loss { packet, count, offset });
        }
    }
}

/// Records of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Records {
    /// Used.
    pub received: u64,
    /// Missing in their sequence.
    pub lost: u64,
    /// Received before.
    pub duplicate: u64,
    /// Overtaken by others: they count as lost too.
    pub late: u64,
    /// With an intact checksum, but nothing that this program understands.
    pub malformed: u64,
}

impl Records {
    /// Records that something was wrong with.
    pub fn bad(&self) -> u64 {
        self.lost + self.duplicate + self.late + self.malformed
    }
}

/// What became of one session of one front end.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StreamAccount {
    /// Link that it came over.
    pub input: String,
    /// Number of the stream.
    pub stream: u16,
    /// Number of the session, if it was told.
    pub session: Option<u32>,
    /// Format of its source; `None` where it was not told.
    pub format: Option<String>,
    /// Name of its source.
    pub source: String,
    /// The front end said End.
    pub ended: bool,
    /// Packets.
    pub packets: Packets,
    /// Records.
    pub records: Records,
    /// Where every byte of the source went.
    pub bytes: ByteAccount,
    /// Whether the source's CRC-32 agrees, where it was told and nothing was lost.
    pub checksum: Option<bool>,
    /// Why nothing could be made of it, or of the rest.
    pub failed: Option<String>,
    /// Packets that nothing decodes: number and bytes, by kind.
    pub skipped: BTreeMap<String, (u64, u64)>,
    /// Rows of channels that the configuration has switched off.
    pub off: BTreeMap<String, u64>,
    /// What the decoders want the user to know.
    #[serde(skip)]
    pub notices: BTreeMap<&'static str, Notice>,
    /// The first trouble with the source.
    pub first_error: Option<String>,
    /// What the front end last said of itself: fewest free bytes of its ring.
    pub ring_low_water: Option<u32>,
}

impl StreamAccount {
    /// Whether everything that was sent is there, and made sense.
    pub fn is_clean(&self) -> bool {
        self.ended
            && self.packets.lost == 0
            && self.packets.broken == 0
            && self.records.bad() == 0
            && self.bytes.garbage + self.bytes.gaps == 0
            && self.checksum != Some(false)
            && self.failed.is_none()
    }
}

/// What became of the bytes of one link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LinkAccount {
    /// File, pipe or address.
    pub input: String,
    /// Bytes received.
    pub bytes: u64,
    /// Intact records.
    pub records: u64,
    /// Stretches of bytes that are no intact record.
    pub damaged: u64,
    /// Bytes of these.
    pub damaged_bytes: u64,
    /// Records of another protocol version.
    pub other_version: u64,
    /// That version.
    pub version: Option<u8>,
    /// Intact records that this program does not understand: of a newer kind, or none at all.
    pub unreadable: u64,
    /// Records whose stream never said what it is, or that no stream takes.
    pub unclaimed: u64,
    /// What else is to be said.
    pub remarks: Vec<String>,
    /// Why the link broke, if it did.
    pub broken: Option<String>,
}

impl LinkAccount {
    /// Whether every byte was of a record that was used.
    pub fn is_clean(&self) -> bool {
        self.damaged + self.other_version + self.unreadable + self.unclaimed == 0
            && self.broken.is_none()
    }
}
