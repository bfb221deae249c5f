//! Digital signal processing of waveforms, configured as for the Python package dspeed.
mod bind;
mod builder;
mod config;
mod elementwise;
mod error;
mod evaluate;
mod expression;
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
