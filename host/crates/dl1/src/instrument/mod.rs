//! Telescopes, their optics and their cameras.

mod camera;
mod geometry;
mod nearest;
mod neighbours;
mod parameter;
mod same;

#[cfg(test)]
pub(crate) use camera::tests as camera_tests;
#[cfg(test)]
pub(crate) use geometry::tests as geometry_tests;

pub use camera::Camera;
pub use geometry::PixelFrame;
pub use neighbours::{Neighbours, PixelGraph};
pub use parameter::{TelescopeParameter, TelescopePattern};

/// Number of a telescope in its array, as the array's control system counts.
pub type TelId = u16;

/// Form of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelShape {
    /// Circle.
    Circle,
    /// Hexagon.
    Hexagon,
    /// Square.
    Square,
}

/// Pixels of a camera, in the camera frame.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraGeometry {
    /// Name of the camera.
    pub name: String,
    /// Positions, in m.
    pub pix_x: Vec<f64>,
    /// Positions, in m.
    pub pix_y: Vec<f64>,
    /// Areas, in m².
    pub pix_area: Vec<f64>,
    /// Form of all pixels.
    pub pix_type: PixelShape,
    /// Rotation of each pixel, in degrees.
    pub pix_rotation_deg: f64,
    /// Rotation of the camera, in degrees: 0 once it is turned back.
    pub cam_rotation_deg: f64,
}

/// How a camera digitizes.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraReadout {
    /// Name of the camera.
    pub name: String,
    /// Samples per ns.
    pub sampling_rate_ghz: f64,
    /// Number of pixels.
    pub n_pixels: usize,
    /// Number of gain channels.
    pub n_channels: usize,
    /// Samples of a waveform.
    pub n_samples: usize,
    /// A single photo-electron's pulse, per gain channel.
    pub reference_pulse_shape: Vec<Vec<f64>>,
    /// Time between two points of the reference pulse, in ns.
    pub reference_pulse_sample_width_ns: f64,
}

/// A camera.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraDescription {
    /// Pixels.
    pub geometry: CameraGeometry,
    /// Electronics.
    pub readout: CameraReadout,
}

/// Size class of a telescope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeType {
    /// Large.
    Lst,
    /// Medium.
    Mst,
    /// Small.
    Sst,
    /// Not known.
    Unknown,
}

/// Form of the mirrors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReflectorShape {
    /// Parabolic.
    Parabolic,
    /// Davies-Cotton.
    DaviesCotton,
    /// Between the two.
    Hybrid,
    /// Two mirrors after Schwarzschild and Couder.
    SchwarzschildCouder,
    /// Not known.
    Unknown,
}

/// Mirrors of a telescope.
#[derive(Debug, Clone, PartialEq)]
pub struct OpticsDescription {
    /// Name.
    pub name: String,
    /// Size class.
    pub size_type: SizeType,
    /// Form.
    pub reflector_shape: ReflectorShape,
    /// Area, in m².
    pub mirror_area_m2: f64,
    /// Mirrors in the path of the light; -1 if not known.
    pub n_mirrors: i64,
    /// Facets.
    pub n_mirror_tiles: i64,
    /// Focal length as built, in m.
    pub equivalent_focal_length_m: f64,
    /// Focal length with the mean aberration, in m; NaN if not known.
    pub effective_focal_length_m: f64,
}

/// A telescope.
#[derive(Debug, Clone, PartialEq)]
pub struct TelescopeDescription {
    /// Number.
    pub tel_id: TelId,
    /// Place: x to the north, y to the west, z up, in m.
    pub position_m: [f32; 3],
    /// Position in [`Subarray::optics`].
    pub optics: usize,
    /// Position in [`Subarray::cameras`].
    pub camera: usize,
    /// Name of its type, `{size}_{optics}_{camera}`.
    pub description: String,
    /// Focal length that turns camera coordinates into angles, in m.
    pub focal_length_m: f64,
}

/// Telescopes that observe together.
#[derive(Debug, Clone, PartialEq)]
pub struct Subarray {
    /// Name.
    pub name: String,
    /// Telescopes, in the order of the file.
    pub telescopes: Vec<TelescopeDescription>,
    /// Different optics, in the order of their first telescope.
    pub optics: Vec<OpticsDescription>,
    /// Different cameras, in the order of their first telescope.
    pub cameras: Vec<CameraDescription>,
    /// Latitude and longitude of the place, in degrees, and its height in m.
    pub reference_location: [f64; 3],
}

impl Subarray {
    /// Position of a telescope in [`Subarray::telescopes`].
    pub fn index(&self, tel_id: TelId) -> Option<usize> {
        self.telescopes.iter().position(|telescope| telescope.tel_id == tel_id)
    }

    /// A telescope's description.
    pub fn telescope(&self, tel_id: TelId) -> Option<&TelescopeDescription> {
        self.index(tel_id).map(|at| &self.telescopes[at])
    }

    /// A telescope's camera.
    pub fn camera(&self, tel_id: TelId) -> Option<&CameraDescription> {
        self.telescope(tel_id).and_then(|telescope| self.cameras.get(telescope.camera))
    }
}
