//! Cuts on the numbers of events and images, as users write them: `hillas_intensity > 50 and leakage_pixels_width_1 < 0.2`.
//!
//! The grammar is that of [`tierline_table::expression`]: a small part of Python's. Columns are numbers; the functions
//! `abs`, `sqrt`, `log10`, `isfinite`, `min` and `max` are known. A comparison with NaN is false, `!=` too, so
//! `not x < 5` is true if x is NaN.

mod columns;
#[cfg(test)]
mod tests;

pub use columns::{Columns, Frame};
pub(crate) use columns::{shower, shower_names};
use tierline_table::expression::{self, Expr, Op};

use crate::Error;

/// A condition on columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Cuts {
    text: String,
    condition: Condition,
}

/// What is true or false.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Is(bool),
    Finite(Number),
    Compare(Op, Number, Number),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    IfElse(Box<[Condition; 3]>),
}

/// What is a number.
#[derive(Debug, Clone, PartialEq)]
enum Number {
    Constant(f64),
    /// Name, and position among the columns that are known.
    Column(String, usize),
    Minus(Box<Number>),
    Arithmetic(Op, Box<Number>, Box<Number>),
    Function(Function, Vec<Number>),
    IfElse(Box<Condition>, Box<[Number; 2]>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Abs,
    Sqrt,
    Log10,
    Min,
    Max,
}

const FUNCTIONS: [(&str, Function); 5] = [
    ("abs", Function::Abs),
    ("sqrt", Function::Sqrt),
    ("log10", Function::Log10),
    ("min", Function::Min),
    ("max", Function::Max),
];

impl Cuts {
    /// Reads a condition on columns of these names.
    ///
    /// # Errors
    /// Text that is no condition, and names that are not known: with the nearest one that is.
    pub fn parse<S: AsRef<str>>(text: &str, known: &[S]) -> Result<Self, Error> {
        let failed = |reason: String| Error::parameter(format!("'{text}'"), reason);
        let expr = expression::parse(text).map_err(failed)?;
        let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
        let condition = Compiler { known: &known }.condition(&expr).map_err(failed)?;
        Ok(Cuts { text: text.to_owned(), condition })
    }

    /// Whether the condition holds. `value` tells a column's number by its name; what it doesn't know is NaN.
    pub fn passes(&self, value: &impl Fn(&str) -> Option<f64>) -> bool {
        self.condition.holds(&|name, _| value(name).unwrap_or(f64::NAN))
    }

