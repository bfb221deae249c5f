//! Sizes, formats and files.

use std::fs;
use std::path::Path;

use plotters::prelude::{BitMapBackend, IntoDrawingArea, SVGBackend};

use crate::draw::{self, Raster, Scale};
use crate::{Error, Panel};

/// Largest width and height of a picture in pixels.
pub(crate) const LARGEST: u32 = 8192;
/// A PNG is drawn so many times larger and averaged, for smooth lines and letters.
const OVERSAMPLING: u32 = 2;

/// Size of a picture in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Size {
    /// A size that gives each of so many panels 720 by 420 pixels.
    pub fn for_panels(panels: usize) -> Self {
        let (rows, columns) = draw::grid(panels.max(1));
        Self { width: 720 * columns as u32, height: 420 * rows as u32 }
    }

    /// A size that gives each of so many camera images 640 by 560 pixels.
    pub fn for_cameras(images: usize) -> Self {
        let (rows, columns) = draw::grid(images.max(1));
        Self { width: 640 * columns as u32, height: 560 * rows as u32 }
    }

    /// A size for an image of the sky of this height, in its width.
    pub fn for_sky(proportion: f64) -> Self {
        let most = (860.0, 580.0);
        let proportion = if proportion.is_finite() { proportion.max(0.1) } else { 1.0 };
        let width = f64::min(most.0, most.1 / proportion).max(320.0);
        let height = f64::min(most.1, width * proportion).max(160.0);
        // Room for texts and the bar of colours.
        Self { width: (width + 210.0) as u32, height: (height + 150.0) as u32 }
    }
}

/// Format of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// Portable Network Graphics, 8 bit RGB.
    Png,
    /// Scalable Vector Graphics.
    Svg,
}

impl Picture {
    /// The format a file name asks for.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().map(|text| text.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("png") => Ok(Self::Png),
            Some("svg") => Ok(Self::Svg),
            _ => Err(Error::Unsupported { path: path.into() }),
        }
    }
}

/// Draws the panels into the bytes of a picture.
pub fn render(panels: &[Panel], size: Size, picture: Picture) -> Result<Vec<u8>, Error> {
    let Size { width, height } = size;
    if panels.is_empty() {
        return Err(Error::Parameter { what: "a picture needs at least one panel" });
    }
    if width > LARGEST || height > LARGEST {
        return Err(Error::Limit { width, height, limit: LARGEST });
    }
    let (rows, columns) = draw::grid(panels.len());
    if width < 200 * columns as u32 || height < 150 * rows as u32 {
        return Err(Error::Parameter { what: "a panel needs at least 200 x 150 pixels" });
    }
    match picture {
        Picture::Png => png_bytes(panels, size),
        Picture::Svg => {
            let mut text = String::new();
            let root = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
            let rasters = draw::panels(&root, panels, Scale(1))?;
            drop(root);
            let mut above = String::new();
            if draw::has_more(panels) {
                let root = SVGBackend::with_string(&mut above, (width, height)).into_drawing_area();
                draw::over(&root, panels, Scale(1))?;
            }
            with_rasters(text, &rasters, elements(&above))
        }
    }
}

/// Draws the panels into a file; its extension, `.png` or `.svg`, tells the format.
///
/// The file is written in place. For a file that appears only when it is complete, take
/// [`render`] and write its bytes under a temporary name.
pub fn waveforms(panels: &[Panel], output: &Path, size: Size) -> Result<(), Error> {
    let bytes = render(panels, size, Picture::of(output)?)?;
    fs::write(output, bytes).map_err(|source| Error::Io { path: output.into(), source })
}

fn png_bytes(panels: &[Panel], size: Size) -> Result<Vec<u8>, Error> {
    let (width, height) = (size.width * OVERSAMPLING, size.height * OVERSAMPLING);
    let mut pixels = vec![0; 3 * width as usize * height as usize];
    let root = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
    let rasters = draw::panels(&root, panels, Scale(OVERSAMPLING as i32))?;
    drop(root);
    rasters.iter().for_each(|raster| paste(raster, &mut pixels, width as usize));
    if draw::has_more(panels) {
        let root = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        draw::over(&root, panels, Scale(OVERSAMPLING as i32))?;
    }
    let pixels = averaged(&pixels, width as usize);
    encoded(size, png::ColorType::Rgb, &pixels)
}

pub(crate) fn encoded(
    size: Size,
    colours: png::ColorType,
    pixels: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, size.width, size.height);
    encoder.set_color(colours);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(bytes)
}

