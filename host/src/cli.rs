//! The command line: one variant per subcommand.

use clap::{Parser, Subcommand};

use crate::cmd;

/// Packets to tables, for physics experiments and telescopes.
#[derive(Debug, Parser)]
#[command(name = "tierline", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Convert DAQ recordings (FCIO, ORCA, LLAMA, CoMPASS) to LH5.
    Raw(cmd::raw::Args),
    /// Say what a file is and what it holds.
    Info(cmd::info::Args),
    /// Emit a short run of every format, convert it, and draw it.
    Demo(cmd::demo::Args),
}
