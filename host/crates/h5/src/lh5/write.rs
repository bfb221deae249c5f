//! Writing tables, scalars and structs.

use tierline_table::{
    Array, Attrs, Codec, Column, DType, DecodedSize, EncodedVectors, Object, Scalar, Table,
    VectorOfVectors,
};

use super::join;
use super::policy::ChunkPolicy;
use super::settings::{Plan, TableSettings};
use crate::{DatasetId, Error, Writer};

enum ColumnWriter {
    Array(DatasetId),
    Vectors { flattened: DatasetId, lengths: DatasetId, total: i64 },
    Encoded { flattened: DatasetId, lengths: DatasetId, sizes: Option<DatasetId>, total: i64 },
    Table(Vec<ColumnWriter>),
}

/// Writes one table, batch by batch.
pub struct TableWriter {
    path: String,
    layout: Table,
    columns: Vec<ColumnWriter>,
    rows: u64,
}

impl TableWriter {
    /// Declares a table at a path such as `ch0/raw`. Names, types and attributes are those of
    /// `table`, whose rows are *not* written. The groups above become structs.
    pub fn create(
        writer: &mut Writer,
        path: &str,
        table: &Table,
        policy: ChunkPolicy,
    ) -> Result<Self, Error> {
        Self::create_with(writer, path, table, policy, &TableSettings::new())
    }

    /// The same with settings of single columns. A path of the settings must lead to a column.
    pub fn create_with(
        writer: &mut Writer,
        path: &str,
        table: &Table,
        policy: ChunkPolicy,
        settings: &TableSettings,
    ) -> Result<Self, Error> {
        let path = writer.normal(path)?;
        let (limits, filters) = (policy.limits(table), writer.filters());
        let plan = Plan { limits, settings, root: &path, filters };
        if let Some(unknown) = plan.unknown(table) {
            return Err(writer.parameter(&join(&path, unknown), "there is no such column to set"));
        }
        listed(writer, &path)?;
        let columns = create_table(writer, &path, &Attrs::new(), table, &plan)?;
        Ok(TableWriter { path, layout: emptied(table), columns, rows: 0 })
    }

    /// Rows written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Path of the table in the file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Appends all rows of a table of the same layout.
    pub fn append(&mut self, writer: &mut Writer, table: &Table) -> Result<(), Error> {
        self.check(writer, table)?;
        append_columns(writer, &mut self.columns, table)?;
        self.rows += table.rows as u64;
        Ok(())
    }

    /// Appends all rows of a table of the same layout and leaves it empty, ready to be filled
    /// again. Columns that are exactly one chunk are not copied.
    pub fn append_drain(&mut self, writer: &mut Writer, table: &mut Table) -> Result<(), Error> {
        self.check(writer, table)?;
        let rows = table.rows as u64;
        drain_columns(writer, &mut self.columns, table)?;
        self.rows += rows;
        Ok(())
    }

    fn check(&self, writer: &Writer, table: &Table) -> Result<(), Error> {
        table.check().map_err(|error| writer.parameter(&self.path, error.to_string()))?;
        same_layout(&self.layout, table)
            .map_err(|name| writer.parameter(&self.path, format!("column '{name}' has changed")))
    }
}

/// Writes an object at a path. The groups above become structs.
pub fn write_object(
    writer: &mut Writer,
    path: &str,
    attrs: &Attrs,
    object: &Object,
) -> Result<(), Error> {
    let path = listed(writer, path)?;
    write_below(writer, &path, attrs, object)
}

fn write_below(
    writer: &mut Writer,
    path: &str,
    attrs: &Attrs,
    object: &Object,
) -> Result<(), Error> {
    match object {
        Object::Scalar(value) => {
            let kind = if matches!(value, Scalar::Bool(_)) { "bool" } else { "real" };
            writer.scalar(path, *value, &pairs(kind, attrs))
        }
        Object::Text(text) => writer.text(path, text, &pairs("string", attrs)),
        Object::Array(array) => {
            let datatype = array_datatype(array);
            let (shape, rows) = (&array.row_shape, array.rows().max(1));
            let id = writer.dataset(path, array.dtype, shape, rows, &pairs(&datatype, attrs))?;
            writer.append(id, &array.data)
        }
        Object::Table(table) => {
            let (limits, filters) = (ChunkPolicy::default().limits(table), writer.filters());
            let plan = Plan { limits, settings: &TableSettings::new(), root: path, filters };
            let mut columns = create_table(writer, path, attrs, table, &plan)?;
            append_columns(writer, &mut columns, table)
        }
        Object::Struct(fields) => {
            writer.group(path, &attrs.pairs())?;
            writer.child(path, None);
            for (name, attrs, object) in fields {
                field(writer, path, name)?;
                writer.child(path, Some(name));
                write_below(writer, &join(path, name), attrs, object)?;
            }
            Ok(())
        }
    }
}

