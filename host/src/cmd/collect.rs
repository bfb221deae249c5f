//! `tierline collect`: records of front ends to LH5.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tierline::core::link::Framing;
use tierline::raw::collect::{
    Collect, Collected, LinkAccount, LinkInput, Segment, StreamAccount, Why,
};
use tierline::raw::{Compression, Error, default_output};
use tierline::report::{Input, Output, Report, Status};
use tierline_firmware_sim::link;

use super::raw::parse_compression;
use super::replay::parse_framing;
use super::{Common, Usage, grouped, parse_size, size, stop_on_signals};

/// Collect the records of front ends into LH5.
///
/// Tables are those that `tierline raw` makes of the recording itself; stream N has them in the group stream_N, stream 0 at the top
/// of the file. The run ends when its links close, when every front end said that its source is over, or with Ctrl-C. Exit code 3:
/// collected, but something was lost or made no sense (--report says what and where).
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Links: files, pipes, - for standard input, tcp://HOST:PORT, tcp-listen://HOST:PORT, unix://PATH, unix-listen://PATH,
    /// serial://DEVICE?baud=N.
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<String>,
    /// Output file [default: the input's name with its last extension replaced by .lh5, if it is a file].
    #[arg(short, long, value_name = "OUT.lh5")]
    output: Option<PathBuf>,
    /// Begin another file after a time (90s, 10min, 1h) or size (500MB, 2GB): OUT_0001.lh5, OUT_0002.lh5, ...
    #[arg(long, value_name = "SIZE", value_parser = parse_segment)]
    segment: Option<Segment>,
    /// What the sources are, for front ends that don't say: FlashCam, ORCA, LlamaDaq, Compass.
    #[arg(short = 't', long, value_name = "TYPE")]
    stream_type: Option<String>,
    /// How records are framed: length or cobs [default: found out].
    #[arg(long, value_name = "HOW", value_parser = parse_framing)]
    framing: Option<Framing>,
    /// Open a link again when it closes before its front ends said that they are done.
    #[arg(long)]
    reconnect: bool,
    /// Rows that a buffer holds at most before it is written.
    #[arg(short, long, value_name = "ROWS", default_value_t = 8192)]
    buffer_size: usize,
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

fn parse_segment(text: &str) -> Result<Segment, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit.trim() {
        "s" | "sec" => 1,
        "min" => 60,
        "h" => 3600,
        _ => {
            let bytes =
                parse_size(text).map_err(|_| "expected a time as 10min or a size as 2GB")?;
            return match bytes {
                0 => Err("a segment can't be empty".into()),
                bytes => Ok(Segment::Bytes(bytes)),
            };
        }
    };
    match number.parse::<u64>().ok().and_then(|n| n.checked_mul(seconds)) {
        Some(0) | None => Err(format!("'{text}' is no time")),
        Some(seconds) => Ok(Segment::Time(Duration::from_secs(seconds))),
    }
}

/// The output, if the arguments make sense.
fn output(args: &Args) -> anyhow::Result<PathBuf> {
    let output = match (&args.output, args.inputs.as_slice()) {
        (Some(output), _) => output.clone(),
        (None, [input]) if !link::is_link(input) => default_output(Path::new(input)),
        _ => return Err(Usage("say where to write: -o OUT.lh5".into()).into()),
    };
    for (i, input) in args.inputs.iter().enumerate() {
        if Path::new(input) == output {
            return Err(Usage(format!("{input} would be written over itself")).into());
        }
        if args.inputs.iter().take(i).any(|other| other == input) {
            return Err(Usage(format!("{input} is given twice")).into());
        }
    }
    if args.segment.is_some() && !args.common.overwrite {
        refuse_segments(&output)?;
    }
    Ok(output)
}

/// Segments of an earlier run are not mixed with those of this one.
fn refuse_segments(output: &Path) -> anyhow::Result<()> {
    let stem = output.file_stem().and_then(|s| s.to_str()).unwrap_or("").to_owned() + "_";
    let folder = output.parent().filter(|p| !p.as_os_str().is_empty());
    let Ok(entries) = std::fs::read_dir(folder.unwrap_or(Path::new("."))) else { return Ok(()) };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = path.file_stem().and_then(|s| s.to_str()).unwrap_or("");
        let number = name.strip_prefix(&stem).unwrap_or("");
        let same = path.extension() == output.extension();
        if same && number.len() == 4 && number.bytes().all(|b| b.is_ascii_digit()) {
            anyhow::bail!(
                "{}: a segment of an earlier run; --overwrite replaces them",
                path.display()
            );
        }
    }
    Ok(())
}

