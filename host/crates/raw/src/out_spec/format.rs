//! Python's format strings, as far as names of tables and files need them: `{key:0>3d}`.
//!
//! ```text
//! template    = (text | "{{" | "}}" | "{" name ["!" ("s"|"r")] [":" spec] "}")*
//! spec        = [[fill]align][sign]["#"]["0"][width][","|"_"]["." precision][type]
//! align       = "<" | ">" | "=" | "^"        type = b c d o x X s, or none
//! ```
//! Attributes, indices, positions and nested fields are refused.

use std::fmt::Write;

use glob::Pattern;

use crate::out_links::is_link;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// A whole number.
    Int(i128),
    /// Text.
    Text(String),
}

impl Value {
    /// A key as its text says: a number where that is one.
    pub fn of_key(text: &str) -> Value {
        text.parse().map_or_else(|_| Value::Text(text.to_owned()), Value::Int)
    }
}

/// How a value is written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Spec {
    fill: char,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field { name: String, text: bool, spec: Spec },
}

/// A parsed format string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// Widths above this are a mistake.
const MOST_WIDTH: usize = 1000;

impl Template {
    /// Parses a format string.
    ///
    /// # Errors
    /// What is malformed, or not supported, in words.
    pub fn parse(text: &str) -> Result<Template, String> {
        let (mut pieces, mut plain) = (Vec::new(), String::new());
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                plain.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                plain.push('}');
                rest = after;
            } else if let Some(after) = from.strip_prefix('{') {
                let Some((field, after)) = after.split_once('}') else {
                    return Err(format!("'{text}': '{{' is never closed"));
                };
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(self::field(field).map_err(|why| format!("'{text}': {why}"))?);
                rest = after;
            } else {
                return Err(format!("'{text}': '}}' without '{{' (a plain one is written '}}}}')"));
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Template { pieces })
    }

    /// Names that it asks for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Field { name, .. } => Some(name.as_str()),
        })
    }

    /// Whether it asks for this name.
    pub fn has(&self, name: &str) -> bool {
        self.names().any(|other| other == name)
    }

    /// Whether some values make this text of it.
    pub fn could_be(&self, text: &str) -> bool {
        let pattern: String = self
            .pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Pattern::escape(text),
                Piece::Field { .. } => "*".to_owned(),
            })
            .collect();
        Pattern::new(&pattern.replace("**", "*")).is_ok_and(|pattern| pattern.matches(text))
    }

    /// Whether it is the name of a link, whatever its names stand for.
    pub(crate) fn could_be_link(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if is_link(text)))
    }

    /// Fills in what `values` knows and leaves the rest open.
    ///
    /// # Errors
    /// As [`Template::render`], but for unknown names.
    pub fn fill(&self, values: impl Fn(&str) -> Option<Value>) -> Result<Template, String> {
        let mut pieces = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Field { name, text, spec } => match values(name) {
                    Some(value) => pieces.push(Piece::Text(write(&value, *text, spec, name)?)),
                    None => pieces.push(piece.clone()),
                },
                Piece::Text(_) => pieces.push(piece.clone()),
            }
        }
        pieces.dedup_by(|next, last| match (last, next) {
            (Piece::Text(last), Piece::Text(next)) => {
                last.push_str(next);
                true
            }
            _ => false,
        });
        Ok(Template { pieces })
    }

    /// The text with every name filled in.
    ///
    /// # Errors
    /// A name that `values` does not know, or a value that can't be written so.
    pub fn render(&self, values: impl Fn(&str) -> Option<Value>) -> Result<String, String> {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Field { name, text, spec } => {
                    let value = values(name).ok_or_else(|| format!("unknown variable '{name}'"))?;
                    out.push_str(&write(&value, *text, spec, name)?);
                }
            }
        }
        Ok(out)
    }
}

fn field(text: &str) -> Result<Piece, String> {
    let (name, spec) = text.split_once(':').unwrap_or((text, ""));
    let (name, conversion) = match name.split_once('!') {
        Some((name, conversion)) => (name, Some(conversion)),
        None => (name, None),
    };
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("'{}' needs a name".into());
    }
    if !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err(format!("'{name}' is no name of a variable"));
    }
    if !matches!(conversion, None | Some("s" | "r")) {
        return Err(format!("unknown conversion '!{}'", conversion.unwrap_or_default()));
    }
    let spec = self::spec(spec).map_err(|why| format!("'{{{text}}}': {why}"))?;
    Ok(Piece::Field { name: name.to_owned(), text: conversion.is_some(), spec })
}

