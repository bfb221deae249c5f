//! Images as a tree: a NeXus entry whose detector has the frames.
//!
//! ```text
//! /                       NXroot
//! /scan_0                 NXentry, default "image"
//!   instrument            NXinstrument
//!     positioners         NXpositioner: motors
//!     file                NXcollection: scan_header, the header of each frame as text
//!     detector_0          NXdetector: data, and others: the rest of the header
//!   measurement           NXcollection: links to the data, counters
//!   image                 NXdata: a link to the data
//!   sample                lattice and orientation, where the header has them
//! ```

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use tierline_report::Limits;

use super::metadata::{Width, array, check, texts};
use super::{Attr, Branch, Element, Frames, Leaf, Selection, Span, Tree, Values};
use crate::Error;
use crate::image::{Header, Value};

/// Where the pixels are.
pub const DATA: &str = "/scan_0/instrument/detector_0/data";
/// The group of the pixels.
pub const DETECTOR: &str = "/scan_0/instrument/detector_0";
/// Names `image_0`, `image_1`, … that are tried where counters have them.
const NAMES: usize = 1000;

/// Values of keys by frame, in the order in which the keys come first.
#[derive(Default)]
struct Columns {
    all: Vec<(String, Vec<Option<Value>>)>,
    places: HashMap<String, usize>,
}

impl Columns {
    fn set(
        &mut self,
        key: &str,
        frame: usize,
        frames: &Frames,
        value: Option<Value>,
    ) -> Result<(), Error> {
        let place = match self.places.get(key) {
            Some(place) => *place,
            None => {
                let (place, count) = (self.all.len(), frames.count());
                check(frames.limits(), &[place + 1, count, size_of::<Option<Value>>()])?;
                self.all.push((key.to_owned(), vec![None; count]));
                self.places.insert(key.to_owned(), place);
                place
            }
        };
        self.all[place].1[frame] = value;
        Ok(())
    }

    fn put(&self, branch: &mut Branch, width: Width, limits: &Limits) -> Result<(), Error> {
        for (key, values) in &self.all {
            branch.put_dataset(&key.replace('/', "%"), Leaf::new(array(values, width, limits)?));
        }
        Ok(())
    }
}

/// What the headers of all frames say.
#[derive(Default)]
struct Metadata {
    motors: Columns,
    counters: Columns,
    others: Columns,
    headers: Vec<String>,
}

/// Shows frames as a tree. Headers are read now, pixels when asked for.
pub fn image_tree(frames: Frames) -> Result<Tree, Error> {
    let frames = Arc::new(frames);
    let (mut metadata, mut first) = (Metadata::default(), Header::new());
    for index in 0..frames.count() {
        let header = frames.header(index)?;
        metadata.take(&frames, index, &header)?;
        if index == 0 {
            first = header;
        }
    }
    let mut root = Branch::class("NXroot")
        .with_attr(Attr::text("file_time", &super::file_time(frames.path())))
        .with_attr(Attr::text("creator", super::CREATOR))
        .with_attr(Attr::text("default", "scan_0"));
    if !frames.is_series() {
        let name = frames.path().display().to_string();
        root = root.with_attr(Attr::text("file_name", &name));
    }
    root.put_group("scan_0", scan(&frames, &metadata, &first)?);
    Ok(Tree::new(frames.path(), Arc::new(root)))
}

/// The same of a file, or of a series of files.
pub fn open_images(paths: &[PathBuf], limits: Limits) -> Result<Tree, Error> {
    image_tree(match paths {
        [path] => Frames::file(path, limits)?,
        _ => Frames::series(paths.to_vec(), limits)?,
    })
}

fn scan(frames: &Arc<Frames>, metadata: &Metadata, first: &Header) -> Result<Branch, Error> {
    let limits = frames.limits();
    let kind = if is_spectrum(frames, first) { "spectrum" } else { "image" };
    let mut positioners = Branch::class("NXpositioner");
    metadata.motors.put(&mut positioners, Width::Signed, limits)?;
    let mut file = Branch::class("NXcollection");
    file.put_dataset("scan_header", Leaf::new(texts(metadata.headers.iter().cloned(), limits)?));
    let mut others = Branch::new();
    metadata.others.put(&mut others, Width::Smallest, limits)?;
    let mut detector = Branch::class("NXdetector");
    detector.put_dataset("data", stack(frames).with_attr(Attr::text("interpretation", kind)));
    detector.put_group("others", others);
    let mut instrument = Branch::class("NXinstrument");
    instrument.put_group("positioners", positioners);
    instrument.put_group("file", file);
    instrument.put_group("detector_0", detector);

    let mut links = Branch::new();
    links.put_link("data", DATA);
    links.put_link("info", DETECTOR);
    let taken = |name: &String| metadata.counters.places.contains_key(name);
    let mut measurement = Branch::class("NXcollection");
    if let Some(name) = (0..NAMES).map(|i| format!("image_{i}")).find(|name| !taken(name)) {
        measurement.put_group(&name, links);
    }
    metadata.counters.put(&mut measurement, Width::Signed, limits)?;
    let mut image = Branch::class("NXdata")
        .with_attr(Attr::text("interpretation", kind))
        .with_attr(Attr::text("signal", "data"));
    image.put_link("data", DATA);

    let mut scan = Branch::class("NXentry").with_attr(Attr::text("default", "image"));
    scan.put_group("instrument", instrument);
    scan.put_group("measurement", measurement);
    scan.put_group("image", image);
    let sample = ["UB_mne", "UB_pos", "sample_mne", "sample_pos"];
    if frames.codec().has_mnemonics() && sample.iter().all(|key| first.get(key).is_some()) {
        scan.put_group("sample", crystal(first));
    }
    Ok(scan)
}

