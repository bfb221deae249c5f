//! What packets have left in an assembler, as bytes: each number is the difference from the one before, zigzag, in varints.

use tierline_core::History;

use super::varint::{self, signed, unsigned};

/// Saves.
#[derive(Debug, Default)]
pub(crate) struct Saver {
    pub(crate) bytes: Vec<u8>,
    last: i64,
}

impl History for Saver {
    fn word(&mut self, value: &mut i64) {
        varint::write(unsigned(value.wrapping_sub(self.last)), &mut self.bytes);
        self.last = *value;
    }
}

/// Loads; what is missing is left as it is.
#[derive(Debug)]
pub(crate) struct Loader<'a> {
    bytes: &'a [u8],
    last: i64,
    short: bool,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Loader { bytes, last: 0, short: false }
    }

    /// Whether everything was there, and nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.bytes.is_empty() && !self.short
    }
}

impl History for Loader<'_> {
    fn word(&mut self, value: &mut i64) {
        match varint::read(&mut self.bytes) {
            Some(difference) => {
                self.last = self.last.wrapping_add(signed(difference));
                *value = self.last;
            }
            None => self.short = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_no_more() {
        let mut values = [0, -1, i64::MAX, i64::MIN, 7, 7];
        let mut saver = Saver::default();
        saver.words(&mut values);
        let mut loaded = [0; 6];
        let mut loader = Loader::new(&saver.bytes);
        loader.words(&mut loaded);
        assert!(loader.is_done());
        assert_eq!(loaded, values);
        let mut more = 3;
        loader.i32(&mut more);
        assert!(!loader.is_done());
        assert_eq!(more, 3);
        let mut loader = Loader::new(&saver.bytes);
        loader.words(&mut loaded[..5]);
        assert!(!loader.is_done());
    }
}