/// Enters an object into the list of every group above it; returns its normal path.
fn listed(writer: &mut Writer, path: &str) -> Result<String, Error> {
    let path = writer.normal(path)?;
    if path.is_empty() {
        return Err(writer.parameter("/", "the root is a struct and nothing else"));
    }
    let mut parent = "";
    for (index, name) in path.split('/').enumerate() {
        field(writer, parent, name)?;
        if !writer.may_be_struct(parent) {
            return Err(writer.parameter(&path, format!("'{parent}' is no struct")));
        }
        writer.child(parent, Some(name));
        let end = parent.len() + usize::from(index > 0) + name.len();
        parent = &path[..end];
    }
    Ok(path)
}

fn create_table(
    writer: &mut Writer,
    path: &str,
    attrs: &Attrs,
    table: &Table,
    plan: &Plan,
) -> Result<Vec<ColumnWriter>, Error> {
    let mut names: Vec<&str> = table.columns.iter().map(|named| named.name.as_str()).collect();
    names.sort_unstable();
    let datatype = format!("table{{{}}}", names.join(","));
    writer.typed_group(path, &pairs(&datatype, attrs))?;
    let mut columns = Vec::with_capacity(table.columns.len());
    for named in &table.columns {
        field(writer, path, &named.name)?;
        let inner = join(path, &named.name);
        columns.push(match &named.column {
            Column::Array(array) => {
                let id = create_array(writer, &inner, &named.attrs, array, plan)?;
                if let Some(rows) = plan.limits.stripe_rows(array.row_bytes()) {
                    writer.try_stripes(id, rows);
                }
                ColumnWriter::Array(id)
            }
            Column::Vectors(vectors) => {
                create_vectors(writer, &inner, &named.attrs, vectors, plan)?
            }
            Column::Encoded(encoded) => {
                create_encoded(writer, &inner, &named.attrs, encoded, plan)?
            }
            Column::Table(table) => {
                ColumnWriter::Table(create_table(writer, &inner, &named.attrs, table, plan)?)
            }
        });
    }
    Ok(columns)
}

fn create_array(
    writer: &mut Writer,
    path: &str,
    attrs: &Attrs,
    array: &Array,
    plan: &Plan,
) -> Result<DatasetId, Error> {
    let (datatype, shape) = (array_datatype(array), &array.row_shape);
    let rows = plan.limits.rows(array.row_bytes());
    let (chunk, filters) = plan.storage(path, 1 + shape.len(), rows);
    writer.dataset_with(path, array.dtype, shape, chunk, &pairs(&datatype, attrs), filters)
}

fn create_vectors(
    writer: &mut Writer,
    path: &str,
    attrs: &Attrs,
    vectors: &VectorOfVectors,
    plan: &Plan,
) -> Result<ColumnWriter, Error> {
    let flattened = &vectors.flattened;
    let datatype = format!("array<1>{{{}}}", array_datatype(flattened));
    writer.typed_group(path, &pairs(&datatype, attrs))?;
    let data = join(path, "flattened_data");
    let flattened = create_array(writer, &data, &Attrs::new(), flattened, plan)?;
    let ends = Array::new(DType::I64, &[]);
    let path = join(path, "cumulative_length");
    let lengths = create_array(writer, &path, &Attrs::new(), &ends, plan)?;
    Ok(ColumnWriter::Vectors { flattened, lengths, total: 0 })
}

