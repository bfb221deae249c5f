//! The tables of the instrument.

use tierline_h5::tree;

use crate::instrument::{
    CameraDescription, CameraGeometry, CameraReadout, OpticsDescription, PixelShape,
    ReflectorShape, SizeType, Subarray, TelescopeDescription,
};
use crate::reader::{Attributes, Cells};
use crate::writer::ctapipe::{geodetic, reflector_name, size_name};
use crate::{Error, Place};

const INSTRUMENT: &str = "/configuration/instrument";
/// Cameras of one file.
const MAX_CAMERAS: usize = 1000;
/// Telescopes of one file.
const MAX_TELESCOPES: usize = 1 << 16;

pub(super) fn read(file: &tree::Reader) -> Result<Subarray, Error> {
    let path = format!("{INSTRUMENT}/subarray/layout");
    let attributes = Attributes::of(file, &path)?;
    let [x, y, z] =
        ["x", "y", "z"].map(|axis| attributes.number(&format!("reference_itrs_{axis}")));
    let reference_location = match (x, y, z) {
        (Some(x), Some(y), Some(z)) => geodetic([x, y, z]),
        _ => [f64::NAN; 3],
    };
    let optics = optics(file)?;
    let cameras = cameras(file)?;
    let mut layout = Cells::open(file, &path)?;
    let malformed =
        |reason: String| Err(Error::malformed(file.path(), Place::Entry(path.clone()), reason));
    if layout.rows() > MAX_TELESCOPES {
        return malformed(format!("{} telescopes", layout.rows()));
    }
    let mut telescopes = Vec::new();
    for row in 0..layout.rows() {
        layout.go(row)?;
        let index = |name: &str, count: usize| {
            usize::try_from(layout.integer(name)).ok().filter(|at| *at < count)
        };
        let tel_id = u16::try_from(layout.integer("tel_id"));
        let places = (index("optics_index", optics.len()), index("camera_index", cameras.len()));
        let (Ok(tel_id), (Some(at), Some(camera))) = (tel_id, places) else {
            return malformed(format!("row {row}: a telescope, optics or camera out of range"));
        };
        let own: &OpticsDescription = &optics[at];
        let (effective, nominal) = (own.effective_focal_length_m, own.equivalent_focal_length_m);
        telescopes.push(TelescopeDescription {
            tel_id,
            position_m: ["pos_x", "pos_y", "pos_z"].map(|axis| layout.number(axis) as f32),
            optics: at,
            camera,
            description: layout.text("tel_description"),
            focal_length_m: if effective.is_nan() { nominal } else { effective },
        });
    }
    let name = attributes.text("name").or(attributes.text("SUBARRAY")).unwrap_or_default();
    Ok(Subarray { name, telescopes, optics, cameras, reference_location })
}

fn optics(file: &tree::Reader) -> Result<Vec<OpticsDescription>, Error> {
    let mut table = Cells::open(file, &format!("{INSTRUMENT}/telescope/optics"))?;
    let mut all = Vec::new();
    for row in 0..table.rows().min(MAX_TELESCOPES) {
        table.go(row)?;
        let (size, shape) = (table.text("size_type"), table.text("reflector_shape"));
        let sizes = [SizeType::Lst, SizeType::Mst, SizeType::Sst];
        let shapes = [
            ReflectorShape::Parabolic,
            ReflectorShape::DaviesCotton,
            ReflectorShape::Hybrid,
            ReflectorShape::SchwarzschildCouder,
        ];
        let size = sizes.into_iter().find(|one| size_name(*one) == size);
        let shape = shapes.into_iter().find(|one| reflector_name(*one) == shape);
        all.push(OpticsDescription {
            name: table.text("optics_name"),
            size_type: size.unwrap_or(SizeType::Unknown),
            reflector_shape: shape.unwrap_or(ReflectorShape::Unknown),
            mirror_area_m2: table.number("mirror_area"),
            n_mirrors: table.integer("n_mirrors"),
            n_mirror_tiles: table.integer("n_mirror_tiles"),
            equivalent_focal_length_m: table.number("equivalent_focal_length"),
            effective_focal_length_m: table.number("effective_focal_length"),
        });
    }
    Ok(all)
}

fn cameras(file: &tree::Reader) -> Result<Vec<CameraDescription>, Error> {
    let folder = format!("{INSTRUMENT}/telescope/camera");
    let path = |what: &str, n: usize| format!("{folder}/{what}_{n}");
    let count = (0..MAX_CAMERAS).take_while(|n| file.has_table(&path("geometry", *n))).count();
    (0..count)
        .map(|n| {
            let geometry = geometry(file, &path("geometry", n))?;
            Ok(CameraDescription { geometry, readout: readout(file, &path("readout", n))? })
        })
        .collect()
}

fn geometry(file: &tree::Reader, path: &str) -> Result<CameraGeometry, Error> {
    let attributes = Attributes::of(file, path)?;
    let mut table = Cells::open(file, path)?;
    let pix_type = match attributes.text("PIX_TYPE").as_deref() {
        Some("circle") => PixelShape::Circle,
        Some("hexagon") => PixelShape::Hexagon,
        Some("square" | "rectangle" | "rectangular") => PixelShape::Square,
        other => {
            let reason = format!("pixels of the form {other:?}");
            return Err(Error::unsupported(file.path(), Place::Entry(path.to_owned()), reason));
        }
    };
    Ok(CameraGeometry {
        name: attributes.text("CAM_ID").unwrap_or_default(),
        pix_x: table.all("pix_x")?,
        pix_y: table.all("pix_y")?,
        pix_area: table.all("pix_area")?,
        pix_type,
        pix_rotation_deg: attributes.number("PIX_ROT").unwrap_or(0.0),
        cam_rotation_deg: attributes.number("CAM_ROT").unwrap_or(0.0),
    })
}

fn readout(file: &tree::Reader, path: &str) -> Result<CameraReadout, Error> {
    let attributes = Attributes::of(file, path)?;
    let mut table = Cells::open(file, path)?;
    let count = |name: &str| attributes.number(name).unwrap_or(0.0).max(0.0) as usize;
    let mut reference_pulse_shape = Vec::new();
    for channel in 0..16 {
        let name = format!("reference_pulse_shape_channel{channel}");
        if table.find_column(&name).is_none() {
            break;
        }
        reference_pulse_shape.push(table.all(&name)?);
    }
    Ok(CameraReadout {
        name: attributes.text("CAM_ID").unwrap_or_default(),
        sampling_rate_ghz: attributes.number("SAMPFREQ").unwrap_or(f64::NAN),
        n_pixels: count("NPIXELS"),
        n_channels: count("NCHAN"),
        n_samples: count("NSAMPLES"),
        reference_pulse_shape,
        reference_pulse_sample_width_ns: attributes.number("REFWIDTH").unwrap_or(f64::NAN),
    })
}
