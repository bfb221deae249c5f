//! The tables of events, walked in step.

use tierline_h5::pytables::Column;
use tierline_h5::tree;

use super::super::cell::{bools, integer};
use super::rows::{Rows, time};
use super::telescope::Telescope;
use crate::event::{Dl1Event, EventType, Shower, TelescopeTrigger, Time};
use crate::instrument::{Subarray, TelId};
use crate::{Error, Place};

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
