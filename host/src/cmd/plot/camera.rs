//! Camera images of DL1 files.

use anyhow::bail;
use tierline::dl1::event::{Dl1Event, Dl1Telescope};
use tierline::dl1::instrument::{CameraGeometry, PixelShape, Subarray};
use tierline::dl1::parameters::Hillas;
use tierline::dl1::reader::{ctaml, ctapipe};
use tierline::dl1::summary::Dl1Format;
use tierline::plot::{Axis, CameraImage, Content, Ellipse, Panel, PixelForm};

use super::panels::Drawn;
use super::{Args, Kind};
use crate::cmd::{Messages, Usage, grouped};

/// Most panels of a picture.
const PANELS: usize = 12;
/// Half axes of the ellipse, in standard deviations.
const SIGMAS: f64 = 2.0;
/// Half length of the line along the axis, in standard deviations.
const LINE: f64 = 4.0;

/// Events of either format, with where the pixels are.
enum Source {
    Ctapipe(Box<ctapipe::Reader>),
    Ctaml(Box<ctaml::Reader>),
}

impl Source {
    fn next(&mut self) -> anyhow::Result<Option<Dl1Event>> {
        Ok(match self {
            Source::Ctapipe(reader) => reader.next_event()?,
            Source::Ctaml(reader) => reader.next_event()?,
        })
    }
}

/// Where the pixels of a telescope are, in the frame in which its images are described.
struct Pixels {
    centres: Vec<(f64, f64)>,
    widths: Vec<f64>,
    form: PixelForm,
    rotation_deg: f64,
    axes: [Axis; 2],
    name: String,
}

/// Reads the events that are wanted and puts their images into panels.
pub(super) fn panels(
    args: &Args,
    format: Dl1Format,
    messages: &mut Messages,
) -> anyhow::Result<Vec<Drawn>> {
    fitting(args)?;
    let mut source = match format {
        Dl1Format::Ctapipe => Source::Ctapipe(Box::new(ctapipe::Reader::open(&args.file)?)),
        Dl1Format::CtaMl => Source::Ctaml(Box::new(ctaml::Reader::open(&args.file)?)),
    };
    let events = wanted(args, &mut source)?;
    let (mut drawn, mut left_out) = (Vec::new(), 0);
    for event in &events {
        let mut telescopes: Vec<&Dl1Telescope> =
            event.telescopes.iter().filter(|one| is_wanted(args, one)).collect();
        // The brightest first.
        telescopes.sort_by(|a, b| charge(b).total_cmp(&charge(a)));
        for telescope in telescopes {
            let pixels = pixels(args, &source, telescope)?;
            for panel in of_telescope(args, event, telescope, &pixels)? {
                if drawn.len() < PANELS {
                    messages.say(&format!("{}: {}", panel.panel.title, panel.panel.note));
                    drawn.push(panel);
                } else {
                    left_out += 1;
                }
            }
        }
    }
    if left_out > 0 {
        let text = format!(
            "{PANELS} images are drawn, {left_out} more are left out: say which with --tel"
        );
        eprintln!("tierline: warning: {text}");
    }
    if drawn.is_empty() {
        let file = args.file.display();
        let events: Vec<String> = events.iter().map(|event| event.event_id.to_string()).collect();
        let events = events.join(", ");
        bail!(
            "{file}: no images of the telescopes asked for in event {events}; DL1 files have them if they were written (--write-images)"
        );
    }
    Ok(drawn)
}

/// Refuses options that camera images have no use for.
fn fitting(args: &Args) -> Result<(), Usage> {
    let why = match () {
        () if args.table.is_some() => "of DL1 files events are drawn: --event N",
        () if args.kind.is_some() || args.versus.is_some() => "--kind is for columns",
        () if args.bins.is_some() || args.log => "--bins and --log are for spectra",
        () if args.baseline_subtract.is_some() => "--baseline-subtract is for waveforms",
        () => return Ok(()),
    };
    Err(Usage(why.into()))
}

fn is_wanted(args: &Args, telescope: &Dl1Telescope) -> bool {
    !telescope.image.image.is_empty()
        && (args.tel.is_empty() || args.tel.contains(&telescope.tel_id))
}

fn charge(telescope: &Dl1Telescope) -> f64 {
    match telescope.parameters {
        Some(parameters) if parameters.hillas.intensity.is_finite() => parameters.hillas.intensity,
        _ => 0.0,
    }
}

