//! A camera of a Cherenkov telescope with air showers in it, of which everything is known.
//!
//! Hexagonal pixels in rings around one. A shower is an ellipse of photo-electrons, along whose axis light arrives later
//! and later; each photo-electron adds the same pulse to its pixel's trace, on which there is noise. What was put in comes
//! back as [`Truth`], and [`ShowerCamera::description`] is the camera description file that makes images of it again.
//!
//! Traces are cabled to pixels in no order: see [`ShowerCamera::pixel_of_trace`].

mod describe;
mod layout;
mod pulse;
mod shower;

pub use pulse::{STEP_NS, STEPS};
pub use shower::Truth;

use super::{Detector, Emitter};
use crate::emit::rng::Rng;

/// Parameters of a camera with showers.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowerCamera {
    /// Seed of showers and noise. The camera does not depend on it.
    pub seed: u64,
    /// Rings of pixels around the one in the middle.
    pub rings: u16,
    /// Samples of a trace, of 4 ns each.
    pub samples: u16,
    /// Standard deviation of the noise on a sample, in ADC counts.
    pub noise: f64,
    /// Standard deviation of each pixel's baseline from event to event, in ADC counts: the firmware follows it.
    pub wander: f64,
    /// Height of a photo-electron's pulse in ADC counts, on the average of all pixels.
    pub height: f64,
    /// Decay constant of each of the three stages that shape the pulse, in ns.
    pub shaping_ns: f64,
    /// Photo-electrons of a shower on the average.
    pub photo_electrons: f64,
    /// How much later light arrives per m along the axis, in ns.
    pub gradient_ns_per_m: f64,
    /// Steps of the firmware's baseline to a count.
    pub blprecision: i32,
}

impl Default for ShowerCamera {
    fn default() -> Self {
        Self {
            seed: 1,
            rings: 5,
            samples: 30,
            noise: 1.2,
            wander: 2.0,
            height: 6.0,
            shaping_ns: 6.0,
            photo_electrons: 600.0,
            gradient_ns_per_m: 40.0,
            blprecision: 16,
        }
    }
}

/// A run and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShowerRun {
    /// The stream.
    pub bytes: Vec<u8>,
    /// What was put into each event.
    pub truth: Vec<Truth>,
}

/// What is known of a pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pixel {
    /// Position in m.
    pub(super) at: [f64; 2],
    /// Height of a photo-electron's pulse in ADC counts.
    pub(super) height: f64,
    /// Mean of a sample without light, in ADC counts.
    pub(super) baseline: f64,
}

impl ShowerCamera {
    /// Number of pixels.
    pub fn pixels(&self) -> u16 {
        3 * self.rings * (self.rings + 1) + 1
    }

    /// The stream's parameters: one trigger card, a GPS clock.
    pub fn emitter(&self) -> Emitter {
        Emitter {
            seed: self.seed,
            detector: Detector::Camera,
            adcs: self.pixels(),
            triggers: 1,
            samples: self.samples,
            blprecision: self.blprecision,
            ..Emitter::camera(self.seed)
        }
    }

    /// Photo-electrons are worth so many ADC counts in each pixel, summed over all samples of their pulse.
    pub fn adc_per_pe(&self) -> Vec<f64> {
        let area = pulse::sum(self.shaping_ns) / STEPS as f64;
        self.layout().iter().map(|pixel| pixel.height * area).collect()
    }

    /// A run of showers: protocol, Config and events.
    pub fn run(&self, events: u32) -> ShowerRun {
        let mut stream = self.emitter().stream();
        let (mut bytes, mut truth) = (Vec::new(), Vec::new());
        stream.protocol(&mut bytes);
        stream.config(&mut bytes);
        for _ in 0..events {
            let one = self.truth(stream.event_number);
            let traces = self.traces(&one);
            stream.event_of(&mut bytes, &traces);
            truth.push(one);
        }
        ShowerRun { bytes, truth }
    }

    /// Traces of an event in the order of their numbers: firmware baseline, firmware integral, samples.
    pub fn traces(&self, truth: &Truth) -> Vec<Vec<u16>> {
        let mut noise = Rng::new(self.seed).fork(2 * truth.event_number as u64 + 1);
        let (layout, pulse) = (self.layout(), pulse::table(self.shaping_ns));
        let mut traces = Vec::with_capacity(layout.len() + 1);
        let mut sum = vec![0.0; usize::from(self.samples)];
        for pixel in self.pixel_of_trace() {
            let (about, pixel) = (layout[usize::from(pixel)], usize::from(pixel));
            let height = about.height * truth.charge[pixel];
            let baseline = about.baseline + self.wander * noise.gaussian();
            let mut levels = vec![baseline; sum.len()];
            pulse::add(&mut levels, &pulse, height, truth.time_ns[pixel]);
            sum.iter_mut().zip(&levels).for_each(|(sum, level)| *sum += level - baseline);
            traces.push(self.digitized(&levels, baseline, &mut noise));
        }
        let levels: Vec<f64> = sum.iter().map(|sum| 200.0 + sum / 8.0).collect();
        traces.push(self.digitized(&levels, 200.0, &mut noise));
        traces
    }

    /// A trace with its two header words.
    fn digitized(&self, levels: &[f64], baseline: f64, noise: &mut Rng) -> Vec<u16> {
        let quantise =
            |level: &f64| (level + self.noise * noise.gaussian()).round().clamp(0.0, 4095.0) as u16;
        let samples: Vec<u16> = levels.iter().map(quantise).collect();
        self.emitter().with_words(baseline, 0.0, samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_hold_what_was_put_in() {
        let camera = ShowerCamera { noise: 0.0, wander: 0.0, ..ShowerCamera::default() };
        let (layout, gains) = (camera.layout(), camera.adc_per_pe());
        for number in 0..5 {
            let truth = camera.truth(number);
            assert!(truth.charge.iter().sum::<f64>() > 100.0);
            let traces = camera.traces(&truth);
            assert_eq!(traces.len(), 92);
            for (trace, pixel) in traces.iter().zip(camera.pixel_of_trace()) {
                let pixel = usize::from(pixel);
                let baseline = f64::from(trace[0]) / 16.0;
                assert!((baseline - layout[pixel].baseline).abs() <= 1.0 / 32.0);
                let sum: f64 = trace[2..].iter().map(|sample| f64::from(*sample) - baseline).sum();
                let expected = truth.charge[pixel] * gains[pixel];
                // Samples are rounded, and the sum depends a little on when the pulse is sampled.
                assert!((sum - expected).abs() < 17.0 + 0.02 * expected, "{sum} for {expected}");
            }
        }
    }

    #[test]
    fn runs_repeat() {
        let camera = ShowerCamera::default();
        let (short, long) = (camera.run(2), camera.run(3));
        assert_eq!(short.truth, long.truth[..2]);
        assert!(long.bytes.starts_with(&short.bytes));
        assert_ne!(ShowerCamera { seed: 2, ..camera }.run(2).bytes, short.bytes);
    }
}
