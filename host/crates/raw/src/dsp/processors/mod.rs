//! The processors: one file per family, one line each in [`PROCESSORS`].

mod baseline;
mod crossing;
mod filters;
mod histogram;
mod kernels;
mod peaks;
mod pick;
mod pickoff;
mod shape;
mod trapezoid;

use tierline_table::DType;

use super::frame::Frame;
use super::store::Kind;
use super::variable::dtype_named;

/// What a processor does with a row. The error text says which argument is impossible.
pub(crate) type Kernel<T> = fn(&mut Frame<'_, T>) -> Result<(), &'static str>;

/// A processor: its signature, and what it does in `f32` and in `f64`.
#[derive(Debug)]
pub(crate) struct Processor {
    /// `dspeed` or `numpy`.
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    /// Arguments as numpy writes them, outputs marked with `>`.
    signature: &'static str,
    /// Types of the arguments: `f` for what the processor computes in, others as numpy's.
    types: &'static str,
    pub(crate) single: Kernel<f32>,
    pub(crate) double: Kernel<f64>,
    /// Whether it takes all rows of a full block at once.
    pub(crate) whole_block: bool,
}

const fn dspeed(
    name: &'static str,
    signature: &'static str,
    types: &'static str,
    single: Kernel<f32>,
    double: Kernel<f64>,
) -> Processor {
    Processor { module: "dspeed", name, signature, types, single, double, whole_block: false }
}

const fn numpy(
    name: &'static str,
    types: &'static str,
    single: Kernel<f32>,
    double: Kernel<f64>,
) -> Processor {
    let signature = "(n),(),>()";
    Processor { module: "numpy", name, signature, types, single, double, whole_block: false }
}

impl Processor {
    const fn whole_blocks(mut self) -> Processor {
        self.whole_block = true;
        self
    }

    /// Its parameters.
    pub(crate) fn params(&self) -> Vec<Param> {
        Param::list(self.signature, self.types)
    }
}

/// All processors.
static PROCESSORS: &[Processor] = &[
    dspeed("presum", "(n),(),>(),>(m)", "ffff", shape::presum, shape::presum),
    dspeed("saturation", "(n),(),>(),>()", "ffff", shape::saturation, shape::saturation),
    dspeed("windower", "(n),(),>(m)", "fff", shape::windower, shape::windower),
    dspeed("min_max", "(n),>(),>(),>(),>()", "fffff", shape::min_max, shape::min_max),
    dspeed("min_max_norm", "(n),(),(),>(n)", "ffff", shape::min_max_norm, shape::min_max_norm),
    dspeed("bl_subtract", "(n),(),>(n)", "fff", baseline::bl_subtract, baseline::bl_subtract),
    dspeed(
        "linear_slope_fit",
        "(n),>(),>(),>(),>()",
        "fffff",
        baseline::linear_slope_fit,
        baseline::linear_slope_fit,
    )
    .whole_blocks(),
    dspeed(
        "linear_slope_diff",
        "(n),(),(),>(),>()",
        "fffff",
        baseline::linear_slope_diff,
        baseline::linear_slope_diff,
    ),
    dspeed(
        "mean_below_threshold",
        "(n),(),>()",
        "fff",
        baseline::mean_below_threshold,
        baseline::mean_below_threshold,
    ),
    dspeed("trap_filter", "(n),(),(),>(n)", "fiif", trapezoid::trap_filter, trapezoid::trap_filter),
    dspeed("trap_norm", "(n),(),(),>(n)", "fiif", trapezoid::trap_norm, trapezoid::trap_norm),
    dspeed(
        "asym_trap_filter",
        "(n),(),(),(),>(n)",
        "fiiif",
        trapezoid::asym_trap_filter,
        trapezoid::asym_trap_filter,
    ),
    dspeed(
        "trap_pickoff",
        "(n),(),(),(),>()",
        "fiiff",
        trapezoid::trap_pickoff,
        trapezoid::trap_pickoff,
    ),
    dspeed("pole_zero", "(n),(),>(n)", "fff", filters::pole_zero, filters::pole_zero),
    dspeed(
        "double_pole_zero",
        "(n),(),(),(),>(n)",
        "fffff",
        filters::double_pole_zero,
        filters::double_pole_zero,
    ),
    dspeed(
        "moving_window_left",
        "(n),(),>(n)",
        "fff",
        filters::moving_window_left,
        filters::moving_window_left,
    ),
    dspeed(
        "moving_window_right",
        "(n),(),>(n)",
        "fff",
        filters::moving_window_right,
        filters::moving_window_right,
    ),
    dspeed(
        "moving_window_multi",
        "(n),(),(),(),>(n)",
        "fffif",
        filters::moving_window_multi,
        filters::moving_window_multi,
    ),
    dspeed("avg_current", "(n),(),>(m)", "fff", filters::avg_current, filters::avg_current),
    dspeed("convolve_exp", "(n),(),>(n)", "fff", filters::convolve_exp, filters::convolve_exp),
    dspeed("upsampler", "(n),(),>(m)", "fff", filters::upsampler, filters::upsampler),
    dspeed("log_check", "(n),>(n)", "ff", filters::log_check, filters::log_check),
    dspeed(
        "soft_pileup_corr",
        "(n),(),(),>(n)",
        "ffff",
        filters::soft_pileup_corr,
        filters::soft_pileup_corr,
    ),
    dspeed(
        "soft_pileup_corr_bl",
        "(n),(),(),(),>(n)",
        "fffff",
        filters::soft_pileup_corr_bl,
        filters::soft_pileup_corr_bl,
    ),
    dspeed(
        "fixed_time_pickoff",
        "(n),(),(),>()",
        "ffbf",
        pickoff::fixed_time_pickoff,
        pickoff::fixed_time_pickoff,
    ),
    dspeed(
        "interpolating_upsampler",
        "(n),(),>(m)",
        "fbf",
        pickoff::interpolating_upsampler,
        pickoff::interpolating_upsampler,
    ),
    dspeed(
        "time_point_thresh",
        "(n),(),(),(),>()",
        "fffff",
        crossing::time_point_thresh,
        crossing::time_point_thresh,
    ),
    dspeed(
        "interpolated_time_point_thresh",
        "(n),(),(),(),(),>()",
        "ffflbf",
        crossing::interpolated_time_point_thresh,
        crossing::interpolated_time_point_thresh,
    ),
    dspeed(
        "time_over_threshold",
        "(n),(),>()",
        "fff",
        crossing::time_over_threshold,
        crossing::time_over_threshold,
    ),
    dspeed("cusp_filter", "(),(),(),>(n)", "ffff", kernels::cusp_filter, kernels::cusp_filter),
    dspeed("zac_filter", "(),(),(),>(n)", "ffff", kernels::zac_filter, kernels::zac_filter),
    dspeed("t0_filter", "(),(),>(n)", "fff", kernels::t0_filter, kernels::t0_filter),
    dspeed("convolve_wf", "(n),(m),(),>(p)", "ffbf", kernels::convolve_wf, kernels::convolve_wf)
        .whole_blocks(),
    dspeed(
        "fft_convolve_wf",
        "(n),(m),(),>(p)",
        "ffbf",
        kernels::convolve_wf,
        kernels::convolve_wf,
    )
    .whole_blocks(),
    dspeed("histogram", "(n),>(m),>(p)", "fff", histogram::histogram, histogram::histogram),
    dspeed(
        "histogram_stats",
        "(n),(m),>(),>(),>(),()",
        "ffffff",
        histogram::histogram_stats,
        histogram::histogram_stats,
    ),
    dspeed(
        "get_multi_local_extrema",
        "(n),(),(),(),(),(),>(m),>(m),>(),>()",
        "ffffffffII",
        peaks::get_multi_local_extrema,
        peaks::get_multi_local_extrema,
    ),
    dspeed(
        "multi_t_filter",
        "(n),(),(m),(m),>(m)",
        "fffff",
        peaks::multi_t_filter,
        peaks::multi_t_filter,
    ),
    dspeed("multi_a_filter", "(n),(m),>(m)", "fff", peaks::multi_a_filter, peaks::multi_a_filter),
    dspeed(
        "peak_snr_threshold",
        "(n),(m),(),(),>(m),>()",
        "fffffI",
        peaks::peak_snr_threshold,
        peaks::peak_snr_threshold,
    ),
    dspeed("get", "(n),(),>()", "flf", pick::get, pick::get),
    dspeed("get_default", "(n),(),(),>()", "flff", pick::get_default, pick::get_default),
    dspeed("sort", "(n),>(n)", "ff", pick::sort, pick::sort),
    dspeed("wf_alignment", "(n),(),(),(),>(m)", "fffff", pick::wf_alignment, pick::wf_alignment),
    numpy("amax", "fif", shape::amax, shape::amax),
    numpy("max", "fif", shape::amax, shape::amax),
    numpy("amin", "fif", shape::amin, shape::amin),
    numpy("min", "fif", shape::amin, shape::amin),
    numpy("argmax", "fii", shape::argmax, shape::argmax),
    numpy("argmin", "fii", shape::argmin, shape::argmin),
    numpy("sum", "fif", shape::sum, shape::sum),
    numpy("mean", "fif", shape::mean, shape::mean),
];

/// The processor of a module and name.
pub(crate) fn find(module: &str, name: &str) -> Option<&'static Processor> {
    let root = module.split('.').next().unwrap_or(module);
    PROCESSORS.iter().find(|processor| processor.module == root && processor.name == name)
}

/// A parameter of a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Param {
    pub(crate) out: bool,
    /// Letter of the length; none for one number.
    pub(crate) dim: Option<char>,
    letter: char,
}

impl Param {
    /// Reads a signature such as `(n),(),>(m)`, with the type letters.
    pub(crate) fn list(signature: &str, types: &str) -> Vec<Param> {
        let parts = signature.split(',').zip(types.chars());
        let param = |(part, letter): (&str, char)| Param {
            out: part.starts_with('>'),
            dim: part.chars().find(|c| c.is_alphabetic()),
            letter,
        };
        parts.map(param).collect()
    }

    /// Whether it is of the type that the processor computes in.
    pub(crate) fn is_float(&self) -> bool {
        self.letter == 'f'
    }

    /// What it is held as.
    pub(crate) fn kind(&self, double: bool) -> Kind {
        Kind::of(self.dtype(double))
    }

    /// Its type.
    pub(crate) fn dtype(&self, double: bool) -> DType {
        match self.letter {
            'f' if double => DType::F64,
            letter => dtype_named(letter.encode_utf8(&mut [0; 4])).unwrap_or(DType::F32),
        }
    }
}

#[cfg(test)]
mod tests;
