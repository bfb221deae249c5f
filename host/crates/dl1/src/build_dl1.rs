//! From files of simulated events to a file of DL1 data, in one call.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tierline_h5::Stats;
use tierline_report::{AtomicOutput, Progress, commit_all, random_uuid};

use crate::Error;
use crate::camera_file::CameraFile;
use crate::configuration::Configuration;
use crate::duplicates::Duplicates;
use crate::event::Dl1Event;
use crate::instrument::Subarray;
use crate::pipeline::{
    EventSink, ImageCounts, KeptWaveforms, Outcome, ProcessSettings, Processor, SimulatedEvent,
    process,
};
use crate::random::Random;
use crate::simtel::source::{FocalLengthChoice, SourceOptions};
use crate::sources::{Recordings, Source};
use crate::write_data;
use crate::writer::ctaml::{self, CtamlWriter, Header};
use crate::writer::ctapipe::{self, Dl1Writer, EventIndex, R1Waveform};
use crate::writer::{Criterion, RunData};

/// What is written.
#[derive(Debug, Clone)]
pub enum Format {
    /// ctapipe's DL1 data.
    Ctapipe(Box<ctapipe::Options>),
    /// The older format of dl1-data-handler.
    Ctaml(Box<ctaml::Options>),
}

/// Makes a DL1 file of files of events: of sim_telarray, or of a camera's traces.
#[derive(Debug, Clone)]
pub struct BuildDl1 {
    /// How events are processed.
    pub process: ProcessSettings,
    /// What is read.
    pub source: SourceOptions,
    /// The camera of recordings and raw-tier tables, and the file that describes it.
    pub camera: Option<(PathBuf, CameraFile)>,
    /// What opens recordings of a data acquisition; `None`: nothing does.
    pub recordings: Option<Recordings>,
    /// What is written.
    pub format: Format,
    /// Threads that process events.
    pub threads: usize,
    /// Whether outputs are replaced.
    pub overwrite: bool,
    /// Whether no progress is shown.
    pub quiet: bool,
    /// Set to end the run, without an output.
    pub stop: Arc<AtomicBool>,
}

impl Default for BuildDl1 {
    fn default() -> Self {
        BuildDl1 {
            process: ProcessSettings::default(),
            source: SourceOptions::default(),
            camera: None,
            recordings: None,
            format: Format::Ctapipe(Box::default()),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            overwrite: false,
            quiet: false,
            stop: Arc::default(),
        }
    }
}

/// Events of a run that are looked at for repeated numbers.
const MAX_KNOWN: usize = 1 << 19;

/// What was made.
#[derive(Debug, Default)]
pub struct Built {
    /// Files, in the order of their making.
    pub files: Vec<PathBuf>,
    /// What became of each input.
    pub inputs: Vec<(PathBuf, Outcome)>,
    /// What was written.
    pub stats: Stats,
    /// Events whose numbers had occurred before, and what to say of it.
    pub duplicates: (u64, Option<String>),
}

impl BuildDl1 {
    /// Takes what a configuration says on reading, processing and writing.
    pub fn configure(&mut self, from: &mut Configuration) -> Result<(), Error> {
        if let Format::Ctaml(options) = &self.format {
            write_data::defaults(options, &mut self.process)?;
        }
        self.process.configure(from)?;
        configure_source(&mut self.source, from)?;
        from.take_into("DataWriter", "overwrite", &mut self.overwrite)?;
        let mut options = ctapipe::Options::default();
        let format = match &mut self.format {
            Format::Ctapipe(options) => options,
            // Known all the same: a configuration may serve both.
            Format::Ctaml(_) => &mut options,
        };
        configure_writer(format, from)?;
        if let Format::Ctapipe(options) = &self.format {
            self.process.parameters = options.parameters;
            self.process.keep_r0 = options.r0_waveforms;
            self.process.keep_r1 = options.r1_waveforms;
        }
        // Also where they are not written.
        self.process.parameters |= self.process.cuts.needs_parameters();
        Ok(())
    }