/// As the peers store it: the encoded bytes are not compressed again, and rows end within 32 bits.
fn create_encoded(
    writer: &mut Writer,
    path: &str,
    attrs: &Attrs,
    encoded: &EncodedVectors,
    plan: &Plan,
) -> Result<ColumnWriter, Error> {
    let datatype = match encoded.decoded_size {
        DecodedSize::Equal(_) => "array_of_encoded_equalsized_arrays<1,1>{real}",
        DecodedSize::PerRow(_) => "array<1>{encoded_array<1>{real}}",
    };
    let mut all = pairs(datatype, attrs);
    all.push(("codec", encoded.codec.name()));
    writer.typed_group(path, &all)?;
    if let Codec::RadwareSigcompress { shift } = encoded.codec {
        writer.number(path, "codec_shift", shift.into())?;
    }
    let real = [("datatype", "array<1>{real}")];
    let data = join(path, "encoded_data");
    writer.typed_group(&data, &[("datatype", "array<1>{array<1>{real}}")])?;
    let name = join(&data, "flattened_data");
    let (chunk, filters) = plan.encoded(&name, plan.limits.encoded_bytes());
    let flattened = writer.dataset_with(&name, DType::U8, &[], chunk, &real, filters)?;
    let numbers = Array::new(DType::U32, &[]);
    let name = join(&data, "cumulative_length");
    let lengths = create_array(writer, &name, &Attrs::new(), &numbers, plan)?;
    let name = join(path, "decoded_size");
    let sizes = match encoded.decoded_size {
        DecodedSize::Equal(samples) => {
            writer.scalar(&name, Scalar::I64(samples as i64), &[("datatype", "real")])?;
            None
        }
        DecodedSize::PerRow(_) => Some(create_array(writer, &name, &Attrs::new(), &numbers, plan)?),
    };
    Ok(ColumnWriter::Encoded { flattened, lengths, sizes, total: 0 })
}

fn append_columns(
    writer: &mut Writer,
    columns: &mut [ColumnWriter],
    table: &Table,
) -> Result<(), Error> {
    for (column, named) in columns.iter_mut().zip(&table.columns) {
        match (column, &named.column) {
            (ColumnWriter::Array(id), Column::Array(array)) => {
                writer.append(*id, &array.data)?;
                writer.append_empty(*id, table.rows)?;
            }
            (ColumnWriter::Vectors { flattened, lengths, total }, Column::Vectors(vectors)) => {
                append_lengths(writer, *lengths, total, &vectors.cumulative_length)?;
                writer.append(*flattened, &vectors.flattened.data)?;
            }
            (ColumnWriter::Encoded { flattened, lengths, sizes, total }, Column::Encoded(new)) => {
                append_ends(writer, *lengths, total, new)?;
                append_sizes(writer, *sizes, &new.decoded_size)?;
                writer.append(*flattened, &new.encoded_data.flattened.data)?;
            }
            (ColumnWriter::Table(columns), Column::Table(table)) => {
                append_columns(writer, columns, table)?;
            }
            _ => return Err(writer.parameter(&named.name, "the column has changed its kind")),
        }
    }
    Ok(())
}

fn drain_columns(
    writer: &mut Writer,
    columns: &mut [ColumnWriter],
    table: &mut Table,
) -> Result<(), Error> {
    let rows = std::mem::take(&mut table.rows);
    for (column, named) in columns.iter_mut().zip(&mut table.columns) {
        match (column, &mut named.column) {
            (ColumnWriter::Array(id), Column::Array(array)) => {
                array.data = writer.append_vec(*id, std::mem::take(&mut array.data))?;
                writer.append_empty(*id, rows)?;
            }
            (ColumnWriter::Vectors { flattened, lengths, total }, Column::Vectors(vectors)) => {
                append_lengths(writer, *lengths, total, &vectors.cumulative_length)?;
                vectors.cumulative_length.clear();
                let data = std::mem::take(&mut vectors.flattened.data);
                vectors.flattened.data = writer.append_vec(*flattened, data)?;
            }
            (ColumnWriter::Encoded { flattened, lengths, sizes, total }, Column::Encoded(new)) => {
                append_ends(writer, *lengths, total, new)?;
                append_sizes(writer, *sizes, &new.decoded_size)?;
                let data = std::mem::take(&mut new.encoded_data.flattened.data);
                new.clear();
                new.encoded_data.flattened.data = writer.append_vec(*flattened, data)?;
            }
            (ColumnWriter::Table(columns), Column::Table(table)) => {
                drain_columns(writer, columns, table)?;
            }
            _ => return Err(writer.parameter(&named.name, "the column has changed its kind")),
        }
    }
    Ok(())
}

/// Appends the ends of rows, counted from the start of the file.
fn append_lengths(
    writer: &mut Writer,
    lengths: DatasetId,
    total: &mut i64,
    ends: &[i64],
) -> Result<(), Error> {
    let bytes: Vec<u8> = ends.iter().flat_map(|end| (*total + end).to_le_bytes()).collect();
    *total += ends.last().copied().unwrap_or(0);
    writer.append(lengths, &bytes)
}

