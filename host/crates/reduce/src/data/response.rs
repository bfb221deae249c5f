//! Tables of instrument responses from files.

use tierline_fits::{Cells, Column, FitsFile, HduKind, Table};
use tierline_sky::{Interp, MapAxis, NodeType};

use super::cards::Cards;
use super::index::HduType;
use crate::Error;
use crate::gadf::{irf_of_hdu, map_of_hdu};
use crate::irf::{
    Background, EffectiveArea, EnergyDispersion, FovAlignment, IrfTable, PointSpread, RadMax,
    Responses, Values,
};
use crate::map::Map;

/// Unit of backgrounds that have none.
const BACKGROUND_UNIT: &str = "s-1 MeV-1 sr-1";

/// Reads the responses of a file without an index: of each type the first HDU. What is not understood is told in warnings.
///
/// # Errors
/// Where a response can't be read.
pub fn read_responses(file: &mut FitsFile) -> Result<(Responses, Vec<String>), Error> {
    let mut reader = ResponseReader::default();
    for (number, kind, class) in responses(file, &mut reader.warnings)? {
        reader.read(file, number, kind, &class)?;
    }
    Ok(reader.finish())
}

/// HDUs of responses with their type and class; of each type the first.
pub(super) fn responses(
    file: &FitsFile,
    warnings: &mut Vec<String>,
) -> Result<Vec<(usize, HduType, String)>, Error> {
    let mut found: Vec<(usize, HduType, String)> = Vec::new();
    for (number, info) in file.hdus().iter().enumerate() {
        let cards = Cards::of(file, number)?;
        if info.kind != HduKind::BinaryTable
            || !cards.text("HDUCLAS1").eq_ignore_ascii_case("RESPONSE")
        {
            continue;
        }
        let mut warn =
            |what: String| warnings.push(format!("{}{}: {what}", file.path().display(), info.hdu));
        let (of, class) = (cards.text("HDUCLAS2"), cards.text("HDUCLAS4"));
        match type_and_class(of, class) {
            None => warn(format!("unknown class: HDUCLAS2 {of:?}, HDUCLAS4 {class:?}")),
            Some((kind, _)) if found.iter().any(|(_, other, _)| *other == kind) => {
                warn(format!("another {} was before it, this one is left out", kind.name()));
            }
            Some((kind, class)) => found.push((number, kind, class)),
        }
    }
    Ok(found)
}

/// Type and class from `HDUCLAS2` and `HDUCLAS4`, which some files have without the type in it.
pub(crate) fn type_and_class(of: &str, class: &str) -> Option<(HduType, String)> {
    const CLASSES: [&str; 8] = [
        "aeff_2d",
        "edisp_2d",
        "psf_table",
        "psf_3gauss",
        "psf_king",
        "bkg_2d",
        "bkg_3d",
        "rad_max_2d",
    ];
    let kind = match of.to_ascii_lowercase().as_str() {
        "rpsf" => HduType::Psf,
        "eff_area" => HduType::Aeff,
        other => HduType::of_name(other)?,
    };
    let class = class.to_ascii_lowercase();
    let long = format!("{}_{class}", kind.name());
    [class, long]
        .into_iter()
        .find(|class| CLASSES.contains(&class.as_str()))
        .map(|class| (kind, class))
}

/// Reads responses one by one.
#[derive(Default)]
pub(crate) struct ResponseReader {
    responses: Responses,
    /// `RAD_MAX` of an effective area in deg.
    radius: Option<f64>,
    pub(super) warnings: Vec<String>,
}

