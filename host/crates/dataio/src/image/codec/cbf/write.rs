//! Writing CBF, laid out as fabio does.

use std::path::Path;

use md5::{Digest as _, Md5};
use tierline_table::DType;

use super::super::super::{Encoder, Frame, Frames, Header, Output, Pixels, Target, Value};
use super::cif::{DATA, LOOPS};
use super::{MARKER, STARTER, TYPES};
use crate::image::compression::byte_offset;
use crate::{Error, Place};

/// Longest line of a pair or of a loop's row.
const LINE: usize = 80;
const CONTENTS: &str = "_array_data.header_contents";

/// Writes byte offsets. Floats are cast to integers of 64 bit.
#[derive(Debug)]
pub(super) struct CbfWriter;

impl Encoder for CbfWriter {
    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let Frame { pixels, header } = target.only_frame(frames)?;
        let pixels = match pixels.dtype {
            DType::F32 | DType::F64 => pixels.cast(DType::I64),
            DType::Bool => pixels.cast(DType::U8),
            _ => pixels,
        };
        let (Some((rows, columns)), Some((kind, _))) =
            (pixels.rows_columns(), TYPES.iter().find(|(_, dtype)| *dtype == pixels.dtype))
        else {
            let (name, shape) = (pixels.dtype.name(), &pixels.shape);
            let reason = format!("CBF holds images of integers, not {name} {shape:?}");
            return Err(Error::unsupported(target.name, Place::File, reason));
        };
        let packed = byte_offset::encode(pixels.integers());
        let mut output = Output::create(target)?;
        output.put(cif_text(&header, target.name).as_bytes())?;
        let mime = mime(&pixels, kind, (rows, columns), &packed);
        output.put(format!("\r\n{DATA}\r\n;\r\n").as_bytes())?;
        output.put(MARKER)?;
        output.put(mime.as_bytes())?;
        output.put(&STARTER)?;
        output.put(&packed)?;
        output.put(b"\r\n\r\n")?;
        output.put(MARKER)?;
        output.put(b"--\r\n;")?;
        output.finish()
    }
}

/// The MIME lines, with the line end before the first and the empty line after the last.
fn mime(pixels: &Pixels, kind: &str, (rows, columns): (usize, usize), packed: &[u8]) -> String {
    let md5 = data_encoding::BASE64.encode(&Md5::digest(packed));
    [
        "",
        "Content-Type: application/octet-stream;",
        "     conversions=\"x-CBF_BYTE_OFFSET\"",
        "Content-Transfer-Encoding: BINARY",
        &format!("X-Binary-Size: {}", packed.len()),
        "X-Binary-ID: 1",
        &format!("X-Binary-Element-Type: \"{kind}\""),
        "X-Binary-Element-Byte-Order: LITTLE_ENDIAN",
        &format!("Content-MD5: {md5}"),
        &format!("X-Binary-Number-of-Elements: {}", pixels.len()),
        &format!("X-Binary-Size-Fastest-Dimension: {columns}"),
        &format!("X-Binary-Size-Second-Dimension: {rows}"),
        "X-Binary-Size-Padding: 1",
        "",
        "",
    ]
    .join("\r\n")
}

/// The text in front of the binary section, without the last line's end.
fn cif_text(header: &Header, name: &Path) -> String {
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    let stem: String = stem.chars().filter(|c| !c.is_whitespace()).collect();
    let mut lines = vec![
        format!("###CBF: VERSION 1.5, tierline {}", env!("CARGO_PKG_VERSION")),
        format!("data_{stem}"),
    ];
    let mut contents: Vec<String> = match header.get(CONTENTS) {
        Some(value) => value.to_string().lines().map(comment).collect(),
        None => Vec::new(),
    };
    let is_mime = |key: &str| {
        ["X-Binary-", "Content-", "conversions", "filename"].iter().any(|own| key.starts_with(own))
    };
    let other = |key: &str| !key.starts_with('_') && !is_mime(key) && key != LOOPS;
    let others = header.iter().filter(|(key, _)| other(key));
    contents.extend(others.map(|(key, value)| comment(&format!("{key} {value}"))));
    let contents = contents.join("\r\n");
    for (key, value) in header.iter().filter(|(key, _)| key.starts_with('_')) {
        match key {
            DATA => {}
            CONTENTS => pair(&mut lines, key, &contents),
            _ => pair(&mut lines, key, &value.to_string()),
        }
    }
    if header.get(CONTENTS).is_none() && !contents.is_empty() {
        pair(&mut lines, CONTENTS, &contents);
    }
    if let Some(Value::List(loops)) = header.get(LOOPS) {
        loops.iter().for_each(|own| one_loop(&mut lines, own));
    }
    // In the text it would be taken for the start of the pixels.
    let marker = String::from_utf8_lossy(MARKER);
    lines.join("\r\n").replace(&*marker, marker.trim_matches('-'))
}

/// The lines of a text field: a semicolon in front would end it.
fn field(value: &str) -> String {
    let lines = value.replace("\n;", "\n ;");
    if lines.starts_with(';') { format!(" {lines}") } else { lines }
}

fn comment(line: &str) -> String {
    format!("# {}", line.trim_start_matches(['#', ' ']).trim_end())
}

/// Adds a pair: in one line where it fits, as a text field where it has several.
fn pair(lines: &mut Vec<String>, key: &str, value: &str) {
    let word = word(value);
    if word.contains('\n') {
        lines.extend([key, ";", &field(value), ";", ""].map(str::to_owned));
    } else if key.len() + 8 + word.len() > LINE {
        lines.extend([key.to_owned(), word]);
    } else {
        lines.push(format!("{key}        {word}"));
    }
}

/// A value as it is written: quoted where it must be; with line ends if it must be a text field.
fn word(value: &str) -> String {
    let quoted =
        |quote: char| value.len() > 1 && value.starts_with(quote) && value.ends_with(quote);
    let plain = !value.is_empty()
        && !value.contains(char::is_whitespace)
        && !value.starts_with(['_', '#', '$', '\'', '"', ';', '[', ']']);
    if value.contains('\n') || plain || quoted('"') || quoted('\'') {
        return value.to_owned();
    }
    match (value.contains('\''), value.contains('"')) {
        (false, _) => format!("'{value}'"),
        (true, false) => format!("\"{value}\""),
        (true, true) => format!("{value}\n"),
    }
}

/// Adds a loop, as it is in a header: a list of names, and a list of rows.
fn one_loop(lines: &mut Vec<String>, own: &Value) {
    let Value::List(parts) = own else { return };
    let [Value::List(names), Value::List(rows)] = parts.as_slice() else { return };
    if names.iter().any(|name| name.to_string() == DATA) {
        return;
    }
    lines.push("loop_ ".to_owned());
    lines.extend(names.iter().map(|name| format!(" {name}")));
    for row in rows {
        let Value::Map(row) = row else { continue };
        let mut line = " ".to_owned();
        for (_, value) in row {
            let value = word(&value.to_string());
            if value.contains('\n') {
                lines.extend([std::mem::replace(&mut line, " ".to_owned()), ";".to_owned()]);
                lines.extend([field(&value), ";".to_owned()]);
            } else {
                if line.len() + value.len() > LINE - 2 {
                    lines.push(std::mem::replace(&mut line, " ".to_owned()));
                }
                line.push(' ');
                line.push_str(&value);
            }
        }
        lines.push(line);
    }
    lines.push(String::new());
}
