//! What is to be drawn.

use std::ops::Range;

use crate::{CameraImage, Density, EnergySpectrum, Histogram, SkyMap};

/// Equidistant samples.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trace {
    /// Text in the legend; an empty one keeps the trace out of it.
    pub label: String,
    /// Sampling period in ns.
    pub dt_ns: f64,
    /// Time of the first sample in ns.
    pub t0_ns: f64,
    /// The samples; those that are not finite leave a gap.
    pub samples: Vec<f64>,
}

impl Trace {
    /// Time of a sample in ns.
    pub fn time_ns(&self, index: usize) -> f64 {
        self.t0_ns + self.dt_ns * index as f64
    }

    /// The samples over their times, thinned to the smallest and largest one of each of so many
    /// columns. A gap becomes one point that is not finite.
    pub fn line(&self, columns: usize) -> Line {
        let points = (0..).zip(&self.samples).map(|(index, v)| (self.time_ns(index), *v));
        let points: Vec<(f64, f64)> = points.collect();
        Line { label: self.label.clone(), points: crate::thin::points(&points, columns) }
    }
}

/// Points that are joined by a line, or stand for themselves.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Line {
    /// Text in the legend; an empty one keeps the line out of it.
    pub label: String,
    /// Horizontal and vertical value of each point; one that is not finite leaves a gap.
    pub points: Vec<(f64, f64)>,
}

/// What an axis shows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Axis {
    /// What the values are, without units.
    pub label: String,
    /// Their units. Values in `ns` are shown in ns, µs, ms or s, whichever fits.
    pub units: Option<String>,
}

impl Axis {
    /// An axis of values without units.
    pub fn new(label: impl Into<String>) -> Self {
        Axis { label: label.into(), units: None }
    }

    /// An axis of values in some units.
    pub fn in_units(label: impl Into<String>, units: impl Into<String>) -> Self {
        Axis { label: label.into(), units: Some(units.into()) }
    }
}

/// What is in a panel.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Lines over a common axis, for example waveforms.
    Lines(Vec<Line>),
    /// Dots.
    Dots(Vec<Line>),
    /// Histograms with the same bins, one over the other.
    Histograms(Vec<Histogram>),
    /// How many points are where, in logarithmic colours.
    Density(Box<Density>),
    /// An image of a camera, as wide as it is high where it is so.
    Camera(Box<CameraImage>),
    /// Values over bins of energy.
    Energies(EnergySpectrum),
    /// An image of the sky, whose coordinates are its axes: those of the panel are not drawn.
    Sky(Box<SkyMap>),
}

/// One plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Title above the plot.
    pub title: String,
    /// A line of small text below the title.
    pub note: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What part of the vertical axis is shown; all of it if `None`.
    pub y_range: Option<Range<f64>>,
    /// Whether the counts of histograms, or the values of spectra, have a logarithmic axis.
    pub log: bool,
    /// What is drawn.
    pub content: Content,
}

impl Panel {
    /// A panel without a title.
    pub fn new(x: Axis, y: Axis, content: Content) -> Self {
        let (title, note) = (String::new(), String::new());
        Panel { title, note, x, y, y_range: None, log: false, content }
    }

    /// Waveforms in ADC counts over their time.
    pub fn waveforms(title: impl Into<String>, traces: &[Trace]) -> Self {
        let lines = traces.iter().map(|trace| trace.line(crate::output::LARGEST as usize));
        let (x, y) = (Axis::in_units("time", "ns"), Axis::new("ADC counts"));
        Panel { title: title.into(), ..Panel::new(x, y, Content::Lines(lines.collect())) }
    }
}
