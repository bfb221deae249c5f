//! What can be wrong with a chain, named by the entry it is in.

/// Errors of a chain. `entry` is the key in `processors`, for example `presum_rate, wf_presum`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The configuration does not have the expected form.
    #[error("dsp_config: {reason}")]
    Config {
        /// What is wrong.
        reason: String,
    },
    /// A processor that is not there.
    #[error("'{entry}': there is no processor {function}")]
    Unknown {
        /// The entry.
        entry: String,
        /// Module and function.
        function: String,
    },
    /// A name that is neither a column, nor computed by an entry, nor a unit.
    #[error("'{entry}': nothing is called '{name}': no column, no entry of processors, no unit")]
    Name {
        /// The entry, or `outputs`.
        entry: String,
        /// The name.
        name: String,
    },
    /// Entries that need each other.
    #[error("'{entry}' needs its own result")]
    Circular {
        /// The entry.
        entry: String,
    },
    /// An argument that is wrong.
    #[error("'{entry}': {argument}: {reason}")]
    Argument {
        /// The entry.
        entry: String,
        /// The argument as it was written.
        argument: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A value of the database that is neither there nor has a default.
    #[error("'{entry}': {name} is not in the database and has no default")]
    Database {
        /// The entry.
        entry: String,
        /// The name, with `db.`.
        name: String,
    },
    /// A length that depends on the sampling period was asked for before there was a row.
    #[error(
        "'{entry}': {argument}: depends on the sampling period, which is known from the first row on"
    )]
    Period {
        /// The entry.
        entry: String,
        /// The argument as it was written.
        argument: String,
    },
    /// A processor refused its arguments while running.
    #[error("'{entry}': {function}: {reason}")]
    Fatal {
        /// The entry.
        entry: String,
        /// The function.
        function: String,
        /// What it said.
        reason: &'static str,
    },
    /// The table is not of the layout that the chain was built for.
    #[error("column '{column}': {reason}")]
    Layout {
        /// The column.
        column: String,
        /// What is wrong.
        reason: String,
    },
}
