//! What can go wrong, with the file it went wrong in.

use std::path::PathBuf;

/// Errors of the raw tier.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading failed.
    #[error("{path}: cannot {action}{place}", path = path.display(), place = at(*offset))]
    Io {
        /// The input.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Byte offset in the (decompressed) stream; 0 where nothing was read yet.
        offset: u64,
        /// The system's error.
        source: std::io::Error,
    },
    /// The stream as a whole can't be read.
    #[error("{path}: {format}", path = path.display())]
    Stream {
        /// The input.
        path: PathBuf,
        /// The format it was read as.
        format: &'static str,
        /// What and where.
        source: tierline_core::Error,
    },
    /// Nothing says what the input is.
    #[error("{path}: unknown format (first bytes {first:02x?}); known are {known}; say which with --stream-type", path = path.display())]
    UnknownFormat {
        /// The input.
        path: PathBuf,
        /// Up to eight bytes.
        first: Vec<u8>,
        /// Names of the formats.
        known: String,
    },
    /// The input holds what a front end made of a recording.
    #[error("{path}: these are records of a front end: tierline collect reads them", path = path.display())]
    Records {
        /// The input.
        path: PathBuf,
    },
    /// A compressed input of which nothing can be unpacked.
    #[error("{path}: {reason}", path = path.display())]
    Packed {
        /// The input.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The input holds nothing.
    #[error("{path}: the file is empty", path = path.display())]
    Empty {
        /// The input.
        path: PathBuf,
    },
    /// A text header or settings file that its library can't read.
    #[error("{path}: {what} is unreadable: {reason}", path = path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// Which text.
        what: &'static str,
        /// The library's words.
        reason: String,
    },
    /// An output specification that makes no sense.
    #[error("{path}", path = path.display())]
    Spec {
        /// The specification.
        path: PathBuf,
        /// Which entry, and why.
        source: crate::out_spec::SpecError,
    },
    /// An LH5 file that can't be read.
    #[error("cannot read the tables")]
    Lh5 {
        /// Which file and object, and why.
        source: tierline_h5::Error,
    },
    /// A file without tables.
    #[error("{path}: there is no LH5 table in it", path = path.display())]
    NoTables {
        /// The file.
        path: PathBuf,
    },
    /// A step of a `proc_spec` that failed.
    #[error("{path}: table '{table}': {reason}", path = path.display())]
    Process {
        /// The output.
        path: PathBuf,
        /// The table.
        table: String,
        /// What went wrong.
        reason: String,
    },
    /// Inputs of one output that do not fit together.
    #[error("{what} is another than in the inputs before: these recordings don't belong together")]
    Differs {
        /// What differs.
        what: String,
    },
    /// An error of one of several inputs.
    #[error("{path}", path = path.display())]
    Input {
        /// The input.
        path: PathBuf,
        /// What went wrong.
        source: Box<Error>,
    },
    /// Somebody wanted no more, and nothing half.
    #[error("{path}: stopped by a signal; nothing was written (--keep-partial keeps what has come)", path = path.display())]
    Interrupted {
        /// The input.
        path: PathBuf,
    },
    /// A setting that makes no sense.
    #[error("{name}: {reason}")]
    Parameter {
        /// The setting.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The output could not be written.
    #[error("{path}", path = path.display())]
    Output {
        /// The output.
        path: PathBuf,
        /// What went wrong.
        source: tierline_h5::Error,
    },
    /// The output's place, or a limit.
    #[error(transparent)]
    Report(#[from] tierline_report::Error),
    /// Columns of a table do not fit together.
    #[error("table {table}")]
    Layout {
        /// The table.
        table: String,
        /// Which column.
        source: tierline_table::LayoutError,
    },
    /// An index that is of another recording, or damaged.
    #[error("{path}: {reason}", path = path.display())]
    Index {
        /// The recording.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The decoding thread ended without a result.
    #[error("{path}: decoding stopped unexpectedly; please report this file", path = path.display())]
    Thread {
        /// The input.
        path: PathBuf,
    },
}

fn at(offset: u64) -> String {
    if offset == 0 { String::new() } else { format!(" at byte {offset}") }
}

/// `Result` with the [`Error`] of this crate.
pub type Result<T> = std::result::Result<T, Error>;
