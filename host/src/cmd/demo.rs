//! `tierline demo`.

use tierline::report::Status;

/// Emit a short run of every format, convert it, and draw it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn run(_: &Args) -> anyhow::Result<Status> {
    anyhow::bail!("to come")
}
