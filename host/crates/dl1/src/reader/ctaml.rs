//! Reading the format of dl1-data-handler 0.7 and 0.8, which is described with its
//! [writer](crate::writer::ctaml).

use std::path::Path;

use tierline_h5::pytables::Column;
use tierline_h5::tree;

use super::cell::{f32s, f64s};
use super::{Attributes, Cells};
use crate::event::{Dl1Event, Dl1Telescope, EventType, Image, Pointing, Shower, Time};
use crate::instrument::TelId;
use crate::observation::SimulationRun;
use crate::writer::ctaml::{Header, NUMBERS, Number, unpickle_texts};
use crate::{Error, Place};

/// Rows of the tables of telescopes and types.
const MAX_ROWS: usize = 1 << 16;

/// A telescope type.
#[derive(Debug, Clone, PartialEq)]
pub struct TelescopeType {
    /// Name.
    pub name: String,
    /// Optics.
    pub optics: String,
    /// Camera.
    pub camera: String,
    /// Positions of the pixels, in m.
    pub pix_x: Vec<f32>,
    /// Positions of the pixels, in m.
    pub pix_y: Vec<f32>,
}

/// A telescope.
#[derive(Debug, Clone, PartialEq)]
pub struct Telescope {
    /// Number.
    pub tel_id: TelId,
    /// Name of its type.
    pub type_name: String,
    /// Place: x to the north, y to the west, z up, in m.
    pub position_m: [f32; 3],
}

/// Images of a type, and which they are of an event.
struct Images {
    cells: Cells,
    charge: Column,
    peak_time: Option<Column>,
    indices: Column,
    telescopes: Vec<TelId>,
}

/// A file, read event by event. The events have images and showers only: times are NaN, and only telescopes
/// with an image have triggered.
pub struct Reader {
    types: Vec<TelescopeType>,
    telescopes: Vec<Telescope>,
    header: Header,
    inputs: Vec<String>,
    images: Vec<Images>,
    events: Cells,
    mc_events: Option<Cells>,
    next: usize,
    next_mc: usize,
    file: tree::Reader,
}

impl Reader {
    /// Opens a file and reads all of it but the events.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = super::open(path)?;
        let types = types(&file)?;
        let telescopes = telescopes(&file)?;
        let attributes = Attributes::of(&file, "/")?;
        let events = Cells::open(&file, "/Events")?;
        let mut images = Vec::new();
        for one in &types {
            let cells = Cells::open(&file, &format!("/{}", one.name))?;
            let own = telescopes.iter().filter(|telescope| telescope.type_name == one.name);
            let mut own: Vec<TelId> = own.map(|telescope| telescope.tel_id).collect();
            own.sort_unstable();
            let peak_time = cells.find_column("peak_time").or(cells.find_column("peakpos"));
            images.push(Images {
                charge: cells.column(&file, "charge")?,
                peak_time,
                indices: events.column(&file, &format!("{}_indices", one.name))?,
                telescopes: own,
                cells,
            });
        }
        let inputs = attributes.text("runlist").as_deref().and_then(unpickle_texts);
        Ok(Reader {
            types,
            telescopes,
            header: header(&attributes),
            inputs: inputs.unwrap_or_default(),
            images,
            events,
            mc_events: Cells::find(&file, "/MC_Events")?,
            next: 0,
            next_mc: 0,
            file,
        })
    }

    /// Telescope types, in the order of the file.
    pub fn types(&self) -> &[TelescopeType] {
        &self.types
    }

    /// Telescopes, in the order of the file.
    pub fn telescopes(&self) -> &[Telescope] {
        &self.telescopes
    }

    /// Settings of the simulation; numbers that are not there are NaN or 0.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Names of the files that the events were read from.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.events.rows()
    }

    /// Whether there are no events.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next event; `None` after the last one.
    pub fn next_event(&mut self) -> Result<Option<Dl1Event>, Error> {
        if self.next >= self.len() {
            return Ok(None);
        }
        self.events.go(self.next)?;
        self.next += 1;
        let mut telescopes = Vec::new();
        for images in &mut self.images {
            let indices = f64s(&images.indices, self.events.row());
            for (tel_id, index) in images.telescopes.iter().zip(indices) {
                let index = index as usize;
                if index == 0 {
                    continue;
                }
                if index >= images.cells.rows() {
                    let place = Place::Entry(images.cells.path().to_owned());
                    let reason = format!("there is no image {index} of event {}", self.next - 1);
                    return Err(Error::malformed(self.file.path(), place, reason));
                }
                let row = images.cells.go(index)?;
                telescopes.push(telescope(
                    *tel_id,
                    Image {
                        image: f32s(&images.charge, row),
                        peak_time: images
                            .peak_time
                            .as_ref()
                            .map(|column| f32s(column, row))
                            .unwrap_or_default(),
                        is_valid: true,
                    },
                ));
            }
        }
        let (obs_id, event_id, shower) = shower(&self.events);
        Ok(Some(Dl1Event {
            obs_id,
            event_id,
            event_type: EventType::SUBARRAY,
            time: Time { seconds: 0, nanoseconds: f64::NAN },
            triggers: Vec::new(),
            shower: Some(shower),
            telescopes,
        }))
    }

    /// The next simulated event: numbers of the run and the event, and its shower. `None` after the last one,
    /// or if there are none.
    pub fn next_mc_event(&mut self) -> Result<Option<(i32, i64, Shower)>, Error> {
        let Some(table) = &mut self.mc_events else { return Ok(None) };
        if self.next_mc >= table.rows() {
            return Ok(None);
        }
        table.go(self.next_mc)?;
        self.next_mc += 1;
        Ok(Some(shower(table)))
    }
}

