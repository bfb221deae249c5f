//! Cameras (types 2002, 2003). Their number is the telescope's.

use crate::eventio::iact::MAX_PIXELS;
use crate::eventio::{Cursor, Object, ObjectError};

/// A number of pixels that can be one.
pub(super) fn pixel_count(cursor: &Cursor<'_>, n: i64) -> Result<usize, ObjectError> {
    let n = cursor.natural(n, "pixels")?;
    if n > MAX_PIXELS { Err(cursor.malformed(format!("{n} pixels"))) } else { Ok(n) }
}

/// A number of gain channels that can be one.
pub(super) fn gain_count(cursor: &Cursor<'_>, n: i64) -> Result<usize, ObjectError> {
    let n = cursor.natural(n, "gain channels")?;
    if n > 16 { Err(cursor.malformed(format!("{n} gain channels"))) } else { Ok(n) }
}

/// Effective focal length and how it differs with the direction (version 6), in m.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectiveDetails {
    /// Of x.
    pub x: f32,
    /// Of y.
    pub y: f32,
    /// Difference along x.
    pub dx: f32,
    /// Difference along y.
    pub dy: f32,
}

/// Camera and mirrors (type 2002, versions 0 to 6).
///
/// i4 pixels, f4 focal length, (≥ 5) f4 effective focal length, (≥ 6) f4\[4\] details, f4 x, f4 y; since version 4
/// curved and parallel as numbers of variable length, f4 z if curved, f4 directions x and y if not parallel, and
/// whether one form, area and size follow, or one of each pixel; before, f4 areas and (≥ 1) f4 sizes;
/// (≥ 2) i4 mirrors, f4 area; (≥ 3) f4 rotation.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraSettings {
    /// Pixels.
    pub n_pixels: usize,
    /// Focal length as built, in m.
    pub focal_length: f32,
    /// Focal length with the mean aberration, in m (version ≥ 5).
    pub effective_focal_length: Option<f32>,
    /// More about it (version 6).
    pub effective_details: Option<EffectiveDetails>,
    /// Places of pixels, in m.
    pub pixel_x: Vec<f32>,
    /// Places of pixels, in m.
    pub pixel_y: Vec<f32>,
    /// Heights of pixels, in m; 0 if the camera is flat.
    pub pixel_z: Vec<f32>,
    /// Directions of pixels; 0 if all look along the axis.
    pub nxpix: Vec<f32>,
    /// Directions of pixels; 0 if all look along the axis.
    pub nypix: Vec<f32>,
    /// Whether the camera is curved (version ≥ 4).
    pub curved_surface: i64,
    /// Whether pixels look in parallel (version ≥ 4, else 1).
    pub pixels_parallel: i64,
    /// Whether all pixels have one form (version ≥ 4).
    pub common_pixel_shape: i64,
    /// Forms of pixels: 0 circle, 1 hexagon with a side along x, 2 square, 3 hexagon turned by 30°; -1 not known.
    pub pixel_shape: Vec<i32>,
    /// Areas of pixels, in m².
    pub pixel_area: Vec<f32>,
    /// Widths of pixels, in m.
    pub pixel_size: Vec<f32>,
    /// Facets of the mirror (version ≥ 2).
    pub n_mirrors: i32,
    /// Area of the mirror, in m² (version ≥ 2).
    pub mirror_area: f32,
    /// Rotation of the camera, in rad (version ≥ 3).
    pub cam_rot: f32,
}

/// Forms of pixels.
struct Shapes {
    flags: [i64; 3],
    z: Vec<f32>,
    nx: Vec<f32>,
    ny: Vec<f32>,
    shape: Vec<i32>,
    area: Vec<f32>,
    size: Vec<f32>,
}

impl CameraSettings {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("camera settings", &[0, 1, 2, 3, 4, 5, 6])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let n = c.i32()?;
        let n = pixel_count(&c, n.into())?;
        let focal_length = c.f32()?;
        let effective_focal_length = if version >= 5 { Some(c.f32()?) } else { None };
        let effective_details = if version >= 6 {
            let [x, y, dx, dy] = c.f32_array()?;
            Some(EffectiveDetails { x, y, dx, dy })
        } else {
            None
        };
        let (pixel_x, pixel_y) = (c.f32s(n)?, c.f32s(n)?);
        let shapes =
            if version >= 4 { shapes(&mut c, n)? } else { old_shapes(&mut c, n, version)? };
        let [curved_surface, pixels_parallel, common_pixel_shape] = shapes.flags;
        let (n_mirrors, mirror_area) = if version >= 2 { (c.i32()?, c.f32()?) } else { (0, 0.0) };
        let cam_rot = if version >= 3 { c.f32()? } else { 0.0 };
        Ok(CameraSettings {
            n_pixels: n,
            focal_length,
            effective_focal_length,
            effective_details,
            pixel_x,
            pixel_y,
            pixel_z: shapes.z,
            nxpix: shapes.nx,
            nypix: shapes.ny,
            curved_surface,
            pixels_parallel,
            common_pixel_shape,
            pixel_shape: shapes.shape,
            pixel_area: shapes.area,
            pixel_size: shapes.size,
            n_mirrors,
            mirror_area,
            cam_rot,
        })
    }
}

