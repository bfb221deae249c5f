//! The tables of a file.

use std::path::Path;

use tierline_h5::Stats;
use tierline_h5::pytables::{FileWriter, Schema, TableId, Value};
use tierline_table::DType;

use super::{Options, Variant};
use crate::Error;
use crate::event::{Dl1Event, Shower};
use crate::instrument::{Subarray, TelId};
use crate::writer::Row;
use crate::writer::ctapipe::size_name;

/// Width of names.
const NAME: u16 = 20;
/// Bytes of rows that wait in memory, about, over all types.
const MAX_WAITING: usize = 32 << 20;

/// A telescope type.
#[derive(Debug, Clone, PartialEq)]
struct Type {
    /// Name, also that of its table.
    name: String,
    /// Description that the title of its table has.
    description: String,
    optics: String,
    camera: String,
    /// Positions of the pixels, x and y in turns, in m.
    pixels: Vec<f32>,
    /// Telescopes, by rising number.
    telescopes: Vec<TelId>,
}

/// The telescopes and their types.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Types {
    types: Vec<Type>,
    /// Number, type, and place in m, in the order of the subarray.
    telescopes: Vec<(TelId, usize, [f32; 3])>,
}

impl Types {
    pub(super) fn new(subarray: &Subarray, variant: Variant) -> Result<Self, Error> {
        let mut new = Types { types: Vec::new(), telescopes: Vec::new() };
        for telescope in &subarray.telescopes {
            let (optics, camera) =
                (subarray.optics.get(telescope.optics), subarray.cameras.get(telescope.camera));
            let (Some(optics), Some(camera)) = (optics, camera) else {
                let name = format!("telescope {}", telescope.tel_id);
                return Err(Error::parameter(name, "it has no optics or no camera"));
            };
            let size = size_name(optics.size_type);
            // 0.7 leaves out the optics where they are named like the size.
            let short = match optics.name == size {
                true => size.to_owned(),
                false => format!("{size}-{}", optics.name),
            };
            let (description, optics) = match variant {
                Variant::V0_7 => (format!("{short}:{}", camera.geometry.name), short),
                Variant::V0_8 => (telescope.description.clone(), optics.name.clone()),
            };
            let at = new.types.iter().position(|one| one.description == description);
            let at = at.unwrap_or_else(|| {
                let geometry = &camera.geometry;
                let name = match variant {
                    Variant::V0_7 => description.replace(':', "_").replace('-', ""),
                    Variant::V0_8 => description.clone(),
                };
                let pixels = geometry.pix_x.iter().zip(&geometry.pix_y);
                new.types.push(Type {
                    name,
                    description,
                    optics,
                    camera: geometry.name.clone(),
                    pixels: pixels.flat_map(|(x, y)| [*x as f32, *y as f32]).collect(),
                    telescopes: Vec::new(),
                });
                new.types.len() - 1
            });
            new.types[at].telescopes.push(telescope.tel_id);
            new.telescopes.push((telescope.tel_id, at, telescope.position_m));
        }
        if new.types.iter().any(|one| one.pixels.is_empty()) || new.types.is_empty() {
            return Err(Error::parameter("subarray", "it has no telescopes, or one has no pixels"));
        }
        new.types.iter_mut().for_each(|one| one.telescopes.sort_unstable());
        Ok(new)
    }
}

/// A file.
pub(super) struct File {
    file: FileWriter,
    types: Types,
    events: TableId,
    mc_events: Option<TableId>,
    /// Of each type.
    images: Vec<TableId>,
    /// Fixed columns come first in /Events; else after those of the types.
    fixed_first: bool,
    /// Bytes of rows from which on the size of the file is looked at.
    look_at: u64,
    row: Row,
}

