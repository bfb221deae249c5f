//! The numbers of an event's telescope that cuts know, by ctapipe's names of columns.

use crate::event::{Dl1Event, Dl1Telescope, Shower};
use crate::parameters::{ImageParameters, Statistics};
use crate::writer::ctapipe::fields;
use crate::writer::ctapipe::table::Container;

/// Frame of the parameters, which tells their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// Angles in the field of view: `hillas_fov_lon`.
    Telescope,
    /// Lengths in the camera: `camera_frame_hillas_x`.
    Camera,
}

/// Names of numbers, and how they are taken of an event.
///
/// | names | of |
/// |--|--|
/// | `obs_id`, `event_id`, `tel_id`, `event_type`, `multiplicity` | the event; telescopes in its trigger |
/// | `telescope_pointing_azimuth`, `telescope_pointing_altitude` | where the telescope looks, in degrees |
/// | `true_energy`, `true_alt`, … | the shower, as ctapipe names and measures it |
/// | `true_impact_distance`, `true_image_sum` | the telescope, if simulated |
/// | `hillas_intensity`, … | its parameters, as ctapipe names and measures them |
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    names: Vec<String>,
}

const EVENT: [&str; 7] = [
    "obs_id",
    "event_id",
    "tel_id",
    "event_type",
    "multiplicity",
    "telescope_pointing_azimuth",
    "telescope_pointing_altitude",
];

impl Columns {
    /// The names in a frame.
    pub fn new(frame: Frame) -> Self {
        let mut names: Vec<String> = EVENT.iter().map(|name| (*name).to_owned()).collect();
        let mut add = |container: &Container| {
            for field in container.fields {
                names.push(format!("{}_{}", container.prefix, field.name));
            }
        };
        add(&fields::SHOWER);
        for container in parameters(frame) {
            add(container);
        }
        names.extend(["true_impact_distance", "true_image_sum"].map(String::from));
        Columns { names }
    }

    /// Names, in the order of [`Columns::fill`].
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Where a name is.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    /// The numbers of a telescope of an event, in place of what `row` holds. What is not known is NaN, counts of
    /// images without parameters are -1.
    pub fn fill(&self, event: &Dl1Event, telescope: &Dl1Telescope, row: &mut Vec<f64>) {
        row.clear();
        row.extend([
            f64::from(event.obs_id),
            event.event_id as f64,
            f64::from(telescope.tel_id),
            event.event_type.0 as f64,
            event.triggers.len() as f64,
            telescope.pointing.azimuth.to_degrees(),
            telescope.pointing.altitude.to_degrees(),
        ]);
        row.extend(shower(event.shower.as_ref()));
        push_parameters(telescope.parameters.as_ref().unwrap_or(&ImageParameters::UNDEFINED), row);
        row.push(telescope.true_impact_m.unwrap_or(f64::NAN));
        row.push(telescope.true_image_sum.map_or(f64::NAN, f64::from));
    }
}

fn parameters(frame: Frame) -> [&'static Container; 7] {
    let (hillas, timing) = match frame {
        Frame::Telescope => (&fields::HILLAS, &fields::TIMING),
        Frame::Camera => (&fields::CAMERA_HILLAS, &fields::CAMERA_TIMING),
    };
    [
        hillas,
        timing,
        &fields::LEAKAGE,
        &fields::CONCENTRATION,
        &fields::MORPHOLOGY,
        &fields::INTENSITY,
        &fields::PEAK_TIME_STATISTICS,
    ]
}

/// The numbers of a shower, in the order of [`shower_names`]; NaN if there is none.
pub(crate) fn shower(shower: Option<&Shower>) -> [f64; 9] {
    let Some(shower) = shower else { return [f64::NAN; 9] };
    [
        shower.energy_tev,
        shower.altitude.to_degrees(),
        shower.azimuth.to_degrees(),
        shower.core_x_m,
        shower.core_y_m,
        shower.h_first_int_m,
        shower.x_max,
        shower.starting_grammage,
        shower.primary_id as f64,
    ]
}

/// Names of the numbers of a shower.
pub(crate) fn shower_names() -> impl Iterator<Item = String> {
    let Container { prefix, fields, .. } = &fields::SHOWER;
    fields.iter().map(move |field| format!("{prefix}_{}", field.name))
}

fn push_parameters(from: &ImageParameters, row: &mut Vec<f64>) {
    let ImageParameters { hillas, timing, leakage, concentration, morphology, .. } = from;
    row.extend(hillas.values());
    row.extend([timing.intercept, timing.deviation, timing.slope]);
    row.extend(leakage.pixels_width);
    row.extend(leakage.intensity_width);
    row.extend([concentration.cog, concentration.core, concentration.pixel]);
    let counts = [
        morphology.n_pixels,
        morphology.n_islands,
        morphology.n_small_islands,
        morphology.n_medium_islands,
        morphology.n_large_islands,
    ];
    row.extend(counts.map(|count| count as f64));
    for Statistics { max, min, mean, std, skewness, kurtosis } in [from.intensity, from.peak_time] {
        row.extend([max, min, mean, std, skewness, kurtosis]);
    }
}
