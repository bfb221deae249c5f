//! The tables of events, walked in step.

use std::collections::HashMap;

use tierline_h5::pytables::Column;
use tierline_h5::tree;

use super::super::cell::{bools, f32s, f64s, i32s, integer, number};
use crate::event::{
    Dl1Event, Dl1Telescope, EventType, Image, Pointing, Shower, TelescopeTrigger, Time,
};
use crate::instrument::{Subarray, TelId};
use crate::parameters::{
    Concentration, Hillas, ImageParameters, Leakage, Morphology, Statistics, Timing,
};
use crate::reader::{Attributes, Cells};
use crate::time::from_high_resolution;
use crate::writer::ctapipe::fields;
use crate::writer::ctapipe::table::Container;
use crate::{Error, Place};

/// A table of which rows are taken as events want them.
struct Rows {
    cells: Cells,
    next: usize,
    obs_id: Option<Column>,
    event_id: Column,
    /// Whether `cells` is at the next row.
    is_there: bool,
}

impl Rows {
    fn find(file: &tree::Reader, path: &str) -> Result<Option<Self>, Error> {
        let Some(cells) = Cells::find(file, path)? else { return Ok(None) };
        let (obs_id, event_id) = (cells.find_column("obs_id"), cells.column(file, "event_id")?);
        Ok(Some(Rows { cells, next: 0, obs_id, event_id, is_there: false }))
    }

    /// Whether the next row is of an event; the row is taken then.
    fn take(&mut self, obs_id: i32, event_id: i64) -> Result<bool, Error> {
        if self.next >= self.cells.rows() {
            return Ok(false);
        }
        if !self.is_there {
            self.cells.go(self.next)?;
            self.is_there = true;
        }
        let row = self.cells.row();
        let same = integer(&self.event_id, row) == event_id
            && self.obs_id.as_ref().is_none_or(|own| integer(own, row) == i64::from(obs_id));
        if same {
            self.next += 1;
            self.is_there = false;
        }
        Ok(same)
    }

    /// Fails if rows are left.
    fn finish(&self, file: &tree::Reader) -> Result<(), Error> {
        if self.next == self.cells.rows() {
            return Ok(());
        }
        let reason = format!("row {} of {} belongs to no event", self.next, self.cells.rows());
        let place = Place::Entry(self.cells.path().to_owned());
        Err(Error::malformed(file.path(), place, reason))
    }
}

/// A column of images or times, with what turns its numbers back.
struct Pixels {
    column: Column,
    fixed: Option<FixedPoint>,
}

/// How numbers were made whole ones: times a scale, plus an offset, with three that mean something else.
struct FixedPoint {
    scale: f64,
    offset: f64,
    nan: f64,
    infinite: [f64; 2],
}

impl Pixels {
    fn find(cells: &Cells, attributes: &Attributes, name: &str) -> Option<Self> {
        let column = cells.find_column(name)?;
        let n = cells.position(name)?;
        let value = |what: &str| attributes.number(&format!("CTAFIELD_{n}_{what}"));
        let transform = attributes.text(&format!("CTAFIELD_{n}_TRANSFORM"));
        let is_fixed = transform.as_deref() == Some("fixed_point");
        let fixed = is_fixed.then(|| FixedPoint {
            scale: value("TRANSFORM_SCALE").unwrap_or(1.0),
            offset: value("TRANSFORM_OFFSET").unwrap_or(0.0),
            nan: value("NAN_VALUE").unwrap_or(f64::NAN),
            infinite: ["NEGINF_VALUE", "POSINF_VALUE"].map(|name| value(name).unwrap_or(f64::NAN)),
        });
        Some(Pixels { column, fixed })
    }

