//! The tables of events.

use std::collections::HashSet;

use tierline_h5::pytables::{FileWriter, TableId};

use super::fields::{
    CAMERA_HILLAS, CAMERA_TIMING, CONCENTRATION, CORE, EVENT_INDEX, EVENT_TYPE, HILLAS, IMAGE,
    IMAGE_MASK, IMPACT, INTENSITY, IS_VALID, LEAKAGE, MONITORED_POINTING, MORPHOLOGY,
    N_TRIGGER_PIXELS, PEAK_TIME, PEAK_TIME_STATISTICS, POINTING, POINTING_INDEX, SHOWER,
    TEL_EVENT_INDEX, TELESCOPE_TIME, TELS_WITH_TRIGGER, TIME, TIMING, TRUE_IMAGE, TRUE_IMAGE_SUM,
    TRUE_INTENSITY, TRUE_LEAKAGE,
};
use super::table::{Container, Field, Table};
use super::{FixedPoint, Options, index, unknown_telescope};
use crate::Error;
use crate::event::{Dl1Event, Dl1Telescope, Shower};
use crate::instrument::{Subarray, TelId};
use crate::parameters::{ImageParameters, Statistics};
use crate::time::high_resolution;
use crate::writer::Row;

/// Lengths of a telescope's images, which its first one has settled.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ImageTable {
    id: TableId,
    image: usize,
    peak_time: usize,
    mask: usize,
}

/// Tables of a telescope, as far as they were created.
#[derive(Debug, Clone, Default)]
struct Tables {
    images: Option<ImageTable>,
    parameters: Option<TableId>,
    impact: Option<TableId>,
    true_images: Option<(TableId, usize)>,
    true_parameters: Option<TableId>,
    pointing: Option<TableId>,
}

/// All tables of events.
pub(super) struct Events {
    version: &'static str,
    trigger: TableId,
    telescope_trigger: TableId,
    shower: Option<TableId>,
    tables: Vec<Tables>,
    /// Observations and telescopes whose pointing was written.
    pointed: HashSet<(i32, TelId)>,
    row: Row,
    mask: Vec<bool>,
}

impl Events {
    /// Creates the tables that every file has.
    pub(super) fn create(
        file: &mut FileWriter,
        subarray: &Subarray,
        options: &Options,
    ) -> Result<Self, Error> {
        let version = options.model.ctapipe_version();
        let count = subarray.telescopes.len();
        if count == 0 {
            return Err(Error::parameter("subarray", "it has no telescopes"));
        }
        let mut table = Table::of_rows(version);
        table.container(&EVENT_INDEX).begin("TriggerContainer");
        table.field("", &TIME, &[2]).field("", &TELS_WITH_TRIGGER, &[count]);
        table.field("", &EVENT_TYPE, &[]);
        let trigger = table.create(file, "dl1/event/subarray/trigger")?;
        let mut table = Table::of_rows(version);
        table.container(&TEL_EVENT_INDEX).begin("TelescopeTriggerContainer");
        table.field("", &TELESCOPE_TIME, &[2]).field("", &EVENT_TYPE, &[]);
        table.field("", &N_TRIGGER_PIXELS, &[]);
        let telescope_trigger = table.create(file, "dl1/event/telescope/trigger")?;
        Ok(Events {
            version,
            trigger,
            telescope_trigger,
            shower: None,
            tables: vec![Tables::default(); count],
            pointed: HashSet::new(),
            row: Row::default(),
            mask: vec![false; count],
        })
    }

    pub(super) fn write(
        &mut self,
        file: &mut FileWriter,
        subarray: &Subarray,
        options: &Options,
        event: &Dl1Event,
    ) -> Result<(), Error> {
        let mut places = Vec::with_capacity(event.telescopes.len());
        for telescope in &event.telescopes {
            let place = subarray.index(telescope.tel_id);
            places.push(place.ok_or_else(|| unknown_telescope(event.event_id, telescope.tel_id))?);
        }
        self.triggers(file, subarray, event)?;
        if let Some(shower) = event.shower.as_ref().filter(|_| options.is_simulation) {
            self.shower(file, event, shower)?;
        }
        for (at, telescope) in places.into_iter().zip(&event.telescopes) {
            self.pointing(file, options, at, event, telescope)?;
            if options.parameters && telescope.parameters.is_some() {
                self.parameters(file, options, at, event, telescope)?;
            }
            if options.images {
                self.image(file, options, at, event, telescope)?;
            }
            if options.is_simulation {
                self.truth(file, options, at, event, telescope)?;
            }
        }
        Ok(())
    }

