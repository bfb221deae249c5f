//! How single columns of a table are stored: the peers' `hdf5_settings`.

use std::collections::BTreeMap;

use tierline_table::{Column, DecodedSize, Table};

use super::join;
use super::policy::Limits;
use crate::{Chunk, Filters};

/// Level of gzip where none is said, as in h5py.
const GZIP: u8 = 4;

/// How a column is stored, as in h5py's `create_dataset`; what is `None` is as everywhere else in
/// the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnSettings {
    /// `compression`: whether chunks are compressed with gzip.
    pub gzip: Option<bool>,
    /// `compression_opts`: level of gzip, 0 to 9.
    pub level: Option<u8>,
    /// `shuffle`: whether the first bytes of all elements are stored together, and so on.
    pub shuffle: Option<bool>,
    /// `fletcher32`: whether chunks end with a checksum.
    pub fletcher32: Option<bool>,
    /// `chunks`: extents of a chunk, rows first.
    pub chunks: Option<Vec<usize>>,
}

/// Settings of the columns of a table by their paths in it, for example `waveform/values`. They
/// hold for all that is stored below a path, the empty one included, unless a longer path has
/// others.
pub type TableSettings = BTreeMap<String, ColumnSettings>;

/// A value of a setting, as it comes from JSON or YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are JSON's")]
pub enum Setting<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Text(&'a str),
    Integers(&'a [i64]),
}

/// A setting that this writer does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(String);

impl ColumnSettings {
    /// Sets one of `compression`, `compression_opts`, `shuffle`, `fletcher32` and `chunks`, with
    /// h5py's values. Everything else is refused by name.
    pub fn set(&mut self, name: &str, value: &Setting) -> Result<(), SettingError> {
        let wrong = |known: &str| Err(SettingError(format!("{name}: {value:?} is not {known}")));
        match (name, value) {
            ("compression", Setting::Null) => self.gzip = Some(false),
            ("compression", Setting::Text("gzip")) => self.gzip = Some(true),
            ("compression", Setting::Integer(0..=9)) => {
                self.gzip = Some(true);
                return self.set("compression_opts", value);
            }
            ("compression", Setting::Text(other)) => {
                let reason = format!("compression '{other}' is not supported, only gzip or none");
                return Err(SettingError(reason));
            }
            ("compression", _) => return wrong("gzip, null or a level from 0 to 9"),
            ("compression_opts", Setting::Integer(level @ 0..=9)) => {
                if self.level.replace(*level as u8).is_some() {
                    return Err(SettingError("the level of gzip is given twice".into()));
                }
            }
            ("compression_opts", Setting::Null) => {}
            ("compression_opts", _) => return wrong("a level from 0 to 9"),
            ("shuffle", Setting::Bool(on)) => self.shuffle = Some(*on),
            ("shuffle", Setting::Null) => self.shuffle = Some(false),
            ("fletcher32", Setting::Bool(on)) => self.fletcher32 = Some(*on),
            ("fletcher32", Setting::Null) => self.fletcher32 = Some(false),
            ("shuffle" | "fletcher32", _) => return wrong("true or false"),
            ("chunks", Setting::Null | Setting::Bool(true)) => self.chunks = None,
            ("chunks", Setting::Integer(rows)) => return self.set_chunks(&[*rows]),
            ("chunks", Setting::Integers(extents)) => return self.set_chunks(extents),
            ("chunks", _) => return wrong("true or a list of extents"),
            _ => {
                let known = "compression, compression_opts, shuffle, fletcher32, chunks";
                let reason = format!("'{name}' is not supported, only {known}");
                return Err(SettingError(reason));
            }
        }
        Ok(())
    }

    fn set_chunks(&mut self, extents: &[i64]) -> Result<(), SettingError> {
        let extent = |n: &i64| usize::try_from(*n).ok().filter(|n| *n > 0);
        let extents: Option<Vec<usize>> = extents.iter().map(extent).collect();
        self.chunks = extents.filter(|extents| !extents.is_empty());
        match &self.chunks {
            Some(_) => Ok(()),
            None => Err(SettingError("chunks: extents are 1 or more".into())),
        }
    }

    /// These settings, with `other` where they say nothing.
    #[must_use]
    pub fn or(self, other: &ColumnSettings) -> ColumnSettings {
        ColumnSettings {
            gzip: self.gzip.or(other.gzip),
            level: self.level.or(other.level),
            shuffle: self.shuffle.or(other.shuffle),
            fletcher32: self.fletcher32.or(other.fletcher32),
            chunks: self.chunks.or_else(|| other.chunks.clone()),
        }
    }

    /// The filters of a dataset that had `filters` otherwise.
    fn filters(&self, filters: Filters) -> Filters {
        let level = self.level.or(filters.deflate);
        Filters {
            shuffle: self.shuffle.unwrap_or(filters.shuffle),
            deflate: match self.gzip.unwrap_or(filters.deflate.is_some()) {
                true => Some(level.unwrap_or(GZIP)),
                false => None,
            },
            fletcher32: self.fletcher32.unwrap_or(filters.fletcher32),
            ..filters
        }
    }
}

/// How the datasets of a table are stored.
pub(super) struct Plan<'a> {
    pub(super) limits: Limits,
    pub(super) settings: &'a TableSettings,
    /// Path of the table in the file.
    pub(super) root: &'a str,
    /// Filters without settings.
    pub(super) filters: Filters,
}

