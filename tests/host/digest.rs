//! Digests of LH5 files, and their comparison with those of the peers' files.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tierline::h5::tree::{ElementType, Node, NodeKind, Reader};
use tierline::table::DType;

/// What a file has at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The LH5 type.
    pub(crate) datatype: Option<String>,
    /// Units.
    pub(crate) units: Option<String>,
    /// Description.
    pub(crate) description: Option<String>,
    /// Element type in numpy's words (leaves).
    pub(crate) dtype: Option<String>,
    /// Extents (leaves).
    pub(crate) shape: Option<Vec<usize>>,
    /// SHA-256 of the little-endian bytes (leaves).
    pub sha256: Option<String>,
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn numpy(dtype: DType) -> String {
    match dtype {
        DType::Bool | DType::U8 => "|u1".into(),
        DType::I8 => "|i1".into(),
        DType::Text(_) => "string".into(),
        DType::F32 | DType::F64 => format!("<f{}", dtype.size()),
        DType::U16 | DType::U32 | DType::U64 => format!("<u{}", dtype.size()),
        _ => format!("<i{}", dtype.size()),
    }
}

fn leaf(reader: &Reader, path: &str, element: &ElementType) -> (String, String) {
    match element {
        ElementType::Plain(dtype) => {
            let array = reader.array(path, 0..usize::MAX).unwrap_or_else(|e| panic!("{path}: {e}"));
            let bytes = match dtype {
                DType::Text(_) => {
                    let items = array.data.len() / dtype.size();
                    let text: Vec<String> = (0..items)
                        .map(|i| array.get_text(i).unwrap_or_default().to_owned())
                        .collect();
                    text.join("\0").into_bytes()
                }
                _ => array.data,
            };
            (numpy(*dtype), hex(&bytes))
        }
        ElementType::Text => {
            let text = reader.text(path).unwrap_or_else(|e| panic!("{path}: {e}"));
            ("string".into(), hex(text.as_bytes()))
        }
        ElementType::Other(name) => panic!("{path}: type {name}"),
    }
}

fn walk(reader: &Reader, node: &Node, out: &mut BTreeMap<String, Entry>) {
    let mut entry = Entry {
        datatype: node.datatype.clone(),
        units: node.attrs.units.clone(),
        description: node.attrs.description.clone(),
        dtype: None,
        shape: None,
        sha256: None,
    };
    if let NodeKind::Dataset(info) = &node.kind {
        let (dtype, sha256) = leaf(reader, &node.path, &info.element);
        entry.dtype = Some(dtype);
        entry.shape = Some(info.shape.clone());
        entry.sha256 = Some(sha256);
    }
    out.insert(if node.path.is_empty() { "/".into() } else { node.path.clone() }, entry);
    for child in &node.children {
        walk(reader, child, out);
    }
}

/// Every object of a file.
///
/// # Panics
/// Where it can't be read.
pub(crate) fn digest(path: &Path) -> BTreeMap<String, Entry> {
    let reader = Reader::open(path).unwrap_or_else(|e| panic!("{e}"));
    let tree = reader.tree().unwrap_or_else(|e| panic!("{e}"));
    let mut out = BTreeMap::new();
    walk(&reader, &tree, &mut out);
    out
}

/// Whether two LH5 types are the same; a struct may list more than the peer's, whose list is often incomplete.
fn same_datatype(golden: Option<&str>, ours: Option<&str>) -> bool {
    let fields = |text: &str| -> Option<(String, Vec<String>)> {
        let (kind, rest) = text.split_once('{')?;
        let fields = rest.strip_suffix('}')?.split(',').map(str::to_owned).collect();
        Some((kind.to_owned(), fields))
    };
    match (golden.and_then(fields), ours.and_then(fields)) {
        (Some((a, f)), Some((b, g))) if a == "struct" && b == "struct" => {
            f.iter().all(|name| name.is_empty() || g.contains(name))
        }
        _ => golden == ours,
    }
}

/// Compares a file with a golden digest; `ignore` leaves objects out, `ignore_values` only their values.
/// Returns the differences.
///
/// # Panics
/// Where either can't be read.
pub(crate) fn compare(
    golden: &Path,
    ours: &Path,
    ignore: impl Fn(&str) -> bool,
    ignore_values: impl Fn(&str) -> bool,
) -> Vec<String> {
    let text = std::fs::read(golden).unwrap_or_else(|e| panic!("{}: {e}", golden.display()));
    let golden: BTreeMap<String, Value> =
        serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", golden.display()));
    let ours = digest(ours);
    let mut out = Vec::new();
    for (path, want) in golden.iter().filter(|(path, _)| !ignore(path)) {
        let Some(have) = ours.get(path) else {
            out.push(format!("missing {path}"));
            continue;
        };
        let mut check = |what: &str, want: &Value, have: Value| {
            if *want != have {
                out.push(format!("{path}: {what} {want} != {have}"));
            }
        };
        if !same_datatype(want["datatype"].as_str(), have.datatype.as_deref()) {
            check("datatype", &want["datatype"], have.datatype.clone().into());
        }
        check("units", &want["attrs"]["units"], have.units.clone().into());
        check("description", &want["attrs"]["description"], have.description.clone().into());
        if want["kind"] == "leaf" && !ignore_values(path) {
            check("dtype", &want["dtype"], have.dtype.clone().into());
            check("shape", &want["shape"], have.shape.clone().into());
            check("sha256", &want["sha256"], have.sha256.clone().into());
        }
    }
    out
}
