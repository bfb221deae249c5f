//! World coordinates: projections, frames, times, regions, and the axes and geometries of maps.
//!
//! Angles are in degrees in public types unless a name says otherwise; images are indexed `[y][x]`, x along longitude; pixel
//! coordinates count from 0 at the centre of the first pixel. Sources: the FITS WCS papers I to IV; the data formats for gamma-ray
//! astronomy (GADF).
#![forbid(unsafe_code)]

mod altaz;
mod axis;
mod earth;
mod error;
mod fov;
pub mod frame;
pub mod geom;
pub mod header;
pub mod hpx;
pub mod region;
mod time;
pub mod wcs;

pub use altaz::{AltAz, EarthLocation};
pub use axis::{Boundary, Group, Interp, MapAxis, NodeType};
pub use error::Error;
pub use fov::FovFrame;
pub use frame::{Frame, Separation, SkyCoord};
pub use geom::{Cutout, CutoutMode, Geom, Size, WcsGeom};
pub use hpx::{Healpix, HpxGeom};
pub use region::{PixelRegion, RegionGeom, Shape, SkyRegion};
pub use time::{Scale, Time};
pub use wcs::{Projection, Wcs};
