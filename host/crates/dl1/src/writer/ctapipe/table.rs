//! Columns with their meaning, and the attributes that tell it.

use tierline_h5::pytables::{FileWriter, Schema, TableId, Value};
use tierline_table::DType;

use crate::Error;
use crate::writer::Row;

/// What the numbers of a column mean, and how they are stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Meaning {
    /// A plain number, array or truth value.
    Plain,
    /// A quantity with a unit, in VOUnit's notation.
    Quantity(&'static str),
    /// Seconds since 1970, TAI, and quarters of a nanosecond.
    HighResolution,
    /// A modified Julian date, TAI.
    Mjd,
    /// A member of one of ctapipe's enumerations.
    Enum(&'static str),
    /// Text of fixed width.
    Text,
    /// Truth value for each telescope of the layout.
    TelescopeMask,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) dtype: DType,
    pub(crate) meaning: Meaning,
    pub(crate) description: &'static str,
}

/// A plain column.
pub(crate) const fn plain(name: &'static str, dtype: DType, description: &'static str) -> Field {
    Field { name, dtype, meaning: Meaning::Plain, description }
}

/// A column with a unit.
pub(crate) const fn quantity(
    name: &'static str,
    dtype: DType,
    unit: &'static str,
    description: &'static str,
) -> Field {
    Field { name, dtype, meaning: Meaning::Quantity(unit), description }
}

/// A column of one of ctapipe's enumerations.
pub(crate) const fn members(
    name: &'static str,
    of: &'static str,
    description: &'static str,
) -> Field {
    Field { name, dtype: DType::I64, meaning: Meaning::Enum(of), description }
}

/// A column of another meaning.
pub(crate) const fn special(
    name: &'static str,
    dtype: DType,
    meaning: Meaning,
    description: &'static str,
) -> Field {
    Field { name, dtype, meaning, description }
}

/// Columns that belong together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Container {
    /// Name of ctapipe's class, for the title.
    pub(crate) name: &'static str,
    /// Prefix of the columns; empty for none.
    pub(crate) prefix: &'static str,
    pub(crate) fields: &'static [Field],
}

/// A table that is about to be created.
pub(crate) struct Table {
    pub(crate) schema: Schema,
    pub(crate) values: Vec<(String, Value)>,
    names: Vec<&'static str>,
    /// Columns tell their name and description, and the table the version: it is written row by row.
    described: bool,
}

impl Table {
    /// A table that ctapipe would write row by row.
    pub(crate) fn of_rows(version: &str) -> Self {
        let values = vec![("CTAPIPE_VERSION".to_owned(), version.into())];
        Table { schema: Schema::new(), values, names: Vec::new(), described: true }
    }

    /// A table that ctapipe would write at once.
    pub(crate) fn whole() -> Self {
        Table { schema: Schema::new(), values: Vec::new(), names: Vec::new(), described: false }
    }

    /// The title: names of the containers.
    fn title(&self) -> String {
        match self.names.is_empty() {
            true => String::new(),
            false => format!("Storage of {}", self.names.join(",")),
        }
    }

    /// Creates the table in a file.
    pub(crate) fn create(self, file: &mut FileWriter, path: &str) -> Result<TableId, Error> {
        Ok(file.table(path, &self.title(), &self.schema, self.values)?)
    }

    /// The same with rows that are there at once.
    pub(crate) fn put(self, file: &mut FileWriter, path: &str, rows: &Row) -> Result<(), Error> {
        let id = self.create(file, path)?;
        Ok(file.append(id, &rows.0)?)
    }

    /// Adds an attribute.
    pub(crate) fn value(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.values.push((name.to_owned(), value.into()));
        self
    }

    /// Adds the columns of a container, all of one value per row.
    pub(crate) fn container(&mut self, container: &Container) -> &mut Self {
        self.begin(container.name);
        for field in container.fields {
            self.field(container.prefix, field, &[]);
        }
        self
    }

    /// Begins a container, whose columns follow one by one.
    pub(crate) fn begin(&mut self, name: &'static str) -> &mut Self {
        self.names.push(name);
        self
    }

    /// Adds a column of text.
    pub(crate) fn text(&mut self, field: &Field, width: u16) -> &mut Self {
        let n = self.schema.columns().len();
        self.value(&format!("CTAFIELD_{n}_MAXLEN"), i64::from(width));
        self.field("", &Field { dtype: DType::Text(width), ..*field }, &[])
    }

    /// Adds a column with the extents of its arrays.
    pub(crate) fn field(&mut self, prefix: &str, field: &Field, shape: &[usize]) -> &mut Self {
        let n = self.schema.columns().len();
        let mut tell = |what: &str, value: Value| {
            self.values.push((format!("CTAFIELD_{n}_{what}"), value));
        };
        if self.described {
            tell("NAME", field.name.into());
            tell("DESC", field.description.into());
        }
        match field.meaning {
            Meaning::Plain => {}
            Meaning::Quantity(unit) => {
                tell("TRANSFORM", "quantity".into());
                tell("UNIT", unit.into());
            }
            Meaning::HighResolution | Meaning::Mjd => {
                let high = field.meaning == Meaning::HighResolution;
                tell("TRANSFORM", "time".into());
                tell("TIME_SCALE", "tai".into());
                tell("TIME_FORMAT", if high { "ctao_high_res" } else { "mjd" }.into());
            }
            Meaning::Enum(class) => {
                tell("TRANSFORM", "enum".into());
                tell("ENUM", Value::Ascii(pickled_class(class)));
            }
            Meaning::Text => tell("TRANSFORM", "string".into()),
            Meaning::TelescopeMask => tell("TRANSFORM", "tel_list_to_mask".into()),
        }
        let name = match prefix {
            "" => field.name.to_owned(),
            _ => format!("{prefix}_{}", field.name),
        };
        self.schema.push_array(name, field.dtype, shape);
        self
    }
}

/// A class of ctapipe's containers as Python's pickle of protocol 0 refers to it.
fn pickled_class(class: &str) -> Vec<u8> {
    format!("cctapipe.containers\n{class}\np0\n.").into_bytes()
}
