//! Maps of HEALPix pixels as tables.
//!
//! | keyword | holds |
//! |--|--|
//! | PIXTYPE | HEALPIX |
//! | ORDERING | RING or NESTED |
//! | COORDSYS (galprop: COORDTYPE) | CEL or GAL |
//! | NSIDE, ORDER | pixels along a face; where bands have several, those of each are in the column NSIDE of the bands' table |
//! | INDXSCHM | how rows are pixels, see below |
//! | HPX_REG | part of the sky: `DISK(lon,lat,radius)`, `DISK_INC(lon,lat,radius,factor)`, `HPX_PIXEL(ordering,nside,pixel)` |
//! | BANDSHDU | table of the axes; without it EBOUNDS or ENERGIES |
//! | HPX_CONV | names of columns and how axes are told, see [`HpxConvention`] |
//! | BUNIT | unit of the values |
//!
//! | INDXSCHM | rows |
//! |--|--|
//! | IMPLICIT | all pixels of the sphere or of HPX_REG, rising |
//! | EXPLICIT | pixels of the sphere in the column PIX |
//! | LOCAL | pixels of HPX_REG, whose places in each band's list are in PIX; bands with fewer pixels end in NaN |
//! | SPARSE | values that are not 0: PIX, CHANNEL (place of the plane, from 0) and VALUE |
//!
//! Of all but SPARSE there is a column per plane, the first axis fastest, with numbers from 1 on. As a table has at most 999 columns,
//! maps of more planes are SPARSE.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::is_healpix;
pub(super) use read::read_map;
pub use write::{HpxForm, write_healpix};
pub(super) use write::{mask_tables, tables};

use tierline_fits::{Column, Header, Table};
use tierline_sky::{Interp, MapAxis, NodeType};

/// Names of columns, and where axes are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HpxConvention {
    /// `gadf`: columns CHANNELn, axes as the bands' table tells.
    #[default]
    Gadf,
    /// `fgst-ccube`, counts: columns CHANNELn, edges of energy in EBOUNDS.
    FgstCcube,
    /// `fgst-template`, a model: columns ENERGYn, energies in ENERGIES.
    FgstTemplate,
    /// `fgst-bexpcube`, exposure: columns ENERGYn, energies in ENERGIES.
    FgstBexpcube,
    /// `galprop`, a model: columns Binn, energies in ENERGIES.
    Galprop,
}

/// Conventions by name.
const CONVENTIONS: [(&str, HpxConvention); 6] = [
    ("gadf", HpxConvention::Gadf),
    ("fgst-ccube", HpxConvention::FgstCcube),
    ("fgst-template", HpxConvention::FgstTemplate),
    ("fgst-bexpcube", HpxConvention::FgstBexpcube),
    ("galprop", HpxConvention::Galprop),
    ("galprop2", HpxConvention::Galprop),
];

