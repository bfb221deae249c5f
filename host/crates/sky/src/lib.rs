//! World coordinates: projections, frames, times, regions, and the axes and geometries of maps.
//!
//! Angles are in degrees in public types unless a name says otherwise; images are indexed `[y][x]`, x along longitude; pixel
//! coordinates count from 0 at the centre of the first pixel. Sources: the FITS WCS papers I to IV; the data formats for gamma-ray
//! astronomy (GADF).
//!
//! | what | there | not there |
//! |---|---|---|
//! | frames | ICRS, galactic; altitude and azimuth; fields of view | FK4, FK5 apart from ICRS, ecliptic |
//! | projections | CAR CEA MER TAN SIN ARC STG ZEA AIT MOL SFL HPX | conics, AZP SZP ZPN AIR CYP PAR, quad cubes, PV1_0 to PV1_2 |
//! | distortions | SIP, TPV | TNX, ZPX, look-up tables |
//! | regions | point, circle, ellipse, rectangle, annuli, polygon, union; DS9 text, FITS rows | lines, texts, panda, excluded parts |
//! | HEALPix | pixel numbers in both orders, disks, larger pixels, lists | polygons, partial resolutions |
//! | times | TT, TAI, UTC from 1972 on | TDB, UT1 |
//!
//! ```
//! use tierline_sky::{Frame, Projection, Size, SkyCoord, WcsGeom};
//!
//! # fn main() -> Result<(), tierline_sky::Error> {
//! let crab = SkyCoord::icrs(83.63, 22.01);
//! let size = Size::Width([5.0, 5.0]);
//! let geom = WcsGeom::create(&crab, size, [0.02; 2], Projection::Tan, Frame::Icrs, Vec::new())?;
//! assert_eq!(geom.image_shape(), [250, 250]);
//! let total: f64 = geom.solid_angle().iter().sum();
//! assert!((total / 0.0076 - 1.0).abs() < 0.01);
//! # Ok(())
//! # }
//! ```
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
pub use fov::{FieldOfView, FovAlignment, FovFrame};
pub use frame::{Frame, Separation, SkyCoord};
pub use geom::{Cutout, CutoutMode, Geom, Size, WcsGeom};
pub use hpx::{Healpix, HpxGeom, HpxKeywords};
pub use region::{PixelRegion, RegionGeom, Shape, SkyRegion};
pub use time::{Scale, Time};
pub use wcs::{Projection, Wcs};