fn telescope(tel_id: TelId, image: Image) -> Dl1Telescope {
    Dl1Telescope {
        tel_id,
        pointing: Pointing { azimuth: f64::NAN, altitude: f64::NAN },
        image,
        image_mask: None,
        parameters: None,
        true_impact_m: None,
        true_image_sum: None,
        true_image: None,
        true_parameters: None,
    }
}

fn shower(row: &Cells) -> (i32, i64, Shower) {
    let shower = Shower {
        energy_tev: row.number("mc_energy"),
        altitude: row.number("alt"),
        azimuth: row.number("az"),
        core_x_m: row.number("core_x"),
        core_y_m: row.number("core_y"),
        h_first_int_m: row.number("h_first_int"),
        x_max: row.number("x_max"),
        starting_grammage: f64::NAN,
        primary_id: row.integer("shower_primary_id"),
    };
    (row.integer("obs_id") as i32, row.integer("event_id"), shower)
}

fn types(file: &tree::Reader) -> Result<Vec<TelescopeType>, Error> {
    let mut table = Cells::open(file, "/Telescope_Type_Information")?;
    let positions = table.column(file, "pixel_positions")?;
    let mut all = Vec::new();
    for row in 0..table.rows().min(MAX_ROWS) {
        table.go(row)?;
        let pixels = usize::try_from(table.integer("num_pixels")).unwrap_or(0);
        let places = f32s(&positions, table.row());
        if pixels > places.len() / 2 {
            let place = Place::Entry(table.path().to_owned());
            let reason = format!("{pixels} pixels, but {} places", places.len() / 2);
            return Err(Error::malformed(file.path(), place, reason));
        }
        let axis =
            |first: usize| places.iter().skip(first).step_by(2).take(pixels).copied().collect();
        all.push(TelescopeType {
            name: table.text("type"),
            optics: table.text("optics"),
            camera: table.text("camera"),
            pix_x: axis(0),
            pix_y: axis(1),
        });
    }
    Ok(all)
}

fn telescopes(file: &tree::Reader) -> Result<Vec<Telescope>, Error> {
    let mut table = Cells::open(file, "/Array_Information")?;
    let mut all = Vec::new();
    for row in 0..table.rows().min(MAX_ROWS) {
        table.go(row)?;
        all.push(Telescope {
            tel_id: table.integer("id") as TelId,
            type_name: table.text("type"),
            position_m: ["x", "y", "z"].map(|axis| table.number(axis) as f32),
        });
    }
    Ok(all)
}

fn header(attributes: &Attributes) -> Header {
    let mut run = SimulationRun::default();
    for (name, number) in NUMBERS {
        let value = attributes.number(name);
        match number {
            Number::Whole(of) => *of(&mut run) = value.unwrap_or(0.0) as i32,
            Number::Single(of) | Number::Double(of) => {
                *of(&mut run) = value.unwrap_or(f64::NAN) as f32;
            }
            Number::Narrow(of) => *of(&mut run) = value.unwrap_or(f64::NAN),
        }
    }
    let direction = attributes.numbers("run_array_direction").unwrap_or_default();
    let at = |n: usize| direction.get(n).copied().unwrap_or(f64::NAN);
    Header { direction: Pointing { azimuth: at(0), altitude: at(1) }, run }
}