impl HpxConvention {
    /// Its name.
    pub fn name(self) -> &'static str {
        CONVENTIONS.iter().find(|(_, own)| *own == self).map_or("gadf", |(name, _)| name)
    }

    /// The convention of a name.
    ///
    /// # Errors
    /// Where it is none that is read.
    pub fn of_name(name: &str) -> Result<Self, String> {
        let found = CONVENTIONS.iter().find(|(own, _)| own.eq_ignore_ascii_case(name.trim()));
        found.map(|(_, convention)| *convention).ok_or_else(|| {
            let known = CONVENTIONS.map(|(name, _)| name).join(", ");
            format!("HPX_CONV: expected one of {known}, found '{name}'")
        })
    }

    /// The convention of a table: by HPX_CONV, else by its name and columns.
    fn of_table(table: &Table) -> Result<Self, String> {
        if let Some(name) = table.header.text("HPX_CONV").map_err(|wrong| wrong.to_string())? {
            return Self::of_name(name);
        }
        if table.header.value("BANDSHDU").is_some() || table.column("VALUE").is_some() {
            return Ok(HpxConvention::Gadf);
        }
        match table.name.as_str() {
            "HPXEXPOSURES" => return Ok(HpxConvention::FgstBexpcube),
            "SKYMAP2" => return Ok(HpxConvention::Galprop),
            _ => {}
        }
        let first = table.columns.iter().find(|column| !column.name.eq_ignore_ascii_case("PIX"));
        let first = first.map_or("", |column| column.name.as_str());
        match first {
            "ENERGY1" => Ok(HpxConvention::FgstTemplate),
            "Bin0" => Ok(HpxConvention::Galprop),
            "CHANNEL0" | "CHANNEL1" if table.name == "SKYMAP" => Ok(HpxConvention::FgstCcube),
            "CHANNEL0" | "CHANNEL1" => Err(
                "no HPX_CONV: a source map (fgst-srcmap) or a map without its BANDSHDU is not read"
                    .into(),
            ),
            other => Err(format!("no HPX_CONV, and none has a first column '{other}'")),
        }
    }

    /// What names of columns with values start with, before a number.
    fn prefix(self) -> &'static str {
        match self {
            HpxConvention::Gadf | HpxConvention::FgstCcube => "CHANNEL",
            HpxConvention::FgstTemplate | HpxConvention::FgstBexpcube => "ENERGY",
            HpxConvention::Galprop => "Bin",
        }
    }

    /// The columns with values, in their order.
    fn columns(self, table: &Table) -> Vec<&Column> {
        let prefix = self.prefix();
        let is_value = |column: &&Column| {
            let start = column.name.get(..prefix.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
                && column.name.len() > prefix.len()
                && column.name[prefix.len()..].bytes().all(|byte| byte.is_ascii_digit())
        };
        table.columns.iter().filter(is_value).collect()
    }

    /// The axes, from their table.
    fn axes(self, header: &Header, bands: &Table) -> Result<Vec<MapAxis>, String> {
        let values = |name: &str| {
            let column = bands.require(name).map_err(|wrong| wrong.to_string())?;
            let values = column.f64s().map_err(|wrong| wrong.to_string())?;
            Ok::<_, String>((values, column.unit.clone()))
        };
        let axis = match self {
            HpxConvention::Gadf => {
                // Some files have the names of the columns in the bands' table only.
                let own = if header.value("AXCOLS1").is_some() { header } else { &bands.header };
                return super::bands::read_axes(own, bands);
            }
            HpxConvention::FgstCcube => {
                let ((mut edges, unit), (upper, _)) = (values("E_MIN")?, values("E_MAX")?);
                edges.extend(upper.last());
                MapAxis::new("energy", &unit, Interp::Log, NodeType::Edges, edges)
            }
            _ => {
                let known = ["ENERGY", "ENERGY_TRUE", "MeV"];
                let name = known.into_iter().find(|name| bands.column(name).is_some());
                let name = name.ok_or_else(|| format!("energies: expected one of {known:?}"))?;
                let (nodes, unit) = values(name)?;
                let unit = if unit.is_empty() { "MeV" } else { &unit };
                MapAxis::new("energy_true", unit, Interp::Log, NodeType::Center, nodes)
            }
        };
        Ok(vec![axis.map_err(|wrong| wrong.to_string())?])
    }
}

/// Whether the standard's order of the bands' NSIDE, the first axis fastest, and the peer's, the last axis fastest, are the same.
fn is_order_of_nside_plain(nside: &[u64], axes: &[MapAxis]) -> bool {
    let lengths: Vec<usize> = axes.iter().map(MapAxis::n_bins).collect();
    (0..nside.len()).all(|at| {
        let (mut rest, mut other) = (at, 0);
        for n in &lengths {
            other = other * n + rest % n;
            rest /= n;
        }
        nside.get(other) == nside.get(at)
    })
}

/// Why files of such geometries are neither read nor written.
const SEVERAL_SIZES: &str =
    "pixels of several sizes over several axes, of which the order in files is not agreed on";
