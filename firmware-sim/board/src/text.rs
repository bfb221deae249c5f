//! Text for people, without `core::fmt`, which would take 8 KiB of a firmware.

use crate::semihosting::{File, Mode};

const LINE: usize = 160;

/// The console, written line by line.
#[derive(Debug)]
pub struct Console {
    file: Option<File>,
    line: [u8; LINE],
    at: usize,
}

impl Console {
    /// Standard error of the emulator: its standard output belongs to defmt.
    pub fn open() -> Self {
        Console { file: File::open(":tt", Mode::Append), line: [0; LINE], at: 0 }
    }

    /// Adds a text to the line; what doesn't fit is left out.
    #[inline(never)]
    pub fn text(&mut self, text: &str) -> &mut Self {
        for byte in text.bytes() {
            self.byte(byte);
        }
        self
    }

    /// Adds a text, then blanks up to `width`.
    pub fn left(&mut self, text: &str, width: usize) -> &mut Self {
        self.text(text).blanks(width.saturating_sub(text.len()))
    }

    /// Adds a text, after blanks up to `width`.
    pub fn right(&mut self, text: &str, width: usize) -> &mut Self {
        self.blanks(width.saturating_sub(text.len())).text(text)
    }

    /// Adds a number.
    pub fn number(&mut self, value: u64) -> &mut Self {
        self.decimal(value, 0, 0)
    }

    /// Adds a number of which the last `places` digits follow the point, after blanks up to `width`.
    #[inline(never)]
    pub fn decimal(&mut self, mut value: u64, places: usize, width: usize) -> &mut Self {
        let mut digits = [0u8; 24];
        let mut len = 0;
        for digit in digits.iter_mut().rev() {
            if places > 0 && len == places {
                *digit = b'.';
            } else {
                *digit = b'0' + (value % 10) as u8;
                value /= 10;
            }
            len += 1;
            let whole = places == 0 || len > places.saturating_add(1);
            if value == 0 && whole {
                break;
            }
        }
        self.blanks(width.saturating_sub(len));
        for &digit in digits.iter().skip(digits.len().saturating_sub(len)) {
            self.byte(digit);
        }
        self
    }

    /// Writes the line.
    #[inline(never)]
    pub fn end(&mut self) {
        let at = core::mem::take(&mut self.at).min(LINE - 1);
        if let (Some(file), Some(line)) = (&mut self.file, self.line.get_mut(..=at)) {
            if let Some(last) = line.last_mut() {
                *last = b'\n';
            }
            // There is no other place to tell of it.
            let _ = file.write(line);
        }
    }

    fn blanks(&mut self, n: usize) -> &mut Self {
        for _ in 0..n {
            self.byte(b' ');
        }
        self
    }

    fn byte(&mut self, byte: u8) {
        // The last byte of the line is kept for its end.
        if let Some(slot) = self.line.get_mut(self.at).filter(|_| self.at + 1 < LINE) {
            *slot = byte;
            self.at += 1;
        }
    }
}
