//! What the tables of the output are: those of all inputs, which must fit.

use std::collections::BTreeMap;

use tierline_h5::browse::{Attribute, Elements, Kind, Link};
use tierline_h5::pytables::{Schema, Table, Value};
use tierline_h5::tree::Reader;
use tierline_table::{Array, DType, Scalar};

use crate::{Error, Place};

/// Groups inside of groups.
const MAX_DEPTH: usize = 32;
/// Tables of a file.
const MAX_TABLES: usize = 1 << 17;

/// How the rows of a table are merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// All of them.
    Append,
    /// Those of the first file that has the table; others that differ are noted.
    Once,
    /// All, but equal ones once.
    Distinct,
    /// Those of the first file, with the sum of the counts.
    Sum,
    /// Events that tell where their images are.
    Events,
    /// Images that tell of which event they are; the first row is blank.
    Images,
}

/// A table of the output.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) rule: Rule,
    pub(super) title: String,
    pub(super) schema: Schema,
    pub(super) values: Vec<(String, Value)>,
}

/// All tables of the output, by their paths.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) tables: BTreeMap<String, Planned>,
}

/// Attributes that the writer makes itself.
fn is_own(name: &str) -> bool {
    ["CLASS", "VERSION", "TITLE", "NROWS", "FILTERS", "PYTABLES_FORMAT_VERSION"].contains(&name)
        || name.starts_with("FIELD_")
}

impl Plan {
    /// Adds the tables of a file, or checks that they are as those known. Returns their paths; what is no table is
    /// noted.
    pub(super) fn add(
        &mut self,
        file: &Reader,
        rule: impl Fn(&str) -> Rule,
        notes: &mut Vec<String>,
    ) -> Result<Vec<String>, Error> {
        let mut paths = Vec::new();
        let mut others = Vec::new();
        walk(file, "", 0, &mut paths, &mut others)?;
        for path in others {
            notes.push(format!("{}: {path} is no table and is left out", file.path().display()));
        }
        for path in &paths {
            let planned = describe(file, path, rule(path), notes)?;
            match self.tables.get_mut(path) {
                Some(known) => known.join(file, path, planned)?,
                None => _ = self.tables.insert(path.clone(), planned),
            }
        }
        Ok(paths)
    }
}

/// Paths of all tables below a group, and of other datasets. Indexes of PyTables are passed over.
fn walk(
    file: &Reader,
    path: &str,
    depth: usize,
    tables: &mut Vec<String>,
    others: &mut Vec<String>,
) -> Result<(), Error> {
    let group = file.item(if path.is_empty() { "/" } else { path })?;
    let malformed =
        |reason: String| Error::malformed(file.path(), Place::Entry(path.to_owned()), reason);
    if depth > MAX_DEPTH {
        return Err(malformed(format!("groups are nested deeper than {MAX_DEPTH}")));
    }
    for (name, link) in group.members()? {
        let below = format!("{path}/{name}");
        if name.starts_with("_i_") {
            continue;
        }
        if link != Link::Hard {
            others.push(below);
            continue;
        }
        match group.member(&name)?.kind() {
            Kind::Group => walk(file, &below, depth + 1, tables, others)?,
            Kind::Dataset if file.table(&below).is_ok() => tables.push(below),
            _ => others.push(below),
        }
        if tables.len() + others.len() > MAX_TABLES {
            return Err(malformed(format!("there are more than {MAX_TABLES} tables")));
        }
    }
    Ok(())
}

fn describe(
    file: &Reader,
    path: &str,
    rule: Rule,
    notes: &mut Vec<String>,
) -> Result<Planned, Error> {
    let table = file.table(path)?;
    let schema = table.schema();
    let bytes = schema.columns().iter().map(|column| column.bytes()).sum::<usize>();
    if bytes != schema.row_bytes() {
        let reason = format!(
            "columns whose type is not known: {} of {} bytes of a row",
            schema.row_bytes().abs_diff(bytes),
            schema.row_bytes()
        );
        return Err(Error::unsupported(file.path(), Place::Entry(path.to_owned()), reason));
    }
    let mut planned =
        Planned { rule, title: String::new(), schema: packed(&table), values: Vec::new() };
    for attribute in file.item(path)?.attributes()? {
        if attribute.name == "TITLE" {
            if let Some(Value::Text(title)) = value(&attribute) {
                planned.title = title;
            }
        } else if !is_own(&attribute.name) {
            match value(&attribute) {
                Some(value) => planned.values.push((attribute.name, value)),
                None => {
                    let (name, file) = (&attribute.name, file.path().display());
                    notes.push(format!("{file}: {path}: attribute {name} is left out"));
                }
            }
        }
    }
    Ok(planned)
}