    /// Makes one output, or a split one, of inputs that see the same telescopes.
    pub fn run(&self, inputs: &[PathBuf], output: &Path) -> Result<Built, Error> {
        if inputs.is_empty() {
            return Err(Error::parameter("inputs", "there are none"));
        }
        match &self.format {
            Format::Ctapipe(options) => self.to_ctapipe(inputs, output, options),
            Format::Ctaml(options) => self.to_ctaml(inputs, output, options),
        }
    }

    fn to_ctapipe(
        &self,
        inputs: &[PathBuf],
        output: &Path,
        options: &ctapipe::Options,
    ) -> Result<Built, Error> {
        let mut options = options.clone();
        options.camera_frame = !self.process.use_telescope_frame;
        let (mut state, mut run, mut images) =
            (RunState::default(), RunData::default(), ImageCounts::default());
        let mut built = Built::default();
        let begin = crate::time::now();
        let mut open: Option<(AtomicOutput, Dl1Writer, Arc<Subarray>)> = None;
        for input in inputs {
            let mut source = self.open(input)?;
            let subarray = source.subarray().clone();
            let (part, mut writer) = match open.take() {
                None => {
                    let part = AtomicOutput::create(output, self.overwrite)?;
                    options.is_simulation = source.is_simulation();
                    let writer = Dl1Writer::create(part.path(), &subarray, options.clone())?;
                    (part, writer)
                }
                Some(_) if source.is_simulation() != options.is_simulation => {
                    let reason = "simulations and recordings make no common output";
                    return Err(Error::malformed(input, crate::Place::File, reason));
                }
                Some((part, writer, first)) => match first.difference(&subarray) {
                    None => (part, writer),
                    Some(what) => return Err(other_telescopes(input, inputs, &what)),
                },
            };
            let processor = Processor::new(input, &subarray, self.process.clone())?;
            let outcome =
                self.process_file(input, &mut source, &processor, &mut state, &mut writer)?;
            images.add(outcome.images);
            run.observations.extend(source.observation());
            run.simulation_runs.extend(source.simulation_run().cloned());
            run.atmosphere = run.atmosphere.take().or_else(|| source.atmosphere().cloned());
            run.shower_distributions.extend(source.shower_distribution());
            built.inputs.push((input.clone(), outcome));
            open = Some((part, writer, subarray));
        }
        if let Some((part, mut writer, _)) = open {
            if self.process.parameters {
                run.image_statistics = image_statistics(&images);
            }
            let now = crate::time::now();
            let metadata = writer.metadata();
            metadata.start_time = begin;
            (metadata.creation_time, metadata.stop_time) = (now.clone(), now);
            (metadata.product_id, metadata.activity_id) = (random_uuid(), random_uuid());
            built.stats = writer.finish(&run)?;
            built.duplicates = state.duplicates();
            built.files.push(part.target().to_path_buf());
            part.commit()?;
        }
        Ok(built)
    }

    fn to_ctaml(
        &self,
        inputs: &[PathBuf],
        output: &Path,
        options: &ctaml::Options,
    ) -> Result<Built, Error> {
        let options = ctaml::Options { overwrite: self.overwrite, ..options.clone() };
        let mut writer = CtamlWriter::create(output, options)?;
        let (mut state, mut built) = (RunState::default(), Built::default());
        for input in inputs {
            let mut source = self.open(input)?;
            let subarray = source.subarray().clone();
            let (Some(run), Some(observation)) =
                (source.simulation_run().cloned(), source.observation())
            else {
                let reason = "it tells no settings of a simulation, which the format asks for";
                return Err(Error::malformed(input, crate::Place::File, reason));
            };
            let header = Header { direction: observation.pointing, run };
            let name = input.file_name().map(|name| name.to_string_lossy().into_owned());
            writer.begin_input(&name.unwrap_or_default(), &subarray, &header)?;
            let processor = Processor::new(input, &subarray, self.process.clone())?;
            let outcome =
                self.process_file(input, &mut source, &processor, &mut state, &mut writer)?;
            built.inputs.push((input.clone(), outcome));
        }
        let (parts, stats) = writer.finish()?;
        built.files = parts.iter().map(|part| part.target().to_path_buf()).collect();
        built.stats = stats;
        built.duplicates = state.duplicates();
        commit_all(parts)?;
        Ok(built)
    }

