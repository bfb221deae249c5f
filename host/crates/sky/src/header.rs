//! Keywords of a header, as coordinates need them: a look-up comes in, a list goes out.

use crate::Error;

/// Value of a header keyword.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, without trailing blanks.
    Text(String),
    /// A real number.
    Real(f64),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Logical(bool),
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Real(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.into())
    }
}

/// A keyword to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyword {
    /// Name, at most eight characters.
    pub name: String,
    /// Value.
    pub value: Value,
    /// Comment.
    pub comment: String,
}

impl Keyword {
    /// A keyword.
    pub fn new(name: impl Into<String>, value: impl Into<Value>, comment: &str) -> Self {
        Keyword { name: name.into(), value: value.into(), comment: comment.into() }
    }
}

/// Where keywords are looked up: the value of a name, if it is there.
pub type Lookup<'a> = dyn Fn(&str) -> Option<Value> + 'a;

/// A number, if the keyword is there. Texts that are numbers count as such.
///
/// # Errors
/// Where it is something else, or not finite.
pub fn number(lookup: &Lookup<'_>, name: &str) -> Result<Option<f64>, Error> {
    let value = match lookup(name) {
        None => return Ok(None),
        Some(Value::Real(value)) => value,
        Some(Value::Integer(value)) => value as f64,
        Some(Value::Text(text)) => text.trim().parse().map_err(|_| {
            Error::malformed(name, format!("expected a number, found '{}'", text.trim()))
        })?,
        Some(Value::Logical(_)) => {
            return Err(Error::malformed(name, "expected a number, found a logical value"));
        }
    };
    if !value.is_finite() {
        return Err(Error::malformed(name, format!("expected a number, found {value}")));
    }
    Ok(Some(value))
}

/// A whole number, if the keyword is there.
///
/// # Errors
/// Where it is something else.
pub fn whole(lookup: &Lookup<'_>, name: &str) -> Result<Option<i64>, Error> {
    match number(lookup, name)? {
        None => Ok(None),
        Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => Ok(Some(value as i64)),
        Some(value) => {
            Err(Error::malformed(name, format!("expected a whole number, found {value}")))
        }
    }
}

/// A text, if the keyword is there.
///
/// # Errors
/// Where it is something else.
pub fn text(lookup: &Lookup<'_>, name: &str) -> Result<Option<String>, Error> {
    match lookup(name) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text.trim().to_owned())),
        Some(other) => Err(Error::malformed(name, format!("expected a text, found {other:?}"))),
    }
}
