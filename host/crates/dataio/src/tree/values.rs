//! Elements that were read.

use tierline_table::{Array, DType};

use super::{Element, Selection};

/// Elements of a dataset or an attribute, C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Extents, slowest first; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements.
    pub data: Data,
}

/// Elements without their shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Numbers, truth values, or text of fixed width padded with NUL.
    Plain {
        /// Type of one.
        dtype: DType,
        /// All of them, little-endian.
        bytes: Vec<u8>,
    },
    /// Text of any length.
    Texts(Vec<String>),
    /// What can't be read, and what it is.
    Other(String),
}

impl Values {
    /// One text.
    pub fn text(text: impl Into<String>) -> Self {
        Values { shape: Vec::new(), data: Data::Texts(vec![text.into()]) }
    }

    /// A list of texts.
    pub fn texts(texts: Vec<String>) -> Self {
        Values { shape: vec![texts.len()], data: Data::Texts(texts) }
    }

    /// Numbers as little-endian bytes.
    pub fn plain(dtype: DType, shape: &[usize], bytes: Vec<u8>) -> Self {
        Values { shape: shape.to_vec(), data: Data::Plain { dtype, bytes } }
    }

    /// Numbers.
    pub fn f32(shape: &[usize], values: impl IntoIterator<Item = f32>) -> Self {
        Self::plain(DType::F32, shape, values.into_iter().flat_map(f32::to_le_bytes).collect())
    }

    /// Numbers.
    pub fn f64(shape: &[usize], values: impl IntoIterator<Item = f64>) -> Self {
        Self::plain(DType::F64, shape, values.into_iter().flat_map(f64::to_le_bytes).collect())
    }

    /// Numbers.
    pub fn i64(shape: &[usize], values: impl IntoIterator<Item = i64>) -> Self {
        Self::plain(DType::I64, shape, values.into_iter().flat_map(i64::to_le_bytes).collect())
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their type.
    pub fn element(&self) -> Element {
        match &self.data {
            Data::Plain { dtype, .. } => Element::Plain(*dtype),
            Data::Texts(_) => Element::Text { utf8: true },
            Data::Other(what) => Element::Other(what.clone()),
        }
    }

    /// The numbers or fixed texts as an array of rows along the first axis; `None` for other elements.
    pub fn into_array(self) -> Option<Array> {
        let row_shape = self.shape.get(1..).unwrap_or_default().to_vec();
        match self.data {
            Data::Plain { dtype, bytes } => Some(Array { dtype, row_shape, data: bytes }),
            Data::Texts(_) | Data::Other(_) => None,
        }
    }

    /// Element `index` (through all axes) as a number; `None` past the end and for text.
    pub fn get_f64(&self, index: usize) -> Option<f64> {
        self.one(index)?.get_f64(0)
    }

    /// Element `index` (through all axes) as an integer; `None` if it is none.
    pub fn get_i64(&self, index: usize) -> Option<i64> {
        self.one(index)?.get_i64(0)
    }

    /// Element `index` (through all axes) as text; `None` past the end and for numbers.
    pub fn get_text(&self, index: usize) -> Option<String> {
        match &self.data {
            Data::Texts(texts) => texts.get(index).cloned(),
            _ => self.one(index)?.get_text(0),
        }
    }

    /// One element as an array.
    fn one(&self, index: usize) -> Option<Array> {
        let Data::Plain { dtype, bytes } = &self.data else { return None };
        let start = index.checked_mul(dtype.size())?;
        let data = bytes.get(start..start.checked_add(dtype.size())?)?.to_vec();
        Some(Array { dtype: *dtype, row_shape: Vec::new(), data })
    }

    /// The elements of a selection. Spans past the end are cut.
    #[must_use]
    pub fn select(&self, selection: &Selection) -> Values {
        if selection.is_all(&self.shape) {
            return self.clone();
        }
        let selection = selection.clipped(&self.shape);
        let shape = selection.shape();
        let data = match &self.data {
            Data::Other(what) => Data::Other(what.clone()),
            Data::Texts(texts) => {
                let mut out = Vec::new();
                selection.runs(&self.shape, &mut |run| {
                    out.extend(texts.get(run).unwrap_or_default().iter().cloned());
                });
                Data::Texts(out)
            }
            Data::Plain { dtype, bytes } => {
                let (size, mut out) = (dtype.size(), Vec::new());
                selection.runs(&self.shape, &mut |run| {
                    let bytes = bytes.get(run.start * size..run.end * size);
                    out.extend_from_slice(bytes.unwrap_or_default());
                });
                Data::Plain { dtype: *dtype, bytes: out }
            }
        };
        Values { shape, data }
    }
}
