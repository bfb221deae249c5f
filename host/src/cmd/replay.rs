//! `tierline replay`: recordings onto links, as they are or through the simulated front end.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use tierline::core::Codec;
use tierline::core::link::Framing;
use tierline::raw::identify;
use tierline::raw::input::Input;
use tierline::report::{AtomicOutput, Input as ReportInput, Output, Progress, Report, Status};
use tierline_firmware_sim::source::Paced;
use tierline_firmware_sim::{Done, Full, Simulator, link};

use super::{Common, Messages, Usage, grouped, parse_size, size};

/// Play a recording into a front end, or through the simulated one onto a link.
///
/// Without --records the bytes of the recording go out as they are: to a front end's input. With --records they pass the
/// simulated front end, and its records go out: to `tierline collect`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Recording; .gz, .bz2 and .zst are unpacked.
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Where to: a file, a pipe, - for standard output, tcp://HOST:PORT, tcp-listen://HOST:PORT, unix://PATH,
    /// unix-listen://PATH, serial://DEVICE?baud=N.
    #[arg(long, value_name = "LINK")]
    to: String,
    /// Most bytes of the recording per second (k, M and G are understood) [default: as fast as the link takes them].
    #[arg(long, value_name = "BYTES", value_parser = parse_size)]
    rate: Option<u64>,
    /// Play it so many times; 0: until the link breaks.
    #[arg(long = "loop", value_name = "N", default_value_t = 1)]
    times: u32,
    /// Pass it through the simulated front end.
    #[arg(long)]
    records: bool,
    /// What the input is: FlashCam, ORCA, LlamaDaq, Compass [default: found out].
    #[arg(short = 't', long, value_name = "TYPE", requires = "records")]
    stream_type: Option<String>,
    /// Number of the front end on the link.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "records")]
    stream: u16,
    /// How samples travel: raw, uleb, pack16, rice32.
    #[arg(long, value_name = "CODEC", default_value = "rice32", value_parser = parse_codec, requires = "records")]
    codec: Codec,
    /// How records are framed: length, or cobs for links that lose bytes.
    #[arg(long, value_name = "HOW", default_value = "length", value_parser = parse_framing, requires = "records")]
    framing: Framing,
    /// Drop what the link does not take in time, as a front end without flow control has to.
    #[arg(long, requires = "records")]
    no_wait: bool,
    /// Settings file (XML) of a CoMPASS run, to be sent along.
    #[arg(long, value_name = "FILE", requires = "records")]
    compass_config: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Room of the simulated front end's ring, bytes.
const RING: usize = 32 * 1024;
/// Bytes of a recording handed over at a time.
const BLOCK: usize = 64 * 1024;

fn parse_codec(text: &str) -> Result<Codec, String> {
    match text {
        "raw" => Ok(Codec::Raw),
        "uleb" => Ok(Codec::Uleb),
        "pack16" => Ok(Codec::Pack16),
        "rice32" => Ok(Codec::Rice32),
        _ => Err("expected raw, uleb, pack16 or rice32".into()),
    }
}

pub(super) fn parse_framing(text: &str) -> Result<Framing, String> {
    match text {
        "length" => Ok(Framing::Length),
        "cobs" => Ok(Framing::Cobs),
        _ => Err("expected length or cobs".into()),
    }
}

/// Bytes of a recording, with progress.
struct Recording {
    input: Input,
    progress: Progress,
    position: u64,
}

impl Read for Recording {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.input.read(buffer)?;
        let position = self.input.position();
        self.progress.add(position - self.position);
        self.position = position;
        Ok(n)
    }
}

fn open(args: &Args) -> anyhow::Result<Paced<Recording>> {
    let input = Input::open(&args.input, false)?;
    let progress = Progress::start("replay", input.size, args.common.quiet);
    let recording = Recording { input, progress, position: 0 };
    Ok(Paced::new(recording, args.rate.map(|rate| rate as f64), block(args)))
}

/// Bytes handed over at a time: a tenth of a second's at most.
fn block(args: &Args) -> usize {
    args.rate.map_or(BLOCK, |rate| (rate / 10).clamp(1, BLOCK as u64) as usize)
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let start = Instant::now();
    let mut messages = args.common.messages()?;
    let mut report = Report::new("replay", env!("CARGO_PKG_VERSION"));
    set_settings(&mut report, args);
    if args.times == 0 && !link::is_link(&args.to) && !is_pipe(Path::new(&args.to)) {
        return Err(Usage("--loop 0 would fill the disk: name a link that ends".into()).into());
    }
    if let Ok(meta) = args.input.metadata() {
        anyhow::ensure!(!meta.is_dir(), "{}: it is a directory", args.input.display());
    }
    // A recording that can't be read is known before anybody is called.
    drop(open(args)?);
    let name = &args.to;
    let failed;
    if link::is_link(name) || is_pipe(Path::new(name)) {
        let mut to = link::create(name, args.common.overwrite)
            .with_context(|| format!("{name}: cannot open the link"))?;
        failed = play(args, to.as_mut(), (&mut report, &mut messages))?;
        if name != "-" {
            let lost = |e: std::io::Error| anyhow::anyhow!("{name}: the link broke: {e}");
            to.flush().map_err(lost)?;
        } else {
            to.flush()?;
        }
    } else {
        let output = AtomicOutput::create(Path::new(name), args.common.overwrite)?;
        let file = std::fs::File::create(output.path());
        let mut file = file.with_context(|| format!("{name}: cannot write"))?;
        failed = play(args, &mut file, (&mut report, &mut messages))?;
        drop(file);
        output.commit()?;
    }
    report.seconds = start.elapsed().as_secs_f64();
    if failed.is_some() {
        report.status = Status::Failed;
    }
    let status = report.settle(args.common.max_garbage);
    args.common.write(&report)?;
    match failed {
        Some(error) => Err(anyhow::Error::new(error).context(format!("{}", args.input.display()))),
        None => Ok(status),
    }
}

