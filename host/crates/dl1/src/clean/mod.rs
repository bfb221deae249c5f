//! Which pixels of an image hold light of the shower.
//!
//! Names, settings and their defaults are those of ctapipe. A cleaner is prepared once per telescope; it is
//! listed in [`CLEANERS`].

mod fact;
mod mars;
mod nsb;
mod tailcut;
#[cfg(test)]
mod tests;
mod time_constrained;
mod times;

pub use fact::fact_cleaning;
pub use mars::mars_cleaning;
pub use nsb::{BrightCleaning, NsbCleaning};
pub use tailcut::{Level, Thresholds, dilate, tailcuts};
pub use time_constrained::TimeConstrained;
pub use times::time_delta;

use crate::Error;
use crate::event::Image;
use crate::instrument::{PixelGraph, TelId};
use crate::settings::{Settings, TelescopeSettings};

/// An image to clean.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// Charges in photo-electrons, one per pixel.
    pub image: &'a [f32],
    /// Times in ns, one per pixel; empty if there are none.
    pub peak_time: &'a [f32],
    /// Standard deviation of each pixel's pedestal in photo-electrons, if it is monitored.
    pub pedestal_std: Option<&'a [f64]>,
    /// The camera.
    pub graph: &'a PixelGraph,
}

impl<'a> Picture<'a> {
    /// An image of one gain.
    pub fn new(image: &'a Image, graph: &'a PixelGraph) -> Self {
        let (image, peak_time) = (&image.image, &image.peak_time);
        Picture { image, peak_time, pedestal_std: None, graph }
    }

    /// Fails where numbers of pixels do not fit, or times are needed and missing.
    fn check(&self, name: &'static str, times: bool) -> Result<(), Error> {
        let expected = self.graph.n_pixels();
        let wrong = |what: &str, found: usize| {
            let reason = format!("{found} {what}, but the camera has {expected} pixels");
            Err(Error::parameter(name, reason))
        };
        if self.image.len() != expected {
            return wrong("charges", self.image.len());
        }
        if times && self.peak_time.len() != expected {
            return wrong("peak times", self.peak_time.len());
        }
        match self.pedestal_std {
            Some(std) if std.len() != expected => wrong("pedestal deviations", std.len()),
            _ => Ok(()),
        }
    }
}

/// Cleans images.
pub trait Cleaner: Send + Sync {
    /// The pixels that hold light.
    fn clean(&self, picture: &Picture<'_>) -> Result<Vec<bool>, Error>;
}

/// Prepares a cleaner for a telescope.
pub type Prepare = fn(&TelescopeSettings<'_>) -> Result<Box<dyn Cleaner>, Error>;

/// A cleaner that can be asked for by name.
pub struct CleanerKind {
    /// Name.
    pub name: &'static str,
    /// Names of its settings.
    pub settings: &'static [&'static str],
    /// Its constructor.
    pub prepare: Prepare,
}

/// All cleaners.
pub const CLEANERS: &[CleanerKind] =
    &[tailcut::KIND, nsb::KIND, mars::KIND, fact::KIND, time_constrained::KIND];

/// Prepares the cleaner of a name for a telescope.
pub fn cleaner(
    name: &str,
    settings: &Settings,
    tel_id: TelId,
    description: &str,
) -> Result<Box<dyn Cleaner>, Error> {
    let Some(kind) = CLEANERS.iter().find(|kind| kind.name == name) else {
        let names: Vec<&str> = CLEANERS.iter().map(|kind| kind.name).collect();
        let reason = format!("there is no cleaner {name}, but {}", names.join(", "));
        return Err(Error::parameter("image_cleaner_type", reason));
    };
    (kind.prepare)(&settings.resolve(kind.name, kind.settings, tel_id, description)?)
}
