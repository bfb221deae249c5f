//! From the configuration to a plan: variables in the order in which they need each other.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};
use tierline_table::{Array, Attrs, Column, DType, NamedColumn, Table};

use super::config::{Config, Entry, Work};
use super::error::ChainError;
use super::evaluate::Value;
use super::plan::{Form, Input, Output, Plan};
use super::step::Step;
use super::store::{Kind, Slot};
use super::unit::{Quantity, time_ns};
use super::variable::{Grid, Offset, Part, Source, Variable, dtype_named};

/// Entries that may wait for each other.
const MAX_DEPTH: usize = 200;
/// Elements of a vector.
const MAX_LENGTH: usize = 1 << 24;

/// Sampling periods of the waveforms of a layout, in their units; unknown ones are not listed.
pub(crate) type Periods = HashMap<String, f64>;

/// Makes a plan.
pub(crate) struct Builder<'c> {
    pub(crate) config: &'c Config,
    pub(crate) layout: &'c Table,
    pub(crate) database: &'c Json,
    pub(crate) periods: &'c Periods,
    pub(crate) plan: Plan,
    pub(crate) variables: HashMap<String, Variable>,
    active: Vec<String>,
    loads: HashMap<(Part, Kind), Slot>,
    casts: HashMap<(Slot, Kind), Slot>,
    /// For messages: the entry and the argument at hand.
    pub(crate) entry: String,
    pub(crate) argument: String,
    pub(crate) defaults: Map<String, Json>,
    /// Values of the database that are being looked up for another.
    pub(crate) lookups: usize,
}

type Result<T> = std::result::Result<T, ChainError>;

impl<'c> Builder<'c> {
    /// The plan of a configuration.
    pub(crate) fn plan(
        config: &'c Config,
        layout: &'c Table,
        database: &'c Json,
        periods: &'c Periods,
    ) -> Result<Plan> {
        let mut builder = Builder {
            config,
            layout,
            database,
            periods,
            plan: Plan::default(),
            variables: HashMap::new(),
            active: Vec::new(),
            loads: HashMap::new(),
            casts: HashMap::new(),
            entry: "outputs".into(),
            argument: String::new(),
            defaults: Map::new(),
            lookups: 0,
        };
        for name in &config.outputs {
            builder.entry = "outputs".into();
            builder.argument.clone_from(name);
            let output = builder.output(name)?;
            builder.plan.outputs.push(output);
        }
        Ok(builder.plan)
    }

    /// An error about the argument at hand.
    pub(crate) fn wrong(&self, reason: impl Into<String>) -> ChainError {
        ChainError::Argument {
            entry: self.entry.clone(),
            argument: self.argument.clone(),
            reason: reason.into(),
        }
    }

    fn output(&mut self, name: &str) -> Result<Output> {
        if self.config.entry(name).is_none()
            && let Some(NamedColumn { attrs, column, .. }) = self.layout.column(name)
            && !is_waveform(column)
        {
            return Ok(Output { name: name.into(), attrs: attrs.clone(), form: Form::Copy });
        }
        let Some(variable) = self.variable(name)? else {
            return Err(ChainError::Name { entry: "outputs".into(), name: name.into() });
        };
        let attrs = Attrs { units: variable.unit.clone(), ..Attrs::new() };
        let form = self.form(&variable);
        Ok(Output { name: name.into(), attrs, form })
    }

    fn form(&mut self, variable: &Variable) -> Form {
        let dtype = variable.dtype;
        if let (Some(grid), None) = (variable.samples(), variable.lengths) {
            let (ns, grid) = (grid.period.ns, grid.clone());
            let t0 = self.offset_slot(grid.offset, 1.0 / ns);
            let (dt, unit) = (grid.period.value as f32, grid.period.symbol);
            return Form::Waveform { values: self.natural(variable), dtype, t0, dt, unit };
        }
        let unit_ns = variable.unit.as_deref().and_then(time_ns);
        let values = match (&variable.grid, unit_ns) {
            (Some(grid), Some(ns)) if variable.coord => self.times(variable, grid, ns),
            _ => self.natural(variable),
        };
        match variable.lengths {
            Some(lengths) => Form::Vectors { values, dtype, lengths },
            None => Form::Array { values, dtype, vector: variable.vector },
        }
    }

    /// Indices on a grid as times, in a unit of so many ns.
    fn times(&mut self, variable: &Variable, grid: &Grid, ns: f64) -> Slot {
        let from = self.natural(variable);
        let plus: Vec<_> = grid.offset.slot.iter().map(|slot| (*slot, 1.0 / ns)).collect();
        let inputs: Vec<Slot> = plus.iter().map(|p| p.0).chain([from]).collect();
        let to = self.slot(from.kind, from.len, &inputs);
        let scale = grid.period.in_ns() / ns;
        self.push(Step::Affine { from, to, scale, shift: grid.offset.shift_ns / ns, plus });
        to
    }

