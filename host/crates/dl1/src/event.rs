//! An event at every stage: as the source yields it, and as it is written.

use std::sync::Arc;

use crate::instrument::TelId;
use crate::parameters::ImageParameters;

/// What an event is, by CTAO's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(pub i64);

impl EventType {
    /// Flat-field light.
    pub const FLATFIELD: Self = EventType(0);
    /// Single photo-electrons.
    pub const SINGLE_PE: Self = EventType(1);
    /// Some pedestal.
    pub const PEDESTAL: Self = EventType(2);
    /// Pedestal with high voltage and a closed camera.
    pub const DARK_PEDESTAL: Self = EventType(3);
    /// Pedestal of the electronics, without high voltage.
    pub const ELECTRONIC_PEDESTAL: Self = EventType(4);
    /// Pedestal with high voltage and an open camera.
    pub const SKY_PEDESTAL: Self = EventType(5);
    /// Another calibration.
    pub const OTHER_CALIBRATION: Self = EventType(15);
    /// A muon's ring.
    pub const MUON: Self = EventType(16);
    /// Several telescopes by hardware.
    pub const HARDWARE_STEREO: Self = EventType(17);
    /// One telescope, taken at random.
    pub const RANDOM_MONO: Self = EventType(18);
    /// Asked for by the data acquisition.
    pub const DAQ: Self = EventType(24);
    /// An air shower.
    pub const SUBARRAY: Self = EventType(32);
    /// An air shower that was read out for longer.
    pub const LONG_EVENT: Self = EventType(33);
    /// Not known.
    pub const UNKNOWN: Self = EventType(255);
}

/// A time, UTC.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Time {
    /// Seconds since 1970, leap seconds not counted.
    pub seconds: i64,
    /// Nanoseconds of the second, with their fraction.
    pub nanoseconds: f64,
}

/// Where a telescope looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pointing {
    /// Azimuth from north to east, in rad.
    pub azimuth: f64,
    /// Altitude, in rad.
    pub altitude: f64,
}

/// One telescope's part of the array's trigger.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TelescopeTrigger {
    /// Telescope.
    pub tel_id: TelId,
    /// When it triggered.
    pub time: Time,
    /// What it saw.
    pub event_type: EventType,
    /// Pixels in the trigger; -1 if not known.
    pub n_trigger_pixels: i64,
}

/// A simulated shower.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shower {
    /// Energy, in TeV.
    pub energy_tev: f64,
    /// Altitude of the direction, in rad.
    pub altitude: f64,
    /// Azimuth of the direction, in rad.
    pub azimuth: f64,
    /// Impact point to the north, in m.
    pub core_x_m: f64,
    /// Impact point to the west, in m.
    pub core_y_m: f64,
    /// Height of the first interaction, in m.
    pub h_first_int_m: f64,
    /// Depth of the maximum, in g/cm².
    pub x_max: f64,
    /// Depth at which the primary starts, in g/cm².
    pub starting_grammage: f64,
    /// Primary particle, by CORSIKA's numbers of sim_telarray.
    pub primary_id: i64,
}

/// Raw samples of one telescope.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// Waveforms, `[gain][pixel][sample]`; 0 where they were left out, which [`Decoding`] tells.
    Adc(Vec<u16>),
    /// Sums over waveforms, `[gain][pixel]`.
    Sums(Vec<u32>),
}

/// What decoding may leave out, and memory that it may use again.
#[derive(Debug, Default)]
pub struct Decoding {
    /// Nothing needs the low gain of events that show showers but where a count of the high gain is above this.
    pub low_gain_above: Option<f64>,
    /// Memory of events that are done.
    pub spare: Vec<Vec<u16>>,
}

/// Calibration of one telescope, arrays `[gain][pixel]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Mean of a sample without light, in ADC counts.
    pub pedestal: Vec<f32>,
    /// Photo-electrons per ADC count.
    pub dc_to_pe: Vec<f32>,
    /// What each pixel is late, in ns.
    pub time_shift_ns: Vec<f32>,
    /// Pixels that don't work.
    pub broken: Vec<bool>,
}

/// One telescope of an event, as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct TelescopeEvent {
    /// Telescope.
    pub tel_id: TelId,
    /// Gain channels.
    pub n_channels: usize,
    /// Pixels.
    pub n_pixels: usize,
    /// Samples of a waveform; 1 for sums.
    pub n_samples: usize,
    /// What was digitized.
    pub samples: Samples,
    /// How to calibrate it.
    pub calibration: Arc<Calibration>,
    /// Where the telescope looks.
    pub pointing: Pointing,
    /// Photo-electrons per pixel, if simulated and stored; -1 everywhere if they were lost.
    pub true_image: Option<Vec<i32>>,
    /// Photo-electrons of all pixels, if the simulation tells.
    pub true_image_sum: Option<i32>,
}

/// An event, as recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrayEvent {
    /// Number of the run.
    pub obs_id: i32,
    /// Number of the event; negative for calibration events of a simulation.
    pub event_id: i64,
    /// What it is.
    pub event_type: EventType,
    /// When the array triggered.
    pub time: Time,
    /// Telescopes that triggered, in the order of the event.
    pub triggers: Vec<TelescopeTrigger>,
    /// The shower, if simulated.
    pub shower: Option<Shower>,
    /// Telescopes that were read out, in the order of the event.
    pub telescopes: Vec<TelescopeEvent>,
}

/// Charge and time of every pixel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Image {
    /// Charge, in photo-electrons; `[pixel]`, or `[gain][pixel]` if no gain was selected.
    pub image: Vec<f32>,
    /// Time of the pulse within the waveform, in ns; as `image`, or empty if the extractor gives none.
    pub peak_time: Vec<f32>,
    /// Whether the extraction worked as it should.
    pub is_valid: bool,
}

/// One telescope of a processed event.
#[derive(Debug, Clone, PartialEq)]
pub struct Dl1Telescope {
    /// Telescope.
    pub tel_id: TelId,
    /// Where it looks.
    pub pointing: Pointing,
    /// The image.
    pub image: Image,
    /// Pixels that survive the cleaning; `None` if parameters were not asked for.
    pub image_mask: Option<Vec<bool>>,
    /// Parameters of the image; `None` if they were not asked for.
    pub parameters: Option<ImageParameters>,
    /// Distance of the shower's axis, in m, if simulated.
    pub true_impact_m: Option<f64>,
    /// Photo-electrons of all pixels, if simulated.
    pub true_image_sum: Option<i32>,
    /// Photo-electrons per pixel, if simulated.
    pub true_image: Option<Vec<i32>>,
    /// Parameters of the true image.
    pub true_parameters: Option<ImageParameters>,
}

/// An event of which images were made.
#[derive(Debug, Clone, PartialEq)]
pub struct Dl1Event {
    /// Number of the run.
    pub obs_id: i32,
    /// Number of the event.
    pub event_id: i64,
    /// What it is.
    pub event_type: EventType,
    /// When the array triggered.
    pub time: Time,
    /// Telescopes that triggered, in the order of the event.
    pub triggers: Vec<TelescopeTrigger>,
    /// The shower, if simulated.
    pub shower: Option<Shower>,
    /// Telescopes that were read out, in the order of the event.
    pub telescopes: Vec<Dl1Telescope>,
}
