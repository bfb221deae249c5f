//! CIF text: pairs and loops.
//!
//! Tokens are separated by white space. `'…'` and `"…"` end at a quote before white space, a text field
//! begins with `;` at the start of a line and ends with the next one, `#` begins a comment. A token
//! that starts with `_` is a name; `loop_` begins a list of names and then rows of their values.

use super::super::super::Value;
use super::shown;

/// The key under which loops stand in a header, in front of all others.
pub const LOOPS: &str = "loop_";
/// The key of the pixels, which is no entry of a header.
pub(super) const DATA: &str = "_array_data.data";

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Token<'a> {
    /// `_name`.
    Name(&'a [u8]),
    /// `loop_`.
    Loop,
    /// `data_x`, `save_x`, `global_` or `stop_`: ends a loop.
    Section,
    /// Anything else, without quotes.
    Value(&'a [u8]),
}

/// Splits a text into tokens.
struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            self.at += rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
            if self.text[self.at] != b'#' {
                break;
            }
            let rest = &self.text[self.at..];
            self.at +=
                rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        }
        let rest = &self.text[self.at..];
        let at_line_start = self.at == 0 || matches!(self.text[self.at - 1], b'\n' | b'\r');
        let (value, length) = match rest[0] {
            b';' if at_line_start => text_field(rest),
            quote @ (b'\'' | b'"') => quoted(rest, quote),
            _ => {
                let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
                self.at += end;
                return Some(word(&rest[..end]));
            }
        };
        self.at += length;
        Some(Token::Value(value))
    }
}

/// A text field: its content without blanks around it, and its bytes.
fn text_field(rest: &[u8]) -> (&[u8], usize) {
    let ends = memchr::memchr_iter(b';', &rest[1..]).map(|place| place + 1);
    let end = ends.into_iter().find(|place| matches!(rest[place - 1], b'\n' | b'\r'));
    let end = end.unwrap_or(rest.len());
    (rest[1..end].trim_ascii(), (end + 1).min(rest.len()))
}

/// A quoted value, which a quote before white space ends, or the line; and its bytes.
fn quoted(rest: &[u8], quote: u8) -> (&[u8], usize) {
    let line = 1 + rest[1..].iter().position(|byte| *byte == b'\n').unwrap_or(rest.len() - 1);
    let closes = |place: &usize| rest.get(place + 1).is_none_or(u8::is_ascii_whitespace);
    let end = memchr::memchr_iter(quote, &rest[1..line]).map(|place| place + 1).find(closes);
    match end {
        Some(end) => (rest[1..end].trim_ascii(), end + 1),
        None => (rest[1..line].trim_ascii(), line),
    }
}

fn word(word: &[u8]) -> Token<'_> {
    let starts = |name: &str| {
        word.len() >= name.len() && word[..name.len()].eq_ignore_ascii_case(name.as_bytes())
    };
    match word {
        [b'_', ..] => Token::Name(word),
        _ if word.eq_ignore_ascii_case(b"loop_") => Token::Loop,
        _ if ["data_", "save_", "global_", "stop_"].iter().any(|name| starts(name)) => {
            Token::Section
        }
        _ => Token::Value(word),
    }
}

/// The pairs of a text in front of the binary section; its loops, if any, as the first.
pub(super) fn parse(text: &[u8]) -> impl Iterator<Item = (String, Value)> {
    let mut loops = Vec::new();
    let mut pairs = Vec::new();
    let mut tokens = Tokens { text, at: 0 }.peekable();
    while let Some(token) = tokens.next() {
        match token {
            Token::Name(name) => {
                if let Some(Token::Value(value)) = tokens.peek() {
                    if name != DATA.as_bytes() {
                        pairs.push((String::from_utf8_lossy(name).into_owned(), shown(value)));
                    }
                    tokens.next();
                }
            }
            Token::Loop => {
                let mut names = Vec::new();
                let mut values = Vec::new();
                while let Some(Token::Name(name)) = tokens.peek() {
                    names.push(*name);
                    tokens.next();
                }
                while let Some(Token::Value(value)) = tokens.peek() {
                    values.push(*value);
                    tokens.next();
                }
                loops.push(one_loop(&names, values));
            }
            Token::Section | Token::Value(_) => {}
        }
    }
    let loops = (!loops.is_empty()).then(|| (LOOPS.to_owned(), Value::List(loops)));
    loops.into_iter().chain(pairs)
}

/// A loop as a list of names and a list of rows. A row that is cut is left out, unless it is the only
/// one: then `?` stands for what is missing.
fn one_loop(names: &[&[u8]], mut values: Vec<&[u8]>) -> Value {
    if values.len() < names.len() {
        values.resize(names.len(), b"?");
    }
    let value = |value: &[u8]| match std::str::from_utf8(value) {
        Ok(text) => Value::from(text),
        Err(_) => Value::Bytes(value.to_vec()),
    };
    let row = |row: &[&[u8]]| {
        let pairs = names.iter().zip(row);
        Value::Map(
            pairs.map(|(n, v)| (String::from_utf8_lossy(n).into_owned(), value(v))).collect(),
        )
    };
    let rows = values.chunks_exact(names.len().max(1)).map(row).collect();
    Value::List(vec![
        Value::List(names.iter().map(|name| value(name)).collect()),
        Value::List(rows),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        Tokens { text: text.as_bytes(), at: 0 }
            .map(|token| format!("{token:?}").replace(' ', ""))
            .collect()
    }

    fn value(text: &str) -> String {
        format!("{:?}", Token::Value(text.as_bytes())).replace(' ', "")
    }

    #[test]
    fn tokens_are_split() {
        let text = "a 'b c' \"d'e\" 'it's' ;x\n; y\nz;\n;w # no\n#no\n'open\nlast";
        let expected = ["a", "b c", "d'e", "it's", ";x", "y\nz;", "w", "open", "last"].map(value);
        assert_eq!(tokens(text), expected);
        assert_eq!(tokens("; open"), [value("open")]);
        assert_eq!(tokens("'"), [value("")]);
        assert_eq!(tokens("LOOP_ data_x"), ["Loop", "Section"]);
    }

    #[test]
    fn loops_come_first() {
        let text = b"data_x _a 1 loop_ _b _c 1 2 3 4 5 loop_ _d _e 7 _f g _array_data.data ;";
        let pairs: Vec<_> = parse(text).collect();
        let keys: Vec<&str> = pairs.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["loop_", "_a", "_f"]);
        let text = pairs[0].1.to_string();
        let expected =
            "[[[_b, _c], [{_b: 1, _c: 2}, {_b: 3, _c: 4}]], [[_d, _e], [{_d: 7, _e: ?}]]]";
        assert_eq!(text, expected);
        assert_eq!(parse(b"loop_ 1 2 3").count(), 1);
    }
}
