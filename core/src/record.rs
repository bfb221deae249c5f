//! Records: what a front end sends. A record is a postcard message; `link` frames it for the way.
//!
//! | field | type | on the wire | meaning |
//! |--|--|--|--|
//! | proto | u8 | 1 byte | major version; a reader refuses others |
//! | stream | u16 | varint | front end |
//! | seq | u32 | varint | one more with every record of this stream, wraps |
//! | body | enum | varint, then its fields | below |
//!
//! The order of the variants and of their fields is the format: it is frozen by a golden message per variant in the tests.
//! New variants are appended; anything else is a new `proto`.

use serde::{Deserialize, Serialize, Serializer};

use crate::error::Error;

/// Major version of the protocol.
pub const PROTO: u8 = 1;

/// Bytes that are written and read in one go, borrowed when read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Bytes<'a>(#[serde(borrow)] pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// What a front end is: at the start of a session and every now and then, as the first one may be lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Hello<'a> {
    /// Number of the session: another one says that the front end started anew.
    pub session: u32,
    /// Version of the firmware: major, minor, patch.
    pub firmware: [u16; 3],
    /// Name of the source's format, as in the list of formats.
    pub format: &'a str,
    /// Name of the source: of the recording, where it is one.
    pub source: &'a str,
    /// Picoseconds per tick of the front end's clock.
    pub tick_ps: u64,
    /// No record is longer, bytes.
    pub longest: u32,
    /// Sample codecs that may occur: bit i for codec i.
    pub codecs: u8,
    /// First bytes of the firmware's revision.
    pub revision: [u8; 8],
}

/// Parts of a packet, in stream order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Parts<'a> {
    /// How many packets of the session came before it: one more from packet to packet, so that a jump tells of a loss.
    pub packet: u64,
    /// Number of the record within its packet: what does not start with 0 has lost its beginning.
    pub index: u32,
    /// Number of the packet as the source's format counts.
    pub number: u64,
    /// Byte offset of the packet in the source.
    pub offset: u64,
    /// Record tag or data id as the source has it.
    pub kind: u32,
    /// The format's decoder.
    pub decoder: u8,
    /// The parts.
    #[serde(borrow)]
    pub cells: Bytes<'a>,
}

/// Why packets are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reason {
    /// There was no room in the ring.
    RingFull,
    /// A record would have been longer than the ring can hold.
    TooBig,
    /// The front end could not read the packet, nor tell of it in time.
    Malformed,
    /// So many packets may be missing where the front end lost its way.
    Resync,
}

/// Trouble with the source, as the front end found it: an [`Error`] without its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Trouble<'a> {
    /// Which kind: the number of an [`error::Kind`](crate::error::Kind).
    pub kind: u8,
    /// The packet that is broken or expected.
    pub packet: u64,
    /// Where it starts, bytes.
    pub offset: u64,
    /// The field in question.
    pub field: &'a str,
    /// The value found.
    pub found: i64,
    /// The value expected.
    pub expected: i64,
}

impl From<Error> for Trouble<'static> {
    fn from(error: Error) -> Self {
        let Error { kind, packet, offset, field, found, expected, .. } = error;
        Trouble { kind: kind as u8, packet, offset, field, found, expected }
    }
}

