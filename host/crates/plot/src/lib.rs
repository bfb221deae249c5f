//! Pictures of what a tier holds: waveforms as PNG or SVG.
//!
//! A picture is a grid of panels, a panel is a plot with some traces over a common time axis.
//! Long traces are thinned to the smallest and largest sample of every pixel column, so that no
//! peak gets lost. Text is drawn with the DejaVu font inside the library: nothing needs to be
//! installed (licence of the font: `LICENSE-DejaVu`).
//!
//! ```
//! use tierline_plot::{Panel, Picture, Size, Trace, render};
//!
//! let samples = (0..500).map(|i| f64::from(i % 50)).collect();
//! let trace = Trace { label: "channel 3".into(), dt_ns: 16.0, t0_ns: 0.0, samples };
//! let panel = Panel { title: "saw".into(), traces: vec![trace], ..Panel::default() };
//! let png = render(&[panel], Size::for_panels(1), Picture::Png)?;
//! assert!(png.starts_with(b"\x89PNG"));
//! # Ok::<(), tierline_plot::Error>(())
//! ```
//!
//! | format | written |
//! |--|--|
//! | PNG | 8 bit RGB |
//! | SVG | text as text: a viewer without DejaVu Sans takes another sans-serif font |
#![forbid(unsafe_code)]

mod draw;
mod error;
mod output;
mod panel;
mod scale;

pub use error::Error;
pub use output::{Picture, Size, render, waveforms};
pub use panel::{Panel, Trace};