impl Plan<'_> {
    /// Chunk and filters of a dataset of `rank` extents, with `rows` to the chunk if nothing else
    /// is wanted.
    pub(super) fn storage(&self, path: &str, rank: usize, rows: usize) -> (Chunk, Filters) {
        let (own, wanted) = self.wanted(path);
        let chunk = match wanted.chunks.clone().filter(|chunk| own || chunk.len() == rank) {
            Some(extents) => Chunk::Exact(extents),
            None => Chunk::Rows(rows),
        };
        (chunk, wanted.filters(self.filters))
    }

    /// The same of encoded bytes, which are not filtered unless their own path says so.
    pub(super) fn encoded(&self, path: &str, rows: usize) -> (Chunk, Filters) {
        let (chunk, filters) = self.storage(path, 1, rows);
        match self.settings.get(self.relative(path)) {
            Some(own) => (chunk, own.filters(Filters::NONE)),
            None => (chunk, Filters { fletcher32: filters.fletcher32, ..Filters::NONE }),
        }
    }

    fn relative<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.root).unwrap_or(path).trim_start_matches('/')
    }

    /// What is wanted at a path, and whether the chunks are those of this very path.
    fn wanted(&self, path: &str) -> (bool, ColumnSettings) {
        let path = self.relative(path);
        let own = self.settings.get(path).is_some_and(|own| own.chunks.is_some());
        let ends = path.match_indices('/').map(|(end, _)| end);
        let above = std::iter::once(0).chain(ends).chain([path.len()]);
        let all = above.filter_map(|end| self.settings.get(&path[..end]));
        let merged = all.fold(ColumnSettings::default(), |above, own| own.clone().or(&above));
        (own, merged)
    }

    /// The first path of the settings below which nothing is stored.
    pub(super) fn unknown(&self, table: &Table) -> Option<&str> {
        let mut paths = Vec::new();
        leaves(table, "", &mut paths);
        let below = |path: &str, above: &str| {
            let rest = path.strip_prefix(above);
            rest.is_some_and(|rest| above.is_empty() || rest.is_empty() || rest.starts_with('/'))
        };
        let mut wanted = self.settings.keys().map(String::as_str);
        wanted.find(|wanted| !paths.iter().any(|path| below(path, wanted)))
    }
}

/// Paths of all chunked datasets of a table.
fn leaves(table: &Table, above: &str, paths: &mut Vec<String>) {
    for named in &table.columns {
        let path = join(above, &named.name);
        let mut push = |names: &[&str]| paths.extend(names.iter().map(|name| join(&path, name)));
        match &named.column {
            Column::Array(_) => paths.push(path),
            Column::Vectors(_) => push(&["flattened_data", "cumulative_length"]),
            Column::Encoded(encoded) => {
                push(&["encoded_data/flattened_data", "encoded_data/cumulative_length"]);
                if let DecodedSize::PerRow(_) = encoded.decoded_size {
                    push(&["decoded_size"]);
                }
            }
            Column::Table(inner) => leaves(inner, &path, paths),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(pairs: &[(&str, Setting)]) -> Result<ColumnSettings, SettingError> {
        let mut settings = ColumnSettings::default();
        pairs.iter().try_for_each(|(name, value)| settings.set(name, value)).map(|()| settings)
    }

    #[test]
    fn settings_are_h5pys() {
        use Setting::{Bool, Integer, Integers, Null, Text};
        let file = Filters { shuffle: true, deflate: Some(2), ..Filters::NONE };
        let filters = |pairs: &[_]| {
            let filters = set(pairs).unwrap().filters(file);
            (filters.shuffle, filters.deflate, filters.fletcher32)
        };
        assert_eq!(filters(&[]), (true, Some(2), false));
        assert_eq!(filters(&[("compression", Null)]), (true, None, false));
        assert_eq!(filters(&[("compression", Integer(7))]), (true, Some(7), false));
        assert_eq!(filters(&[("compression_opts", Integer(0))]), (true, Some(0), false));
        let both = [("compression", Text("gzip")), ("compression_opts", Integer(9))];
        assert_eq!(filters(&both), (true, Some(9), false));
        let sums = [("shuffle", Bool(false)), ("fletcher32", Bool(true))];
        assert_eq!(filters(&sums), (false, Some(2), true));
        let gzip = set(&[("compression", Text("gzip"))]).unwrap();
        assert_eq!(gzip.filters(Filters::NONE).deflate, Some(4));
        assert_eq!(set(&[("chunks", Integers(&[3, 4]))]).unwrap().chunks, Some(vec![3, 4]));
        assert_eq!(set(&[("chunks", Integer(3))]).unwrap().chunks, Some(vec![3]));
        assert_eq!(set(&[("chunks", Bool(true))]).unwrap().chunks, None);
        for (name, value, why) in [
            ("compression", Text("lzf"), "'lzf'"),
            ("compression", Text("szip"), "'szip'"),
            ("compression", Integer(32001), "32001"),
            ("compression_opts", Integer(10), "0 to 9"),
            ("shuffle", Text("yes"), "true or false"),
            ("chunks", Bool(false), "list of extents"),
            ("chunks", Integers(&[0]), "1 or more"),
            ("chunks", Integers(&[]), "1 or more"),
            ("scaleoffset", Integer(3), "'scaleoffset'"),
        ] {
            let error = set(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        let twice = [("compression", Integer(1)), ("compression_opts", Integer(2))];
        assert!(set(&twice).unwrap_err().to_string().contains("twice"));
    }
}