    fn read(&self, row: &[u8]) -> Vec<f32> {
        let Some(fixed) = &self.fixed else { return f32s(&self.column, row) };
        let turned = |value: f64| match value {
            _ if value == fixed.nan => f32::NAN,
            _ if value == fixed.infinite[0] => f32::NEG_INFINITY,
            _ if value == fixed.infinite[1] => f32::INFINITY,
            _ => ((value - fixed.offset) / fixed.scale) as f32,
        };
        f64s(&self.column, row).into_iter().map(turned).collect()
    }
}

/// Columns of a table of images.
struct Images {
    rows: Rows,
    image: Option<Pixels>,
    peak_time: Option<Pixels>,
    mask: Option<Column>,
    is_valid: Option<Column>,
}

impl Images {
    fn find(file: &tree::Reader, path: &str) -> Result<Option<Self>, Error> {
        let Some(rows) = Rows::find(file, path)? else { return Ok(None) };
        let attributes = Attributes::of(file, path)?;
        let cells = &rows.cells;
        Ok(Some(Images {
            image: Pixels::find(cells, &attributes, "image"),
            peak_time: Pixels::find(cells, &attributes, "peak_time"),
            mask: cells.find_column("image_mask"),
            is_valid: cells.find_column("is_valid"),
            rows,
        }))
    }
}

/// Columns of a table of parameters.
struct Parameters {
    rows: Rows,
    is_camera: bool,
    columns: Vec<Option<Column>>,
}

impl Parameters {
    /// `prefix`: what all columns begin with.
    fn find(file: &tree::Reader, path: &str, prefix: &str) -> Result<Option<Self>, Error> {
        let Some(rows) = Rows::find(file, path)? else { return Ok(None) };
        let is_camera =
            rows.cells.find_column(&format!("{prefix}camera_frame_hillas_intensity")).is_some();
        let (hillas, timing) = match is_camera {
            true => (&fields::CAMERA_HILLAS, &fields::CAMERA_TIMING),
            false => (&fields::HILLAS, &fields::TIMING),
        };
        let containers: [&Container; 7] = [
            hillas,
            timing,
            &fields::LEAKAGE,
            &fields::CONCENTRATION,
            &fields::MORPHOLOGY,
            &fields::INTENSITY,
            &fields::PEAK_TIME_STATISTICS,
        ];
        let mut columns = Vec::new();
        for container in containers {
            for field in container.fields {
                let name = format!("{prefix}{}_{}", container.prefix, field.name);
                columns.push(rows.cells.find_column(&name));
            }
        }
        Ok(Some(Parameters { rows, is_camera, columns }))
    }

    /// The parameters of the row that was taken. Floats that are not there are NaN, counts -1.
    fn read(&self) -> ImageParameters {
        let row = self.rows.cells.row();
        let mut columns = self.columns.iter();
        let mut next = || {
            let column = columns.next().and_then(Option::as_ref);
            column.map_or(f64::NAN, |column| number(column, row))
        };
        let hillas = Hillas {
            intensity: next(),
            skewness: next(),
            kurtosis: next(),
            x: next(),
            y: next(),
            r: next(),
            phi: next(),
            length: next(),
            length_uncertainty: next(),
            width: next(),
            width_uncertainty: next(),
            psi: next(),
            psi_uncertainty: next(),
            transverse_cog_uncertainty: next(),
        };
        let (intercept, deviation, slope) = (next(), next(), next());
        let leakage = Leakage { pixels_width: [next(), next()], intensity_width: [next(), next()] };
        let concentration = Concentration { cog: next(), core: next(), pixel: next() };
        let mut count = || Some(next()).filter(|count| !count.is_nan()).map_or(-1, |n| n as i64);
        let morphology = Morphology {
            n_pixels: count(),
            n_islands: count(),
            n_small_islands: count(),
            n_medium_islands: count(),
            n_large_islands: count(),
        };
        let mut statistics = || Statistics {
            max: next(),
            min: next(),
            mean: next(),
            std: next(),
            skewness: next(),
            kurtosis: next(),
        };
        let (intensity, peak_time) = (statistics(), statistics());
        let timing = Timing { slope, intercept, deviation };
        ImageParameters { hillas, timing, leakage, concentration, morphology, intensity, peak_time }
    }
}

