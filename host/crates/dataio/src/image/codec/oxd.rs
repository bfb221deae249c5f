//! Oxford Diffraction's Sapphire images (`.img`).
//!
//! A header of text and five sections, then the pixels, all little-endian. The text is six lines with fixed
//! columns, ended by CR and LF:
//!
//! ```text
//! OD SAPPHIRE  3.0
//! COMPRESSION=TY1 ( 67.3)
//! NX= 128 NY= 128 OI=  13856 OL=      2
//! NHEADER=   5120 NG=    512 NS=    768 NK=   1024 NS=    512 NH=   2048
//! NSUPPLEMENT=      0
//! TIME=Fri Nov 20 08:50:28 2026
//! ```
//!
//! `NHEADER` is the size of the header in bytes, `NG` to `NH` those of the sections, whose fields are in the table
//! `FIELDS`. The text takes what is left of the header, from version 4 on always 256 bytes. Angles are stored as
//! steps of motors. Pixels are compressed as [`ty1`](crate::image::compression::ty1) tells, `OI` and `OL` being the
//! numbers of long differences, or plain i32; `TY1` gives the smallest signed type that holds them.

use tierline_report::LimitKind;
use tierline_table::DType;

use crate::image::compression::ty1::{decode_ty1, decode_ty5, encode_ty1};
use crate::image::plain::{only, plane, put, single};
use crate::image::{Codec, Encoder, Frames, Header, Hint, Image, Pixels, Source, Target, Value};
use crate::{Error, Place};

/// Oxford Diffraction's Sapphire images.
pub struct Oxd;

const TEXT: usize = 256;
/// Longest text that is looked at, in bytes.
const MAX_TEXT: u64 = 4096;

/// Sections with their names in the header and their usual sizes in bytes.
const SECTIONS: [(&str, usize); 5] = [
    ("General Section size in Byte", 512),
    ("Special Section size in Byte", 768),
    ("KM4 Section size in Byte", 1024),
    ("Statistic Section in Byte", 512),
    ("History Section in Byte", 2048),
];
const GENERAL: usize = 0;
const SPECIAL: usize = 1;
const KM4: usize = 2;
const STATISTIC: usize = 3;
const HISTORY: usize = 4;

/// How a field is stored.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    U16,
    U32,
    I16,
    I32,
    F64,
    Text(usize),
    /// A number that stands for a detector.
    Detector,
    /// Steps of a motor (by its number), i32, shown in degrees.
    Steps(usize),
    /// Radians to a step, f64, shown in degrees.
    Step,
    /// A variance, f64, of which the root is shown.
    Variance,
}
use Kind::{Detector, F64, I16, I32, Step, Steps, Text, U16, U32, Variance};

