//! Values of headers by keyword.

use crate::{Card, Header, Mismatch, Value};

impl Header {
    /// The first card of a keyword; capital or small letters are the same.
    pub fn card(&self, key: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.key.eq_ignore_ascii_case(key))
    }

    /// The value of a keyword; `None` where it is absent or undefined.
    pub fn value(&self, key: &str) -> Option<&Value> {
        match &self.card(key)?.value {
            Value::Undefined | Value::Commentary => None,
            value => Some(value),
        }
    }

    /// A string; `None` where the keyword is absent.
    ///
    /// # Errors
    /// Where the value is of another kind.
    pub fn text(&self, key: &str) -> Result<Option<&str>, Mismatch> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(unexpected(key, "a string", other)),
        }
    }

    /// A finite number; one given as a string is taken too.
    ///
    /// # Errors
    /// Where the value is of another kind.
    pub fn real(&self, key: &str) -> Result<Option<f64>, Mismatch> {
        let number = match self.value(key) {
            None => return Ok(None),
            Some(Value::Real(value)) => Some(*value),
            Some(Value::Integer(value)) => Some(*value as f64),
            Some(Value::Text(text)) => crate::card::real(text.trim()),
            Some(_) => None,
        };
        match (number, self.value(key)) {
            (Some(number), _) if number.is_finite() => Ok(Some(number)),
            (_, Some(found)) => Err(unexpected(key, "a number", found)),
            (_, None) => Ok(None),
        }
    }

    /// A whole number; one given as a string or as a real number without a fraction is taken too.
    ///
    /// # Errors
    /// Where the value is of another kind.
    pub fn integer(&self, key: &str) -> Result<Option<i64>, Mismatch> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let number = match value {
            Value::Integer(value) => Some(*value),
            Value::Real(value) => crate::table::whole(*value),
            Value::Text(text) => match text.trim().parse() {
                Ok(value) => Some(value),
                Err(_) => crate::card::real(text.trim()).and_then(crate::table::whole),
            },
            _ => None,
        };
        number.map(Some).ok_or_else(|| unexpected(key, "a whole number", value))
    }

    /// True or false.
    ///
    /// # Errors
    /// Where the value is of another kind.
    pub fn logical(&self, key: &str) -> Result<Option<bool>, Mismatch> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Logical(value)) => Ok(Some(*value)),
            Some(other) => Err(unexpected(key, "T or F", other)),
        }
    }

    /// A number that must be there.
    ///
    /// # Errors
    /// Where it is not, or the value is of another kind.
    pub fn require_real(&self, key: &str) -> Result<f64, Mismatch> {
        self.real(key)?.ok_or_else(|| missing(key))
    }

    /// A whole number that must be there.
    ///
    /// # Errors
    /// Where it is not, or the value is of another kind.
    pub fn require_integer(&self, key: &str) -> Result<i64, Mismatch> {
        self.integer(key)?.ok_or_else(|| missing(key))
    }

    /// A string that must be there.
    ///
    /// # Errors
    /// Where it is not, or the value is of another kind.
    pub fn require_text(&self, key: &str) -> Result<&str, Mismatch> {
        self.text(key)?.ok_or_else(|| missing(key))
    }

    /// Sets the value of a keyword: in its place where it is there, else at the end.
    pub fn set(&mut self, key: &str, value: impl Into<Value>, comment: &str) {
        let card = Card { key: key.into(), value: value.into(), comment: comment.into() };
        match self.cards.iter_mut().find(|card| card.key.eq_ignore_ascii_case(key)) {
            Some(old) => *old = card,
            None => self.cards.push(card),
        }
    }

    /// Removes all cards of a keyword.
    pub fn remove(&mut self, key: &str) {
        self.cards.retain(|card| !card.key.eq_ignore_ascii_case(key));
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Logical(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.into())
    }
}

fn missing(key: &str) -> Mismatch {
    Mismatch::keyword(key, "is not there")
}

fn unexpected(key: &str, expected: &str, found: &Value) -> Mismatch {
    let found = match found {
        Value::Logical(value) => if *value { "T" } else { "F" }.to_owned(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::Text(value) => format!("{value:?}"),
        Value::Undefined | Value::Commentary => "no value".to_owned(),
    };
    Mismatch::keyword(key, format!("expected {expected}, found {found}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_of_their_kind_or_an_error() {
        let mut header = Header::default();
        header.set("MJDREFF", "0.00074", "");
        header.set("OBS_ID", 5.0, "");
        header.set("DEADC", Value::Real(f64::NAN), "");
        header.set("Object", "Crab", "");
        header.set("EMPTY", Value::Undefined, "");
        assert_eq!(header.real("mjdreff"), Ok(Some(0.00074)));
        assert_eq!(header.integer("OBS_ID"), Ok(Some(5)));
        assert_eq!(header.require_text("OBJECT"), Ok("Crab"));
        assert_eq!(header.text("EMPTY"), Ok(None));
        let error = header.real("DEADC").unwrap_err().to_string();
        assert_eq!(error, "keyword DEADC: expected a number, found NaN");
        let error = header.integer("OBJECT").unwrap_err().to_string();
        assert_eq!(error, "keyword OBJECT: expected a whole number, found \"Crab\"");
        let error = header.require_real("RA_PNT").unwrap_err().to_string();
        assert_eq!(error, "keyword RA_PNT: is not there");
        assert!(header.logical("OBS_ID").is_err());
        header.set("OBS_ID", 0.5, "");
        assert!(header.integer("OBS_ID").is_err());
        header.remove("obs_id");
        assert_eq!(header.integer("OBS_ID"), Ok(None));
    }
}
