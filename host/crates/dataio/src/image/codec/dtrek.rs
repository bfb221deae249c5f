//! d*TREK and ADSC (SMV): a text header and the pixels, as Rigaku's specification 1.1 has them.
//!
//! | part | content |
//! |---|---|
//! | `{\n` | start |
//! | `HEADER_BYTES=  512;\n` | bytes of the header, a multiple of 512 |
//! | `key=value;\n` | pairs; a line with two `=` is left out |
//! | `}\n\f\n` | end, filled with blanks |
//! | pixels | at `HEADER_BYTES` |
//!
//! | key | meaning |
//! |---|---|
//! | `Data_type` | `signed char`, `unsigned short int`, `float IEEE`, …; 16 bit unsigned if absent |
//! | `DIM`, `SIZE1`, … | number of extents (2 if absent), extents, the fastest first |
//! | `BYTE_ORDER` | contains `little` or `big`; little if absent |
//!
//! Compressed pixels are not supported.

use tierline_report::LimitKind;
use tierline_table::DType;

use super::super::{
    Codec, Encoder, Frame, Frames, Header, Hint, Image, Output, Pixels, Source, Target, Warnings,
};
use crate::{Error, Place};

/// Headers are filled up to a multiple of this.
const BLOCK: usize = 512;
/// Most extents.
const MOST_EXTENTS: usize = 16;

const TYPES: [(&str, DType); 7] = [
    ("signed char", DType::I8),
    ("unsigned char", DType::U8),
    ("short int", DType::I16),
    ("unsigned short int", DType::U16),
    ("long int", DType::I32),
    ("unsigned long int", DType::U32),
    ("float IEEE", DType::F32),
];

/// The format.
#[derive(Debug)]
pub struct Dtrek;

impl Codec for Dtrek {
    fn name(&self) -> &'static str {
        "dtrek"
    }

    fn description(&self) -> &'static str {
        "D*trek format (Rigaku specification 1.1)"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["img"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(b"{\nHEA")
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        Ok(Box::new(DtrekImage::open(source)?))
    }

    fn encoder(&self) -> Option<&'static dyn Encoder> {
        Some(&DtrekWriter)
    }
}

/// An open file.
struct DtrekImage {
    source: Source,
    header: Header,
    /// Offset of the pixels.
    start: u64,
    dtype: DType,
    /// Extents, slowest first.
    shape: Vec<usize>,
    incomplete: bool,
    warnings: Warnings,
}

impl DtrekImage {
    fn open(source: Source) -> Result<Self, Error> {
        let first = source.bytes(0, BLOCK as u64)?;
        let malformed = |reason: String| source.malformed(Place::File, reason);
        let size = first.split(|byte| *byte == b'\n').nth(1).and_then(pair);
        let start = match &size {
            Some(("HEADER_BYTES", size)) => size.parse::<u64>().ok(),
            _ => None,
        };
        let start =
            start.ok_or_else(|| malformed("no HEADER_BYTES in the second line".to_owned()))?;
        source.limits().check(LimitKind::Header, "HEADER_BYTES", start)?;
        let text = source.bytes(0, start)?;
        let mut warnings = Warnings::default();
        let mut lines = text.split(|byte| *byte == b'\n').skip(1);
        let header: Header =
            lines.by_ref().take_while(|line| !line.starts_with(b"}")).filter_map(pair).collect();
        if !memchr::memmem::find_iter(&text, b"\n}").any(|_| true) {
            warnings.add("the header has no end");
        }
        let (dtype, guess) = data_type(&header).map_err(|(supported, reason)| {
            if supported {
                malformed(reason)
            } else {
                Error::unsupported(source.path(), Place::File, reason)
            }
        })?;
        if guess {
            warnings.add("no Data_type: taken as unsigned short int");
        }
        let shape = shape(&header).map_err(malformed)?;
        let needed = source.size("pixels", &shape, dtype.size())? as u64;
        let there = source.len().saturating_sub(start);
        let incomplete = there < needed;
        if incomplete {
            warnings.add(format!("{there} bytes of pixels of {needed}: the rest is zero"));
        }
        Ok(DtrekImage { source, header, start, dtype, shape, incomplete, warnings })
    }
}

