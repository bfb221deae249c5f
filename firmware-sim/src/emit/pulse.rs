//! Digitizer traces with pulses that look like those of a detector.
//!
//! A trace is the sum of a baseline (own offset per channel, slow wander, white noise) and of
//! pulses. A charge-sensitive preamplifier gives a step that rises within some samples and decays
//! with the time constant of its feedback; a silicon photomultiplier gives a fast spike. The sum
//! is rounded and clipped to the range of the ADC, which is how large signals saturate.

use super::rng::Rng;

/// Time profile of a pulse of height 1, in samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// Preamplifier: a rise over `rise` samples, steepest in its middle, then decay with the
    /// constant `tau`.
    Charge {
        /// Samples from the foot to the top.
        rise: f64,
        /// Decay constant in samples.
        tau: f64,
    },
    /// Photomultiplier: the same with a rise of one sample and a tail of a few samples.
    Fast {
        /// Decay constant in samples.
        tau: f64,
    },
}

impl Shape {
    fn rise_and_tau(self) -> (f64, f64) {
        match self {
            Self::Charge { rise, tau } => (rise.max(1.0), tau.max(1.0)),
            Self::Fast { tau } => (1.0, tau.max(1.0)),
        }
    }
}

/// One energy deposit in a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pulse {
    /// Foot of the pulse, in samples from the start of the trace; may be negative.
    pub start: f64,
    /// Height in ADC counts.
    pub height: f64,
}

/// What one channel of a digitizer is connected to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channel {
    /// Baseline in ADC counts.
    pub baseline: f64,
    /// Standard deviation of the white noise, in ADC counts.
    pub noise: f64,
    /// Standard deviation of the slow wander of the baseline, in ADC counts.
    pub wander: f64,
    /// ADC counts per unit of energy (keV or photo electron).
    pub gain: f64,
    /// Resolution of the ADC in bits: samples lie in `0..2^bits`.
    pub bits: u32,
    /// Pulse shape.
    pub shape: Shape,
}

impl Channel {
    /// A germanium detector with its preamplifier; parameters spread a little over the channels.
    /// `period_ns` is the sampling period in ns.
    pub fn germanium(rng: &mut Rng, bits: u32, period_ns: f64) -> Self {
        let full = f64::from(1_u32 << bits);
        let tau = (45_000.0 + 15_000.0 * rng.uniform()) / period_ns;
        Self {
            baseline: full * (0.20 + 0.04 * rng.uniform()),
            noise: full * 6e-5 + 0.7,
            wander: full * 3e-5,
            gain: full / 6000.0 * (0.995 + 0.01 * rng.uniform()),
            bits,
            shape: Shape::Charge { rise: 400.0 / period_ns + 12.0 * rng.uniform(), tau },
        }
    }

    /// A silicon photomultiplier; energies are photo electrons.
    pub fn photomultiplier(rng: &mut Rng, bits: u32, period_ns: f64) -> Self {
        let full = f64::from(1_u32 << bits);
        Self {
            baseline: full * (0.05 + 0.02 * rng.uniform()),
            noise: full * 4e-5 + 0.8,
            wander: full * 2e-5,
            gain: full / 500.0 * (0.9 + 0.2 * rng.uniform()),
            bits,
            shape: Shape::Fast { tau: 30.0 / period_ns + 1.0 },
        }
    }

    /// Height of a pulse of the given energy, in ADC counts.
    pub fn height(&self, energy: f64) -> f64 {
        self.gain * energy
    }

    /// Largest sample.
    pub fn full_scale(&self) -> u16 {
        ((1_u32 << self.bits.min(16)) - 1) as u16
    }

    /// A trace with the given pulses.
    pub fn trace(&self, rng: &mut Rng, samples: usize, pulses: &[Pulse]) -> Vec<u16> {
        let mut level = vec![self.baseline; samples];
        for pulse in pulses {
            add_pulse(&mut level, self.shape, *pulse);
        }
        let mut wander = self.wander * rng.gaussian();
        let quantise = |level: f64| {
            wander = 0.995 * wander + 0.1 * self.wander * rng.gaussian();
            let counts = level + wander + self.noise * rng.gaussian();
            counts.round().clamp(0.0, f64::from(self.full_scale())) as u16
        };
        level.into_iter().map(quantise).collect()
    }
}

/// Adds one pulse. The decay is a product of equal factors per sample: no exponential function.
fn add_pulse(level: &mut [f64], shape: Shape, pulse: Pulse) {
    let (rise, tau) = shape.rise_and_tau();
    let keep = tau / (tau + 1.0);
    let first = pulse.start.floor().max(0.0) as usize;
    let mut decayed = 1.0;
    for (index, value) in level.iter_mut().enumerate().skip(first) {
        let age = index as f64 - pulse.start;
        if age > rise {
            decayed *= keep;
        }
        let share = (age / rise).clamp(0.0, 1.0);
        *value += pulse.height * share * share * (3.0 - 2.0 * share) * decayed;
    }
}

