//! Where the scans of a file are.

use std::collections::HashMap;

use memchr::memmem::Finder;
use tierline_report::LimitKind;

use super::numbers::integer;
use crate::Error;
use crate::image::Source;

/// Bytes that are looked at together.
const WINDOW: u64 = 1 << 20;
/// Bytes at the end of a window that are left for the next, so that no scan number is cut.
const OVERLAP: u64 = 64;

/// One scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The number after `#S`.
    pub(super) number: i64,
    /// 1 for the first scan of this number, 2 for the next.
    pub(super) order: usize,
    /// Bytes of the file, from `#S` to the next `#S` or `#F`.
    pub(super) block: (u64, u64),
    /// Bytes of the file header above it.
    pub(super) header: (u64, u64),
}

/// All scans in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) entries: Vec<Entry>,
    /// The scans of a number, in order.
    pub(super) by_number: HashMap<i64, Vec<u32>>,
    header: (u64, u64),
    in_header: bool,
}

impl Index {
    /// Reads a file through, a window at a time.
    pub(super) fn read(source: &Source) -> Result<Self, Error> {
        let mut index = Index { in_header: true, ..Index::default() };
        let finder = Finder::new(b"\n#");
        let length = source.len();
        let mut window = vec![0; length.min(WINDOW) as usize];
        let mut base = 0;
        while base < length {
            let count = source.read_at(base, &mut window)? as u64;
            let bytes = &window[..count as usize];
            let last = base + count >= length || count < WINDOW;
            let limit = if last { count } else { count - OVERLAP };
            if base == 0 {
                index.line(source, bytes, 0)?;
            }
            for at in finder.find_iter(bytes).take_while(|at| (*at as u64) < limit) {
                index.line(source, &bytes[at + 1..], base + at as u64 + 1)?;
            }
            if last {
                break;
            }
            base += limit;
        }
        index.close(length);
        Ok(index)
    }

    /// Looks at a line that begins at an offset.
    fn line(&mut self, source: &Source, line: &[u8], at: u64) -> Result<(), Error> {
        match line {
            [b'#', b'S', rest @ ..] => {
                self.close(at);
                self.in_header = false;
                let number = integer(number_of(rest));
                let size = (self.entries.len() + 1) * size_of::<Entry>();
                let what = format!("{}: list of scans", source.path().display());
                if self.entries.len().is_multiple_of(4096) {
                    source.limits().check(LimitKind::Allocation, &what, size as u64)?;
                }
                let place = self.entries.len() as u32;
                let same = self.by_number.entry(number).or_default();
                same.push(place);
                let order = same.len();
                self.entries.push(Entry { number, order, block: (at, at), header: self.header });
            }
            [b'#', b'F', ..] => {
                self.close(at);
                self.in_header = true;
                self.header = (at, at);
            }
            _ => {}
        }
        Ok(())
    }

    /// Ends the block that is open.
    fn close(&mut self, at: u64) {
        if self.in_header {
            self.header.1 = at;
        } else if let Some(entry) = self.entries.last_mut() {
            entry.block.1 = at;
        }
    }
}

/// What a scan number is read from: one byte after `#S`, up to the end of the line.
fn number_of(rest: &[u8]) -> &[u8] {
    let rest = &rest[..rest.len().min(OVERLAP as usize - 8)];
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    rest[..end].get(1..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tierline_report::Limits;

    use super::*;

    fn index(text: &str) -> Index {
        let source = Source::memory(Path::new("a.dat"), text.into(), Limits::default());
        Index::read(&source).unwrap()
    }

    fn keys(index: &Index) -> Vec<(i64, usize)> {
        index.entries.iter().map(|entry| (entry.number, entry.order)).collect()
    }

    #[test]
    fn numbers_may_repeat_and_lack() {
        let index = index("#S 1  two\n1\n#S  2 x\n#S4 x\n#S x\n#S\n#S -6 k\n#S 1 again");
        let expected = [(1, 1), (2, 1), (0, 1), (0, 2), (0, 3), (-6, 1), (1, 2)];
        assert_eq!(keys(&index), expected);
    }

    #[test]
    fn a_scan_has_the_header_above_it() {
        let text = "#E 1\n#S 1 x\n1\n#F b\n#S 2 y\n#S 3 z\n#F c";
        let index = index(text);
        let part = |(start, end): (u64, u64)| &text[start as usize..end as usize];
        let found: Vec<_> = index.entries.iter().map(|e| (part(e.header), part(e.block))).collect();
        let expected = [("#E 1\n", "#S 1 x\n1\n"), ("#F b\n", "#S 2 y\n"), ("#F b\n", "#S 3 z\n")];
        assert_eq!(found, expected);
    }

    #[test]
    fn scans_are_found_across_windows() {
        for shift in [0, 1, 2, 3, 10, 62, 63, 64, 65, 66] {
            let mut text = "x".repeat(WINDOW as usize - shift);
            text.push_str("\n#S 123456 x\n1\n");
            text.push_str(&"2\n".repeat(WINDOW as usize));
            text.push_str("#S 7 y\n");
            assert_eq!(keys(&index(&text)), [(123_456, 1), (7, 1)], "{shift}");
        }
    }
}
