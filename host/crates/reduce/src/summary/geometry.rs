//! Geometries and axes in a few numbers.

use serde::Serialize;
use tierline_sky::{Boundary, MapAxis, NodeType, Shape, SkyRegion};

use crate::geom::Geom;

/// An axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AxisSummary {
    /// Name.
    pub name: String,
    /// Unit; empty for numbers.
    pub unit: String,
    /// Bins, or nodes.
    pub bins: usize,
    /// First edge, or node.
    pub first: f64,
    /// Last edge, or node.
    pub last: f64,
    /// How it is scaled: lin, log, sqrt.
    pub interp: &'static str,
    /// Whether its ends are nodes, not edges.
    pub has_nodes: bool,
    /// Whether it goes round.
    pub is_periodic: bool,
}

impl From<&MapAxis> for AxisSummary {
    fn from(axis: &MapAxis) -> Self {
        let nodes = axis.nodes();
        let end = |value: Option<&f64>| value.copied().unwrap_or(f64::NAN);
        AxisSummary {
            name: axis.name().into(),
            unit: axis.unit().into(),
            bins: axis.n_bins(),
            first: end(nodes.first()),
            last: end(nodes.last()),
            interp: axis.interp().name(),
            has_nodes: axis.node_type() == NodeType::Center,
            is_periodic: axis.boundary() == Boundary::Periodic,
        }
    }
}

/// Where the cells of a map are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GeometrySummary {
    /// Code of the projection; `None` for regions and HEALPix.
    pub projection: Option<&'static str>,
    /// Frame of the sky.
    pub frame: &'static str,
    /// Pixels along x and y.
    pub npix: Option<[usize; 2]>,
    /// Sizes of a pixel along x and y in deg.
    pub binsz_deg: Option<[f64; 2]>,
    /// Longitude and latitude of the centre in deg, in the frame.
    pub center_deg: Option<[f64; 2]>,
    /// The region, or the part of the sky in HEALPix.
    pub region: Option<String>,
    /// Number of parts of a side of HEALPix's base pixels.
    pub nside: Option<u64>,
    /// Pixels of HEALPix, of the first plane.
    pub n_pixels: Option<u64>,
    /// Axes beside the position.
    pub axes: Vec<AxisSummary>,
}

impl From<&Geom> for GeometrySummary {
    fn from(geom: &Geom) -> Self {
        let center = geom.center_skydir().ok().map(|center| center.to(geom.frame()));
        let mut summary = GeometrySummary {
            projection: None,
            frame: geom.frame().name(),
            npix: None,
            binsz_deg: None,
            center_deg: center.map(|center| [center.lon_deg, center.lat_deg]),
            region: None,
            nside: None,
            n_pixels: None,
            axes: axes(geom.axes()),
        };
        match geom {
            Geom::Wcs(geom) => {
                let [ny, nx] = geom.image_shape();
                summary.projection = Some(geom.projection().code());
                summary.npix = Some([nx, ny]);
                summary.binsz_deg = Some(geom.pixel_scales());
            }
            Geom::Region(geom) => summary.region = geom.region().map(region),
            Geom::Hpx(geom) => {
                summary.nside = geom.partition(0).ok().map(|partition| partition.nside());
                summary.n_pixels = geom.n_pixels(0).ok();
                summary.region = geom.region().map(|region| region.text());
            }
        }
        summary
    }
}

/// Axes in a few numbers.
pub(super) fn axes(axes: &[MapAxis]) -> Vec<AxisSummary> {
    axes.iter().map(AxisSummary::from).collect()
}

/// A region in words.
fn region(region: &SkyRegion) -> String {
    let by = |[a, b]: [f64; 2]| format!("{} x {}", short(a), short(b));
    match region {
        SkyRegion::Polygon { vertices } => format!("polygon of {} corners", vertices.len()),
        SkyRegion::Union(all) => format!("{} regions", all.len()),
        SkyRegion::Simple { shape, .. } => match *shape {
            Shape::Point => "point".into(),
            Shape::Circle { radius } => format!("circle of {} deg", short(radius)),
            Shape::Ellipse { size, .. } => format!("ellipse of {} deg", by(size)),
            Shape::Rectangle { size, .. } => format!("rectangle of {} deg", by(size)),
            Shape::CircleAnnulus { inner, outer } => {
                format!("annulus of {} to {} deg", short(inner), short(outer))
            }
            Shape::EllipseAnnulus { inner, outer, .. } => {
                format!("elliptical annulus of {} to {} deg", by(inner), by(outer))
            }
            Shape::RectangleAnnulus { inner, outer, .. } => {
                format!("rectangular annulus of {} to {} deg", by(inner), by(outer))
            }
        },
    }
}

/// A number without the digits of rounding.
pub(super) fn short(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
