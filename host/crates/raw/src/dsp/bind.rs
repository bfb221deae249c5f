//! Entries with a function: arguments are brought to what the processor takes, outputs declared.

use std::collections::HashMap;

use serde_json::Value as Json;
use tierline_table::DType;

use super::builder::Builder;
use super::config::{Entry, Function};
use super::error::ChainError;
use super::evaluate::Value;
use super::processors::{self, Param};
use super::step::{Process, Step};
use super::store::{Kind, Slot};
use super::unit::Quantity;
use super::variable::{Grid, Offset, Variable, fits};
use tierline_table::expression::{Expr, Op, parse};

type Result<T> = std::result::Result<T, ChainError>;

/// What an argument says about an output.
#[derive(Debug, Clone, Default)]
struct Declared {
    name: String,
    len: Option<usize>,
    dtype: Option<DType>,
    grid: Option<Grid>,
    unit: Option<String>,
    /// Name of the variable that holds how many elements count.
    lengths: Option<String>,
}

/// An argument after the first look.
enum Argument {
    In(Value),
    Out(Declared),
}

/// numpy's functions that are operators.
fn operator(name: &str) -> Option<Op> {
    Some(match name {
        "add" => Op::Add,
        "subtract" => Op::Sub,
        "multiply" => Op::Mul,
        "divide" | "true_divide" => Op::Div,
        "floor_divide" => Op::FloorDiv,
        "less" => Op::Less,
        "less_equal" => Op::LessEqual,
        "greater" => Op::Greater,
        "greater_equal" => Op::GreaterEqual,
        "equal" => Op::Equal,
        "not_equal" => Op::NotEqual,
        _ => return None,
    })
}

