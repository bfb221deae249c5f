//! The binary: parse, dispatch, print the error chain, exit code.
#![forbid(unsafe_code)]

mod cli;
mod cmd;

use std::process::ExitCode;

use clap::Parser;
use tierline::report::Status;

fn main() -> ExitCode {
    let cli = cli::Cli::parse_from(cmd::dl1::expand(std::env::args_os()));
    let done = match cli.command {
        cli::Command::Raw(args) => cmd::raw::run(&args),
        cli::Command::Collect(args) => cmd::collect::run(&args),
        cli::Command::Replay(args) => cmd::replay::run(&args),
        cli::Command::Process(args) => cmd::process::run(&args),
        cli::Command::Convert(args) => cmd::convert::run(&args),
        cli::Command::Flatfield(args) => cmd::flatfield::run(&args),
        cli::Command::Image(args) => cmd::image::run(&args),
        cli::Command::Dl1(args) => cmd::dl1::run(&args),
        cli::Command::Merge(args) => cmd::merge::run(&args),
        cli::Command::Images(args) => cmd::images::run(&args),
        cli::Command::Ls(args) => cmd::ls::run(&args),
        cli::Command::Info(args) => cmd::info::run(&args),
        cli::Command::Index(args) => cmd::index::run(&args),
        cli::Command::Dump(args) => cmd::dump::run(&args),
        cli::Command::Plot(args) => cmd::plot::run(&args),
        cli::Command::Runlist(args) => cmd::runlist::run(&args),
        cli::Command::Reduce(args) => cmd::reduce::run(&args),
        cli::Command::Demo(args) => cmd::demo::run(&args),
    };
    match done {
        Ok(status) => ExitCode::from(status.exit_code()),
        Err(error) => {
            if broken_pipe(&error) {
                return ExitCode::SUCCESS;
            }
            eprintln!("tierline: error: {error:#}");
            let usage = error.downcast_ref::<cmd::Usage>().is_some();
            let status = if usage { Status::Usage } else { Status::Failed };
            ExitCode::from(status.exit_code())
        }
    }
}

/// The reader of our output went away: nothing to complain about.
fn broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
