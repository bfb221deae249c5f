//! Digital signal processing of waveforms, configured as for the Python package dspeed.
//!
//! [`Chain`] compiles an object `{"outputs": [...], "processors": {...}}` for tables of one layout and
//! computes what dspeed 2.4.3 computes. Only what the outputs need is computed.
//!
//! ```
//! use serde_json::{Value, json};
//! use tierline_raw::dsp::Chain;
//! use tierline_table::{Array, Attrs, Table, WaveformTable};
//!
//! let values = Array::from_u16(&[3, 9, 4, 1, 2, 2, 8, 5]).reshaped(&[4]);
//! let dt = Array::from_f32(&[16.0, 16.0]);
//! let waveform = WaveformTable::new(Array::from_f32(&[0.0, 100.0]), dt, values);
//! let mut table = Table::new();
//! table.push("waveform", Attrs::new(), waveform.into_table()?)?;
//!
//! let chain = json!({"outputs": ["tp_max"], "processors": {"tp_min, tp_max, wf_min, wf_max": {
//!     "function": "min_max", "module": "dspeed.processors",
//!     "args": ["waveform", "tp_min", "tp_max", "wf_min", "wf_max"],
//!     "unit": ["ns", "ns", "ADC", "ADC"]}}});
//! let outputs = Chain::build(&chain, &table, &Value::Null)?.run(&table)?;
//! let mut result = Table::new();
//! result.push("tp_max", outputs[0].attrs.clone(), outputs[0].column.clone())?;
//! assert_eq!(result.array("tp_max").and_then(|a| a.get_f64(1)), Some(132.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Configuration
//!
//! An entry of `processors` has as key the names it computes, separated by commas, and as value an
//! expression, or an object of `function` (with its module, or an expression if there are no `args`),
//! `module`, `args`, `unit` (one, or one per name) and `defaults` for values `db.*` that the database
//! lacks. Modules are `dspeed.processors` and its parts, and `numpy`. `kwargs`, `prereqs`, `init_args`
//! and anything else is read over.
//!
//! Arguments are numbers, texts in quotes, names, and expressions of them: `+ - * / //`, comparisons,
//! `a if b else c`, `w[5]`, `w[start:stop:step]`, `w.period`, `w.offset`, `w.grid`, `len`, `round`,
//! `floor`, `ceil`, `trunc`, `astype`, `where`, `isnan`, `isfinite`, `np.nan`, `np.pi`, and units of
//! time and frequency (`10*us`, `1/us`, `MHz`). Outputs may be declared as
//! `name(shape, dtype, grid, unit=, period=, offset=, vector_len=)`; they must be, where their length
//! does not follow from an input.
//!
//! # Times
//!
//! * A number with a unit of time becomes a number of samples: of the first waveform among the
//!   arguments of a processor, of the other operand of an operator. For an integer argument it is
//!   rounded to the nearest integer, the even one of two.
//! * A result of one number (or a vector) whose `unit` is one of time is taken for indices of that
//!   waveform's samples. It is written as index times period plus the offset of the row.
//! * Such a time as an argument beside another waveform is converted to indices of its samples;
//!   a column with a unit of time likewise.
//! * The period is that of the row, the offset `t0` of the row. dspeed takes the period of the first
//!   row of a buffer for all of it: where `dt` changes inside a table, its results depend on the size
//!   of the buffer, and those here do not.
//! * A difference or sum of two times is a number of samples; it keeps the unit as a label but is not
//!   converted, as in dspeed. A quantity added to or compared with a time is a duration. A slice that
//!   starts from the end does not move the offset.
//! * The quotient of two units goes by their size in seconds, so that `3*us` are 187.49999999999997
//!   samples of 16 ns, and 187 as an integer.
//! * Waveforms come out as `t0` and `dt` in `f32` in the unit of the period.
//!
//! # Numbers
//!
//! A processor computes in `f32`, or in `f64` if an input does not fit into `f32` without loss (such as
//! `u32`) or an output is declared so. Operators keep integer types as numpy does, also where they
//! overflow, and round constants to them; only `/` gives floating numbers.
//!
//! # Processors
//!
//! Held against dspeed on 789 waveforms of five recordings (500 to 8192 samples) in batches of 7 rows
//! and all at once; the largest relative difference found, of an element of a vector to the largest of
//! its vector. Types, units, integers and the places of NaN are equal.
//!
//! | processors | largest difference |
//! |---|---|
//! | presum, saturation, windower, min_max, min_max_norm, bl_subtract | 0 |
//! | linear_slope_fit | 1.2e-7 |
//! | linear_slope_diff | rms 4.5e-7, mean see below |
//! | mean_below_threshold, time_over_threshold | 0 |
//! | trap_filter, trap_norm, asym_trap_filter, trap_pickoff | 7.6e-8 |
//! | pole_zero, double_pole_zero, convolve_exp | 2e-8 |
//! | moving_window_left, moving_window_right, moving_window_multi, avg_current | 2.7e-8 |
//! | fixed_time_pickoff (i n f c l h s) | 4.5e-7 |
//! | interpolating_upsampler (the same), upsampler | 0 |
//! | time_point_thresh | 0 |
//! | interpolated_time_point_thresh (i b a r l f c n) | 1.2e-7 |
//! | cusp_filter, zac_filter, t0_filter | 7.6e-7 |
//! | convolve_wf, fft_convolve_wf (f v s) | 2.8e-6 |
//! | log_check, soft_pileup_corr, soft_pileup_corr_bl | 1.2e-7 |
//! | histogram, histogram_stats | edges 0, see below |
//! | get_multi_local_extrema, multi_a_filter, multi_t_filter, peak_snr_threshold | 0 |
//! | get, get_default, sort, wf_alignment | 0 |
//! | numpy: add, subtract, multiply, divide, floor_divide, comparisons, amax, max, amin, min, argmax, argmin | 0 |
//! | numpy: sum, mean (`[w, 1, out]`; dspeed cannot call them) | - |
//!
//! Everything else is refused by name, among it the bi-level and multiple time points, histograms
//! around a mode, dplms, fits, filters that are designed at run time (iir_filter, poly_fit, ...),
//! neural networks, and injected pulses.
//!
//! # Known differences
//!
//! * `linear_slope_diff`: the mean of the residuals. dspeed gives the sum of residual `i` divided by
//!   `i + 1`: 7.35 for the residuals 3, 3, 3, 3, 3, 3, whose mean is 3.
//! * `histogram`: the largest sample is counted in the last bin. dspeed leaves it out: 8 samples
//!   1, 4, 2, 8, 3, 7, 5, 0 in four bins are 2, 2, 2, 1 there. `histogram_stats` of such histograms may
//!   follow.
//! * `shape=2*us/w.period` with 16 ns is 125. dspeed cuts 124.99999999999999 off to 124. Other fractions
//!   are cut off as there.
//! * A time that is rounded to a grid (`round(tp, w.grid)`) and is an output is written as time. dspeed
//!   writes its index, with the unit of time, unless some processor takes it as an argument.
//! * `ceil(tp, w.grid)` of a time that is a sample of the grid is that sample. In dspeed the ratio of the
//!   periods is an `f32`, and 3095 samples of 16 ns are more than 619 of 80 ns: it gives 620.
//! * Quotients of 8-bit integers are `f32`; numpy has `f16`. A constant time as an output is `f64`.
//! * An index that is no constant (`w[tp]`) is refused; dspeed takes the first element. So are slices
//!   with a negative step, and names that are given to vectors where one number is needed.
//! * Names that dspeed takes for units (`a`, `amin`) or for functions are accepted as names of
//!   variables; `get` gives `f32` or `f64` for integers.
//! * A kernel of constants may be declared with positional arguments (`kern(151, 'f')`); dspeed 2.4.3
//!   accepts only `kern(shape=151, dtype='float32')`.
mod bind;
mod builder;
mod config;
mod elementwise;
mod error;
mod evaluate;
mod frame;
mod operators;
mod plan;
mod processors;
mod step;
mod store;
mod unit;
mod variable;

