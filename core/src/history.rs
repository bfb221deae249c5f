//! What packets leave behind in an assembler: the same visit saves it and loads it.
//!
//! A stream can be taken up in its middle where its headers have been read again, the framer has jumped
//! ([`crate::Framer::jump`]), and [`crate::Assembler::history`] has loaded what it saved there.

/// Is shown fields, always in the same order: saves their values, or puts those that were saved in their place.
pub trait History {
    /// A number.
    fn word(&mut self, value: &mut i64);

    /// Several.
    fn words(&mut self, values: &mut [i64]) {
        values.iter_mut().for_each(|value| self.word(value));
    }

    /// A counter or an offset.
    fn u64(&mut self, value: &mut u64) {
        let mut word = *value as i64;
        self.word(&mut word);
        *value = word as u64;
    }

    /// A counter of 32 bits.
    fn u32(&mut self, value: &mut u32) {
        let mut word = i64::from(*value);
        self.word(&mut word);
        *value = word as u32;
    }

    /// A number of 32 bits.
    fn i32(&mut self, value: &mut i32) {
        let mut word = i64::from(*value);
        self.word(&mut word);
        *value = word as i32;
    }

    /// A number of elements: what is loaded is at most `most`.
    fn count(&mut self, value: &mut usize, most: usize) {
        let mut word = *value as i64;
        self.word(&mut word);
        *value = (word.max(0) as usize).min(most);
    }
}