impl ResponseReader {
    /// Reads an HDU of a class, such as `psf_table`.
    pub(crate) fn read(
        &mut self,
        file: &mut FitsFile,
        number: usize,
        kind: HduType,
        class: &str,
    ) -> Result<(), Error> {
        if class == "map" || class.contains("_map") {
            return self.read_map(file, number, (kind, class));
        }
        let table = file.table(number, None)?;
        let cards = Cards::of(file, number)?;
        if table.rows != 1 {
            return Err(
                cards.wrong(format!("expected a response in one row, found {}", table.rows))
            );
        }
        let mut reader = TableReader { cards, table: &table, warnings: &mut self.warnings };
        match (kind, class) {
            (HduType::Aeff, "aeff_2d") => {
                let aeff = reader.effective_area()?;
                self.radius = if aeff.is_pointlike { reader.cards.real("RAD_MAX")? } else { None };
                self.responses.aeff = Some(aeff);
            }
            (HduType::Edisp, "edisp_2d") => {
                let table = reader.response(&["energy_true", "migra", "offset"], "MATRIX")?;
                let is_pointlike = reader.is_pointlike();
                self.responses.edisp = Some(EnergyDispersion { table, is_pointlike });
            }
            (HduType::Psf, "psf_table" | "psf_3gauss" | "psf_king") => {
                self.responses.psf = Some(reader.point_spread(class)?);
            }
            (HduType::Bkg, "bkg_2d" | "bkg_3d") => {
                self.responses.bkg = Some(reader.background(class)?);
            }
            (HduType::RadMax, "rad_max_2d") => {
                let table = reader.response(&["energy", "offset"], "RAD_MAX")?;
                self.responses.rad_max = Some(RadMax { table, is_fixed: false });
            }
            _ => return Err(cards.wrong(format!("{class} is no known class of {}", kind.name()))),
        }
        Ok(())
    }

    /// Reads a response that is a map.
    fn read_map(
        &mut self,
        file: &mut FitsFile,
        number: usize,
        (kind, class): (HduType, &str),
    ) -> Result<(), Error> {
        let maps = &mut self.responses.maps;
        match (kind, class) {
            (HduType::Aeff, "map") => maps.aeff = Some(map_of_hdu(file, number)?),
            (HduType::Bkg, "map") => maps.bkg = Some(map_of_hdu(file, number)?),
            (HduType::Psf, "psf_map") => {
                let psf = irf_of_hdu(file, number, "PSF_EXPOSURE")?;
                check_axes(file, number, &psf.map, ["rad", "energy_true"])?;
                maps.psf = Some(psf);
            }
            (HduType::Edisp, "edisp_kernel_map" | "edisp_map") => {
                let edisp = irf_of_hdu(file, number, "EDISP_EXPOSURE")?;
                check_axes(file, number, &edisp.map, ["energy", "energy_true"])?;
                maps.edisp = Some(edisp);
            }
            _ => {
                let cards = Cards::of(file, number)?;
                return Err(cards.wrong(format!("{class} is no known class of {}", kind.name())));
            }
        }
        Ok(())
    }

    /// What was read, with the radius of a keyword where there is no table of it.
    pub(crate) fn finish(mut self) -> (Responses, Vec<String>) {
        if self.responses.rad_max.is_none()
            && let (Some(aeff), Some(radius)) = (&self.responses.aeff, self.radius)
        {
            match fixed_radius(aeff, radius) {
                Ok(rad_max) => self.responses.rad_max = Some(rad_max),
                Err(error) => self.warnings.push(format!("RAD_MAX {radius} is left out: {error}")),
            }
        }
        (self.responses, self.warnings)
    }
}

/// Refuses a response of other axes, in this order.
fn check_axes(file: &FitsFile, number: usize, map: &Map, expected: [&str; 2]) -> Result<(), Error> {
    let found: Vec<&str> = map.geom.axes().iter().map(MapAxis::name).collect();
    if found == expected {
        return Ok(());
    }
    let cards = Cards::of(file, number)?;
    Err(cards.wrong(format!("expected a map with axes {expected:?}, found {found:?}")))
}

/// A table of one radius over all energies and offsets of an effective area.
fn fixed_radius(aeff: &EffectiveArea, radius: f64) -> Result<RadMax, Error> {
    let [energy, offset] = &aeff.table.axes[..] else {
        return Err(Error::parameter("effective area", "expected two axes"));
    };
    let table = IrfTable {
        axes: vec![one_bin(energy, "energy")?, one_bin(offset, "offset")?],
        values: Values::F64(vec![radius]),
        unit: "deg".into(),
    };
    Ok(RadMax { table, is_fixed: true })
}

fn one_bin(axis: &MapAxis, name: &str) -> Result<MapAxis, Error> {
    let (unit, interp) = (axis.unit(), axis.interp());
    if axis.n_bins() == 1 && axis.node_type() == NodeType::Center {
        return Ok(MapAxis::new(name, unit, interp, NodeType::Center, axis.nodes().to_vec())?);
    }
    let edges = axis.edges();
    let ends = vec![edges[0], edges[edges.len() - 1]];
    Ok(MapAxis::new(name, unit, interp, NodeType::Edges, ends)?)
}

