//! `tierline process`: the steps of an output specification on LH5 files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tierline::raw::out_spec::{OutSpec, document};
use tierline::raw::{Compression, Process, Processed, Spec, processed_output};
use tierline::report::{Input, Output, Report, Status};

use super::raw::{Keywords, SpecArgs, parse_compression};
use super::{Common, Messages, Usage, grouped, size, stop_on_signals};

/// Process tables of LH5 files by an output specification.
///
/// Each table gets the steps (proc_spec) of the entry whose name or out_name is the table's, or that of the group it is in: window,
/// dsp_config, dtype_conv, drop, compression, hdf5_settings. Everything else is copied.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// LH5 files, each to its own output.
    #[arg(required = true, value_name = "IN.lh5")]
    inputs: Vec<PathBuf>,
    /// Output specification (JSON or YAML).
    #[arg(short, long, value_name = "SPEC.json")]
    spec: PathBuf,
    /// Output file [default: IN_proc.lh5].
    #[arg(short, long, value_name = "OUT.lh5")]
    output: Option<PathBuf>,
    #[command(flatten)]
    with: SpecArgs,
    /// Compression of the output: none, gzip, or gzip:LEVEL (1 to 9).
    #[arg(long, value_name = "HOW", default_value = "gzip", value_parser = parse_compression)]
    compression: Compression,
    /// Threads that compress [default: the processors this process may use].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    common: Common,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    if args.output.is_some() && args.inputs.len() > 1 {
        return Err(Usage("one output for several inputs: leave out -o".into()).into());
    }
    let usage = |text: String| anyhow::Error::from(Usage(text));
    let keywords = Keywords::read(&args.with)?;
    let json = document(&args.spec).map_err(|error| usage(error.to_string()))?;
    let compiled = OutSpec::compile(&json, &keywords.variables);
    let name = args.spec.display();
    let compiled = compiled.map_err(|error| usage(format!("{name}: {error}")))?;
    let start = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let process = Process {
        spec: Spec { path: args.spec.clone(), spec: Arc::new(compiled) },
        database: keywords.database.clone(),
        storage: keywords.storage.clone(),
        overwrite: args.common.overwrite,
        threads: args.threads.unwrap_or(threads).max(1),
        compression: args.compression,
        quiet: args.common.quiet,
        stop: stop_on_signals()?,
    };
    let mut report = Report::new("process", env!("CARGO_PKG_VERSION"));
    report.set("spec", &args.spec);
    report.set("keywords", &args.with.keywords);
    report.set("set", &args.with.set);
    report.set("threads", process.threads);
    report.set("compression", process.compression.to_string());
    let mut messages = args.common.messages()?;
    for input in &args.inputs {
        let output = args.output.clone().unwrap_or_else(|| processed_output(input));
        if *input == output {
            return Err(usage(format!("{} would be written over itself", input.display())));
        }
        messages.say_stale(&output);
        let begin = Instant::now();
        let done = process.run(input, &output)?;
        tell(args, input, &done, (&mut report, &mut messages));
        let size = std::fs::metadata(input).map_or(0, |m| m.len());
        let seconds = begin.elapsed().as_secs_f64();
        report.inputs.push(Input { path: input.clone(), size, digest: None, seconds });
        let outputs = done.files.into_iter().map(|file| Output {
            path: file.path,
            size: file.bytes,
            rows: file.rows,
        });
        report.outputs.extend(outputs);
    }
    report.seconds = start.elapsed().as_secs_f64();
    args.common.write(&report)?;
    Ok(Status::Clean)
}

fn tell(
    args: &Args,
    input: &Path,
    done: &Processed,
    (report, messages): (&mut Report, &mut Messages),
) {
    let name = input.display();
    let mut warnings = done.notes.clone();
    if done.tables.is_empty() {
        warnings.push("no table has steps in the specification: everything was copied".into());
    }
    for line in warnings {
        messages.say(&format!("tierline: warning: {name}: {line}"));
        report.warn(format!("{name}: {line}"));
    }
    for file in &done.files {
        let (out, bytes) = (file.path.display(), size(file.bytes));
        args.common.tell(messages, &format!("{name} -> {out}: {bytes}"));
        for (table, rows) in &file.rows {
            let how = match done.tables.get(table) {
                Some(entry) => format!("by {entry}"),
                None => "copied".into(),
            };
            args.common.tell(messages, &format!("  {table}: {} rows, {how}", grouped(*rows)));
        }
    }
}
