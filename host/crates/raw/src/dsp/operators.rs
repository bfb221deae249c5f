//! Operators between numbers, times and variables, with what becomes of units and sample grids.

use tierline_table::DType;

use super::builder::Builder;
use super::error::ChainError;
use super::evaluate::Value;
use super::step::Step;
use super::store::{Kind, Slot, wrap};
use super::unit::Quantity;
use super::variable::{Grid, Source, Variable, common};
use tierline_table::expression::Op;

type Result<T> = std::result::Result<T, ChainError>;

impl Builder<'_> {
    /// `-value`
    pub(crate) fn minus(&mut self, value: Value) -> Result<Value> {
        match value {
            Value::Number(number, integer) => Ok(Value::Number(-number, integer)),
            Value::Quantity(q) => Ok(Value::Quantity(q.with(-q.value))),
            Value::Variable(variable) => {
                let y = self.natural(&variable);
                let x = self.constant(y.kind, &[0.0]);
                let to = self.slot(y.kind, y.len, &[x, y]);
                let dtype = variable.dtype;
                self.push(Step::Operate { op: Op::Sub, dtype, a: x, b: y, to });
                Ok(Value::Variable(Variable { source: Source::Slot(to), ..variable }))
            }
            _ => Err(self.wrong("this has no negative")),
        }
    }

    /// `a op b`
    pub(crate) fn binary(&mut self, op: Op, a: Value, b: Value) -> Result<Value> {
        match (&a, &b) {
            (Value::Number(x, i), Value::Number(y, j)) => self.numbers(op, (*x, *i), (*y, *j)),
            (Value::Quantity(x), Value::Quantity(y)) => self.quantities(op, x, y),
            (Value::Quantity(q), Value::Number(n, _)) if op == Op::Mul => {
                Ok(Value::Quantity(q.with(q.value * n)))
            }
            (Value::Quantity(q), Value::Number(n, _)) if op == Op::Div => {
                Ok(Value::Quantity(q.with(q.value / n)))
            }
            (Value::Number(n, _), Value::Quantity(q)) if op == Op::Mul => {
                Ok(Value::Quantity(q.with(q.value * n)))
            }
            (Value::Number(n, _), Value::Quantity(q)) if op == Op::Div => {
                Ok(Value::Quantity(q.inverse(*n)))
            }
            (Value::Quantity(_), Value::Number(..)) | (Value::Number(..), Value::Quantity(_)) => {
                Err(self.wrong("a time and a plain number do not go together"))
            }
            (Value::Offset(offset), Value::Quantity(_) | Value::Number(..))
                if matches!(op, Op::Add | Op::Sub) =>
            {
                let ns = match &b {
                    Value::Quantity(q) => q.in_ns(),
                    other => self.number(other)?,
                };
                Ok(Value::Offset(offset.later(if op == Op::Sub { -ns } else { ns })))
            }
            _ => self.variables(op, a, b),
        }
    }

    fn numbers(&self, op: Op, (a, i): (f64, bool), (b, j): (f64, bool)) -> Result<Value> {
        if matches!(op, Op::Div | Op::FloorDiv) && b == 0.0 {
            return Err(self.wrong("division by zero"));
        }
        let number = match op {
            Op::Add => a + b,
            Op::Sub => a - b,
            Op::Mul => a * b,
            Op::Div => return Ok(Value::Number(a / b, false)),
            Op::FloorDiv => (a / b).floor(),
            _ => return Ok(Value::Number(f64::from(u8::from(holds(op, a, b))), true)),
        };
        Ok(Value::Number(number, i && j))
    }

    fn quantities(&self, op: Op, a: &Quantity, b: &Quantity) -> Result<Value> {
        if !matches!(op, Op::Mul | Op::Div) && a.power != b.power {
            return Err(self.wrong("a time and a rate do not go together"));
        }
        let combined = match op {
            Op::Add => return Ok(Value::Quantity(a.with(a.value + b.in_ns() / a.ns))),
            Op::Sub => return Ok(Value::Quantity(a.with(a.value - b.in_ns() / a.ns))),
            Op::Mul => a.times(b),
            Op::Div => a.over(b),
            Op::FloorDiv => return Ok(Value::Number((a.in_ns() / b.in_ns()).floor(), false)),
            _ => {
                let holds = holds(op, a.in_ns(), b.in_ns());
                return Ok(Value::Number(f64::from(u8::from(holds)), true));
            }
        };
        Ok(match combined {
            Ok(number) => Value::Number(number, false),
            Err(quantity) => Value::Quantity(quantity),
        })
    }

    fn variables(&mut self, op: Op, a: Value, b: Value) -> Result<Value> {
        let (x, y, mut like) = self.alike(op, a, b)?;
        let len = x.len.max(y.len);
        if x.len != len && x.len != 1 || y.len != len && y.len != 1 {
            return Err(self.wrong(format!("vectors of {} and {} elements", x.len, y.len)));
        }
        let dtype = like.dtype;
        if op.compares() {
            (like.dtype, like.coord, like.unit) = (DType::Bool, false, None);
            like.grid = like.grid.filter(|_| like.vector);
        }
        let to = self.slot(Kind::of(like.dtype), len, &[x, y]);
        self.push(Step::Operate { op, dtype, a: x, b: y, to });
        Ok(Value::Variable(Variable { source: Source::Slot(to), ..like }))
    }

    /// Two values held alike, and what their combination is like.
    pub(crate) fn alike(&mut self, op: Op, a: Value, b: Value) -> Result<(Slot, Slot, Variable)> {
        match (a, b) {
            (Value::Variable(a), Value::Variable(b)) => self.two_variables(op, a, b),
            (Value::Variable(a), b @ (Value::Number(..) | Value::Quantity(_))) => {
                let like = self.result_of(op, &a);
                let y = self.number_like(&b, &a, like.dtype)?;
                Ok((self.held(&a, Kind::of(like.dtype)), y, like))
            }
            (a @ (Value::Number(..) | Value::Quantity(_)), Value::Variable(b)) => {
                let like = self.result_of(op, &b);
                let x = self.number_like(&a, &b, like.dtype)?;
                Ok((x, self.held(&b, Kind::of(like.dtype)), like))
            }
            (Value::Number(a, i), Value::Number(b, j)) => {
                let small = |n: f64| (0.0..256.0).contains(&n);
                let dtype = match (i && j, small(a) && small(b)) {
                    (true, true) => DType::U8,
                    (true, false) => DType::I64,
                    _ => DType::F64,
                };
                let [x, y] = [a, b].map(|number| self.constant(Kind::of(dtype), &[number]));
                Ok((x, y, Variable::plain(dtype, false, x)))
            }
            (a, b) => {
                let (a, b) = (self.value_variable(a)?, self.value_variable(b)?);
                self.two_variables(op, a, b)
            }
        }
    }

    /// What a variable combined with a constant is like.
    fn result_of(&self, op: Op, variable: &Variable) -> Variable {
        let dtype = match op {
            Op::Div => quotient(variable.dtype),
            _ => variable.dtype,
        };
        Variable { dtype, ..variable.clone() }
    }

    /// A constant as the type of the variable it is combined with: rounded if that has integers.
    fn number_like(&mut self, value: &Value, variable: &Variable, dtype: DType) -> Result<Slot> {
        let number = match value {
            Value::Number(number, _) => *number,
            Value::Quantity(time) => self.samples(time, variable.grid.as_ref())?,
            _ => return Err(self.wrong("a number is needed here")),
        };
        let slot = self.constant(Kind::of(dtype), &[number]);
        if slot.kind == Kind::Int {
            let value = &mut self.plan.store.ints[slot.index][0];
            *value = wrap(*value, dtype);
        }
        Ok(slot)
    }

    fn two_variables(
        &mut self,
        op: Op,
        a: Variable,
        b: Variable,
    ) -> Result<(Slot, Slot, Variable)> {
        let dtype = common(&[a.dtype, b.dtype]);
        let dtype = dtype.ok_or_else(|| self.wrong("text cannot be calculated with"))?;
        let dtype = if op == Op::Div { quotient(dtype) } else { dtype };
        let kind = Kind::of(dtype);
        let unit = joined(op, &a, &b);
        let vector = a.vector || b.vector;
        let mut like =
            Variable { unit, ..Variable::plain(dtype, vector, self.constant(kind, &[0.0])) };
        like.grid = a.samples().or(b.samples()).cloned();
        let (mut x, mut y) = (self.held(&a, kind), self.held(&b, kind));
        match (a.coord.then_some(&a.grid), b.coord.then_some(&b.grid)) {
            (Some(Some(grid)), Some(None)) => {
                x = self.duration(&a, grid, &b, kind);
                (like.coord, like.unit) = (true, b.unit.clone());
            }
            (Some(None), Some(Some(grid))) => {
                y = self.duration(&b, grid, &a, kind);
                (like.coord, like.unit) = (true, a.unit.clone());
            }
            (Some(Some(grid)), Some(Some(other))) if !grid.same(other) => {
                y = self.on_grid(&b, grid, kind)?;
            }
            (Some(None), Some(None)) => like.coord = true,
            (Some(_), None) if b.samples().is_some() => x = self.on_samples(&a, &b, kind)?,
            (None, Some(_)) if a.samples().is_some() => y = self.on_samples(&b, &a, kind)?,
            (Some(grid), None) | (None, Some(grid)) if like.in_time() => {
                (like.coord, like.grid) = (true, grid.clone());
            }
            _ => {}
        }
        Ok((x, y, like))
    }

    fn on_samples(&mut self, time: &Variable, of: &Variable, kind: Kind) -> Result<Slot> {
        match of.samples().cloned() {
            Some(grid) => self.on_grid(time, &grid, kind),
            None => Ok(self.held(time, kind)),
        }
    }

    /// Indices on a grid as a time in the unit of another variable, counted from the first sample.
    fn duration(&mut self, of: &Variable, grid: &Grid, like: &Variable, kind: Kind) -> Slot {
        let ns = like.unit.as_deref().and_then(super::unit::time_ns).unwrap_or(1.0);
        let from = self.held(of, kind);
        let to = self.slot(kind, from.len, &[from]);
        let scale = grid.period.in_ns() / ns;
        self.push(Step::Affine { from, to, scale, shift: 0.0, plus: Vec::new() });
        to
    }

    /// Times as indices on a grid.
    pub(crate) fn on_grid(&mut self, of: &Variable, grid: &Grid, kind: Kind) -> Result<Slot> {
        let from = self.held(of, kind);
        let period = grid.period.in_ns();
        let (unit, own) = match &of.grid {
            Some(own) if own.same(grid) => return Ok(from),
            Some(own) => (own.period.in_ns(), Some(own.offset)),
            None => (of.unit.as_deref().and_then(super::unit::time_ns).unwrap_or(1.0), None),
        };
        let mut shift = -grid.offset.shift_ns / period;
        let mut plus: Vec<(Slot, f64)> = Vec::new();
        let own_slot = own.and_then(|own| own.slot);
        if own_slot != grid.offset.slot {
            plus.extend(own_slot.map(|slot| (slot, 1.0 / period)));
            plus.extend(grid.offset.slot.map(|slot| (slot, -1.0 / period)));
        }
        shift += own.map_or(0.0, |own| own.shift_ns) / period;
        let inputs: Vec<Slot> = plus.iter().map(|p| p.0).chain([from]).collect();
        let to = self.slot(kind, from.len, &inputs);
        self.push(Step::Affine { from, to, scale: unit / period, shift, plus });
        Ok(to)
    }
}

fn holds(op: Op, a: f64, b: f64) -> bool {
    match op {
        Op::Less => a < b,
        Op::LessEqual => a <= b,
        Op::Greater => a > b,
        Op::GreaterEqual => a >= b,
        Op::Equal => a == b,
        _ => a != b,
    }
}

/// The type of a true quotient.
fn quotient(dtype: DType) -> DType {
    match dtype {
        DType::F32 | DType::U16 | DType::I16 | DType::U8 | DType::I8 | DType::Bool => DType::F32,
        _ => DType::F64,
    }
}

/// The unit of a combination, as it is written into the file.
fn joined(op: Op, a: &Variable, b: &Variable) -> Option<String> {
    let units = (a.unit.as_deref(), b.unit.as_deref());
    match (op, units) {
        (Op::Mul, (Some(a), Some(b))) => Some(format!("{a}*{b}")),
        (Op::Div | Op::FloorDiv, (Some(x), Some(y))) => {
            (!(a.in_time() && b.in_time())).then(|| format!("{x}/{y}"))
        }
        (_, (a, b)) => a.or(b).map(str::to_owned),
    }
}
