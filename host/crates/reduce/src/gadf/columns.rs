//! Columns of tables, row by row.

use tierline_fits::{Cells, Column, Mismatch};

/// The real numbers of each row of a column: of cells of one or several values, or of their own lengths.
///
/// # Errors
/// Where they are no numbers.
pub(crate) fn f64_rows(column: &Column, rows: usize) -> Result<Vec<Vec<f64>>, Mismatch> {
    Ok(split(column, rows, column.f64s()?))
}

/// The whole numbers of each row of a column.
///
/// # Errors
/// Where they are no whole numbers.
pub(crate) fn i64_rows(column: &Column, rows: usize) -> Result<Vec<Vec<i64>>, Mismatch> {
    Ok(split(column, rows, column.i64s()?))
}

fn split<T: Clone>(column: &Column, rows: usize, values: Vec<T>) -> Vec<Vec<T>> {
    if let Cells::Variable { starts, .. } = &column.cells {
        let cell = |pair: &[usize]| values.get(pair[0]..pair[1]).unwrap_or_default().to_vec();
        return starts.windows(2).map(cell).collect();
    }
    match values.len() / rows.max(1) {
        0 => vec![Vec::new(); rows],
        n => values.chunks_exact(n).map(<[T]>::to_vec).collect(),
    }
}