    fn wants_simulated(&self) -> bool {
        matches!(&self.format, Format::Ctaml(options) if options.mc_events)
    }

    fn open(&self, input: &Path) -> Result<Source, Error> {
        let options =
            SourceOptions { keep_non_triggered: self.wants_simulated(), ..self.source.clone() };
        Source::open(input, self.camera.as_ref(), self.recordings.as_ref(), options)
    }

    fn process_file(
        &self,
        input: &Path,
        source: &mut Source,
        processor: &Processor,
        state: &mut RunState,
        sink: &mut dyn EventSink,
    ) -> Result<Outcome, Error> {
        let name = input.file_name().map(|name| name.to_string_lossy().into_owned());
        // The length of what is compressed is not known.
        let progress = Progress::start(&name.unwrap_or_default(), None, self.quiet);
        let mut seen = 0;
        let mut show = |offset: u64| {
            progress.add(offset.saturating_sub(seen));
            seen = offset;
            match self.stop.load(Ordering::Relaxed) {
                true => Err(Error::Interrupted),
                false => Ok(()),
            }
        };
        let RunState { random, duplicates } = state;
        let mut sink = Watched { input, sink, duplicates };
        process(source, processor, random, self.threads, &mut sink, &mut show)
    }
}

/// What goes on from one input to the next.
struct RunState {
    random: Random,
    duplicates: Duplicates,
}

impl Default for RunState {
    fn default() -> Self {
        RunState { random: Random::default(), duplicates: Duplicates::with_room(MAX_KNOWN) }
    }
}

impl RunState {
    fn duplicates(&self) -> (u64, Option<String>) {
        let Duplicates { count, .. } = &self.duplicates;
        (*count, (*count > 0).then(|| self.duplicates.note()).flatten())
    }
}

/// A sink whose events are looked at on their way.
struct Watched<'a> {
    input: &'a Path,
    sink: &'a mut dyn EventSink,
    duplicates: &'a mut Duplicates,
}

impl EventSink for Watched<'_> {
    fn write(&mut self, event: &Dl1Event) -> Result<(), Error> {
        self.duplicates.see(event.obs_id.into(), event.event_id, self.input);
        self.sink.write(event)
    }

    fn write_waveforms(&mut self, event: &Dl1Event, kept: &KeptWaveforms) -> Result<(), Error> {
        self.sink.write_waveforms(event, kept)
    }

    fn write_simulated(&mut self, event: &SimulatedEvent) -> Result<(), Error> {
        self.sink.write_simulated(event)
    }
}

fn other_telescopes(input: &Path, inputs: &[PathBuf], what: &str) -> Error {
    let first = inputs.first().map(|first| first.display().to_string()).unwrap_or_default();
    let reason = format!("its telescopes are not those of {first}: {what}");
    Error::malformed(input, crate::Place::File, reason)
}

impl EventSink for Dl1Writer {
    fn write(&mut self, event: &Dl1Event) -> Result<(), Error> {
        Dl1Writer::write(self, event)
    }

    fn write_waveforms(&mut self, event: &Dl1Event, kept: &KeptWaveforms) -> Result<(), Error> {
        let KeptWaveforms { tel_id, r0, r1 } = kept;
        let index = EventIndex::from(event);
        if let Some((extents, counts)) = r0 {
            self.write_r0(index, *tel_id, *extents, counts)?;
        }
        let Some((waveforms, pixel_status)) = r1 else { return Ok(()) };
        let trigger = event.triggers.iter().find(|trigger| trigger.tel_id == *tel_id);
        let gain = waveforms.selected_gain.as_ref();
        let gain: Option<Vec<i8>> = gain.map(|all| all.iter().map(|gain| *gain as i8).collect());
        let r1 = R1Waveform {
            event_type: trigger.map_or(event.event_type, |trigger| trigger.event_type),
            time: trigger.map_or(event.time, |trigger| trigger.time),
            extents: [waveforms.n_channels, waveforms.n_pixels, waveforms.n_samples],
            waveform: &waveforms.data,
            pixel_status,
            selected_gain_channel: gain.as_deref(),
        };
        self.write_r1(index, *tel_id, &r1)
    }
}

