//! Rows of tables as bytes.

/// A row, or several, of packed little-endian columns.
#[derive(Debug, Default)]
pub(crate) struct Row(pub(crate) Vec<u8>);

impl Row {
    /// Begins anew.
    pub(crate) fn clear(&mut self) -> &mut Self {
        self.0.clear();
        self
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn bool(&mut self, value: bool) -> &mut Self {
        self.bytes(&[value.into()])
    }

    pub(crate) fn i16(&mut self, value: i16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn i32(&mut self, value: i32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn i64(&mut self, value: i64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn f32(&mut self, value: f32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn f64(&mut self, value: f64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    pub(crate) fn f64s(&mut self, values: &[f64]) -> &mut Self {
        values.iter().for_each(|value| _ = self.f64(*value));
        self
    }

    pub(crate) fn f32s(&mut self, values: &[f32]) -> &mut Self {
        let start = self.0.len();
        self.0.resize(start + 4 * values.len(), 0);
        for (out, value) in self.0[start..].as_chunks_mut::<4>().0.iter_mut().zip(values) {
            *out = value.to_le_bytes();
        }
        self
    }

    pub(crate) fn i32s(&mut self, values: &[i32]) -> &mut Self {
        let start = self.0.len();
        self.0.resize(start + 4 * values.len(), 0);
        for (out, value) in self.0[start..].as_chunks_mut::<4>().0.iter_mut().zip(values) {
            *out = value.to_le_bytes();
        }
        self
    }

    pub(crate) fn u16s(&mut self, values: &[u16]) -> &mut Self {
        let start = self.0.len();
        self.0.resize(start + 2 * values.len(), 0);
        for (out, value) in self.0[start..].as_chunks_mut::<2>().0.iter_mut().zip(values) {
            *out = value.to_le_bytes();
        }
        self
    }

    pub(crate) fn bools(&mut self, values: &[bool]) -> &mut Self {
        self.0.extend(values.iter().map(|value| u8::from(*value)));
        self
    }

    pub(crate) fn zeros(&mut self, bytes: usize) -> &mut Self {
        self.0.resize(self.0.len() + bytes, 0);
        self
    }

    /// Text of fixed width: what is longer is cut between characters, what is shorter padded with NUL.
    pub(crate) fn text(&mut self, text: &str, width: usize) -> &mut Self {
        let end = (0..=width.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
        let text = &text.as_bytes()[..end.unwrap_or(0)];
        self.bytes(text).zeros(width - text.len())
    }
}

/// Width of a column that takes all these texts: 1 at least.
pub(crate) fn width<'a>(texts: impl IntoIterator<Item = &'a str>) -> u16 {
    let longest = texts.into_iter().map(str::len).max().unwrap_or(0);
    longest.clamp(1, u16::MAX.into()) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        let mut row = Row::default();
        row.text("größe", 3).text("a", 3).text("", 1);
        assert_eq!(row.0, b"gr\0a\0\0\0");
        assert_eq!((width(["a", "größe"]), width([]), width([""])), (7, 1, 1));
    }
}
