//! The tables of a telescope.

use std::collections::HashMap;

use tierline_h5::pytables::Column;
use tierline_h5::tree;

use super::super::cell::{bools, i32s, integer};
use super::columns::{Images, Parameters, Pixels};
use super::rows::{Rows, time};
use crate::Error;
use crate::event::{Dl1Telescope, Image, Pointing, Time};
use crate::instrument::TelId;
use crate::reader::Cells;

/// Tables of a telescope.
pub(super) struct Telescope {
    pub(super) images: Option<Images>,
    pub(super) parameters: Option<Parameters>,
    impact: Option<Rows>,
    true_images: Option<(Rows, Option<Column>)>,
    pub(super) true_parameters: Option<Parameters>,
    /// Where it looked in each simulated run.
    pointings: HashMap<i32, Pointing>,
    /// Where it looked at which time, in observed runs: sorted by time.
    monitored: Vec<(f64, Pointing)>,
}

/// Rows of a table of pointings.
const MAX_POINTINGS: usize = 10_000_000;

impl Telescope {
    pub(super) fn open(file: &tree::Reader, tel_id: TelId) -> Result<Self, Error> {
        let path = |group: &str| format!("/{group}/tel_{tel_id:03}");
        let true_images = Rows::find(file, &path("simulation/event/telescope/images"))?;
        let mut pointings = HashMap::new();
        if let Some(mut table) = Cells::find(file, &path("configuration/telescope/pointing"))? {
            for row in 0..table.rows().min(MAX_POINTINGS) {
                table.go(row)?;
                let [azimuth, altitude] = ["azimuth", "altitude"]
                    .map(|name| table.number(&format!("telescope_pointing_{name}")));
                pointings.insert(table.integer("obs_id") as i32, Pointing { azimuth, altitude });
            }
        }
        let true_parameters = path("simulation/event/telescope/parameters");
        Ok(Telescope {
            images: Images::find(file, &path("dl1/event/telescope/images"))?,
            parameters: Parameters::find(file, &path("dl1/event/telescope/parameters"), "")?,
            impact: Rows::find(file, &path("simulation/event/telescope/impact"))?,
            true_images: true_images.map(|rows| {
                let image = rows.cells.find_column("true_image");
                (rows, image)
            }),
            true_parameters: Parameters::find(file, &true_parameters, "true_")?,
            pointings,
            monitored: monitored(file, tel_id)?,
        })
    }

    /// What there is of an event; `None` if there is nothing.
    pub(super) fn take(
        &mut self,
        obs_id: i32,
        event_id: i64,
        tel_id: TelId,
        time: Time,
    ) -> Result<Option<Dl1Telescope>, Error> {
        let mut is_there = false;
        let mut telescope = Dl1Telescope {
            tel_id,
            pointing: self.pointing(obs_id, time),
            image: Image::default(),
            image_mask: None,
            parameters: None,
            true_impact_m: None,
            true_image_sum: None,
            true_image: None,
            true_parameters: None,
        };
        if let Some(images) = &mut self.images
            && images.rows.take(obs_id, event_id)?
        {
            is_there = true;
            let row = images.rows.cells.row();
            let pixels = |pixels: &Option<Pixels>| {
                pixels.as_ref().map(|pixels| pixels.read(row)).unwrap_or_default()
            };
            telescope.image = Image {
                image: pixels(&images.image),
                peak_time: pixels(&images.peak_time),
                is_valid: images.is_valid.as_ref().is_none_or(|own| integer(own, row) != 0),
            };
            telescope.image_mask = images.mask.as_ref().map(|mask| bools(mask, row));
        }
        for (table, into) in [
            (&mut self.parameters, &mut telescope.parameters),
            (&mut self.true_parameters, &mut telescope.true_parameters),
        ] {
            if let Some(table) = table
                && table.rows.take(obs_id, event_id)?
            {
                is_there = true;
                *into = Some(table.read());
            }
        }
        if let Some(rows) = &mut self.impact
            && rows.take(obs_id, event_id)?
        {
            is_there = true;
            telescope.true_impact_m = Some(rows.cells.number("true_impact_distance"));
        }
        if let Some((rows, image)) = &mut self.true_images
            && rows.take(obs_id, event_id)?
        {
            is_there = true;
            let sum = rows.cells.number("true_image_sum");
            telescope.true_image_sum = Some(sum).filter(|sum| *sum >= 0.0).map(|sum| sum as i32);
            telescope.true_image = image.as_ref().map(|image| i32s(image, rows.cells.row()));
        }
        Ok(is_there.then_some(telescope))
    }

    /// Where it looked: interpolated in azimuth and altitude between two times, NaN if nothing is known.
    pub(super) fn pointing(&self, obs_id: i32, time: Time) -> Pointing {
        if let Some(pointing) = self.pointings.get(&obs_id) {
            return *pointing;
        }
        let time = time.seconds as f64 + time.nanoseconds / 1e9;
        let after = self.monitored.partition_point(|(when, _)| *when < time);
        let (before, after) =
            (self.monitored.get(after.wrapping_sub(1)), self.monitored.get(after));
        match (before, after) {
            (Some((first, a)), Some((last, b))) if last > first => {
                let share = (time - first) / (last - first);
                let between = |a: f64, b: f64| a + share * (b - a);
                Pointing {
                    azimuth: between(a.azimuth, b.azimuth),
                    altitude: between(a.altitude, b.altitude),
                }
            }
            (_, Some((_, pointing))) | (Some((_, pointing)), None) => *pointing,
            (None, None) => Pointing { azimuth: f64::NAN, altitude: f64::NAN },
        }
    }

    pub(super) fn finish(&self, file: &tree::Reader) -> Result<(), Error> {
        let rows = [
            self.images.as_ref().map(|table| &table.rows),
            self.parameters.as_ref().map(|table| &table.rows),
            self.impact.as_ref(),
            self.true_images.as_ref().map(|(rows, _)| rows),
            self.true_parameters.as_ref().map(|table| &table.rows),
        ];
        rows.into_iter().flatten().try_for_each(|rows| rows.finish(file))
    }
}

pub(super) fn monitored(file: &tree::Reader, tel_id: TelId) -> Result<Vec<(f64, Pointing)>, Error> {
    let levels = ["dl1", "dl0"];
    let path = |level: &str| format!("/{level}/monitoring/telescope/pointing/tel_{tel_id:03}");
    let mut all = Vec::new();
    for level in levels {
        let Some(mut table) = Cells::find(file, &path(level))? else { continue };
        let Some(column) = table.find_column("time") else { continue };
        for row in 0..table.rows().min(MAX_POINTINGS) {
            table.go(row)?;
            let time = time(&column, table.row());
            let (azimuth, altitude) = (table.number("azimuth"), table.number("altitude"));
            let when = time.seconds as f64 + time.nanoseconds / 1e9;
            all.push((when, Pointing { azimuth, altitude }));
        }
        break;
    }
    all.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    Ok(all)
}
