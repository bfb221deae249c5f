//! From waveforms to images: the charge and the time of every pixel's pulse.
//!
//! Names, settings and their defaults are those of ctapipe. An extractor is prepared once per telescope; it is
//! listed in [`EXTRACTORS`].

mod correction;
mod deconvolution;
mod fixed;
mod flashcam;
mod full;
mod global_peak;
mod local_peak;
mod neighbor_peak;

mod signals;
mod sliding;
#[cfg(test)]
mod tests;
mod two_pass;
mod variance;
mod window;

pub use correction::{integration_correction, sliding_window_correction};
pub use deconvolution::{Deconvolution, DeconvolutionParameters};
pub use signals::{Scratch, Signals};
pub use two_pass::FirstPass;

use crate::Error;
use crate::event::Image;
use crate::instrument::{CameraReadout, TelId};
use crate::random::Pairs;
use crate::settings::{Settings, TelescopeSettings};

/// Makes images of waveforms.
pub trait Extractor: Send + Sync {
    /// Extracts charge and time of every pixel into `image`.
    ///
    /// Yields a [`FirstPass`] if random numbers are needed to go on with [`finish`](Self::finish); the image is
    /// that of the first pass then.
    fn extract(
        &self,
        signals: &Signals<'_>,
        scratch: &mut Scratch,
        image: &mut Image,
    ) -> Result<Option<FirstPass>, Error>;

    /// Goes on with pairs that were drawn for the [`points`](FirstPass::n_points) of the first pass, and the
    /// same signals.
    fn finish(
        &self,
        _signals: &Signals<'_>,
        _first: FirstPass,
        _pairs: &Pairs,
        _image: &mut Image,
    ) -> Result<(), Error> {
        Ok(())
    }
}

/// Prepares an extractor for a telescope's camera.
pub type Prepare = fn(&TelescopeSettings<'_>, &CameraReadout) -> Result<Box<dyn Extractor>, Error>;

/// An extractor that can be asked for by name.
pub struct ExtractorKind {
    /// Name.
    pub name: &'static str,
    /// Names of its settings.
    pub settings: &'static [&'static str],
    /// Its constructor.
    pub prepare: Prepare,
}

/// All extractors.
pub const EXTRACTORS: &[ExtractorKind] = &[
    full::KIND,
    fixed::KIND,
    global_peak::KIND,
    local_peak::KIND,
    sliding::KIND,
    neighbor_peak::KIND,
    neighbor_peak::BASELINE_KIND,
    two_pass::KIND,
    variance::KIND,
    flashcam::KIND,
];

/// Prepares the extractor of a name for a telescope.
pub fn extractor(
    name: &str,
    settings: &Settings,
    tel_id: TelId,
    description: &str,
    readout: &CameraReadout,
) -> Result<Box<dyn Extractor>, Error> {
    let Some(kind) = EXTRACTORS.iter().find(|kind| kind.name == name) else {
        let names: Vec<&str> = EXTRACTORS.iter().map(|kind| kind.name).collect();
        let reason = format!("there is no extractor {name}, but {}", names.join(", "));
        return Err(Error::parameter("image_extractor_type", reason));
    };
    (kind.prepare)(&settings.resolve(kind.name, kind.settings, tel_id, description)?, readout)
}