/// Tables of a telescope.
struct Telescope {
    images: Option<Images>,
    parameters: Option<Parameters>,
    impact: Option<Rows>,
    true_images: Option<(Rows, Option<Column>)>,
    true_parameters: Option<Parameters>,
    /// Where it looked in each simulated run.
    pointings: HashMap<i32, Pointing>,
    /// Where it looked at which time, in observed runs: sorted by time.
    monitored: Vec<(f64, Pointing)>,
}

/// Rows of a table of pointings.
const MAX_POINTINGS: usize = 10_000_000;

impl Telescope {
    fn open(file: &tree::Reader, tel_id: TelId) -> Result<Self, Error> {
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
    fn take(
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
    fn pointing(&self, obs_id: i32, time: Time) -> Pointing {
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

    fn finish(&self, file: &tree::Reader) -> Result<(), Error> {
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

fn monitored(file: &tree::Reader, tel_id: TelId) -> Result<Vec<(f64, Pointing)>, Error> {
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

/// A time: two whole numbers, or (up to v6) a modified Julian date.
fn time(column: &Column, row: &[u8]) -> Time {
    match f64s(column, row)[..] {
        [seconds, quarters] => from_high_resolution([seconds as u32, quarters as u32]),
        [mjd] => {
            let seconds = crate::time::from_mjd(mjd.floor());
            Time { seconds, nanoseconds: (mjd - mjd.floor()) * 86_400e9 }
        }
        _ => Time { seconds: 0, nanoseconds: f64::NAN },
    }
}

/// All tables of events.
pub(super) struct Events {
    trigger: Rows,
    time: Column,
    tels_with_trigger: Column,
    event_type: Option<Column>,
    telescope_trigger: Option<(Rows, Option<Column>)>,
    shower: Option<Rows>,
    telescopes: Vec<Telescope>,
    is_done: bool,
}

impl Events {
    pub(super) fn open(file: &tree::Reader, subarray: &Subarray) -> Result<Self, Error> {
        let path = "/dl1/event/subarray/trigger";
        let trigger = Rows::find(file, path)?;
        let Some(trigger) = trigger else {
            let place = Place::Entry(path.to_owned());
            return Err(Error::malformed(file.path(), place, "there is no such table"));
        };
        let telescope_trigger = Rows::find(file, "/dl1/event/telescope/trigger")?;
        let ids = subarray.telescopes.iter().map(|telescope| telescope.tel_id);
        Ok(Events {
            time: trigger.cells.column(file, "time")?,
            tels_with_trigger: trigger.cells.column(file, "tels_with_trigger")?,
            event_type: trigger.cells.find_column("event_type"),
            trigger,
            telescope_trigger: telescope_trigger.map(|rows| {
                let time = rows.cells.find_column("time");
                (rows, time)
            }),
            shower: Rows::find(file, "/simulation/event/subarray/shower")?,
            telescopes: ids.map(|id| Telescope::open(file, id)).collect::<Result<_, _>>()?,
            is_done: false,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.trigger.cells.rows()
    }

    pub(super) fn is_camera_frame(&self) -> bool {
        let mut tables = self.telescopes.iter().filter_map(|own| own.parameters.as_ref());
        tables.any(|table| table.is_camera)
    }

    /// Makes this the end.
    pub(super) fn stop(&mut self) {
        self.is_done = true;
    }

    pub(super) fn next(
        &mut self,
        file: &tree::Reader,
        subarray: &Subarray,
    ) -> Result<Option<Dl1Event>, Error> {
        if self.is_done {
            return Ok(None);
        }
        if self.trigger.next == self.len() {
            self.finish(file)?;
            self.is_done = true;
            return Ok(None);
        }
        let row = self.trigger.cells.go(self.trigger.next)?;
        self.trigger.next += 1;
        let obs_id = self.trigger.obs_id.as_ref().map_or(0, |own| integer(own, row)) as i32;
        let event_id = integer(&self.trigger.event_id, row);
        let time = time(&self.time, row);
        let own = self.event_type.as_ref().map(|own| EventType(integer(own, row)));
        let event_type = own.unwrap_or(EventType::UNKNOWN);
        let mask = bools(&self.tels_with_trigger, row);
        let triggered = mask.iter().filter(|is| **is).count();
        let triggers = self.triggers(file, (obs_id, event_id), triggered, event_type)?;
        let mut event = Dl1Event {
            obs_id,
            event_id,
            event_type,
            time,
            triggers,
            shower: self.shower(obs_id, event_id)?,
            telescopes: Vec::new(),
        };
        let first = event.triggers.iter().filter_map(|trigger| subarray.index(trigger.tel_id));
        let first: Vec<usize> = first.collect();
        let others = (0..subarray.telescopes.len()).filter(|at| !first.contains(at));
        for at in first.iter().copied().chain(others) {
            let tel_id = subarray.telescopes[at].tel_id;
            let trigger = event.triggers.iter().find(|trigger| trigger.tel_id == tel_id);
            let time = trigger.map_or(time, |trigger| trigger.time);
            event.telescopes.extend(self.telescopes[at].take(obs_id, event_id, tel_id, time)?);
        }
        Ok(Some(event))
    }

    fn triggers(
        &mut self,
        file: &tree::Reader,
        (obs_id, event_id): (i32, i64),
        count: usize,
        event_type: EventType,
    ) -> Result<Vec<TelescopeTrigger>, Error> {
        let Some((rows, own_time)) = &mut self.telescope_trigger else { return Ok(Vec::new()) };
        let mut triggers = Vec::new();
        while triggers.len() < count && rows.take(obs_id, event_id)? {
            let cells = &rows.cells;
            let own = cells.find_column("event_type");
            let pixels = cells.find_column("n_trigger_pixels");
            triggers.push(TelescopeTrigger {
                tel_id: cells.integer("tel_id") as TelId,
                time: own_time
                    .as_ref()
                    .map_or(Time { seconds: 0, nanoseconds: f64::NAN }, |column| {
                        time(column, cells.row())
                    }),
                event_type: own.map_or(event_type, |own| EventType(integer(&own, cells.row()))),
                n_trigger_pixels: pixels.map_or(-1, |own| integer(&own, cells.row())),
            });
        }
        if triggers.len() < count {
            let reason = format!("{} of {count} telescopes of event {event_id}", triggers.len());
            let place = Place::Entry(rows.cells.path().to_owned());
            return Err(Error::malformed(file.path(), place, reason));
        }
        Ok(triggers)
    }

    fn shower(&mut self, obs_id: i32, event_id: i64) -> Result<Option<Shower>, Error> {
        let Some(rows) = &mut self.shower else { return Ok(None) };
        if !rows.take(obs_id, event_id)? {
            return Ok(None);
        }
        let number = |name: &str| rows.cells.number(&format!("true_{name}"));
        Ok(Some(Shower {
            energy_tev: number("energy"),
            altitude: number("alt").to_radians(),
            azimuth: number("az").to_radians(),
            core_x_m: number("core_x"),
            core_y_m: number("core_y"),
            h_first_int_m: number("h_first_int"),
            x_max: number("x_max"),
            starting_grammage: number("starting_grammage"),
            primary_id: rows.cells.integer("true_shower_primary_id"),
        }))
    }

    fn finish(&self, file: &tree::Reader) -> Result<(), Error> {
        let rows = self.shower.iter().chain(self.telescope_trigger.iter().map(|(rows, _)| rows));
        rows.into_iter().try_for_each(|rows| rows.finish(file))?;
        self.telescopes.iter().try_for_each(|telescope| telescope.finish(file))
    }
}
