//! Showers: photo-electrons drawn from an ellipse.

use super::layout::{PITCH, pixel_at};
use super::{STEP_NS, ShowerCamera};
use crate::emit::rng::Rng;

/// What was put into an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// Number of the event.
    pub event_number: i32,
    /// Photo-electrons of each pixel.
    pub charge: Vec<f64>,
    /// When each pixel's pulse is highest, in ns after the first sample; also of pixels without charge.
    pub time_ns: Vec<f64>,
    /// Middle of the ellipse, in m.
    pub centre: [f64; 2],
    /// Direction of its long axis, of length 1.
    pub axis: [f64; 2],
    /// Standard deviation of the light along the axis, in m.
    pub length: f64,
    /// Standard deviation across the axis, in m.
    pub width: f64,
}

/// When light in the middle of a shower arrives, as a share of a trace.
const MIDDLE: f64 = 0.37;

impl ShowerCamera {
    /// The shower of an event.
    pub fn truth(&self, event_number: i32) -> Truth {
        let mut rng = Rng::new(self.seed).fork(2 * event_number as u64);
        let layout = self.layout();
        let reach = f64::from(self.rings) * PITCH * 0.4;
        let mut within = || reach * (2.0 * rng.uniform() - 1.0);
        let centre = [within(), within()];
        // Half an angle's tangent, for half a turn.
        let half = 2.0 * rng.uniform() - 1.0;
        let axis = [(1.0 - half * half) / (1.0 + half * half), 2.0 * half / (1.0 + half * half)];
        let length = PITCH * (1.4 + 0.6 * rng.uniform());
        let width = PITCH * (0.6 + 0.3 * rng.uniform());
        let number = self.photo_electrons * (0.5 + rng.uniform());
        let mut charge = vec![0.0; layout.len()];
        for _ in 0..number as u64 {
            let (along, across) = (length * rng.gaussian(), width * rng.gaussian());
            let x = centre[0] + along * axis[0] - across * axis[1];
            let y = centre[1] + along * axis[1] + across * axis[0];
            if let Some(pixel) = pixel_at(&layout, [x, y]) {
                charge[pixel] += 1.0;
            }
        }
        let middle = 4.0 * f64::from(self.samples) * MIDDLE + 4.0 * rng.uniform();
        let times = layout.iter().map(|pixel| {
            let (dx, dy) = (pixel.at[0] - centre[0], pixel.at[1] - centre[1]);
            let along = (dx * axis[0] + dy * axis[1]).clamp(-4.0 * PITCH, 4.0 * PITCH);
            let time = middle + self.gradient_ns_per_m * along;
            (time / STEP_NS).round() * STEP_NS
        });
        let time_ns = times.collect();
        Truth { event_number, charge, time_ns, centre, axis, length, width }
    }
}
