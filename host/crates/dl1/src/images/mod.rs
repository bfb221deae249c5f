//! Files of DL1 data to arrays of images on square grids, with labels: what neural networks are trained on.

mod cameras;
mod labels;
mod output;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cuts::{Columns, Cuts, Frame};
use crate::event::{Dl1Event, Dl1Telescope};
use crate::instrument::TelId;
use crate::mapping::{ImageMapper, MapperKind};
use crate::reader::{ctaml, ctapipe};
use crate::summary::{Dl1Format, dl1_format};
use crate::{Error, Place};
use cameras::Cameras;
use labels::Labels;
use output::Output;

/// What a channel of the grid has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Charges.
    Image,
    /// Times of the pulses.
    PeakTime,
    /// 1 in pixels that the cleaning has selected, else 0.
    Mask,
    /// Photo-electrons of the simulation.
    TrueImage,
}

impl Channel {
    /// All of them with their names.
    pub const ALL: [(Channel, &'static str); 4] = [
        (Channel::Image, "image"),
        (Channel::PeakTime, "peak_time"),
        (Channel::Mask, "image_mask"),
        (Channel::TrueImage, "true_image"),
    ];

    /// The channel of a name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(channel, _)| *channel).ok_or_else(|| {
            let names = Self::ALL.map(|(_, name)| name).join(", ");
            Error::parameter("channels", format!("there is no {name}, but {names}"))
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(channel, _)| *channel == self).map_or("", |(_, name)| *name)
    }
}

/// Makes arrays of images.
#[derive(Debug, Clone)]
pub struct MakeImages {
    /// How images come onto the grid; by the form of the pixels if `None`.
    pub mapper: Option<MapperKind>,
    /// Extent of the grid, where it can be chosen.
    pub shape: Option<usize>,
    /// Channels, in their order.
    pub channels: Vec<Channel>,
    /// Whether charges and times of pixels that the cleaning has not selected are 0.
    pub cleaned: bool,
    /// Telescope types or cameras, `*` and `?` standing for any letters; empty for all.
    pub tel_types: Vec<String>,
    /// Telescopes; empty for all.
    pub tel_ids: Vec<TelId>,
    /// A condition on the columns that [`Columns`] knows.
    pub select: Option<String>,
    /// Most images.
    pub max_images: Option<u64>,
    /// Whether the output is replaced.
    pub overwrite: bool,
    /// Threads and memory.
    pub file: tierline_h5::Options,
}

impl Default for MakeImages {
    fn default() -> Self {
        MakeImages {
            mapper: None,
            shape: None,
            channels: vec![Channel::Image],
            cleaned: false,
            tel_types: Vec::new(),
            tel_ids: Vec::new(),
            select: None,
            max_images: None,
            overwrite: false,
            file: tierline_h5::Options::default(),
        }
    }
}

/// What was made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Made {
    /// Files: the images, and their labels if these are in another one.
    pub files: Vec<PathBuf>,
    /// How images were brought onto the grid.
    pub mapper: &'static str,
    /// Images, rows, columns, channels.
    pub shape: [usize; 4],
    /// Images of telescopes that were asked for.
    pub seen: u64,
    /// Telescope types that the images are of.
    pub tel_types: Vec<String>,
}

/// Events of either format.
enum Source {
    Ctapipe(Box<ctapipe::Reader>),
    Ctaml(Box<ctaml::Reader>),
}

impl Source {
    fn open(path: &Path) -> Result<Self, Error> {
        match dl1_format(path)? {
            Some(Dl1Format::Ctapipe) => Ok(Source::Ctapipe(Box::new(ctapipe::Reader::open(path)?))),
            Some(Dl1Format::CtaMl) => Ok(Source::Ctaml(Box::new(ctaml::Reader::open(path)?))),
            None => {
                let reason = "this is no file of DL1 data of ctapipe or dl1-data-handler";
                Err(Error::malformed(path, Place::File, reason))
            }
        }
    }

    fn next(&mut self) -> Result<Option<Dl1Event>, Error> {
        match self {
            Source::Ctapipe(reader) => reader.next_event(),
            Source::Ctaml(reader) => reader.next_event(),
        }
    }

    fn frame(&self) -> Frame {
        match self {
            Source::Ctapipe(reader) if reader.is_camera_frame() => Frame::Camera,
            _ => Frame::Telescope,
        }
    }
}

/// What has been written so far.
struct Writing {
    output: Output,
    labels: Labels,
    columns: Columns,
    cuts: Option<Cuts>,
    frame: Frame,
    shape: usize,
    mapper: &'static str,
    images: u64,
    seen: u64,
    types: BTreeMap<String, u64>,
    grid: Vec<f32>,
    row: Vec<f64>,
}

impl MakeImages {
    /// Makes an array of the images of files: `.npy` with labels as CSV beside it, or `.h5` with both.
    pub fn run(&self, inputs: &[PathBuf], output: &Path) -> Result<Made, Error> {
        if self.channels.is_empty() {
            return Err(Error::parameter("channels", "there are none"));
        }
        let mut writing: Option<Writing> = None;
        for input in inputs {
            if self.is_full(writing.as_ref()) {
                break;
            }
            self.read(input, output, &mut writing)?;
        }
        let Some(writing) = writing else {
            return Err(Error::parameter("inputs", "no telescope of theirs was asked for"));
        };
        let images = writing.images as usize;
        let files = writing.output.commit(images)?;
        Ok(Made {
            files,
            mapper: writing.mapper,
            shape: [images, writing.shape, writing.shape, self.channels.len()],
            seen: writing.seen,
            tel_types: writing.types.into_keys().collect(),
        })
    }

