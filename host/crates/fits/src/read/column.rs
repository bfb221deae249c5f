//! Formats of a table's columns.

use super::scan::fields;
use crate::error::Place;
use crate::{Error, Header, Mismatch};

/// Type of the values of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Logical,
    Bit,
    U8,
    I16,
    I32,
    I64,
    F32,
    F64,
    C32,
    C64,
    Text,
}

impl Kind {
    fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'L' => Kind::Logical,
            'X' => Kind::Bit,
            'B' => Kind::U8,
            'I' => Kind::I16,
            'J' => Kind::I32,
            'K' => Kind::I64,
            'E' => Kind::F32,
            'D' => Kind::F64,
            'C' => Kind::C32,
            'M' => Kind::C64,
            'A' => Kind::Text,
            _ => return None,
        })
    }

    /// Bytes of a number of values; `None` where they are too many.
    pub(super) fn bytes(self, count: usize) -> Option<usize> {
        match self {
            Kind::Bit => Some(count.div_ceil(8)),
            Kind::Logical | Kind::U8 | Kind::Text => Some(count),
            Kind::I16 => count.checked_mul(2),
            Kind::I32 | Kind::F32 => count.checked_mul(4),
            Kind::I64 | Kind::F64 | Kind::C32 => count.checked_mul(8),
            Kind::C64 => count.checked_mul(16),
        }
    }

    pub(super) fn is_integer(self) -> bool {
        matches!(self, Kind::U8 | Kind::I16 | Kind::I32 | Kind::I64)
    }
}

/// Size of the descriptors of cells that lie in the heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Descriptor {
    /// `P`: two numbers of 4 bytes.
    Short,
    /// `Q`: two numbers of 8 bytes.
    Long,
}

/// A column of the file.
#[derive(Debug)]
pub(super) struct ColumnFormat {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) kind: Kind,
    /// Values in a cell; of text: letters.
    pub(super) repeat: usize,
    /// Letters of a string, where a cell has several or one.
    pub(super) letters: usize,
    pub(super) descriptor: Option<Descriptor>,
    /// Shape of a cell in C order, of text without the letters.
    pub(super) shape: Vec<usize>,
    pub(super) null: Option<i64>,
    pub(super) scale: f64,
    pub(super) zero: f64,
    /// Where it begins in a row.
    pub(super) offset: usize,
    /// Its bytes in a row.
    pub(super) width: usize,
}

/// All columns; together they must fill a row.
pub(super) fn formats(cards: &Header, place: &Place) -> Result<Vec<ColumnFormat>, Error> {
    let wrong = |mismatch: Mismatch| mismatch.at(&place.path, &place.hdu);
    let mut formats: Vec<ColumnFormat> = Vec::new();
    let mut offset = 0_usize;
    for n in 1..=fields(cards).map_err(wrong)? {
        let format = format(cards, n, offset).map_err(wrong)?;
        offset = offset.saturating_add(format.width);
        formats.push(format);
    }
    let expected = cards.require_integer("NAXIS1").map_err(wrong)?;
    if usize::try_from(expected) != Ok(offset) {
        return Err(place.malformed(format!("rows of {expected} bytes, but columns of {offset}")));
    }
    Ok(formats)
}

fn format(cards: &Header, n: usize, offset: usize) -> Result<ColumnFormat, Mismatch> {
    let key = |name: &str| format!("{name}{n}");
    let tform = cards.require_text(&key("TFORM"))?;
    let form = Form::parse(tform).ok_or_else(|| {
        Mismatch::keyword(&key("TFORM"), format!("{tform:?} is no format of a column"))
    })?;
    let text = |name| cards.text(&key(name)).map(|text| text.unwrap_or_default().trim().to_owned());
    let mut format = ColumnFormat {
        name: text("TTYPE")?,
        unit: text("TUNIT")?,
        kind: form.kind,
        repeat: form.repeat,
        letters: form.letters.unwrap_or(form.repeat),
        descriptor: form.descriptor,
        shape: Vec::new(),
        null: if form.kind.is_integer() { cards.integer(&key("TNULL"))? } else { None },
        scale: cards.real(&key("TSCAL"))?.unwrap_or(1.0),
        zero: cards.real(&key("TZERO"))?.unwrap_or(0.0),
        offset,
        width: form.width,
    };
    if format.descriptor.is_none() {
        shape(&mut format, cards.text(&key("TDIM"))?)
            .map_err(|reason| Mismatch::keyword(&key("TDIM"), reason))?;
    }
    Ok(format)
}

