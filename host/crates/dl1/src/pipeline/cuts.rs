//! What images and events must be like to be written.

use crate::Error;
use crate::cuts::{Columns, Cuts, Frame, shower, shower_names};
use crate::event::Dl1Event;

/// Numbers of an event that its cut may name, beside those of the shower: `multiplicity` counts the telescopes that
/// triggered, `n_images` the images that are left.
const EVENT_COLUMNS: [&str; 5] = ["obs_id", "event_id", "event_type", "multiplicity", "n_images"];

/// All of them.
fn event_columns() -> Vec<String> {
    EVENT_COLUMNS.iter().map(|name| (*name).to_owned()).chain(shower_names()).collect()
}

/// Conditions on images and events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct QualityCuts {
    image: Option<(Columns, Cuts)>,
    event: Option<Cuts>,
}

impl QualityCuts {
    /// Images that don't fulfil a condition on their parameters are left out.
    pub fn image(&mut self, text: &str, frame: Frame) -> Result<(), Error> {
        let columns = Columns::new(frame);
        let cuts = Cuts::parse(text, columns.names())?;
        self.image = Some((columns, cuts));
        Ok(())
    }

    /// Events that don't fulfil a condition are left out.
    pub fn event(&mut self, text: &str) -> Result<(), Error> {
        self.event = Some(Cuts::parse(text, &event_columns())?);
        Ok(())
    }

    /// Whether images are cut on.
    pub fn needs_parameters(&self) -> bool {
        self.image.is_some()
    }

    /// Leaves images out; returns how many.
    pub(super) fn cut_images(&self, event: &mut Dl1Event) -> u64 {
        let Some((columns, cuts)) = &self.image else { return 0 };
        let (mut row, mut cut) = (Vec::new(), 0);
        let telescopes = std::mem::take(&mut event.telescopes);
        for telescope in telescopes {
            columns.fill(event, &telescope, &mut row);
            if cuts.passes_row(&row) {
                event.telescopes.push(telescope);
            } else {
                cut += 1;
            }
        }
        cut
    }

    /// Whether an event is to be written.
    pub(super) fn passes(&self, event: &Dl1Event) -> bool {
        let Some(cuts) = &self.event else { return true };
        let own = [
            f64::from(event.obs_id),
            event.event_id as f64,
            event.event_type.0 as f64,
            event.triggers.len() as f64,
            event.telescopes.len() as f64,
        ];
        cuts.passes_row(&[&own[..], &shower(event.shower.as_ref())].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_and_every_one_is_known() {
        let mut cuts = QualityCuts::default();
        for name in event_columns() {
            cuts.event(&format!("{name} >= 0")).unwrap();
        }
        let error = cuts.event("multiplicty > 1").unwrap_err().to_string();
        assert!(error.contains("multiplicity"), "{error}");
        cuts.image("hillas_intensity > 50 and leakage_pixels_width_2 < 0.2", Frame::Telescope)
            .unwrap();
        assert!(cuts.needs_parameters() && cuts.image("hillas", Frame::Telescope).is_err());
    }
}
