//! What is known of a run as a whole, at its end.

use crate::observation::{AtmosphereProfile, Observation, ShowerDistribution, SimulationRun};

/// How many images have passed a criterion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// Its name; `TOTAL` for all images.
    pub name: String,
    /// Images that pass it, whatever the others say.
    pub counts: i64,
    /// Images that pass it and those before.
    pub cumulative_counts: i64,
    /// The condition, as text.
    pub function: String,
}

/// What is known of a run, or of several in one file, as a whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunData {
    /// Observations, in the order of the events.
    pub observations: Vec<Observation>,
    /// Settings of simulated runs.
    pub simulation_runs: Vec<SimulationRun>,
    /// The atmosphere, if simulated and known.
    pub atmosphere: Option<AtmosphereProfile>,
    /// Simulated showers, triggered or not.
    pub shower_distributions: Vec<ShowerDistribution>,
    /// How many images were described by parameters, and why not more.
    pub image_statistics: Vec<Criterion>,
}