/// The one row of a response.
struct TableReader<'a> {
    cards: Cards<'a>,
    table: &'a Table,
    warnings: &'a mut Vec<String>,
}

impl TableReader<'_> {
    fn is_pointlike(&self) -> bool {
        self.cards.text("HDUCLAS3").eq_ignore_ascii_case("POINT-LIKE")
    }

    fn warn(&mut self, what: &str) {
        self.warnings.push(format!("{}{}: {what}", self.cards.path.display(), self.cards.hdu));
    }

    fn effective_area(&mut self) -> Result<EffectiveArea, Error> {
        let threshold = |key| Ok::<_, Error>(self.cards.real(key)?.filter(|energy| *energy != 0.0));
        let (lo_threshold_tev, hi_threshold_tev) = (threshold("LO_THRES")?, threshold("HI_THRES")?);
        let table = self.response(&["energy_true", "offset"], "EFFAREA")?;
        let is_pointlike = self.is_pointlike();
        Ok(EffectiveArea { table, lo_threshold_tev, hi_threshold_tev, is_pointlike })
    }

    fn point_spread(&mut self, class: &str) -> Result<PointSpread, Error> {
        const PLANE: [&str; 2] = ["energy_true", "offset"];
        Ok(match class {
            "psf_table" => {
                PointSpread::Table(self.response(&["energy_true", "offset", "rad"], "RPSF")?)
            }
            "psf_king" => {
                PointSpread::King([self.parameter(&PLANE, "GAMMA")?, self.sigma(&PLANE, "SIGMA")?])
            }
            _ => PointSpread::ThreeGauss(Box::new([
                self.parameter(&PLANE, "SCALE")?,
                self.sigma(&PLANE, "SIGMA_1")?,
                self.sigma(&PLANE, "SIGMA_2")?,
                self.sigma(&PLANE, "SIGMA_3")?,
                self.parameter(&PLANE, "AMPL_2")?,
                self.parameter(&PLANE, "AMPL_3")?,
            ])),
        })
    }

    /// A parameter, in 4 bytes as the peer keeps them.
    fn parameter(&mut self, axes: &[&str], column: &str) -> Result<IrfTable, Error> {
        let mut table = self.response(axes, column)?;
        if let Values::F64(values) = &table.values {
            table.values = Values::F32(values.iter().map(|value| *value as f32).collect());
        }
        Ok(table)
    }

    /// A width in deg; 0 stands for one that is not used, and becomes 1.
    fn sigma(&mut self, axes: &[&str], column: &str) -> Result<IrfTable, Error> {
        let mut table = self.parameter(axes, column)?;
        let unit = if table.unit.is_empty() { "deg" } else { &table.unit };
        let by = crate::factor(unit, "deg")
            .map_err(|error| self.cards.wrong(format!("column {column}: {error}")))?;
        if let Values::F32(values) = &mut table.values {
            for value in values {
                *value = if *value == 0.0 { 1.0 } else { (f64::from(*value) * by) as f32 };
            }
        }
        table.unit = "deg".into();
        Ok(table)
    }

    fn background(&mut self, class: &str) -> Result<Background, Error> {
        if self.cards.text("HDUCLAS2").is_empty() {
            self.warn("no HDUCLAS2, taken as BKG");
        }
        let column = if self.table.column("BKG").is_some() { "BKG" } else { "BGD" };
        let names: &[&str] = if class == "bkg_2d" {
            &["energy", "offset"]
        } else {
            &["energy", "fov_lon", "fov_lat"]
        };
        let axes = self.axes(names)?;
        let mut unit = self.cards.column(self.table, column)?.unit.clone();
        if unit.is_empty() || crate::Unit::parse(&unit).is_err() {
            self.warn(&format!("unit {unit:?} of the background, taken as {BACKGROUND_UNIT}"));
            unit = BACKGROUND_UNIT.into();
        }
        let values = self.background_values(column, &axes)?;
        self.tell_holes(column, &values);
        let table = IrfTable { axes, values, unit };
        if class == "bkg_2d" {
            return Ok(Background::TwoD(table));
        }
        Ok(Background::ThreeD(table, self.alignment()?))
    }

    /// Values of a background: transposed as all responses, but as they are where only that fits the axes.
    fn background_values(&mut self, column: &str, axes: &[MapAxis]) -> Result<Values, Error> {
        let lengths: Vec<usize> = axes.iter().map(MapAxis::n_bins).collect();
        let reversed: Vec<usize> = lengths.iter().rev().copied().collect();
        if lengths == reversed && lengths.iter().any(|length| *length > 1) {
            self.warn("the order of the background's axes can't be told, the standard's is taken");
        }
        let cell = self.cards.column(self.table, column)?;
        let is_reversed = significant(&cell.shape) == significant(&reversed);
        if !is_reversed && significant(&cell.shape) == significant(&lengths) {
            return self.values(cell);
        }
        self.transposed(cell, &lengths)
    }

    fn alignment(&self) -> Result<FovAlignment, Error> {
        match self.cards.text("FOVALIGN").to_ascii_uppercase().as_str() {
            "" | "RADEC" => Ok(FovAlignment::RaDec),
            "ALTAZ" => Ok(FovAlignment::AltAz),
            "REVERSE_LON_RADEC" => Ok(FovAlignment::ReverseLonRaDec),
            other => Err(self.cards.wrong(format!(
                "keyword FOVALIGN: expected ALTAZ, RADEC or REVERSE_LON_RADEC, found {other}"
            ))),
        }
    }

    fn response(&mut self, axes: &[&str], column: &str) -> Result<IrfTable, Error> {
        let axes = self.axes(axes)?;
        let lengths: Vec<usize> = axes.iter().map(MapAxis::n_bins).collect();
        let cell = self.cards.column(self.table, column)?;
        let values = self.transposed(cell, &lengths)?;
        self.tell_holes(column, &values);
        Ok(IrfTable { axes, values, unit: cell.unit.clone() })
    }

    /// Tells of values that are no numbers, which count as if they were outside of the table.
    fn tell_holes(&mut self, column: &str, values: &Values) {
        let (holes, all) = match values {
            Values::F32(values) => (values.iter().filter(|v| !v.is_finite()).count(), values.len()),
            Values::F64(values) => (values.iter().filter(|v| !v.is_finite()).count(), values.len()),
        };
        if holes > 0 {
            self.warn(&format!("column {column}: {holes} of {all} values are no numbers"));
        }
    }

    /// Values of a cell, whose axes are in the reverse order.
    fn transposed(&self, cell: &Column, lengths: &[usize]) -> Result<Values, Error> {
        let reversed: Vec<usize> = lengths.iter().rev().copied().collect();
        if significant(&cell.shape) != significant(&reversed) {
            return Err(self.cards.wrong(format!(
                "column {}: cells of shape {:?}, but axes of {reversed:?}",
                cell.name, cell.shape
            )));
        }
        Ok(match self.values(cell)? {
            Values::F32(values) => Values::F32(transpose(&values, lengths)),
            Values::F64(values) => Values::F64(transpose(&values, lengths)),
        })
    }

    fn values(&self, cell: &Column) -> Result<Values, Error> {
        match &cell.cells {
            Cells::F32(values) => Ok(Values::F32(values.clone())),
            _ => {
                let values =
                    cell.f64s().map_err(|mismatch| self.cards.wrong(mismatch.to_string()))?;
                let expected: usize = cell.shape.iter().product();
                if values.len() != expected {
                    return Err(self.cards.wrong(format!(
                        "column {}: {} values in a cell of shape {:?}",
                        cell.name,
                        values.len(),
                        cell.shape
                    )));
                }
                Ok(Values::F64(values))
            }
        }
    }

    fn axes(&mut self, names: &[&str]) -> Result<Vec<MapAxis>, Error> {
        names.iter().map(|name| self.axis(name)).collect()
    }

    fn axis(&mut self, name: &str) -> Result<MapAxis, Error> {
        let (prefixes, unit, interp): (&[&str], _, _) = match name {
            "energy_true" => (&["ENERG", "ETRUE"], "TeV", Interp::Log),
            "energy" => (&["ENERG"], "TeV", Interp::Log),
            "migra" => (&["MIGRA"], "", Interp::Lin),
            "rad" => (&["RAD"], "deg", Interp::Lin),
            "fov_lon" => (&["DETX"], "deg", Interp::Lin),
            "fov_lat" => (&["DETY"], "deg", Interp::Lin),
            _ => (&["THETA"], "deg", Interp::Lin),
        };
        let is_there = |prefix: &&&str| self.table.column(&format!("{prefix}_LO")).is_some();
        let prefix = prefixes.iter().find(is_there).unwrap_or(&prefixes[0]);
        let [lo, hi] = ["LO", "HI"].map(|end| format!("{prefix}_{end}"));
        let lo_column = self.cards.column(self.table, &lo)?;
        let hi_column = self.cards.column(self.table, &hi)?;
        if lo_column.unit.is_empty() && !unit.is_empty() {
            self.warn(&format!("column {lo} has no unit, taken as {unit}"));
        }
        let lo_values = self.cards.values(lo_column, unit, unit)?;
        let hi_values = self.cards.values(hi_column, unit, unit)?;
        if lo_values.len() != hi_values.len() || lo_values.is_empty() {
            let (one, two) = (lo_values.len(), hi_values.len());
            return Err(self.cards.wrong(format!("columns {lo}, {hi}: {one} and {two} values")));
        }
        axis_from_lo_hi(name, unit, interp, lo_values, hi_values)
            .map_err(|error| self.cards.wrong(format!("columns {lo}, {hi}: {error}")))
    }
}

