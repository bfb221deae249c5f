//! What every area shares for the command-line contract.
//!
//! [`AtomicOutput`] makes an output appear under its name only when it is complete, [`Report`]
//! says what was done with which bytes, [`Progress`] draws on a terminal, and [`Limits`] bounds
//! what a length in a file may ask for.
//!
//! ```
//! use tierline_report::{AtomicOutput, ByteAccount, Report, Status};
//!
//! # let dir = std::env::temp_dir().join(format!("tierline-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&dir)?;
//! let output = AtomicOutput::create(&dir.join("run.lh5"), false)?;
//! std::fs::write(output.path(), b"data")?;
//! output.commit()?;
//! let mut report = Report::new("raw", "0.1.0");
//! report.bytes = ByteAccount { input: 4, rows: 4, ..Default::default() };
//! assert_eq!(report.settle(0), Status::Clean);
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod error;
mod limits;
mod output;
mod progress;
mod report;

pub use error::Error;
pub use limits::{LimitKind, Limits};
pub use output::{AtomicOutput, commit_all, random_uuid, stale_parts};
pub use progress::Progress;
pub use report::{ByteAccount, Input, Output, Report, Skipped, Status};
