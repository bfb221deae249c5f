//! Photo-electrons of a camera (type 1208, versions 1 to 3).
//!
//! i4 photo-electrons, i4 pixels, (version ≥ 2) i2 flags, i4 pixels with any, then each of these: number (i2, of
//! version 3 of variable length), i4 count, f4 times, and with flag 1 f4 amplitudes. With flag 4 at last
//! i4 number, then each i2 pixel, i4 photons. Telescopes count from 0 here.

use super::super::cursor::Cursor;
use super::super::error::ObjectError;
use super::super::object::Object;
use super::MAX_PIXELS;

/// Photo-electrons of a camera.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoElectrons {
    /// Use of the shower.
    pub array: i32,
    /// Telescope, from 0, in the order of the run's header or as its number less 1.
    pub telescope: i32,
    /// Photo-electrons of all pixels, as the file tells.
    pub n_pe: i32,
    /// Pixels with any.
    pub non_empty: usize,
    /// Photo-electrons of each pixel.
    pub photo_electrons: Vec<i32>,
    /// Pixel of each photo-electron.
    pub pixel_id: Vec<u32>,
    /// Time of each photo-electron, in ns.
    pub time_ns: Vec<f32>,
    /// Amplitude of each photo-electron, if stored.
    pub amplitude: Option<Vec<f32>>,
    /// Photons of each pixel, if stored.
    pub photons: Option<Vec<i32>>,
}

impl PhotoElectrons {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        let (mut pe, (mut cursor, flags)) = Self::start(object)?;
        let version = object.header.version;
        let has_amplitude = flags & 1 != 0;
        let mut amplitude = Vec::new();
        for _ in 0..pe.non_empty {
            let pixel = read_pixel(&mut cursor, version, pe.photo_electrons.len())?;
            let n = cursor.count("photo-electrons")?;
            pe.time_ns.extend(cursor.f32s(n)?);
            pe.pixel_id.extend(std::iter::repeat_n(pixel as u32, n));
            pe.photo_electrons[pixel] = n as i32;
            if has_amplitude {
                amplitude.extend(cursor.f32s(n)?);
            }
        }
        pe.amplitude = has_amplitude.then_some(amplitude);
        if flags & 4 != 0 {
            pe.photons = Some(read_photons(&mut cursor, pe.photo_electrons.len())?);
        }
        Ok(pe)
    }

    /// Reads the counts of all pixels only, which is the true image.
    pub fn parse_counts(object: &Object<'_>) -> Result<(i32, Vec<i32>), ObjectError> {
        let (mut pe, (mut cursor, flags)) = Self::start(object)?;
        let size = if flags & 1 != 0 { 8 } else { 4 };
        for _ in 0..pe.non_empty {
            let pixel = read_pixel(&mut cursor, object.header.version, pe.photo_electrons.len())?;
            let n = cursor.count("photo-electrons")?;
            cursor.bytes(n.saturating_mul(size))?;
            pe.photo_electrons[pixel] = n as i32;
        }
        Ok((pe.telescope, pe.photo_electrons))
    }

    fn start<'a>(object: &Object<'a>) -> Result<(Self, (Cursor<'a>, i16)), ObjectError> {
        object.check_version("photo-electrons", &[1, 2, 3])?;
        let mut cursor = object.cursor();
        let n_pe = cursor.i32()?;
        let n_pixels = cursor.count("pixels")?;
        if n_pixels > MAX_PIXELS {
            return Err(cursor.malformed(format!("{n_pixels} pixels")));
        }
        let flags = if object.header.version > 1 { cursor.i16()? } else { 0 };
        let non_empty = cursor.count("pixels with photo-electrons")?;
        let id = object.header.id;
        let pe = PhotoElectrons {
            array: id.div_euclid(1000),
            telescope: id.rem_euclid(1000),
            n_pe,
            non_empty,
            photo_electrons: vec![0; n_pixels],
            pixel_id: Vec::new(),
            time_ns: Vec::new(),
            amplitude: None,
            photons: None,
        };
        Ok((pe, (cursor, flags)))
    }
}

fn read_pixel(
    cursor: &mut Cursor<'_>,
    version: u16,
    n_pixels: usize,
) -> Result<usize, ObjectError> {
    let pixel = if version > 2 { cursor.varint()? } else { i64::from(cursor.i16()?) };
    let found = usize::try_from(pixel).ok().filter(|&pixel| pixel < n_pixels);
    found.ok_or_else(|| cursor.malformed(format!("pixel {pixel} of {n_pixels}")))
}

fn read_photons(cursor: &mut Cursor<'_>, n_pixels: usize) -> Result<Vec<i32>, ObjectError> {
    let mut photons = vec![0; n_pixels];
    for _ in 0..cursor.count("pixels with photons")? {
        let pixel = read_pixel(cursor, 1, n_pixels)?;
        photons[pixel] = cursor.i32()?;
    }
    Ok(photons)
}
