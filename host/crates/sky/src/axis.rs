//! Axes of maps that are not on the sky: energy, angle, migration.

use crate::Error;

/// How values between nodes are found: in which coordinate they are linear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interp {
    /// The value itself.
    Lin,
    /// Its natural logarithm.
    Log,
    /// Its square root.
    Sqrt,
}

impl Interp {
    /// `lin`, `log` or `sqrt`.
    pub fn name(self) -> &'static str {
        match self {
            Interp::Lin => "lin",
            Interp::Log => "log",
            Interp::Sqrt => "sqrt",
        }
    }

    /// The kind of a name.
    pub fn of_name(name: &str) -> Result<Self, Error> {
        match name {
            "lin" => Ok(Interp::Lin),
            "log" => Ok(Interp::Log),
            "sqrt" => Ok(Interp::Sqrt),
            _ => {
                Err(Error::malformed("interp", format!("expected lin, log or sqrt, found {name}")))
            }
        }
    }

    /// To the coordinate in which it is linear.
    #[inline]
    pub fn scale(self, value: f64) -> f64 {
        match self {
            Interp::Lin => value,
            Interp::Log => value.max(f64::MIN_POSITIVE).ln(),
            Interp::Sqrt => value.signum() * value.abs().sqrt(),
        }
    }

    /// Back.
    #[inline]
    pub fn unscale(self, scaled: f64) -> f64 {
        match self {
            Interp::Lin => scaled,
            Interp::Log => scaled.exp(),
            Interp::Sqrt => scaled.signum() * scaled * scaled,
        }
    }
}

/// What the nodes of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeType {
    /// Edges of bins; one more than bins.
    Edges,
    /// Centres of bins.
    Center,
}

/// An axis: bins that touch each other, with values that rise or fall.
#[derive(Debug, Clone, PartialEq)]
pub struct MapAxis {
    name: String,
    unit: String,
    interp: Interp,
    node_type: NodeType,
    nodes: Vec<f64>,
    scaled: Vec<f64>,
}

impl MapAxis {
    /// An axis from its nodes, in `unit`.
    ///
    /// # Errors
    /// Where there are too few nodes, they don't rise or fall, or are negative with another scale than a linear one.
    pub fn new(
        name: &str,
        unit: &str,
        interp: Interp,
        node_type: NodeType,
        nodes: Vec<f64>,
    ) -> Result<Self, Error> {
        let wrong = |reason: String| Err(Error::parameter(format!("axis {name}"), reason));
        let least = if node_type == NodeType::Edges { 2 } else { 1 };
        if nodes.len() < least {
            return wrong(format!("{} nodes, at least {least} are needed", nodes.len()));
        }
        if let Some(node) = nodes.iter().find(|node| !node.is_finite()) {
            return wrong(format!("node {node} is no number"));
        }
        let rising = nodes.windows(2).all(|pair| pair[0] < pair[1]);
        let falling = nodes.windows(2).all(|pair| pair[0] > pair[1]);
        if nodes.len() > 1 && !rising && !falling {
            return wrong("nodes neither rise nor fall throughout".into());
        }
        if interp != Interp::Lin && nodes.iter().any(|node| *node < 0.0) {
            return wrong(format!("negative nodes on a {} scale", interp.name()));
        }
        let scaled = nodes.iter().map(|node| interp.scale(*node)).collect();
        Ok(MapAxis { name: name.into(), unit: unit.into(), interp, node_type, nodes, scaled })
    }

    /// Bins between `lo` and `hi` with edges at equal steps of the scaled value.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_bounds(
        name: &str,
        unit: &str,
        interp: Interp,
        [lo, hi]: [f64; 2],
        n_bins: usize,
    ) -> Result<Self, Error> {
        if n_bins == 0 {
            return Err(Error::parameter(format!("axis {name}"), "no bins"));
        }
        let (from, to) = (interp.scale(lo), interp.scale(hi));
        let step = |k: usize| match k {
            0 => lo,
            k if k == n_bins => hi,
            k => interp.unscale(from + (to - from) * k as f64 / n_bins as f64),
        };
        Self::new(name, unit, interp, NodeType::Edges, (0..=n_bins).map(step).collect())
    }

    /// Name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Unit of the nodes.
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// Scale.
    pub fn interp(&self) -> Interp {
        self.interp
    }

    /// What the nodes are.
    pub fn node_type(&self) -> NodeType {
        self.node_type
    }

    /// The nodes as they were given.
    pub fn nodes(&self) -> &[f64] {
        &self.nodes
    }

    /// Bins.
    pub fn n_bins(&self) -> usize {
        match self.node_type {
            NodeType::Edges => self.nodes.len() - 1,
            NodeType::Center => self.nodes.len(),
        }
    }

    /// Coordinate of a pixel coordinate, which is 0 at the centre of the first bin.
    pub fn pix_to_coord(&self, pix: f64) -> f64 {
        let pix = if self.node_type == NodeType::Edges { pix + 0.5 } else { pix };
        let n = self.scaled.len();
        if n == 1 {
            return self.interp.unscale(self.scaled[0]);
        }
        // The segment of the last node before it; the first and last go on.
        let at = ((pix.ceil() - 1.0).max(0.0) as usize).min(n - 2);
        let (a, b) = (self.scaled[at], self.scaled[at + 1]);
        self.interp.unscale(a + (b - a) * (pix - at as f64))
    }

    /// Pixel coordinate of a coordinate: linear between scaled nodes, the first and last segment go on.
    pub fn coord_to_pix(&self, coord: f64) -> f64 {
        let n = self.scaled.len();
        let shift = if self.node_type == NodeType::Edges { 0.5 } else { 0.0 };
        if n == 1 {
            return 0.0;
        }
        let value = self.interp.scale(coord);
        let rising = self.scaled[1] > self.scaled[0];
        let before = |node: &f64| if rising { *node < value } else { *node > value };
        let at = self.scaled.partition_point(before).saturating_sub(1).min(n - 2);
        let (a, b) = (self.scaled[at], self.scaled[at + 1]);
        at as f64 + (value - a) / (b - a) - shift
    }

    /// Edges of the bins: where the pixel coordinate is a half more than a whole number, by way of the scale.
    pub fn edges(&self) -> Vec<f64> {
        (0..=self.n_bins()).map(|k| self.pix_to_coord(k as f64 - 0.5)).collect()
    }

    /// Centres of the bins, on the scale.
    pub fn centers(&self) -> Vec<f64> {
        (0..self.n_bins()).map(|k| self.pix_to_coord(k as f64)).collect()
    }

    /// Whether name, scale and edges are the same; edges within 1e-6 of their value, or 1e-6.
    pub fn is_close(&self, other: &MapAxis) -> bool {
        let near = |(a, b): (f64, f64)| (a - b).abs() <= 1e-6 + 1e-6 * b.abs();
        self.name.eq_ignore_ascii_case(&other.name)
            && self.interp == other.interp
            && self.n_bins() == other.n_bins()
            && self.edges().into_iter().zip(other.edges()).all(near)
    }
}