use serde_json::Value as Json;
use tierline_table::{Column, NamedColumn, Table};

use builder::{Builder, Periods};
use config::Config;
pub use error::ChainError;
use plan::Plan;

/// A compiled chain. It holds no state between rows: any number of threads may run it, on batches
/// of any size.
#[derive(Debug, Clone)]
pub struct Chain {
    config: Config,
    database: Json,
    layout: Table,
    periods: Periods,
    plan: Plan,
    outputs: Vec<NamedColumn>,
}

impl Chain {
    /// Compiles a configuration.
    ///
    /// `config` is an object of `outputs` and `processors`; `layout` a table whose columns have
    /// the types, lengths and units of those to come, with or without rows; `database` holds the
    /// values of arguments `db.*`, and may be null. Sampling periods are taken from the first row
    /// of `layout`, if there is one. Without it a configuration in which the length of a vector
    /// depends on the period is refused with [`ChainError::Period`].
    pub fn build(config: &Json, layout: &Table, database: &Json) -> Result<Chain, ChainError> {
        let config = Config::parse(config)?;
        let periods = periods(layout, 0);
        let mut empty = layout.clone();
        empty.clear();
        let plan = Builder::plan(&config, &empty, database, &periods)?;
        let outputs: Result<_, _> = plan.outputs.iter().map(|out| out.empty(&empty)).collect();
        let (outputs, database) = (outputs?, database.clone());
        Ok(Chain { config, database, layout: empty, periods, plan, outputs })
    }