impl File {
    pub(super) fn create(path: &Path, types: Types, options: &Options) -> Result<Self, Error> {
        let mut file = FileWriter::create(path, options.file, options.filters, false)?;
        // Rows that wait don't count in the size of the file: they are kept few where files are to be small.
        let most = options.output_file_size.unwrap_or(u64::MAX) / 16;
        let largest = usize::try_from(most).unwrap_or(usize::MAX).min(256 << 10);
        file.chunk_bytes = (MAX_WAITING / types.types.len()).min(largest);
        array_information(&mut file, &types)?;
        type_information(&mut file, &types)?;
        let title = "Table of MC Event Information";
        let mc_events = match options.mc_events {
            true => Some(file.table("MC_Events", title, &sorted(fixed_columns()), Vec::new())?),
            false => None,
        };
        let schema = event_schema(&types, options.mc_events);
        let events = file.table("Events", "Table of Event Information", &schema, Vec::new())?;
        let peak_time = match options.variant {
            Variant::V0_7 => "peakpos",
            Variant::V0_8 => "peak_time",
        };
        let mut images = Vec::new();
        let mut row = Row::default();
        for one in &types.types {
            let pixels = one.pixels.len() / 2;
            let mut schema = Schema::new();
            schema.push_array("charge", DType::F32, &[pixels]);
            schema.push("event_index", DType::I32);
            schema.push_array(peak_time, DType::F32, &[pixels]);
            let title = format!("Table of {} images", one.description);
            let id = file.table(&one.name, &title, &schema, Vec::new())?;
            file.append(id, &row.clear().zeros(4 * pixels).i32(-1).zeros(4 * pixels).0)?;
            images.push(id);
        }
        let fixed_first = options.mc_events;
        Ok(File { file, types, events, mc_events, images, fixed_first, look_at: 0, row })
    }

    pub(super) fn types(&self) -> &Types {
        &self.types
    }

    pub(super) fn events(&self) -> usize {
        self.file.rows(self.events)
    }

    /// Whether the chunks in the file have more bytes. Rows never grow by compression to speak of, so that
    /// not every event has to wait for it.
    pub(super) fn is_larger(&mut self, most: u64) -> Result<bool, Error> {
        let raw = self.file.raw_bytes();
        if raw < most.max(self.look_at) {
            return Ok(false);
        }
        let stored = self.file.settle()?;
        self.look_at = raw.saturating_add(most.saturating_sub(stored));
        Ok(stored > most)
    }

    pub(super) fn event(&mut self, event: &Dl1Event) -> Result<(), Error> {
        let place = |tel_id| format!("event {}, telescope {tel_id}", event.event_id);
        // Nothing is written of an event that does not fit.
        for telescope in &event.telescopes {
            let own = self.types.telescopes.iter().find(|own| own.0 == telescope.tel_id);
            let Some((_, at, _)) = own else {
                return Err(Error::parameter(place(telescope.tel_id), "it is not in the layout"));
            };
            let pixels = self.types.types[*at].pixels.len() / 2;
            let image = &telescope.image;
            let times = image.peak_time.len();
            if image.image.len() != pixels || (times != pixels && times != 0) {
                let reason =
                    format!("{} charges and {times} times for {pixels} pixels", image.image.len());
                return Err(Error::parameter(place(telescope.tel_id), reason));
            }
        }
        let index = i32::try_from(self.events())
            .map_err(|_| Error::parameter("events_per_file", "too many events for one file"))?;
        let mut found = Row::default();
        for (one, table) in self.types.types.iter().zip(&self.images) {
            let pixels = one.pixels.len() / 2;
            let mut multiplicity = 0;
            for tel_id in &one.telescopes {
                let telescope = event.telescopes.iter().find(|own| own.tel_id == *tel_id);
                let Some(telescope) = telescope else {
                    found.u32(0);
                    continue;
                };
                multiplicity += 1;
                found.u32(self.file.rows(*table) as u32);
                let (image, row) = (&telescope.image, &mut self.row);
                row.clear().f32s(&image.image).i32(index).f32s(&image.peak_time);
                row.zeros(4 * (pixels - image.peak_time.len()));
                self.file.append(*table, &row.0)?;
            }
            found.u32(multiplicity);
        }
        let row = self.row.clear();
        if !self.fixed_first {
            types_by_name(&self.types, &found.0).into_iter().for_each(|own| _ = row.bytes(own));
        }
        // Column names of types begin with capitals, those of showers do not: they come after.
        fixed(row, event.obs_id, event.event_id, event.shower.as_ref());
        if self.fixed_first {
            types_by_name(&self.types, &found.0).into_iter().for_each(|own| _ = row.bytes(own));
        }
        Ok(self.file.append(self.events, &row.0)?)
    }

    pub(super) fn mc_event(
        &mut self,
        obs_id: i32,
        event_id: i64,
        shower: &Shower,
    ) -> Result<(), Error> {
        let Some(table) = self.mc_events else { return Ok(()) };
        fixed(self.row.clear(), obs_id, event_id, Some(shower));
        Ok(self.file.append(table, &self.row.0)?)
    }

    pub(super) fn finish(mut self, values: Vec<(String, Value)>) -> Result<Stats, Error> {
        self.file.attributes("/", values)?;
        Ok(self.file.finish()?)
    }
}