/// Fields: name, section, offset in it in bytes, kind; in the order of the header.
const FIELDS: &[(&str, usize, usize, Kind)] = &[
    ("Binning in x", GENERAL, 0, U16),
    ("Binning in y", GENERAL, 2, U16),
    ("Detector size x", GENERAL, 22, U16),
    ("Detector size y", GENERAL, 24, U16),
    ("Pixels in x", GENERAL, 26, U16),
    ("Pixels in y", GENERAL, 28, U16),
    ("No of pixels", GENERAL, 36, U32),
    ("Gain", SPECIAL, 56, F64),
    ("Overflows flag", SPECIAL, 464, I16),
    ("Overflow after remeasure flag", SPECIAL, 466, I16),
    ("Overflow threshold", SPECIAL, 472, I32),
    ("Exposure time in sec", SPECIAL, 480, F64),
    ("Overflow time in sec", SPECIAL, 488, F64),
    ("Monitor counts of raw image 1", SPECIAL, 528, I32),
    ("Monitor counts of raw image 2", SPECIAL, 532, I32),
    ("Monitor counts of overflow raw image 1", SPECIAL, 536, I32),
    ("Monitor counts of overflow raw image 2", SPECIAL, 540, I32),
    ("Unwarping", SPECIAL, 544, I32),
    ("Detector type", SPECIAL, 548, Detector),
    ("Real pixel size x (mm)", SPECIAL, 568, F64),
    ("Real pixel size y (mm)", SPECIAL, 576, F64),
    ("Spatial correction file", KM4, 26, Text(246)),
    ("Spatial correction file date", KM4, 0, Text(26)),
    ("Omega start in deg", KM4, 284, Steps(0)),
    ("Theta start in deg", KM4, 288, Steps(1)),
    ("Kappa start in deg", KM4, 292, Steps(2)),
    ("Phi start in deg", KM4, 296, Steps(3)),
    ("Omega end in deg", KM4, 324, Steps(0)),
    ("Theta end in deg", KM4, 328, Steps(1)),
    ("Kappa end in deg", KM4, 332, Steps(2)),
    ("Phi end in deg", KM4, 336, Steps(3)),
    ("Omega step in deg", KM4, STEPS, Step),
    ("Theta step in deg", KM4, STEPS + 8, Step),
    ("Kappa step in deg", KM4, STEPS + 16, Step),
    ("Phi step in deg", KM4, STEPS + 24, Step),
    ("Omega zero corr. in deg", KM4, 512, Steps(0)),
    ("Theta zero corr. in deg", KM4, 516, Steps(1)),
    ("Kappa zero corr. in deg", KM4, 520, Steps(2)),
    ("Phi zero corr. in deg", KM4, 524, Steps(3)),
    ("Beam rot in deg (e2)", KM4, 552, F64),
    ("Beam rot in deg (e3)", KM4, 560, F64),
    ("Wavelength alpha1", KM4, 568, F64),
    ("Wavelength alpha2", KM4, 576, F64),
    ("Wavelength alpha", KM4, 584, F64),
    ("Wavelength beta", KM4, 592, F64),
    ("Detector tilt e1 in deg", KM4, 640, F64),
    ("Detector tilt e2 in deg", KM4, 648, F64),
    ("Detector tilt e3 in deg", KM4, 656, F64),
    ("Beam center x", KM4, 664, F64),
    ("Beam center y", KM4, 672, F64),
    ("Alpha angle in deg", KM4, 680, F64),
    ("Beta angle in deg", KM4, 688, F64),
    ("Distance in mm", KM4, 712, F64),
    ("Stat: Min ", STATISTIC, 0, I32),
    ("Stat: Max ", STATISTIC, 4, I32),
    ("Stat: Average ", STATISTIC, 24, F64),
    ("Stat: Stddev ", STATISTIC, 32, Variance),
    ("Stat: Skewness ", STATISTIC, 40, F64),
    ("Flood field image", HISTORY, 99, Text(27)),
];
/// Where the sizes of the motors' steps begin.
const STEPS: usize = 368;

const DETECTORS: &[(i32, &str)] = &[
    (0, "Sapphire/KM4CCD (1x1: 0.06mm, 2x2: 0.12mm)"),
    (1, "Sapphire2-Kodak (1x1: 0.06mm, 2x2: 0.12mm)"),
    (2, "Sapphire3-Kodak (1x1: 0.03mm, 2x2: 0.06mm, 4x4: 0.12mm)"),
    (3, "Onyx-Kodak (1x1: 0.06mm, 2x2: 0.12mm, 4x4: 0.24mm)"),
    (4, "Unknown Oxford diffraction detector"),
    (7, "Pilatus 300K-Dectris"),
];

impl Codec for Oxd {
    fn name(&self) -> &'static str {
        "oxd"
    }

    fn description(&self) -> &'static str {
        "Oxford Diffraction Sapphire 3 file format"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["img"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(b"OD")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let mut header = Header::new();
        let layout = read_text(&source, &mut header)?;
        read_sections(&source, &layout, &mut header)?;
        Ok(single(source, header, Vec::new(), move |source, _| layout.pixels(source)))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Oxd)
    }
}

enum Compression {
    Ty1,
    Ty5,
    None,
}

/// What the text tells.
struct Layout {
    compression: Compression,
    columns: usize,
    rows: usize,
    shorts: u64,
    longs: u64,
    text: usize,
    sections: [usize; 5],
    start: u64,
}