/// The same of encoded rows, whose ends the peers store in 32 bits.
fn append_ends(
    writer: &mut Writer,
    lengths: DatasetId,
    total: &mut i64,
    encoded: &EncodedVectors,
) -> Result<(), Error> {
    let mut bytes = Vec::with_capacity(4 * encoded.rows());
    for end in &encoded.encoded_data.cumulative_length {
        let Ok(end) = u32::try_from(*total + end) else {
            let reason = "a column holds at most 4 GiB of encoded rows: write several tables";
            return Err(writer.parameter(encoded.codec.name(), reason));
        };
        bytes.extend_from_slice(&end.to_le_bytes());
    }
    *total += encoded.encoded_data.cumulative_length.last().copied().unwrap_or(0);
    writer.append(lengths, &bytes)
}

fn append_sizes(
    writer: &mut Writer,
    id: Option<DatasetId>,
    sizes: &DecodedSize,
) -> Result<(), Error> {
    let (Some(id), DecodedSize::PerRow(sizes)) = (id, sizes) else { return Ok(()) };
    let bytes: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
    writer.append(id, &bytes)
}

fn array_datatype(array: &Array) -> String {
    let kind = match array.dtype {
        DType::Bool => "bool",
        DType::Text(_) => "string",
        _ => "real",
    };
    match array.row_shape.len() {
        1 => format!("array_of_equalsized_arrays<1,1>{{{kind}}}"),
        inner => format!("array<{}>{{{kind}}}", inner + 1),
    }
}

fn pairs<'a>(datatype: &'a str, attrs: &'a Attrs) -> Vec<(&'a str, &'a str)> {
    std::iter::once(("datatype", datatype)).chain(attrs.pairs()).collect()
}

fn field(writer: &Writer, path: &str, name: &str) -> Result<(), Error> {
    if name.is_empty() || name.contains(['/', ',', '{', '}']) {
        return Err(writer.parameter(path, format!("'{name}' is no name for a field")));
    }
    Ok(())
}

fn emptied(table: &Table) -> Table {
    let mut columns = table.columns.clone();
    columns.iter_mut().for_each(|named| {
        named.column = match &named.column {
            Column::Array(array) => Column::Array(Array::new(array.dtype, &array.row_shape)),
            Column::Vectors(vectors) => Column::Vectors(VectorOfVectors {
                flattened: Array::new(vectors.flattened.dtype, &vectors.flattened.row_shape),
                cumulative_length: Vec::new(),
            }),
            Column::Encoded(encoded) => {
                let size = match encoded.decoded_size {
                    DecodedSize::Equal(samples) => DecodedSize::Equal(samples),
                    DecodedSize::PerRow(_) => DecodedSize::PerRow(Vec::new()),
                };
                Column::Encoded(EncodedVectors::new(encoded.codec, size))
            }
            Column::Table(table) => Column::Table(emptied(table)),
        };
    });
    Table { columns, rows: 0 }
}

/// Compares names, types and shapes; the error is the name of the first column that differs.
fn same_layout(expected: &Table, found: &Table) -> Result<(), String> {
    let same = |a: &Array, b: &Array| a.dtype == b.dtype && a.row_shape == b.row_shape;
    for (index, named) in expected.columns.iter().enumerate() {
        let other = found.columns.get(index).filter(|other| other.name == named.name);
        let equal = match (&named.column, other.map(|other| &other.column)) {
            (Column::Array(a), Some(Column::Array(b))) => same(a, b),
            (Column::Vectors(a), Some(Column::Vectors(b))) => same(&a.flattened, &b.flattened),
            (Column::Encoded(a), Some(Column::Encoded(b))) => {
                a.codec == b.codec && same_size(&a.decoded_size, &b.decoded_size)
            }
            (Column::Table(a), Some(Column::Table(b))) => {
                same_layout(a, b)?;
                true
            }
            _ => false,
        };
        if !equal {
            return Err(named.name.clone());
        }
    }
    match found.columns.get(expected.columns.len()) {
        Some(extra) => Err(extra.name.clone()),
        None => Ok(()),
    }
}

fn same_size(a: &DecodedSize, b: &DecodedSize) -> bool {
    match (a, b) {
        (DecodedSize::Equal(a), DecodedSize::Equal(b)) => a == b,
        (DecodedSize::PerRow(_), DecodedSize::PerRow(_)) => true,
        _ => false,
    }
}
