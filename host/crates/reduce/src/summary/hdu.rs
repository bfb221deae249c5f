//! HDUs: their class, columns, axes, pixels.

use serde::Serialize;
use tierline_fits::{ColumnInfo, FitsFile, HduKind};

use super::Noticed;
use super::geometry::{AxisSummary, GeometrySummary, axes, short};
use crate::Error;
use crate::data::{Cards, HduType, ResponseReader, type_and_class};
use crate::gadf::{is_healpix, read_image_map, reals};
use crate::irf::{Background, FovAlignment, PointSpread, Responses};

/// A column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// Name.
    pub name: String,
    /// Unit; empty if there is none.
    pub unit: String,
    /// Type of its values.
    pub dtype: &'static str,
    /// Shape of a cell in C order.
    pub shape: Vec<usize>,
    /// Whether cells have lengths of their own.
    pub is_variable: bool,
}

impl From<ColumnInfo> for ColumnSummary {
    fn from(ColumnInfo { name, unit, dtype, shape, is_variable }: ColumnInfo) -> Self {
        ColumnSummary { name, unit, dtype, shape, is_variable }
    }
}

/// An HDU.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HduSummary {
    /// Number, from 0.
    pub number: usize,
    /// Name; empty if it has none.
    pub name: String,
    /// What it is to FITS: image, compressed image, table, table in text, other.
    pub kind: &'static str,
    /// What it is of gamma-ray data: events, gti, aeff_2d, …
    pub class: Option<String>,
    /// Type of an image's pixels.
    pub dtype: Option<&'static str>,
    /// Shape of an image in C order.
    pub shape: Vec<usize>,
    /// Rows of a table.
    pub rows: usize,
    /// Columns of a table.
    pub columns: Vec<ColumnSummary>,
    /// Axes of a response.
    pub axes: Vec<AxisSummary>,
    /// Where the pixels of a map are.
    pub geometry: Option<GeometrySummary>,
    /// Unit of a map.
    pub unit: Option<String>,
    /// Least and largest value of a map.
    pub range: Option<[f64; 2]>,
    /// What else is to be known of it.
    pub notes: Vec<String>,
}

/// All HDUs of a file.
///
/// # Errors
/// Where the numbers of HDUs don't fit, which can't be.
pub(super) fn all(file: &mut FitsFile, noticed: &mut Noticed) -> Result<Vec<HduSummary>, Error> {
    (0..file.hdus().len()).map(|number| one(file, number, noticed)).collect()
}

fn one(file: &mut FitsFile, number: usize, noticed: &mut Noticed) -> Result<HduSummary, Error> {
    let info = file.info(number)?.clone();
    let mut summary = HduSummary {
        number,
        name: info.hdu.name.clone(),
        kind: match info.kind {
            HduKind::Image => "image",
            HduKind::CompressedImage => "compressed image",
            HduKind::BinaryTable => "table",
            HduKind::AsciiTable => "table in text",
            HduKind::Other => "other",
        },
        shape: info.shape,
        rows: info.rows,
        ..HduSummary::default()
    };
    let done = match info.kind {
        HduKind::Image | HduKind::CompressedImage if !summary.shape.is_empty() => {
            image(file, number, &mut summary)
        }
        HduKind::BinaryTable => table(file, number, &mut summary, noticed),
        _ => Ok(()),
    };
    if let Err(error) = done {
        noticed.problems.push(error.to_string());
    }
    Ok(summary)
}

/// Types, and of an image of the sky its geometry and range.
fn image(file: &mut FitsFile, number: usize, summary: &mut HduSummary) -> Result<(), Error> {
    summary.dtype = Some(file.pixel_type(number)?);
    let is_sky = Cards::of(file, number)?.text("CTYPE1").contains('-');
    if !is_sky {
        return Ok(());
    }
    let (geom, unit, pixels) = read_image_map(file, &summary.name, number)?;
    summary.geometry = Some(GeometrySummary::from(&geom));
    summary.unit = Some(unit).filter(|unit| !unit.is_empty());
    let finite = reals(pixels).into_iter().filter(|value| value.is_finite());
    summary.range = finite.fold(None, |range, value| {
        let [least, most] = range.unwrap_or([value; 2]);
        Some([value.min(least), value.max(most)])
    });
    Ok(())
}

