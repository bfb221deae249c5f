//! A processor's view of one row: its inputs and outputs.

use super::store::{Float, Slot, Store};

/// Outputs of one kind that a processor can have.
pub(crate) const MAX_OUT: usize = 4;

/// Inputs and outputs of a processor. Both are counted without the other: `wave(0)` is the first
/// input, `out(0)` the first output of floating numbers, `set_int(0, ..)` the first of integers.
pub(crate) struct Frame<'a, T: Float> {
    pub(crate) store: &'a Store,
    pub(crate) inputs: &'a [Slot],
    /// Row of the block.
    pub(crate) row: usize,
    /// Rows from there on; 1 unless the processor takes whole blocks.
    pub(crate) rows: usize,
    pub(crate) floats: &'a mut [Vec<T>; MAX_OUT],
    pub(crate) float_slots: &'a [Slot],
    pub(crate) ints: &'a mut [Vec<i64>; MAX_OUT],
    pub(crate) int_slots: &'a [Slot],
    /// Room for the processor, of any length, with anything in it.
    pub(crate) scratch: &'a mut Vec<f64>,
}

impl<'a, T: Float> Frame<'a, T> {
    /// Input `i`, all elements.
    pub(crate) fn wave(&self, i: usize) -> &'a [T] {
        self.wave_at(i, self.row)
    }

    /// Input `i` in another row of the block.
    pub(crate) fn wave_at(&self, i: usize, row: usize) -> &'a [T] {
        let slot = &self.inputs[i];
        &T::slots(self.store)[slot.index][slot.range(row)]
    }

    /// Input `i`, if it is one number.
    pub(crate) fn scalar(&self, i: usize) -> T {
        self.wave(i)[0]
    }

    /// Input `i`, if it is an integer.
    pub(crate) fn int(&self, i: usize) -> i64 {
        let slot = &self.inputs[i];
        self.store.ints[slot.index][slot.range(self.row).start]
    }

    /// Whether there is a NaN in one of these inputs.
    pub(crate) fn any_nan(&self, inputs: &[usize]) -> bool {
        let nan = |i: &usize| {
            !self.inputs[*i].finite && self.wave(*i).iter().fold(false, |any, x| any | x.is_nan())
        };
        inputs.iter().any(nan)
    }

    /// Output `k`, all elements.
    pub(crate) fn out(&mut self, k: usize) -> &mut [T] {
        &mut self.floats[k][self.float_slots[k].range(self.row)]
    }

    /// Outputs 0 and 1.
    pub(crate) fn out_two(&mut self) -> (&mut [T], &mut [T]) {
        let [a, b, ..] = &mut *self.floats;
        let row = self.row;
        (&mut a[self.float_slots[0].range(row)], &mut b[self.float_slots[1].range(row)])
    }

    /// Sets output `k`, if it is one number.
    pub(crate) fn set(&mut self, k: usize, value: T) {
        self.out(k)[0] = value;
    }

    /// Sets integer output `k`.
    pub(crate) fn set_int(&mut self, k: usize, value: i64) {
        self.ints[k][self.int_slots[k].range(self.row).start] = value;
    }

    /// Sets all outputs to NaN, integers to 0.
    pub(crate) fn nan(&mut self) {
        for k in 0..self.float_slots.len() {
            self.out(k).fill(T::NAN);
        }
        for k in 0..self.int_slots.len() {
            self.set_int(k, 0);
        }
    }

    /// Sets all outputs to NaN and reports success: a NaN went in.
    pub(crate) fn no_result(&mut self) -> Result<(), &'static str> {
        self.nan();
        Ok(())
    }
}