impl Image for DtrekImage {
    fn frames(&mut self) -> Result<usize, Error> {
        Ok(1)
    }

    fn frame(&mut self, index: usize) -> Result<Frame, Error> {
        let header = self.header(index)?;
        let mut data = vec![0; self.source.size("pixels", &self.shape, self.dtype.size())?];
        self.source.read_at(self.start, &mut data)?;
        let order = header.text("BYTE_ORDER").unwrap_or_default();
        let big_endian = !order.contains("little") && order.contains("big");
        let pixels = Pixels::from_file(self.dtype, self.shape.clone(), data, big_endian);
        Ok(Frame { pixels, header })
    }

    fn header(&mut self, index: usize) -> Result<Header, Error> {
        self.source.only_frame(index)?;
        Ok(self.header.clone())
    }

    fn warnings(&self) -> &[String] {
        self.warnings.list()
    }

    fn incomplete(&self) -> bool {
        self.incomplete
    }
}

/// The pair of a line, if it is one.
fn pair(line: &[u8]) -> Option<(&str, &str)> {
    let line = std::str::from_utf8(line).ok().filter(|line| line.is_ascii())?;
    let (key, value) = line.split_once('=')?;
    (!value.contains('=')).then(|| (key.trim(), value.trim_matches([' ', ';', '\n', '\r'])))
}

/// The element type, and whether it is a guess. Else whether the type is known, and what is wrong.
fn data_type(header: &Header) -> Result<(DType, bool), (bool, String)> {
    match header.text("Data_type") {
        None => Ok((DType::U16, header.text("TYPE") != Some("unsigned_short"))),
        Some(text @ ("Compressed" | "Other_type")) => Err((false, format!("Data_type {text}"))),
        Some(text) => match TYPES.iter().find(|(name, _)| *name == text) {
            Some((_, dtype)) => Ok((*dtype, false)),
            None => Err((true, format!("Data_type '{text}' is not known"))),
        },
    }
}

fn shape(header: &Header) -> Result<Vec<usize>, String> {
    let number = |key: &str| {
        let text = header.text(key).ok_or_else(|| format!("no {key}"))?;
        text.parse::<usize>().map_err(|_| format!("{key} is '{text}'"))
    };
    let rank = if header.get("DIM").is_some() { number("DIM")? } else { 2 };
    if rank > MOST_EXTENTS {
        return Err(format!("{rank} extents, at most {MOST_EXTENTS} are known"));
    }
    (1..=rank).rev().map(|i| number(&format!("SIZE{i}"))).collect()
}

/// Writes the low byte first. Integers of 64 bit are cast to 32, and so are floats.
struct DtrekWriter;

impl Encoder for DtrekWriter {
    fn write(&self, frames: Frames<'_>, target: Target<'_>) -> Result<(), Error> {
        let Frame { pixels, mut header } = target.only_frame(frames)?;
        let pixels = match pixels.dtype {
            DType::Bool => pixels.cast(DType::U8),
            DType::I64 => pixels.cast(DType::I32),
            DType::U64 => pixels.cast(DType::U32),
            DType::F64 => pixels.cast(DType::F32),
            _ => pixels,
        };
        let Some((name, _)) = TYPES.iter().find(|(_, dtype)| *dtype == pixels.dtype) else {
            let reason = format!("d*TREK holds no {}", pixels.dtype.name());
            return Err(Error::unsupported(target.name, Place::File, reason));
        };
        header.set("Data_type", *name);
        header.set("DIM", pixels.shape.len().to_string());
        for (i, size) in pixels.shape.iter().rev().enumerate() {
            header.set(format!("SIZE{}", i + 1), size.to_string());
        }
        header.set("BYTE_ORDER", "little_endian");
        let mut output = Output::create(target)?;
        output.put(text(&header).as_bytes())?;
        output.put(&pixels.data)?;
        output.finish()
    }
}

