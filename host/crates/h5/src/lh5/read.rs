//! Reading tables of LH5 files of any maker.

use std::ops::Range;
use std::path::Path;

use tierline_table::{
    Array, Attrs, Codec, Column, DType, DecodedSize, EncodedVectors, NamedColumn, Table,
    VectorOfVectors,
};

use super::codec;
use super::join;
use crate::tree::{DatasetInfo, ElementType, Node, NodeKind, Reader};
use crate::{Error, tree};

/// Rows of text that are looked at together for the longest.
const TEXTS: usize = 65_536;

/// What becomes of encoded waveforms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Waveforms {
    /// They are decoded into samples of type `i32`.
    #[default]
    Decoded,
    /// They are handed over as they are stored.
    Encoded,
}

/// Where a column is, and how it is read.
enum Source {
    Array,
    /// Texts of any length, of which the longest has this many bytes.
    Texts(u16),
    Vectors,
    Encoded(EncodedVectors),
    Table(Vec<Source>),
}

/// A table of an LH5 file, read in batches of rows.
///
/// ```
/// use std::path::Path;
/// use tierline_h5::lh5::TableReader;
///
/// # fn sum(file: &Path) -> Result<f64, tierline_h5::Error> {
/// let table = TableReader::open(file, "ch0/raw")?;
/// let mut sum = 0.0;
/// for batch in table.batches(1 << 20) {
///     sum += batch?.array("energy").map_or(0.0, |energy| energy.iter_f64().sum());
/// }
/// # Ok(sum)
/// # }
/// ```
pub struct TableReader {
    reader: Reader,
    path: String,
    waveforms: Waveforms,
    /// Whether the object is a column, which then is the only one of the table.
    single: bool,
    layout: Table,
    sources: Vec<Source>,
    rows: usize,
    /// Rows that are stored together.
    chunk_rows: usize,
}

impl TableReader {
    /// Opens a table, or a column as a table of one column, by its path in the file, for example
    /// `ch0/raw` or `ch0/raw/waveform/values`. Encoded waveforms are decoded.
    pub fn open(file: &Path, path: &str) -> Result<Self, Error> {
        Self::new(Reader::open(file)?, path, Waveforms::Decoded)
    }

    /// The same in a file that is open.
    pub fn new(reader: Reader, path: &str, waveforms: Waveforms) -> Result<Self, Error> {
        let node = reader.node(path)?;
        Self::of(reader, &node, waveforms)
    }

    /// The same of an object that was found in the file before.
    pub fn of(reader: Reader, node: &Node, waveforms: Waveforms) -> Result<Self, Error> {
        let path = node.path.trim_matches('/').to_owned();
        let at = At { reader: &reader, waveforms };
        let is_table = kind(node) == Kind::Table;
        let (layout, sources) = if is_table {
            at.table(node)?
        } else {
            let (named, source) = at.column(node)?;
            (Table { columns: vec![named], rows: 0 }, vec![source])
        };
        let rows = at.rows(node)?;
        let (single, chunk_rows) = (!is_table, chunk_rows(node).1);
        Ok(TableReader { reader, path, waveforms, single, layout, sources, rows, chunk_rows })
    }

    /// Columns, types, shapes and attributes, without rows.
    pub fn layout(&self) -> &Table {
        &self.layout
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of a row, about: rows of differing length count with the average of the file.
    pub fn row_bytes(&self) -> Result<usize, Error> {
        let mut bytes = 0usize;
        let above = if self.single { self.parent() } else { &self.path };
        for (named, source) in self.layout.columns.iter().zip(&self.sources) {
            let own = self.column_bytes(named, source, &join(above, &named.name))?;
            bytes = own.saturating_add(bytes);
        }
        Ok(bytes.max(1))
    }

    /// Rows of about so many bytes, at least 1: whole chunks of the widest column if these fit, since
    /// a chunk is always read as a whole.
    pub fn batch_rows(&self, bytes: usize) -> Result<usize, Error> {
        let rows = (bytes / self.row_bytes()?).max(1);
        Ok(if rows > self.chunk_rows { rows / self.chunk_rows * self.chunk_rows } else { rows })
    }

    /// Reads some rows; those past the end are left out. The file's limit holds for each column.
    pub fn read(&self, rows: Range<usize>) -> Result<Table, Error> {
        let end = rows.end.min(self.rows);
        let rows = rows.start.min(end)..end;
        let mut table = Table { columns: Vec::new(), rows: rows.len() };
        let above = if self.single { self.parent() } else { &self.path };
        for (named, source) in self.layout.columns.iter().zip(&self.sources) {
            table.columns.push(self.column(named, source, above, rows.clone())?);
        }
        let check = table.check();
        check
            .map_err(|error| Error::malformed(self.reader.path(), &self.path, error.to_string()))?;
        Ok(table)
    }

    /// All rows, in batches of about so many bytes.
    pub fn batches(&self, bytes: usize) -> impl Iterator<Item = Result<Table, Error>> + '_ {
        let mut failed = None;
        let step = self.batch_rows(bytes).unwrap_or_else(|error| {
            failed = Some(Err(error));
            usize::MAX
        });
        let rows = if failed.is_some() { 0 } else { self.rows };
        let starts = (0..rows).step_by(step);
        let batch = move |start: usize| self.read(start..start.saturating_add(step));
        failed.into_iter().chain(starts.map(batch))
    }

