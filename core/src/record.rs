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

/// Major version of the protocol.
pub const PROTO: u8 = 1;

/// Bytes that are written and read in one go, borrowed when read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Bytes<'a>(#[serde(borrow)] pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// What a front end is, at the start of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello<'a> {
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
pub struct Parts<'a> {
    /// Number of the packet in the source.
    pub packet: u64,
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
pub enum Reason {
    /// There was no room in the ring.
    RingFull,
    /// A record would have been longer than the ring can hold.
    TooBig,
    /// The packet made no sense.
    Malformed,
    /// Bytes that belong to no packet.
    Resync,
}

/// How a front end is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Fewest free bytes that the ring ever had.
    pub low_water: u32,
    /// Records dropped.
    pub records_dropped: u64,
    /// Bytes of source dropped.
    pub bytes_dropped: u64,
    /// Records that arrived damaged.
    pub damaged: u32,
    /// Packets that made no sense.
    pub malformed: u32,
    /// Ticks since the start.
    pub uptime: u64,
}

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        /// The first of them.
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
        /// CRC-32 of all bytes of the source.
        crc: u32,
    },
}

/// A record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
pub enum NoRecord {
    /// Not even its first byte.
    Empty,
    /// Another major version.
    Proto(u8),
    /// Not a message of this version.
    Malformed,
}

impl<'a> Record<'a> {
    /// A record of this version.
    pub const fn new(stream: u16, seq: u32, body: Body<'a>) -> Self {
        Record { proto: PROTO, stream, seq, body }
    }

    /// Writes the record; `None` where it does not fit.
    pub fn write<'o>(&self, out: &'o mut [u8]) -> Option<&'o mut [u8]> {
        postcard::to_slice(self, out).ok()
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
    fn golden() -> [(Body<'static>, &'static str); 7] {
        let hello = Hello {
            firmware: [1, 2, 300],
            format: "FCIO",
            source: "a.fcio",
            tick_ps: 4000,
            longest: 16384,
            codecs: 15,
            revision: *b"deadbeef",
        };
        let parts =
            Parts { packet: 300, offset: 70000, kind: 6, decoder: 6, cells: Bytes(&[1, 2, 0]) };
        let health = Health {
            low_water: 128,
            records_dropped: 1,
            bytes_dropped: 2,
            damaged: 3,
            malformed: 4,
            uptime: 5,
        };
        [
            (
                Body::Hello(hello),
                "010705000102ac02044643494f06612e6663696fa01f8080010f6465616462656566",
            ),
            (
                Body::Config { key: 1, index: 2, last: true, bytes: Bytes(b"<?") },
                "01070501010201023c3f",
            ),
            (Body::Parts(parts), "01070502ac02f0a204060603010200"),
            (Body::Health(health), "0107050380010102030405"),
            (Body::Gap { packet: 9, count: 2, reason: Reason::Resync }, "01070504090203"),
            (Body::Heartbeat { uptime: 128 }, "010705058001"),
            (Body::End { packets: 3, bytes: 4, crc: 255 }, "010705060304ff01"),
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
            damaged: u32::MAX,
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
