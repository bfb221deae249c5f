//! Camera description files: what a recording of a FlashCam camera does not say of itself.
//!
//! A recording of the camera's data acquisition holds traces by their number and no more. A file of YAML or JSON
//! says where on the sky a trace looks, and what its counts mean. Lengths of lists are numbers of pixels.
//!
//! ```yaml
//! subarray: {name: Site, latitude_deg: -23.3, longitude_deg: 16.5, height_m: 1835}   # all optional
//! telescope:
//!   tel_id: 1
//!   name: MST
//!   size_type: MST                     # LST, MST, SST or UNKNOWN [of the mirror's area]
//!   reflector_shape: HYBRID            # PARABOLIC, DAVIES_COTTON, HYBRID, SCHWARZSCHILD_COUDER [UNKNOWN]
//!   position_m: [0, 0, 0]              # north, west, up [0, 0, 0]
//!   equivalent_focal_length_m: 16
//!   effective_focal_length_m: 16.4     # with the mean aberration, optional
//!   mirror_area_m2: 103
//!   n_mirrors: 1                       # [-1, not known]
//!   n_mirror_tiles: 84                 # [-1, not known]
//!   pointing_deg: {azimuth: 180, altitude: 70}    # optional
//! camera:
//!   name: FlashCam
//!   pixel_shape: hexagon               # hexagon, square or circle
//!   pixel_rotation_deg: 30             # [0]
//!   camera_rotation_deg: 0             # [0]
//!   pix_x_m: [...]
//!   pix_y_m: [...]
//!   pix_area_m2: 0.0022                # one for all, or a list
//! readout:
//!   sampling_rate_ghz: 0.25
//!   reference_pulse_step_ns: 0.5
//!   reference_pulse: [...]             # of a photo-electron, in any unit
//! trace_map:                           # one of the two
//!   traces: [...]                      # pixel of each trace, or null
//!   cards: [{address: 256, pixels: [...]}]    # pixel of each input of a card, or null
//! calibration:
//!   adc_per_pe: 21.5                   # counts of a photo-electron, summed over its pulse; one for all, or a list
//!   pedestal: firmware                 # or {first_samples: 8}
//!   baseline_precision: 16             # steps of the firmware's baseline to a count [as recorded]
//!   time_shift_ns: 0                   # what a pixel is late, one for all, or a list [0]
//!   broken_pixels: []                  # [none]
//! ```

mod keys;
mod read;
mod simtel;
#[cfg(test)]
pub(crate) mod tests;
mod write;

use std::collections::BTreeMap;

use crate::Error;
use crate::event::Pointing;
use crate::instrument::{
    CameraDescription, CameraGeometry, CameraReadout, OpticsDescription, Subarray, TelId,
    TelescopeDescription,
};
use crate::simtel::source::{FocalLengthChoice, size_name};

/// Pixel of each trace of a recording; `None` for traces that are of none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraceMap {
    /// By the number of the trace.
    Traces(Vec<Option<u32>>),
    /// By the address of the card and its input.
    Inputs(BTreeMap<(u16, u16), Option<u32>>),
}

impl TraceMap {
    /// Pixel of a trace: `Some(None)` says that it is of none, `None` that the map does not know it.
    pub fn pixel(&self, trace: u16, card: u16, input: u16) -> Option<Option<u32>> {
        match self {
            TraceMap::Traces(map) => map.get(usize::from(trace)).copied(),
            TraceMap::Inputs(map) => map.get(&(card, input)).copied(),
        }
    }

    /// All pixels of the map, in its order.
    pub fn pixels(&self) -> Box<dyn Iterator<Item = u32> + '_> {
        match self {
            TraceMap::Traces(map) => Box::new(map.iter().filter_map(|pixel| *pixel)),
            TraceMap::Inputs(map) => Box::new(map.values().filter_map(|pixel| *pixel)),
        }
    }
}

/// Where the pedestal of a trace comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pedestal {
    /// The firmware's baseline. Tables hold its whole counts: half a count, less half a step, is added.
    Firmware,
    /// The mean of the first so many samples.
    FirstSamples(usize),
}

/// What a camera description file says; arrays are `[pixel]`.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraFile {
    /// Name of the array.
    pub subarray: String,
    /// Latitude and longitude of the array, in degrees, and its height in m.
    pub reference_location: [f64; 3],
    /// Number of the telescope.
    pub tel_id: TelId,
    /// Place of the telescope: north, west and up, in m.
    pub position_m: [f32; 3],
    /// Mirrors.
    pub optics: OpticsDescription,
    /// Where the telescope looks, if known.
    pub pointing: Option<Pointing>,
    /// Pixels.
    pub geometry: CameraGeometry,
    /// Samples per ns.
    pub sampling_rate_ghz: f64,
    /// Pulse of a photo-electron.
    pub reference_pulse: Vec<f64>,
    /// Time between two points of the pulse, in ns.
    pub reference_pulse_step_ns: f64,
    /// Pixels of traces.
    pub trace_map: TraceMap,
    /// Counts of a photo-electron, summed over its pulse.
    pub adc_per_pe: Vec<f64>,
    /// Where pedestals come from.
    pub pedestal: Pedestal,
    /// Steps of the firmware's baseline to a count; `None`: as recorded.
    pub baseline_precision: Option<f64>,
    /// What each pixel is late, in ns.
    pub time_shift_ns: Vec<f32>,
    /// Pixels that don't work, or are connected to no trace.
    pub broken: Vec<bool>,
}

impl CameraFile {
    /// Number of pixels.
    pub fn n_pixels(&self) -> usize {
        self.geometry.n_pixels()
    }

    /// The telescope as an array of one, with waveforms of so many samples.
    ///
    /// # Errors
    /// Where the focal length that is asked for is not known.
    pub fn subarray(&self, n_samples: usize, choice: FocalLengthChoice) -> Result<Subarray, Error> {
        let focal_length_m = match choice {
            FocalLengthChoice::Equivalent => self.optics.equivalent_focal_length_m,
            FocalLengthChoice::Effective => self.optics.effective_focal_length_m,
        };
        if focal_length_m.is_nan() {
            let reason = "the camera file has no telescope.effective_focal_length_m; give it, or choose EQUIVALENT";
            return Err(Error::parameter("focal_length_choice", reason));
        }
        let names = (size_name(self.optics.size_type), &self.optics.name, &self.geometry.name);
        let readout = CameraReadout {
            name: self.geometry.name.clone(),
            sampling_rate_ghz: self.sampling_rate_ghz,
            n_pixels: self.n_pixels(),
            n_channels: 1,
            n_samples,
            reference_pulse_shape: vec![self.reference_pulse.clone()],
            reference_pulse_sample_width_ns: self.reference_pulse_step_ns,
        };
        Ok(Subarray {
            name: self.subarray.clone(),
            telescopes: vec![TelescopeDescription {
                tel_id: self.tel_id,
                position_m: self.position_m,
                optics: 0,
                camera: 0,
                description: format!("{}_{}_{}", names.0, names.1, names.2),
                focal_length_m,
            }],
            optics: vec![self.optics.clone()],
            cameras: vec![CameraDescription { geometry: self.geometry.clone(), readout }],
            reference_location: self.reference_location,
        })
    }
}
