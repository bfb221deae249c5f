//! Expressions: numbers are calculated at once, variables become steps.

use serde_json::Value as Json;
use tierline_table::DType;

use super::builder::Builder;
use super::elementwise::{Rounding, Test};
use super::error::ChainError;
use super::step::Step;
use super::store::{Kind, Slot};
use super::unit::Quantity;
use super::variable::{Grid, Offset, Part, Source, Variable};
use tierline_table::expression::{Expr, Op, parse};

/// Values of the database that may refer to each other.
const MAX_LOOKUPS: usize = 16;

/// What an expression stands for.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A number, and whether it is an integer.
    Number(f64, bool),
    Quantity(Quantity),
    Variable(Variable),
    Text(String),
    Grid(Grid),
    Offset(Offset),
    List(Vec<f64>),
}

type Result<T> = std::result::Result<T, ChainError>;

impl Builder<'_> {
    /// An argument as it stands in the configuration.
    pub(crate) fn argument(&mut self, argument: &Json) -> Result<Value> {
        self.argument = match argument {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        self.json(argument)
    }

    fn json(&mut self, value: &Json) -> Result<Value> {
        match value {
            Json::String(text) => {
                let expr = parse(text).map_err(|reason| self.wrong(reason))?;
                self.evaluate(&expr)
            }
            Json::Number(number) => {
                let integer = number.is_i64() || number.is_u64();
                Ok(Value::Number(number.as_f64().unwrap_or(f64::NAN), integer))
            }
            Json::Bool(truth) => Ok(Value::Number(f64::from(u8::from(*truth)), true)),
            Json::Array(items) => {
                let numbers: Option<Vec<f64>> = items.iter().map(Json::as_f64).collect();
                numbers.map(Value::List).ok_or_else(|| self.wrong("a list must be of numbers"))
            }
            Json::Null | Json::Object(_) => Err(self.wrong("this is neither a number nor text")),
        }
    }

    /// The value of an expression.
    pub(crate) fn evaluate(&mut self, expr: &Expr) -> Result<Value> {
        match expr {
            Expr::Number(number, integer) => Ok(Value::Number(*number, *integer)),
            Expr::Truth(truth) => Ok(Value::Number(f64::from(u8::from(*truth)), true)),
            Expr::Text(text) => Ok(Value::Text(text.clone())),
            Expr::Name(name) => self.name(name),
            Expr::Attribute(of, name) => match expr.dotted() {
                Some(path) if path.starts_with("db.") => self.database_value(&path),
                Some(path) if path.starts_with("np.") => self.constant_named(name),
                _ => self.attribute(of, name),
            },
            Expr::Call(name, args, kwargs) => self.call(name, args, kwargs),
            Expr::Index(of, index) => self.index(of, index),
            Expr::Slice(of, parts) => self.slice(of, parts),
            Expr::Minus(of) => {
                let value = self.evaluate(of)?;
                self.minus(value)
            }
            Expr::Binary(op, a, b) => {
                let (a, b) = (self.evaluate(a)?, self.evaluate(b)?);
                self.binary(*op, a, b)
            }
            Expr::IfElse(a, condition, b) => self.select(condition, a, b),
            Expr::List(items) => {
                let numbers: Result<Vec<f64>> = items
                    .iter()
                    .map(|item| self.evaluate(item).and_then(|v| self.number(&v)))
                    .collect();
                Ok(Value::List(numbers?))
            }
            Expr::Not(_) | Expr::And(..) | Expr::Or(..) => {
                Err(self.wrong("'and', 'or', 'not' and chained comparisons are not supported"))
            }
        }
    }

    fn name(&mut self, name: &str) -> Result<Value> {
        if let Some(variable) = self.variable(name)? {
            return Ok(Value::Variable(variable));
        }
        let unit = Quantity::unit(name).map(Value::Quantity);
        unit.ok_or_else(|| ChainError::Name { entry: self.entry.clone(), name: name.into() })
    }

    fn constant_named(&self, name: &str) -> Result<Value> {
        match name {
            "nan" => Ok(Value::Number(f64::NAN, false)),
            "inf" => Ok(Value::Number(f64::INFINITY, false)),
            "pi" => Ok(Value::Number(std::f64::consts::PI, false)),
            "e" => Ok(Value::Number(std::f64::consts::E, false)),
            _ => Err(self.wrong(format!("np.{name} is not known"))),
        }
    }

    /// A value of the database, or its default.
    fn database_value(&mut self, path: &str) -> Result<Value> {
        let mut found = Some(self.database);
        for part in path.split('.').skip(1) {
            found = found.and_then(|value| value.get(part));
        }
        let value = found.or_else(|| self.defaults.get(path)).cloned();
        let entry = self.entry.clone();
        match value.ok_or_else(|| ChainError::Database { entry, name: path.into() })? {
            Json::Object(_) => Err(self.wrong(format!("{path} is no single value"))),
            _ if self.lookups > MAX_LOOKUPS => Err(self.wrong(format!("{path} needs itself"))),
            value => {
                self.lookups += 1;
                let value = self.json(&value);
                self.lookups -= 1;
                value
            }
        }
    }

    fn attribute(&mut self, of: &Expr, name: &str) -> Result<Value> {
        let Value::Variable(variable) = self.evaluate(of)? else {
            return Err(self.wrong(format!("only variables have '{name}'")));
        };
        let grid = variable.grid.ok_or_else(|| self.wrong("it has no sampling period"))?;
        match name {
            "period" => Ok(Value::Quantity(grid.period)),
            "offset" => Ok(Value::Offset(grid.offset)),
            "grid" => Ok(Value::Grid(grid)),
            _ => Err(self.wrong(format!("variables have period, offset and grid, not '{name}'"))),
        }
    }

    /// A plain number.
    pub(crate) fn number(&self, value: &Value) -> Result<f64> {
        match value {
            Value::Number(number, _) => Ok(*number),
            _ => Err(self.wrong("a plain number is needed here")),
        }
    }

    /// Any value as a variable.
    pub(crate) fn value_variable(&mut self, value: Value) -> Result<Variable> {
        match value {
            Value::Variable(variable) => Ok(variable),
            Value::Number(number, integer) => {
                let dtype = if integer { DType::I64 } else { DType::F64 };
                let slot = self.constant(Kind::of(dtype), &[number]);
                Ok(Variable::plain(dtype, false, slot))
            }
            Value::Quantity(quantity) => {
                let slot = self.constant(Kind::Double, &[quantity.value]);
                let unit = Some(quantity.symbol);
                Ok(Variable { unit, ..Variable::plain(DType::F64, false, slot) })
            }
            Value::Offset(offset) => {
                let slot = self.offset_in_ns(offset);
                let unit = Some("ns".to_owned());
                Ok(Variable { unit, coord: true, ..Variable::plain(DType::F64, false, slot) })
            }
            Value::List(numbers) => {
                let slot = self.constant(Kind::Double, &numbers);
                Ok(Variable::plain(DType::F64, true, slot))
            }
            Value::Text(_) | Value::Grid(_) => Err(self.wrong("this is no value")),
        }
    }

    fn offset_in_ns(&mut self, offset: Offset) -> Slot {
        match offset.slot {
            Some(slot) if offset.shift_ns == 0.0 => slot,
            Some(from) => {
                let to = self.slot(Kind::Double, 1, &[from]);
                let shift = offset.shift_ns;
                self.push(Step::Affine { from, to, scale: 1.0, shift, plus: Vec::new() });
                to
            }
            None => self.constant(Kind::Double, &[offset.shift_ns]),
        }
    }

    fn call(&mut self, name: &str, args: &[Expr], kwargs: &[(String, Expr)]) -> Result<Value> {
        let values = |builder: &mut Self| -> Result<Vec<Value>> {
            args.iter().chain(kwargs.iter().map(|(_, e)| e)).map(|e| builder.evaluate(e)).collect()
        };
        if let Some(mode) = Rounding::named(name) {
            let values = values(self)?;
            return self.round(mode, &values);
        }
        match (name, args) {
            ("len", [_]) => match &values(self)?[..] {
                [Value::Variable(variable)] if variable.vector => {
                    Ok(Value::Number(variable.len() as f64, true))
                }
                [Value::List(list)] => Ok(Value::Number(list.len() as f64, true)),
                _ => Err(self.wrong("only vectors have a length")),
            },
            ("isnan" | "isfinite", [of]) => {
                let test = if name == "isnan" { Test::Nan } else { Test::Finite };
                let value = self.evaluate(of)?;
                self.test(test, value)
            }
            ("astype", [of, _]) => {
                let [_, dtype] = &values(self)?[..] else {
                    return Err(self.wrong("two arguments"));
                };
                let dtype = self.dtype(dtype)?;
                let value = self.evaluate(of)?;
                let variable = self.value_variable(value)?;
                Ok(Value::Variable(self.astype(&variable, dtype)))
            }
            ("where", [condition, a, b, ..]) => self.select(condition, a, b),
            _ => Err(self.wrong(format!("there is no function {name} with these arguments"))),
        }
    }

    fn test(&mut self, test: Test, value: Value) -> Result<Value> {
        let variable = self.value_variable(value)?;
        let from = self.natural(&variable);
        let to = self.slot(Kind::Int, from.len, &[from]);
        self.push(Step::Test { test, from, to });
        let (source, dtype, coord) = (Source::Slot(to), DType::Bool, false);
        let grid = variable.samples().cloned();
        Ok(Value::Variable(Variable { source, dtype, coord, grid, ..variable }))
    }

    /// The same values as another type.
    pub(crate) fn astype(&mut self, variable: &Variable, dtype: DType) -> Variable {
        let from = self.natural(variable);
        let same = Kind::of(dtype) != Kind::Int && from.kind == Kind::of(dtype);
        let slot = if same { from } else { self.cast(from, Kind::of(dtype), dtype) };
        Variable { dtype, source: Source::Slot(slot), ..variable.clone() }
    }

    /// Rounds numbers and times to multiples.
    fn round(&mut self, mode: Rounding, values: &[Value]) -> Result<Value> {
        let one = Value::Number(1.0, true);
        match (values.first(), values.get(1).unwrap_or(&one)) {
            (Some(Value::Number(number, _)), Value::Number(nearest, _)) => {
                Ok(Value::Number(mode.apply(*number, *nearest), false))
            }
            (Some(Value::Quantity(q)), Value::Quantity(nearest)) if q.power == nearest.power => {
                let times = q.in_ns() / nearest.in_ns();
                Ok(Value::Quantity(nearest.with(mode.apply(times, 1.0) * nearest.value)))
            }
            (Some(Value::Variable(variable)), Value::Number(nearest, _)) => {
                let from = self.natural(variable);
                let slot = self.rounded(mode, from, *nearest);
                let source = Source::Slot(slot);
                Ok(Value::Variable(Variable { source, ..variable.clone() }))
            }
            (Some(Value::Variable(variable)), Value::Grid(grid)) => {
                self.round_to_grid(mode, variable, grid.clone())
            }
            (Some(Value::Variable(variable)), Value::Quantity(period)) => {
                let offset = variable.grid.as_ref().map_or(Offset::fixed(0.0), |g| g.offset);
                let grid = Grid { period: period.clone(), offset };
                self.round_to_grid(mode, variable, grid)
            }
            _ => Err(self.wrong("this cannot be rounded to that")),
        }
    }

    fn rounded(&mut self, mode: Rounding, from: Slot, nearest: f64) -> Slot {
        let mut to = self.slot(from.kind, from.len, &[from]);
        to.finite = from.finite;
        self.push(Step::Round { mode, from, nearest, to });
        to
    }

    /// Times as the nearest sample's index on a grid.
    fn round_to_grid(&mut self, mode: Rounding, of: &Variable, grid: Grid) -> Result<Value> {
        if !of.coord {
            return Err(self.wrong("only times are rounded to samples"));
        }
        let index = self.on_grid(of, &grid, Kind::of(of.dtype))?;
        let slot = self.rounded(mode, index, 1.0);
        let mut rounded = Variable::plain(of.dtype, of.vector, slot);
        rounded.grid = Some(grid);
        rounded.unit.clone_from(&of.unit);
        rounded.coord = true;
        Ok(Value::Variable(rounded))
    }

    fn select(&mut self, condition: &Expr, a: &Expr, b: &Expr) -> Result<Value> {
        let condition = self.evaluate(condition)?;
        let condition = self.value_variable(condition)?;
        let condition_slot = self.held(&condition, Kind::Int);
        let (a, b) = (self.evaluate(a)?, self.evaluate(b)?);
        let times = match (&a, &b) {
            (Value::Variable(a), Value::Variable(b)) if a.coord && b.coord => a.grid.clone(),
            _ => None,
        };
        let (x, y, mut like) = self.alike(Op::Add, a, b)?;
        if times.is_some() {
            (like.coord, like.grid) = (true, times);
        }
        let len = condition.len().max(x.len).max(y.len);
        let lengths = [condition_slot.len, x.len, y.len];
        if lengths.iter().any(|l| *l != len && *l != 1) {
            return Err(self.wrong("the vectors differ in length"));
        }
        let to = self.slot(x.kind, len, &[condition_slot, x, y]);
        self.push(Step::Select { condition: condition_slot, a: x, b: y, to });
        let vector = like.vector || condition.vector;
        Ok(Value::Variable(Variable { vector, source: Source::Slot(to), ..like }))
    }

    fn index(&mut self, of: &Expr, index: &Expr) -> Result<Value> {
        let of = self.vector(of)?;
        let index = self.evaluate(index)?;
        let index = self.position(&of, &index)?;
        let len = of.len() as i64;
        let start = if index < 0 { index + len } else { index };
        if start < 0 || start >= len {
            return Err(self.wrong(format!("element {index} of {len} elements")));
        }
        let source = self.part(&of, start as usize, 1, 1);
        // An element of a waveform is no time, one of a vector of times is.
        let grid = of.grid.clone().filter(|_| of.coord);
        Ok(Value::Variable(Variable { source, vector: false, grid, ..of }))
    }

    fn slice(&mut self, of: &Expr, parts: &[Option<Box<Expr>>; 3]) -> Result<Value> {
        let of = self.vector(of)?;
        let mut positions = [None; 3];
        for (position, part) in positions.iter_mut().zip(parts) {
            if let Some(part) = part {
                let value = self.evaluate(part)?;
                *position = Some(self.position(&of, &value)?);
            }
        }
        let [start, stop, step] = positions;
        let len = of.len() as i64;
        let step = step.unwrap_or(1);
        if step < 1 {
            return Err(self.wrong("the step of a slice must be positive"));
        }
        let bound = |at: i64| if at < 0 { (at + len).max(0) } else { at.min(len) };
        let first = bound(start.unwrap_or(0));
        let count = (bound(stop.unwrap_or(len)) - first).max(0);
        let count = (count as u64).div_ceil(step as u64) as usize;
        let source = self.part(&of, first as usize, step as usize, count);
        let mut part = Variable { source, ..of };
        if let (Some(grid), false) = (&mut part.grid, part.coord) {
            // As the peer has it: a start counted from the end does not move the offset.
            let shift = start.unwrap_or(0).max(0) as f64 * grid.period.in_ns();
            grid.offset = grid.offset.later(shift);
            grid.period = grid.period.with(grid.period.value * step as f64);
        }
        Ok(Value::Variable(part))
    }

    fn vector(&mut self, of: &Expr) -> Result<Variable> {
        match self.evaluate(of)? {
            Value::Variable(variable) if variable.vector => Ok(variable),
            Value::List(list) => self.value_variable(Value::List(list)),
            _ => Err(self.wrong("only vectors have elements")),
        }
    }

    /// A place in a vector: a number, or a time in samples.
    fn position(&self, of: &Variable, value: &Value) -> Result<i64> {
        let position = match value {
            Value::Number(number, _) => *number,
            Value::Quantity(time) => self.samples(time, of.grid.as_ref())?,
            _ => return Err(self.wrong("a place in a vector must be a constant")),
        };
        if position.is_nan() {
            return Err(self.no_period());
        }
        Ok(position.round_ties_even() as i64)
    }

    fn part(&mut self, of: &Variable, start: usize, step: usize, count: usize) -> Source {
        match of.source {
            Source::Column(of) => Source::Column(Part {
                column: of.column,
                start: of.start + start * of.step,
                step: of.step * step,
                len: count,
            }),
            Source::Slot(from) => {
                let mut to = self.slot(from.kind, count, &[from]);
                to.finite = from.finite;
                self.push(Step::Slice { from, to, start, step });
                Source::Slot(to)
            }
        }
    }

    /// A time, or a rate, in units of a grid's period.
    pub(crate) fn samples(&self, time: &Quantity, grid: Option<&Grid>) -> Result<f64> {
        let Some(grid) = grid else {
            return Err(self.wrong("there is no waveform whose samples would count the time"));
        };
        let number = match time.power {
            1 => time.over(&grid.period),
            -1 => time.times(&grid.period),
            _ => Err(time.clone()),
        };
        number.map_err(|_| self.wrong(format!("{} is no time", time.symbol)))
    }
}
