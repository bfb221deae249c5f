//! Histograms (type 100, versions 1 and 2), as hessio's histogram book stores them.
//!
//! A number of 2 bytes of histograms, then each: 1 byte form (`R r F D`: real axes, others: integer axes), text
//! title with a byte behind it if its length is even, i4 number, i2 bins of x, i2 bins of y (0: one dimension),
//! i4 entries, i4 entries in this run; per axis i4 below, i4 above, then lower edge, upper edge and two sums (f4,
//! or i4 of integer axes); of `F` and `D` f4 whole content, content inside, and 8 contents outside; at last, if
//! there are entries in this run, f4 (`F`, `D`) or i4 contents.

use super::cursor::Cursor;
use super::error::ObjectError;
use super::object::Object;

/// Type of this object.
pub const KIND: u16 = 100;

/// Axis of a [`Histogram`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    /// Bins.
    pub n_bins: usize,
    /// Entries below.
    pub underflow: i32,
    /// Entries above.
    pub overflow: i32,
    /// Lower edge of the first bin.
    pub lower: f64,
    /// Upper edge of the last bin.
    pub upper: f64,
    /// Sum of all values.
    pub sum: f64,
    /// Sum of the values of this run.
    pub tsum: f64,
}

/// Contents of a [`Histogram`].
#[derive(Debug, Clone, PartialEq)]
pub enum Bins {
    /// Weighted.
    Real(Vec<f32>),
    /// Counted.
    Integer(Vec<i32>),
    /// Nothing was filled in: all are 0, and the file has none.
    Empty,
}

/// Sums of a weighted histogram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contents {
    /// Everything.
    pub all: f32,
    /// Inside the axes.
    pub inside: f32,
    /// Outside, in each direction.
    pub outside: [f32; 8],
}

/// A histogram of one or two dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Form, as the file tells.
    pub form: char,
    /// Title.
    pub title: String,
    /// Number.
    pub id: i32,
    /// Entries.
    pub entries: i32,
    /// Entries of this run.
    pub tentries: i32,
    /// First axis.
    pub x: Axis,
    /// Second axis, if any.
    pub y: Option<Axis>,
    /// Sums of weights, if weighted.
    pub contents: Option<Contents>,
    /// Contents of the bins, `[y][x]`.
    pub bins: Bins,
}

impl Histogram {
    /// Bins of all axes.
    pub fn n_bins(&self) -> usize {
        self.x.n_bins.saturating_mul(self.y.map_or(1, |y| y.n_bins))
    }

    /// Reads all histograms of an object.
    pub fn parse(object: &Object<'_>) -> Result<Vec<Self>, ObjectError> {
        object.check_version("histograms", &[1, 2])?;
        let mut cursor = object.cursor();
        let n = cursor.short_count("histograms")?;
        (0..n).map(|_| parse_one(&mut cursor)).collect()
    }
}

fn parse_one(cursor: &mut Cursor<'_>) -> Result<Histogram, ObjectError> {
    let form = char::from(cursor.u8()?);
    let length = usize::from(cursor.u16()?);
    let title = String::from_utf8_lossy(cursor.bytes(length)?).into_owned();
    if length % 2 == 0 {
        cursor.u8()?;
    }
    let id = cursor.i32()?;
    let n_x = cursor.short_count("bins")?;
    let n_y = cursor.short_count("bins")?;
    let (entries, tentries) = (cursor.i32()?, cursor.i32()?);
    let real = matches!(form, 'R' | 'r' | 'F' | 'D');
    let x = parse_axis(cursor, n_x, real)?;
    let y = if n_y > 0 { Some(parse_axis(cursor, n_y, real)?) } else { None };
    let weighted = matches!(form, 'F' | 'D');
    let contents = if weighted {
        let (all, inside) = (cursor.f32()?, cursor.f32()?);
        Some(Contents { all, inside, outside: cursor.f32_array()? })
    } else {
        None
    };
    let n = n_x * n_y.max(1);
    let bins = match (tentries > 0, weighted) {
        (false, _) => Bins::Empty,
        (true, true) => Bins::Real(cursor.f32s(n)?),
        (true, false) => Bins::Integer(cursor.i32s(n)?),
    };
    Ok(Histogram { form, title, id, entries, tentries, x, y, contents, bins })
}

fn parse_axis(cursor: &mut Cursor<'_>, n_bins: usize, real: bool) -> Result<Axis, ObjectError> {
    let (underflow, overflow) = (cursor.i32()?, cursor.i32()?);
    let mut values = [0.0; 4];
    for value in &mut values {
        *value = if real { f64::from(cursor.f32()?) } else { f64::from(cursor.i32()?) };
    }
    let [lower, upper, sum, tsum] = values;
    Ok(Axis { n_bins, underflow, overflow, lower, upper, sum, tsum })
}
