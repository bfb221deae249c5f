//! Pictures of what a tier holds, as PNG or SVG: waveforms, histograms, densities, dots, camera images, spectra, images of the sky.
//!
//! A picture is a grid of panels. Long lines are thinned to the smallest and largest value of every
//! pixel column, so that no peak gets lost; [`Density`] counts any number of points in bounded
//! memory, as an oscilloscope's persistence does; [`Survey`] and [`Binning`] choose the bins of a
//! [`Histogram`]. Text is drawn with the DejaVu font inside the library: nothing needs to be
//! installed (licence of the font: `LICENSE-DejaVu`). The same input gives the same bytes.
//!
//! ```
//! use tierline_plot::{Panel, Picture, Size, Trace, render};
//!
//! let samples = (0..500).map(|i| f64::from(i % 50)).collect();
//! let trace = Trace { label: "channel 3".into(), dt_ns: 16.0, t0_ns: 0.0, samples };
//! let panel = Panel::waveforms("saw", &[trace]);
//! let png = render(&[panel], Size::for_panels(1), Picture::Png)?;
//! assert!(png.starts_with(b"\x89PNG"));
//! # Ok::<(), tierline_plot::Error>(())
//! ```
//!
//! | format | written |
//! |--|--|
//! | PNG | 8 bit RGB |
//! | SVG | text as text: a viewer without DejaVu Sans takes another sans-serif font; densities as PNG inside |
#![forbid(unsafe_code)]

mod camera;
mod clip;
mod colour;
mod contour;
mod density;
mod draw;
mod energies;
mod error;
mod histogram;
mod image;
mod output;
mod panel;
mod scale;
mod sky;
mod sky_grid;
mod thin;
mod ticks;

pub use camera::{CameraImage, Ellipse, PixelForm};
pub use contour::contour;
pub use density::{Density, GrowingAxis};
pub use energies::{EnergySpectrum, Series, SeriesForm};
pub use error::Error;
pub use histogram::{Binning, Histogram, MOST_BINS, Survey};
pub use image::{ColourMap, Contrast, Image, image, limits};
pub use output::{Picture, Size, render, waveforms};
pub use panel::{Axis, Content, Line, Panel, Trace};
pub use sky::{Mark, Outline, SkyMap, Stretch};
pub use sky_grid::{Edge, GridLabel, GridLine, SkyGrid};
