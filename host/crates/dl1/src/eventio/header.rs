//! Headers of objects.
//!
//! | bytes | is |
//! |---|---|
//! | 4 | marker, only of objects that are not inside others: `37 8A 1F D4` little endian, `D4 1F 8A 37` big |
//! | 4 | bits 0–15 type, 16 user, 17 extended, 20–31 version |
//! | 4 | number, signed |
//! | 4 | bits 0–29 length of the content, 30 only objects inside |
//! | 4 | only of extended ones: bits 0–11 are bits 30–41 of the length |

use crate::Place;

/// Order of bytes of an object; objects inside another have its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl ByteOrder {
    /// The order that a marker tells, if it is one.
    pub fn of_marker(marker: [u8; 4]) -> Option<Self> {
        match marker {
            MARKER_LITTLE => Some(ByteOrder::Little),
            MARKER_BIG => Some(ByteOrder::Big),
            _ => None,
        }
    }

    /// A number of 4 bytes.
    pub fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        }
    }
}

/// Marker of objects with the least significant byte first.
pub const MARKER_LITTLE: [u8; 4] = [0x37, 0x8A, 0x1F, 0xD4];
/// Marker of objects with the most significant byte first.
pub const MARKER_BIG: [u8; 4] = [0xD4, 0x1F, 0x8A, 0x37];
/// Length of a marker, in bytes.
pub const MARKER_LEN: usize = 4;
/// Length of the three words that every header has, in bytes.
pub const WORDS_LEN: usize = 12;
/// Length of the extension, in bytes.
pub const EXTENSION_LEN: usize = 4;

/// Header of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectHeader {
    /// Type.
    pub kind: u16,
    /// Version of the type.
    pub version: u16,
    /// Number; its meaning depends on the type.
    pub id: i32,
    /// Length of the content, in bytes.
    pub length: u64,
    /// Whether the content is objects and nothing else.
    pub only_sub_objects: bool,
    /// Whether the length has more than 30 bits in the file.
    pub extended: bool,
    /// A bit that applications may use.
    pub user: bool,
    /// Length of the header, in bytes, marker included.
    pub header_size: u8,
    /// Where the content begins, in bytes from the start of the decompressed file.
    pub content_offset: u64,
    /// Order of its bytes.
    pub order: ByteOrder,
}

impl ObjectHeader {
    /// Whether the first word of a header announces an extension.
    pub fn is_extended(order: ByteOrder, words: &[u8; WORDS_LEN]) -> bool {
        word(order, words, 0) & (1 << 17) != 0
    }

    /// Reads the words of a header. `offset` is where the header begins (its marker, if it has one).
    pub fn parse(
        order: ByteOrder,
        words: &[u8; WORDS_LEN],
        extension: Option<[u8; EXTENSION_LEN]>,
        marker: bool,
        offset: u64,
    ) -> Self {
        let (first, last) = (word(order, words, 0), word(order, words, 2));
        let high = extension.map_or(0, |bytes| u64::from(order.u32(bytes) & 0xfff));
        let header_size = WORDS_LEN
            + if marker { MARKER_LEN } else { 0 }
            + if extension.is_some() { EXTENSION_LEN } else { 0 };
        ObjectHeader {
            kind: (first & 0xffff) as u16,
            version: (first >> 20) as u16,
            id: word(order, words, 1) as i32,
            length: u64::from(last & 0x3fff_ffff) | (high << 30),
            only_sub_objects: last & (1 << 30) != 0,
            extended: extension.is_some(),
            user: first & (1 << 16) != 0,
            header_size: header_size as u8,
            content_offset: offset.saturating_add(header_size as u64),
            order,
        }
    }

    /// Where the header begins, in bytes from the start of the decompressed file.
    pub fn offset(&self) -> u64 {
        self.content_offset.saturating_sub(u64::from(self.header_size))
    }

    /// Where its content ends.
    pub fn end(&self) -> u64 {
        self.content_offset.saturating_add(self.length)
    }

    /// Where it is, for an error.
    pub fn place(&self) -> Place {
        Place::Object { kind: self.kind, version: self.version, offset: self.offset() }
    }
}

fn word(order: ByteOrder, words: &[u8; WORDS_LEN], at: usize) -> u32 {
    let at = 4 * at;
    order.u32([words[at], words[at + 1], words[at + 2], words[at + 3]])
}