    /// Tables of images.
    #[cfg(test)]
    pub(super) fn images(&self) -> Vec<TableId> {
        self.tables.iter().filter_map(|own| own.images.map(|images| images.id)).collect()
    }

    fn triggers(
        &mut self,
        file: &mut FileWriter,
        subarray: &Subarray,
        event: &Dl1Event,
    ) -> Result<(), Error> {
        self.mask.fill(false);
        for trigger in &event.triggers {
            let at = subarray.index(trigger.tel_id);
            self.mask[at.ok_or_else(|| unknown_telescope(event.event_id, trigger.tel_id))?] = true;
        }
        let [seconds, quarters] = high_resolution(event.time);
        self.row.clear().i32(event.obs_id).i64(event.event_id).u32(seconds).u32(quarters);
        self.row.bools(&self.mask).i64(event.event_type.0);
        file.append(self.trigger, &self.row.0)?;
        for trigger in &event.triggers {
            let [seconds, quarters] = high_resolution(trigger.time);
            index(&mut self.row, event.into(), trigger.tel_id);
            self.row.u32(seconds).u32(quarters).i64(trigger.event_type.0);
            file.append(self.telescope_trigger, &self.row.i64(trigger.n_trigger_pixels).0)?;
        }
        Ok(())
    }

    fn shower(
        &mut self,
        file: &mut FileWriter,
        event: &Dl1Event,
        shower: &Shower,
    ) -> Result<(), Error> {
        let version = self.version;
        let id = once(&mut self.shower, || {
            let mut table = Table::of_rows(version);
            table.container(&EVENT_INDEX).container(&SHOWER);
            table.create(file, "simulation/event/subarray/shower")
        })?;
        self.row.clear().i32(event.obs_id).i64(event.event_id);
        self.row.f64s(&[
            shower.energy_tev,
            shower.altitude.to_degrees(),
            shower.azimuth.to_degrees(),
            shower.core_x_m,
            shower.core_y_m,
            shower.h_first_int_m,
            shower.x_max,
            shower.starting_grammage,
        ]);
        Ok(file.append(id, &self.row.i64(shower.primary_id).0)?)
    }

    /// Of simulated runs the first pointing is written, of observed ones each that is known with its time.
    fn pointing(
        &mut self,
        file: &mut FileWriter,
        options: &Options,
        at: usize,
        event: &Dl1Event,
        telescope: &Dl1Telescope,
    ) -> Result<(), Error> {
        let (tel_id, pointing, version) = (telescope.tel_id, telescope.pointing, self.version);
        let table = &mut self.tables[at].pointing;
        if !options.is_simulation {
            if pointing.azimuth.is_nan() || pointing.altitude.is_nan() {
                return Ok(());
            }
            let id = once(table, || {
                let mut table = Table::of_rows(version);
                table.begin("TelescopePointingContainer");
                let [time, azimuth, altitude] = &MONITORED_POINTING;
                table.field("", time, &[2]).field("", azimuth, &[]).field("", altitude, &[]);
                table.create(file, &path("dl1/monitoring/telescope/pointing", tel_id))
            })?;
            let trigger = event.triggers.iter().find(|trigger| trigger.tel_id == tel_id);
            let [seconds, quarters] =
                high_resolution(trigger.map_or(event.time, |trigger| trigger.time));
            let row = self.row.clear().u32(seconds).u32(quarters);
            return Ok(file.append(id, &row.f64(pointing.azimuth).f64(pointing.altitude).0)?);
        }
        if !self.pointed.insert((event.obs_id, tel_id)) {
            return Ok(());
        }
        let id = once(table, || {
            let mut table = Table::of_rows(version);
            table.container(&POINTING_INDEX).container(&POINTING);
            table.create(file, &path("configuration/telescope/pointing", tel_id))
        })?;
        let row = self.row.clear().i32(event.obs_id).i64(tel_id.into());
        Ok(file.append(id, &row.f32s(&[pointing.azimuth as f32, pointing.altitude as f32]).0)?)
    }

