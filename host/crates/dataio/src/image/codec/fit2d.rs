//! Fit2D's own files (`.f2d`).
//!
//! Records of 512 bytes (or a multiple, then all of them). A record begins `\key:`, then come the number of data
//! records behind it (8 hexadecimal digits) and a letter:
//!
//! | letter | behind it |
//! |---|---|
//! | `s` | length (8 hexadecimal digits) and text |
//! | `i` | integer (8 hexadecimal digits) |
//! | `r` | real: the bits of an f32 (8 hexadecimal digits) |
//! | `a` | a letter for the type of an array; at 17 and 25 behind it columns and rows (8 hexadecimal digits each) |
//!
//! Arrays are `i` (i32) or `r` (f32), 128 pixels to a data record, or `l` (u8): 31 pixels to each i32, the first in the
//! lowest bit. All is little-endian. The image is the array `data_array`; of others the header has type and size.

use tierline_table::DType;

use crate::image::plain::single;
use crate::image::{Codec, Header, Hint, Image, Pixels, Source, Value};
use crate::{Error, Place};

const MAGIC: &[u8] = b"\\$FFF_START";
const RECORD: u64 = 512;
/// Largest multiple of it that is tried.
const MULTIPLES: u64 = 16;
/// Pixels of a data record.
const PIXELS: usize = 128;
/// Pixels of a word of a mask.
const MASKED: usize = 31;
const MAX_RECORDS: u64 = 1 << 20;

/// Fit2D's own files.
pub struct Fit2d;

impl Codec for Fit2d {
    fn name(&self) -> &'static str {
        "fit2d"
    }

    fn description(&self) -> &'static str {
        "Fit2D"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["f2d"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(MAGIC)
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let (header, array) = (1..=MULTIPLES)
            .find_map(|multiple| read_records(&source, RECORD * multiple).transpose())
            .unwrap_or_else(|| {
                Err(source
                    .malformed(Place::Byte(0), "expected records that begin with a backslash"))
            })?;
        let array = array.ok_or_else(|| source.malformed(Place::File, "there is no data_array"))?;
        Ok(single(source, header, Vec::new(), move |source, _| array.pixels(source)))
    }
}

#[derive(Clone, Copy)]
struct Array {
    kind: u8,
    columns: usize,
    rows: usize,
    start: u64,
    record: u64,
    records: u64,
}

type Records = (Header, Option<Array>);

/// Reads records of one size; `None` if they are of another.
fn read_records(source: &Source, size: u64) -> Result<Option<Records>, Error> {
    let mut entries: Vec<(String, Value)> = Vec::new();
    let mut image = None;
    let mut at = 0;
    for _ in 0..MAX_RECORDS {
        let record = source.bytes(at, size)?;
        if (record.len() as u64) < size {
            break;
        }
        let start = at;
        let bad = || {
            source.malformed(Place::Byte(start), "expected \\key:, 8 hexadecimal digits and a type")
        };
        let Some(behind) = record.strip_prefix(b"\\") else { return Ok(None) };
        let colon = memchr::memchr(b':', behind).ok_or_else(bad)?;
        let key = String::from_utf8_lossy(&behind[..colon]).into_owned();
        let rest = &behind[colon + 1..];
        let hex = |from: usize| {
            let digits = std::str::from_utf8(rest.get(from..from + 8)?).ok()?;
            u32::from_str_radix(digits.trim(), 16).ok()
        };
        let records = u64::from(hex(0).ok_or_else(bad)?);
        at += size;
        match rest.get(8).ok_or_else(bad)? {
            b's' => {
                let length = hex(9).ok_or_else(bad)? as usize;
                let text = rest.get(17..).unwrap_or_default();
                let text = String::from_utf8_lossy(&text[..length.min(text.len())]).into_owned();
                entries.push((key, text.into()));
            }
            b'i' => entries.push((key, i64::from(hex(9).ok_or_else(bad)? as i32).into())),
            b'r' => entries.push((key, f64::from(f32::from_bits(hex(9).ok_or_else(bad)?)).into())),
            b'a' if records > 0 => {
                let kind = *rest.get(9).ok_or_else(bad)?;
                let (columns, rows) =
                    (hex(26).ok_or_else(bad)? as usize, hex(34).ok_or_else(bad)? as usize);
                let array = Array { kind, columns, rows, start: at, record: size, records };
                at += records * size;
                if key == "data_array" {
                    image = Some(array);
                } else {
                    let kind = char::from(kind).to_string();
                    let parts = [
                        ("type", kind.into()),
                        ("dim1", (columns as i64).into()),
                        ("dim2", (rows as i64).into()),
                    ];
                    entries.push((
                        key,
                        Value::Map(parts.map(|(name, value)| (name.to_owned(), value)).into()),
                    ));
                }
            }
            _ => {}
        }
    }
    let mut header = Header::new();
    entries.into_iter().for_each(|(key, value)| header.set(key, value));
    Ok(Some((header, image)))
}

