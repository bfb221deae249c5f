//! `tierline raw`: DAQ recordings to LH5.

mod destination;

use std::path::{Path, PathBuf};
use std::time::Instant;

use tierline::raw::{BuildRaw, Compression, Converted, Error};
use tierline::report::{Input, Output, Report, Status, stale_parts};

use super::{Common, Messages, Usage, grouped, size};
use destination::{Destination, Keywords, destinations};

/// Convert DAQ recordings (FCIO, ORCA, LLAMA, CoMPASS) to LH5.
///
/// The format is found out from the content; .gz, .bz2 and .zst are read as they are. Exit code 3: converted, but some
/// bytes made no sense (they are in the table `garbage`).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recordings; each goes to its own file.
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// Output file, or (.json, .yaml) output specification [default: the input's name with its last extension replaced by .lh5].
    #[arg(short, long = "out-spec", visible_alias = "output", value_name = "OUT.lh5|SPEC.json")]
    out: Option<PathBuf>,
    /// Variables of the output specification as a JSON object; also compass_config_file, hdf5_settings, db_dict.
    #[arg(short, long, value_name = "JSON")]
    keywords: Option<String>,
    /// A variable of the output specification.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// What the input is: FlashCam, ORCA, LlamaDaq, Compass [default: found out].
    #[arg(short = 't', long, value_name = "TYPE")]
    stream_type: Option<String>,
    /// Rows that a buffer holds at most before it is written.
    #[arg(short, long, value_name = "ROWS", default_value_t = 8192)]
    buffer_size: usize,
    /// Stop after this many rows, in packet order, over all tables but headers.
    #[arg(short = 'n', long, value_name = "ROWS")]
    max_rows: Option<u64>,
    /// Settings file (XML) of a CoMPASS run.
    #[arg(long, value_name = "FILE")]
    compass_config: Option<PathBuf>,
    /// Compression of the output: none, gzip, or gzip:LEVEL (1 to 9).
    #[arg(long, value_name = "HOW", default_value = "gzip", value_parser = parse_compression)]
    compression: Compression,
    /// Threads that compress [default: the processors this process may use].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    common: Common,
}

pub(super) fn parse_compression(text: &str) -> Result<Compression, String> {
    match text.split_once(':') {
        None if text == "none" => Ok(Compression::None),
        None if text == "gzip" => Ok(BuildRaw::default().compression),
        Some(("gzip", level)) => match level.parse() {
            Ok(level @ 1..=9) => Ok(Compression::Gzip(level)),
            _ => Err(format!("'{level}' is no level from 1 to 9")),
        },
        _ => Err("expected none, gzip, or gzip:LEVEL".into()),
    }
}