fn read_text(source: &Source, header: &mut Header) -> Result<Layout, Error> {
    let text = source.bytes(0, MAX_TEXT)?;
    let mut lines = text.split(|byte| *byte == b'\n');
    let mut number = 0;
    let mut line = || {
        number += 1;
        (lines.next().unwrap_or_default(), number)
    };
    let part = |line: &[u8], from: usize, to: usize| {
        let to = to.min(line.len());
        String::from_utf8_lossy(line.get(from..to).unwrap_or_default()).into_owned()
    };
    let integer = |(line, number): (&[u8], u64), from, to| {
        let text = part(line, from, to);
        text.trim().parse::<u32>().map_err(|_| {
            let reason = format!("expected a number in columns {from} to {to}, found {text:?}");
            source.malformed(Place::Line(number), reason)
        })
    };
    let (first, _) = line();
    if !first.starts_with(b"OD") {
        return Err(source.malformed(Place::Line(1), "expected OD"));
    }
    let version = part(first, 0, 200).trim_end_matches('\r').to_owned();
    let version_number: f64 =
        version.split_whitespace().nth(2).and_then(|word| word.parse().ok()).unwrap_or(0.0);
    header.set("Header Version", version);
    let compression = part(line().0, 12, 15);
    header.set("Compression", compression.as_str());
    let sizes = line();
    let [columns, rows] = [integer(sizes, 3, 7)?, integer(sizes, 11, 15)?];
    let [shorts, longs] = [integer(sizes, 19, 26)?, integer(sizes, 30, 37)?];
    for (key, value) in [("NX", columns), ("NY", rows), ("OI", shorts), ("OL", longs)] {
        header.set(key, i64::from(value));
    }
    let sizes = line();
    let start = integer(sizes, 8, 15)?;
    header.set("Header Size In Bytes", i64::from(start));
    let mut sections = [0; 5];
    let places = [(19, 26), (30, 37), (41, 48), (52, 59), (63, 80)];
    for (((key, _), (from, to)), size) in SECTIONS.iter().zip(places).zip(&mut sections) {
        let value = integer(sizes, from, to)?;
        header.set(*key, i64::from(value));
        *size = value as usize;
    }
    header.set("NSUPPLEMENT", i64::from(integer(line(), 12, 19)?));
    header.set("Time", part(line().0, 5, 29));
    let text = match version_number < 4.0 {
        true => (start as usize).checked_sub(sections.iter().sum()).ok_or_else(|| {
            source.malformed(Place::Line(4), "the sections are longer than the header")
        })?,
        false => TEXT,
    };
    header.set("ASCII Section size in Byte", text as i64);
    let compression = match compression.as_str() {
        "TY1" => Compression::Ty1,
        "TY5" => Compression::Ty5,
        _ => Compression::None,
    };
    let (columns, rows) = (columns as usize, rows as usize);
    let (shorts, longs) = (u64::from(shorts), u64::from(longs));
    Ok(Layout { compression, columns, rows, shorts, longs, text, sections, start: start.into() })
}

fn read_sections(source: &Source, layout: &Layout, header: &mut Header) -> Result<(), Error> {
    let total: usize = layout.sections.iter().sum();
    source.limits().check(LimitKind::Header, "header", total as u64)?;
    let bytes = source.exact(layout.text as u64, total as u64, "sections of the header")?;
    let mut rest = bytes.as_slice();
    let mut sections: [&[u8]; 5] = [&[]; 5];
    for (section, size) in sections.iter_mut().zip(layout.sections) {
        (*section, rest) = rest.split_at(size);
    }
    let too_short =
        |key: &str| source.malformed(Place::Line(4), format!("no room for {key:?} in its section"));
    for (key, section, offset, kind) in FIELDS {
        let value = field(sections[*section], *offset, *kind).ok_or_else(|| too_short(key))?;
        header.set(*key, value);
    }
    Ok(())
}

fn array<const N: usize>(section: &[u8], offset: usize) -> Option<[u8; N]> {
    section.get(offset..)?.first_chunk().copied()
}