    fn parent(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(above, _)| above)
    }

    fn column_bytes(
        &self,
        named: &NamedColumn,
        source: &Source,
        path: &str,
    ) -> Result<usize, Error> {
        let average = |flattened: &str, size: usize| -> Result<usize, Error> {
            let node = self.reader.node(flattened)?;
            let shape = node.dataset().map_or(&[0][..], |info| info.shape.as_slice());
            let elements = shape.iter().fold(1usize, |all, n| all.saturating_mul(*n));
            Ok((elements / self.rows.max(1)).saturating_mul(size).saturating_add(8))
        };
        match (source, &named.column) {
            (Source::Table(sources), Column::Table(table)) => {
                let mut sum = 0usize;
                for (named, source) in table.columns.iter().zip(sources) {
                    let own = self.column_bytes(named, source, &join(path, &named.name))?;
                    sum = own.saturating_add(sum);
                }
                Ok(sum)
            }
            (_, Column::Array(array)) => Ok(array.row_bytes()),
            (Source::Vectors, Column::Vectors(vectors)) => {
                average(&join(path, "flattened_data"), vectors.flattened.dtype.size())
            }
            // Decoded vectors have at most as many samples as bytes, about.
            _ => average(&join(path, "encoded_data/flattened_data"), 4),
        }
    }

    fn column(
        &self,
        named: &NamedColumn,
        source: &Source,
        above: &str,
        rows: Range<usize>,
    ) -> Result<NamedColumn, Error> {
        let path = join(above, &named.name);
        let column = match (source, &named.column) {
            (Source::Table(sources), Column::Table(layout)) => {
                let mut table = Table { columns: Vec::new(), rows: rows.len() };
                for (named, source) in layout.columns.iter().zip(sources) {
                    table.columns.push(self.column(named, source, &path, rows.clone())?);
                }
                table.into()
            }
            (Source::Texts(width), _) => {
                let mut array = Array::new(DType::Text(*width), &[]);
                let texts = self.reader.texts(&path, rows)?;
                texts.iter().for_each(|text| array.push_text(text));
                array.into()
            }
            (Source::Vectors, _) => {
                let mut vectors = self.reader.vectors(&path, rows)?;
                if let Column::Vectors(layout) = &named.column {
                    vectors.flattened.dtype = layout.flattened.dtype;
                }
                vectors.into()
            }
            (Source::Encoded(empty), _) => self.encoded(empty, &path, rows)?,
            _ => {
                let mut array = self.reader.array(&path, rows)?;
                if let Column::Array(layout) = &named.column {
                    array.dtype = layout.dtype;
                }
                array.into()
            }
        };
        Ok(NamedColumn { name: named.name.clone(), attrs: named.attrs.clone(), column })
    }

    fn encoded(
        &self,
        empty: &EncodedVectors,
        path: &str,
        rows: Range<usize>,
    ) -> Result<Column, Error> {
        let encoded_data = self.reader.vectors(&join(path, "encoded_data"), rows.clone())?;
        let decoded_size = match empty.decoded_size {
            DecodedSize::Equal(samples) => DecodedSize::Equal(samples),
            DecodedSize::PerRow(_) => {
                let sizes = self.reader.array(&join(path, "decoded_size"), rows)?;
                let size = |row| sizes.get_i64(row).and_then(|size| u32::try_from(size).ok());
                let sizes: Option<Vec<u32>> = (0..sizes.rows()).map(size).collect();
                let sizes = sizes.ok_or_else(|| self.malformed(path, "a size is negative"))?;
                DecodedSize::PerRow(sizes)
            }
        };
        let encoded = EncodedVectors { codec: empty.codec, decoded_size, encoded_data };
        match self.waveforms {
            Waveforms::Encoded => Ok(encoded.into()),
            Waveforms::Decoded => codec::decode_column(&encoded, self.reader.max_allocation)
                .map_err(|error| self.malformed(path, error.to_string())),
        }
    }

    fn malformed(&self, path: &str, reason: impl Into<String>) -> Error {
        Error::malformed(self.reader.path(), path, reason)
    }
}

