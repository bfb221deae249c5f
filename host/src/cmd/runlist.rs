//! `tierline runlist`: which simulation files make which DL1 file.

use std::io::Write;
use std::path::PathBuf;

use tierline::dl1::runlist;
use tierline::report::{AtomicOutput, Status};

/// Write a run list for `dl1 --runlist`: the simulation files of a folder, some to an output.
///
/// Files are grouped by particle, direction and production, which are read from their names:
/// {particle}_{zenith}deg_{azimuth}deg_run{N}___{production}.simtel.gz (or .zst). The list goes to standard output
/// unless it is named.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder of the files; those in folders below it are not taken.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Runs to an output.
    #[arg(long, visible_alias = "num_inputs_per_run", value_name = "N", default_value_t = 10)]
    num_inputs_per_run: usize,
    /// The run list [default: standard output].
    #[arg(short, long, visible_alias = "output_file", value_name = "FILE.yml")]
    output: Option<PathBuf>,
    /// Folder of the outputs [default: that of the files].
    #[arg(long, visible_alias = "output_dir", value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Replace an existing run list.
    #[arg(short = 'w', long, requires = "output")]
    overwrite: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let made = runlist::generate(&args.dir, args.num_inputs_per_run, args.output_dir.as_deref())?;
    for (name, reason) in &made.left_out {
        eprintln!("tierline: warning: {name} is left out: {reason}");
    }
    let text = runlist::to_yaml(&made.runs)?;
    match &args.output {
        None => std::io::stdout().lock().write_all(text.as_bytes())?,
        Some(path) => {
            let part = AtomicOutput::create(path, args.overwrite)?;
            std::fs::write(part.path(), text)?;
            part.commit()?;
            let inputs: usize = made.runs.iter().map(|run| run.inputs.len()).sum();
            eprintln!("{}: {inputs} files to {} outputs", path.display(), made.runs.len());
        }
    }
    if made.runs.is_empty() {
        eprintln!("tierline: warning: {}: no simulation files", args.dir.display());
    }
    Ok(Status::Clean)
}