/// The frames as one dataset: of one frame its pixels, of more a stack.
fn stack(frames: &Arc<Frames>) -> Leaf {
    let (count, dtype) = (frames.count(), frames.dtype());
    let mut shape = frames.shape().to_vec();
    if count > 1 {
        shape.insert(0, count);
    }
    let frames = frames.clone();
    Leaf::lazy(Element::Plain(dtype), &shape, move |selection| {
        let one = |index: usize, selection: &Selection| {
            let pixels = frames.pixels(index)?;
            Ok(Values::plain(pixels.dtype, &pixels.shape, pixels.data).select(selection))
        };
        if frames.count() == 1 {
            return one(0, selection);
        }
        let Some((Span { start, count, step }, inner)) = selection.spans.split_first() else {
            return one(0, selection);
        };
        frames.check(&selection.shape())?;
        let inner = Selection { spans: inner.to_vec() };
        let mut bytes = Vec::new();
        for i in 0..*count {
            if let super::Data::Plain { bytes: frame, .. } = one(start + i * step, &inner)?.data {
                match bytes.is_empty() {
                    true => bytes = frame,
                    false => bytes.extend_from_slice(&frame),
                }
            }
        }
        Ok(Values::plain(frames.dtype(), &selection.shape(), bytes))
    })
}

impl Metadata {
    fn take(&mut self, frames: &Frames, index: usize, header: &Header) -> Result<(), Error> {
        let codec = frames.codec();
        let mut taken: Vec<&str> = Vec::new();
        if codec.has_mnemonics() {
            for (columns, names, values) in [
                (&mut self.motors, "motor_mne", "motor_pos"),
                (&mut self.counters, "counter_mne", "counter_pos"),
            ] {
                let (Some(_), Some(_)) = (header.get(names), header.get(values)) else { continue };
                taken.extend([names, values]);
                for (name, value) in mnemonics(header, names, values) {
                    columns.set(name, index, frames, value.map(Value::from))?;
                }
            }
        }
        for (key, value) in header.iter() {
            let lower = key.to_lowercase();
            if !taken.contains(&key) && !codec.reserved_keys().contains(&lower.as_str()) {
                self.others.set(key, index, frames, Some(value.clone()))?;
            }
        }
        let lines: Vec<String> =
            header.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        self.headers.push(lines.join("\n"));
        Ok(())
    }
}

/// Names of one key with the values of another; names behind the last value have none.
fn mnemonics<'a>(
    header: &'a Header,
    names: &str,
    values: &str,
) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
    let mut values = header.text(values).unwrap_or("").split_ascii_whitespace();
    let names = header.text(names).unwrap_or("").split_ascii_whitespace();
    names.map(move |name| (name, values.next()))
}

fn is_spectrum(frames: &Frames, first: &Header) -> bool {
    let mca = |key: &str| key.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("mca"));
    frames.codec().has_mnemonics() && first.iter().filter(|(key, _)| mca(key)).nth(1).is_some()
}

/// Lattice and orientation matrix; empty where a number is missing.
fn crystal(first: &Header) -> Branch {
    let mut sample = Branch::new().with_attr(Attr::text("NXclass", "NXsample"));
    let numbers = |kind: &str, key: &str, range: std::ops::Range<usize>| {
        let (names, values) = (format!("{kind}_mne"), format!("{kind}_pos"));
        let all: Vec<_> = mnemonics(first, &names, &values).collect();
        range
            .map(|i| {
                let name = format!("{key}{i}");
                all.iter().find(|(own, _)| *own == name)?.1?.parse::<f64>().ok()
            })
            .collect::<Option<Vec<f64>>>()
    };
    let (lengths, angles) = (numbers("sample", "U", 0..3), numbers("sample", "U", 3..6));
    let (Some(lengths), Some(angles), Some(ub)) = (lengths, angles, numbers("UB", "UB", 0..9))
    else {
        return sample;
    };
    let mut put = |name: &str, values: Values| {
        let leaf = Leaf::new(values).with_attr(Attr::text("interpretation", "scalar"));
        sample.put_dataset(name, leaf);
    };
    let cell = lengths.iter().chain(&angles).map(|x| *x as f32).collect::<Vec<_>>();
    put("unit_cell_abc", Values::f64(&[3], lengths));
    put("unit_cell_alphabetagamma", Values::f64(&[3], angles));
    put("unit_cell", Values::f32(&[1, 6], cell));
    put("ub_matrix", Values::f64(&[1, 3, 3], ub));
    sample
}
