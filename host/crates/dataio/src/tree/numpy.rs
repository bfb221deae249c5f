//! NumPy files as trees: `.npy` has one dataset `data`, `.npz` one for each of its members.
//!
//! | bytes | content |
//! |--|--|
//! | 6 | `\x93NUMPY` |
//! | 2 | version: 1.0, 2.0, 3.0 |
//! | 2 (version 1), 4 | length of the description, little-endian |
//! | … | description: a Python dictionary of `descr`, `fortran_order`, `shape` |
//! | … | the elements |
//!
//! An `.npz` file is a zip archive of such files, stored or deflated.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tierline_report::{LimitKind, Limits};
use tierline_table::DType;

use super::{Branch, Data, Element, Leaf, Selection, Span, Tree, Values};
use crate::image::Source;
use crate::{Error, Place};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Longest description.
const MAX_HEADER: u64 = 1 << 20;
/// Members of an archive that are looked at.
const MAX_MEMBERS: usize = 100_000;

/// The tree of a NumPy file.
pub fn numpy(path: &Path, limits: Limits) -> Result<Tree, Error> {
    let source = Source::open(path, limits)?;
    let mut root = Branch::new();
    if source.bytes(0, MAGIC.len() as u64)? == MAGIC {
        let head = source.bytes(0, MAX_HEADER)?;
        let header =
            Header::parse(&head).map_err(|reason| source.malformed(Place::File, reason))?;
        root.put_dataset("data", single(source, header));
    } else {
        archive(path, limits, &mut root)?;
    }
    Ok(Tree::new(path, Arc::new(root)))
}

/// The array of an `.npy` file, read by rows.
fn single(source: Source, header: Header) -> Leaf {
    let shape = header.shape.clone();
    Leaf::lazy(header.element(), &shape, move |selection| {
        let malformed = |reason| source.malformed(Place::File, reason);
        let (part, selection) = header.rows(selection);
        let length =
            header.bytes(&part).ok_or_else(|| malformed("the array is too large".into()))?;
        header.check(&part, source.limits(), source.path())?;
        let before = part_offset(&header, selection.1).unwrap_or(u64::MAX);
        let bytes = source.exact(header.start.saturating_add(before), length, "the array")?;
        let values = header.values(&part, bytes).map_err(malformed)?;
        Ok(values.select(&selection.0))
    })
}

/// Bytes before a row.
fn part_offset(header: &Header, row: usize) -> Option<u64> {
    let inner = header.shape.get(1..).unwrap_or_default();
    let row_bytes = product(inner)?.checked_mul(header.item as u64)?;
    row_bytes.checked_mul(row as u64)
}

/// Puts the members of an archive into a group.
fn archive(path: &Path, limits: Limits, root: &mut Branch) -> Result<(), Error> {
    let mut zip = opened(path)?;
    let failed = |error| zip_error(path, error);
    if zip.len() > MAX_MEMBERS {
        let reason = format!("{} members, at most {MAX_MEMBERS} are read", zip.len());
        return Err(Error::unsupported(path, Place::File, reason));
    }
    for index in 0..zip.len() {
        let mut member = zip.by_index(index).map_err(failed)?;
        let name = member.name().map_err(failed)?.into_owned();
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        let mut head = Vec::new();
        let read = (&mut member).take(MAX_HEADER).read_to_end(&mut head);
        read.map_err(|error| Error::io(path, "read", error))?;
        let place = || Place::Object(name.clone());
        let header =
            Header::parse(&head).map_err(|reason| Error::malformed(path, place(), reason))?;
        let name = name.replace('/', "%");
        root.put_dataset(&name, packed(path.to_path_buf(), limits, index, header));
    }
    Ok(())
}