/// How a front end is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Health {
    /// Fewest free bytes that the ring ever had.
    pub low_water: u32,
    /// Records dropped.
    pub records_dropped: u64,
    /// Bytes of source dropped.
    pub bytes_dropped: u64,
    /// Bytes of the source that made no sense.
    pub garbage: u64,
    /// Packets that made no sense.
    pub malformed: u32,
    /// Ticks since the start.
    pub uptime: u64,
}

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Body<'a> {
    /// A session begins.
    #[serde(borrow)]
    Hello(Hello<'a>),
    /// A piece of the source's text header.
    Config {
        /// Which text.
        key: u16,
        /// Number of the piece.
        index: u16,
        /// No piece follows.
        last: bool,
        /// The text.
        #[serde(borrow)]
        bytes: Bytes<'a>,
    },
    /// Parts of a packet.
    #[serde(borrow)]
    Parts(Parts<'a>),
    /// How the front end is doing.
    Health(Health),
    /// Packets that will not come; sent before the next one that does.
    Gap {
        /// The first of them, counted as in [`Parts`].
        packet: u64,
        /// How many.
        count: u32,
        /// Why.
        reason: Reason,
    },
    /// Nothing to say.
    Heartbeat {
        /// Ticks since the start.
        uptime: u64,
    },
    /// The source is over.
    End {
        /// Packets of the source.
        packets: u64,
        /// Bytes of the source.
        bytes: u64,
        /// CRC-32 of all bytes of the source, where the front end takes the time for it.
        crc: Option<u32>,
    },
    /// Bytes of the source that belong to no packet, or to one that broke off.
    Garbage {
        /// Packets of the session before these bytes; with `abort`, the one that breaks off not among them.
        packet: u64,
        /// Why.
        #[serde(borrow)]
        trouble: Trouble<'a>,
        /// Where these bytes start.
        start: u64,
        /// The packet of which parts were sent breaks off here.
        abort: bool,
        /// The bytes.
        #[serde(borrow)]
        bytes: Bytes<'a>,
    },
    /// The source as a whole can't be read: nothing follows.
    #[serde(borrow)]
    Failed(Trouble<'a>),
}

/// Bytes of a record beside those of its cells or of its piece of a text, at most.
pub const OVERHEAD: usize = 64;
/// Bytes of a [`Body::Garbage`] beside its bytes, at most: names of fields are short.
pub const GARBAGE_OVERHEAD: usize = 192;

/// A record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Record<'a> {
    /// Major version, [`PROTO`].
    pub proto: u8,
    /// The front end.
    pub stream: u16,
    /// One more with every record of this stream, wraps.
    pub seq: u32,
    /// What it says.
    #[serde(borrow)]
    pub body: Body<'a>,
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NoRecord {
    /// Not even its first byte.
    Empty,
    /// Another major version.
    Proto(u8),
    /// Not a message of this version.
    Malformed,
}

/// Key of [`Body::Config`]: the settings file that comes with a recording.
pub const SETTINGS: u16 = 1;

impl<'a> Record<'a> {
    /// A record of this version.
    pub const fn new(stream: u16, seq: u32, body: Body<'a>) -> Self {
        Record { proto: PROTO, stream, seq, body }
    }

    /// Writes the record; `None` where it does not fit.
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Option<&'o mut [u8]> {
        postcard::to_slice(self, out).ok()
    }

    /// Bytes that the record takes at most.
    pub const fn longest(&self) -> usize {
        match self.body {
            Body::Hello(hello) => OVERHEAD + hello.format.len() + hello.source.len(),
            Body::Config { bytes, .. } => OVERHEAD + bytes.0.len(),
            Body::Parts(parts) => OVERHEAD + parts.cells.0.len(),
            Body::Garbage { trouble, bytes, .. } => {
                2 * OVERHEAD + trouble.field.len() + bytes.0.len()
            }
            Body::Failed(trouble) => 2 * OVERHEAD + trouble.field.len(),
            Body::Health(_) | Body::Gap { .. } | Body::Heartbeat { .. } | Body::End { .. } => {
                OVERHEAD + 8
            }
        }
    }

    /// Reads a record, which must be all of the bytes.
    ///
    /// # Errors
    /// Where the bytes are not one record of this version.
    pub fn read(bytes: &'a [u8]) -> Result<Self, NoRecord> {
        match bytes.first() {
            None => return Err(NoRecord::Empty),
            Some(&PROTO) => {}
            Some(&other) => return Err(NoRecord::Proto(other)),
        }
        match postcard::take_from_bytes::<Record<'a>>(bytes) {
            Ok((record, [])) => Ok(record),
            _ => Err(NoRecord::Malformed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    /// A record of each variant, and its bytes for ever.
    fn golden() -> [(Body<'static>, &'static str); 10] {
        let hello = Hello {
            session: 200,
            firmware: [1, 2, 300],
            format: "FCIO",
            source: "a.fcio",
            tick_ps: 4000,
            longest: 16384,
            codecs: 15,
            revision: *b"deadbeef",
        };
        let parts = Parts {
            packet: 299,
            index: 1,
            number: 300,
            offset: 70000,
            kind: 6,
            decoder: 6,
            cells: Bytes(&[1, 2, 0]),
        };
        let health = Health {
            low_water: 128,
            records_dropped: 1,
            bytes_dropped: 2,
            garbage: 3,
            malformed: 4,
            uptime: 5,
        };
        let trouble =
            Trouble { kind: 2, packet: 3, offset: 4, field: "tag", found: -1, expected: 7 };
        [
            (
                Body::Hello(hello),
                "01070500c8010102ac02044643494f06612e6663696fa01f8080010f6465616462656566",
            ),
            (
                Body::Config { key: 1, index: 2, last: true, bytes: Bytes(b"<?") },
                "01070501010201023c3f",
            ),
            (Body::Parts(parts), "01070502ab0201ac02f0a204060603010200"),
            (Body::Health(health), "0107050380010102030405"),
            (Body::Gap { packet: 9, count: 2, reason: Reason::Resync }, "01070504090203"),
            (Body::Heartbeat { uptime: 128 }, "010705058001"),
            (Body::End { packets: 3, bytes: 4, crc: Some(255) }, "01070506030401ff01"),
            (
                Body::Garbage { packet: 6, trouble, start: 5, abort: true, bytes: Bytes(b"<?") },
                "010705070602030403746167010e0501023c3f",
            ),
            (Body::Failed(trouble), "0107050802030403746167010e"),
            (Body::End { packets: 3, bytes: 4, crc: None }, "01070506030400"),
        ]
    }

    #[test]
    fn the_bytes_of_every_variant_are_frozen() {
        for (body, want) in golden() {
            let record = Record::new(7, 5, body);
            let mut out = [0; 128];
            let bytes = record.write(&mut out).unwrap();
            let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(hex, want, "{body:?}");
            assert_eq!(Record::read(bytes), Ok(record));
        }
    }

    #[test]
    fn other_versions_and_surplus_are_refused() {
        assert_eq!(Record::read(&[]), Err(NoRecord::Empty));
        assert_eq!(Record::read(&[2, 7, 5]), Err(NoRecord::Proto(2)));
        assert_eq!(Record::read(&[1, 7, 5, 5, 1, 0]), Err(NoRecord::Malformed));
        assert_eq!(Record::read(&[1, 7, 5, 99, 1]), Err(NoRecord::Malformed));
        let mut small = [0; 4];
        assert_eq!(Record::new(7, 5, Body::Heartbeat { uptime: 1 << 40 }).write(&mut small), None);
    }

    #[test]
    #[cfg(target_has_atomic = "ptr")]
    fn the_ring_keeps_room_for_the_largest_gap_and_health() {
        type Ring = crate::ring::RecordRing<1024>;
        let health = Health {
            low_water: u32::MAX,
            records_dropped: u64::MAX,
            bytes_dropped: u64::MAX,
            garbage: u64::MAX,
            malformed: u32::MAX,
            uptime: u64::MAX,
        };
        let gap = Body::Gap { packet: u64::MAX, count: u32::MAX, reason: Reason::Resync };
        for (body, room) in [(gap, Ring::GAP), (Body::Health(health), Ring::STATUS)] {
            let mut out = [0; 128];
            let record = Record::new(u16::MAX, u32::MAX, body);
            assert!(record.write(&mut out).unwrap().len() <= room, "{body:?}");
        }
    }

    #[test]
    fn every_cut_of_a_record_is_refused() {
        for (body, _) in golden() {
            let mut out = [0; 128];
            let bytes: Vec<u8> = Record::new(7, 5, body).write(&mut out).unwrap().to_vec();
            for end in 0..bytes.len() {
                assert!(Record::read(&bytes[..end]).is_err(), "{body:?} cut at {end}");
            }
        }
    }
}
