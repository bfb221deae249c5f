//! The order of a stream's records.

/// How a record arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// After its predecessor.
    InOrder,
    /// So many records before it are missing.
    After(u32),
    /// It was here before.
    Again,
    /// Others were faster; it had been given up.
    Late,
}

/// Counts the records of a stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sequence {
    /// The next number; `None` before the first record.
    next: Option<u32>,
    /// Bit i: number `next - 1 - i` was seen.
    seen: u64,
}

impl Sequence {
    /// A sequence that begins with this number.
    pub(super) fn from(first: u32) -> Self {
        Sequence { next: Some(first), seen: 0 }
    }

    /// Whether this number is neither the next nor one of the last 64.
    pub(super) fn is_far_from(&self, number: u32) -> bool {
        self.next.is_some_and(|next| next.wrapping_sub(number) > 64)
    }

    /// Takes a record's number.
    pub(super) fn take(&mut self, number: u32) -> Arrival {
        let next = *self.next.get_or_insert(number);
        let ahead = number.wrapping_sub(next) as i32;
        if ahead < 0 {
            let back = u64::from(ahead.unsigned_abs() - 1);
            return if back < 64 && self.seen >> back & 1 == 0 {
                self.seen |= 1 << back;
                Arrival::Late
            } else {
                Arrival::Again
            };
        }
        let missing = ahead as u32;
        self.seen = self.seen.checked_shl(missing.saturating_add(1)).unwrap_or(0) | 1;
        self.next = Some(number.wrapping_add(1));
        if missing == 0 { Arrival::InOrder } else { Arrival::After(missing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_late_and_double_numbers_are_told_apart() {
        let mut sequence = Sequence::from(u32::MAX);
        let numbers = [u32::MAX, 0, 0, 3, 2, 2, 1, 4, 100, 4];
        let arrivals: Vec<Arrival> = numbers.iter().map(|n| sequence.take(*n)).collect();
        use Arrival::*;
        let want =
            [InOrder, InOrder, Again, After(2), Late, Again, Late, InOrder, After(95), Again];
        assert_eq!(arrivals, want);
        // A stream may be joined anywhere.
        assert_eq!(Sequence::default().take(77), InOrder);
    }
}