fn packed(table: &Table) -> Schema {
    let mut schema = Schema::new();
    for column in table.schema().columns() {
        schema.push_array(&column.name, column.dtype, &column.shape);
    }
    schema
}

/// An attribute as it is written again.
pub(super) fn value(attribute: &Attribute) -> Option<Value> {
    match &attribute.elements {
        Elements::Plain(DType::Text(_), bytes) => {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            let text = bytes.get(..end)?;
            match (attribute.shape.is_empty(), attribute.utf8) {
                (true, true) => Some(Value::Text(String::from_utf8_lossy(text).into_owned())),
                (true, false) => Some(Value::Ascii(text.to_vec())),
                _ => None,
            }
        }
        Elements::Plain(dtype, bytes) if attribute.shape.is_empty() => {
            let first = |value: i64| Some(Value::Scalar(scalar(*dtype, value)));
            let mut array = Array::new(*dtype, &[]);
            array.data = bytes.clone();
            match dtype {
                DType::F32 => Some(Value::from(array.get_f64(0)? as f32)),
                DType::F64 => Some(Value::from(array.get_f64(0)?)),
                DType::U64 => Some(Value::Scalar(Scalar::U64(array.get_i64(0)? as u64))),
                _ => first(array.get_i64(0)?),
            }
        }
        Elements::Plain(dtype, bytes) if attribute.shape.len() == 1 => {
            let mut array = Array::new(*dtype, &[]);
            array.data = bytes.clone();
            Some(Value::Array(array))
        }
        Elements::Texts(texts) if texts.len() == 1 => Some(Value::Text(texts[0].clone())),
        Elements::Other(what) if what == "empty" => Some(Value::Text(String::new())),
        _ => None,
    }
}

fn scalar(dtype: DType, value: i64) -> Scalar {
    match dtype {
        DType::Bool => Scalar::Bool(value != 0),
        DType::U8 => Scalar::U8(value as u8),
        DType::I8 => Scalar::I8(value as i8),
        DType::U16 => Scalar::U16(value as u16),
        DType::I16 => Scalar::I16(value as i16),
        DType::U32 => Scalar::U32(value as u32),
        DType::I32 => Scalar::I32(value as i32),
        _ => Scalar::I64(value),
    }
}

impl Planned {
    /// Checks that a table of the same path has the same columns. Texts get the larger width.
    fn join(&mut self, file: &Reader, path: &str, other: Planned) -> Result<(), Error> {
        let malformed = |reason: String| {
            Err(Error::malformed(file.path(), Place::Entry(path.to_owned()), reason))
        };
        let (own, others) = (self.schema.columns(), other.schema.columns());
        let mut schema = Schema::new();
        for (a, b) in own.iter().zip(others) {
            let dtype = match (a.dtype, b.dtype) {
                (DType::Text(a), DType::Text(b)) => Some(DType::Text(a.max(b))),
                (a, b) => (a == b).then_some(a),
            };
            let same = a.name == b.name && a.shape == b.shape;
            let Some(dtype) = dtype.filter(|_| same) else {
                let (a, b) = (described(a), described(b));
                return malformed(format!("column {b}, but {a} in the files before"));
            };
            schema.push_array(&a.name, dtype, &a.shape);
        }
        if own.len() != others.len() {
            let (a, b) = (own.len(), others.len());
            return malformed(format!("{b} columns, but {a} in the files before"));
        }
        for (name, value) in &self.values {
            let free = ["_DESC", "_NAME", "_MAXLEN"].iter().any(|free| name.ends_with(free));
            if !name.starts_with("CTAFIELD_") || free {
                continue;
            }
            let theirs = other.values.iter().find(|(other, _)| other == name);
            if theirs.is_some_and(|(_, theirs)| theirs != value) || theirs.is_none() {
                let column = name.split('_').nth(1).and_then(|n| n.parse::<usize>().ok());
                let column = column.and_then(|n| own.get(n)).map_or("", |column| &column.name);
                return malformed(format!(
                    "{name} of column {column} differs from the files before"
                ));
            }
        }
        for (n, column) in schema.columns().iter().enumerate() {
            if let DType::Text(width) = column.dtype {
                let name = format!("CTAFIELD_{n}_MAXLEN");
                let known = self.values.iter_mut().find(|(own, _)| *own == name);
                known.into_iter().for_each(|(_, value)| *value = i64::from(width).into());
            }
        }
        self.schema = schema;
        Ok(())
    }
}

fn described(column: &tierline_h5::pytables::Column) -> String {
    match column.shape.is_empty() {
        true => format!("{} of {}", column.name, column.dtype),
        false => format!("{} of {} {:?}", column.name, column.dtype, column.shape),
    }
}