    /// Names, attributes and empty columns of the outputs, in the order of `outputs`.
    pub fn outputs(&self) -> &[NamedColumn] {
        &self.outputs
    }

    /// The outputs for all rows of a table of the layout that the chain was built for. Rows whose
    /// waveforms have another sampling period are processed with that.
    pub fn run(&self, table: &Table) -> Result<Vec<NamedColumn>, ChainError> {
        let mut columns = self.outputs.clone();
        let mut first = 0;
        while first < table.rows {
            let periods = periods(table, first);
            let end = self.end(table, first);
            if same(&periods, &self.periods) {
                self.plan.run(table, first, end, &mut columns)?;
            } else {
                let plan = Builder::plan(&self.config, &self.layout, &self.database, &periods)?;
                self.check(&plan)?;
                plan.run(table, first, end, &mut columns)?;
            }
            first = end;
        }
        for (output, column) in self.plan.outputs.iter().zip(&mut columns) {
            if matches!(output.form, plan::Form::Copy) {
                let copied = table.column(&output.name).ok_or_else(|| ChainError::Layout {
                    column: output.name.clone(),
                    reason: "the table does not have it".into(),
                })?;
                column.column = copied.column.clone();
            }
        }
        Ok(columns)
    }

    /// The first row from `first` on that has other sampling periods.
    fn end(&self, table: &Table, first: usize) -> usize {
        let dts = waveforms(table).map(|(_, waveform)| waveform.array("dt"));
        let same =
            |row: &usize| dts.clone().flatten().all(|dt| dt.element(*row) == dt.element(first));
        (first + 1..table.rows).take_while(same).last().unwrap_or(first) + 1
    }

    /// Outputs must not depend on the sampling period in their form.
    fn check(&self, plan: &Plan) -> Result<(), ChainError> {
        for (output, was) in plan.outputs.iter().zip(&self.outputs) {
            if output.empty(&self.layout)? != *was {
                return Err(ChainError::Layout {
                    column: output.name.clone(),
                    reason: "its form changes with the sampling period".into(),
                });
            }
        }
        Ok(())
    }
}

/// The waveforms among the columns.
fn waveforms(table: &Table) -> impl Iterator<Item = (&str, &Table)> + Clone {
    table.columns.iter().filter_map(|column| match &column.column {
        Column::Table(table) => Some((column.name.as_str(), table)),
        _ => None,
    })
}

/// The sampling periods in a row, in their own units.
fn periods(table: &Table, row: usize) -> Periods {
    let period = |(name, waveform): (&str, &Table)| {
        let period = waveform.array("dt")?.get_f64(row)?;
        Some((name.to_owned(), period))
    };
    waveforms(table).filter_map(period).collect()
}

fn same(a: &Periods, b: &Periods) -> bool {
    let equal =
        |(name, x): (&String, &f64)| b.get(name).is_some_and(|y| x.to_bits() == y.to_bits());
    a.len() == b.len() && a.iter().all(equal)
}

#[cfg(test)]
mod tests;
