//! `tierline info`: what a file is and holds.

use std::path::PathBuf;

use tierline::report::Status;

/// Say what a file is and what it holds.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(_: &Args) -> anyhow::Result<Status> {
    anyhow::bail!("to come")
}
