//! `tierline demo`: a short synthetic run of every format, through the simulated front end, collected and drawn, and images of the
//! showers among them.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tierline::core::link::Framing;
use tierline::dl1::camera_file::CameraFile;
use tierline::dl1::{BuildDl1, Format};
use tierline::h5::tree::{Node, Reader};
use tierline::plot::{Panel, Size, Trace, render};
use tierline::raw::by_name;
use tierline::raw::collect::{Collect, LinkInput, StreamAccount};
use tierline::report::{AtomicOutput, Status};
use tierline_firmware_sim::Simulator;
use tierline_firmware_sim::emit::fcio::showers::ShowerCamera;
use tierline_firmware_sim::emit::{EXAMPLES, Example};

use super::{grouped, size};

/// Emit a short run of every format, send it through the simulated front end, collect it into LH5, draw some of it, and make
/// images of the air showers in it.
///
/// Nothing but this program is needed. The recordings look like those of real detectors: pulses with exponential decay,
/// noise, baselines and pile-up.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder for the files.
    #[arg(short = 'o', long = "output", value_name = "DIR", default_value = "tierline-demo")]
    dir: PathBuf,
    /// Replace files of an earlier demo.
    #[arg(short = 'w', long)]
    overwrite: bool,
    /// Seed of the emitters: the same seed gives the same files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Room of the front end's ring, bytes.
const RING: usize = 32 * 1024;
/// Waveforms drawn per recording.
const TRACES: usize = 4;

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    let dir = &args.dir;
    std::fs::create_dir_all(dir).with_context(|| format!("{}: cannot create", dir.display()))?;
    println!("A short run of every format, through a front end's records to LH5:\n");
    let [file, emitted, records, rows] = ["file", "emitted", "records", "rows"];
    println!("{file:<26} {emitted:>8}  {records:>8}  {:>8}  {rows:>7}  recording", "LH5");
    let mut panels = Vec::new();
    for example in EXAMPLES {
        let output = convert(args, example)?;
        if let Some(panel) = panel(example, &output)? {
            panels.push(panel);
        }
    }
    images(args)?;
    let picture = dir.join("waveforms.png");
    let png = render(&panels, Size::for_panels(panels.len()), tierline::plot::Picture::Png)?;
    write_file(&picture, &png, args.overwrite)?;
    println!("\nSome of the waveforms, as read back from the LH5 files: {}", picture.display());
    println!("\nNext, try");
    if let Some(first) = EXAMPLES.first() {
        let recording = dir.join(first.file_name);
        println!("  tierline info {}", recording.display());
        println!("  tierline info {}", recording.with_extension("lh5").display());
        let out = dir.join("again.lh5");
        println!(
            "  tierline replay {} --records --to - | tierline collect - -o {}",
            recording.display(),
            out.display()
        );
        let showers = dir.join(SHOWERS);
        println!(
            "  tierline dl1 -i {0}.fcio --camera {0}.camera.yml -o {1} --write-images",
            showers.display(),
            dir.join("images.dl1.h5").display()
        );
        println!("  tierline raw YOUR_RECORDING -o OUT.lh5");
    }
    Ok(Status::Clean)
}

/// Writes a file that appears when it is complete.
fn write_file(path: &Path, bytes: &[u8], overwrite: bool) -> anyhow::Result<()> {
    let output = AtomicOutput::create(path, overwrite)?;
    std::fs::write(output.path(), bytes)
        .with_context(|| format!("{}: cannot write", output.path().display()))?;
    Ok(output.commit()?)
}