    fn parameters(
        &mut self,
        file: &mut FileWriter,
        options: &Options,
        at: usize,
        event: &Dl1Event,
        telescope: &Dl1Telescope,
    ) -> Result<(), Error> {
        let Some(parameters) = &telescope.parameters else { return Ok(()) };
        let version = self.version;
        let id = once(&mut self.tables[at].parameters, || {
            let (hillas, timing) = match options.camera_frame {
                true => (&CAMERA_HILLAS, &CAMERA_TIMING),
                false => (&HILLAS, &TIMING),
            };
            let mut table = Table::of_rows(version);
            let containers = [
                &TEL_EVENT_INDEX,
                hillas,
                timing,
                &LEAKAGE,
                &CONCENTRATION,
                &MORPHOLOGY,
                &INTENSITY,
                &PEAK_TIME_STATISTICS,
                &CORE,
            ];
            containers.into_iter().for_each(|container| _ = table.container(container));
            table.create(file, &path("dl1/event/telescope/parameters", telescope.tel_id))
        })?;
        index(&mut self.row, event.into(), telescope.tel_id);
        let row = &mut self.row;
        row.f64s(&parameters.hillas.values());
        let timing = &parameters.timing;
        row.f64s(&[timing.intercept, timing.deviation, timing.slope]);
        row.f64s(&parameters.leakage.pixels_width);
        row.f32s(&parameters.leakage.intensity_width.map(|value| value as f32));
        shape(row, parameters);
        statistics(row, &parameters.intensity);
        statistics(row, &parameters.peak_time);
        row.f64(f64::NAN);
        Ok(file.append(id, &self.row.0)?)
    }

    fn image(
        &mut self,
        file: &mut FileWriter,
        options: &Options,
        at: usize,
        event: &Dl1Event,
        telescope: &Dl1Telescope,
    ) -> Result<(), Error> {
        let image = &telescope.image;
        let mask = telescope.image_mask.as_deref().filter(|_| options.parameters);
        let table = match self.tables[at].images {
            Some(table) => table,
            None => self.image_table(file, options, at, telescope)?,
        };
        let mask_fits = mask.is_none_or(|mask| mask.len() == table.mask);
        if (image.image.len(), image.peak_time.len()) != (table.image, table.peak_time)
            || !mask_fits
        {
            return Err(Error::parameter(
                format!("event {}, telescope {}", event.event_id, telescope.tel_id),
                "the image has other lengths than those before",
            ));
        }
        index(&mut self.row, event.into(), telescope.tel_id);
        pixels(&mut self.row, options.transform_image, &image.image);
        pixels(&mut self.row, options.transform_peak_time, &image.peak_time);
        match mask {
            Some(mask) => self.row.bools(mask),
            None => self.row.zeros(table.mask),
        };
        Ok(file.append(table.id, &self.row.bool(image.is_valid).0)?)
    }

    fn image_table(
        &mut self,
        file: &mut FileWriter,
        options: &Options,
        at: usize,
        telescope: &Dl1Telescope,
    ) -> Result<ImageTable, Error> {
        let image = &telescope.image;
        let (length, times) = (image.image.len(), image.peak_time.len());
        let mask = telescope.image_mask.as_ref().filter(|_| options.parameters).map(Vec::len);
        let pixels = mask.unwrap_or(length);
        // Images of several gain channels have these as their first extent.
        let extents = |length: usize| match length.checked_div(pixels) {
            Some(gains @ 2..) if length.is_multiple_of(pixels) => vec![gains, pixels],
            _ => vec![length],
        };
        let mut table = Table::of_rows(self.version);
        table.container(&TEL_EVENT_INDEX).begin("DL1CameraContainer");
        image_column(&mut table, &IMAGE, options.transform_image, &extents(length));
        if times > 0 {
            image_column(&mut table, &PEAK_TIME, options.transform_peak_time, &extents(times));
        }
        let mask = if options.parameters { pixels } else { 0 };
        if mask > 0 {
            table.field("", &IMAGE_MASK, &[mask]);
        }
        table.field("", &IS_VALID, &[]);
        let id = table.create(file, &path("dl1/event/telescope/images", telescope.tel_id))?;
        let table = ImageTable { id, image: length, peak_time: times, mask };
        self.tables[at].images = Some(table);
        Ok(table)
    }

