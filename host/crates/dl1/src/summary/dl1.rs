//! Files of DL1 data.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use tierline_h5::browse::{Kind, Link};
use tierline_h5::tree::Reader;

use super::{TelescopeType, types};
use crate::Error;
use crate::reader::{Attributes, ctaml, ctapipe};

/// Groups inside of groups.
const MAX_DEPTH: usize = 16;
/// Tables of a file.
const MAX_TABLES: usize = 1 << 17;

/// Whose format a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dl1Format {
    /// ctapipe's.
    Ctapipe,
    /// dl1-data-handler's.
    CtaMl,
}

/// What a file of DL1 data holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Dl1 {
    /// Whose format it has.
    pub format: Dl1Format,
    /// Version of the data model, or of the program that wrote it.
    pub version: String,
    /// Levels of the data.
    pub levels: Vec<String>,
    /// The software that wrote it.
    pub software: String,
    /// Whether this is a simulation.
    pub is_simulation: bool,
    /// Numbers of the observations.
    pub observations: Vec<i32>,
    /// Energies that were simulated, in TeV.
    pub energy_range_tev: Option<[f64; 2]>,
    /// Showers that were simulated, uses counted.
    pub simulated_showers: Option<i64>,
    /// Events.
    pub events: u64,
    /// Images of all telescopes.
    pub images: u64,
    /// Whether parameters are in the frame of the camera.
    pub camera_frame: bool,
    /// Telescope types.
    pub telescopes: Vec<TelescopeType>,
    /// Rows of each table.
    pub tables: BTreeMap<String, u64>,
}

/// Whose format a file of HDF5 has; `None` if it is no DL1 data.
pub fn dl1_format(path: &Path) -> Result<Option<Dl1Format>, Error> {
    let file = crate::reader::open(path)?;
    if Attributes::of(&file, "/")?.text("CTA PRODUCT DATA MODEL VERSION").is_some() {
        let is_dl1 = file.has_table("/dl1/event/subarray/trigger");
        return Ok(is_dl1.then_some(Dl1Format::Ctapipe));
    }
    let is_ctaml = file.has_table("/Events") && file.has_table("/Telescope_Type_Information");
    Ok(is_ctaml.then_some(Dl1Format::CtaMl))
}

/// Reads what a file tells of itself, and counts the rows of its tables.
pub fn summarize_dl1(path: &Path, format: Dl1Format) -> Result<Dl1, Error> {
    let file = crate::reader::open(path)?;
    let mut tables = BTreeMap::new();
    count_rows(&file, "", 0, &mut tables)?;
    match format {
        Dl1Format::Ctapipe => of_ctapipe(path, tables),
        Dl1Format::CtaMl => of_ctaml(path, tables),
    }
}

fn of_ctapipe(path: &Path, tables: BTreeMap<String, u64>) -> Result<Dl1, Error> {
    let reader = ctapipe::Reader::open(path)?;
    let attribute = |name: &str| {
        let name = format!("CTA {name}");
        let found = reader.attributes().iter().find(|(own, _)| *own == name);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    };
    let run = reader.run();
    let images = |group: &str| -> u64 {
        let own = tables.iter().filter(|(path, _)| path.starts_with(group));
        own.map(|(_, rows)| *rows).sum()
    };
    let images =
        images("/dl1/event/telescope/images/").max(images("/dl1/event/telescope/parameters/"));
    let energies = run
        .simulation_runs
        .iter()
        .map(|run| [f64::from(run.energy_range_min), f64::from(run.energy_range_max)]);
    let joined = |a: [f64; 2], b: [f64; 2]| [a[0].min(b[0]), a[1].max(b[1])];
    let showers = run.simulation_runs.iter();
    let uses = showers.map(|run| i64::from(run.n_showers) * i64::from(run.shower_reuse)).sum();
    let software = format!(
        "{} {}",
        attribute("ACTIVITY SOFTWARE NAME"),
        attribute("ACTIVITY SOFTWARE VERSION")
    );
    Ok(Dl1 {
        format: Dl1Format::Ctapipe,
        version: attribute("PRODUCT DATA MODEL VERSION"),
        levels: attribute("PRODUCT DATA LEVELS").split(',').map(str::to_owned).collect(),
        software: software.trim().to_owned(),
        is_simulation: reader.is_simulation(),
        observations: run.observations.iter().map(|own| own.obs_id).collect(),
        energy_range_tev: energies.reduce(joined),
        simulated_showers: (!run.simulation_runs.is_empty()).then_some(uses),
        events: reader.len() as u64,
        images,
        camera_frame: reader.is_camera_frame(),
        telescopes: types(reader.subarray()),
        tables,
    })
}

fn of_ctaml(path: &Path, tables: BTreeMap<String, u64>) -> Result<Dl1, Error> {
    let reader = ctaml::Reader::open(path)?;
    let attributes = Attributes::of(&crate::reader::open(path)?, "/")?;
    let version = ["dl1_data_handler_version", "dl1_data_writer_version"];
    let version = version.into_iter().find_map(|name| attributes.text(name)).unwrap_or_default();
    let ctapipe = attributes.text("ctapipe_version").unwrap_or_default();
    let run = &reader.header().run;
    let of_type = |one: &ctaml::TelescopeType| TelescopeType {
        name: one.name.clone(),
        camera: one.camera.clone(),
        tel_ids: (reader.telescopes().iter())
            .filter(|telescope| telescope.type_name == one.name)
            .map(|telescope| telescope.tel_id)
            .collect(),
        n_pixels: one.pix_x.len(),
        pixels: None,
        n_channels: 0,
        n_samples: 0,
        sampling_rate_ghz: f64::NAN,
    };
    // The first row of each is blank.
    let rows = |one: &ctaml::TelescopeType| tables.get(&format!("/{}", one.name)).copied();
    let images = reader.types().iter().filter_map(rows).map(|rows| rows.saturating_sub(1)).sum();
    Ok(Dl1 {
        format: Dl1Format::CtaMl,
        software: format!("dl1-data-handler {version} with ctapipe {ctapipe}"),
        version,
        levels: vec!["DL1_IMAGES".into()],
        is_simulation: true,
        observations: Vec::new(),
        energy_range_tev: Some([run.energy_range_min, run.energy_range_max].map(f64::from)),
        simulated_showers: Some(i64::from(run.n_showers) * i64::from(run.shower_reuse)),
        events: reader.len() as u64,
        images,
        camera_frame: true,
        telescopes: reader.types().iter().map(of_type).collect(),
        tables,
    })
}

/// Rows of all tables below a group.
fn count_rows(
    file: &Reader,
    path: &str,
    depth: usize,
    tables: &mut BTreeMap<String, u64>,
) -> Result<(), Error> {
    if depth > MAX_DEPTH || tables.len() > MAX_TABLES {
        return Ok(());
    }
    let group = file.item(if path.is_empty() { "/" } else { path })?;
    for (name, link) in group.members()? {
        if link != Link::Hard || name.starts_with("_i_") {
            continue;
        }
        let below = format!("{path}/{name}");
        let item = group.member(&name)?;
        match item.kind() {
            Kind::Group => count_rows(file, &below, depth + 1, tables)?,
            Kind::Dataset => {
                let rows = item.details()?.shape.first().copied().unwrap_or(0);
                tables.insert(below, rows as u64);
            }
            Kind::Other => {}
        }
    }
    Ok(())
}