/// Emits one recording, sends it through the front end, collects what comes out, and prints a line about it.
fn convert(args: &Args, example: &Example) -> anyhow::Result<PathBuf> {
    let recording = args.dir.join(example.file_name);
    let bytes = (example.make)(args.seed, example.events);
    write_file(&recording, &bytes, args.overwrite)?;
    let output = recording.with_extension("lh5");
    let format = by_name(example.stream_type)?.name;
    let simulator = Simulator {
        format,
        source: example.file_name,
        framing: Framing::Cobs,
        ..Default::default()
    };
    let (reader, mut link) = std::io::pipe().context("cannot make a pipe")?;
    let mut reader: Option<Box<dyn Read + Send>> = Some(Box::new(reader));
    let input = LinkInput {
        name: example.file_name.into(),
        open: Box::new(move || reader.take().ok_or(std::io::ErrorKind::NotConnected.into())),
        live: false,
        reconnect: false,
    };
    let collect = Collect { overwrite: args.overwrite, ..Collect::default() };
    let (sent, got) = std::thread::scope(|scope| {
        let front_end = scope.spawn(move || simulator.run::<RING>(&mut &bytes[..], &mut link));
        let got = collect.run(vec![input], &output);
        (front_end.join(), got)
    });
    let sent = sent.map_err(|_| anyhow::anyhow!("the front end stopped"))?;
    let got = got?;
    let sent = sent.context("the front end's link broke")?;
    let clean = got.streams.len() == 1 && got.streams.iter().all(StreamAccount::is_clean);
    anyhow::ensure!(clean, "{}: something was lost on the way", recording.display());
    let file = got.files.first();
    println!(
        "{:<26} {:>8}  {:>8}  {:>8}  {:>7}  {}",
        example.file_name,
        size(sent.bytes),
        size(sent.sent),
        size(file.map_or(0, |f| f.bytes)),
        grouped(file.map_or(0, |f| f.rows.values().sum())),
        example.description
    );
    Ok(output)
}

/// Name of the recording with air showers in it.
const SHOWERS: &str = "demo-showers";

/// Makes images of the showers that went through the front end.
fn images(args: &Args) -> anyhow::Result<()> {
    let file = |extension: &str| args.dir.join(SHOWERS).with_extension(extension);
    let (camera, output) = (file("camera.yml"), file("dl1.h5"));
    let description = ShowerCamera::default().description();
    write_file(&camera, description.as_bytes(), args.overwrite)?;
    let mut build = BuildDl1 {
        camera: Some((camera.clone(), CameraFile::from_text(&camera, &description)?)),
        overwrite: args.overwrite,
        quiet: true,
        ..BuildDl1::default()
    };
    if let Format::Ctapipe(options) = &mut build.format {
        options.images = true;
    }
    let built = build.run(&[file("lh5")], &output)?;
    let events = built.inputs.iter().map(|(_, outcome)| outcome.events).sum();
    anyhow::ensure!(
        built.inputs.iter().all(|(_, outcome)| outcome.is_clean()),
        "{}: something was lost on the way to images",
        output.display()
    );
    let bytes = std::fs::metadata(&output).map_or(0, |found| found.len());
    println!(
        "\nImages and parameters of {} air showers: {}, {}",
        grouped(events),
        output.display(),
        size(bytes)
    );
    Ok(())
}

/// The first table with waveforms: its path, and those of the samples.
fn waveform_table(node: &Node) -> Option<(&str, String)> {
    for child in &node.children {
        if child.name.starts_with("waveform") && child.find("values").is_some() {
            return Some((&node.path, format!("{}/values", child.path)));
        }
        if let Some(found) = waveform_table(child) {
            return Some(found);
        }
    }
    None
}

/// Draws the first waveforms of an output.
fn panel(example: &Example, output: &Path) -> anyhow::Result<Option<Panel>> {
    let reader = Reader::open(output)?;
    let tree = reader.tree()?;
    let Some((table, values)) = waveform_table(&tree) else { return Ok(None) };
    let period = reader.array(&values.replace("/values", "/dt"), 0..1)?.get_f64(0).unwrap_or(1.0);
    let start = reader.array(&values.replace("/values", "/t0"), 0..1)?.get_f64(0).unwrap_or(0.0);
    let channels = ["channel", "fadc_channel_id"]
        .iter()
        .find_map(|name| reader.array(&format!("{table}/{name}"), 0..TRACES).ok());
    let samples = reader.array(&values, 0..TRACES)?;
    let channel = |row: usize| channels.as_ref().and_then(|c| c.get_i64(row));
    let mut named: Vec<Option<i64>> = (0..samples.rows()).map(channel).collect();
    named.sort_unstable();
    named.dedup();
    let distinct = named.len() == samples.rows();
    let traces = (0..samples.rows()).map(|row| {
        let n = samples.row_len();
        let label = match channel(row) {
            Some(c) if distinct => format!("channel {c}"),
            Some(c) => format!("event {row}, channel {c}"),
            None => format!("row {row}"),
        };
        Trace {
            label,
            dt_ns: period,
            t0_ns: start,
            samples: (row * n..(row + 1) * n).filter_map(|i| samples.get_f64(i)).collect(),
        }
    });
    let title = format!("{} · {}", example.file_name, table.trim_start_matches('/'));
    Ok(Some(Panel::waveforms(title, &traces.collect::<Vec<_>>())))
}