    fn truth(
        &mut self,
        file: &mut FileWriter,
        options: &Options,
        at: usize,
        event: &Dl1Event,
        telescope: &Dl1Telescope,
    ) -> Result<(), Error> {
        let (version, tel_id) = (self.version, telescope.tel_id);
        if let Some(distance) = telescope.true_impact_m {
            let id = once(&mut self.tables[at].impact, || {
                let mut table = Table::of_rows(version);
                table.container(&TEL_EVENT_INDEX).container(&IMPACT);
                table.create(file, &path("simulation/event/telescope/impact", tel_id))
            })?;
            index(&mut self.row, event.into(), tel_id);
            file.append(id, &self.row.f64(distance).f64(0.0).0)?;
        }
        let image = telescope.true_image.as_deref().filter(|_| options.images).unwrap_or_default();
        let (id, length) = once(&mut self.tables[at].true_images, || {
            let mut table = Table::of_rows(version);
            table.container(&TEL_EVENT_INDEX).begin("SimulatedCameraContainer");
            table.field("", &TRUE_IMAGE_SUM, &[]);
            if !image.is_empty() {
                table.field("", &TRUE_IMAGE, &[image.len()]);
            }
            let path = path("simulation/event/telescope/images", tel_id);
            Ok((table.create(file, &path)?, image.len()))
        })?;
        index(&mut self.row, event.into(), tel_id);
        self.row.i32(telescope.true_image_sum.unwrap_or(-1));
        match (image.len(), length) {
            // What the first image has not brought, the table has no column for.
            (_, 0) => {}
            (0, _) => (0..length).for_each(|_| _ = self.row.i32(-1)),
            (have, _) if have == length => _ = self.row.i32s(image),
            (have, _) => {
                let name = format!("event {}, telescope {tel_id}", event.event_id);
                let reason = format!("a true image of {have} pixels, those before had {length}");
                return Err(Error::parameter(name, reason));
            }
        }
        file.append(id, &self.row.0)?;
        match telescope.true_parameters.as_ref().filter(|_| options.parameters) {
            Some(parameters) => self.true_parameters(file, options, at, event, tel_id, parameters),
            None => Ok(()),
        }
    }

    fn true_parameters(
        &mut self,
        file: &mut FileWriter,
        options: &Options,
        at: usize,
        event: &Dl1Event,
        tel_id: TelId,
        parameters: &ImageParameters,
    ) -> Result<(), Error> {
        let version = self.version;
        let id = once(&mut self.tables[at].true_parameters, || {
            let hillas = if options.camera_frame { &CAMERA_HILLAS } else { &HILLAS };
            let mut table = Table::of_rows(version);
            table.container(&TEL_EVENT_INDEX);
            for container in [hillas, &TRUE_LEAKAGE, &CONCENTRATION, &MORPHOLOGY, &TRUE_INTENSITY] {
                of_truth(&mut table, container);
            }
            table.create(file, &path("simulation/event/telescope/parameters", tel_id))
        })?;
        index(&mut self.row, event.into(), tel_id);
        let row = &mut self.row;
        row.f64s(&parameters.hillas.values());
        row.f64s(&parameters.leakage.pixels_width).f64s(&parameters.leakage.intensity_width);
        shape(row, parameters);
        let Statistics { max, min, mean, std, skewness, kurtosis } = parameters.intensity;
        row.i32(max as i32).i32(min as i32).f64s(&[mean, std, skewness, kurtosis]);
        Ok(file.append(id, &self.row.0)?)
    }
}

/// A column of images or times.
fn image_column(table: &mut Table, field: &Field, fixed: Option<FixedPoint>, shape: &[usize]) {
    let Some(fixed) = fixed else {
        table.field("", field, shape);
        return;
    };
    let n = table.schema.columns().len();
    table.field("", &Field { dtype: fixed.dtype(), ..*field }, shape);
    for (what, value) in fixed.values() {
        table.value(&format!("CTAFIELD_{n}_{what}"), value);
    }
}

fn pixels(row: &mut Row, fixed: Option<FixedPoint>, values: &[f32]) {
    match fixed {
        Some(fixed) => fixed.put(row, values),
        None => _ = row.f32s(values),
    }
}

/// Columns of a container with another prefix.
fn of_truth(table: &mut Table, container: &Container) {
    table.begin(container.name);
    let prefix = format!("true_{}", container.prefix);
    container.fields.iter().for_each(|field| _ = table.field(&prefix, field, &[]));
}

/// What is there already, or what is made now.
fn once<T: Copy>(
    slot: &mut Option<T>,
    make: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    match slot {
        Some(there) => Ok(*there),
        None => Ok(*slot.insert(make()?)),
    }
}

fn path(group: &str, tel_id: TelId) -> String {
    format!("{group}/tel_{tel_id:03}")
}

/// Concentration and morphology.
fn shape(row: &mut Row, parameters: &ImageParameters) {
    let (concentration, morphology) = (&parameters.concentration, &parameters.morphology);
    row.f64s(&[concentration.cog, concentration.core, concentration.pixel]);
    row.i64(morphology.n_pixels).i64(morphology.n_islands).i64(morphology.n_small_islands);
    row.i64(morphology.n_medium_islands).i64(morphology.n_large_islands);
}

/// Statistics whose values have single precision.
fn statistics(row: &mut Row, of: &Statistics) {
    row.f32s(&[of.max as f32, of.min as f32, of.mean as f32, of.std as f32]);
    row.f64s(&[of.skewness, of.kurtosis]);
}