impl Array {
    fn pixels(&self, source: &Source) -> Result<Pixels, Error> {
        let shape = vec![self.rows, self.columns];
        let dtype = match self.kind {
            b'i' => DType::I32,
            b'r' => DType::F32,
            b'l' => DType::U8,
            other => {
                let reason = format!("an array of type {:?}", char::from(other));
                return Err(Error::unsupported(source.path(), Place::Byte(self.start), reason));
            }
        };
        let size = source.size("pixels", &shape, dtype.size())?;
        let raw = source.bytes(self.start, self.records * self.record)?;
        let data: Vec<u8> = match dtype {
            DType::U8 => {
                let words = raw.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
                words
                    .flat_map(|word| (0..MASKED).map(move |bit| (word >> bit & 1) as u8))
                    .take(size)
                    .collect()
            }
            _ => {
                let records = raw.chunks(self.record as usize);
                let used = records.flat_map(|record| &record[..record.len().min(4 * PIXELS)]);
                used.take(size).copied().collect()
            }
        };
        match data.len() == size {
            true => Ok(Pixels { dtype, shape, data }),
            false => {
                let reason = format!("expected {size} bytes of pixels, found {}", data.len());
                Err(source.malformed(Place::Byte(self.start), reason))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, read_bytes};

    fn record(text: &str, size: usize) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(size, b' ');
        bytes
    }

    fn file(kind: char, size: usize, records: usize) -> Vec<u8> {
        let array = format!("\\data_array:{records:08x}a{kind}{:16}{:08x}{:08x}", "", 130, 2);
        let parts = [
            record("\\$FFF_START:00000000s00000003abc", size),
            record("\\TITLE:00000000s00000005hello world", size),
            record("\\COUNT:00000000iffffffff", size),
            record("\\SLOPE:00000000r3fc00000", size),
            record(&array, size),
            (0..size * records).map(|i| (i / 4 % 100) as u8).collect(),
            record("\\END:00000000i00000001", size),
        ];
        parts.concat()
    }

    #[test]
    fn records_and_arrays() {
        for (size, skipped) in [(512, 0), (1024, 128)] {
            let frame = read_bytes(&Fit2d, file('i', size, 3)).unwrap();
            assert_eq!(frame.pixels.shape, [2, 130]);
            let at = |place: usize| (place % 100) as i64 * 0x0101_0101;
            let values: Vec<i64> = frame.pixels.integers().collect();
            assert_eq!((values[127], values[128]), (at(127), at(128 + skipped)));
            assert_eq!(frame.header.text("TITLE"), Some("hello"));
            assert_eq!(frame.header.get("COUNT"), Some(&Value::Int(-1)));
            assert_eq!(frame.header.get("SLOPE"), Some(&Value::Float(1.5)));
            assert_eq!(frame.header.get("END"), Some(&Value::Int(1)));
        }
        let mask = read_bytes(&Fit2d, file('l', 512, 1)).unwrap().pixels;
        assert_eq!((mask.dtype, mask.data[31], mask.data[32]), (DType::U8, 1, 0));
    }

    #[test]
    fn bad_files_are_refused() {
        assert!(read_bytes(&Fit2d, file('i', 512, 1)).is_err());
        assert!(read_bytes(&Fit2d, vec![b' '; 10_000]).is_err());
        assert!(read_bytes(&Fit2d, Vec::new()).is_err());
        damaged(&Fit2d, &file('r', 512, 3));
    }
}