impl Builder<'_> {
    /// Computes an entry with a function.
    pub(crate) fn function(&mut self, entry: &Entry, function: &Function) -> Result<()> {
        if let (Some(op), "numpy") = (operator(&function.name), function.module.as_str()) {
            return self.operator(entry, function, op);
        }
        let processor = processors::find(&function.module, &function.name);
        let processor = processor.ok_or_else(|| ChainError::Unknown {
            entry: entry.key.clone(),
            function: format!("{}.{}", function.module, function.name),
        })?;
        let params = processor.params();
        let arguments = self.arguments(&params, &function.args)?;
        let lengths = self.lengths(&params, &arguments)?;
        let double = self.is_double(&params, &arguments)?;
        let grid = arguments.iter().find_map(Argument::grid);
        let mut process = Process {
            entry: entry.key.clone(),
            processor,
            double,
            inputs: Vec::new(),
            floats: Vec::new(),
            ints: Vec::new(),
        };
        let json = function.args.iter();
        for ((param, argument), json) in params.iter().zip(&arguments).zip(json) {
            if let Argument::In(value) = argument {
                self.argument = text(json);
                process.inputs.push(self.input_slot(param, value, grid.as_ref(), double)?);
            }
        }
        let mut made = Vec::new();
        for (param, argument) in params.iter().zip(&arguments) {
            let Argument::Out(declared) = argument else { continue };
            let len = param.dim.and_then(|dim| lengths.get(&dim)).copied().unwrap_or(1);
            let kind = param.kind(double);
            let slot = self.slot(kind, len, &process.inputs);
            let list = if kind == Kind::Int { &mut process.ints } else { &mut process.floats };
            list.push(slot);
            let mut variable = Variable::plain(param.dtype(double), param.dim.is_some(), slot);
            variable.grid = shared_grid(param, &params, &arguments);
            made.push((declared.clone(), variable));
        }
        self.push(Step::Process(Box::new(process)));
        self.finish(entry, made, grid.as_ref())
    }

    fn operator(&mut self, entry: &Entry, function: &Function, op: Op) -> Result<()> {
        let params: Vec<Param> = Param::list("(),(),>()", "fff");
        let mut arguments = self.arguments(&params, &function.args)?.into_iter();
        let grid = arguments.as_slice().iter().find_map(Argument::grid);
        let (Some(Argument::In(a)), Some(Argument::In(b)), Some(Argument::Out(out))) =
            (arguments.next(), arguments.next(), arguments.next())
        else {
            return Err(self.wrong("two inputs and an output are needed"));
        };
        let value = self.binary(op, a, b)?;
        let mut variable = self.value_variable(value)?;
        variable.grid = variable.samples().cloned();
        (variable.coord, variable.unit) = (false, None);
        self.finish(entry, vec![(out, variable)], grid.as_ref())
    }

    /// Gives the outputs their units, types and grids, and their names.
    fn finish(
        &mut self,
        entry: &Entry,
        made: Vec<(Declared, Variable)>,
        grid: Option<&Grid>,
    ) -> Result<()> {
        let mut lengths = Vec::new();
        for (declared, mut variable) in made {
            self.argument.clone_from(&declared.name);
            let place = entry.names.iter().position(|name| *name == declared.name);
            let unit = place.and_then(|place| entry.units.get(place).cloned().flatten());
            variable.unit = unit.or(declared.unit);
            if let Some(dtype) = declared.dtype
                && dtype != variable.dtype
            {
                if Kind::of(dtype) == Kind::Int && Kind::of(variable.dtype) != Kind::Int {
                    return Err(self.wrong(format!("the result does not fit into {dtype}")));
                }
                variable = self.astype(&variable, dtype);
            }
            if declared.grid.is_some() {
                variable.grid = declared.grid;
            } else if variable.in_time() && grid.is_some() {
                (variable.grid, variable.coord) = (grid.cloned(), true);
            }
            lengths.extend(declared.lengths.map(|name| (declared.name.clone(), name)));
            self.variables.insert(declared.name, variable);
        }
        for (name, of) in lengths {
            let counts = self.variable(&of)?;
            let counts = counts.ok_or_else(|| self.wrong(format!("nothing is called '{of}'")))?;
            let slot = self.held(&counts, Kind::Int);
            if let Some(variable) = self.variables.get_mut(&name) {
                variable.lengths = Some(slot);
            }
        }
        let missing = entry.names.iter().find(|name| !self.variables.contains_key(*name));
        match missing {
            Some(name) => Err(self.wrong(format!("'{name}' is no output of the function"))),
            None => Ok(()),
        }
    }

    fn arguments(&mut self, params: &[Param], args: &[Json]) -> Result<Vec<Argument>> {
        if params.len() != args.len() {
            self.argument = "args".into();
            let (wanted, given) = (params.len(), args.len());
            return Err(self.wrong(format!("{wanted} arguments are needed, {given} are given")));
        }
        let each = params.iter().zip(args).map(|(param, json)| {
            if param.out {
                self.declared(json).map(Argument::Out)
            } else {
                self.argument(json).map(Argument::In)
            }
        });
        each.collect()
    }

    /// Reads `name(shape, dtype, ...)`.
    fn declared(&mut self, json: &Json) -> Result<Declared> {
        self.argument = text(json);
        let no_name = "this argument is an output and must be a name";
        let Json::String(argument) = json else { return Err(self.wrong(no_name)) };
        let (name, args, kwargs) = match parse(argument).map_err(|reason| self.wrong(reason))? {
            Expr::Name(name) => (name, Vec::new(), Vec::new()),
            Expr::Call(name, args, kwargs) => (name, args, kwargs),
            _ => return Err(self.wrong(no_name)),
        };
        let mut declared = Declared { name, ..Declared::default() };
        let places = ["shape", "dtype", "grid", "unit", "is_coord"].map(str::to_owned);
        let mut offset = None;
        for (what, expr) in places.into_iter().zip(args).chain(kwargs) {
            match (what.as_str(), &expr) {
                ("unit", Expr::Name(unit)) => declared.unit = Some(unit.clone()),
                ("vector_len", Expr::Name(name)) => declared.lengths = Some(name.clone()),
                ("is_coord", _) => {}
                _ => {
                    let value = self.evaluate(&expr)?;
                    self.declare(&mut declared, &mut offset, &what, value)?;
                }
            }
        }
        if let (Some(grid), Some(offset)) = (&mut declared.grid, offset) {
            grid.offset = match offset {
                Value::Number(samples, _) => Offset::fixed(samples * grid.period.in_ns()),
                other => self.offset(other)?,
            };
        }
        Ok(declared)
    }

    fn declare(
        &mut self,
        declared: &mut Declared,
        offset: &mut Option<Value>,
        what: &str,
        value: Value,
    ) -> Result<()> {
        match (what, value) {
            ("shape", value) => declared.len = Some(self.length(&value)?),
            ("dtype", value) => declared.dtype = Some(self.dtype(&value)?),
            ("unit", Value::Text(unit)) => declared.unit = Some(unit),
            ("grid", Value::Grid(grid)) => declared.grid = Some(grid),
            ("period", Value::Quantity(period)) if period.power == 1 => {
                declared.grid = Some(Grid { period, offset: Offset::fixed(0.0) });
            }
            ("offset", value) => *offset = Some(value),
            _ => return Err(self.wrong(format!("'{what}' cannot be that"))),
        }
        Ok(())
    }

    fn offset(&mut self, value: Value) -> Result<Offset> {
        match value {
            Value::Offset(offset) => Ok(offset),
            Value::Quantity(time) if time.power == 1 => Ok(Offset::fixed(time.in_ns())),
            Value::Variable(variable) if variable.coord && !variable.vector => {
                let slot = self.in_ns(&variable)?;
                Ok(Offset { slot: Some(slot), shift_ns: 0.0 })
            }
            _ => Err(self.wrong("an offset must be a time")),
        }
    }

    /// A time as a slot in ns.
    fn in_ns(&mut self, time: &Variable) -> Result<Slot> {
        let period = Quantity::unit("ns").ok_or_else(|| self.wrong("no ns"))?;
        self.on_grid(time, &Grid { period, offset: Offset::fixed(0.0) }, Kind::Double)
    }

    /// The lengths that the letters of the signature stand for.
    fn lengths(&self, params: &[Param], arguments: &[Argument]) -> Result<HashMap<char, usize>> {
        let mut lengths: HashMap<char, usize> = HashMap::new();
        for (param, argument) in params.iter().zip(arguments) {
            let (name, len) = match argument {
                Argument::In(Value::Variable(v)) => ("an input", v.vector.then(|| v.len())),
                Argument::In(Value::List(list)) => ("a list", Some(list.len())),
                Argument::In(_) => ("an input", None),
                Argument::Out(declared) => (declared.name.as_str(), declared.len),
            };
            let about = |reason: String| ChainError::Argument {
                entry: self.entry.clone(),
                argument: name.to_owned(),
                reason,
            };
            match (param.dim, len) {
                (Some(dim), Some(len)) => {
                    let known = *lengths.entry(dim).or_insert(len);
                    if known != len {
                        return Err(about(format!("{len} elements where {known} are needed")));
                    }
                }
                (None, Some(_)) if !param.out => {
                    return Err(about("a vector where one number is needed".into()));
                }
                (Some(_), None) if !param.out => {
                    return Err(about("one number where a vector is needed".into()));
                }
                _ => {}
            }
        }
        let unknown = params.iter().zip(arguments).find_map(|(param, argument)| match argument {
            Argument::Out(declared) if param.dim.is_some_and(|d| !lengths.contains_key(&d)) => {
                Some(declared.name.clone())
            }
            _ => None,
        });
        match unknown {
            Some(name) => Err(ChainError::Argument {
                entry: self.entry.clone(),
                reason: format!("its length must be declared: {name}(shape=...)"),
                argument: name,
            }),
            None => Ok(lengths),
        }
    }

    /// Whether the processor has to compute in `f64`.
    fn is_double(&self, params: &[Param], arguments: &[Argument]) -> Result<bool> {
        let mut double = false;
        for (param, argument) in params.iter().zip(arguments) {
            match argument {
                Argument::In(Value::Variable(v)) if param.is_float() => {
                    double |= !fits(v.dtype, DType::F32);
                }
                Argument::In(Value::Offset(_)) => double = true,
                Argument::In(Value::Variable(v)) if !fits(v.dtype, DType::I64) => {
                    return Err(self.wrong("an integer is needed; use astype or round"));
                }
                Argument::Out(declared) if param.is_float() => {
                    double |= declared.dtype == Some(DType::F64);
                }
                _ => {}
            }
        }
        Ok(double)
    }

    fn input_slot(
        &mut self,
        param: &Param,
        value: &Value,
        grid: Option<&Grid>,
        double: bool,
    ) -> Result<Slot> {
        let kind = param.kind(double);
        match value {
            Value::Number(number, _) => Ok(self.constant(kind, &[*number])),
            Value::Quantity(time) => {
                let samples = self.samples(time, grid)?;
                Ok(self.constant(kind, &[samples]))
            }
            Value::Text(text) => match text.chars().next() {
                Some(letter) if kind == Kind::Int => {
                    Ok(self.constant(kind, &[f64::from(u32::from(letter))]))
                }
                _ => Err(self.wrong("text where a number is needed")),
            },
            Value::List(list) => Ok(self.constant(kind, list)),
            Value::Variable(variable) => match grid {
                Some(grid) if variable.coord => self.on_grid(variable, grid, kind),
                _ => Ok(self.held(variable, kind)),
            },
            Value::Offset(_) => {
                let variable = self.value_variable(value.clone())?;
                self.input_slot(param, &Value::Variable(variable), grid, double)
            }
            Value::Grid(_) => Err(self.wrong("a grid where a number is needed")),
        }
    }
}

impl Argument {
    fn grid(&self) -> Option<Grid> {
        match self {
            Argument::In(Value::Variable(variable)) => variable.grid.clone(),
            _ => None,
        }
    }
}

/// The grid of the first input that has the same length by the signature.
fn shared_grid(param: &Param, params: &[Param], arguments: &[Argument]) -> Option<Grid> {
    let dim = param.dim?;
    params.iter().zip(arguments).find_map(|(other, argument)| match argument {
        Argument::In(Value::Variable(v)) if other.dim == Some(dim) => v.samples().cloned(),
        _ => None,
    })
}

fn text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
