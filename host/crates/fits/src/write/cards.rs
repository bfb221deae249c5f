//! Cards as text.

use crate::ffi::{MemoryFile, Result};
use crate::read;
use crate::{Card, Header, Value};

/// Letters of a commentary card.
const COMMENTARY: usize = 72;
/// Letters of a keyword by the HIERARCH convention, so that a number fits behind it.
const LONG_KEY: usize = 40;

/// Appends all cards.
pub(super) fn write(file: &mut MemoryFile, header: &Header) -> Result<()> {
    header.cards.iter().try_for_each(|card| {
        write_card(file, card).map_err(|reason| format!("keyword {}: {reason}", card.key))
    })
}

fn write_card(file: &mut MemoryFile, card: &Card) -> Result<()> {
    let Card { key, value, comment } = card;
    check_text(key)?;
    check_text(comment)?;
    if let Value::Commentary = value {
        return commentary(file, key, comment);
    }
    check_key(key)?;
    match value {
        Value::Logical(value) => file.write_value(key, if *value { "T" } else { "F" }, comment),
        Value::Integer(value) => file.write_value(key, &value.to_string(), comment),
        Value::Real(value) => file.write_value(key, &real(*value)?, comment),
        Value::Text(value) => {
            check_text(value)?;
            file.write_string(key, value, comment)
        }
        Value::Undefined => file.write_value(key, " ", comment),
        Value::Commentary => Ok(()),
    }
}

fn commentary(file: &mut MemoryFile, key: &str, text: &str) -> Result<()> {
    if key.len() > 8 {
        return Err("more than 8 letters without a value".into());
    }
    if text.is_empty() {
        return file.write_record(&format!("{key:8}"));
    }
    // All letters are of one byte.
    text.as_bytes().chunks(COMMENTARY).try_for_each(|piece| {
        file.write_record(&format!("{key:8}{}", String::from_utf8_lossy(piece)))
    })
}

/// A keyword of the standard, or one by the HIERARCH convention, whose letters cfitsio turns to capitals.
fn check_key(key: &str) -> Result<()> {
    let is_plain = |byte: u8| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
    };
    if key.is_empty() || key != key.trim() {
        return Err("is empty or has blanks around it".into());
    }
    if key.len() <= 8 && key.bytes().all(is_plain) {
        return match read::is_structural(key) {
            true => Err("is written by itself".into()),
            false => Ok(()),
        };
    }
    if key.len() > LONG_KEY || key.contains(['=', '\'', '/']) {
        return Err(format!("expected no more than {LONG_KEY} letters without =, ' and /"));
    }
    Ok(())
}

/// Refuses letters that headers can't have.
pub(super) fn check_text(text: &str) -> Result<()> {
    match text.chars().find(|letter| !matches!(letter, ' '..='~')) {
        Some(letter) => Err(format!("letter {letter:?} in {text:?}")),
        None => Ok(()),
    }
}

/// The shortest text that gives the same number.
fn real(value: f64) -> Result<String> {
    if !value.is_finite() {
        return Err(format!("{value} is no number that headers can have"));
    }
    let size = value.abs();
    Ok(if size == 0.0 || (1e-5..1e15).contains(&size) {
        format!("{value:?}")
    } else {
        format!("{value:E}")
    })
}
