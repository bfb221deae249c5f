//! What images and events must be like to be written.

use crate::Error;
use crate::cuts::{Columns, Cuts, Frame};
use crate::event::Dl1Event;

/// Numbers of an event that its cut may name: `multiplicity` counts the telescopes that triggered, `n_images` the
/// images that are left.
const EVENT_COLUMNS: [&str; 14] = [
    "obs_id",
    "event_id",
    "event_type",
    "multiplicity",
    "n_images",
    "true_energy",
    "true_alt",
    "true_az",
    "true_core_x",
    "true_core_y",
    "true_h_first_int",
    "true_x_max",
    "true_starting_grammage",
    "true_shower_primary_id",
];

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
        self.event = Some(Cuts::parse(text, &EVENT_COLUMNS)?);
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
        let shower = event.shower.as_ref();
        cuts.passes(&|name: &str| {
            Some(match name {
                "obs_id" => event.obs_id.into(),
                "event_id" => event.event_id as f64,
                "event_type" => event.event_type.0 as f64,
                "multiplicity" => event.triggers.len() as f64,
                "n_images" => event.telescopes.len() as f64,
                "true_energy" => shower?.energy_tev,
                "true_alt" => shower?.altitude.to_degrees(),
                "true_az" => shower?.azimuth.to_degrees(),
                "true_core_x" => shower?.core_x_m,
                "true_core_y" => shower?.core_y_m,
                "true_h_first_int" => shower?.h_first_int_m,
                "true_x_max" => shower?.x_max,
                "true_starting_grammage" => shower?.starting_grammage,
                "true_shower_primary_id" => shower?.primary_id as f64,
                _ => return None,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_and_every_one_is_known() {
        let mut cuts = QualityCuts::default();
        for name in EVENT_COLUMNS {
            cuts.event(&format!("{name} >= 0")).unwrap();
        }
        let error = cuts.event("multiplicty > 1").unwrap_err().to_string();
        assert!(error.contains("multiplicity"), "{error}");
        cuts.image("hillas_intensity > 50 and leakage_pixels_width_2 < 0.2", Frame::Telescope)
            .unwrap();
        assert!(cuts.needs_parameters() && cuts.image("hillas", Frame::Telescope).is_err());
    }
}