/// Stretches the opaque cells of a raster over their place in RGB rows of the given width.
fn paste(raster: &Raster, pixels: &mut [u8], width: usize) {
    let [left, top, right, bottom] = raster.place.map(|edge| edge.max(0) as usize);
    let rows = raster.pixels.len() / raster.columns.max(1);
    for y in top..bottom {
        let row = (y - top) * rows / (bottom - top);
        for x in left..right.min(width) {
            let column = (x - left) * raster.columns / (right - left);
            let [r, g, b, opaque] = raster.pixels[row * raster.columns + column];
            let start = 3 * (y * width + x);
            if let (Some(pixel), true) = (pixels.get_mut(start..start + 3), opaque > 0) {
                pixel.copy_from_slice(&[r, g, b]);
            }
        }
    }
}

/// What is in an SVG.
fn elements(text: &str) -> &str {
    let start = text.find("<svg").and_then(|at| Some(at + text[at..].find('>')? + 1));
    match (start, text.rfind("</svg>")) {
        (Some(start), Some(end)) if start <= end => &text[start..end],
        _ => "",
    }
}

/// Puts rasters on top of an SVG, as PNGs inside it, and other elements on top of these.
fn with_rasters(text: String, rasters: &[Raster], above: &str) -> Result<Vec<u8>, Error> {
    let Some(end) = text.rfind("</svg>") else { return Ok(text.into_bytes()) };
    let mut out = text[..end].to_owned();
    for raster in rasters {
        let [left, top, right, bottom] = raster.place;
        let (width, height) = (right - left, bottom - top);
        let rows = raster.pixels.len() / raster.columns.max(1);
        let size = Size { width: raster.columns as u32, height: rows as u32 };
        let png = encoded(size, png::ColorType::Rgba, &raster.pixels.concat())?;
        out += &format!(
            "<image x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" \
             preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" \
             href=\"data:image/png;base64,{}\"/>\n",
            base64(&png)
        );
    }
    out += above;
    out += &text[end..];
    Ok(out.into_bytes())
}

/// Bytes in the alphabet of RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |i: usize| u32::from(group.get(i).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

/// The mean of every block of pixels, for RGB rows of the given width.
fn averaged(pixels: &[u8], width: usize) -> Vec<u8> {
    let side = OVERSAMPLING as usize;
    let mut small = Vec::with_capacity(pixels.len() / (side * side));
    for rows in pixels.chunks_exact(3 * width * side) {
        for column in (0..3 * width).step_by(3 * side) {
            for channel in column..column + 3 {
                let block = (0..side * side).map(|i| (i / side) * 3 * width + i % side * 3);
                let sum: u32 = block.map(|offset| u32::from(rows[channel + offset])).sum();
                small.push((sum / (OVERSAMPLING * OVERSAMPLING)) as u8);
            }
        }
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_taken_out() {
        assert_eq!(elements("<?xml?>\n<svg a=\"b\">\n<a/>\n</svg>"), "\n<a/>\n");
        assert_eq!((elements(""), elements("</svg><svg>")), ("", ""));
    }

    #[test]
    fn skies_fill_the_picture() {
        let one = Size::for_sky(1.0);
        assert_eq!(one, Size { width: 790, height: 730 });
        assert!(Size::for_sky(0.5).width > one.width && Size::for_sky(1e9).height < 1000);
        assert_eq!(Size::for_sky(f64::NAN), one);
    }

    #[test]
    fn bytes_are_encoded_as_in_the_rfc() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        assert!(pairs.iter().all(|(plain, coded)| base64(plain.as_bytes()) == *coded));
        assert_eq!(base64(&[0xFB, 0xFF, 0xFE]), "+//+");
    }

    #[test]
    fn rasters_are_stretched_over_their_place() {
        let (red, none) = ([9, 0, 0, 255], [7, 7, 7, 0]);
        let raster = Raster { place: [1, 0, 5, 1], columns: 2, pixels: vec![none, red] };
        let mut pixels = vec![1; 15];
        paste(&raster, &mut pixels, 5);
        assert_eq!(pixels, [1, 1, 1, 1, 1, 1, 1, 1, 1, 9, 0, 0, 9, 0, 0]);
    }

    #[test]
    fn blocks_are_averaged_by_colour() {
        let row = [0, 10, 20, 4, 30, 20, 9, 9, 9, 9, 9, 9];
        let pixels = [row, row].concat();
        assert_eq!(averaged(&pixels, 4), [2, 20, 20, 9, 9, 9]);
    }
}
