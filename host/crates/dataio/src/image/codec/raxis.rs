//! Rigaku's R-AXIS image plates.
//!
//! Big-endian. The fields of the table `FIELDS` (lengths in mm, angles in degrees, exposure in minutes, wavelength
//! in angstrom) follow each other from the first byte on, 1400 bytes in all. The pixels are the last bytes of the
//! file: `Y Pixels` rows of `X Pixels`, u16. Where the highest bit is set, the other 15 times the `Photomultiplier
//! Ratio` is meant, cut to an integer; if any is, all pixels become u32.

use tierline_table::DType;

use crate::image::plain::Item::{Bytes, F32, I32};
use crate::image::plain::{Item, extent, fields, single};
use crate::image::{Codec, Endian, Hint, Image, Pixels, Source, Value, swap_bytes};
use crate::{Error, Place};

const MAGIC: &[u8] = b"R-AXIS";
const HEADER: u64 = 1400;

const FIELDS: &[(&str, Item)] = &[
    ("InstrumentType", Bytes(10)),
    ("Version", Bytes(10)),
    ("Crystal Name", Bytes(20)),
    ("Crystal System", Bytes(12)),
    ("A", F32),
    ("B", F32),
    ("C", F32),
    ("Alpha", F32),
    ("Beta", F32),
    ("Gamma", F32),
    ("Space Group", Bytes(12)),
    ("Mosaicity", F32),
    ("Memo", Bytes(80)),
    ("Date", Bytes(12)),
    ("Reserved Space 1", Bytes(84)),
    ("User", Bytes(20)),
    ("Xray Target", Bytes(4)),
    ("Wavelength", F32),
    ("Monochromator", Bytes(20)),
    ("Monochromator 2theta", F32),
    ("Collimator", Bytes(20)),
    ("Filter", Bytes(4)),
    ("Crystal-to-detector Distance", F32),
    ("Generator Voltage", F32),
    ("Generator Current", F32),
    ("Focus", Bytes(12)),
    ("Xray Memo", Bytes(80)),
    ("IP shape", I32),
    ("Oscillation Type", F32),
    ("Reserved Space 2", Bytes(56)),
    ("Crystal Mount (spindle axis)", Bytes(4)),
    ("Crystal Mount (beam axis)", Bytes(4)),
    ("Phi Datum", F32),
    ("Phi Oscillation Start", F32),
    ("Phi Oscillation Stop", F32),
    ("Frame Number", I32),
    ("Exposure Time", F32),
    ("Direct beam X position", F32),
    ("Direct beam Y position", F32),
    ("Omega Angle", F32),
    ("Chi Angle", F32),
    ("2Theta Angle", F32),
    ("Mu Angle", F32),
    ("Image Template", Bytes(204)),
    ("X Pixels", I32),
    ("Y Pixels", I32),
    ("X Pixel Length", F32),
    ("Y Pixel Length", F32),
    ("Record Length", I32),
    ("Total", I32),
    ("Starting Line", I32),
    ("IP Number", I32),
    ("Photomultiplier Ratio", F32),
    ("Fade Time (to start of read)", F32),
    ("Fade Time (to end of read)", F32),
    ("Host Type/Endian", Bytes(10)),
    ("IP Type", Bytes(10)),
    ("Horizontal Scan", I32),
    ("Vertical Scan", I32),
    ("Front/Back Scan", I32),
    ("Pixel Shift (RAXIS V)", F32),
    ("Even/Odd Intensity Ratio (RAXIS V)", F32),
    ("Magic number", I32),
    ("Number of Axes", I32),
    ("Goniometer Vector ax.1.1", F32),
    ("Goniometer Vector ax.1.2", F32),
    ("Goniometer Vector ax.1.3", F32),
    ("Goniometer Vector ax.2.1", F32),
    ("Goniometer Vector ax.2.2", F32),
    ("Goniometer Vector ax.2.3", F32),
    ("Goniometer Vector ax.3.1", F32),
    ("Goniometer Vector ax.3.2", F32),
    ("Goniometer Vector ax.3.3", F32),
    ("Goniometer Vector ax.4.1", F32),
    ("Goniometer Vector ax.4.2", F32),
    ("Goniometer Vector ax.4.3", F32),
    ("Goniometer Vector ax.5.1", F32),
    ("Goniometer Vector ax.5.2", F32),
    ("Goniometer Vector ax.5.3", F32),
    ("Goniometer Start ax.1", F32),
    ("Goniometer Start ax.2", F32),
    ("Goniometer Start ax.3", F32),
    ("Goniometer Start ax.4", F32),
    ("Goniometer Start ax.5", F32),
    ("Goniometer End ax.1", F32),
    ("Goniometer End ax.2", F32),
    ("Goniometer End ax.3", F32),
    ("Goniometer End ax.4", F32),
    ("Goniometer End ax.5", F32),
    ("Goniometer Offset ax.1", F32),
    ("Goniometer Offset ax.2", F32),
    ("Goniometer Offset ax.3", F32),
    ("Goniometer Offset ax.4", F32),
    ("Goniometer Offset ax.5", F32),
    ("Goniometer Scan Axis", I32),
    ("Axes Names", Bytes(40)),
    ("file", Bytes(16)),
    ("cmnt", Bytes(20)),
    ("smpl", Bytes(20)),
    ("iext", I32),
    ("reso", I32),
    ("save", I32),
    ("dint", I32),
    ("byte", I32),
    ("init", I32),
    ("ipus", I32),
    ("dexp", I32),
    ("expn", I32),
    ("posx", Bytes(20)),
    ("posy", Bytes(20)),
    ("xray", I32),
    ("Header Leftovers", Bytes(240)),
];

