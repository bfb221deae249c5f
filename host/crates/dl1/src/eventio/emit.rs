//! Bytes of objects, for tests.

use super::header::{ByteOrder, ObjectHeader};
use super::object::OwnedObject;

/// Content of an object under way, least significant byte first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content(pub(crate) Vec<u8>);

macro_rules! numbers {
    ($($name:ident: $type:ty;)*) => {$(
        pub(crate) fn $name(mut self, values: &[$type]) -> Self {
            self.0.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            self
        }
    )*};
}

impl Content {
    numbers! {
        u8: u8;
        i16: i16;
        u16: u16;
        i32: i32;
        f32: f32;
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.u16(&[text.len() as u16]).u8(text.as_bytes())
    }

    /// Signed numbers of variable length, below 2^13.
    pub(crate) fn varints(self, values: &[i32]) -> Self {
        values.iter().fold(self, |content, &value| {
            content.unsigned_varint(((value << 1) ^ (value >> 31)) as u32)
        })
    }

    /// An unsigned number of variable length, below 2^14.
    pub(crate) fn unsigned_varint(self, value: u32) -> Self {
        assert!(value < 1 << 14);
        if value < 0x80 {
            return self.u8(&[value as u8]);
        }
        self.u8(&[(value >> 8) as u8 | 0x80, value as u8])
    }

    /// An array as differences.
    pub(crate) fn differences(self, values: &[i32]) -> Self {
        let mut last = 0;
        values.iter().fold(self, |content, &value| {
            let step = value - last;
            last = value;
            content.varints(&[step])
        })
    }

    /// An object with this content.
    pub(crate) fn object(self, kind: u16, version: u16, id: i32) -> OwnedObject {
        object(kind, version, id, self.0)
    }
}

/// An object with any content.
pub(crate) fn object(kind: u16, version: u16, id: i32, payload: Vec<u8>) -> OwnedObject {
    let header = ObjectHeader {
        kind,
        version,
        id,
        length: payload.len() as u64,
        only_sub_objects: false,
        extended: false,
        user: false,
        header_size: 16,
        content_offset: 16,
        order: ByteOrder::Little,
    };
    OwnedObject { header, payload }
}

/// Checks that an object is read, and that it is not when it is cut anywhere; nothing may panic.
pub(crate) fn check_cuts<T>(
    whole: &OwnedObject,
    parse: impl Fn(&super::Object<'_>) -> Result<T, super::ObjectError>,
) -> T {
    for cut in 0..whole.payload.len() {
        let header = whole.header;
        let part = object(header.kind, header.version, header.id, whole.payload[..cut].to_vec());
        assert!(parse(&part.view()).is_err(), "cut at {cut}");
    }
    parse(&whole.view()).unwrap()
}