fn links(args: &Args) -> Vec<LinkInput> {
    let link = |name: &String| {
        let address = name.clone();
        LinkInput {
            name: name.clone(),
            open: Box::new(move || link::open(&address)),
            live: link::is_live(name),
            reconnect: args.reconnect && link::is_live(name),
        }
    };
    args.inputs.iter().map(link).collect()
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let output = output(args)?;
    let start = Instant::now();
    let mut messages = args.common.messages()?;
    messages.say_stale(&output);
    let stop = stop_on_signals()?;
    let defaults = Collect::default();
    let collect = Collect {
        stream_type: args.stream_type.clone(),
        framing: args.framing,
        buffer_size: args.buffer_size,
        settings: args.compass_config.clone(),
        segment: args.segment,
        overwrite: args.common.overwrite,
        threads: args.threads.unwrap_or(defaults.threads).max(1),
        compression: args.compression,
        quiet: args.common.quiet,
        stop,
    };
    let mut report = Report::new("collect", env!("CARGO_PKG_VERSION"));
    set_settings(&mut report, args, &collect);
    let done = match collect.run(links(args), &output) {
        Ok(done) => done,
        Err(error @ Error::Parameter { .. }) => return Err(Usage(error.to_string()).into()),
        Err(error) => {
            let error = anyhow::Error::from(error);
            messages.record(&format!("tierline: error: {error:#}"));
            report.status = Status::Failed;
            report.warn(format!("{error:#}"));
            args.common.write(&report)?;
            return Err(error);
        }
    };
    for line in warnings(&done) {
        messages.say(&format!("tierline: warning: {line}"));
        report.warn(line);
    }
    for line in account(&done) {
        args.common.tell(&mut messages, &line);
    }
    add(&mut report, &done, start.elapsed().as_secs_f64());
    let status = settle(&mut report, &done, args.common.max_garbage);
    args.common.write(&report)?;
    Ok(status)
}

fn set_settings(report: &mut Report, args: &Args, collect: &Collect) {
    report.set("stream_type", &args.stream_type);
    report.set("buffer_size", args.buffer_size);
    report.set("compass_config", &args.compass_config);
    report.set("threads", collect.threads);
    report.set("compression", args.compression.to_string());
    report.set("max_garbage", args.common.max_garbage);
    report.set(
        "segment",
        args.segment.map(|segment| match segment {
            Segment::Time(time) => format!("{}s", time.as_secs()),
            Segment::Bytes(bytes) => format!("{bytes}B"),
        }),
    );
}

/// Packets, records, stretches of a link that something was wrong with.
fn bad(done: &Collected) -> u64 {
    let of_stream = |s: &StreamAccount| {
        s.packets.lost
            + s.packets.broken
            + s.records.bad()
            + u64::from(!s.ended)
            + u64::from(s.checksum == Some(false))
            + u64::from(s.failed.is_some())
    };
    let of_link = |l: &LinkAccount| {
        l.damaged + l.other_version + l.unreadable + l.unclaimed + u64::from(l.broken.is_some())
    };
    done.streams.iter().map(of_stream).sum::<u64>() + done.links.iter().map(of_link).sum::<u64>()
}

fn settle(report: &mut Report, done: &Collected, max_garbage: u64) -> Status {
    // A run that was asked to end did not lose what came after.
    let unended = done.streams.iter().filter(|s| !s.ended).count() as u64;
    let asked = if done.why == Why::Stopped { unended } else { 0 };
    if report.status == Status::Clean && bad(done) - asked > max_garbage {
        report.status = Status::Garbage;
    }
    report.settle(max_garbage)
}

fn plural(n: u64, one: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {one}{s}", grouped(n))
}

/// Everything the user should know.
fn warnings(done: &Collected) -> Vec<String> {
    let mut lines = Vec::new();
    for link in &done.links {
        link_warnings(link, &mut lines);
    }
    for stream in &done.streams {
        stream_warnings(stream, done.why, &mut lines);
    }
    if done.streams.is_empty() {
        lines.push("no front end said what it is: nothing could be read".into());
    }
    lines
}

fn link_warnings(link: &LinkAccount, lines: &mut Vec<String>) {
    let name = &link.input;
    if link.damaged > 0 {
        let (places, bytes) = (plural(link.damaged, "place"), plural(link.damaged_bytes, "byte"));
        lines.push(format!("{name}: {bytes} in {places} are no intact record"));
    }
    if let Some(version) = link.version {
        let n = plural(link.other_version, "record");
        lines.push(format!("{name}: {n} of protocol version {version}; this program reads 1"));
    }
    if link.unreadable > 0 {
        let n = plural(link.unreadable, "intact record");
        lines.push(format!("{name}: {n} of a kind that this program does not know"));
    }
    if link.unclaimed > 0 {
        let n = plural(link.unclaimed, "record");
        lines.push(format!(
            "{name}: {n} of streams that never said what they are; --stream-type can"
        ));
    }
    if let Some(reason) = &link.broken {
        lines.push(format!("{name}: the link broke: {reason}"));
    }
    lines.extend(link.remarks.iter().map(|remark| format!("{name}: {remark}")));
}

