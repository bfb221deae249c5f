//! Esperanto, the exchange format of Agilent's CrysAlis.
//!
//! A header of lines of 256 bytes, each ended by CR and LF, the last by CR and `1A`. The first says how many:
//! `ESPERANTO FORMAT   1 CONSISTING OF   25 LINES OF   256 BYTES EACH`; the others are a keyword and values as in
//! the table `KEYS`. The pixels are i32, little-endian (`4BYTE_LONG`), or compressed
//! ([`AGI_BITFIELD`](crate::image::compression::agi)). Images are square, of 256 to 4096 pixels a side, a multiple
//! of 4; what is written is filled up with zeros: below, and on both sides.

use tierline_report::LimitKind;
use tierline_table::DType;

use crate::image::compression::agi;
use crate::image::plain::{only, plane, put, single};
use crate::image::{Codec, Encoder, Frames, Header, Hint, Image, Pixels, Source, Target, Value};
use crate::{Error, Place};

const MAGIC: &[u8] = b"ESPERANTO FORMAT";
const LINE: usize = 256;
const LINES: usize = 25;
/// Pixels a side of what is written.
const SIDE: std::ops::RangeInclusive<usize> = 256..=4096;

/// Keywords with the names of their values. The first letter is the type: `l`, `i`, `b` integer, `d` float, else
/// text.
const KEYS: &[(&str, &str)] = &[
    ("IMAGE", "lnx lny lbx lby spixelformat"),
    (
        "SPECIAL_CCD_1",
        "delectronsperadu ldarkcorrectionswitch lfloodfieldcorrectionswitch/mode dsystemdcdb2gain ddarksignal dreadnoiserms",
    ),
    (
        "SPECIAL_CCD_2",
        "ioverflowflag ioverflowafterremeasureflag inumofdarkcurrentimages inumofmultipleimages loverflowthreshold",
    ),
    (
        "SPECIAL_CCD_3",
        "ldetector_descriptor lisskipcorrelation lremeasureturbomode bfsoftbinningflag bflownoisemodeflag",
    ),
    (
        "SPECIAL_CCD_4",
        "lremeasureinturbo_done lisoverflowthresholdchanged loverflowthresholdfromimage lisdarksignalchanged lisreadnoisermschanged lisdarkdone lisremeasurewithskipcorrelation lcorrelationshift",
    ),
    ("SPECIAL_CCD_5", "dblessingrej ddarksignalfromimage dreadnoisermsfromimage dtrueimagegain"),
    ("TIME", "dexposuretimeinsec doverflowtimeinsec doverflowfilter"),
    ("MONITOR", "lmon1 lmon2 lmon3 lmon4"),
    ("PIXELSIZE", "drealpixelsizex drealpixelsizey dsithicknessmmforpixeldetector"),
    ("TIMESTAMP", "timestampstring"),
    ("GRIDPATTERN", "filename"),
    ("STARTANGLESINDEG", "dom_s dth_s dka_s dph_s"),
    ("ENDANGLESINDEG", "dom_e dth_e dka_e dph_e"),
    (
        "GONIOMODEL_1",
        "dbeam2indeg dbeam3indeg detectorrotindeg_x detectorrotindeg_y detectorrotindeg_z dxorigininpix dyorigininpix dalphaindeg dbetaindeg ddistanceinmm",
    ),
    (
        "GONIOMODEL_2",
        "dzerocorrectionsoftindeg_om dzerocorrectionsoftindeg_th dzerocorrectionsoftindeg_ka dzerocorrectionsoftindeg_ph",
    ),
    ("WAVELENGTH", "dalpha1 dalpha2 dalpha12 dbeta1"),
    ("MONOCHROMATOR", "ddvalue-prepolfac orientation-type"),
    ("ABSTORUN", "labstorunscale"),
    ("HISTORY", "historystring"),
];

/// Esperanto, the exchange format of Agilent's CrysAlis.
pub struct Esperanto;

impl Codec for Esperanto {
    fn name(&self) -> &'static str {
        "esperanto"
    }

    fn description(&self) -> &'static str {
        "CrysAlis Pro Esperanto file format"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["eseperanto", "esper"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(MAGIC)
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let (header, start) = read_header(&source)?;
        let side = |key| match header.get(key) {
            Some(Value::Int(value)) => u16::try_from(*value).map(usize::from).ok(),
            _ => None,
        };
        let bad = || source.malformed(Place::Line(2), "IMAGE: expected two sizes below 65536");
        let (columns, rows) = (side("lnx").ok_or_else(bad)?, side("lny").ok_or_else(bad)?);
        let compressed = match header.text("spixelformat") {
            Some("AGI_BITFIELD") => true,
            Some("4BYTE_LONG") => false,
            other => {
                let reason = format!("the pixel format {:?}", other.unwrap_or_default());
                return Err(Error::unsupported(source.path(), Place::Line(2), reason));
            }
        };
        let mut warnings = Vec::new();
        let usual = |side| SIDE.contains(&side) && side.is_multiple_of(4);
        if !usual(rows) || !usual(columns) {
            warnings.push(format!(
                "{rows} rows of {columns}: sizes should be 256 to 4096, in steps of 4"
            ));
        }
        Ok(single(source, header, warnings, move |source, _| {
            pixels(source, start, rows, columns, compressed)
        }))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&Esperanto)
    }
}