fn number(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Option<usize>, String> {
    let mut value = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        let next = value.unwrap_or(0usize) * 10 + digit as usize;
        if next > MOST_WIDTH {
            return Err(format!("a width of more than {MOST_WIDTH}"));
        }
        value = Some(next);
    }
    Ok(value)
}

fn spec(text: &str) -> Result<Spec, String> {
    if text.contains('{') {
        return Err("a field within a field is not supported".into());
    }
    let is_align = |c: Option<&char>| c.is_some_and(|c| matches!(c, '<' | '>' | '=' | '^'));
    let all: Vec<char> = text.chars().take(2).collect();
    let (mut fill, mut align) = (' ', None);
    let mut chars = text.chars().peekable();
    if is_align(all.get(1)) {
        fill = chars.next().unwrap_or(' ');
        align = chars.next();
    } else if is_align(all.first()) {
        align = chars.next();
    }
    let sign = chars.next_if(|c| matches!(c, '+' | '-' | ' '));
    let alternate = chars.next_if_eq(&'#').is_some();
    if chars.next_if_eq(&'0').is_some() && align.is_none() {
        (fill, align) = ('0', Some('0'));
    }
    let width = number(&mut chars)?.unwrap_or(0);
    let grouping = chars.next_if(|c| matches!(c, ',' | '_'));
    let precision = match chars.next_if_eq(&'.') {
        Some(_) => Some(number(&mut chars)?.ok_or("a precision is missing after '.'")?),
        None => None,
    };
    let kind = chars.next();
    if let Some(kind) = kind.filter(|kind| !"bcdoxXs".contains(*kind)) {
        return Err(format!("unknown format '{kind}'"));
    }
    match chars.next() {
        Some(_) => Err("malformed format".into()),
        None => Ok(Spec { fill, align, sign, alternate, width, grouping, precision, kind }),
    }
}

fn write(value: &Value, as_text: bool, spec: &Spec, name: &str) -> Result<String, String> {
    let digits = |text: &str| text.trim().parse::<i128>().ok();
    let why = |value: &dyn std::fmt::Display| {
        let kind = spec.kind.unwrap_or('s');
        format!("'{name}' is {value}, which can't be written as '{kind}'")
    };
    // A key may be a number or a text: what the format asks for decides, where it can be both.
    match (value, spec.kind) {
        (Value::Int(n), Some('s')) => Ok(write_text(&n.to_string(), spec)),
        (Value::Int(n), _) if as_text => Ok(write_text(&n.to_string(), spec)),
        (Value::Int(n), _) => write_int(*n, spec).ok_or_else(|| why(n)),
        (Value::Text(text), None | Some('s')) => Ok(write_text(text, spec)),
        (Value::Text(text), _) => {
            digits(text).and_then(|n| write_int(n, spec)).ok_or_else(|| why(text))
        }
    }
}

fn write_text(text: &str, spec: &Spec) -> String {
    let cut: String = text.chars().take(spec.precision.unwrap_or(usize::MAX)).collect();
    pad("", &cut, spec, '<')
}

fn write_int(n: i128, spec: &Spec) -> Option<String> {
    if spec.precision.is_some() {
        return None;
    }
    let size = n.unsigned_abs();
    let (mut digits, prefix, every) = match spec.kind.unwrap_or('d') {
        'b' => (format!("{size:b}"), "0b", 4),
        'o' => (format!("{size:o}"), "0o", 4),
        'x' => (format!("{size:x}"), "0x", 4),
        'X' => (format!("{size:X}"), "0X", 4),
        'c' => {
            let c = u32::try_from(n).ok().and_then(char::from_u32)?;
            return Some(pad("", &c.to_string(), spec, '<'));
        }
        _ => (size.to_string(), "", 3),
    };
    if let Some(mark) = spec.grouping {
        digits = grouped(&digits, every, mark);
    }
    let mut head = match (n < 0, spec.sign) {
        (true, _) => "-".to_owned(),
        (false, Some('+')) => "+".to_owned(),
        (false, Some(' ')) => " ".to_owned(),
        _ => String::new(),
    };
    if spec.alternate {
        head.push_str(prefix);
    }
    Some(pad(&head, &digits, spec, '>'))
}

