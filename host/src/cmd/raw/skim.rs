//! `tierline raw --skim N`: a short recording out of a long one.

use std::path::{Path, PathBuf};
use std::time::Instant;

use tierline::raw::skim;
use tierline::report::{Input, Output, Report, Status};

use super::super::{Usage, grouped, size};
use super::args::Args;

/// `run.fcio` makes `run_skim.fcio`.
fn default_output(input: &Path) -> PathBuf {
    let stem = input.file_stem().and_then(|s| s.to_str()).unwrap_or("out");
    let extension = input.extension().and_then(|s| s.to_str());
    let extension = extension.map(|e| format!(".{e}")).unwrap_or_default();
    input.with_file_name(format!("{stem}_skim{extension}"))
}

/// Runs the command.
pub(super) fn run(args: &Args, packets: u64) -> anyhow::Result<Status> {
    if args.out.is_some() && args.inputs.len() > 1 {
        return Err(Usage("one output for several inputs: leave out -o".into()).into());
    }
    let mut report = Report::new("raw", env!("CARGO_PKG_VERSION"));
    report.set("skim", packets);
    let mut messages = args.common.messages()?;
    let start = Instant::now();
    for name in &args.inputs {
        let input = Path::new(name);
        let output = args.out.clone().unwrap_or_else(|| default_output(input));
        if input == output {
            return Err(Usage(format!("{name} would be written over itself")).into());
        }
        let begin = Instant::now();
        let done =
            skim(input, args.stream_type.as_deref(), packets, &output, args.common.overwrite)?;
        let line = format!(
            "{name}: {} of {} packets, {} -> {}",
            grouped(done.kept),
            grouped(done.packets),
            size(done.bytes),
            output.display()
        );
        args.common.tell(&mut messages, &line);
        let seconds = begin.elapsed().as_secs_f64();
        report.inputs.push(Input { path: input.into(), size: done.read, digest: None, seconds });
        report.outputs.push(Output { path: output, size: done.bytes, rows: Default::default() });
    }
    report.seconds = start.elapsed().as_secs_f64();
    args.common.write(&report)?;
    Ok(Status::Clean)
}