fn stream_warnings(stream: &StreamAccount, why: Why, lines: &mut Vec<String>) {
    let name = title(stream);
    let mut say = |text: String| lines.push(format!("{name}: {text}"));
    if let Some(reason) = &stream.failed {
        say(format!("could not be read from here on: {reason}"));
    }
    let (packets, records) = (&stream.packets, &stream.records);
    if packets.lost > 0 {
        let first = packets.losses.first().map_or(0, |loss| loss.packet);
        let told = packets.announced;
        let told = told.ring_full + told.too_big + told.malformed + told.resync;
        let told = if told > 0 {
            format!("; the front end dropped {}", grouped(told))
        } else {
            String::new()
        };
        say(format!("{} lost, the first is number {first}{told}", plural(packets.lost, "packet")));
    }
    for (n, what) in [
        (records.lost, "missing"),
        (records.duplicate, "received twice"),
        (records.late, "out of order"),
        (records.malformed, "without sense"),
    ] {
        if n > 0 {
            say(format!("{} {what}", plural(n, "record")));
        }
    }
    if let Some(error) = &stream.first_error {
        let garbage = plural(stream.bytes.garbage, "byte");
        say(format!("{garbage} of garbage in the source; first {error}"));
    }
    if stream.checksum == Some(false) {
        say("the checksum of the source does not agree".into());
    }
    if !stream.ended && why != Why::Stopped {
        say("broke off: its front end did not say that it is done".into());
    }
    for (text, notice) in &stream.notices {
        say(notice.describe(text));
    }
    if let Some(first) = stream.off.keys().next() {
        let rows = plural(stream.off.values().sum(), "row");
        say(format!("{rows} of channels that the header has off, left out; first channel {first}"));
    }
}

fn title(stream: &StreamAccount) -> String {
    let source =
        if stream.source.is_empty() { String::new() } else { format!(" ({})", stream.source) };
    format!("{}, stream {}{source}", stream.input, stream.stream)
}

/// What was collected, line by line.
fn account(done: &Collected) -> Vec<String> {
    let mut lines = Vec::new();
    for stream in &done.streams {
        let format = stream.format.as_deref().unwrap_or("unknown format");
        let packets = plural(stream.packets.assembled, "packet");
        let source = size(stream.bytes.input);
        lines.push(format!("{}: {format}, {packets}, {source} of its source", title(stream)));
    }
    for file in &done.files {
        let rows = grouped(file.rows.values().sum());
        lines.push(format!("{}: {rows} rows, {}", file.path.display(), size(file.bytes)));
        for (table, rows) in &file.rows {
            lines.push(format!("  {table}: {} rows", grouped(*rows)));
        }
    }
    lines
}

fn add(report: &mut Report, done: &Collected, seconds: f64) {
    report.seconds = seconds;
    for link in &done.links {
        let (path, size) = (PathBuf::from(&link.input), link.bytes);
        report.inputs.push(Input { path, size, digest: None, seconds });
        report.links.push(serde_json::to_value(link).unwrap_or_default());
    }
    for file in &done.files {
        let (path, size, rows) = (file.path.clone(), file.bytes, file.rows.clone());
        report.outputs.push(Output { path, size, rows });
    }
    for stream in &done.streams {
        report.bytes.add(&stream.bytes);
        report.lost_packets += stream.packets.lost;
        for (kind, (packets, bytes)) in &stream.skipped {
            let entry = report.skipped_by_tag.entry(kind.clone()).or_default();
            entry.packets += packets;
            entry.bytes += bytes;
        }
        report.streams.push(serde_json::to_value(stream).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_times_or_sizes() {
        assert_eq!(parse_segment("10min"), Ok(Segment::Time(Duration::from_secs(600))));
        assert_eq!(parse_segment("90s"), Ok(Segment::Time(Duration::from_secs(90))));
        assert_eq!(parse_segment("2GB"), Ok(Segment::Bytes(2_000_000_000)));
        for bad in ["", "min", "0s", "0", "10 parsecs", "99999999999999999999h"] {
            assert!(parse_segment(bad).is_err(), "{bad}");
        }
    }
}