/// A gamma spectrum: full-energy lines on a continuum, in keV.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spectrum {
    /// Energies of the lines.
    pub lines: [f64; 2],
    /// Share of all events in each line.
    pub shares: [f64; 2],
    /// Standard deviation of a line.
    pub sigma: f64,
    /// Upper end of the flat part of the continuum.
    pub edge: f64,
    /// Mean of the falling part of the continuum.
    pub fall: f64,
}

impl Default for Spectrum {
    /// Thallium-208: 2614.5 keV with its Compton edge at 2382 keV, and 583.2 keV.
    fn default() -> Self {
        let (lines, shares) = ([2614.5, 583.2], [0.25, 0.15]);
        Self { lines, shares, sigma: 1.6, edge: 2382.0, fall: 350.0 }
    }
}

impl Spectrum {
    /// An energy in keV.
    pub fn draw(&self, rng: &mut Rng) -> f64 {
        let choice = rng.uniform();
        if choice < self.shares[0] {
            self.lines[0] + self.sigma * rng.gaussian()
        } else if choice < self.shares[0] + self.shares[1] {
            self.lines[1] + self.sigma * rng.gaussian()
        } else if rng.chance(0.5) {
            self.edge * (0.02 + 0.98 * rng.uniform())
        } else {
            25.0 + self.fall * rng.exponential()
        }
    }

    /// The pulses of one triggered trace: one at `foot` (in samples), sometimes a second one
    /// anywhere after it, rarely a cosmic-ray signal that drives the ADC to its end.
    pub fn pulses(
        &self,
        rng: &mut Rng,
        channel: &Channel,
        foot: f64,
        samples: usize,
    ) -> Vec<Pulse> {
        let jitter = rng.uniform();
        let energy = if rng.chance(0.02) { 9000.0 } else { self.draw(rng) };
        let mut pulses = vec![Pulse { start: foot + jitter, height: channel.height(energy) }];
        if rng.chance(0.06) {
            let start = foot + (samples as f64 - foot) * rng.uniform();
            pulses.push(Pulse { start, height: channel.height(self.draw(rng)) });
        }
        pulses
    }
}

/// Mean of the first samples and the height of the highest one above it: what firmware would
/// report as baseline and energy.
pub fn baseline_and_height(samples: &[u16], baseline_samples: usize) -> (f64, f64) {
    let head = &samples[..baseline_samples.clamp(1, samples.len().max(1)).min(samples.len())];
    let sum: u64 = head.iter().map(|sample| u64::from(*sample)).sum();
    let baseline = sum as f64 / head.len().max(1) as f64;
    let top = samples.iter().copied().max().unwrap_or(0);
    (baseline, (f64::from(top) - baseline).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiet(bits: u32, shape: Shape) -> Channel {
        Channel { baseline: 100.0, noise: 0.0, wander: 0.0, gain: 1.0, bits, shape }
    }

    #[test]
    fn charge_pulse_rises_and_decays() {
        let channel = quiet(16, Shape::Charge { rise: 10.0, tau: 1000.0 });
        let pulse = Pulse { start: 20.0, height: 5000.0 };
        let trace = channel.trace(&mut Rng::new(1), 1031, &[pulse]);
        assert_eq!(trace[20], 100);
        assert_eq!(trace[25], 2600);
        assert_eq!(trace[30], 5100);
        let decayed = f64::from(trace[1030] - 100) / 5000.0;
        assert!((decayed - 1.0 / std::f64::consts::E).abs() < 1e-3, "{decayed}");
    }

    #[test]
    fn large_pulses_saturate_at_the_end_of_the_adc() {
        let channel = quiet(12, Shape::Fast { tau: 5.0 });
        let trace = channel.trace(&mut Rng::new(1), 50, &[Pulse { start: 9.0, height: 1e6 }]);
        assert_eq!(trace.iter().max(), Some(&4095));
        assert_eq!(trace[8], 100);
    }

    #[test]
    fn pulses_pile_up() {
        let channel = quiet(14, Shape::Charge { rise: 1.0, tau: 1e9 });
        let pulses = [Pulse { start: 3.0, height: 50.0 }, Pulse { start: 6.0, height: 25.0 }];
        let trace = channel.trace(&mut Rng::new(1), 9, &pulses);
        assert_eq!(trace, [100, 100, 100, 100, 150, 150, 150, 175, 175]);
    }

    #[test]
    fn spectrum_has_its_line() {
        let mut rng = Rng::new(4);
        let spectrum = Spectrum::default();
        let energies: Vec<f64> = (0..4000).map(|_| spectrum.draw(&mut rng)).collect();
        let within = |low, high| energies.iter().filter(|e| (low..high).contains(*e)).count();
        assert!(within(2609.0, 2620.0) > 20 * within(2550.0, 2561.0).max(1));
        assert!(energies.iter().all(|e| *e > 0.0));
    }
}