/// What an LH5 type is, as far as columns go.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Table,
    Vectors,
    Encoded,
    Array,
    Other,
}

fn kind(node: &Node) -> Kind {
    let datatype = node.datatype.as_deref().unwrap_or_default();
    match &node.kind {
        NodeKind::Dataset(info) if !info.shape.is_empty() => Kind::Array,
        NodeKind::Group if datatype.starts_with("table{") => Kind::Table,
        NodeKind::Group if datatype.starts_with("array<1>{encoded_array<1>{") => Kind::Encoded,
        NodeKind::Group if datatype.starts_with("array_of_encoded_equalsized_arrays<1,1>{") => {
            Kind::Encoded
        }
        NodeKind::Group if datatype.starts_with("array<1>{array") => Kind::Vectors,
        _ => Kind::Other,
    }
}

/// Elements to the row and rows to the chunk of the widest array of an object.
fn chunk_rows(node: &Node) -> (usize, usize) {
    let own = match &node.kind {
        NodeKind::Dataset(info) if info.shape.len() > 1 => {
            let elements = info.shape[1..].iter().fold(1usize, |all, n| all.saturating_mul(*n));
            let rows = info.chunk.as_ref().and_then(|chunk| chunk.first().copied());
            (elements, rows.unwrap_or(1).max(1))
        }
        _ => (0, 1),
    };
    node.children.iter().map(chunk_rows).fold(own, |widest, one| match one.0 > widest.0 {
        true => one,
        false => widest,
    })
}

/// The fields of a table, in the order of its LH5 type.
fn fields(datatype: &str) -> impl Iterator<Item = &str> {
    let list = datatype.split_once('{').map_or("", |(_, rest)| rest);
    list.trim_end_matches('}').split(',').filter(|name| !name.is_empty())
}

/// Looks at what is to be read.
struct At<'a> {
    reader: &'a Reader,
    waveforms: Waveforms,
}