fn shapes(c: &mut Cursor<'_>, n: usize) -> Result<Shapes, ObjectError> {
    let (curved, parallel) = (c.varint()?, c.varint()?);
    let z = if curved != 0 { c.f32s(n)? } else { vec![0.0; n] };
    let (nx, ny) =
        if parallel == 0 { (c.f32s(n)?, c.f32s(n)?) } else { (vec![0.0; n], vec![0.0; n]) };
    let common = c.varint()?;
    let (shape, area, size) = if common == 0 {
        (c.varints(n)?, c.f32s(n)?, c.f32s(n)?)
    } else {
        let shape = c.varints(1)?[0];
        (vec![shape; n], vec![c.f32()?; n], vec![c.f32()?; n])
    };
    Ok(Shapes { flags: [curved, parallel, common], z, nx, ny, shape, area, size })
}

fn old_shapes(c: &mut Cursor<'_>, n: usize, version: u16) -> Result<Shapes, ObjectError> {
    let area = c.f32s(n)?;
    let size = if version >= 1 { c.f32s(n)? } else { vec![0.0; n] };
    let zeros = || vec![0.0; n];
    let (z, nx, ny) = (zeros(), zeros(), zeros());
    Ok(Shapes { flags: [0, 1, 0], z, nx, ny, shape: vec![-1; n], area, size })
}

/// A group of pixels that triggers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sector {
    /// Kind of trigger.
    pub kind: u8,
    /// Its threshold.
    pub threshold: f32,
    /// Threshold of its pixels.
    pub pixel_threshold: f32,
}

/// Modules of a camera (type 2003, versions 0 to 2).
///
/// i4 pixels, modules, gain channels, (≥ 1) groups; i2 module of each pixel, i2 card, chip and channel of each
/// pixel and gain, the groups of each pixel after their number; of version 2 numbers of variable length; (≥ 1)
/// of each group u1 kind and two f4 thresholds.
#[derive(Debug, Clone, PartialEq)]
pub struct CameraOrganization {
    /// Pixels.
    pub n_pixels: usize,
    /// Modules.
    pub n_drawers: i32,
    /// Gain channels.
    pub n_gains: usize,
    /// Module of each pixel.
    pub drawer: Vec<i32>,
    /// Card, `[pixel][gain]`.
    pub card: Vec<i32>,
    /// Chip, `[pixel][gain]`.
    pub chip: Vec<i32>,
    /// Channel, `[pixel][gain]`.
    pub channel: Vec<i32>,
    /// Groups of each pixel.
    pub pixel_sectors: Vec<Vec<i32>>,
    /// Groups.
    pub sectors: Vec<Sector>,
}

impl CameraOrganization {
    /// Reads it.
    pub fn parse(object: &Object<'_>) -> Result<Self, ObjectError> {
        object.check_version("camera organization", &[0, 1, 2])?;
        let version = object.header.version;
        let mut c = object.cursor();
        let (n, n_drawers, n_gains) = (c.i32()?, c.i32()?, c.i32()?);
        let n_pixels = pixel_count(&c, n.into())?;
        let n_gains = gain_count(&c, n_gains.into())?;
        let n_sectors = if version >= 1 { c.count("groups of pixels")? } else { 0 };
        let drawer = numbers(&mut c, version, n_pixels)?;
        let card = numbers(&mut c, version, n_pixels * n_gains)?;
        let chip = numbers(&mut c, version, n_pixels * n_gains)?;
        let channel = numbers(&mut c, version, n_pixels * n_gains)?;
        let pixel_sectors =
            (0..n_pixels).map(|_| sectors_of_pixel(&mut c, version)).collect::<Result<_, _>>()?;
        c.at_least(n_sectors.saturating_mul(9))?;
        let sector = |_| {
            let (kind, threshold) = (c.u8()?, c.f32()?);
            Ok(Sector { kind, threshold, pixel_threshold: c.f32()? })
        };
        let sectors = (0..n_sectors).map(sector).collect::<Result<_, _>>()?;
        Ok(CameraOrganization {
            n_pixels,
            n_drawers,
            n_gains,
            drawer,
            card,
            chip,
            channel,
            pixel_sectors,
            sectors,
        })
    }
}

fn numbers(c: &mut Cursor<'_>, version: u16, n: usize) -> Result<Vec<i32>, ObjectError> {
    if version >= 2 { c.varints(n) } else { Ok(c.i16s(n)?.into_iter().map(i32::from).collect()) }
}

fn sectors_of_pixel(c: &mut Cursor<'_>, version: u16) -> Result<Vec<i32>, ObjectError> {
    let what = "groups of a pixel";
    let n = if version >= 2 { c.varint_count(what)? } else { c.short_count(what)? };
    numbers(c, version, n)
}
