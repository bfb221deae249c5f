//! Pedestal and gain: from ADC counts to photo-electrons.

use pulp::{Arch, NullaryFnOnce};

use super::{GainSelector, Waveforms};
use crate::Error;
use crate::event::{Samples, TelescopeEvent};

/// How ADC counts become photo-electrons: `(adc - pedestal) * (dc_to_pe * calib_scale) + calib_shift`, in f32
/// (in f64 and rounded once for sums, whose counts have more bits).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct R1Calibration {
    /// Factor on every gain.
    pub calib_scale: f32,
    /// Photo-electrons added to every sample.
    pub calib_shift: f32,
}

impl Default for R1Calibration {
    fn default() -> Self {
        R1Calibration { calib_scale: 1.0, calib_shift: 0.0 }
    }
}

impl R1Calibration {
    /// Calibrates the waveforms of an event: of the selected gain, or of all if none is to be selected.
    pub fn run(
        &self,
        event: &TelescopeEvent,
        selector: Option<&GainSelector>,
        waveforms: &mut Waveforms,
    ) -> Result<(), Error> {
        check(event)?;
        let mut selected = waveforms.selected_gain.take().unwrap_or_default();
        if let Some(selector) = selector {
            selector.select(event, &mut selected);
            waveforms.selected_gain = Some(selected);
        }
        waveforms.n_channels = if selector.is_some() { 1 } else { event.n_channels };
        (waveforms.n_pixels, waveforms.n_samples) = (event.n_pixels, event.n_samples);
        let Waveforms { n_channels, data, selected_gain, .. } = waveforms;
        data.clear();
        data.reserve(*n_channels * event.n_pixels * event.n_samples);
        let (channels, selected) = (*n_channels, selected_gain.as_deref());
        Arch::new().dispatch(Rows { r1: self, event, channels, selected, data });
        Ok(())
    }

    /// Appends the waveform at a place in `[gain][pixel]`.
    #[inline(always)]
    fn row(&self, event: &TelescopeEvent, at: usize, data: &mut Vec<f32>) {
        let pedestal = event.calibration.pedestal[at];
        let factor = event.calibration.dc_to_pe[at] * self.calib_scale;
        let shift = self.calib_shift;
        let range = at * event.n_samples..(at + 1) * event.n_samples;
        match &event.samples {
            Samples::Adc(adc) => data.extend(
                adc[range].iter().map(|count| (f32::from(*count) - pedestal) * factor + shift),
            ),
            Samples::Sums(sums) => data.extend(sums[range].iter().map(|sum| {
                let above = f64::from(*sum) - f64::from(pedestal);
                (above * f64::from(factor) + f64::from(shift)) as f32
            })),
        }
    }
}

/// Calibration of all waveforms, as one function to compile for the processor's widest vectors.
struct Rows<'a> {
    r1: &'a R1Calibration,
    event: &'a TelescopeEvent,
    channels: usize,
    selected: Option<&'a [u8]>,
    data: &'a mut Vec<f32>,
}

impl NullaryFnOnce for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Rows { r1, event, channels, selected, data } = self;
        for channel in 0..channels {
            for pixel in 0..event.n_pixels {
                let gain = selected.map_or(channel, |selected| usize::from(selected[pixel]));
                r1.row(event, gain * event.n_pixels + pixel, data);
            }
        }
    }
}

/// Whether an event's sizes fit.
fn check(event: &TelescopeEvent) -> Result<(), Error> {
    let wrong = |what: &str, found: usize, expected: Option<usize>| {
        let expected = expected.map_or_else(|| "fewer".into(), |expected| expected.to_string());
        let name = format!("telescope {}: {what}", event.tel_id);
        Err(Error::parameter(name, format!("expected {expected} values, found {found}")))
    };
    let pixels = event.n_channels.checked_mul(event.n_pixels);
    let samples = pixels.and_then(|pixels| pixels.checked_mul(event.n_samples));
    let found = match &event.samples {
        Samples::Adc(adc) => adc.len(),
        Samples::Sums(sums) => sums.len(),
    };
    if samples != Some(found) {
        return wrong("samples", found, samples);
    }
    let calibration = &event.calibration;
    let lengths = [
        ("pedestals", calibration.pedestal.len()),
        ("gains", calibration.dc_to_pe.len()),
        ("time shifts", calibration.time_shift_ns.len()),
        ("broken pixels", calibration.broken.len()),
    ];
    for (what, found) in lengths {
        if Some(found) != pixels {
            return wrong(what, found, pixels);
        }
    }
    Ok(())
}