/// The conversion that the arguments ask for.
fn settings(args: &Args, keywords: &Keywords) -> BuildRaw {
    let defaults = BuildRaw::default();
    let config = args.compass_config.clone().or_else(|| keywords.compass_config.clone());
    BuildRaw {
        stream_type: args.stream_type.clone(),
        buffer_size: args.buffer_size,
        max_rows: args.max_rows,
        settings: config,
        overwrite: args.common.overwrite,
        threads: args.threads.unwrap_or(defaults.threads).max(1),
        compression: args.compression,
        quiet: args.common.quiet,
        digest: args.common.report.is_some(),
        database: keywords.database.clone(),
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    if args.buffer_size == 0 {
        return Err(Usage("--buffer-size must be at least 1".into()).into());
    }
    let keywords = Keywords::read(args.keywords.as_deref(), &args.set)?;
    let destinations = destinations(&args.inputs, args.out.as_deref(), &keywords)?;
    let start = Instant::now();
    let build = settings(args, &keywords);
    let mut report = Report::new("raw", env!("CARGO_PKG_VERSION"));
    set_settings(&mut report, args, &build);
    let mut messages = args.common.messages()?;
    let mut failed = None;
    if let Some(Destination::Spec(spec)) = destinations.first() {
        for warning in &spec.spec.warnings {
            let path = spec.path.display();
            messages.say(&format!("tierline: warning: {path}: {warning}"));
        }
    }
    for (input, destination) in args.inputs.iter().zip(&destinations) {
        for stale in destination.files().iter().flat_map(|output| stale_parts(output)) {
            let stale = stale.display();
            messages.say(&format!("tierline: warning: left over by an interrupted run: {stale}"));
        }
        let begin = Instant::now();
        let done = match destination {
            Destination::File(output) => build.run(input, output),
            Destination::Spec(spec) => build.run_spec(input, spec),
        };
        match done {
            Ok(done) => {
                note(args, input, &done, (&mut report, &mut messages));
                add(&mut report, input, &done, begin.elapsed().as_secs_f64());
            }
            Err(error @ Error::Parameter { .. }) => return Err(Usage(error.to_string()).into()),
            Err(error) => {
                report.status = Status::Failed;
                report.warn(format!("{}: not converted", input.display()));
                let error = anyhow::Error::from(error);
                messages.record(&format!("tierline: error: {error:#}"));
                if args.inputs.len() > 1 {
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

fn set_settings(report: &mut Report, args: &Args, build: &BuildRaw) {
    report.set("stream_type", &args.stream_type);
    report.set("buffer_size", args.buffer_size);
    report.set("max_rows", args.max_rows);
    report.set("compass_config", &build.settings);
    report.set("out_spec", &args.out);
    report.set("threads", build.threads);
    report.set("compression", build.compression.to_string());
    report.set("max_garbage", args.common.max_garbage);
}

/// Everything the user should know of one conversion.
fn warnings(done: &Converted) -> Vec<String> {
    let mut lines = done.notes.clone();
    if done.files.is_empty() {
        lines.push("nothing matched the output specification: no file was written".into());
    }
    for (text, notice) in &done.notices {
        lines.push(notice.describe(text));
    }
    if let Some(reason) = &done.outcome.broken_input {
        lines.push(format!("the compressed file is damaged or cut: {reason}"));
    }
    if let Some(error) = &done.outcome.first_error {
        let (garbage, n) = (done.outcome.bytes.garbage, done.outcome.garbage);
        let places = if n == 1 { "place" } else { "places" };
        lines.push(format!("{} bytes of garbage in {n} {places}; first {error}", grouped(garbage)));
    }
    if let Some(first) = done.off.keys().next() {
        let rows = grouped(done.off.values().sum::<u64>());
        let (n, channels) =
            (done.off.len(), if done.off.len() == 1 { "channel" } else { "channels" });
        lines.push(format!(
            "{rows} rows of {n} {channels} that the header has off, left out; first channel {first}"
        ));
    }
    lines
}

fn note(
    args: &Args,
    input: &Path,
    done: &Converted,
    (report, messages): (&mut Report, &mut Messages),
) {
    let name = input.display();
    for line in warnings(done) {
        messages.say(&format!("tierline: warning: {name}: {line}"));
        report.warn(format!("{name}: {line}"));
    }
    for (key, rows) in &done.off {
        report.warn(format!(
            "{name}: {rows} rows of channel {key}, which the header has off, left out"
        ));
    }
    for line in account(input, done) {
        args.common.tell(messages, &line)
    }
}

/// What was converted, line by line.
fn account(input: &Path, done: &Converted) -> Vec<String> {
    let (bytes, packets) = (size(done.outcome.bytes.input), grouped(done.outcome.packets));
    let read = format!("{}: {}, {bytes} in {packets} packets", input.display(), done.format);
    let mut lines = Vec::new();
    for file in &done.files {
        let (name, bytes) = (file.path.display(), size(file.bytes));
        let rows = grouped(file.rows.values().sum());
        lines.push(format!("{read} -> {name}: {rows} rows, {bytes}"));
        for (table, rows) in &file.rows {
            lines.push(format!("  {table}: {} rows", grouped(*rows)));
        }
    }
    if done.files.is_empty() {
        lines.push(format!("{read}, nothing written"));
    }
    for (decoder, rows) in &done.unwanted {
        lines.push(format!("  not in the specification: {decoder}, {} rows", grouped(*rows)));
    }
    for (kind, (packets, bytes)) in &done.skipped {
        let (packets, bytes) = (grouped(*packets), size(*bytes));
        lines.push(format!("  not decoded: {kind}, {packets} packets, {bytes}"));
    }
    for (key, rows) in &done.off {
        let rows = grouped(*rows);
        lines.push(format!("  off in the header: channel {key}, {rows} rows left out"));
    }
    lines
}

fn add(report: &mut Report, input: &Path, done: &Converted, seconds: f64) {
    report.bytes.add(&done.outcome.bytes);
    if done.outcome.broken_input.is_some() {
        report.lost_packets += 1;
    }
    for (kind, (packets, bytes)) in &done.skipped {
        let entry = report.skipped_by_tag.entry(kind.clone()).or_default();
        entry.packets += packets;
        entry.bytes += bytes;
    }
    report.inputs.push(Input {
        path: input.to_path_buf(),
        size: done.outcome.bytes.input,
        digest: done.outcome.digest.as_ref().map(|d| format!("sha256:{d}")),
        seconds,
    });
    let outputs = done.files.iter().map(|file| Output {
        path: file.path.clone(),
        size: file.bytes,
        rows: file.rows.clone(),
    });
    report.outputs.extend(outputs);
}