fn read_header(source: &Source) -> Result<(Header, u64), Error> {
    let first = source.exact(0, LINE as u64, "first line")?;
    let text = String::from_utf8_lossy(&first);
    let words: Vec<&str> = text.split_whitespace().collect();
    let bad = || {
        source.malformed(
            Place::Line(1),
            "expected ESPERANTO FORMAT 1 CONSISTING OF n LINES OF 256 BYTES EACH",
        )
    };
    if !first.starts_with(MAGIC) {
        return Err(bad());
    }
    let integer =
        |place: usize| words.get(place).and_then(|word| word.parse::<u32>().ok()).ok_or_else(bad);
    let (format, lines, width) = (integer(2)?, integer(5)?, integer(8)?);
    if width as usize != LINE || lines == 0 {
        return Err(bad());
    }
    let length = u64::from(lines) * LINE as u64;
    source.limits().check(LimitKind::Header, "header", length)?;
    let all = source.exact(0, length, "header")?;
    let mut header = Header::new();
    header.set("ESPERANTO FORMAT", words[2..].join(" "));
    header.set("format", i64::from(format));
    for (line, number) in all.chunks_exact(LINE).zip(1..).skip(1) {
        if line[LINE - 2] != b'\r' {
            return Err(source.malformed(Place::Line(number), "expected CR at the end of the line"));
        }
        read_line(&String::from_utf8_lossy(&line[..LINE - 2]), &mut header);
    }
    Ok((header, length))
}

fn read_line(line: &str, header: &mut Header) {
    let mut words = line.split_whitespace();
    let Some(key) = words.next() else { return };
    if key.len() == 1 && key < " " {
        return;
    }
    let words: Vec<&str> = words.collect();
    let all = words.join(" ");
    let bare = |text: &str| text.trim_matches('"').to_owned();
    if let Some((_, names)) = KEYS.iter().find(|(own, _)| *own == key) {
        header.set(key, all.as_str());
        if matches!(key, "HISTORY" | "TIMESTAMP") {
            header.set(*names, bare(&all));
            return;
        }
        for (name, word) in names.split(' ').zip(words) {
            let value = match name.as_bytes()[0] {
                b'l' | b'i' | b'b' => word.parse().map_or_else(|_| word.into(), Value::Int),
                b'd' => word.parse().map_or_else(|_| word.into(), Value::Float),
                _ => bare(word).into(),
            };
            header.set(name, value);
        }
    } else {
        header.set(key, all);
    }
}

fn pixels(
    source: &Source,
    start: u64,
    rows: usize,
    columns: usize,
    compressed: bool,
) -> Result<Pixels, Error> {
    let shape = vec![rows, columns];
    let size = source.size("pixels", &shape, 4)?;
    let data = match compressed {
        false => source.exact(start, size as u64, "pixels")?,
        true => {
            let packed = source.bytes(start, u64::MAX)?;
            // A group of 16 pixels takes at least 3 bytes, so a short file can't ask for much.
            let least = rows * (1 + columns.saturating_sub(1) / 16 * 3);
            let values = match packed.len() > least {
                true => agi::decode(&packed, rows, columns),
                false => None,
            };
            let values = values.ok_or_else(|| {
                source
                    .malformed(Place::Byte(start), "the compressed pixels end early or are damaged")
            })?;
            values.iter().flat_map(|value| value.to_le_bytes()).collect()
        }
    };
    Ok(Pixels { dtype: DType::I32, shape, data })
}