/// Where lower and upper ends are the same, they are the nodes, else they are edges of bins that touch.
fn axis_from_lo_hi(
    name: &str,
    unit: &str,
    interp: Interp,
    mut lo: Vec<f64>,
    hi: Vec<f64>,
) -> Result<MapAxis, Error> {
    let is_close = |(lo, hi): (&f64, &f64)| (hi - lo).abs() <= 1e-8 + 1e-5 * lo.abs();
    if std::iter::zip(&lo, &hi).all(is_close) {
        return Ok(MapAxis::new(name, unit, interp, NodeType::Center, hi)?);
    }
    lo.extend(hi.last());
    Ok(MapAxis::new(name, unit, interp, NodeType::Edges, lo)?)
}

/// A shape without axes of one bin, which files may leave out.
fn significant(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|length| *length != 1).collect()
}

/// Values in C order of `lengths` from those in C order of the reverse.
fn transpose<T: Copy>(values: &[T], lengths: &[usize]) -> Vec<T> {
    // Step in the old order of each axis of the new one: the first varies fastest.
    let mut step = 1;
    let steps: Vec<usize> = lengths
        .iter()
        .map(|length| {
            let this = step;
            step *= length;
            this
        })
        .collect();
    let mut out = Vec::with_capacity(values.len());
    let mut index = vec![0; lengths.len()];
    let mut at = 0;
    for _ in 0..values.len() {
        out.push(values[at]);
        for axis in (0..lengths.len()).rev() {
            index[axis] += 1;
            at += steps[axis];
            if index[axis] < lengths[axis] {
                break;
            }
            at -= steps[axis] * lengths[axis];
            index[axis] = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposition() {
        let values: Vec<usize> = (0..24).collect();
        let transposed = transpose(&values, &[2, 3, 4]);
        for (i, k, l) in (0..24).map(|n| (n / 12, n / 4 % 3, n % 4)) {
            assert_eq!(transposed[i * 12 + k * 4 + l], l * 6 + k * 2 + i);
        }
        assert_eq!(transpose(&[5, 6, 7], &[3, 1]), [5, 6, 7]);
    }

    #[test]
    fn nodes_or_edges() {
        let axis = |lo: &[f64], hi: &[f64]| {
            axis_from_lo_hi("offset", "deg", Interp::Lin, lo.to_vec(), hi.to_vec()).unwrap()
        };
        let nodes = axis(&[0.0, 0.5], &[0.0, 0.500001]);
        assert_eq!((nodes.node_type(), nodes.nodes()), (NodeType::Center, &[0.0, 0.500001][..]));
        let edges = axis(&[0.0, 0.5], &[0.5, 1.0]);
        assert_eq!((edges.node_type(), edges.nodes()), (NodeType::Edges, &[0.0, 0.5, 1.0][..]));
    }

    #[test]
    fn classes() {
        let class = |of, class| type_and_class(of, class).map(|(kind, class)| (kind.name(), class));
        assert_eq!(class("RPSF", "3GAUSS"), Some(("psf", "psf_3gauss".into())));
        assert_eq!(class("EFF_AREA", "AEFF_2D"), Some(("aeff", "aeff_2d".into())));
        assert_eq!(class("BKG", "3D"), Some(("bkg", "bkg_3d".into())));
        assert_eq!(class("PSF_2D_KING", ""), None);
        assert_eq!(class("BKG", ""), None);
    }
}
