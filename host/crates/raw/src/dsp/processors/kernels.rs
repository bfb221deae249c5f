//! Kernels, and their convolution with a waveform.

use realfft::RealFftPlanner;

use crate::dsp::frame::Frame;
use crate::dsp::store::Float;

type Done = Result<(), &'static str>;

/// Elements of a kernel that are applied in one pass over the waveform.
const TAPS: usize = 4;

/// Elements of a kernel from which on Fourier transforms are faster.
const LONG: usize = 96;

/// What the cusp and zero-area cusp kernels are made of.
struct Cusp {
    sigma: f64,
    /// Samples of the rising part.
    rise: usize,
    /// Samples of the flat part.
    flat: usize,
    /// `exp(-1 / decay)`
    factor: f64,
}

impl Cusp {
    fn new<T: Float>(f: &Frame<'_, T>) -> Result<Cusp, &'static str> {
        let [sigma, flat, decay] = [0, 1, 2].map(|i| f.scalar(i).f64());
        if sigma <= 0.0 {
            return Err("the curvature must be positive");
        }
        if flat < 0.0 || flat != flat.floor() {
            return Err("the length of the flat section must be an integer, not negative");
        }
        if decay <= 0.0 {
            return Err("the decay constant must be positive");
        }
        let length = f.float_slots[0].len;
        if flat >= length as f64 {
            return Err("the flat section is longer than the kernel");
        }
        let flat = flat as usize;
        Ok(Cusp { sigma, rise: (length - flat) / 2, flat, factor: (-1.0 / decay).exp() })
    }

    /// Samples from the nearer end; `None` on the flat part.
    fn to_end(&self, i: usize, length: usize) -> Option<f64> {
        match i {
            _ if i < self.rise => Some(i as f64),
            _ if i <= self.rise + self.flat => None,
            _ => Some((length - i) as f64),
        }
    }

    fn cusp(&self, i: usize, length: usize) -> f64 {
        let top = (self.rise as f64 / self.sigma).sinh();
        self.to_end(i, length).map_or(1.0, |x| (x / self.sigma).sinh() / top)
    }

    fn parabola(&self, i: usize, length: usize) -> f64 {
        let middle = self.rise as f64 / 2.0;
        self.to_end(i, length).map_or(0.0, |x| (x - middle).powi(2) - middle * middle)
    }

    /// Writes a shape, convolved with what undoes the exponential decay.
    fn write<T: Float>(&self, shape: impl Fn(usize) -> f64, out: &mut [T]) {
        let mut before = 0.0;
        for (i, out) in out.iter_mut().enumerate() {
            let value = shape(i);
            *out = T::of(value - self.factor * before);
            before = value;
        }
    }
}

/// Cusp: hyperbolic sines with curvature `sigma` up to a flat part, for pulses that decay.
pub(crate) fn cusp_filter<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1, 2]) {
        return f.no_result();
    }
    let cusp = Cusp::new(f)?;
    let out = f.out(0);
    let length = out.len();
    cusp.write(|i| cusp.cusp(i, length), out);
    Ok(())
}

/// The same with parabolas under the sides, such that the sum over the shape is 0.
pub(crate) fn zac_filter<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1, 2]) {
        return f.no_result();
    }
    let cusp = Cusp::new(f)?;
    let out = f.out(0);
    let length = out.len();
    let area: f64 = (0..length).map(|i| cusp.cusp(i, length)).sum();
    let parabolas: f64 = (0..length).map(|i| cusp.parabola(i, length)).sum();
    let scale = area / parabolas;
    cusp.write(|i| cusp.cusp(i, length) - cusp.parabola(i, length) * scale, out);
    Ok(())
}

/// A falling ramp of `rise` samples with sum 1, then `fall` samples with sum -1.
pub(crate) fn t0_filter<T: Float>(f: &mut Frame<'_, T>) -> Done {
    if f.any_nan(&[0, 1]) {
        return f.no_result();
    }
    let [rise, fall] = [0, 1].map(|i| f.scalar(i).f64());
    if rise < 0.0 || fall < 0.0 {
        return Err("the lengths of rise and fall must not be negative");
    }
    let out = f.out(0);
    if out.len() as f64 != rise + fall {
        return Err("the kernel must be as long as rise and fall together");
    }
    for (i, out) in out.iter_mut().enumerate() {
        let value = match i as f64 {
            x if x < rise => 2.0 * (rise - x) / (rise * (rise + 1.0)),
            _ => -1.0 / fall,
        };
        *out = T::of(value);
    }
    Ok(())
}