fn grouped(digits: &str, every: usize, mark: char) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(every) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

/// `head` is a sign or prefix, which stays at the front where `=` or a leading zero asks for it.
fn pad(head: &str, body: &str, spec: &Spec, usual: char) -> String {
    let missing = spec.width.saturating_sub(head.chars().count() + body.chars().count());
    let fill = |n: usize| spec.fill.to_string().repeat(n);
    let align = match (spec.align, usual) {
        // A leading zero: after the sign of a number, at the end of a text.
        (Some('0'), '>') => '=',
        (Some('0'), _) => '<',
        (align, usual) => align.unwrap_or(usual),
    };
    let (before, between, after) = match align {
        '>' => (missing, 0, 0),
        '=' => (0, missing, 0),
        '^' => (missing / 2, 0, missing - missing / 2),
        _ => (0, 0, missing),
    };
    let mut out = String::new();
    // Writing to a text can't fail.
    let _ = write!(out, "{}{head}{}{body}{}", fill(before), fill(between), fill(after));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str, key: &str) -> Result<String, String> {
        let key = Value::of_key(key);
        Template::parse(template)?.render(|name| (name == "key").then(|| key.clone()))
    }

    #[test]
    fn numbers_and_texts_are_written_as_python_writes_them() {
        // Each line is what Python's str.format gives.
        for (template, key, want) in [
            ("ch{key}", "7", "ch7"),
            ("ch{key:0>3d}/raw", "7", "ch007/raw"),
            ("g{key:0>7d}", "1028800", "g1028800"),
            ("{key:07d}", "-42", "-000042"),
            ("{key:<6}|", "42", "42    |"),
            ("{key:^7d}|", "42", "  42   |"),
            ("{key:+}", "5", "+5"),
            ("{key:#x}", "255", "0xff"),
            ("{key:#010X}", "255", "0X000000FF"),
            ("{key:,}", "1234567", "1,234,567"),
            ("{key:_x}", "1234567", "12_d687"),
            ("{key:b}", "5", "101"),
            ("{key:c}", "65", "A"),
            ("{key:s}", "5", "5"),
            ("{key!s:>4}", "5", "   5"),
            ("{key:.3}", "abcdef", "abc"),
            ("{key:*>5}", "ab", "***ab"),
            ("{key:05}", "ab", "ab000"),
            ("{{{key}}}", "1", "{1}"),
            ("{key}", "swtid_1", "swtid_1"),
        ] {
            assert_eq!(render(template, key).as_deref(), Ok(want), "{template} of {key}");
        }
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (template, key, why) in [
            ("ch{key", "1", "never closed"),
            ("ch}", "1", "without"),
            ("{}", "1", "needs a name"),
            ("{0}", "1", "needs a name"),
            ("{key.real}", "1", "no name of a variable"),
            ("{key[0]}", "1", "no name of a variable"),
            ("{key:q}", "1", "unknown format 'q'"),
            ("{key:3dd}", "1", "malformed format"),
            ("{key!x}", "1", "unknown conversion"),
            ("{key:99999}", "1", "a width of more"),
            ("{key:.d}", "1", "precision is missing"),
            ("{other}", "1", "unknown variable 'other'"),
            ("{key:d}", "abc", "can't be written as 'd'"),
            ("{key:{n}}", "1", "within a field"),
        ] {
            let error = render(template, key).unwrap_err();
            assert!(error.contains(why), "{template}: {error}");
        }
    }

    #[test]
    fn known_names_are_filled_and_others_stay() {
        let template = Template::parse("{a}/{b:>3}").unwrap();
        let filled = template.fill(|n| (n == "a").then_some(Value::Int(1))).unwrap();
        assert_eq!(filled.names().collect::<Vec<_>>(), ["b"]);
        assert_eq!(filled.render(|_| Some(Value::Text("x".into()))).unwrap(), "1/  x");
    }
}
