//! Header objects: the values that decoders put by path, as LH5 structs.

use std::fmt;

use tierline_core::{DType, Value};
use tierline_table::{Array, Attrs, DType as TableType, Object, Scalar};

/// The header objects of a stream, by table name, in the order of their first value.
#[derive(Debug, Default)]
pub struct Headers {
    objects: Vec<(String, Object)>,
    documents: Vec<String>,
}

fn object(value: Value<'_>) -> Option<Object> {
    Some(match value {
        Value::Bool(v) => Object::Scalar(Scalar::Bool(v)),
        Value::U8(v) => Object::Scalar(Scalar::U8(v)),
        Value::U16(v) => Object::Scalar(Scalar::U16(v)),
        Value::U32(v) => Object::Scalar(Scalar::U32(v)),
        Value::U64(v) => Object::Scalar(Scalar::U64(v)),
        Value::I32(v) => Object::Scalar(Scalar::I32(v)),
        Value::I64(v) => Object::Scalar(Scalar::I64(v)),
        Value::F32(v) => Object::Scalar(Scalar::F32(v)),
        Value::F64(v) => Object::Scalar(Scalar::F64(v)),
        Value::Text(text) => Object::Text(text.to_owned()),
        Value::Struct => Object::Struct(Vec::new()),
        Value::Array(dtype, bytes) => {
            let mut array = Array::new(element(dtype), &[]);
            array.data.extend_from_slice(bytes);
            Object::Array(array)
        }
        Value::Label(..) => Object::Array(Array::new(TableType::Text(7), &[])),
        Value::Document => return None,
    })
}

fn element(dtype: DType) -> TableType {
    match dtype {
        DType::U16 => TableType::U16,
        DType::U32 => TableType::U32,
        DType::I32 => TableType::I32,
        DType::I64 => TableType::I64,
        DType::F32 => TableType::F32,
        DType::F64 => TableType::F64,
        DType::U64 => TableType::U64,
        _ => TableType::U8,
    }
}

/// Appends to an array that is already there, or replaces the object.
fn merge(present: &mut Object, value: Value<'_>) {
    match (&mut *present, value) {
        (Object::Array(array), Value::Array(_, bytes)) => array.data.extend_from_slice(bytes),
        (Object::Array(array), Value::Label(i, text)) => {
            let width = array.dtype.size();
            array.data.resize((i as usize + 1) * width, 0);
            let at = i as usize * width;
            let n = text.len().min(width);
            if let (Some(to), Some(from)) = (array.data.get_mut(at..at + n), text.get(..n)) {
                to.copy_from_slice(from);
            }
        }
        (Object::Struct(_), Value::Struct) => {}
        _ => {
            if let Some(new) = object(value) {
                *present = new;
            }
        }
    }
}

fn put(fields: &mut Vec<(String, Attrs, Object)>, path: &str, value: Value<'_>) {
    let (name, rest) = match path.split_once('/') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let place = match fields.iter().position(|(n, _, _)| n == name) {
        Some(place) => place,
        None => {
            let fresh = match (rest, value) {
                (Some(_), _) => Some(Object::Struct(Vec::new())),
                (None, Value::Label(..)) => object(value),
                (None, value) => {
                    if let Some(new) = object(value) {
                        fields.push((name.to_owned(), Attrs::new(), new));
                    }
                    return;
                }
            };
            let Some(fresh) = fresh else { return };
            fields.push((name.to_owned(), Attrs::new(), fresh));
            fields.len() - 1
        }
    };
    let Some((_, _, present)) = fields.get_mut(place) else { return };
    match rest {
        None => merge(present, value),
        Some(rest) => {
            if !matches!(present, Object::Struct(_)) {
                *present = Object::Struct(Vec::new());
            }
            if let Object::Struct(inner) = present {
                put(inner, rest, value);
            }
        }
    }
}

/// Path of the first value in which two objects differ.
fn differs(a: &Object, b: &Object, path: &str) -> Option<String> {
    let (Object::Struct(a), Object::Struct(b)) = (a, b) else {
        return (a != b).then(|| path.to_owned());
    };
    if a.len() != b.len() {
        return Some(path.to_owned());
    }
    let mut pairs = a.iter().zip(b);
    pairs.find_map(|((name, _, a), (other, _, b))| {
        let path = format!("{path}/{name}");
        if name == other { differs(a, b, &path) } else { Some(path) }
    })
}

impl Headers {
    /// Puts a value at a path of a header object.
    pub fn put(&mut self, table: &str, path: fmt::Arguments<'_>, value: Value<'_>) {
        if value == Value::Document {
            self.documents.push(table.to_owned());
            return;
        }
        let path = path.to_string();
        let place = match self.objects.iter().position(|(name, _)| name == table) {
            Some(place) => place,
            None => {
                self.objects.push((table.to_owned(), Object::Struct(Vec::new())));
                self.objects.len() - 1
            }
        };
        match self.objects.get_mut(place) {
            Some((_, Object::Struct(fields))) if !path.is_empty() => put(fields, &path, value),
            Some((_, present)) if path.is_empty() => merge(present, value),
            _ => {}
        }
    }

    /// The document that the objects waiting for it are: as JSON text.
    pub fn document(&mut self, json: impl Fn() -> String) {
        for name in self.documents.drain(..) {
            self.objects.push((name, Object::Text(json())));
        }
    }

    /// Compares with the headers of an input before: the path of the first value that differs. Texts (a whole document) may differ;
    /// their names go to `texts`.
    pub(crate) fn difference(&self, before: &Headers, texts: &mut Vec<String>) -> Option<String> {
        for (name, object) in &self.objects {
            let other = before.objects.iter().find(|(other, _)| other == name);
            match other.map(|(_, other)| (other, object)) {
                None => return Some(name.clone()),
                Some((Object::Text(a), Object::Text(b))) if a != b => texts.push(name.clone()),
                Some((a, b)) => {
                    if let Some(path) = differs(a, b, name) {
                        return Some(path);
                    }
                }
            }
        }
        None
    }

    /// The objects.
    pub fn objects(&self) -> &[(String, Object)] {
        &self.objects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_make_structs_and_arrays_grow() {
        let mut headers = Headers::default();
        headers.put("H", format_args!("a/b"), Value::U32(1));
        headers.put("H", format_args!("map"), Value::Array(DType::U32, &[1, 0, 0, 0]));
        headers.put("H", format_args!("map"), Value::Array(DType::U32, &[2, 0, 0, 0]));
        headers.put("D", format_args!(""), Value::Document);
        headers.document(|| "{}".into());
        let Object::Struct(fields) = &headers.objects()[0].1 else { panic!() };
        assert_eq!(fields[0].0, "a");
        let Object::Array(map) = &fields[1].2 else { panic!() };
        assert_eq!(map.get_i64(1), Some(2));
        assert_eq!(headers.objects()[1].1, Object::Text("{}".into()));
    }
}