/// The events that are asked for, or the first one with parameters, or the first one with an image.
fn wanted(args: &Args, source: &mut Source) -> anyhow::Result<Vec<Dl1Event>> {
    let mut found: Vec<Dl1Event> = Vec::new();
    let mut first = None;
    while let Some(event) = source.next()? {
        if args.obs.is_some_and(|obs| obs != event.obs_id) {
            continue;
        }
        if args.event.is_empty() {
            let mut telescopes = event.telescopes.iter().filter(|one| is_wanted(args, one));
            if telescopes.clone().any(|one| charge(one) > 0.0) {
                return Ok(vec![event]);
            }
            if first.is_none() && telescopes.next().is_some() {
                first = Some(event);
            }
        } else if args.event.contains(&event.event_id) {
            found.push(event);
            if found.len() >= args.event.len() {
                break;
            }
        }
    }
    if let Some(missing) =
        args.event.iter().find(|id| !found.iter().any(|event| event.event_id == **id))
    {
        bail!("{}: there is no event {missing}", args.file.display());
    }
    found.extend(first);
    if found.is_empty() {
        bail!("{}: there is no image to draw", args.file.display());
    }
    Ok(found)
}

fn pixels(args: &Args, source: &Source, telescope: &Dl1Telescope) -> anyhow::Result<Pixels> {
    let tel_id = telescope.tel_id;
    let found = match source {
        Source::Ctapipe(reader) => of_camera(reader.subarray(), tel_id, reader.is_camera_frame()),
        Source::Ctaml(reader) => of_type(reader, tel_id),
    };
    let count = telescope.image.image.len();
    match found {
        Some(pixels) if pixels.centres.len() == count => Ok(pixels),
        Some(pixels) => {
            let have = pixels.centres.len();
            bail!("{}: telescope {tel_id}: {count} charges, but {have} pixels", args.file.display())
        }
        None => bail!("{}: telescope {tel_id} is not described", args.file.display()),
    }
}

fn of_camera(subarray: &Subarray, tel_id: u16, camera_frame: bool) -> Option<Pixels> {
    let description = subarray.telescope(tel_id)?;
    let mut geometry: CameraGeometry = subarray.camera(tel_id)?.geometry.clone();
    if geometry.cam_rotation_deg != 0.0 {
        geometry.derotate();
    }
    let form = match geometry.pix_type {
        PixelShape::Circle => PixelForm::Circle,
        PixelShape::Hexagon => PixelForm::Hexagon,
        PixelShape::Square => PixelForm::Square,
    };
    // The other frame is the mirror image at the diagonal.
    let (frame, rotation_deg, axes) = match camera_frame {
        true => {
            let axes = ["x in the camera", "y in the camera"].map(|name| Axis::in_units(name, "m"));
            (geometry.camera_frame(), geometry.pix_rotation_deg, axes)
        }
        false => {
            let axes = ["fov_lon", "fov_lat"].map(|name| Axis::in_units(name, "deg"));
            let frame = geometry.telescope_frame(description.focal_length_m);
            (frame, 90.0 - geometry.pix_rotation_deg, axes)
        }
    };
    let centres = frame.x.iter().copied().zip(frame.y.iter().copied()).collect();
    let name = description.description.clone();
    Some(Pixels { centres, widths: frame.width, form, rotation_deg, axes, name })
}

/// The format tells places only: pixels are drawn as circles that touch their neighbours.
fn of_type(reader: &ctaml::Reader, tel_id: u16) -> Option<Pixels> {
    let telescope = reader.telescopes().iter().find(|one| one.tel_id == tel_id)?;
    let own = reader.types().iter().find(|one| one.name == telescope.type_name)?;
    let centres: Vec<(f64, f64)> =
        own.pix_x.iter().zip(&own.pix_y).map(|(x, y)| (f64::from(*x), f64::from(*y))).collect();
    let distance = |from: (f64, f64)| {
        let others = centres.iter().map(move |to| (to.0 - from.0).hypot(to.1 - from.1));
        others.filter(|distance| *distance > 1e-6).fold(f64::INFINITY, f64::min)
    };
    let width = distance(*centres.first()?);
    let width = if width.is_finite() { width } else { 0.01 };
    Some(Pixels {
        widths: vec![width; centres.len()],
        centres,
        form: PixelForm::Circle,
        rotation_deg: 0.0,
        axes: ["x in the camera", "y in the camera"].map(|name| Axis::in_units(name, "m")),
        name: own.name.clone(),
    })
}