/// The array of a member of an archive, which is unpacked when asked for.
fn packed(path: PathBuf, limits: Limits, index: usize, header: Header) -> Leaf {
    let shape = header.shape.clone();
    Leaf::lazy(header.element(), &shape, move |selection| {
        let malformed = |reason: String| Error::malformed(&path, Place::File, reason);
        let length = header.bytes(&header.shape);
        let length = length.ok_or_else(|| malformed("the array is too large".into()))?;
        header.check(&header.shape, &limits, &path)?;
        let mut zip = opened(&path)?;
        let member = zip.by_index(index).map_err(|error| zip_error(&path, error))?;
        let mut bytes = Vec::new();
        let end = header.start.saturating_add(length);
        let read = member.take(end).read_to_end(&mut bytes);
        read.map_err(|error| Error::io(&path, "unpack", error))?;
        if (bytes.len() as u64) < end {
            let reason = format!("the array needs {end} bytes, {} are there", bytes.len());
            return Err(malformed(reason));
        }
        let values = header.values(&header.shape, bytes.split_off(header.start as usize));
        Ok(values.map_err(malformed)?.select(selection))
    })
}

fn opened(path: &Path) -> Result<zip::ZipArchive<BufReader<File>>, Error> {
    let file = File::open(path).map_err(|error| Error::io(path, "open", error))?;
    zip::ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(path, error))
}

fn zip_error(path: &Path, error: zip::result::ZipError) -> Error {
    Error::malformed(path, Place::File, format!("zip archive: {error}"))
}

fn product(shape: &[usize]) -> Option<u64> {
    shape.iter().try_fold(1_u64, |n, extent| n.checked_mul(*extent as u64))
}

/// What elements are.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    /// Numbers, truth values, bytes.
    Plain(DType),
    /// Texts of 32-bit characters.
    Unicode,
    /// What is not read.
    Other(String),
}

/// The description of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Header {
    item_type: Item,
    /// Bytes of an element.
    item: usize,
    big_endian: bool,
    fortran: bool,
    shape: Vec<usize>,
    /// Where the elements begin.
    start: u64,
}