/// Status bits of every pixel: 4 or 8 that its high or low gain was stored, which is said of selected gains and of
/// pixels that work. Bits 1 and 2, which say that a pixel was kept, belong to later steps.
pub fn pixel_status(waveforms: &Waveforms, broken: &[bool]) -> Vec<u8> {
    let stored =
        |pixel: usize| match &waveforms.selected_gain {
            Some(selected) if !broken.get(pixel).copied().unwrap_or(false) => {
                if selected[pixel] == 0 { 4 } else { 8 }
            }
            _ => 0,
        };
    (0..waveforms.n_pixels).map(stored).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::GainChannel;
    use super::*;
    use crate::event::{Calibration, Pointing};

    fn event(samples: Samples, n_samples: usize) -> TelescopeEvent {
        TelescopeEvent {
            tel_id: 3,
            n_channels: 2,
            n_pixels: 2,
            n_samples,
            samples,
            calibration: Arc::new(Calibration {
                pedestal: vec![300.0, 300.5, 10.0, 10.0],
                dc_to_pe: vec![0.01, 0.02, 0.5, 0.25],
                time_shift_ns: vec![0.0; 4],
                broken: vec![false, true, false, true],
            }),
            pointing: Pointing { azimuth: 0.0, altitude: 1.0 },
            true_image: None,
            true_image_sum: None,
        }
    }

    fn adc() -> TelescopeEvent {
        event(Samples::Adc(vec![310, 4000, 300, 4001, 11, 20, 12, 30]), 2)
    }

    #[test]
    fn one_sample_above_the_threshold_takes_the_low_gain() {
        let mut waveforms = Waveforms::default();
        let r1 = R1Calibration::default();
        r1.run(&adc(), Some(&GainSelector::default()), &mut waveforms).unwrap();
        assert_eq!(waveforms.selected_gain, Some(vec![0, 1]));
        let expected = [10.0 * 0.01, 3700.0 * 0.01, 2.0 * 0.25, 20.0 * 0.25_f32];
        assert_eq!(waveforms.data, expected);
        assert_eq!((waveforms.n_channels, waveforms.row(0, 1)), (1, &expected[2..]));
        assert_eq!(waveforms.gain(0, 1), 1);
        assert_eq!(pixel_status(&waveforms, &adc().calibration.broken), [4, 0]);
        waveforms.check().unwrap();
    }

    #[test]
    fn gains_may_all_go_on_or_be_given() {
        let mut waveforms = Waveforms::default();
        let r1 = R1Calibration { calib_scale: 2.0, calib_shift: 1.0 };
        r1.run(&adc(), None, &mut waveforms).unwrap();
        assert_eq!((waveforms.n_channels, waveforms.data.len()), (2, 8));
        assert_eq!(waveforms.selected_gain, None);
        assert_eq!(waveforms.data[7], 20.0 * 0.5 + 1.0);
        assert_eq!((waveforms.gain(1, 0), pixel_status(&waveforms, &[])), (1, vec![0, 0]));
        let low = GainSelector::Manual(GainChannel::Low);
        r1.run(&adc(), Some(&low), &mut waveforms).unwrap();
        assert_eq!(waveforms.selected_gain, Some(vec![1, 1]));
        assert_eq!(waveforms.channel(0).len(), 4);
    }

    #[test]
    fn sums_keep_their_bits() {
        let mut waveforms = Waveforms::default();
        let event = event(Samples::Sums(vec![20_000_001, 300, 5, 6]), 1);
        R1Calibration::default().run(&event, None, &mut waveforms).unwrap();
        assert_eq!(waveforms.data[0], (19_999_701.0 * f64::from(0.01_f32)) as f32);
    }

    #[test]
    fn sizes_are_checked() {
        let mut waveforms = Waveforms::default();
        let mut short = adc();
        short.n_samples = 3;
        let r1 = R1Calibration::default();
        let error = r1.run(&short, None, &mut waveforms).unwrap_err().to_string();
        assert!(error.contains("telescope 3") && error.contains("12"), "{error}");
        let mut large = adc();
        large.n_pixels = usize::MAX;
        assert!(r1.run(&large, None, &mut waveforms).is_err());
        let empty = event(Samples::Adc(Vec::new()), 0);
        r1.run(&empty, Some(&GainSelector::default()), &mut waveforms).unwrap();
        assert_eq!(waveforms.selected_gain, Some(vec![0, 0]));
        let mut few = adc();
        Arc::make_mut(&mut few.calibration).dc_to_pe.pop();
        assert!(r1.run(&few, None, &mut waveforms).is_err());
        waveforms.selected_gain = Some(vec![0; 5]);
        assert!(waveforms.check().is_err());
    }
}
