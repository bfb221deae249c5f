//! What is to be drawn.

/// One line in a panel: equidistant samples.
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
}

/// One plot: traces over a common time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Title above the plot.
    pub title: String,
    /// Label of the time axis without its unit, which is chosen to fit.
    pub x_label: String,
    /// Label of the vertical axis.
    pub y_label: String,
    /// The lines.
    pub traces: Vec<Trace>,
}

impl Default for Panel {
    fn default() -> Self {
        let (x_label, y_label) = ("time".into(), "ADC counts".into());
        Self { title: String::new(), x_label, y_label, traces: Vec::new() }
    }
}