fn shape(format: &mut ColumnFormat, dimensions: Option<&str>) -> Result<(), String> {
    let is_text = format.kind == Kind::Text;
    let Some(dimensions) = dimensions.filter(|text| !text.trim().is_empty()) else {
        let strings = format.repeat.checked_div(format.letters).unwrap_or(1);
        let values = if is_text { strings } else { format.repeat };
        if values != 1 {
            format.shape = vec![values];
        }
        return Ok(());
    };
    let inside = dimensions.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let lengths: Option<Vec<usize>> = inside
        .and_then(|inside| inside.split(',').map(|length| length.trim().parse().ok()).collect());
    let Some(mut lengths) = lengths else {
        return Err(format!("expected (n,n,...), found {dimensions:?}"));
    };
    let product = lengths.iter().try_fold(1_usize, |product, length| product.checked_mul(*length));
    let fits = match product {
        Some(product) if is_text => product <= format.repeat,
        product => product == Some(format.repeat),
    };
    if !fits {
        return Err(format!("{dimensions} does not fit cells of {} values", format.repeat));
    }
    if is_text {
        format.letters = lengths.remove(0);
    }
    // One value per row has no shape, whatever the number of ones.
    if lengths != [1] {
        lengths.reverse();
        format.shape = lengths;
    }
    Ok(())
}

/// A `TFORMn`.
struct Form {
    kind: Kind,
    repeat: usize,
    letters: Option<usize>,
    descriptor: Option<Descriptor>,
    width: usize,
}

impl Form {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, rest) = text.split_at(digits);
        let repeat = if count.is_empty() { 1 } else { count.parse().ok()? };
        let mut rest = rest.chars();
        let letter = rest.next()?.to_ascii_uppercase();
        let descriptor = match letter {
            'P' => Some(Descriptor::Short),
            'Q' => Some(Descriptor::Long),
            _ => None,
        };
        if let Some(descriptor) = descriptor {
            let kind = Kind::of(rest.next()?.to_ascii_uppercase())?;
            let size = if descriptor == Descriptor::Short { 8 } else { 16 };
            // Without one, all cells are empty.
            (repeat <= 1).then_some(())?;
            let width = size * repeat;
            return Some(Form { kind, repeat, letters: None, descriptor: Some(descriptor), width });
        }
        let kind = Kind::of(letter)?;
        let letters = match kind {
            // Strings of equal length one behind the other.
            Kind::Text => rest.as_str().parse().ok().filter(|l: &usize| *l > 0 && *l <= repeat),
            _ => None,
        };
        let width = kind.bytes(repeat)?;
        Some(Form { kind, repeat, letters, descriptor: None, width })
    }
}

/// Where the heap begins in the data.
pub(super) fn heap(
    cards: &Header,
    width: usize,
    rows: usize,
    bytes: u64,
    place: &Place,
) -> Result<usize, Error> {
    let table = (width * rows) as u64;
    let found = cards.integer("THEAP").map_err(|mismatch| mismatch.at(&place.path, &place.hdu))?;
    let start = found.map_or(Ok(table), u64::try_from).unwrap_or(u64::MAX);
    // Some writers leave the keyword in tables without a heap.
    if bytes == table {
        return Ok(table as usize);
    }
    if start < table || start > bytes {
        let found = found.unwrap_or_default();
        return Err(
            place.malformed(format!("keyword THEAP: expected {table} to {bytes}, found {found}"))
        );
    }
    Ok(start as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let form = |text| Form::parse(text).map(|form| (form.kind, form.repeat, form.width));
        assert_eq!(form("E"), Some((Kind::F32, 1, 4)));
        assert_eq!(form("16A"), Some((Kind::Text, 16, 16)));
        assert_eq!(form("11X"), Some((Kind::Bit, 11, 2)));
        assert_eq!(form("1PE(5)"), Some((Kind::F32, 1, 8)));
        assert_eq!(form("QD(7)"), Some((Kind::F64, 1, 16)));
        assert_eq!(form("0D"), Some((Kind::F64, 0, 0)));
        for bad in ["", "3", "5Z", "2PE", "P", "99999999999999999999E", "9223372036854775807D", "é"]
        {
            assert!(form(bad).is_none(), "{bad}");
        }
    }
}