    /// Whether the condition holds of numbers in the order of the columns that [`Cuts::parse`] was given.
    pub fn passes_row(&self, row: &[f64]) -> bool {
        self.condition.holds(&|_, at| row.get(at).copied().unwrap_or(f64::NAN))
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Condition {
    fn holds(&self, value: &impl Fn(&str, usize) -> f64) -> bool {
        match self {
            Condition::Is(is) => *is,
            Condition::Finite(number) => number.value(value).is_finite(),
            Condition::Compare(op, left, right) => {
                let (left, right) = (left.value(value), right.value(value));
                match op {
                    Op::Less => left < right,
                    Op::LessEqual => left <= right,
                    Op::Greater => left > right,
                    Op::GreaterEqual => left >= right,
                    Op::Equal => left == right,
                    _ => left != right && !left.is_nan() && !right.is_nan(),
                }
            }
            Condition::Not(inner) => !inner.holds(value),
            Condition::And(left, right) => left.holds(value) && right.holds(value),
            Condition::Or(left, right) => left.holds(value) || right.holds(value),
            Condition::IfElse(parts) => {
                let [this, condition, other] = &**parts;
                if condition.holds(value) { this.holds(value) } else { other.holds(value) }
            }
        }
    }
}

impl Number {
    fn value(&self, value: &impl Fn(&str, usize) -> f64) -> f64 {
        match self {
            Number::Constant(number) => *number,
            Number::Column(name, at) => value(name, *at),
            Number::Minus(inner) => -inner.value(value),
            Number::Arithmetic(op, left, right) => {
                let (left, right) = (left.value(value), right.value(value));
                match op {
                    Op::Add => left + right,
                    Op::Sub => left - right,
                    Op::Mul => left * right,
                    Op::Div => left / right,
                    _ => (left / right).floor(),
                }
            }
            Number::Function(function, args) => {
                let mut args = args.iter().map(|arg| arg.value(value));
                let first = args.next().unwrap_or(f64::NAN);
                match function {
                    Function::Abs => first.abs(),
                    Function::Sqrt => first.sqrt(),
                    Function::Log10 => first.log10(),
                    Function::Min => {
                        args.fold(first, |a, b| if b < a || b.is_nan() { b } else { a })
                    }
                    Function::Max => {
                        args.fold(first, |a, b| if b > a || b.is_nan() { b } else { a })
                    }
                }
            }
            Number::IfElse(condition, parts) => {
                let [this, other] = &**parts;
                if condition.holds(value) { this.value(value) } else { other.value(value) }
            }
        }
    }
}

struct Compiler<'a> {
    known: &'a [&'a str],
}

impl Compiler<'_> {
    fn condition(&self, expr: &Expr) -> Result<Condition, String> {
        let inner = |expr: &Expr| self.condition(expr).map(Box::new);
        Ok(match expr {
            Expr::Truth(is) => Condition::Is(*is),
            Expr::Not(of) => Condition::Not(inner(of)?),
            Expr::And(left, right) => Condition::And(inner(left)?, inner(right)?),
            Expr::Or(left, right) => Condition::Or(inner(left)?, inner(right)?),
            Expr::IfElse(this, condition, other) => Condition::IfElse(Box::new([
                self.condition(this)?,
                self.condition(condition)?,
                self.condition(other)?,
            ])),
            Expr::Binary(op, left, right) if op.compares() => {
                Condition::Compare(*op, self.number(left)?, self.number(right)?)
            }
            Expr::Call(name, args, kwargs) if name == "isfinite" => match &args[..] {
                [arg] if kwargs.is_empty() => Condition::Finite(self.number(arg)?),
                _ => return Err("isfinite takes one number".into()),
            },
            other => {
                // Names that are not known are the more useful thing to tell.
                self.number(other)?;
                return Err("a condition is expected: compare the number with something".into());
            }
        })
    }

    fn number(&self, expr: &Expr) -> Result<Number, String> {
        let inner = |expr: &Expr| self.number(expr).map(Box::new);
        Ok(match expr {
            Expr::Number(value, _) => Number::Constant(*value),
            Expr::Name(name) => match self.known.iter().position(|known| known == name) {
                Some(at) => Number::Column(name.clone(), at),
                None => return Err(unknown("column", name, self.known.iter().copied())),
            },
            Expr::Minus(of) => Number::Minus(inner(of)?),
            Expr::Binary(op, left, right) if !op.compares() => {
                Number::Arithmetic(*op, inner(left)?, inner(right)?)
            }
            Expr::IfElse(this, condition, other) => Number::IfElse(
                Box::new(self.condition(condition)?),
                Box::new([self.number(this)?, self.number(other)?]),
            ),
            Expr::Call(name, args, kwargs) if name != "isfinite" => {
                self.function(name, args, kwargs.is_empty())?
            }
            Expr::Text(text) => return Err(format!("'{text}' is a text: columns are numbers")),
            Expr::Attribute(..) | Expr::Index(..) | Expr::Slice(..) | Expr::List(_) => {
                return Err("'.' and '[' have no meaning in a cut".into());
            }
            _ => return Err("a number is expected, not a condition".into()),
        })
    }

    fn function(&self, name: &str, args: &[Expr], plain: bool) -> Result<Number, String> {
        let names = FUNCTIONS.iter().map(|(name, _)| *name).chain(["isfinite"]);
        let Some((_, function)) = FUNCTIONS.iter().find(|(known, _)| *known == name) else {
            return Err(unknown("function", name, names));
        };
        let several = matches!(function, Function::Min | Function::Max);
        match (args.len(), several) {
            (1, false) | (2.., true) if plain => {}
            (_, false) => return Err(format!("{name} takes one number")),
            (_, true) => return Err(format!("{name} takes two numbers or more")),
        }
        let args = args.iter().map(|arg| self.number(arg));
        Ok(Number::Function(*function, args.collect::<Result<_, _>>()?))
    }
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let likeness = |known: &&str| (strsim::jaro_winkler(known, name) * 1e6) as u64;
    match known.max_by_key(likeness) {
        Some(nearest) => format!("there is no {what} {name}; did you mean {nearest}?"),
        None => format!("there is no {what} {name}"),
    }
}