    /// An offset as a slot of one number, times a factor.
    pub(crate) fn offset_slot(&mut self, offset: Offset, factor: f64) -> Slot {
        let shift = offset.shift_ns * factor;
        match offset.slot {
            None => self.constant(Kind::Single, &[shift]),
            Some(from) => {
                let to = self.slot(Kind::Single, 1, &[from]);
                self.push(Step::Affine { from, to, scale: factor, shift, plus: Vec::new() });
                to
            }
        }
    }

    /// A variable by name, with everything it needs; `None` if there is none of this name.
    pub(crate) fn variable(&mut self, name: &str) -> Result<Option<Variable>> {
        if !self.variables.contains_key(name) {
            if let Some(entry) = self.config.entry(name) {
                self.compute(entry)?;
            } else if let Some(column) = self.layout.column(name) {
                let variable = self.input(name, column)?;
                self.variables.insert(name.to_owned(), variable);
            }
        }
        Ok(self.variables.get(name).cloned())
    }

    fn compute(&mut self, entry: &'c Entry) -> Result<()> {
        if self.active.contains(&entry.key) || self.active.len() > MAX_DEPTH {
            return Err(ChainError::Circular { entry: entry.key.clone() });
        }
        self.active.push(entry.key.clone());
        let outer = (
            std::mem::replace(&mut self.entry, entry.key.clone()),
            std::mem::take(&mut self.argument),
            std::mem::replace(&mut self.defaults, entry.defaults.clone()),
        );
        match &entry.work {
            Work::Function(function) => self.function(entry, function)?,
            Work::Expression(expression) => {
                let value = self.argument(expression)?;
                let variable = self.value_variable(value)?;
                let [name] = &entry.names[..] else {
                    return Err(self.wrong("an expression computes one name"));
                };
                self.variables.insert(name.clone(), variable);
            }
        }
        (self.entry, self.argument, self.defaults) = outer;
        self.active.pop();
        Ok(())
    }

    /// The variable of an input column.
    fn input(&mut self, name: &str, column: &NamedColumn) -> Result<Variable> {
        let unsupported = |what: &str| ChainError::Layout {
            column: name.to_owned(),
            reason: format!("{what} can only be copied"),
        };
        let (path, values, grid) = match &column.column {
            Column::Array(_) => (name.to_owned(), column, None),
            Column::Table(table) => {
                let values = table.column("values").ok_or_else(|| unsupported("a table"))?;
                (format!("{name}/values"), values, Some(self.grid(name, table)?))
            }
            Column::Vectors(_) => return Err(unsupported("vectors of differing length")),
            Column::Encoded(_) => return Err(unsupported("encoded waveforms")),
        };
        let Column::Array(array) = &values.column else {
            return Err(unsupported("vectors of differing length"));
        };
        if array.row_shape.len() > 1 || matches!(array.dtype, DType::Text(_)) {
            return Err(unsupported("text and matrices"));
        }
        let (column, len) = (self.column(path, array), array.row_len());
        let source = Source::Column(Part { column, start: 0, step: 1, len });
        let unit = values.attrs.units.clone();
        let coord = grid.is_none() && unit.as_deref().and_then(time_ns).is_some();
        let (dtype, vector) = (array.dtype, array.row_shape.len() == 1);
        Ok(Variable { dtype, vector, grid, unit, coord, source, lengths: None })
    }

    fn grid(&mut self, name: &str, table: &Table) -> Result<Grid> {
        let unit = |column: &str| {
            let units = table.column(column).and_then(|c| c.attrs.units.as_deref());
            units.unwrap_or("ns").to_owned()
        };
        let reason = || "the units of dt or t0 are none of time".to_owned();
        let wrong = || ChainError::Layout { column: name.to_owned(), reason: reason() };
        let (dt_unit, t0_unit) = (unit("dt"), unit("t0"));
        let t0_ns = time_ns(&t0_unit).ok_or_else(wrong)?;
        let period = self.periods.get(name).copied().unwrap_or(f64::NAN);
        let period = Quantity::time(period, &dt_unit).ok_or_else(wrong)?;
        let mut offset = Offset::fixed(0.0);
        if let Some(array) = table.array("t0") {
            let column = self.column(format!("{name}/t0"), array);
            let part = Part { column, start: 0, step: 1, len: 1 };
            let from = self.load(part, Kind::Double, DType::F64);
            let to = self.slot(Kind::Double, 1, &[from]);
            self.push(Step::Affine { from, to, scale: t0_ns, shift: 0.0, plus: Vec::new() });
            offset.slot = Some(to);
        }
        Ok(Grid { period, offset })
    }