impl Header {
    fn parse(head: &[u8]) -> Result<Self, String> {
        let rest = head.strip_prefix(MAGIC).ok_or("this is no NumPy array")?;
        let (length, rest, before) = match rest {
            [1, _, a, b, rest @ ..] => (u32::from(u16::from_le_bytes([*a, *b])), rest, 10),
            [2 | 3, _, a, b, c, d, rest @ ..] => (u32::from_le_bytes([*a, *b, *c, *d]), rest, 12),
            [major, ..] => return Err(format!("NumPy format {major} is not known")),
            [] => return Err("the file ends in its header".into()),
        };
        let text = rest.get(..length as usize).ok_or("the description does not end")?;
        let text = String::from_utf8_lossy(text);
        let value = |key: &str| {
            let (_, rest) = text.split_once(&format!("'{key}'"))?;
            Some(rest.trim_start().strip_prefix(':')?.trim_start())
        };
        let lacks = |key: &str| format!("the description has no '{key}'");
        let descr = value("descr").ok_or_else(|| lacks("descr"))?;
        let (item_type, item, big_endian) = described(descr);
        let fortran = value("fortran_order").ok_or_else(|| lacks("fortran_order"))?;
        let shape = value("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
        let (shape, _) = shape.ok_or_else(|| lacks("shape"))?;
        let words = shape.split(',').map(str::trim).filter(|word| !word.is_empty());
        let shape: Result<Vec<usize>, String> =
            words.map(|word| word.parse().map_err(|_| format!("'{word}' is no extent"))).collect();
        Ok(Header {
            item_type,
            item,
            big_endian,
            fortran: fortran.starts_with("True"),
            shape: shape?,
            start: u64::from(before + length),
        })
    }

    fn element(&self) -> Element {
        match &self.item_type {
            Item::Plain(dtype) => Element::Plain(*dtype),
            Item::Unicode => Element::Text { utf8: true },
            Item::Other(what) => Element::Other(what.clone()),
        }
    }

    /// Bytes of an array of this type.
    fn bytes(&self, shape: &[usize]) -> Option<u64> {
        product(shape)?.checked_mul(self.item as u64)
    }

    /// Compares what an array of this type takes in memory with the limit. Elements may have no bytes in the
    /// file, but each text takes some.
    fn check(&self, shape: &[usize], limits: &Limits, path: &Path) -> Result<(), Error> {
        let least = if self.item_type == Item::Unicode { size_of::<String>() } else { 1 };
        let item = self.item.max(least) as u64;
        let size = product(shape).and_then(|count| count.checked_mul(item)).unwrap_or(u64::MAX);
        Ok(limits.check(LimitKind::Allocation, &path.display().to_string(), size)?)
    }

    /// The rows that hold a selection: their shape; the selection in them; and the first of them.
    fn rows(&self, selection: &Selection) -> (Vec<usize>, (Selection, usize)) {
        let (mut shape, mut selection) = (self.shape.clone(), selection.clone());
        let (Some(length), Some(span), false) =
            (shape.first_mut(), selection.spans.first_mut(), self.fortran)
        else {
            return (shape, (selection, 0));
        };
        let first = span.start;
        *length = span.count.saturating_sub(1) * span.step + span.count.min(1);
        *span = Span { start: 0, ..*span };
        (shape, (selection, first))
    }

    /// The elements of an array as values.
    fn values(&self, shape: &[usize], mut bytes: Vec<u8>) -> Result<Values, String> {
        if self.fortran && shape.len() > 1 {
            bytes = transposed(&bytes, shape, self.item);
        }
        let data = match &self.item_type {
            Item::Other(what) => return Err(format!("elements of type {what} are not read")),
            Item::Plain(dtype) => {
                if self.big_endian && !matches!(dtype, DType::Text(_)) && self.item > 1 {
                    bytes.chunks_exact_mut(self.item).for_each(<[u8]>::reverse);
                }
                Data::Plain { dtype: *dtype, bytes }
            }
            Item::Unicode => {
                let character = |bytes: &[u8]| {
                    let bytes: [u8; 4] = bytes.try_into().unwrap_or_default();
                    let code = match self.big_endian {
                        true => u32::from_be_bytes(bytes),
                        false => u32::from_le_bytes(bytes),
                    };
                    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                };
                let text = |bytes: &[u8]| -> String {
                    let text: String = bytes.chunks_exact(4).map(character).collect();
                    text.trim_end_matches('\0').to_owned()
                };
                match self.item {
                    0 => Data::Texts(vec![String::new(); shape.iter().product()]),
                    item => Data::Texts(bytes.chunks_exact(item).map(text).collect()),
                }
            }
        };
        Ok(Values { shape: shape.to_vec(), data })
    }
}

/// Type, bytes of an element, and whether the high byte comes first, of a `descr`.
fn described(descr: &str) -> (Item, usize, bool) {
    let other = || (Item::Other(descr.split('}').next().unwrap_or_default().to_owned()), 0, false);
    let Some(text) =
        descr.strip_prefix(['\'', '"']).and_then(|rest| rest.split(['\'', '"']).next())
    else {
        return other();
    };
    let (order, kind) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0));
    if let Some(dtype) = DType::from_code(kind) {
        return (Item::Plain(dtype), dtype.size(), order == ">");
    }
    let width = |letter| kind.strip_prefix(letter).and_then(|text| text.parse::<u16>().ok());
    match (width('S'), width('U')) {
        (Some(width), _) => (Item::Plain(DType::Text(width)), usize::from(width), false),
        (_, Some(width)) => (Item::Unicode, 4 * usize::from(width), order == ">"),
        _ => (Item::Other(text.to_owned()), 0, false),
    }
}

