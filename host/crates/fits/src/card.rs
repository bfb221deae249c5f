//! Header cards.

/// The value of a card.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `T` or `F`.
    Logical(bool),
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// A string, without trailing blanks; long ones are continued over several cards.
    Text(String),
    /// A keyword without a value.
    Undefined,
    /// A card of text only: `COMMENT`, `HISTORY` or blank.
    Commentary,
}

/// A keyword with its value and comment.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Keyword, in capital letters but for those of the HIERARCH convention.
    pub key: String,
    /// Value.
    pub value: Value,
    /// Comment; the text of commentary cards.
    pub comment: String,
}

/// The cards of a header in their order, without those that describe the data's structure where a type does so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Header {
    /// The cards.
    pub cards: Vec<Card>,
}

/// Bytes of a card.
pub(crate) const CARD: usize = 80;

/// A number as headers have it; `None` if it is none.
pub(crate) fn real(token: &str) -> Option<f64> {
    let is_number =
        |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'E' | 'D' | 'e' | 'd');
    if !token.chars().all(is_number) {
        return None;
    }
    token.replace(['D', 'd'], "E").parse().ok().filter(|value: &f64| value.is_finite())
}

impl Header {
    /// The cards of a header's bytes, up to END.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut cards: Vec<Card> = Vec::new();
        for record in bytes.chunks_exact(CARD) {
            let text: String = record.iter().map(|byte| char::from(*byte)).collect();
            if text.trim_end() == "END" {
                break;
            }
            if !continues(&mut cards, &text) {
                cards.push(parse(&text));
            }
        }
        for card in &mut cards {
            if let Value::Text(text) = &mut card.value {
                text.truncate(text.trim_end().len());
            }
        }
        Header { cards }
    }
}

/// Appends a CONTINUE record to the string before it, which must end with an ampersand; whether it did.
fn continues(cards: &mut [Card], record: &str) -> bool {
    let Some(rest) = record.strip_prefix("CONTINUE  ") else { return false };
    let Some(Card { value: Value::Text(text), comment, .. }) = cards.last_mut() else {
        return false;
    };
    let Some((more, note)) = quoted(rest.trim_start()) else { return false };
    if !text.ends_with('&') {
        return false;
    }
    text.pop();
    text.push_str(&more);
    if !note.is_empty() && !comment.is_empty() {
        comment.push(' ');
    }
    comment.push_str(note);
    true
}

fn parse(record: &str) -> Card {
    let chars =
        |from: usize, to: usize| -> String { record.chars().skip(from).take(to - from).collect() };
    let key = chars(0, 8).trim_end().to_owned();
    let rest = chars(8, CARD);
    if key == "HIERARCH"
        && let Some((name, value)) = rest.split_once('=')
        && !name.contains('\'')
    {
        let (value, comment) = value_of(value);
        return Card { key: name.trim().to_owned(), value, comment };
    }
    let is_text = matches!(key.as_str(), "COMMENT" | "HISTORY" | "");
    match rest.strip_prefix("= ").filter(|_| !is_text) {
        Some(value) => {
            let (value, comment) = value_of(value);
            Card { key, value, comment }
        }
        None => Card { key, value: Value::Commentary, comment: rest.trim_end().to_owned() },
    }
}

/// A value and the comment after it. What is neither number nor logical is kept as text.
fn value_of(text: &str) -> (Value, String) {
    let text = text.trim_start();
    if let Some((value, comment)) = quoted(text) {
        return (Value::Text(value), comment.to_owned());
    }
    let (token, comment) = text.split_once('/').unwrap_or((text, ""));
    let token = token.trim();
    let value = match token {
        "" => Value::Undefined,
        "T" => Value::Logical(true),
        "F" => Value::Logical(false),
        _ => match (token.parse(), real(token)) {
            (Ok(value), _) => Value::Integer(value),
            (_, Some(value)) => Value::Real(value),
            _ => Value::Text(token.to_owned()),
        },
    };
    (value, comment.trim().to_owned())
}

/// A string in quotes, two for one within, and the comment after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let Some((piece, after)) = rest.split_once('\'') else {
            // The closing quote is lost: the rest of the card.
            value.push_str(rest);
            return Some((value, ""));
        };
        value.push_str(piece);
        match after.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => {
                let comment = after.trim_start().strip_prefix('/').unwrap_or("");
                return Some((value, comment.trim()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(lines: &[&str]) -> Vec<Card> {
        let bytes: String = lines.iter().map(|line| format!("{line:80}")).collect();
        Header::parse(bytes.as_bytes()).cards
    }

    fn value(line: &str) -> Value {
        header(&[line])[0].value.clone()
    }

    #[test]
    fn values() {
        assert_eq!(value("A       =                    T / yes"), Value::Logical(true));
        assert_eq!(value("A       = -12"), Value::Integer(-12));
        assert_eq!(value("A       =   1.5D-3 / x"), Value::Real(1.5e-3));
        assert_eq!(value("A       = 1."), Value::Real(1.0));
        assert_eq!(value("A       = 9223372036854775808"), Value::Real(9223372036854775808.0));
        assert_eq!(value("A       = 'it''s / ok  '/ note"), Value::Text("it's / ok".into()));
        assert_eq!(value("A       ="), Value::Undefined);
        assert_eq!(value("A       =5"), Value::Commentary);
        assert_eq!(value("A       = / nothing"), Value::Undefined);
        assert_eq!(value("A       = nan"), Value::Text("nan".into()));
        assert_eq!(value("A       = 'open"), Value::Text("open".into()));
        assert_eq!(value("COMMENT = 5"), Value::Commentary);
        assert_eq!(header(&["A       = 1E999"])[0].value, Value::Text("1E999".into()));
    }

    #[test]
    fn long_strings_and_long_keywords() {
        let cards = header(&[
            "LONG    = 'one &'  / a",
            "CONTINUE  'two&' / b",
            "CONTINUE  '' / ",
            "HIERARCH ESO Tel x = 5 / c",
            "CONTINUE  'alone'",
            "END",
            "A       = 1",
        ]);
        assert_eq!(cards.len(), 3);
        assert_eq!(cards[0].value, Value::Text("one two".into()));
        assert_eq!(cards[0].comment, "a b");
        assert_eq!((cards[1].key.as_str(), &cards[1].value), ("ESO Tel x", &Value::Integer(5)));
        assert_eq!(cards[2].value, Value::Commentary);
    }
}
