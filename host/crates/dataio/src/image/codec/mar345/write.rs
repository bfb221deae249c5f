//! Writing Mar345, laid out as fabio does.

use super::super::super::{Encoder, Frame, Frames, Header, Output, Pixels, Target};
use super::{HEADER, NUMBERS};
use crate::image::compression::pck;
use crate::{Error, Place};

/// Characters of a line with its end, and of its key.
const LINE: usize = 64;
const KEY: usize = 15;

/// Lines of the text after `HIGH`: the key, then the names of its values; without names the value is
/// the header's own. A line is written if the header has all values.
const LINES: &[(&str, &[&str])] = &[
    ("PIXEL", &["LENGTH", "HEIGHT"]),
    ("OFFSET", &["ROFF", "TOFF"]),
    ("MULTIPLIER", &[]),
    ("GAIN", &[]),
    ("WAVELENGTH", &[]),
    ("DISTANCE", &[]),
    ("RESOLUTION", &[]),
    ("PHI", &["START", "END", "OSC"]),
    ("OMEGA", &["START", "END", "OSC"]),
    ("CHI", &[]),
    ("TWOTHETA", &[]),
    ("CENTER", &["X", "Y"]),
    ("MODE", &[]),
    ("TIME", &[]),
    ("COUNTS", &["START", "END", "NMEAS"]),
    ("COUNTS", &["MIN", "MAX"]),
    ("COUNTS", &["AVE", "SIG"]),
    ("INTENSITY", &["MIN", "MAX", "AVE", "SIG"]),
    ("HISTOGRAM", &["START", "END", "MAX"]),
    ("GENERATOR", &[]),
    ("MONOCHROMATOR", &[]),
    ("COLLIMATOR", &["WIDTH", "HEIGHT"]),
];

/// Writes square images, filled with zeros at their end; floats are cut to integers.
#[derive(Debug)]
pub(super) struct MarWriter;

impl Encoder for MarWriter {
    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let Frame { pixels, header } = target.only_frame(frames)?;
        let refused = |reason: String| Error::unsupported(target.name, Place::File, reason);
        let (size, values) = square(&pixels).map_err(refused)?;
        let high = values.iter().enumerate().filter(|(_, value)| **value > 0xffff);
        let high: Vec<(usize, i64)> = high.map(|(place, value)| (place + 1, *value)).collect();
        let numbers = numbers(&header, size, high.len()).map_err(refused)?;
        let text = text(&header, size, high.len()).map_err(refused)?;
        let low: Vec<u16> = values.iter().map(|value| *value as u16).collect();
        let mut output = Output::create(target)?;
        output.put(&numbers)?;
        output.put(text.as_bytes())?;
        for record in high.chunks(8) {
            let mut bytes = Vec::with_capacity(64);
            for (place, value) in record {
                bytes.extend_from_slice(&(*place as i32).to_le_bytes());
                bytes.extend_from_slice(&(*value as i32).to_le_bytes());
            }
            bytes.resize(64, 0);
            output.put(&bytes)?;
        }
        output.put(format!("\nCCP4 packed image, X: {size:04}, Y: {size:04}\n").as_bytes())?;
        output.put(&pck::encode(&low, size))?;
        output.finish()
    }
}

/// The side of the square, and the pixels in it.
fn square(pixels: &Pixels) -> Result<(usize, Vec<i64>), String> {
    let (rows, columns) = pixels
        .rows_columns()
        .ok_or_else(|| format!("Mar345 holds images, not {:?}", pixels.shape))?;
    let size = rows.max(columns);
    if size.checked_mul(size).is_none_or(|count| count > i32::MAX as usize) {
        return Err(format!("Mar345 holds no {rows} × {columns} pixels"));
    }
    let values: Vec<i64> = pixels.integers().collect();
    if let Some(value) = values.iter().find(|value| !(0..=i64::from(i32::MAX)).contains(*value)) {
        return Err(format!("Mar345 holds no pixel of {value}"));
    }
    let mut all = vec![0; size * size];
    for (row, out) in values.chunks_exact(columns.max(1)).zip(all.chunks_exact_mut(size.max(1))) {
        out[..columns].copy_from_slice(row);
    }
    Ok((size, all))
}

/// The numbers at the start.
fn numbers(header: &Header, size: usize, high: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(NUMBERS);
    let mode = header.text("MODE").is_none_or(|mode| mode == "TIME");
    let first = [1234, size, high, 1, usize::from(mode), size * size];
    for value in first {
        bytes.extend_from_slice(&(value as i32).to_le_bytes());
    }
    let values = [
        ("PIXEL_LENGTH", 1.0),
        ("PIXEL_HEIGHT", 1.0),
        ("WAVELENGTH", 1e6),
        ("DISTANCE", 1e3),
        ("PHI_START", 1e3),
        ("PHI_END", 1e3),
        ("OMEGA_START", 1e3),
        ("OMEGA_END", 1e3),
        ("CHI", 1e3),
        ("TWOTHETA", 1e3),
    ];
    for (key, unit) in values {
        let value = match header.get(key) {
            None => 1.0,
            Some(value) => {
                let text = value.to_string();
                text.trim().parse::<f64>().map_err(|_| format!("{key} is '{text}', no number"))?
            }
        };
        bytes.extend_from_slice(&((value * unit) as i32).to_le_bytes());
    }
    Ok(bytes)
}

/// The text behind the numbers, filled with blanks.
fn text(header: &Header, size: usize, high: usize) -> Result<String, String> {
    let own = |key: &str| header.get(key).map(|value| value.to_string().replace(['\n', '\r'], " "));
    let program = own("PROGRAM")
        .unwrap_or_else(|| concat!("tierline ", env!("CARGO_PKG_VERSION")).to_owned());
    let kind = own("FORMAT_TYPE").unwrap_or_else(|| "PCK".to_owned());
    let mut lines = vec![format!("{:width$}\n", "mar research", width = LINE - 1)];
    let mut add = |key: &str, value: &str| {
        lines.push(format!("{key:KEY$}{value:width$}\n", width = LINE - KEY - 1));
    };
    add("PROGRAM", &program);
    for key in ["DATE", "SCANNER"] {
        if let Some(value) = own(key) {
            add(key, &value);
        }
    }
    add("FORMAT", &format!("{size}  {kind} {}", size * size));
    add("HIGH", &high.to_string());
    for (key, names) in LINES {
        let value = if names.is_empty() {
            own(key)
        } else {
            let value = |name: &&str| Some(format!("{name} {}", own(&format!("{key}_{name}"))?));
            names.iter().map(value).collect::<Option<Vec<_>>>().map(|values| values.join("  "))
        };
        if let Some(value) = value {
            add(key, &value);
        }
    }
    add("REMARK", &own("REMARK").unwrap_or_default());
    lines.push("END OF HEADER".to_owned());
    let text = lines.concat();
    let room = HEADER - NUMBERS;
    if text.len() > room || !text.is_ascii() {
        return Err(format!(
            "a header of {} bytes, Mar345 has room for {room} of ASCII",
            text.len()
        ));
    }
    Ok(format!("{text:room$}"))
}
