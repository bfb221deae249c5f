//! Steps that treat every element alike: operators, tests, rounding, selection.

use tierline_table::DType;

use super::store::{Float, Kind, Slot, Store, wrap};
use tierline_table::expression::Op;

/// A question about a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Test {
    Nan,
    Finite,
}

/// Which multiple is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// The nearest, the even one of two.
    Nearest,
    Floor,
    Ceil,
    /// Towards zero.
    Trunc,
}

impl Rounding {
    /// The function of this name.
    pub(crate) fn named(name: &str) -> Option<Rounding> {
        match name {
            "round" => Some(Rounding::Nearest),
            "floor" => Some(Rounding::Floor),
            "ceil" => Some(Rounding::Ceil),
            "trunc" => Some(Rounding::Trunc),
            _ => None,
        }
    }

    /// The multiple of `nearest`.
    pub(crate) fn apply(self, value: f64, nearest: f64) -> f64 {
        let times = value / nearest;
        nearest
            * match self {
                Rounding::Nearest => times.round_ties_even(),
                Rounding::Floor => times.floor(),
                Rounding::Ceil => times.ceil(),
                Rounding::Trunc => times.trunc(),
            }
    }
}

/// `out[i] = f(a[i], b[i])`, where a or b may have a single element.
fn zip<A: Copy, O>(a: &[A], b: &[A], out: &mut [O], f: impl Fn(A, A) -> O) {
    match (a, b) {
        ([a], [b]) => out.iter_mut().for_each(|out| *out = f(*a, *b)),
        ([a], b) => out.iter_mut().zip(b).for_each(|(out, b)| *out = f(*a, *b)),
        (a, [b]) => out.iter_mut().zip(a).for_each(|(out, a)| *out = f(*a, *b)),
        _ => out.iter_mut().zip(a.iter().zip(b)).for_each(|(out, (a, b))| *out = f(*a, *b)),
    }
}

fn compare<A: Copy + PartialOrd>(op: Op, a: &[A], b: &[A], out: &mut [i64]) {
    match op {
        Op::Less => zip(a, b, out, |a, b| i64::from(a < b)),
        Op::LessEqual => zip(a, b, out, |a, b| i64::from(a <= b)),
        Op::Greater => zip(a, b, out, |a, b| i64::from(a > b)),
        Op::GreaterEqual => zip(a, b, out, |a, b| i64::from(a >= b)),
        Op::Equal => zip(a, b, out, |a, b| i64::from(a == b)),
        _ => zip(a, b, out, |a, b| i64::from(a != b)),
    }
}

fn calculate<T: Float>(op: Op, a: &[T], b: &[T], out: &mut [T]) {
    match op {
        Op::Add => zip(a, b, out, |a, b| a + b),
        Op::Sub => zip(a, b, out, |a, b| a - b),
        Op::Mul => zip(a, b, out, |a, b| a * b),
        Op::Div => zip(a, b, out, |a, b| a / b),
        _ => zip(a, b, out, floor_divide),
    }
}

/// The whole number of times that b goes into a, as numpy finds it.
fn floor_divide<T: Float>(a: T, b: T) -> T {
    if b == T::ZERO {
        return a / b;
    }
    let rest = a % b;
    let mut times = (a - rest) / b;
    if rest != T::ZERO && (rest < T::ZERO) != (b < T::ZERO) {
        times -= T::ONE;
    }
    let whole = times.floor();
    if times - whole > T::of(0.5) { whole + T::ONE } else { whole }
}

fn calculate_ints(op: Op, dtype: DType, a: &[i64], b: &[i64], out: &mut [i64]) {
    let floor = |a: i64, b: i64| match b {
        0 => 0,
        _ if dtype == DType::U64 => (a as u64 / b as u64) as i64,
        _ => {
            let times = a.wrapping_div(b);
            if a.wrapping_rem(b) != 0 && (a < 0) != (b < 0) { times - 1 } else { times }
        }
    };
    match (op, dtype) {
        (Op::Add, DType::Bool) => zip(a, b, out, |a, b| a | b),
        (Op::Mul, DType::Bool) => zip(a, b, out, |a, b| a & b),
        (Op::Add, _) => zip(a, b, out, |a, b| wrap(a.wrapping_add(b), dtype)),
        (Op::Sub, _) => zip(a, b, out, |a, b| wrap(a.wrapping_sub(b), dtype)),
        (Op::Mul, _) => zip(a, b, out, |a, b| wrap(a.wrapping_mul(b), dtype)),
        _ => zip(a, b, out, |a, b| wrap(floor(a, b), dtype)),
    }
}

