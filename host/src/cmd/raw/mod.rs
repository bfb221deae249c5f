//! `tierline raw`: DAQ recordings to LH5.

mod account;
mod args;
mod destination;
mod skim;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use tierline::raw::input::{LinkInput, Until};
use tierline::raw::{BuildRaw, Destination, Error, Source};
use tierline::report::{Report, Status};
use tierline_firmware_sim::link;

use super::{Usage, stop_on_signals};
use account::{add, note};
use destination::{destinations, files};

pub(crate) use args::{Args, SpecArgs, parse_compression};
pub(crate) use destination::Keywords;

/// The conversion that the arguments ask for.
fn settings(args: &Args, keywords: &Keywords, stop: Arc<AtomicBool>) -> BuildRaw {
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
        storage: keywords.storage.clone(),
        first_packet: args.first_packet,
        no_index: args.no_index,
        max_packets: args.max_packets,
        garbage: args.garbage.clone(),
        stop,
        connect: Some(Arc::new(|name| link::create(name, false))),
        // A file that grows has no other end.
        keep_partial: args.keep_partial || args.follow,
    }
}

/// An input by its name.
fn source(args: &Args, name: &str, stop: &Arc<AtomicBool>) -> Source {
    let until = Until { idle: args.idle, stop: Arc::clone(stop) };
    let path = Path::new(name);
    let pipe = !path.is_file();
    if args.follow && !link::is_link(name) {
        return Source::follow(path, until);
    }
    if !link::is_link(name) && !pipe {
        return Source::file(path);
    }
    let address = name.to_owned();
    let link = LinkInput {
        name: name.to_owned(),
        open: Box::new(move || link::open(&address)),
        live: true,
        reconnect: args.reconnect && link::is_live(name),
    };
    Source::link(link, until)
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    if args.buffer_size == 0 {
        return Err(Usage("--buffer-size must be at least 1".into()).into());
    }
    if let Some(packets) = args.skim {
        return skim::run(args, packets);
    }
    let keywords = Keywords::read(&args.spec)?;
    let jobs = destinations(&args.inputs, args.out.as_deref(), args.concat, &keywords)?;
    let start = Instant::now();
    let stop = stop_on_signals()?;
    let build = settings(args, &keywords, Arc::clone(&stop));
    let mut report = Report::new("raw", env!("CARGO_PKG_VERSION"));
    set_settings(&mut report, args, &build);
    let mut messages = args.common.messages()?;
    let mut failed = None;
    if let Some(Destination::Spec(spec)) = jobs.first().map(|(_, destination)| destination) {
        for warning in &spec.spec.warnings {
            let path = spec.path.display();
            messages.say(&format!("tierline: warning: {path}: {warning}"));
        }
    }
    for (inputs, destination) in &jobs {
        for output in files(destination) {
            messages.say_stale(&output);
        }
        let begin = Instant::now();
        let name = inputs.join(", ");
        let sources = inputs.iter().map(|name| source(args, name, &stop)).collect();
        match build.run_all(sources, destination) {
            Ok(done) => {
                note(args, &name, &done, (&mut report, &mut messages));
                add(&mut report, &done, begin.elapsed().as_secs_f64());
            }
            Err(error @ Error::Parameter { .. }) => return Err(Usage(error.to_string()).into()),
            Err(error) => {
                report.status = Status::Failed;
                report.warn(format!("{name}: not converted"));
                let error = anyhow::Error::from(error);
                messages.record(&format!("tierline: error: {error:#}"));
                if jobs.len() > 1 {
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
    report.set("out_spec", &args.out);
    report.set("keywords", &args.spec.keywords);
    report.set("set", &args.spec.set);
    report.set("buffer_size", args.buffer_size);
    report.set("max_rows", args.max_rows);
    report.set("max_packets", args.max_packets);
    report.set("first_packet", args.first_packet);
    report.set("concat", args.concat);
    report.set("follow", args.follow);
    report.set("idle_seconds", args.idle.map(|idle| idle.as_secs_f64()));
    report.set("compass_config", &build.settings);
    report.set("threads", build.threads);
    report.set("compression", build.compression.to_string());
    report.set("max_garbage", args.common.max_garbage);
}
