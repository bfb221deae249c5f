//! Axes made of axes: finer, coarser, longer, shorter.

use std::ops::Range;

use super::{Boundary, MAX_BINS, MapAxis, NodeType};
use crate::Error;

/// Bins put together.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The axis of the groups.
    pub axis: MapAxis,
    /// The bins of each.
    pub bins: Vec<Range<usize>>,
}

impl MapAxis {
    /// The same with other nodes.
    fn with_nodes(&self, nodes: Vec<f64>) -> Result<Self, Error> {
        let axis = Self::new(&self.name, &self.unit, self.interp, self.node_type, nodes)?;
        if self.boundary == Boundary::Periodic { axis.periodic() } else { Ok(axis) }
    }

    /// The same with another name.
    #[must_use]
    pub fn rename(&self, name: &str) -> Self {
        MapAxis { name: name.into(), ..self.clone() }
    }

    fn wrong(&self, reason: String) -> Error {
        Error::parameter(format!("axis {}", self.name), reason)
    }

    /// With `factor` bins in place of each, of equal width in pixel coordinates; nodes at centres stay, with more between them.
    ///
    /// # Errors
    /// Where the factor is 0 or there are too many bins.
    pub fn upsample(&self, factor: usize) -> Result<Self, Error> {
        let intervals = self.nodes.len() - 1;
        let n = intervals.checked_mul(factor).filter(|n| factor > 0 && *n < MAX_BINS);
        let n = n.ok_or_else(|| self.wrong(format!("{intervals} bins, {factor} in each")))?;
        let first = if self.node_type == NodeType::Edges { -0.5 } else { 0.0 };
        let step = intervals as f64 / (n.max(1)) as f64;
        let pix =
            |k: usize| if k == n { first + intervals as f64 } else { k as f64 * step + first };
        self.with_nodes((0..=n).map(|k| self.pix_to_coord(pix(k))).collect())
    }

    /// With every `factor`-th node.
    ///
    /// # Errors
    /// Where the last node is not one of them.
    pub fn downsample(&self, factor: usize) -> Result<Self, Error> {
        let intervals = self.nodes.len() - 1;
        if factor == 0 || !intervals.is_multiple_of(factor) {
            return Err(self.wrong(format!("{factor} does not divide {intervals} bins")));
        }
        self.with_nodes(self.own_nodes().into_iter().step_by(factor).collect())
    }

    /// Edges or centres, by way of the scale.
    fn own_nodes(&self) -> Vec<f64> {
        match self.node_type {
            NodeType::Edges => self.edges.clone(),
            NodeType::Center => self.centers(),
        }
    }

    /// One bin from the first to the last edge.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn squash(&self) -> Result<Self, Error> {
        let ends = self.edges.first().into_iter().chain(self.edges.last());
        let axis = Self::new(
            &self.name,
            &self.unit,
            self.interp,
            NodeType::Edges,
            ends.copied().collect(),
        )?;
        if self.boundary == Boundary::Periodic { axis.periodic() } else { Ok(axis) }
    }

    /// With so many bins more at both ends, as the pixel coordinates go on.
    ///
    /// # Errors
    /// Where the nodes beyond the ends don't go on, as those of a square root below 0, or there are too many.
    pub fn pad(&self, [low, high]: [usize; 2]) -> Result<Self, Error> {
        if low.max(high) > MAX_BINS {
            return Err(self.wrong(format!("{low} and {high} bins more")));
        }
        let first = if self.node_type == NodeType::Edges { -0.5 } else { 0.0 } - low as f64;
        let n = self.nodes.len() + low + high;
        self.with_nodes((0..n).map(|k| self.pix_to_coord(first + k as f64)).collect())
    }

    /// Some of its bins.
    ///
    /// # Errors
    /// Where there are none of these.
    pub fn slice(&self, bins: Range<usize>) -> Result<Self, Error> {
        let extra = usize::from(self.node_type == NodeType::Edges);
        let nodes = self.nodes.get(bins.start..bins.end.saturating_add(extra));
        match nodes.filter(|_| !bins.is_empty()) {
            Some(nodes) => self.with_nodes(nodes.to_vec()),
            None => Err(self.wrong(format!("bins {bins:?} of {}", self.n_bins()))),
        }
    }

    /// Bins between `edges`, each rounded to the nearest of its own (half to even).
    ///
    /// # Errors
    /// Where its nodes are centres, or nothing is between the edges.
    pub fn group(&self, edges: &[f64]) -> Result<Group, Error> {
        if self.node_type != NodeType::Edges {
            return Err(self.wrong("only bins with edges can be put together".into()));
        }
        let n = self.n_bins() as f64;
        let nearest = |edge: &f64| {
            let pix = self.coord_to_pix(*edge).clamp(-0.5, n - 0.5);
            (pix + 0.5).round_ties_even()
        };
        let mut at: Vec<_> = edges.iter().map(nearest).filter(|k| k.is_finite()).collect();
        at.sort_by(f64::total_cmp);
        at.dedup();
        if at.len() < 2 {
            return Err(self.wrong(format!("no bins between edges {edges:?}")));
        }
        let nodes = at.iter().map(|k| self.pix_to_coord(k - 0.5)).collect();
        let bins = at.windows(2).map(|pair| pair[0] as usize..pair[1] as usize).collect();
        Ok(Group { axis: self.with_nodes(nodes)?, bins })
    }
}