/// Columns of a shower in alphabetical order; [`fixed`] writes them.
fn fixed_columns() -> Vec<(String, DType, Vec<usize>)> {
    let all = [
        ("alt", DType::F32),
        ("az", DType::F32),
        ("core_x", DType::F32),
        ("core_y", DType::F32),
        ("event_id", DType::U32),
        ("h_first_int", DType::F32),
        ("mc_energy", DType::F32),
        ("obs_id", DType::U32),
        ("shower_primary_id", DType::U8),
        ("x_max", DType::F32),
    ];
    all.into_iter().map(|(name, dtype)| (name.to_owned(), dtype, Vec::new())).collect()
}

/// A shower; zeros without one.
fn fixed(row: &mut Row, obs_id: i32, event_id: i64, shower: Option<&Shower>) {
    let of = |value: fn(&Shower) -> f64| shower.map_or(0.0, value) as f32;
    row.f32(of(|shower| shower.altitude)).f32(of(|shower| shower.azimuth));
    row.f32(of(|shower| shower.core_x_m)).f32(of(|shower| shower.core_y_m));
    row.u32(event_id as u32).f32(of(|shower| shower.h_first_int_m));
    row.f32(of(|shower| shower.energy_tev)).u32(obs_id as u32);
    row.bytes(&[shower.map_or(0, |shower| shower.primary_id) as u8]);
    row.f32(of(|shower| shower.x_max));
}

fn sorted(columns: Vec<(String, DType, Vec<usize>)>) -> Schema {
    let mut schema = Schema::new();
    columns.into_iter().for_each(|(name, dtype, shape)| schema.push_array(name, dtype, &shape));
    schema
}

/// Positions of the types in the order of their columns.
fn order(types: &Types) -> Vec<usize> {
    let mut order: Vec<usize> = (0..types.types.len()).collect();
    order.sort_by_key(|at| format!("{}_indices", types.types[*at].name));
    order
}

/// What there is of each type in an event, in the order of the columns.
fn types_by_name<'a>(types: &Types, found: &'a [u8]) -> Vec<&'a [u8]> {
    let mut starts = vec![0];
    for one in &types.types {
        starts.push(starts.last().copied().unwrap_or(0) + 4 * (one.telescopes.len() + 1));
    }
    order(types).into_iter().map(|at| &found[starts[at]..starts[at + 1]]).collect()
}

fn event_schema(types: &Types, fixed_first: bool) -> Schema {
    let mut columns = Vec::new();
    for at in order(types) {
        let one = &types.types[at];
        let count = one.telescopes.len();
        columns.push((format!("{}_indices", one.name), DType::U32, vec![count]));
        columns.push((format!("{}_multiplicity", one.name), DType::U32, Vec::new()));
    }
    let fixed = fixed_columns();
    sorted(match fixed_first {
        true => fixed.into_iter().chain(columns).collect(),
        false => columns.into_iter().chain(fixed).collect(),
    })
}

fn array_information(file: &mut FileWriter, types: &Types) -> Result<(), Error> {
    let mut schema = Schema::new();
    schema.push("id", DType::U16);
    schema.push("type", DType::Text(NAME));
    ["x", "y", "z"].into_iter().for_each(|axis| schema.push(axis, DType::F32));
    let title = "Table of array/subarray information";
    let id = file.table("Array_Information", title, &schema, Vec::new())?;
    let mut rows = Row::default();
    for (tel_id, at, position) in &types.telescopes {
        rows.u16(*tel_id).text(&types.types[*at].name, NAME.into()).f32s(position);
    }
    Ok(file.append(id, &rows.0)?)
}

fn type_information(file: &mut FileWriter, types: &Types) -> Result<(), Error> {
    let longest = types.types.iter().map(|one| one.pixels.len()).max().unwrap_or(0);
    let mut schema = Schema::new();
    schema.push("camera", DType::Text(NAME));
    schema.push("num_pixels", DType::U32);
    schema.push("optics", DType::Text(NAME));
    schema.push_array("pixel_positions", DType::F32, &[longest / 2, 2]);
    schema.push("type", DType::Text(NAME));
    let title = "Table of telescope type information";
    let id = file.table("Telescope_Type_Information", title, &schema, Vec::new())?;
    let mut rows = Row::default();
    for one in &types.types {
        rows.text(&one.camera, NAME.into()).u32((one.pixels.len() / 2) as u32);
        rows.text(&one.optics, NAME.into()).f32s(&one.pixels);
        rows.zeros(4 * (longest - one.pixels.len())).text(&one.name, NAME.into());
    }
    Ok(file.append(id, &rows.0)?)
}
