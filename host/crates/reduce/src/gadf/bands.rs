//! Axes of a map as cards and as a table of its planes.

use tierline_fits::{Cells, Column, Header, Table};
use tierline_sky::{Interp, MapAxis, NodeType};

use crate::Error;

/// Columns of an axis: centre, lower and upper edge.
fn column_names(axis: &MapAxis) -> [String; 3] {
    let name = axis.name().to_ascii_uppercase();
    match name.as_str() {
        "ENERGY" => ["ENERGY".into(), "E_MIN".into(), "E_MAX".into()],
        _ => [name.clone(), format!("{name}_MIN"), format!("{name}_MAX")],
    }
}

/// Adds `AXCOLSn` and `INTERPn` of the axes.
pub(super) fn add_axis_cards(header: &mut Header, axes: &[MapAxis]) {
    for (at, axis) in axes.iter().enumerate() {
        let [center, min, max] = column_names(axis);
        let columns = match axis.node_type() {
            NodeType::Edges => format!("{min},{max}"),
            NodeType::Center => center,
        };
        header.set(&format!("AXCOLS{}", at + 1), columns.as_str(), "");
        header.set(&format!("INTERP{}", at + 1), axis.interp().name(), "");
    }
}

/// The table of a map's planes.
pub(super) fn bands_table(name: &str, axes: &[MapAxis]) -> Table {
    let planes: usize = axes.iter().map(MapAxis::n_bins).product();
    let channels = (0..planes as i64).collect();
    let mut columns = vec![Column::new("CHANNEL", "", Cells::I64(channels))];
    let mut step = 1;
    for axis in axes {
        let (centers, edges, n) = (axis.centers(), axis.edges(), axis.n_bins());
        let [center, min, max] = column_names(axis);
        let values = |of: &dyn Fn(usize) -> f64| -> Cells {
            Cells::F64((0..planes).map(|plane| of(plane / step % n)).collect())
        };
        columns.push(Column::new(&center, axis.unit(), values(&|bin| centers[bin])));
        columns.push(Column::new(&min, axis.unit(), values(&|bin| edges[bin])));
        columns.push(Column::new(&max, axis.unit(), values(&|bin| edges[bin + 1])));
        step *= n;
    }
    let mut header = Header::default();
    add_axis_cards(&mut header, axes);
    Table { name: format!("{name}_BANDS"), header, rows: planes, columns }
}

/// The axes that a map's cards name, from the table of its planes.
///
/// # Errors
/// Where a column is missing, or its values are no axis.
pub(super) fn read_axes(header: &Header, bands: &Table) -> Result<Vec<MapAxis>, String> {
    let mut axes = Vec::new();
    for number in 1.. {
        let key = format!("AXCOLS{number}");
        let Some(names) = header.text(&key).map_err(|wrong| wrong.to_string())? else { break };
        let interp = header.text(&format!("INTERP{number}")).map_err(|wrong| wrong.to_string())?;
        let interp = Interp::of_name(interp.unwrap_or("lin")).map_err(|wrong| wrong.to_string())?;
        let values = |name: &str| -> Result<(Vec<f64>, String), String> {
            let column = bands.require(name).map_err(|wrong| wrong.to_string())?;
            let mut values = column.f64s().map_err(|wrong| wrong.to_string())?;
            let rises = values.first() <= values.last();
            values.sort_by(f64::total_cmp);
            values.dedup();
            if !rises {
                values.reverse();
            }
            Ok((values, column.unit.clone()))
        };
        let names: Vec<&str> = names.split(',').map(str::trim).collect();
        let axis = match names.as_slice() {
            [center] => {
                let (nodes, unit) = values(center)?;
                MapAxis::new(&axis_name(center), &unit, interp, NodeType::Center, nodes)
            }
            [min, max] => {
                let ((mut nodes, unit), (upper, _)) = (values(min)?, values(max)?);
                nodes.extend(upper.last());
                let name = axis_name(min.trim_end_matches("_MIN"));
                MapAxis::new(&name, &unit, interp, NodeType::Edges, nodes)
            }
            _ => return Err(format!("{key}: expected one or two columns, found {names:?}")),
        };
        axes.push(axis.map_err(|wrong| wrong.to_string())?);
    }
    Ok(axes)
}

/// The name of an axis by its column's.
fn axis_name(column: &str) -> String {
    match column.to_ascii_lowercase().as_str() {
        "e" | "energy" => "energy".into(),
        "theta" => "rad".into(),
        other => other.into(),
    }
}

/// An error of a map's HDU.
pub(super) fn malformed(path: &std::path::Path, name: &str, reason: impl Into<String>) -> Error {
    Error::malformed(path, format!(": HDU {name}"), reason)
}