/// `to = a op b`; `dtype` is that of the operands.
pub(crate) fn operate(
    store: &mut Store,
    op: Op,
    dtype: DType,
    [a, b]: [Slot; 2],
    to: Slot,
    rows: usize,
) {
    let rows = if to.constant { 1 } else { rows };
    if op.compares() {
        let mut out = std::mem::take(&mut store.ints[to.index]);
        for row in 0..rows {
            let (a_at, b_at, out) = (a.range(row), b.range(row), &mut out[to.range(row)]);
            match a.kind {
                Kind::Single => {
                    compare(op, &store.singles[a.index][a_at], &store.singles[b.index][b_at], out);
                }
                Kind::Double => {
                    compare(op, &store.doubles[a.index][a_at], &store.doubles[b.index][b_at], out);
                }
                Kind::Int => {
                    compare(op, &store.ints[a.index][a_at], &store.ints[b.index][b_at], out);
                }
            }
        }
        store.ints[to.index] = out;
        return;
    }
    match to.kind {
        Kind::Single => floats::<f32>(store, op, [a, b], to, rows),
        Kind::Double => floats::<f64>(store, op, [a, b], to, rows),
        Kind::Int => {
            let mut out = std::mem::take(&mut store.ints[to.index]);
            for row in 0..rows {
                let (x, y) =
                    (&store.ints[a.index][a.range(row)], &store.ints[b.index][b.range(row)]);
                calculate_ints(op, dtype, x, y, &mut out[to.range(row)]);
            }
            store.ints[to.index] = out;
        }
    }
}

fn floats<T: Float>(store: &mut Store, op: Op, [a, b]: [Slot; 2], to: Slot, rows: usize) {
    let mut out = std::mem::take(&mut T::slots_mut(store)[to.index]);
    for row in 0..rows {
        let slots = T::slots(store);
        let (x, y) = (&slots[a.index][a.range(row)], &slots[b.index][b.range(row)]);
        calculate(op, x, y, &mut out[to.range(row)]);
    }
    T::slots_mut(store)[to.index] = out;
}

/// `to = test(from)`
pub(crate) fn test(store: &mut Store, test: Test, from: Slot, to: Slot, rows: usize) {
    for row in 0..if to.constant { 1 } else { rows } {
        for i in 0..to.len {
            let value = store.number(from, row, i);
            let yes = match test {
                Test::Nan => value.is_nan(),
                Test::Finite => value.is_finite(),
            };
            store.ints[to.index][to.range(row).start + i] = i64::from(yes);
        }
    }
}

/// Rounds to multiples of `nearest`.
pub(crate) fn round(
    store: &mut Store,
    mode: Rounding,
    from: Slot,
    nearest: f64,
    to: Slot,
    rows: usize,
) {
    for row in 0..if to.constant { 1 } else { rows } {
        for i in 0..to.len {
            let value = mode.apply(store.number(from, row, i), nearest);
            let at = to.range(row).start + i;
            match to.kind {
                Kind::Single => store.singles[to.index][at] = value as f32,
                Kind::Double => store.doubles[to.index][at] = value,
                Kind::Int => store.ints[to.index][at] = value as i64,
            }
        }
    }
}

/// `to = condition ? a : b`
pub(crate) fn select(store: &mut Store, condition: Slot, [a, b]: [Slot; 2], to: Slot, rows: usize) {
    for row in 0..if to.constant { 1 } else { rows } {
        for i in 0..to.len {
            let which = i.min(condition.len - 1);
            let from = if store.int(condition, row, which) != 0 { a } else { b };
            let (source, at) =
                (from.range(row).start + i.min(from.len - 1), to.range(row).start + i);
            match to.kind {
                Kind::Single => {
                    store.singles[to.index][at] = store.singles[from.index][source];
                }
                Kind::Double => {
                    store.doubles[to.index][at] = store.doubles[from.index][source];
                }
                Kind::Int => store.ints[to.index][at] = store.ints[from.index][source],
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_down() {
        assert_eq!(floor_divide(-7.0f32, 2.0), -4.0);
        assert_eq!(floor_divide(7.5f64, 2.0), 3.0);
        let mut out = [0; 3];
        calculate_ints(Op::FloorDiv, DType::I32, &[-7, 7, 1], &[2, 2, 0], &mut out);
        assert_eq!(out, [-4, 3, 0]);
        calculate_ints(Op::Sub, DType::U16, &[1, 5, 65535], &[2], &mut out);
        assert_eq!(out, [65535, 3, 65533]);
    }

    #[test]
    fn rounding_takes_the_even_one() {
        assert_eq!(Rounding::Nearest.apply(2.5, 1.0), 2.0);
        assert_eq!(Rounding::Nearest.apply(95.0, 8.0), 96.0);
        assert_eq!(Rounding::Trunc.apply(-3.9, 2.0), -2.0);
        assert_eq!(Rounding::Ceil.apply(3.1, 2.0), 4.0);
    }
}
