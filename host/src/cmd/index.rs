//! `tierline index`: what it takes to read a recording from anywhere.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tierline::raw::index::{BuildIndex, Indexed, path_beside};
use tierline::report::{Input, Output, Report, Status};

use super::{Common, Messages, Usage, grouped, parse_size, size, stop_on_signals};

/// Write an index beside a DAQ recording: where its packets are, and what it holds.
///
/// With FILE.tlx beside it, `info`, `info --packets --first-packet N` and `raw --first-packet N` do not read what is before packet
/// N; they give the same as without. An index of another recording, or damaged, is not used. Packed recordings can't have one.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recordings.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The index [default: FILE.tlx, where the other commands look for it].
    #[arg(short, long, value_name = "OUT.tlx")]
    output: Option<PathBuf>,
    /// What the recording is: FlashCam, ORCA, LlamaDaq, Compass [default: found out].
    #[arg(short = 't', long, value_name = "TYPE")]
    stream_type: Option<String>,
    /// Bytes between checkpoints: what is decoded at most before packet N.
    #[arg(long, value_name = "SIZE", default_value = "16M", value_parser = parse_size)]
    spacing: u64,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    if args.output.is_some() && args.files.len() > 1 {
        return Err(Usage("one output for several recordings: leave out -o".into()).into());
    }
    let build = BuildIndex {
        stream_type: args.stream_type.clone(),
        overwrite: args.common.overwrite,
        quiet: args.common.quiet,
        spacing: args.spacing,
        stop: stop_on_signals()?,
    };
    let start = Instant::now();
    let mut report = Report::new("index", env!("CARGO_PKG_VERSION"));
    report.set("stream_type", &args.stream_type);
    report.set("spacing", args.spacing);
    report.set("max_garbage", args.common.max_garbage);
    let mut messages = args.common.messages()?;
    let mut failed = None;
    for input in &args.files {
        match one(args, &build, input, (&mut report, &mut messages)) {
            Ok(()) => {}
            Err(error) if error.is::<Usage>() => return Err(error),
            Err(error) => {
                report.status = Status::Failed;
                report.warn(format!("{}: no index", input.display()));
                messages.record(&format!("tierline: error: {error:#}"));
                if args.files.len() > 1 {
                    eprintln!("tierline: error: {error:#}");
                } else {
                    failed = Some(error);
                }
            }
        }
    }
    report.seconds = start.elapsed().as_secs_f64();
    let status = report.settle(args.common.max_garbage);
    args.common.write(&report)?;
    failed.map_or(Ok(status), Err)
}

fn one(
    args: &Args,
    build: &BuildIndex,
    input: &Path,
    (report, messages): (&mut Report, &mut Messages),
) -> anyhow::Result<()> {
    let output = args.output.clone().unwrap_or_else(|| path_beside(input));
    if *input == output {
        let text = format!("{} would be written over itself", input.display());
        return Err(Usage(text).into());
    }
    messages.say_stale(&output);
    let begin = Instant::now();
    let done = build.run(input, Some(&output))?;
    tell(args, input, &done, (&mut *report, messages));
    report.bytes.add(&done.outcome.bytes);
    report.inputs.push(Input {
        path: input.into(),
        size: done.outcome.bytes.input,
        digest: None,
        seconds: begin.elapsed().as_secs_f64(),
    });
    report.outputs.push(Output { path: done.path, size: done.bytes, rows: Default::default() });
    Ok(())
}

fn tell(
    args: &Args,
    input: &Path,
    done: &Indexed,
    (report, messages): (&mut Report, &mut Messages),
) {
    let (name, outcome) = (input.display(), &done.outcome);
    if let Some(error) = &outcome.first_error {
        let (garbage, n) = (grouped(outcome.bytes.garbage), outcome.garbage);
        let places = if n == 1 { "place" } else { "places" };
        let line = format!("{garbage} bytes of garbage in {n} {places}; first {error}");
        messages.say(&format!("tierline: warning: {name}: {line}"));
        report.warn(format!("{name}: {line}"));
    }
    let (packets, read) = (grouped(outcome.packets), size(outcome.bytes.input));
    let (path, bytes) = (done.path.display(), size(done.bytes));
    let checkpoints = grouped(done.checkpoints);
    let line = format!(
        "{name}: {}, {read} in {packets} packets -> {path}: {bytes}, {checkpoints} checkpoints",
        done.format
    );
    args.common.tell(messages, &line);
}