    /// The number of an input column in the plan.
    fn column(&mut self, path: String, array: &Array) -> usize {
        let columns = &mut self.plan.columns;
        columns.iter().position(|known| known.path == path).unwrap_or_else(|| {
            columns.push(Input { path, dtype: array.dtype, row_len: array.row_len() });
            columns.len() - 1
        })
    }

    fn load(&mut self, part: Part, kind: Kind, dtype: DType) -> Slot {
        if let Some(slot) = self.loads.get(&(part, kind)) {
            return *slot;
        }
        let mut to = self.plan.store.add(kind, part.len, false);
        to.finite = Kind::of(dtype) == Kind::Int;
        self.plan.steps.push(Step::Load { part, to });
        self.loads.insert((part, kind), to);
        to
    }

    /// A slot of a variable's values as they are.
    pub(crate) fn natural(&mut self, variable: &Variable) -> Slot {
        self.held(variable, Kind::of(variable.dtype))
    }

    /// A slot of a variable's values, held in a certain way.
    pub(crate) fn held(&mut self, variable: &Variable, kind: Kind) -> Slot {
        match variable.source {
            Source::Column(part) => {
                let natural = Kind::of(variable.dtype);
                if kind == Kind::Int && natural != Kind::Int {
                    let from = self.load(part, natural, variable.dtype);
                    return self.cast(from, kind, DType::I64);
                }
                self.load(part, kind, variable.dtype)
            }
            Source::Slot(slot) if slot.kind == kind => slot,
            Source::Slot(from) => match self.casts.get(&(from, kind)) {
                Some(slot) => *slot,
                None => {
                    let to = self.cast(from, kind, DType::I64);
                    self.casts.insert((from, kind), to);
                    to
                }
            },
        }
    }

    /// Values as another type; `dtype` says which integers.
    pub(crate) fn cast(&mut self, from: Slot, kind: Kind, dtype: DType) -> Slot {
        let mut to = self.slot(kind, from.len, &[from]);
        to.finite = from.finite;
        self.push(Step::Cast { from, to, dtype });
        to
    }

    /// A new slot for something made of `inputs`.
    pub(crate) fn slot(&mut self, kind: Kind, len: usize, inputs: &[Slot]) -> Slot {
        let constant = inputs.iter().all(|slot| slot.constant);
        self.plan.store.add(kind, len, constant)
    }

    /// A slot of constants.
    pub(crate) fn constant(&mut self, kind: Kind, values: &[f64]) -> Slot {
        let mut slot = self.plan.store.add(kind, values.len(), true);
        slot.finite = !values.iter().any(|value| value.is_nan());
        let store = &mut self.plan.store;
        for (i, value) in values.iter().enumerate() {
            match kind {
                Kind::Single => store.singles[slot.index][i] = *value as f32,
                Kind::Double => store.doubles[slot.index][i] = *value,
                Kind::Int => store.ints[slot.index][i] = value.round_ties_even() as i64,
            }
        }
        slot
    }

    /// Adds a step, to those for all rows at once if nothing in it changes.
    pub(crate) fn push(&mut self, step: Step) {
        let (_, written) = step.slots();
        if written.iter().all(|slot| slot.constant) {
            self.plan.once.push(step);
        } else {
            self.plan.steps.push(step);
        }
    }

    /// A length from the value of an expression.
    pub(crate) fn length(&self, value: &Value) -> Result<usize> {
        let Value::Number(length, _) = value else {
            return Err(self.wrong("a length must be a number"));
        };
        if length.is_nan() {
            return Err(self.no_period());
        }
        if *length < 0.0 || *length > MAX_LENGTH as f64 {
            return Err(self.wrong(format!("{length} is no length")));
        }
        // 2*us/(16*ns) is slightly less than 125.
        let whole = length.round();
        let length = if (length - whole).abs() < 1e-9 * whole { whole } else { *length };
        Ok(length as usize)
    }

    /// Something was needed that depends on the sampling period.
    pub(crate) fn no_period(&self) -> ChainError {
        ChainError::Period { entry: self.entry.clone(), argument: self.argument.clone() }
    }

    /// The number type that a text or name names.
    pub(crate) fn dtype(&self, value: &Value) -> Result<DType> {
        let Value::Text(name) = value else { return Err(self.wrong("a type must be text")) };
        dtype_named(name).ok_or_else(|| self.wrong(format!("'{name}' is no type of numbers")))
    }
}

fn is_waveform(column: &Column) -> bool {
    match column {
        Column::Table(table) => table.array("values").is_some() && table.array("dt").is_some(),
        _ => false,
    }
}