/// Floats are rounded. Written as `AGI_BITFIELD`, unless the header says `4BYTE_LONG`.
impl Encoder for Esperanto {
    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let mut frame = only(frames, target)?;
        let (rows, columns) = plane(&frame.pixels, target)?;
        let refused = |reason: String| Error::unsupported(target.name, Place::File, reason);
        let side = rows.max(columns).next_multiple_of(4).max(*SIDE.start());
        if !SIDE.contains(&side) {
            return Err(refused(format!("{rows} rows of {columns}: at most 4096 a side")));
        }
        let values: Vec<i64> = match frame.pixels.is_float() {
            true => {
                frame.pixels.floats().iter().map(|value| value.round_ties_even() as i64).collect()
            }
            false => frame.pixels.integers().collect(),
        };
        let mut square = vec![0i32; side * side];
        let shift = (side - columns) / 2;
        for (row, out) in values.chunks_exact(columns.max(1)).zip(square.chunks_exact_mut(side)) {
            for (value, out) in row.iter().zip(&mut out[shift..]) {
                *out = i32::try_from(*value)
                    .map_err(|_| refused(format!("the pixel {value}: 32 bits at most")))?;
            }
        }
        let header = &mut frame.header;
        let long = header.text("spixelformat") == Some("4BYTE_LONG");
        header.set("lnx", side as i64);
        header.set("lny", side as i64);
        header.set("spixelformat", if long { "4BYTE_LONG" } else { "AGI_BITFIELD" });
        for key in ["lbx", "lby"] {
            if header.get(key).is_none() {
                header.set(key, 1);
            }
        }
        let head = header_bytes(header).map_err(refused)?;
        let data = match long {
            true => square.iter().flat_map(|value| value.to_le_bytes()).collect(),
            false => agi::encode(&square, side).ok_or_else(|| refused("too many pixels".into()))?,
        };
        put(target, &[&head, &data])
    }
}

/// The header from the values in it; keywords themselves and unknown keys are not written.
fn header_bytes(header: &Header) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(LINES * LINE);
    let mut line = |text: String| {
        if text.len() > LINE - 2 {
            return Err(format!(
                "a line of {} bytes in the header: {} at most",
                text.len(),
                LINE - 2
            ));
        }
        bytes.extend_from_slice(format!("{text:<0$}\r\n", LINE - 2).as_bytes());
        Ok(())
    };
    let format = header.get("format").map_or("1".to_owned(), Value::to_string);
    line(format!(
        "ESPERANTO FORMAT   {format} CONSISTING OF   {LINES} LINES OF   {LINE} BYTES EACH"
    ))?;
    for (key, names) in KEYS {
        let mut text = (*key).to_owned();
        for name in names.split(' ') {
            let number = matches!(name.as_bytes()[0], b'l' | b'i' | b'b' | b'd');
            let value = header.get(name).map(|value| ascii(&value.to_string()));
            text.push(' ');
            text.push_str(&match (number, value) {
                (true, value) => value.unwrap_or_else(|| "0".to_owned()),
                (false, value) => format!("\"{}\"", value.unwrap_or_default()),
            });
        }
        line(text)?;
    }
    for _ in 1 + KEYS.len()..LINES {
        line(String::new())?;
    }
    let end = bytes.len() - 1;
    bytes[end] = 0x1a;
    Ok(bytes)
}

/// Text of one line; what is not ASCII becomes `?`.
fn ascii(text: &str) -> String {
    text.replace(|c: char| !(' '..='~').contains(&c), "?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{picture, read_bytes, write_frames};

    #[test]
    fn small_images_are_filled_up() {
        for format in ["AGI_BITFIELD", "4BYTE_LONG"] {
            let mut frame = picture(DType::I32, 3, 6, 8);
            frame.header.set("spixelformat", format);
            frame.header.set("historystring", "two words");
            frame.header.set("dalpha1", 0.5);
            let bytes = write_frames(&Esperanto, std::slice::from_ref(&frame)).unwrap();
            let read = read_bytes(&Esperanto, bytes).unwrap();
            assert_eq!(read.pixels.shape, [256, 256]);
            let values: Vec<i64> = read.pixels.integers().collect();
            for (i, value) in frame.pixels.integers().enumerate() {
                assert_eq!(values[i / 6 * 256 + 125 + i % 6], value);
            }
            assert_eq!(read.header.text("historystring"), Some("two words"));
            assert_eq!(read.header.get("dalpha1"), Some(&Value::Float(0.5)));
            let again = write_frames(&Esperanto, std::slice::from_ref(&read)).unwrap();
            assert!(read_bytes(&Esperanto, again).unwrap().pixels == read.pixels);
        }
    }

    #[test]
    fn bad_files_are_refused() {
        let frame = picture(DType::I16, 256, 256, 8);
        let bytes = write_frames(&Esperanto, &[frame]).unwrap();
        for length in (0..bytes.len() - 4 * 256).step_by(997) {
            assert!(read_bytes(&Esperanto, bytes[..length].to_vec()).is_err(), "{length}");
        }
        assert!(write_frames(&Esperanto, &[picture(DType::U8, 1, 4097, 1)]).is_err());
        assert!(write_frames(&Esperanto, &[picture(DType::F64, 5, 5, 1)]).is_ok());
        for text in [
            &b"ESPERANTO FORMAT"[..],
            &[b' '; 300],
            b"ESPERANTO FORMAT 1 CONSISTING OF 99999999 LINES OF 256 BYTES EACH",
        ] {
            let mut bytes = text.to_vec();
            bytes.resize(300, b' ');
            assert!(read_bytes(&Esperanto, bytes).is_err());
        }
    }
}
