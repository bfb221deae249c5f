//! Axes of maps that are not on the sky: energy, angle, migration.

mod resample;

pub use resample::Group;

use crate::Error;

/// Most bins of an axis.
const MAX_BINS: usize = 1 << 24;

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

/// What lies beyond the ends of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundary {
    /// Nothing.
    Monotonic,
    /// The other end, as for phases.
    Periodic,
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
    edges: Vec<f64>,
    boundary: Boundary,
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
        if nodes.len() > MAX_BINS {
            return wrong(format!("{} nodes, at most {MAX_BINS} are possible", nodes.len()));
        }
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
        let (name, unit) = (name.into(), unit.into());
        let (edges, boundary) = (Vec::new(), Boundary::Monotonic);
        let mut axis = MapAxis { name, unit, interp, node_type, nodes, scaled, edges, boundary };
        axis.edges = (0..=axis.n_bins()).map(|k| axis.pix_to_coord(k as f64 - 0.5)).collect();
        if axis.edges.iter().any(|edge| !edge.is_finite()) {
            return wrong("edges of its bins are beyond all numbers".into());
        }
        Ok(axis)
    }

    /// The same, but that its last edge is its first again.
    ///
    /// # Errors
    /// Where its scale is not linear.
    pub fn periodic(mut self) -> Result<Self, Error> {
        if self.interp != Interp::Lin {
            let reason = "a periodic axis needs a linear scale";
            return Err(Error::parameter(format!("axis {}", self.name), reason));
        }
        self.boundary = Boundary::Periodic;
        Ok(self)
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
        // The logarithm is to base 10, so that decades come out as in other programs.
        let (from, to) = match interp {
            Interp::Lin => (lo, hi),
            Interp::Log => (lo.log10(), hi.log10()),
            Interp::Sqrt => (lo.sqrt(), hi.sqrt()),
        };
        let width = (to - from) / n_bins as f64;
        let node = |k: usize| {
            let at = from + k as f64 * width;
            match interp {
                _ if k == n_bins && interp != Interp::Sqrt => hi,
                Interp::Lin => at,
                Interp::Log if k == 0 => lo,
                Interp::Log => 10f64.powf(at),
                Interp::Sqrt if k == n_bins => to * to,
                Interp::Sqrt => at * at,
            }
        };
        if n_bins > MAX_BINS {
            let reason = format!("{n_bins} bins, at most {MAX_BINS} are possible");
            return Err(Error::parameter(format!("axis {name}"), reason));
        }
        Self::new(name, unit, interp, NodeType::Edges, (0..=n_bins).map(node).collect())
    }

    /// Energies in bins of equal width of the logarithm; with `per_decade`, so many in a decade, or a little narrower so that
    /// they end at `max`.
    ///
    /// # Errors
    /// Where it is named other than `energy` or `energy_true`, or as [`new`](Self::new).
    pub fn from_energy_bounds(
        name: &str,
        unit: &str,
        [min, max]: [f64; 2],
        n_bins: usize,
        per_decade: bool,
    ) -> Result<Self, Error> {
        if !matches!(name, "energy" | "energy_true") {
            let reason = "an axis of energies is named energy or energy_true";
            return Err(Error::parameter(format!("axis {name}"), reason));
        }
        let decades = (max / min).log10();
        if decades.is_nan() || decades <= 0.0 || min <= 0.0 || !decades.is_finite() {
            let reason = format!("expected rising energies, found {min} and {max}");
            return Err(Error::parameter(format!("axis {name}"), reason));
        }
        let n_bins = if per_decade { (decades * n_bins as f64).ceil() as usize } else { n_bins };
        Self::from_bounds(name, unit, Interp::Log, [min, max], n_bins)
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

    /// What lies beyond its ends.
    pub fn boundary(&self) -> Boundary {
        self.boundary
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
        let value = self.interp.scale(self.wrap(coord));
        let rising = self.scaled[1] > self.scaled[0];
        let before = |node: &f64| if rising { *node < value } else { *node > value };
        let at = self.scaled.partition_point(before).saturating_sub(1).min(n - 2);
        let (a, b) = (self.scaled[at], self.scaled[at + 1]);
        (b - a).recip() * (value - a) + at as f64 - shift
    }

    /// A coordinate brought between the ends of a periodic axis.
    fn wrap(&self, coord: f64) -> f64 {
        let ends = self.edges.first().zip(self.edges.last());
        match ends {
            Some((a, b)) if self.boundary == Boundary::Periodic => {
                let (a, b) = (a.min(*b), a.max(*b));
                let outside = coord < a || coord >= b;
                if outside { (coord - a).rem_euclid(b - a) + a } else { coord }
            }
            _ => coord,
        }
    }

    /// The bin whose lower edge is the last that is not above a coordinate; `None` outside the axis and for the last edge itself.
    pub fn coord_to_idx(&self, coord: f64) -> Option<usize> {
        let coord = self.wrap(coord);
        if !coord.is_finite() {
            return None;
        }
        self.below(coord).checked_sub(1).filter(|at| *at < self.n_bins())
    }

    /// As [`coord_to_idx`](Self::coord_to_idx), but the first or last bin for what is outside; `None` for what is not finite.
    pub fn coord_to_idx_clipped(&self, coord: f64) -> Option<usize> {
        let coord = self.wrap(coord);
        let at = self.below(coord).saturating_sub(1).min(self.n_bins() - 1);
        coord.is_finite().then_some(at)
    }

    /// The bin nearest in pixel coordinates: the way in which maps are filled and looked up; `None` outside the axis.
    pub fn coord_to_bin(&self, coord: f64) -> Option<usize> {
        let at = (self.coord_to_pix(coord) + 0.5).floor();
        (at >= 0.0 && at < self.n_bins() as f64).then_some(at as usize)
    }

    /// Edges that are not above a coordinate; for a falling axis those above it.
    fn below(&self, coord: f64) -> usize {
        if self.nodes.first() <= self.nodes.last() {
            self.edges.partition_point(|edge| *edge <= coord)
        } else {
            self.edges.partition_point(|edge| *edge > coord)
        }
    }

    /// Edges of the bins: where the pixel coordinate is a half more than a whole number, by way of the scale.
    pub fn edges(&self) -> Vec<f64> {
        self.edges.clone()
    }

    /// Widths of the bins.
    pub fn bin_widths(&self) -> Vec<f64> {
        self.edges.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// Centres of the bins, on the scale.
    pub fn centers(&self) -> Vec<f64> {
        (0..self.n_bins()).map(|k| self.pix_to_coord(k as f64)).collect()
    }

    /// Whether name (without case), unit, scale, kind of nodes and edges are the same; edges within 1e-6 of their value, or 1e-6.
    pub fn is_close(&self, other: &MapAxis) -> bool {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-6 + 1e-6 * b.abs();
        self.name.eq_ignore_ascii_case(&other.name)
            && self.unit.trim() == other.unit.trim()
            && self.interp == other.interp
            && self.node_type == other.node_type
            && self.boundary == other.boundary
            && self.n_bins() == other.n_bins()
            && self.edges.iter().zip(&other.edges).all(near)
    }
}

#[cfg(test)]
mod tests;