impl At<'_> {
    fn table(&self, node: &Node) -> Result<(Table, Vec<Source>), Error> {
        let (mut table, mut sources) = (Table::new(), Vec::new());
        for name in fields(node.datatype.as_deref().unwrap_or_default()) {
            let child = node.children.iter().find(|child| child.name == name);
            let child = child.ok_or_else(|| {
                self.malformed(node, format!("column '{name}' is listed and not there"))
            })?;
            if table.columns.iter().any(|named: &NamedColumn| named.name == name) {
                return Err(self.malformed(node, format!("column '{name}' is listed twice")));
            }
            let (named, source) = self.column(child)?;
            table.columns.push(named);
            sources.push(source);
        }
        Ok((table, sources))
    }

    /// A column without rows, and how to read it.
    fn column(&self, node: &Node) -> Result<(NamedColumn, Source), Error> {
        let (column, source) = match kind(node) {
            Kind::Table => {
                let (table, sources) = self.table(node)?;
                (Column::Table(table), Source::Table(sources))
            }
            Kind::Array => self.array(node)?,
            Kind::Vectors => {
                let Some(info) = node.find("flattened_data").and_then(Node::dataset) else {
                    return Err(self.unsupported(node, "vectors of vectors of vectors"));
                };
                let flattened = self.empty(node, info)?;
                let vectors = VectorOfVectors { flattened, cumulative_length: Vec::new() };
                (vectors.into(), Source::Vectors)
            }
            Kind::Encoded => self.encoded(node)?,
            Kind::Other => return Err(self.no_column(node)),
        };
        let attrs = match source {
            Source::Encoded(_) => without_codec(&node.attrs),
            _ => node.attrs.clone(),
        };
        Ok((NamedColumn { name: node.name.clone(), attrs, column }, source))
    }

    fn array(&self, node: &Node) -> Result<(Column, Source), Error> {
        let Some(info) = node.dataset() else { return Err(self.no_column(node)) };
        let row_shape = info.shape.get(1..).unwrap_or_default();
        if info.element == ElementType::Text && row_shape.is_empty() {
            let width = self.longest(node, info.shape[0])?;
            return Ok((Array::new(DType::Text(width), &[]).into(), Source::Texts(width)));
        }
        Ok((self.empty(node, info)?.into(), Source::Array))
    }

    /// An array without rows; an error if a row is above the limit of what is read.
    fn empty(&self, node: &Node, info: &DatasetInfo) -> Result<Array, Error> {
        let dtype = self.dtype(node, info)?;
        let row_shape = info.shape.get(1..).unwrap_or_default();
        self.fits(node, dtype, row_shape)?;
        Ok(Array::new(dtype, row_shape))
    }

    fn fits(&self, node: &Node, dtype: DType, row_shape: &[usize]) -> Result<(), Error> {
        let size = dtype.size() as u64;
        let bytes = row_shape.iter().fold(size, |bytes, n| bytes.saturating_mul(*n as u64));
        match self.reader.max_allocation {
            limit if bytes > limit => Err(self.limit(node, bytes, limit)),
            _ => Ok(()),
        }
    }

    /// Bytes of the longest text, at least 1.
    fn longest(&self, node: &Node, rows: usize) -> Result<u16, Error> {
        let mut longest = 1;
        for start in (0..rows).step_by(TEXTS) {
            let texts = self.reader.texts(&node.path, start..start + TEXTS)?;
            longest = texts.iter().map(String::len).fold(longest, usize::max);
        }
        let limit = u64::from(u16::MAX);
        u16::try_from(longest).map_err(|_| self.limit(node, longest as u64, limit))
    }

    fn dtype(&self, node: &Node, info: &DatasetInfo) -> Result<DType, Error> {
        let datatype = node.datatype.as_deref().unwrap_or_default();
        match &info.element {
            ElementType::Plain(DType::U8 | DType::I8) if datatype.contains("{bool}") => {
                Ok(DType::Bool)
            }
            ElementType::Plain(dtype) => Ok(*dtype),
            ElementType::Text => Err(self.unsupported(node, "texts of any length in rows")),
            ElementType::Other(name) => {
                Err(self.unsupported(node, format!("elements of type {name}")))
            }
        }
    }

    fn encoded(&self, node: &Node) -> Result<(Column, Source), Error> {
        let size = node.find("decoded_size").and_then(Node::dataset);
        let Some(size) = size else { return Err(self.malformed(node, "has no decoded_size")) };
        let decoded_size = match size.shape.len() {
            0 => {
                let path = join(&node.path, "decoded_size");
                let size = self.reader.array(&path, 0..1)?.get_i64(0);
                let size = size.and_then(|size| usize::try_from(size).ok());
                let size = size.ok_or_else(|| self.malformed(node, "decoded_size is no size"))?;
                self.fits(node, DType::I32, &[size])?;
                DecodedSize::Equal(size)
            }
            _ => DecodedSize::PerRow(Vec::new()),
        };
        let data = node.find("encoded_data/flattened_data").and_then(Node::dataset);
        let bytes = ElementType::Plain(DType::U8);
        if data.is_none_or(|info| info.element != bytes || info.shape.len() != 1) {
            return Err(self.malformed(node, "the encoded data are no vectors of bytes"));
        }
        let empty = EncodedVectors::new(self.codec(node)?, decoded_size);
        let column = match (self.waveforms, &empty.decoded_size) {
            (Waveforms::Encoded, _) => Column::Encoded(empty.clone()),
            (Waveforms::Decoded, DecodedSize::Equal(samples)) => {
                Array::new(DType::I32, &[*samples]).into()
            }
            (Waveforms::Decoded, DecodedSize::PerRow(_)) => VectorOfVectors::new(DType::I32).into(),
        };
        Ok((column, Source::Encoded(empty)))
    }

    fn codec(&self, node: &Node) -> Result<Codec, Error> {
        let attr = |wanted: &str| {
            let found = node.attrs.other.iter().find(|(name, _)| name == wanted);
            found.map(|(_, text)| text.as_str())
        };
        match attr("codec") {
            Some("uleb128_zigzag_diff") => Ok(Codec::Uleb128ZigZagDiff),
            Some("radware_sigcompress") => {
                let shift: f64 = attr("codec_shift").unwrap_or("0").parse().unwrap_or(f64::NAN);
                match shift as i32 {
                    whole if f64::from(whole) == shift => {
                        Ok(Codec::RadwareSigcompress { shift: whole })
                    }
                    _ => Err(self.malformed(node, "codec_shift is no integer of 32 bits")),
                }
            }
            Some(other) => Err(self.unsupported(node, format!("waveforms in codec '{other}'"))),
            None => Err(self.malformed(node, "encoded waveforms without a codec")),
        }
    }

    /// Rows of a table or column; all columns of a table have as many.
    fn rows(&self, node: &Node) -> Result<usize, Error> {
        let extent = |path: &str| {
            let info = node.find(path).and_then(Node::dataset);
            info.and_then(|info| info.shape.first().copied())
        };
        let found = match kind(node) {
            Kind::Array => extent(""),
            Kind::Vectors => extent("cumulative_length"),
            Kind::Encoded => extent("encoded_data/cumulative_length"),
            Kind::Table => {
                let mut rows: Option<(&str, usize)> = None;
                for name in fields(node.datatype.as_deref().unwrap_or_default()) {
                    let Some(child) = node.children.iter().find(|child| child.name == name) else {
                        continue;
                    };
                    let own = self.rows(child)?;
                    match rows {
                        Some((first, rows)) if rows != own => {
                            let reason =
                                format!("'{name}' has {own} rows and '{first}' has {rows}");
                            return Err(self.malformed(node, reason));
                        }
                        _ => rows = Some((name, own)),
                    }
                }
                Some(rows.map_or(0, |(_, rows)| rows))
            }
            Kind::Other => None,
        };
        found.ok_or_else(|| self.malformed(node, "has no rows"))
    }

    fn no_column(&self, node: &Node) -> Error {
        match (&node.kind, node.datatype.as_deref()) {
            (NodeKind::Group, Some(datatype)) => {
                self.unsupported(node, format!("{datatype} is no table and no column"))
            }
            (NodeKind::Dataset(_), _) => self.unsupported(node, "one value is no column"),
            _ => self.unsupported(node, "this is no LH5 object"),
        }
    }

    fn malformed(&self, node: &Node, reason: impl Into<String>) -> Error {
        Error::malformed(self.reader.path(), &node.path, reason)
    }

    fn unsupported(&self, node: &Node, reason: impl Into<String>) -> Error {
        Error::unsupported(self.reader.path(), &node.path, reason)
    }

    fn limit(&self, node: &Node, found: u64, limit: u64) -> Error {
        let path = self.reader.path().to_path_buf();
        Error::Limit { path, object: node.path.clone(), found, limit }
    }
}

fn without_codec(attrs: &Attrs) -> Attrs {
    let mut attrs = attrs.clone();
    attrs.other.retain(|(name, _)| name != "codec" && name != "codec_shift");
    attrs
}

/// A table of a file: where it is, its rows, and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableEntry {
    /// Path from the root, for example `/ch0/raw`.
    pub path: String,
    /// Rows; `None` where columns differ or one of them can't be read.
    pub rows: Option<usize>,
    /// Names of the columns, in the order of the file.
    pub columns: Vec<String>,
}

/// All tables below a node, but those that are columns of another one.
pub fn tables(reader: &Reader, node: &tree::Node) -> Vec<TableEntry> {
    if kind(node) == Kind::Table {
        let rows = At { reader, waveforms: Waveforms::Encoded }.rows(node).ok();
        let names = fields(node.datatype.as_deref().unwrap_or_default());
        let columns = names.map(str::to_owned).collect();
        return vec![TableEntry { path: node.path.clone(), rows, columns }];
    }
    node.children.iter().flat_map(|child| tables(reader, child)).collect()
}
