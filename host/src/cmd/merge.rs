//! `tierline merge`: several DL1 files, or datasets of gamma-ray data, to one.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tierline::dl1::merge::{Merge, Merged};
use tierline::fits::is_fits;
use tierline::report::{Input, Output, Report, Status};

use super::reduce::stack::stack;
use super::{Common, Messages, Usage, grouped};

/// Merge DL1 files (ctapipe's, of any maker, or dl1-data-handler's), or stack datasets of gamma-ray data (FITS).
///
/// Datasets become one as by `tierline reduce stack`: maps on the same pixels, or spectra with the same axes.
///
/// DL1 events follow each other in the order of the files; tables of runs are put together, counts are summed. All files must have the
/// same telescopes, tables and version of the data model. Files that share an observation are refused unless they are said to be
/// parts of one, as ctapipe-merge does.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// DL1 files, or datasets; what they are is found out.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The DL1 file (.h5) or dataset (.fits; OGIP files if the name starts with pha).
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// DL1: the files are parts of one observation, or some are: what is told of it several times is taken once.
    #[arg(long)]
    single_ob: bool,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    if are_datasets(args)? {
        return stack("merge", &args.files, &args.output, &args.common);
    }
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

/// Whether the files are datasets; those of both kinds are refused, and what is for one kind only.
fn are_datasets(args: &Args) -> anyhow::Result<bool> {
    // Without any dataset, it is DL1's reader that says what is wrong with a file.
    if !args.files.iter().any(|path| is_fits(path).unwrap_or(false)) {
        return Ok(false);
    }
    let mut first: Option<(&Path, bool)> = None;
    for path in &args.files {
        let is_dataset = is_fits(path)?;
        let (other, expected) = *first.get_or_insert((path, is_dataset));
        if is_dataset != expected {
            let (fits, dl1) =
                if is_dataset { (path.as_path(), other) } else { (other, path.as_path()) };
            let text = format!(
                "{} is a FITS file, {} is none: datasets and DL1 files can't be merged",
                fits.display(),
                dl1.display()
            );
            return Err(Usage(text).into());
        }
    }
    let is_dataset = first.is_some_and(|(_, is_dataset)| is_dataset);
    if is_dataset && args.single_ob {
        return Err(Usage("--single-ob is for DL1 files, these are datasets".into()).into());
    }
    let is_hdf5 = args.output.extension().is_some_and(|ending| ending == "h5" || ending == "hdf5");
    if is_dataset && is_hdf5 {
        let output = args.output.display();
        let text = format!("{output}: datasets are merged into a FITS file, name it .fits");
        return Err(Usage(text).into());
    }
    Ok(is_dataset)
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