/// The header, of the size that it tells if that is enough.
fn text(header: &Header) -> String {
    let given = header.get("HEADER_BYTES").and_then(|size| size.to_string().trim().parse().ok());
    let clean = |text: String| text.replace(['\n', '\r', '=', ';'], " ");
    let pairs = header.iter().filter(|(key, _)| *key != "HEADER_BYTES");
    let lines: String = pairs
        .map(|(key, value)| format!("{}= {};\n", clean(key.to_owned()), clean(value.to_string())))
        .collect();
    let text = |size: usize| format!("{{\nHEADER_BYTES={size:5};\n{lines}}}\n\x0c\n");
    let least = text(0).len();
    let mut size = match given {
        Some(given) if given >= least && given < 100_000 && given % BLOCK == 0 => given,
        _ => (least / BLOCK + 1) * BLOCK,
    };
    if text(size).len() > size {
        size += BLOCK;
    }
    let text = text(size);
    let fill = " ".repeat(size - text.len());
    text + &fill
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tierline_report::Limits;

    use super::*;

    fn open(bytes: &[u8]) -> Result<Box<dyn Image>, Error> {
        Dtrek.open(Source::memory(Path::new("x.img"), bytes.to_vec(), Limits::default()))
    }

    fn write(frame: Frame) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let target = Target { path: &path, name: Path::new("x.img") };
        DtrekWriter.write(&mut std::iter::once(Ok(frame)), target).unwrap();
        std::fs::read(&path).unwrap()
    }

    fn image(dtype: DType) -> Frame {
        let data = (0..15 * dtype.size()).map(|i| (i * 3) as u8).collect();
        Frame { pixels: Pixels { dtype, shape: vec![3, 5], data }, header: Header::new() }
    }

    #[test]
    fn what_is_written_is_read() {
        for (_, dtype) in TYPES {
            for count in [0, 13, 14, 100, 5000] {
                let mut frame = image(dtype);
                frame.header =
                    (0..count).map(|i| (format!("key{i}"), format!("a=b; {i}"))).collect();
                let bytes = write(frame.clone());
                assert!((bytes.len() - frame.pixels.data.len()).is_multiple_of(BLOCK));
                let mut image = open(&bytes).unwrap();
                let read = image.frame(0).unwrap();
                assert!(read.pixels == frame.pixels && image.warnings().is_empty());
                assert_eq!(read.header.len(), count + 6);
            }
        }
        let read = open(&write(image(DType::F64))).unwrap().frame(0).unwrap();
        assert_eq!(read.pixels, image(DType::F64).pixels.cast(DType::F32));
    }

    #[test]
    fn every_truncation_is_read_or_refused() {
        let bytes = write(image(DType::U16));
        for length in 0..bytes.len() {
            if let Ok(mut image) = open(&bytes[..length]) {
                assert!(image.incomplete());
                assert_eq!(image.frame(0).unwrap().pixels.data.len(), 30);
            }
        }
    }

    #[test]
    fn headers_may_lack_and_lie() {
        let read = |pairs: &str| {
            let head = format!("{{\nHEADER_BYTES=  512;\n{pairs}}}\n");
            open(&[format!("{head:512}").as_bytes(), &[0, 1, 0, 2]].concat())
                .and_then(|mut i| i.frame(0))
        };
        let sizes = "SIZE1=2;\nSIZE2=1;\n";
        assert_eq!(
            read(&format!("{sizes}a=b=c;\nBYTE_ORDER=big_endian;\n")).unwrap().pixels.data,
            [1, 0, 2, 0]
        );
        assert_eq!(read(&format!("DIM=1;\n{sizes}")).unwrap().pixels.shape, [2]);
        for bad in
            ["", "SIZE1=2;\nSIZE2=-1;\n", "DIM=99;\n", "SIZE1=99999999999;\nSIZE2=99999999999;\n"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(matches!(
            read(&format!("{sizes}Data_type=Compressed;\n")),
            Err(Error::Unsupported { .. })
        ));
        assert!(matches!(read(&format!("{sizes}Data_type=x;\n")), Err(Error::Malformed { .. })));
        assert!(open(b"{\nHEADER_BYTES=99999999999;\n").is_err() && open(b"{\nHEA").is_err());
    }
}
