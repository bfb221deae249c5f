//! Pixels that are early or late: shifting their waveforms or their times.

use super::Waveforms;
use crate::parameters::pairwise_sum;

/// Shifts waveforms by whole samples towards those of the mean pixel, and yields what remains, in ns.
///
/// `shifts` are what each waveform is late in ns, `[channel][pixel]`. The first or the last sample is repeated
/// where a waveform has no more.
pub fn shift_waveforms(waveforms: &mut Waveforms, shifts: &[f32], rate_ghz: f64) -> Vec<f64> {
    let (n_pixels, n_samples) = (waveforms.n_pixels, waveforms.n_samples);
    let mut remaining: Vec<f64> = shifts.iter().map(|shift| f64::from(*shift) * rate_ghz).collect();
    if n_pixels == 0 || n_samples == 0 {
        return remaining;
    }
    let mut before = vec![0.0; n_samples];
    let size = n_pixels * n_samples;
    for (channel, shifts) in waveforms.data.chunks_mut(size).zip(remaining.chunks_mut(n_pixels)) {
        let mean = pairwise_sum(shifts) / n_pixels as f64;
        for (row, shift) in channel.chunks_mut(n_samples).zip(shifts) {
            let whole = (*shift - mean).round_ties_even() as i16;
            before.copy_from_slice(row);
            for (at, sample) in row.iter_mut().enumerate() {
                let from = (at as i64 + i64::from(whole)).clamp(0, n_samples as i64 - 1);
                *sample = before[from as usize];
            }
            *shift = (*shift - f64::from(whole)) / rate_ghz;
        }
    }
    remaining
}

/// Takes what pixels are late off their times, in ns.
pub fn shift_peak_times<T: Copy + Into<f64>>(peak_time: &mut [f32], shifts: &[T]) {
    for (time, shift) in peak_time.iter_mut().zip(shifts) {
        *time = (f64::from(*time) - (*shift).into()) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_waveforms_come_earlier() {
        let data = vec![0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 13.0, 20.0, 21.0, 22.0, 23.0];
        let (n_channels, n_pixels, n_samples) = (1, 3, 4);
        let mut waveforms =
            Waveforms { n_channels, n_pixels, n_samples, data, selected_gain: None };
        let remaining = shift_waveforms(&mut waveforms, &[0.0, 0.75, -0.75], 2.0);
        let expected = [0.0, 1.0, 2.0, 3.0, 12.0, 13.0, 13.0, 13.0, 20.0, 20.0, 20.0, 21.0];
        assert_eq!(waveforms.data, expected);
        assert_eq!(remaining, [0.0, -0.25, 0.25]);
        let mut times = [1.0, 2.0, 3.0];
        shift_peak_times(&mut times, &remaining);
        assert_eq!(times, [1.0, 2.25, 2.75]);
    }

    #[test]
    fn enormous_shifts_repeat_a_sample() {
        let data = vec![1.0, 2.0, 3.0, 4.0];
        let mut waveforms =
            Waveforms { n_channels: 1, n_pixels: 2, n_samples: 2, data, selected_gain: None };
        shift_waveforms(&mut waveforms, &[f32::MAX, -f32::MAX], 1.0);
        assert_eq!(waveforms.data, [2.0, 2.0, 3.0, 3.0]);
        assert!(shift_waveforms(&mut Waveforms::default(), &[], 1.0).is_empty());
    }
}