/// `out[k] = sum(kernel[j] w[k + shift - j])`, samples outside of the waveform being 0.
fn convolve<T: Float>(w: &[T], kernel: &[T], shift: usize, out: &mut [T], room: &mut Vec<f64>) {
    // The waveform with so many zeros around it that every index exists, then the sums.
    let (m, n) = (kernel.len(), out.len());
    let padded = n + m - 1;
    room.clear();
    room.resize(padded + n, 0.0);
    let (wide, sums) = room.split_at_mut(padded);
    // wide[i] is w[i + shift - (m - 1)].
    let (skip, zeros) = (shift.saturating_sub(m - 1), (m - 1).saturating_sub(shift));
    for (wide, x) in wide[zeros..].iter_mut().zip(&w[skip..]) {
        *wide = x.f64();
    }
    let (fours, rest) = kernel.as_chunks::<TAPS>();
    for (j, taps) in fours.iter().enumerate() {
        let taps = taps.map(Float::f64);
        let from = &wide[m - TAPS - TAPS * j..][..n + TAPS - 1];
        for (sum, x) in sums.iter_mut().zip(from.windows(TAPS)) {
            *sum += taps[3] * x[0] + taps[2] * x[1] + taps[1] * x[2] + taps[0] * x[3];
        }
    }
    for (j, tap) in rest.iter().enumerate() {
        let from = &wide[rest.len() - 1 - j..];
        sums.iter_mut().zip(from).for_each(|(sum, x)| *sum += tap.f64() * x);
    }
    out.iter_mut().zip(sums.iter()).for_each(|(out, sum)| *out = T::of(*sum));
}

/// The waveform convolved with a kernel: all values (`'f'`), those where the kernel lies inside the
/// waveform (`'v'`), or as many as the waveform has samples, from the middle (`'s'`).
pub(crate) fn convolve_wf<T: Float>(f: &mut Frame<'_, T>) -> Done {
    let (n, m) = (f.wave(0).len(), f.wave(1).len());
    if m > n || m == 0 {
        return Err("the kernel must not be longer than the waveform");
    }
    let (length, shift) = match u8::try_from(f.int(2)) {
        Ok(b'f') => (n + m - 1, 0),
        Ok(b'v') => (n - m + 1, m - 1),
        Ok(b's') => (n, (m - 1) / 2),
        _ => return Err("the mode must be 'f', 'v' or 's'"),
    };
    if f.float_slots[0].len != length {
        return Err("the length of the output is not that of this mode");
    }
    let (first, rows) = (f.row, f.rows);
    if m >= LONG && f.inputs[1].constant {
        let size = if shift == m - 1 { n } else { n + m - 1 }.next_power_of_two();
        convolve_rows(f, size, shift)?;
    } else {
        let mut room = std::mem::take(f.scratch);
        for row in first..first + rows {
            f.row = row;
            let (w, kernel) = (f.wave(0), f.wave(1));
            convolve(w, kernel, shift, f.out(0), &mut room);
        }
        *f.scratch = room;
    }
    for row in first..first + rows {
        f.row = row;
        if f.any_nan(&[0, 1]) {
            f.nan();
        }
    }
    f.row = first;
    Ok(())
}

/// The same through Fourier transforms of a size. Every row has its own, so that its last digits do
/// not depend on the rows beside it.
fn convolve_rows<T: Float>(f: &mut Frame<'_, T>, size: usize, shift: usize) -> Done {
    let broken = |_| "the Fourier transform failed";
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, back) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let mut samples = forward.make_input_vec();
    let (mut kernel, mut spectrum) = (forward.make_output_vec(), forward.make_output_vec());
    let room = forward.get_scratch_len().max(back.get_scratch_len());
    let mut room = vec![kernel[0]; room];
    fill(&mut samples, f.wave(1));
    forward.process_with_scratch(&mut samples, &mut kernel, &mut room).map_err(broken)?;
    kernel.iter_mut().for_each(|x| *x /= size as f64);
    let first = f.row;
    for row in first..first + f.rows {
        f.row = row;
        fill(&mut samples, f.wave(0));
        forward.process_with_scratch(&mut samples, &mut spectrum, &mut room).map_err(broken)?;
        spectrum.iter_mut().zip(&kernel).for_each(|(x, k)| *x *= k);
        // Those of a real signal are real; rounding has left them a little beside.
        for end in [0, size / 2] {
            spectrum[end].im = 0.0;
        }
        back.process_with_scratch(&mut spectrum, &mut samples, &mut room).map_err(broken)?;
        for (out, x) in f.out(0).iter_mut().zip(&samples[shift..]) {
            *out = T::of(*x);
        }
    }
    f.row = first;
    Ok(())
}

/// Samples, then zeros; also for NaN.
fn fill<T: Float>(to: &mut [f64], from: &[T]) {
    let (start, rest) = to.split_at_mut(from.len());
    rest.fill(0.0);
    for (to, x) in start.iter_mut().zip(from) {
        *to = if x.is_nan() { 0.0 } else { x.f64() };
    }
}
