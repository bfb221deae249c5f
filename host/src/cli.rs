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

/// The subcommands; their help is that of their arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Raw(cmd::raw::Args),
    Collect(cmd::collect::Args),
    Replay(cmd::replay::Args),
    Process(cmd::process::Args),
    Dl1(Box<cmd::dl1::Args>),
    Merge(cmd::merge::Args),
    Images(Box<cmd::images::Args>),
    Runlist(cmd::runlist::Args),
    Reduce(cmd::reduce::Args),
    Ls(cmd::ls::Args),
    Convert(Box<cmd::convert::Args>),
    Flatfield(cmd::flatfield::Args),
    Image(cmd::image::Args),
    Info(cmd::info::Args),
    Index(cmd::index::Args),
    Dump(cmd::dump::Args),
    Plot(cmd::plot::Args),
    Demo(cmd::demo::Args),
}