/// Elements in the order of the last axis running fastest, from those of the first axis running fastest.
fn transposed(bytes: &[u8], shape: &[usize], item: usize) -> Vec<u8> {
    let mut strides = vec![item; shape.len()];
    for axis in 1..shape.len() {
        strides[axis] = strides[axis - 1].saturating_mul(shape[axis - 1]);
    }
    let (mut out, mut place, mut at) = (Vec::with_capacity(bytes.len()), vec![0; shape.len()], 0);
    while out.len() < bytes.len() && item > 0 {
        out.extend_from_slice(bytes.get(at..at + item).unwrap_or_default());
        for axis in (0..shape.len()).rev() {
            place[axis] += 1;
            at += strides[axis];
            if place[axis] < shape[axis] {
                break;
            }
            at -= strides[axis] * shape[axis];
            place[axis] = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::Pick;
    use super::*;

    fn npy(description: &str, elements: &[u8]) -> Vec<u8> {
        let mut file = MAGIC.to_vec();
        file.extend([1, 0]);
        file.extend((description.len() as u16).to_le_bytes());
        file.extend(description.as_bytes());
        file.extend(elements);
        file
    }

    fn opened(bytes: &[u8]) -> Result<Tree, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        numpy(file.path(), Limits::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn elements_without_bytes_are_not_without_number() {
        for descr in ["<U0", "|S0", "<i8"] {
            for shape in ["99999999999999,", "9999999999, 9999999999", "7, 9999999999, 99999999"] {
                let text =
                    format!("{{'descr': '{descr}', 'fortran_order': True, 'shape': ({shape})}}");
                assert!(read(&npy(&text, b"")).is_err(), "{text}");
            }
        }
        let empty = "{'descr': '<U0', 'fortran_order': False, 'shape': (3,)}";
        assert_eq!(read(&npy(empty, b"")).unwrap(), Values::texts(vec![String::new(); 3]));
    }

    fn read(bytes: &[u8]) -> Result<Values, String> {
        let dataset = opened(bytes)?.dataset("/data").unwrap();
        dataset.read_all().map_err(|error| error.to_string())
    }

    #[test]
    fn orders_of_bytes_and_axes_are_undone() {
        let description = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n";
        let elements: Vec<u8> =
            [1_i16, 4, 2, 5, 3, 6].iter().flat_map(|v| v.to_be_bytes()).collect();
        let values = read(&npy(description, &elements)).unwrap();
        assert_eq!(values.shape, [2, 3]);
        let found: Vec<_> = (0..6).filter_map(|i| values.get_i64(i)).collect();
        assert_eq!(found, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_part_of_the_rows_is_read() {
        let description = "{'descr': '|u1', 'fortran_order': False, 'shape': (6, 2)}";
        let tree = opened(&npy(description, &(0..12).collect::<Vec<u8>>())).unwrap();
        let picks = Pick::parse_list("1:6:2,1").unwrap();
        let (selection, _) = Pick::apply(&picks, &[6, 2]).unwrap();
        let values = tree.dataset("/data").unwrap().read(&selection).unwrap();
        assert_eq!(values.data, Data::Plain { dtype: DType::U8, bytes: vec![3, 7, 11] });
    }

    #[test]
    fn texts_are_read_and_what_is_not_is_named() {
        let description = "{'descr': '<U2', 'fortran_order': False, 'shape': (2,)}";
        let elements: Vec<u8> =
            ['é', '\0', 'a', 'b'].iter().flat_map(|c| u32::from(*c).to_le_bytes()).collect();
        let values = read(&npy(description, &elements)).unwrap();
        assert_eq!(values, Values::texts(vec!["é".into(), "ab".into()]));
        let complex = "{'descr': '<c16', 'fortran_order': False, 'shape': ()}";
        assert!(read(&npy(complex, &[0; 16])).unwrap_err().contains("type <c16"));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let description = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";
        let file = npy(description, &[0; 16]);
        assert!(read(&file).is_ok());
        for length in 0..file.len() {
            assert!(read(&file[..length]).is_err(), "{length}");
        }
        let huge = "{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 9999999999)}";
        assert!(read(&npy(huge, &[])).is_err());
    }

    #[test]
    fn archives_have_a_dataset_for_each_member() {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let description = "{'descr': '<i4', 'fortran_order': False, 'shape': (3,)}";
        let elements: Vec<u8> = [7_i32, 8, 9].iter().flat_map(|v| v.to_le_bytes()).collect();
        for (name, method) in [
            ("b.npy", zip::CompressionMethod::Stored),
            ("a/c.npy", zip::CompressionMethod::Deflated),
        ] {
            let options = zip::write::SimpleFileOptions::default().compression_method(method);
            zip.start_file(name, options).unwrap();
            zip.write_all(&npy(description, &elements)).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        let tree = numpy(file.path(), Limits::default()).unwrap();
        assert_eq!(tree.root().names().unwrap(), ["b", "a%c"]);
        for name in ["b", "a%c"] {
            let values = tree.dataset(name).unwrap().read_all().unwrap();
            assert_eq!((values.shape.as_slice(), values.get_i64(2)), (&[3][..], Some(9)));
        }
        for length in [0, 4, 30, bytes.len() / 2, bytes.len() - 1] {
            assert!(opened(&bytes[..length]).is_err(), "{length}");
        }
    }
}
