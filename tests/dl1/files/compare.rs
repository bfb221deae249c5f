//! Comparing files of tables: objects, types, attributes and values.

use std::collections::BTreeMap;
use std::path::Path;

use tierline::h5::browse::{Elements, Kind};
use tierline::h5::pytables::Column;
use tierline::h5::tree::Reader;
use tierline::table::{Array, DType};

/// What may differ.
pub(in crate::dl1) struct Free<'a> {
    /// Attributes, by a part of their names.
    pub(in crate::dl1) attributes: &'a [&'a str],
    /// Columns whose numbers may differ, by the beginning of their names, and by how much of their size
    /// (and of a thousandth).
    pub(in crate::dl1) columns: &'a [(&'a str, f64)],
    /// Objects, by the beginning of their paths.
    pub(in crate::dl1) objects: &'a [&'a str],
}

/// The differences, up to some.
pub(in crate::dl1) fn differences(have: &Path, want: &Path, free: &Free<'_>) -> Vec<String> {
    let (have, want) = (Reader::open(have).unwrap(), Reader::open(want).unwrap());
    let mut found = Vec::new();
    let (ours, theirs) = (objects(&have, free), objects(&want, free));
    for path in theirs.keys().filter(|path| !ours.contains_key(*path)) {
        found.push(format!("{path} is missing"));
    }
    for (path, kind) in &ours {
        match theirs.get(path) {
            None => found.push(format!("{path} is too much")),
            Some(other) if other != kind => found.push(format!("{path} is a {kind:?}")),
            Some(Kind::Dataset) => {
                attributes(&have, &want, path, free, &mut found);
                tables(&have, &want, path, free, &mut found);
            }
            Some(_) => attributes(&have, &want, path, free, &mut found),
        }
    }
    found.truncate(12);
    found
}

/// Paths of all groups and datasets.
fn objects(file: &Reader, free: &Free<'_>) -> BTreeMap<String, Kind> {
    let mut all = BTreeMap::from([(String::new(), Kind::Group)]);
    let mut open = vec![String::new()];
    while let Some(group) = open.pop() {
        for (name, _) in file.item(&group).unwrap().members().unwrap() {
            let path = format!("{group}/{name}");
            if free.objects.iter().any(|start| path.starts_with(start)) {
                continue;
            }
            let kind = file.item(&path).unwrap().kind();
            if kind == Kind::Group {
                open.push(path.clone());
            }
            all.insert(path, kind);
        }
    }
    all
}

fn attributes(have: &Reader, want: &Reader, path: &str, free: &Free<'_>, found: &mut Vec<String>) {
    let read = |file: &Reader| -> BTreeMap<String, (Vec<usize>, Elements)> {
        let all = file.item(path).unwrap().attributes().unwrap().into_iter();
        all.map(|one| (one.name, (one.shape, one.elements))).collect()
    };
    let (ours, theirs) = (read(have), read(want));
    let is_free = |name: &str| free.attributes.iter().any(|part| name.contains(part));
    for name in theirs.keys().filter(|name| !ours.contains_key(*name)) {
        found.push(format!("{path}@{name} is missing"));
    }
    for (name, own) in &ours {
        match theirs.get(name) {
            None => found.push(format!("{path}@{name} is too much")),
            Some(other) if is_free(name) => {
                if kind_of(&own.1) != kind_of(&other.1) {
                    found.push(format!("{path}@{name} has another type"));
                }
            }
            Some(other) if !same_value(own, other) => {
                found.push(format!("{path}@{name}: {} for {}", short(&own.1), short(&other.1)));
            }
            Some(_) => {}
        }
    }
}

fn kind_of(elements: &Elements) -> u8 {
    match elements {
        Elements::Plain(DType::Text(_), _) => 0,
        Elements::Plain(..) => 1,
        Elements::Texts(_) => 2,
        // Empty text.
        Elements::Other(_) => 0,
    }
}

fn same_value(own: &(Vec<usize>, Elements), other: &(Vec<usize>, Elements)) -> bool {
    if own == other {
        return true;
    }
    match (&own.1, &other.1) {
        (Elements::Plain(DType::F64, a), Elements::Plain(DType::F64, b)) if own.0 == other.0 => {
            let values = |bytes: &Vec<u8>| -> Vec<f64> {
                bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect()
            };
            values(a).iter().zip(&values(b)).all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs().max(1e3))
        }
        _ => false,
    }
}

fn short(elements: &Elements) -> String {
    let mut text = match elements {
        Elements::Plain(DType::Text(_), bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => format!("{other:?}"),
    };
    text.truncate(60);
    text
}

fn tables(have: &Reader, want: &Reader, path: &str, free: &Free<'_>, found: &mut Vec<String>) {
    let (mut ours, mut theirs) = (have.table(path).unwrap(), want.table(path).unwrap());
    let described =
        |column: &Column| (column.name.clone(), column.dtype, column.shape.clone(), column.offset);
    let (own, other): (Vec<_>, Vec<_>) = (
        ours.schema().columns().iter().map(described).collect(),
        theirs.schema().columns().iter().map(described).collect(),
    );
    if own != other || ours.schema().row_bytes() != theirs.schema().row_bytes() {
        let wrong = own.iter().zip(&other).find(|(a, b)| a != b);
        return found.push(format!("{path}: columns, first {wrong:?}"));
    }
    if ours.rows() != theirs.rows() {
        return found.push(format!("{path}: {} rows for {}", ours.rows(), theirs.rows()));
    }
    for (name, dtype, ..) in own {
        let (a, b) = (
            ours.column(&name, 0..usize::MAX).unwrap(),
            theirs.column(&name, 0..usize::MAX).unwrap(),
        );
        let loose = free.columns.iter().find(|(start, _)| name.starts_with(start));
        let loose = loose.map_or(0.0, |(_, part)| *part);
        let wrong = (0..a.len()).filter(|n| !same_element(&a, &b, *n, loose)).collect::<Vec<_>>();
        if let Some(first) = wrong.first() {
            let value = |array: &Array| match dtype {
                DType::Text(_) => array.get_text(*first).unwrap_or_default(),
                _ => format!("{:?}", array.get_f64(*first)),
            };
            let (a, b, count) = (value(&a), value(&b), wrong.len());
            found.push(format!("{path}.{name}[{first}]: {a} for {b}, {count} differ"));
        }
    }
}

fn same_element(a: &Array, b: &Array, n: usize, loose: f64) -> bool {
    if a.element(n) == b.element(n) {
        return true;
    }
    match (a.dtype, a.get_f64(n), b.get_f64(n)) {
        (DType::F32 | DType::F64, Some(a), Some(b)) => {
            a.is_nan() && b.is_nan() || (a - b).abs() <= loose * (b.abs() + 1e-3)
        }
        _ => false,
    }
}