    fn is_full(&self, writing: Option<&Writing>) -> bool {
        let images = writing.map_or(0, |writing| writing.images);
        self.max_images.is_some_and(|most| images >= most)
    }

    fn read(
        &self,
        input: &Path,
        output: &Path,
        writing: &mut Option<Writing>,
    ) -> Result<(), Error> {
        let mut source = Source::open(input)?;
        let cameras = Cameras::new(self, input, &source)?;
        let Some(first) = cameras.first() else { return Ok(()) };
        let writing = match writing {
            None => writing.insert(self.begin(output, first, source.frame())?),
            Some(writing) => writing,
        };
        if writing.shape != first.shape() || writing.mapper != first.kind().name() {
            let (a, b) = (first.shape(), writing.shape);
            let reason = format!("its grid of {a} cells is not that of {b} of the files before");
            return Err(Error::malformed(input, Place::File, reason));
        }
        if writing.frame != source.frame() && self.select.is_some() {
            let reason = "its parameters are in another frame than those of the files before";
            return Err(Error::malformed(input, Place::File, reason));
        }
        while let Some(event) = source.next()? {
            for telescope in &event.telescopes {
                let Some((mapper, name)) = cameras.of(telescope.tel_id) else { continue };
                if telescope.image.image.is_empty() {
                    continue;
                }
                self.one(input, &event, telescope, (mapper, name), writing)?;
                if self.is_full(Some(writing)) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn begin(&self, output: &Path, mapper: &ImageMapper, frame: Frame) -> Result<Writing, Error> {
        let columns = Columns::new(frame);
        let select = self.select.as_deref();
        let cuts = select.map(|text| Cuts::parse(text, columns.names())).transpose()?;
        let labels = Labels::new(&columns);
        let shape = [mapper.shape(), mapper.shape(), self.channels.len()];
        let names: Vec<&str> = self.channels.iter().map(|channel| channel.name()).collect();
        let texts = [("mapper", mapper.kind().name().to_owned()), ("channels", names.join(","))];
        let output = Output::create(output, self, shape, &labels, &texts)?;
        Ok(Writing {
            output,
            labels,
            columns,
            cuts,
            frame,
            shape: mapper.shape(),
            mapper: mapper.kind().name(),
            images: 0,
            seen: 0,
            types: BTreeMap::new(),
            grid: vec![0.0; shape.iter().product()],
            row: Vec::new(),
        })
    }

    fn one(
        &self,
        input: &Path,
        event: &Dl1Event,
        telescope: &Dl1Telescope,
        (mapper, name): (&ImageMapper, &str),
        writing: &mut Writing,
    ) -> Result<(), Error> {
        writing.seen += 1;
        writing.columns.fill(event, telescope, &mut writing.row);
        if writing.cuts.as_ref().is_some_and(|cuts| !cuts.passes_row(&writing.row)) {
            return Ok(());
        }
        let missing = |what: &str| {
            let reason = format!("telescope {}: there is no {what}", telescope.tel_id);
            Error::malformed(input, Place::Event(event.event_id), reason)
        };
        let count = self.channels.len();
        for (at, channel) in self.channels.iter().enumerate() {
            let mut pixels = pixels(telescope, *channel).ok_or_else(|| missing(channel.name()))?;
            if self.cleaned && matches!(channel, Channel::Image | Channel::PeakTime) {
                let mask = telescope.image_mask.as_ref().ok_or_else(|| missing("image_mask"))?;
                let dark = pixels.iter_mut().zip(mask).filter(|(_, kept)| !**kept);
                dark.for_each(|(value, _)| *value = 0.0);
            }
            mapper.map_channel(&pixels, &mut writing.grid, at, count).map_err(|error| {
                Error::malformed(input, Place::Event(event.event_id), error.to_string())
            })?;
        }
        writing.output.image(&writing.grid)?;
        writing.labels.row(event, telescope, &writing.row);
        writing.output.label(&mut writing.labels)?;
        writing.images += 1;
        *writing.types.entry(name.to_owned()).or_default() += 1;
        Ok(())
    }
}

/// The pixels of a channel; `None` if the file does not have them.
fn pixels(telescope: &Dl1Telescope, channel: Channel) -> Option<Vec<f32>> {
    match channel {
        Channel::Image => Some(telescope.image.image.clone()),
        Channel::PeakTime => {
            Some(telescope.image.peak_time.clone()).filter(|times| !times.is_empty())
        }
        Channel::Mask => {
            let mask = telescope.image_mask.as_ref()?;
            Some(mask.iter().map(|kept| f32::from(u8::from(*kept))).collect())
        }
        Channel::TrueImage => {
            let image = telescope.true_image.as_ref()?;
            Some(image.iter().map(|count| *count as f32).collect())
        }
    }
}