impl EventSink for CtamlWriter {
    fn write(&mut self, event: &Dl1Event) -> Result<(), Error> {
        CtamlWriter::write(self, event)
    }

    fn write_simulated(&mut self, event: &SimulatedEvent) -> Result<(), Error> {
        self.write_mc_event(event.obs_id, event.event_id, &event.shower)
    }
}

/// How many images could be described, as ctapipe counts them.
fn image_statistics(images: &ImageCounts) -> Vec<Criterion> {
    let row = |name: &str, counts: u64, cumulative: u64, function: &str| Criterion {
        name: name.into(),
        counts: counts as i64,
        cumulative_counts: cumulative as i64,
        function: function.into(),
    };
    let ImageCounts { total, with_charge, with_pixels, with_both } = *images;
    vec![
        row("TOTAL", total, total, "True"),
        row("size_greater_0", with_charge, with_charge, "image.sum() > 0"),
        row("at_least_2_pixels", with_pixels, with_both, "image.size > 1"),
    ]
}

fn configure_source(options: &mut SourceOptions, from: &mut Configuration) -> Result<(), Error> {
    for class in ["EventSource", "SimTelEventSource"] {
        if let Some(tels) = from.take::<Option<Vec<u16>>>(class, "allowed_tels")? {
            options.allowed_tels = tels.map(|tels| tels.into_iter().collect());
        }
        if let Some(most) = from.take(class, "max_events")? {
            options.max_events = most;
        }
        from.take_into(class, "skip_calibration_events", &mut options.skip_calibration_events)?;
        from.take_into(class, "override_obs_id", &mut options.override_obs_id)?;
        from.take_into(class, "obs_id_offset", &mut options.obs_id_offset)?;
        if let Some(choice) = from.take::<String>(class, "focal_length_choice")? {
            options.focal_length_choice = match choice.to_ascii_uppercase().as_str() {
                "EFFECTIVE" => FocalLengthChoice::Effective,
                "EQUIVALENT" => FocalLengthChoice::Equivalent,
                _ => {
                    let reason = format!("there is no {choice}, but EFFECTIVE and EQUIVALENT");
                    return Err(Error::parameter(format!("{class}.focal_length_choice"), reason));
                }
            };
        }
    }
    Ok(())
}

fn configure_writer(options: &mut ctapipe::Options, from: &mut Configuration) -> Result<(), Error> {
    const WRITER: &str = "DataWriter";
    from.take_into(WRITER, "write_dl1_images", &mut options.images)?;
    from.take_into(WRITER, "write_dl1_parameters", &mut options.parameters)?;
    from.take_into(WRITER, "write_r0_waveforms", &mut options.r0_waveforms)?;
    from.take_into(WRITER, "write_r1_waveforms", &mut options.r1_waveforms)?;
    for name in ["write_dl2", "write_muon_parameters", "transform_image", "transform_peak_time"] {
        if from.take::<bool>(WRITER, name)? == Some(true) {
            return Err(Error::parameter(format!("{WRITER}.{name}"), "this is not supported"));
        }
    }
    let metadata = &mut options.metadata;
    for (class, name, target) in [
        ("Contact", "name", &mut metadata.contact_name),
        ("Contact", "email", &mut metadata.contact_email),
        ("Contact", "organization", &mut metadata.contact_organization),
        ("Instrument", "site", &mut metadata.instrument_site),
        ("Instrument", "class_", &mut metadata.instrument_class),
        ("Instrument", "type_", &mut metadata.instrument_type),
        ("Instrument", "subtype", &mut metadata.instrument_subtype),
        ("Instrument", "version", &mut metadata.instrument_version),
        ("Instrument", "id_", &mut metadata.instrument_id),
    ] {
        from.take_into(class, name, target)?;
    }
    for (key, value) in from
        .take::<std::collections::BTreeMap<String, String>>(WRITER, "context_metadata")?
        .unwrap_or_default()
    {
        metadata.context.push((key, value));
    }
    Ok(())
}