/// The panels of a telescope: charges, and what else is asked for.
fn of_telescope(
    args: &Args,
    event: &Dl1Event,
    telescope: &Dl1Telescope,
    pixels: &Pixels,
) -> anyhow::Result<Vec<Drawn>> {
    let mask = telescope.image_mask.clone().unwrap_or_default();
    let hillas = telescope.parameters.map(|parameters| parameters.hillas);
    let hillas = hillas.filter(|hillas| hillas.length.is_finite() && hillas.x.is_finite());
    let mut panels = vec![draw(
        args,
        event,
        (telescope, pixels),
        CameraImage {
            outlined: mask.clone(),
            ellipse: hillas.as_ref().map(ellipse),
            ..image(pixels, &telescope.image.image, Axis::in_units("charge", "p.e."))
        },
        "",
        &note(telescope, hillas.as_ref()),
    )];
    if args.peak_time {
        let times = &telescope.image.peak_time;
        if times.is_empty() {
            bail!("{}: there are no times of pulses", args.file.display());
        }
        let shown: Vec<f32> = match mask.is_empty() {
            true => times.clone(),
            false => {
                let pixels = times.iter().zip(&mask);
                pixels.map(|(time, kept)| if *kept { *time } else { f32::NAN }).collect()
            }
        };
        let image = image(pixels, &shown, Axis::in_units("peak time", "ns"));
        let note = if mask.is_empty() { "all pixels" } else { "selected pixels only" };
        panels.push(draw(args, event, (telescope, pixels), image, " · peak time", note));
    }
    if args.truth {
        let Some(truth) = &telescope.true_image else {
            bail!("{}: there is no true image of event {}", args.file.display(), event.event_id);
        };
        let values: Vec<f32> = truth.iter().map(|count| *count as f32).collect();
        let sum: i64 = truth.iter().map(|count| i64::from(*count)).sum();
        let image = CameraImage {
            outlined: mask,
            ..image(pixels, &values, Axis::in_units("true charge", "p.e."))
        };
        let note = format!("{} photo-electrons", grouped(sum.max(0) as u64));
        panels.push(draw(args, event, (telescope, pixels), image, " · true image", &note));
    }
    Ok(panels)
}

fn image(pixels: &Pixels, values: &[f32], scale: Axis) -> CameraImage {
    let finite = values.iter().filter(|value| value.is_finite()).map(|value| f64::from(*value));
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let range = match () {
        () if low < high => (low, high),
        () if low.is_finite() => (low - 0.5, low + 0.5),
        () => (0.0, 1.0),
    };
    CameraImage {
        centres: pixels.centres.clone(),
        widths: pixels.widths.clone(),
        form: pixels.form,
        rotation_deg: pixels.rotation_deg,
        values: values.to_vec(),
        range,
        scale,
        outlined: Vec::new(),
        ellipse: None,
    }
}

fn ellipse(hillas: &Hillas) -> Ellipse {
    Ellipse {
        centre: (hillas.x, hillas.y),
        axes: (SIGMAS * hillas.length, SIGMAS * hillas.width),
        angle_deg: hillas.psi,
        line: LINE * hillas.length,
    }
}

fn note(telescope: &Dl1Telescope, hillas: Option<&Hillas>) -> String {
    let selected = telescope.image_mask.as_ref();
    let selected = selected.map(|mask| mask.iter().filter(|kept| **kept).count());
    let mut parts = Vec::new();
    if let Some(hillas) = hillas {
        parts.push(format!("{:.0} p.e.", hillas.intensity));
    }
    if let Some(selected) = selected {
        parts.push(format!("{} pixels selected", grouped(selected as u64)));
    }
    if hillas.is_some() {
        parts.push(format!("ellipse {SIGMAS} σ"));
    }
    parts.join(" · ")
}

fn draw(
    args: &Args,
    event: &Dl1Event,
    (telescope, pixels): (&Dl1Telescope, &Pixels),
    mut image: CameraImage,
    what: &str,
    note: &str,
) -> Drawn {
    if let Some(range) = args.range.as_ref().filter(|_| what.is_empty()) {
        image.range = (range.0.start, range.0.end);
    }
    let (event_id, tel_id) = (event.event_id, telescope.tel_id);
    let title = match &args.title {
        Some(title) => title.clone(),
        None => format!("event {event_id} · telescope {tel_id} · {}{what}", pixels.name),
    };
    let [x, y] = pixels.axes.clone();
    let content = Content::Camera(Box::new(image));
    let panel = Panel { title, note: note.to_owned(), ..Panel::new(x, y, content) };
    let objects = vec![format!("event {event_id}, telescope {tel_id}{what}")];
    Drawn { kind: Kind::Camera, objects, panel }
}