fn field(section: &[u8], offset: usize, kind: Kind) -> Option<Value> {
    let f64_at = |offset| array(section, offset).map(f64::from_le_bytes);
    Some(match kind {
        U16 => i64::from(u16::from_le_bytes(array(section, offset)?)).into(),
        U32 => i64::from(u32::from_le_bytes(array(section, offset)?)).into(),
        I16 => i64::from(i16::from_le_bytes(array(section, offset)?)).into(),
        I32 => i64::from(i32::from_le_bytes(array(section, offset)?)).into(),
        F64 => f64_at(offset)?.into(),
        Variance => f64_at(offset)?.sqrt().into(),
        Step => f64_at(offset)?.to_degrees().into(),
        Steps(motor) => {
            let steps = f64::from(i32::from_le_bytes(array(section, offset)?));
            (steps * f64_at(STEPS + 8 * motor)?.to_degrees()).into()
        }
        Text(length) => {
            let text = section.get(offset..offset + length)?;
            String::from_utf8_lossy(text).trim_matches('\0').into()
        }
        Detector => {
            let number = i32::from_le_bytes(array(section, offset)?);
            match DETECTORS.iter().find(|(own, _)| *own == number) {
                Some((_, name)) => (*name).into(),
                None => format!("{number}").into(),
            }
        }
    })
}

impl Layout {
    fn pixels(&self, source: &Source) -> Result<Pixels, Error> {
        let shape = vec![self.rows, self.columns];
        let count = source.size("pixels", &shape, 1)? as u64;
        source.size("pixels", &shape, 8)?;
        let short =
            || source.malformed(Place::Byte(self.start), "the compressed pixels end too early");
        match self.compression {
            Compression::None => {
                let data = source.exact(self.start, 4 * count, "pixels")?;
                Ok(Pixels { dtype: DType::I32, shape, data })
            }
            Compression::Ty1 => {
                let bytes = source.exact(self.start, count, "pixels")?;
                let shorts =
                    source.exact(self.start + count, 2 * self.shorts, "differences of 16 bits")?;
                let behind = self.start + count + 2 * self.shorts;
                let longs = source.exact(behind, 4 * self.longs, "differences of 32 bits")?;
                Ok(smallest(decode_ty1(&bytes, &shorts, &longs).ok_or_else(short)?, shape))
            }
            Compression::Ty5 => {
                // A pixel takes at least a byte and at most five.
                source.exact(self.start, count, "pixels")?;
                let bytes = source.bytes(self.start, 5 * count)?;
                let values = decode_ty5(&bytes, self.rows, self.columns).ok_or_else(short)?;
                let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
                Ok(Pixels { dtype: DType::I32, shape, data })
            }
        }
    }
}

/// The values in the smallest signed type that holds them.
fn smallest(values: Vec<i64>, shape: Vec<usize>) -> Pixels {
    let low = values.iter().copied().min().unwrap_or(0);
    let high = values.iter().copied().max().unwrap_or(0);
    let types = [(DType::I8, 7), (DType::I16, 15), (DType::I32, 31)];
    let fits = |(_, bits): &&(DType, u32)| low >= -(1i64 << bits) && high < 1i64 << bits;
    let dtype = types.iter().find(fits).map_or(DType::I64, |(dtype, _)| *dtype);
    let width = dtype.size();
    let data =
        values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(width)).collect();
    Pixels { dtype, shape, data }
}

