//! `tierline dl1`: Cherenkov-telescope events to images and their parameters.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use clap::ValueEnum;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tierline::dl1::camera_file::CameraFile;
use tierline::dl1::configuration::{self, Configuration};
use tierline::dl1::cuts::Frame;
use tierline::dl1::pipeline::{Outcome, TimingSeed};
use tierline::dl1::runlist::{self, Run};
use tierline::dl1::write_data::WriteData;
use tierline::dl1::writer::{ctaml, ctapipe};
use tierline::dl1::{BuildDl1, Built, Error, Format};
use tierline::h5::{Compression, Filters};
use tierline::recordings::recordings;
use tierline::report::{AtomicOutput, Input, Output, Report, Status};

use super::{Common, Messages, Usage, grouped, stop_on_signals};

/// Make DL1 files of telescope events: images of charge and time, and their parameters.
///
/// Reads sim_telarray files, compressed or not, and with --camera recordings of FlashCam cameras (FCIO) or the LH5 tables that
/// `raw` and `collect` make of them. Writes what ctapipe-process writes, or with --format the files of
/// dl1-data-handler's writer. Settings have ctapipe's names: give its configuration files with --config, or single ones
/// as --Class.name=value.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Events; several files make one output.
    #[arg(short, long, value_name = "FILE", num_args = 1.., required_unless_present = "runlist")]
    input: Vec<PathBuf>,
    /// The DL1 file.
    #[arg(short, long, value_name = "OUT.h5", required_unless_present_any = ["runlist", "write_camera"])]
    output: Option<PathBuf>,
    /// Description of the camera that made a recording: geometry, trace map, gains.
    #[arg(long, value_name = "FILE.yml")]
    camera: Option<PathBuf>,
    /// Write the description of a simulated telescope's camera instead: of the one of --allowed-tels, if there are several.
    #[arg(long, value_name = "FILE.yml", conflicts_with_all = ["output", "runlist", "camera"])]
    write_camera: Option<PathBuf>,
    /// Number of the observation [default: the number of the simulated run; 1 for recordings].
    #[arg(long, value_name = "N")]
    obs_id: Option<i32>,
    /// Outputs with their inputs, as `runlist` writes them.
    #[arg(long, value_name = "FILE.yml", conflicts_with_all = ["input", "output"])]
    runlist: Option<PathBuf>,
    /// Folder of a run list's outputs [default: as the list says].
    #[arg(long, visible_alias = "output_dir", value_name = "DIR", requires = "runlist")]
    output_dir: Option<PathBuf>,
    /// Settings as JSON or YAML, ctapipe's or dl1-data-handler's; later files win.
    #[arg(short, long, visible_alias = "config_file", value_name = "FILE")]
    config: Vec<PathBuf>,
    /// A setting; also as --Class.name=value.
    #[arg(long, value_name = "Class.name=value", allow_hyphen_values = true)]
    set: Vec<String>,
    /// What is written.
    #[arg(long, value_enum, default_value_t = FormatName::Ctapipe)]
    format: FormatName,
    /// Version of ctapipe's data model: v7.1.0 is read by ctapipe since 0.25 and dl1-data-handler 0.14.
    #[arg(long, value_enum, default_value_t = Model::V7_1_0)]
    model: Model,
    /// Telescopes that are read, by their numbers [default: all].
    #[arg(short = 't', long, value_name = "N", value_delimiter = ',')]
    allowed_tels: Vec<u16>,
    /// Events that are read at most.
    #[arg(short, long, value_name = "N")]
    max_events: Option<u64>,
    /// Which focal length turns places in the camera into angles.
    #[arg(long, value_enum)]
    focal_length_choice: Option<FocalLength>,
    /// How charges and times are extracted, by ctapipe's name [default: NeighborPeakWindowSum].
    #[arg(long, value_name = "NAME")]
    image_extractor_type: Option<String>,
    /// How images are cleaned, by ctapipe's name [default: TailcutsImageCleaner].
    #[arg(long, value_name = "NAME")]
    image_cleaner_type: Option<String>,
    /// Write images.
    #[arg(long, overrides_with = "no_write_images")]
    write_images: bool,
    /// Write no images [default].
    #[arg(long)]
    no_write_images: bool,
    /// Write parameters [default].
    #[arg(long, overrides_with = "no_write_parameters")]
    write_parameters: bool,
    /// Write no parameters.
    #[arg(long)]
    no_write_parameters: bool,
    /// Write waveforms as digitized, too.
    #[arg(long)]
    write_r0_waveforms: bool,
    /// Write calibrated waveforms, too.
    #[arg(long)]
    write_r1_waveforms: bool,
    /// Give parameters as lengths in the camera instead of angles in the field of view.
    #[arg(long)]
    camera_frame: bool,
    /// Leave out images that don't fulfil a condition on their parameters: "hillas_intensity > 50 and
    /// leakage_pixels_width_2 < 0.2".
    #[arg(long, value_name = "EXPR")]
    image_cut: Option<String>,
    /// Leave out events that don't: "n_images >= 2 and true_energy < 1" (images that are left).
    #[arg(long, value_name = "EXPR")]
    event_cut: Option<String>,
    /// Where the timing fits draw their starts: one stream in the order of the file as ctapipe, or one per event.
    #[arg(long, value_enum, default_value_t = Seed::Stream)]
    timing_seed: Seed,
    /// CTA-ML: events to a file; the next ones go to OUT_2.h5 and so on.
    #[arg(long, value_name = "N")]
    events_per_file: Option<usize>,
    /// CTA-ML: bytes of a file above which the next one begins [default: 10 GiB].
    #[arg(long, value_name = "SIZE", value_parser = super::parse_size)]
    output_file_size: Option<u64>,
    /// CTA-ML 0.8: write all simulated events to a table, triggered or not.
    #[arg(long)]
    save_mc_events: bool,
    /// Compression of the output: none, gzip, or gzip:LEVEL (1 to 9). Levels up to 4 store noise as it is, which is faster
    /// [default: gzip:1, or what a configuration of dl1-data-handler says].
    #[arg(long, value_name = "HOW", value_parser = super::raw::parse_compression)]
    compression: Option<Compression>,
    /// Threads [default: all cores].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatName {
    /// ctapipe's DL1 data.
    Ctapipe,
    /// dl1-data-handler 0.7.
    #[value(name = "ctaml-0.7")]
    Ctaml07,
    /// dl1-data-handler 0.8.
    #[value(name = "ctaml-0.8")]
    Ctaml08,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Model {
    #[value(name = "v7.1.0")]
    V7_1_0,
    #[value(name = "v7.6.0")]
    V7_6_0,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FocalLength {
    /// With the mean aberration; old files don't have it.
    Effective,
    /// As built.
    Equivalent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Seed {
    /// One stream in the order of the file.
    Stream,
    /// One stream per telescope of an event.
    Event,
}

/// Settings that stand on the command line as ctapipe has them, `--Class.name=value`, become `--set`.
pub(crate) fn expand(
    args: impl IntoIterator<Item = std::ffi::OsString>,
) -> Vec<std::ffi::OsString> {
    let mut expanded = Vec::new();
    for arg in args {
        let setting = arg.to_str().and_then(|text| text.strip_prefix("--"));
        let is_class = |text: &&str| {
            let (class, _) = text.split_once('=').unwrap_or((text, ""));
            class.starts_with(|first: char| first.is_ascii_uppercase()) && class.contains('.')
        };
        match setting.filter(is_class) {
            Some(setting) => expanded.push(format!("--set={setting}").into()),
            None => expanded.push(arg),
        }
    }
    expanded
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> anyhow::Result<Status> {
    if let Some(path) = &args.write_camera {
        return write_camera(args, path);
    }
    let mut build = args.build()?;
    build.stop = stop_on_signals()?;
    let mut report = Report::new("dl1", env!("CARGO_PKG_VERSION"));
    report.set("config", &args.config);
    report.set("set", &args.set);
    let mut messages = args.common.messages()?;
    let start = Instant::now();
    let runs = args.runs()?;
    let many = runs.len() > 1;
    let mut failed = None;
    for run in &runs {
        messages.say_stale(&run.target);
        match build.run(&run.inputs, &run.target) {
            Ok(built) => tell(args, &built, (&mut report, &mut messages)),
            Err(error @ Error::Interrupted) => {
                report.status = Status::Failed;
                failed = Some(error);
                break;
            }
            // One output of many does not stop the others.
            Err(error) if many => {
                report.status = Status::Failed;
                let text = format!("{}: not made: {error}", run.target.display());
                report.warn(&text);
                eprintln!("tierline: error: {text}");
                messages.record(&text);
            }
            Err(error) => {
                report.status = Status::Failed;
                failed = Some(error);
            }
        }
    }
    report.seconds = start.elapsed().as_secs_f64();
    let status = report.settle(args.common.max_garbage);
    args.common.write(&report)?;
    failed.map_or(Ok(status), |error| Err(error.into()))
}

/// Writes the description of a simulated telescope's camera.
fn write_camera(args: &Args, path: &Path) -> anyhow::Result<Status> {
    let ([input], [] | [_]) = (&args.input[..], &args.allowed_tels[..]) else {
        return Err(Usage("--write-camera takes one input and one telescope".into()).into());
    };
    let camera = CameraFile::from_simtel(input, args.allowed_tels.first().copied())?;
    let output = AtomicOutput::create(path, args.common.overwrite)?;
    std::fs::write(output.path(), camera.to_text())
        .with_context(|| format!("{}: cannot write", output.path().display()))?;
    output.commit()?;
    let (tel_id, name) = (camera.tel_id, &camera.geometry.name);
    let line = format!(
        "telescope {tel_id}, {name}, {} pixels -> {}; trace i is pixel i: change trace_map if the cables are others",
        grouped(camera.n_pixels() as u64),
        path.display()
    );
    args.common.messages()?.say(&line);
    Ok(Status::Clean)
}

impl Args {
    fn runs(&self) -> anyhow::Result<Vec<Run>> {
        let Some(list) = &self.runlist else {
            let target = self.output.clone().unwrap_or_default();
            if self.input.contains(&target) {
                let text = format!("{} would be written over itself", target.display());
                return Err(Usage(text).into());
            }
            return Ok(vec![Run { inputs: self.input.clone(), target }]);
        };
        let mut runs = runlist::read(list)?;
        if let Some(folder) = &self.output_dir {
            for run in &mut runs {
                run.target = folder.join(run.target.file_name().unwrap_or_default());
            }
        }
        Ok(runs)
    }

    /// What the configuration says, then what the options say.
    fn build(&self) -> anyhow::Result<BuildDl1> {
        let mut build =
            BuildDl1 { format: self.format(), quiet: self.common.quiet, ..Default::default() };
        build.recordings = Some(recordings());
        if let Some(path) = &self.camera {
            build.camera = Some((path.clone(), CameraFile::read(path)?));
        }
        if let Some(threads) = self.threads {
            build.threads = threads.max(1);
        }
        let mut configuration = Configuration::default();
        let mut write_data = Vec::new();
        for path in &self.config {
            let content = configuration::parse(path)?;
            if WriteData::is_one(&content) {
                let parsed = WriteData::deserialize(content);
                write_data.push(parsed.with_context(|| path.display().to_string())?);
            } else {
                configuration.read(path)?;
            }
        }
        for setting in &self.set {
            configuration.set(setting).map_err(|error| Usage(error.to_string()))?;
        }
        for (class, name, value) in self.settings() {
            configuration.push(class, name, value);
        }
        if let Some(cut) = &self.image_cut {
            let frame = if self.camera_frame { Frame::Camera } else { Frame::Telescope };
            build.process.cuts.image(cut, frame).map_err(|e| Usage(format!("--image-cut: {e}")))?;
        }
        if let Some(cut) = &self.event_cut {
            build.process.cuts.event(cut).map_err(|e| Usage(format!("--event-cut: {e}")))?;
        }
        build.configure(&mut configuration)?;
        for settings in write_data {
            settings.apply(&mut build)?;
        }
        if let Format::Ctaml(options) = &mut build.format {
            options.mc_events |= self.save_mc_events;
            options.events_per_file = self.events_per_file.or(options.events_per_file);
            options.output_file_size = self.output_file_size.or(options.output_file_size);
        }
        if let Some(compression) = self.compression {
            let filters = match &mut build.format {
                Format::Ctapipe(options) => &mut options.filters,
                Format::Ctaml(options) => &mut options.filters,
            };
            let wanted = Filters::from(compression);
            (filters.deflate, filters.shuffle) = (wanted.deflate, wanted.shuffle);
        }
        for name in ["progress_bar", "log_level", "log_file", "provenance_log", "overwrite"] {
            configuration.take::<Json>("ProcessorTool", name)?;
        }
        configuration.finish()?;
        build.overwrite |= self.common.overwrite;
        build.process.timing_seed = match self.timing_seed {
            Seed::Stream => TimingSeed::Stream,
            Seed::Event => TimingSeed::Event,
        };
        Ok(build)
    }

    fn format(&self) -> Format {
        let variant = match self.format {
            FormatName::Ctapipe => {
                let model = match self.model {
                    Model::V7_1_0 => ctapipe::Model::V7_1_0,
                    Model::V7_6_0 => ctapipe::Model::V7_6_0,
                };
                return Format::Ctapipe(Box::new(ctapipe::Options { model, ..Default::default() }));
            }
            FormatName::Ctaml07 => ctaml::Variant::V0_7,
            FormatName::Ctaml08 => ctaml::Variant::V0_8,
        };
        Format::Ctaml(Box::new(ctaml::Options::new(variant)))
    }

    /// Options as the settings that they stand for.
    fn settings(&self) -> Vec<(&'static str, &'static str, Json)> {
        let mut all = Vec::new();
        let mut set = |class, name, value: Option<Json>| {
            all.extend(value.map(|value| (class, name, value)));
        };
        let source = "EventSource";
        let tels = (!self.allowed_tels.is_empty()).then(|| json!(self.allowed_tels));
        set(source, "allowed_tels", tels);
        set(source, "max_events", self.max_events.map(|most| json!(most)));
        set(source, "override_obs_id", self.obs_id.map(|id| json!(id)));
        let choice = self.focal_length_choice.map(|choice| match choice {
            FocalLength::Effective => json!("EFFECTIVE"),
            FocalLength::Equivalent => json!("EQUIVALENT"),
        });
        set("SimTelEventSource", "focal_length_choice", choice);
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        set("CameraCalibrator", "image_extractor_type", text(&self.image_extractor_type));
        set("ImageProcessor", "image_cleaner_type", text(&self.image_cleaner_type));
        let flag = |yes: bool, no: bool| (yes || no).then_some(json!(yes));
        set("DataWriter", "write_dl1_images", flag(self.write_images, self.no_write_images));
        let parameters = flag(self.write_parameters, self.no_write_parameters);
        set("DataWriter", "write_dl1_parameters", parameters);
        set("DataWriter", "write_r0_waveforms", self.write_r0_waveforms.then_some(json!(true)));
        set("DataWriter", "write_r1_waveforms", self.write_r1_waveforms.then_some(json!(true)));
        set("ImageProcessor", "use_telescope_frame", self.camera_frame.then_some(json!(false)));
        all
    }
}

fn tell(args: &Args, built: &Built, (report, messages): (&mut Report, &mut Messages)) {
    let (mut events, mut images, mut cut) = (0, 0, (0, 0));
    for (input, outcome) in &built.inputs {
        (events, images) = (events + outcome.events, images + outcome.telescope_events);
        cut = (cut.0 + outcome.events_cut, cut.1 + outcome.images_cut);
        warn(input, outcome, (&mut *report, messages));
        let size = std::fs::metadata(input).map_or(0, |found| found.len());
        report.inputs.push(Input { path: input.clone(), size, digest: None, seconds: 0.0 });
    }
    if let (_, Some(note)) = &built.duplicates {
        let text = format!("{note}; readers that join tables on these numbers are misled");
        messages.say(&format!("tierline: warning: {text}"));
        report.warn(text);
    }
    for path in &built.files {
        let size = std::fs::metadata(path).map_or(0, |found| found.len());
        report.outputs.push(Output { path: path.clone(), size, rows: Default::default() });
        let (events, images) = (grouped(events), grouped(images));
        let cut = match cut {
            (0, 0) => String::new(),
            (events, images) => {
                format!(" ({} events and {} images cut)", grouped(events), grouped(images))
            }
        };
        let line = format!(
            "{events} events, {images} telescope events{cut} -> {}: {}",
            path.display(),
            super::size(size)
        );
        args.common.tell(messages, &line);
    }
}

/// Tells what was left out of an input.
fn warn(input: &Path, outcome: &Outcome, (report, messages): (&mut Report, &mut Messages)) {
    let mut say = |text: String| {
        messages.say(&format!("tierline: warning: {text}"));
        report.warn(text);
    };
    outcome.errors.iter().for_each(|error| say(error.to_string()));
    if let Some(error) = &outcome.truncated {
        say(error.to_string());
    }
    let lost = outcome.lost_events + outcome.left_out;
    if lost > 0 {
        let name = input.display();
        let (events, parts) = (grouped(outcome.lost_events), grouped(outcome.left_out));
        say(format!(
            "{name}: {events} events could not be read, {parts} parts of others were left out"
        ));
    }
    report.lost_packets += lost + u64::from(outcome.truncated.is_some());
}
