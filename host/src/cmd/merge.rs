//! `tierline merge`: several DL1 files to one.

use std::path::PathBuf;
use std::time::Instant;

use tierline::dl1::merge::{Merge, Merged};
use tierline::report::{Input, Output, Report, Status};

use super::{Common, Messages, grouped};

/// Merge DL1 files: ctapipe's, of any maker, or dl1-data-handler's.
///
/// Events follow each other in the order of the files; tables of runs are put together, counts are summed. All files must have the
/// same telescopes, tables and version of the data model. Files that share an observation are refused unless they are said to be
/// parts of one, as ctapipe-merge does.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// DL1 files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The DL1 file.
    #[arg(short, long, value_name = "OUT.h5")]
    output: PathBuf,
    /// The files are parts of one observation, or some are: what is told of it several times is taken once.
    #[arg(long)]
    single_ob: bool,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let merge = Merge {
        single_ob: args.single_ob,
        overwrite: args.common.overwrite,
        quiet: args.common.quiet,
        ..Merge::default()
    };
    let mut report = Report::new("merge", env!("CARGO_PKG_VERSION"));
    report.set("single_ob", args.single_ob);
    let mut messages = args.common.messages()?;
    messages.say_stale(&args.output);
    let start = Instant::now();
    let result = merge.run(&args.files, &args.output);
    report.seconds = start.elapsed().as_secs_f64();
    args.common.conclude(result, (report, messages), |merged, to| tell(args, merged, to))
}

fn tell(args: &Args, merged: &Merged, (report, messages): (&mut Report, &mut Messages)) {
    let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |found| found.len());
    for note in &merged.notes {
        messages.say(&format!("tierline: warning: {note}"));
        report.warn(note);
    }
    for (path, events) in args.files.iter().zip(&merged.events) {
        let line = format!("{}: {} events", path.display(), grouped(*events));
        args.common.tell(messages, &line);
        report.inputs.push(Input {
            path: path.clone(),
            size: size(path),
            digest: None,
            seconds: 0.0,
        });
    }
    let (path, events) = (&args.output, merged.events.iter().sum::<u64>());
    let bytes = size(path);
    report.outputs.push(Output { path: path.clone(), size: bytes, rows: merged.rows.clone() });
    report.took("duplicate_events", merged.duplicates as f64);
    let (events, bytes) = (grouped(events), super::size(bytes));
    args.common.tell(messages, &format!("{events} events -> {}: {bytes}", path.display()));
}