/// Rigaku's R-AXIS image plates.
pub struct Raxis;

impl Codec for Raxis {
    fn name(&self) -> &'static str {
        "raxis"
    }

    fn description(&self) -> &'static str {
        "Rigaku R-AXIS"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["img"]
    }

    fn sniff(&self, hint: &Hint<'_>) -> bool {
        hint.head.starts_with(MAGIC)
    }

    fn open(&self, source: Source) -> Result<Box<dyn Image>, Error> {
        let head = source.exact(0, HEADER, "header")?;
        let header = fields(&head, FIELDS, Endian::Big);
        let (columns, rows) =
            (extent(&source, &header, "X Pixels")?, extent(&source, &header, "Y Pixels")?);
        let ratio = match header.get("Photomultiplier Ratio") {
            Some(Value::Float(ratio)) => *ratio,
            _ => 1.0,
        };
        Ok(single(source, header, Vec::new(), move |source, _| {
            pixels(source, rows, columns, ratio)
        }))
    }
}

fn pixels(source: &Source, rows: usize, columns: usize, ratio: f64) -> Result<Pixels, Error> {
    let shape = vec![rows, columns];
    let size = source.size("pixels", &shape, 2)? as u64;
    let Some(start) = source.len().checked_sub(size) else {
        let reason =
            format!("{rows} rows of {columns} need {size} bytes, the file has {}", source.len());
        return Err(source.malformed(Place::File, reason));
    };
    let mut data = source.exact(start, size, "pixels")?;
    swap_bytes(&mut data, 2);
    let values = data.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes));
    if values.clone().all(|value| value & 0x8000 == 0) {
        return Ok(Pixels { dtype: DType::U16, shape, data });
    }
    source.size("pixels", &shape, 4)?;
    let wide = values.map(|value| match value & 0x8000 {
        0 => u32::from(value),
        _ => (ratio * f64::from(value & 0x7fff)) as u32,
    });
    let data = wide.flat_map(u32::to_le_bytes).collect();
    Ok(Pixels { dtype: DType::U32, shape, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::testing::{damaged, read_bytes};

    fn file(values: [u16; 4]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER as usize];
        bytes[..6].copy_from_slice(MAGIC);
        bytes[768..772].copy_from_slice(&2i32.to_be_bytes());
        bytes[772..776].copy_from_slice(&2i32.to_be_bytes());
        bytes[800..804].copy_from_slice(&8.5f32.to_be_bytes());
        bytes.extend(values.iter().flat_map(|value| value.to_be_bytes()));
        bytes
    }

    #[test]
    fn flagged_pixels_are_multiplied() {
        let read = |values| read_bytes(&Raxis, file(values)).unwrap().pixels;
        assert_eq!(read([1, 2, 3, 0x7fff]).dtype, DType::U16);
        let pixels = read([1, 0x8003, 0xffff, 4]);
        assert_eq!(pixels.dtype, DType::U32);
        assert!(pixels.integers().eq([1, 25, 278_519, 4]));
        assert!(read_bytes(&Raxis, file([1; 4])[..1399].to_vec()).is_err());
        damaged(&Raxis, &file([1; 4]));
    }
}