fn table(
    file: &mut FitsFile,
    number: usize,
    summary: &mut HduSummary,
    noticed: &mut Noticed,
) -> Result<(), Error> {
    summary.columns = file.columns(number)?.into_iter().map(ColumnSummary::from).collect();
    let cards = Cards::of(file, number)?;
    let (class, of) = (cards.text("HDUCLAS1").to_ascii_lowercase(), cards.text("HDUCLAS2"));
    if class == "response"
        && let Some((kind, class)) = type_and_class(of, cards.text("HDUCLAS4"))
    {
        summary.class = Some(class.clone());
        return response(file, number, (kind, &class), summary, noticed);
    }
    if is_healpix(file.header(number)?) {
        let (nside, order) = (cards.integer("NSIDE")?, cards.text("ORDERING").to_lowercase());
        let nside = nside.map_or(String::new(), |nside| format!(", nside {nside}"));
        summary.class = Some("healpix map".into());
        summary.notes.push(format!("HEALPix{nside}, {order}"));
    } else if cards.text("HDUCLASS").eq_ignore_ascii_case("OGIP")
        && matches!(class.as_str(), "spectrum" | "response")
    {
        let words = ["ogip".into(), class, of.to_ascii_lowercase()];
        summary.class = Some(words.join(" ").trim_end().to_owned());
    } else if matches!(class.as_str(), "events" | "gti") {
        summary.class = Some(class);
    } else if class == "index" {
        summary.class = Some(format!("{} index", of.to_ascii_lowercase()));
    } else if matches!(summary.name.as_str(), "EVENTS" | "GTI") {
        // Files of the first data challenge tell no classes.
        summary.class = Some(summary.name.to_ascii_lowercase());
    }
    Ok(())
}

fn response(
    file: &mut FitsFile,
    number: usize,
    (kind, class): (HduType, &str),
    summary: &mut HduSummary,
    noticed: &mut Noticed,
) -> Result<(), Error> {
    let mut reader = ResponseReader::default();
    reader.read(file, number, kind, class)?;
    let (responses, warnings) = reader.finish();
    noticed.warnings.extend(warnings);
    describe(&responses, kind, summary);
    Ok(())
}

fn describe(responses: &Responses, kind: HduType, summary: &mut HduSummary) {
    let Responses { aeff, edisp, psf, bkg, rad_max, maps: _ } = responses;
    let table = match kind {
        HduType::Aeff => aeff.as_ref().map(|aeff| &aeff.table),
        HduType::Edisp => edisp.as_ref().map(|edisp| &edisp.table),
        HduType::Psf => psf.as_ref().map(|psf| match psf {
            PointSpread::Table(table) => table,
            PointSpread::ThreeGauss(tables) => &tables[0],
            PointSpread::King(tables) => &tables[0],
        }),
        HduType::Bkg => bkg.as_ref().map(Background::table),
        HduType::RadMax => rad_max.as_ref().map(|rad_max| &rad_max.table),
        HduType::Events | HduType::Gti => None,
    };
    summary.axes = table.map(|table| axes(&table.axes)).unwrap_or_default();
    let notes = &mut summary.notes;
    if let Some(aeff) = aeff {
        match (aeff.lo_threshold_tev, aeff.hi_threshold_tev) {
            (Some(low), Some(high)) => {
                notes.push(format!("thresholds {} and {} TeV", short(low), short(high)));
            }
            (Some(low), None) => notes.push(format!("threshold {} TeV", short(low))),
            _ => {}
        }
    }
    let is_pointlike = aeff.as_ref().is_some_and(|aeff| aeff.is_pointlike)
        || edisp.as_ref().is_some_and(|edisp| edisp.is_pointlike);
    if is_pointlike {
        notes.push("point-like".into());
    }
    if let Some(Background::ThreeD(_, alignment)) = bkg {
        notes.push(aligned(*alignment));
    }
}

fn aligned(alignment: FovAlignment) -> String {
    let name = match alignment {
        FovAlignment::AltAz => "ALTAZ",
        FovAlignment::RaDec => "RADEC",
        FovAlignment::ReverseLonRaDec => "REVERSE_LON_RADEC",
    };
    format!("aligned with {name}")
}

/// Says of backgrounds that their longitude is reversed, as it is in one release whose files do not tell.
pub(super) fn reverse_longitude(hdus: &mut [HduSummary]) {
    let told = aligned(FovAlignment::RaDec);
    for note in hdus.iter_mut().flat_map(|hdu| &mut hdu.notes).filter(|note| **note == told) {
        *note = aligned(FovAlignment::ReverseLonRaDec);
    }
}
