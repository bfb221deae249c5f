//! A column as a NumPy array: format 1.0, little-endian, C order.
//!
//! | bytes | content |
//! |--|--|
//! | 6 | `\x93NUMPY` |
//! | 2 | version 1, 0 |
//! | 2 | length of the description, little-endian |
//! | ... | a Python dictionary: `descr`, `fortran_order`, `shape`; blanks up to a multiple of 64 and a line feed |
//! | ... | the elements |

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use tierline::h5;
use tierline::report::AtomicOutput;
use tierline::table::{Column, DType, NamedColumn, Table};

use crate::cmd::Usage;

use super::cells::leaves;

/// Writes the only column of a table.
pub(super) fn write(
    target: &Path,
    overwrite: bool,
    layout: &Table,
    rows: usize,
    batches: impl Iterator<Item = Result<(usize, Table), h5::Error>>,
) -> anyhow::Result<()> {
    let head = head(layout, rows)?;
    let output = AtomicOutput::create(target, overwrite)?;
    let failed = || format!("{}: cannot write", target.display());
    let file = File::options().write(true).open(output.path()).with_context(failed)?;
    let mut file = BufWriter::new(file);
    file.write_all(&head).with_context(failed)?;
    for batch in batches {
        let (_, batch) = batch?;
        if let Column::Array(array) = &one(&batch)?.column {
            file.write_all(&array.data).with_context(failed)?;
        }
    }
    file.flush().with_context(failed)?;
    drop(file);
    Ok(output.commit()?)
}

fn one(table: &Table) -> anyhow::Result<&NamedColumn> {
    let mut all = Vec::new();
    leaves(table, "", &mut all);
    match all.as_slice() {
        [leaf] => Ok(leaf.named),
        _ => {
            let names: Vec<&str> = all.iter().map(|leaf| leaf.name.as_str()).collect();
            let names = names.join(", ");
            anyhow::bail!(Usage(format!("an array is one column, name it: TABLE/ and {names}")))
        }
    }
}

fn head(layout: &Table, rows: usize) -> anyhow::Result<Vec<u8>> {
    let named = one(layout)?;
    let Column::Array(array) = &named.column else {
        let name = &named.name;
        anyhow::bail!(Usage(format!("'{name}' has rows of differing length, which is no array")));
    };
    let shape: Vec<usize> = std::iter::once(rows).chain(array.row_shape.iter().copied()).collect();
    head_of(array.dtype, &shape)
}

/// The head of a file of elements of a type, in C order.
pub(super) fn head_of(dtype: DType, shape: &[usize]) -> anyhow::Result<Vec<u8>> {
    let descr = dtype.descr(false);
    let extents: Vec<String> = shape.iter().map(|n| format!("{n},")).collect();
    let extents = extents.join(" ");
    let mut text =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({extents}), }}");
    let before = 10;
    let length = (before + text.len() + 1).next_multiple_of(64) - before;
    text.extend(std::iter::repeat_n(' ', length - 1 - text.len()));
    text.push('\n');
    let short = u16::try_from(length).context("too many extents")?;
    let mut head = b"\x93NUMPY\x01\x00".to_vec();
    head.extend_from_slice(&short.to_le_bytes());
    head.extend_from_slice(text.as_bytes());
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tierline::table::{Array, Attrs};

    #[test]
    fn heads_are_aligned_and_say_the_shape() {
        for (shape, said) in [(vec![], "(7,)"), (vec![3, 4], "(7, 3, 4,)")] {
            let mut table = Table::new();
            table.push("x", Attrs::new(), Array::new(DType::U16, &shape)).unwrap();
            let head = head(&table, 7).unwrap();
            assert!(head.len().is_multiple_of(64) && head.ends_with(b"\n"));
            let text = String::from_utf8_lossy(&head[10..]).into_owned();
            assert!(text.contains("'descr': '<u2'") && text.contains(said), "{text}");
            assert_eq!(usize::from(head[8]) + 256 * usize::from(head[9]), head.len() - 10);
        }
    }
}
