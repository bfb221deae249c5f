//! The pulse of a photo-electron: three equal stages of shaping, each of which decays by the same factor from one point
//! to the next. There is no exponential function in it, so that every platform makes the same pulse.

/// Time between two points of the pulse, in ns.
pub const STEP_NS: f64 = 0.5;
/// Points of the pulse to a sample.
pub const STEPS: usize = 8;
/// Points.
const POINTS: usize = 264;
/// Points before the pulse begins.
const BEFORE: usize = 24;

/// The pulse, of height 1.
pub(super) fn table(shaping_ns: f64) -> Vec<f64> {
    let keep = shaping_ns / (shaping_ns + STEP_NS);
    let mut pulse = vec![0.0; POINTS];
    pulse[BEFORE] = 1.0;
    for _ in 0..3 {
        let mut level = 0.0;
        for value in &mut pulse {
            level = keep * level + *value;
            *value = level;
        }
    }
    let top = pulse[peak(&pulse)];
    pulse.iter_mut().for_each(|value| *value /= top);
    pulse
}

/// Where the pulse is highest.
pub(super) fn peak(pulse: &[f64]) -> usize {
    (1..pulse.len()).fold(0, |best, at| if pulse[at] > pulse[best] { at } else { best })
}

/// Sum over all points.
pub(super) fn sum(shaping_ns: f64) -> f64 {
    table(shaping_ns).iter().sum()
}

/// Adds a pulse that is highest `peak_ns` after the first sample, which is a multiple of the step.
pub(super) fn add(levels: &mut [f64], pulse: &[f64], height: f64, peak_ns: f64) {
    let first = peak(pulse) as i64 - (peak_ns / STEP_NS).round() as i64;
    for (sample, level) in (0_i64..).zip(levels) {
        let at = usize::try_from(first + sample * STEPS as i64);
        if let Some(value) = at.ok().and_then(|at| pulse.get(at)) {
            *level += height * value;
        }
    }
}