/// Always written as `TY1`; floats are cut to integers. Fields of the header go where they came from.
impl Encoder for Oxd {
    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let frame = only(frames, target)?;
        let (rows, columns) = plane(&frame.pixels, target)?;
        let refused = |reason: String| Error::unsupported(target.name, Place::File, reason);
        let coded = encode_ty1(frame.pixels.integers())
            .ok_or_else(|| refused("neighbours that differ by more than 32 bits".into()))?;
        let [shorts, longs] = [coded.shorts.len() / 2, coded.longs.len() / 4];
        if rows.max(columns) > 9999 || shorts.max(longs) > 9_999_999 {
            return Err(refused(format!("{rows} rows of {columns}: the header has 4 digits")));
        }
        let size = coded.bytes.len() + coded.shorts.len() + coded.longs.len();
        let ratio = 100.0 * size as f64 / (4 * coded.bytes.len()).max(1) as f64;
        let header = &frame.header;
        let version =
            header.text("Header Version").filter(|text| text.starts_with("OD") && text.len() < 40);
        let version = version.unwrap_or("OD SAPPHIRE  3.0");
        let time: String = header
            .text("Time")
            .unwrap_or_default()
            .chars()
            .filter(|c| (' '..='~').contains(c))
            .take(24)
            .collect();
        let sizes: usize = SECTIONS.iter().map(|(_, size)| size).sum();
        let [general, special, km4, statistic, history] = SECTIONS.map(|(_, size)| size);
        let lines = [
            version.to_owned(),
            format!("COMPRESSION=TY1 ({ratio:5.1})"),
            format!("NX={columns:4} NY={rows:4} OI={shorts:7} OL={longs:7} "),
            format!(
                "NHEADER={:7} NG={general:7} NS={special:7} NK={km4:7} NS={statistic:7} NH={history:7}",
                TEXT + sizes
            ),
            format!("NSUPPLEMENT={:7}", 0),
            format!("TIME={time:<24}"),
            String::new(),
        ];
        let mut bytes = lines.join("\r\n").into_bytes();
        bytes.resize(TEXT, b' ');
        for (section, (_, size)) in SECTIONS.iter().enumerate() {
            let mut block = vec![0; *size];
            for (key, _, offset, kind) in FIELDS.iter().filter(|field| field.1 == section) {
                if let Some(value) = header.get(key) {
                    put_field(&mut block, *offset, *kind, value, header);
                }
            }
            bytes.extend_from_slice(&block);
        }
        put(target, &[&bytes, &coded.bytes, &coded.shorts, &coded.longs])
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Writes a field; what is no number leaves zeros.
fn put_field(section: &mut [u8], offset: usize, kind: Kind, value: &Value, header: &Header) {
    let as_number = number(value).unwrap_or(0.0);
    let bytes = match kind {
        U16 => (as_number as u16).to_le_bytes().to_vec(),
        U32 => (as_number as u32).to_le_bytes().to_vec(),
        I16 => (as_number as i16).to_le_bytes().to_vec(),
        I32 => (as_number as i32).to_le_bytes().to_vec(),
        F64 => as_number.to_le_bytes().to_vec(),
        Variance => (as_number * as_number).to_le_bytes().to_vec(),
        Step => as_number.to_radians().to_le_bytes().to_vec(),
        Steps(motor) => {
            let step = ["Omega", "Theta", "Kappa", "Phi"].get(motor);
            let step = step.and_then(|name| number(header.get(&format!("{name} step in deg"))?));
            let step = step.filter(|step| *step != 0.0);
            let steps = step.map_or(0.0, |step| (as_number / step).round());
            (steps as i32).to_le_bytes().to_vec()
        }
        Text(length) => {
            let mut bytes = value.to_string().into_bytes();
            bytes.resize(length, 0);
            bytes
        }
        Detector => {
            let text = value.to_string();
            let known = DETECTORS.iter().find(|(_, name)| *name == text).map(|(number, _)| *number);
            known.unwrap_or(as_number as i32).to_le_bytes().to_vec()
        }
    };
    section[offset..offset + bytes.len()].copy_from_slice(&bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, picture, read_bytes, truncated, write_frames};

    #[test]
    fn pixels_and_fields_return() {
        for dtype in [DType::I8, DType::I16, DType::I32] {
            let mut frame = picture(dtype, 20, 30, 4);
            frame.header.set("Gain", 2.5);
            frame.header.set("Detector type", "Pilatus 300K-Dectris");
            frame.header.set("Kappa step in deg", 0.00125);
            frame.header.set("Kappa start in deg", -12.5);
            frame.header.set("Stat: Stddev ", 3.0);
            frame.header.set("Flood field image", "flood.ffi");
            let bytes = write_frames(&Oxd, std::slice::from_ref(&frame)).unwrap();
            let read = read_bytes(&Oxd, bytes).unwrap();
            assert!(read.pixels == frame.pixels, "{dtype}");
            for key in ["Detector type", "Flood field image", "Gain", "Stat: Stddev "] {
                assert_eq!(read.header.get(key), frame.header.get(key), "{key}");
            }
            let Some(Value::Float(angle)) = read.header.get("Kappa start in deg") else { panic!() };
            assert!((angle + 12.5).abs() < 1e-9);
            let again = write_frames(&Oxd, std::slice::from_ref(&read)).unwrap();
            assert!(read_bytes(&Oxd, again).unwrap() == read);
        }
    }

    #[test]
    fn bad_files_are_refused() {
        let bytes = write_frames(&Oxd, &[picture(DType::I32, 6, 5, 4)]).unwrap();
        truncated(&Oxd, &bytes);
        damaged(&Oxd, &bytes[..]);
    }
}