fn set_settings(report: &mut Report, args: &Args) {
    report.set("to", &args.to);
    report.set("rate", args.rate);
    report.set("loop", args.times);
    report.set("records", args.records);
    report.set("stream_type", &args.stream_type);
    report.set("stream", args.stream);
    report.set("codec", format!("{:?}", args.codec).to_lowercase());
    report.set("framing", format!("{:?}", args.framing).to_lowercase());
    report.set("compass_config", &args.compass_config);
    report.set("max_garbage", args.common.max_garbage);
}

/// Whether a path is that of a pipe or device.
fn is_pipe(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// Plays the recording as often as is wanted; what made the front end give up, if anything did.
fn play(
    args: &Args,
    to: &mut (dyn Write + Send),
    (report, messages): (&mut Report, &mut Messages),
) -> anyhow::Result<Option<tierline::core::Error>> {
    let settings = args.compass_config.as_deref().map(std::fs::read).transpose();
    let settings = settings.context("--compass-config: cannot read")?;
    let format = match args.records {
        true => {
            let input = Input::open(&args.input, false)?;
            identify(input, args.stream_type.as_deref(), settings.is_some())?.1.name
        }
        false => "",
    };
    let source = args.input.file_name().and_then(|n| n.to_str()).unwrap_or("").to_owned();
    let mut session =
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |t| t.as_millis()) as u32;
    let mut turn = 0;
    while args.times == 0 || turn < args.times {
        turn += 1;
        let mut recording = open(args)?;
        if !args.records {
            let sent = copy(&mut recording, to);
            let sent = sent.map_err(|e| broke(args, e))?;
            let text = format!("{}: {} sent", args.input.display(), size(sent));
            args.common.tell(messages, &text);
            add(report, args, sent, sent);
            report.bytes.skipped += sent;
            continue;
        }
        session = session.wrapping_add(1);
        let simulator = Simulator {
            format,
            source: &source,
            stream: args.stream,
            session,
            codec: args.codec,
            framing: args.framing,
            full: if args.no_wait { Full::Drop } else { Full::Wait },
            settings: settings.as_deref(),
            ..Simulator::default()
        };
        let done = simulator.run::<RING>(&mut recording, to).map_err(|e| broke(args, e))?;
        tell(args, &done, (report, messages));
        if done.failed.is_some() {
            return Ok(done.failed);
        }
    }
    Ok(None)
}

/// The link (or the recording) broke. Standard output may close early, as it may for any filter.
fn broke(args: &Args, error: std::io::Error) -> anyhow::Error {
    if args.to == "-" {
        return error.into();
    }
    anyhow::anyhow!("{} to {}: {error}", args.input.display(), args.to)
}

/// A turn of the recording that is over.
fn add(report: &mut Report, args: &Args, read: u64, sent: u64) {
    report.bytes.input += read;
    match (report.inputs.first_mut(), report.outputs.first_mut()) {
        (Some(input), Some(output)) => {
            input.size += read;
            output.size += sent;
        }
        _ => {
            let path = args.input.clone();
            report.inputs.push(ReportInput { path, size: read, ..ReportInput::default() });
            let path = PathBuf::from(&args.to);
            report.outputs.push(Output { path, size: sent, ..Output::default() });
        }
    }
}

fn tell(args: &Args, done: &Done, (report, messages): (&mut Report, &mut Messages)) {
    let account = done.account;
    add(report, args, done.bytes, done.sent);
    let lost = account.bytes_dropped;
    report.bytes.gaps += lost;
    report.bytes.garbage += account.garbage;
    report.bytes.rows += done.bytes.saturating_sub(lost + account.garbage);
    report.lost_packets += account.dropped;
    let text = format!(
        "{}: {} packets in {} sent as {} of records",
        args.input.display(),
        grouped(account.sent),
        size(done.bytes),
        size(done.sent)
    );
    args.common.tell(messages, &text);
    let mut warn = |text: String| {
        messages.say(&format!("tierline: warning: {text}"));
        report.warn(text);
    };
    if account.dropped > 0 {
        warn(format!("{} packets dropped: the link is too slow", grouped(account.dropped)));
    }
    if account.garbage > 0 {
        warn(format!("{} bytes of the recording make no sense", grouped(account.garbage)));
    }
}

fn copy(from: &mut impl Read, to: &mut dyn Write) -> std::io::Result<u64> {
    let (mut block, mut sent) = (vec![0; BLOCK], 0);
    loop {
        let n = match from.read(&mut block) {
            // A slow source is no end.
            Err(e) if e.kind() == std::io::ErrorKind::TimedOut => continue,
            other => other?,
        };
        if n == 0 {
            return Ok(sent);
        }
        to.write_all(block.get(..n).unwrap_or(&[]))?;
        sent += n as u64;
    }
}
