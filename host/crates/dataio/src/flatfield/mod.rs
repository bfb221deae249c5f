//! Flat-field correction of images: what the beam and the detector did to them is divided out.
//!
//! Images come from any [`Tree`], one at a time; several are corrected at once, and handed on in order.

mod correction;
mod run;

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};

pub use correction::{Corrected, Correction, Flats, plane};
pub use run::{Layout, to_hdf5, to_image};

use crate::image::Pixels;
use crate::tree::{Data, Dataset, Node, Pick, Selection, Span, Tree};
use crate::{Error, Place};

/// One image of a dataset.
#[derive(Clone)]
pub struct RawImage {
    /// Its name: that of its dataset, or its number in it.
    pub name: String,
    /// Its index: the number that its name is, else its place.
    pub index: f64,
    /// Rows and columns.
    pub shape: [usize; 2],
    /// Where it comes from, for messages.
    pub origin: String,
    dataset: Arc<dyn Dataset>,
    frame: Option<usize>,
}

impl RawImage {
    /// Reads the pixels.
    pub fn read(&self) -> Result<Pixels, Error> {
        let info = self.dataset.info()?;
        let mut selection = Selection::all(&info.shape);
        if let (Some(frame), Some(first)) = (self.frame, selection.spans.first_mut()) {
            *first = Span { start: frame, count: 1, step: 1 };
        }
        match self.dataset.read(&selection)?.data {
            Data::Plain { dtype, bytes } => {
                Ok(Pixels { dtype, shape: self.shape.to_vec(), data: bytes })
            }
            Data::Texts(_) | Data::Other(_) => {
                Err(Error::missing(self.origin.as_ref(), "image: these are no numbers"))
            }
        }
    }
}

/// The images of a dataset (one, or a stack of them) or of a group (those datasets of it that are images).
pub fn images(tree: &Tree, path: &str) -> Result<Vec<RawImage>, Error> {
    let none = |what: &str| {
        Error::malformed(tree.path(), Place::Object(path.to_owned()), format!("{what} is no image"))
    };
    let mut all = match tree.get(path)? {
        Node::Dataset(dataset) => {
            let name = path.rsplit('/').next().unwrap_or_default();
            of_dataset(tree, path, name, &dataset)?.ok_or_else(|| none("this dataset"))?
        }
        Node::Group(group) => {
            let mut all = Vec::new();
            for name in group.names()? {
                let below = format!("{}/{name}", path.trim_end_matches('/'));
                if let Ok(Node::Dataset(dataset)) = tree.get(&below) {
                    all.extend(of_dataset(tree, &below, &name, &dataset)?.unwrap_or_default());
                }
            }
            all
        }
        Node::Link(_) | Node::Other(_) => Vec::new(),
    };
    let Some(first) = all.first() else { return Err(none("what is there")) };
    let shape = first.shape;
    if let Some(other) = all.iter().find(|image| image.shape != shape) {
        let reason = format!("images of {:?} and of {:?}", shape, other.shape);
        return Err(Error::malformed(tree.path(), Place::Object(path.to_owned()), reason));
    }
    // Numbers in names count where all names are numbers.
    let numbers: Option<Vec<f64>> =
        all.iter().map(|image| image.name.parse::<i64>().ok().map(|n| n as f64)).collect();
    for (place, image) in all.iter_mut().enumerate() {
        image.index = numbers.as_ref().map_or(place as f64, |numbers| numbers[place]);
    }
    Ok(all)
}

/// Those images of a stack that a slice of its first axis picks.
pub fn slice(images: Vec<RawImage>, picks: &[Pick]) -> Result<Vec<RawImage>, String> {
    let [first, rest @ ..] = picks else { return Ok(images) };
    let whole = |pick: &Pick| {
        matches!(pick, Pick::Ellipsis | Pick::Slice { start: None, stop: None, step: None })
    };
    if !rest.iter().all(whole) {
        return Err("images are taken whole: slice the first axis only".to_owned());
    }
    let (selection, _) = Pick::apply(&[*first], &[images.len()])?;
    let Some(Span { start, count, step }) = selection.spans.first() else { return Ok(images) };
    Ok(images.into_iter().skip(*start).step_by(*step).take(*count).collect())
}

fn of_dataset(
    tree: &Tree,
    path: &str,
    name: &str,
    dataset: &Arc<dyn Dataset>,
) -> Result<Option<Vec<RawImage>>, Error> {
    let info = dataset.info()?;
    let image = |name: String, frame, rows, columns| RawImage {
        name,
        index: 0.0,
        shape: [rows, columns],
        origin: format!("{}::{path}", tree.path().display()),
        dataset: dataset.clone(),
        frame,
    };
    Ok(match info.shape[..] {
        [rows, columns] => Some(vec![image(name.to_owned(), None, rows, columns)]),
        [count, rows, columns] => {
            let digits = count.saturating_sub(1).to_string().len().max(4);
            let frame = |i| image(format!("{i:0digits$}"), Some(i), rows, columns);
            Some((0..count).map(frame).collect())
        }
        _ => None,
    })
}

/// Zero denominators of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zeros {
    /// Pixels of all images.
    pub pixels: u64,
    /// By image, where there are any.
    pub images: BTreeMap<String, u64>,
}

impl Zeros {
    fn add(&mut self, more: Zeros) {
        self.pixels += more.pixels;
        self.images.extend(more.images);
    }
}

/// Gets the images that were corrected, in order.
pub type Taker<'a> = &'a mut dyn FnMut(&RawImage, Vec<u8>) -> Result<(), Error>;

/// Corrects images in some threads and hands the results on in order. `take` gets the image and its
/// `f32` elements.
pub fn correct(
    correction: &Correction,
    raws: &[RawImage],
    threads: usize,
    take: Taker<'_>,
) -> Result<Zeros, Error> {
    let mut zeros = Zeros::default();
    let mut done = |raw: &RawImage, corrected: Corrected| {
        if corrected.zeros > 0 {
            zeros.pixels += corrected.zeros;
            *zeros.images.entry(raw.name.clone()).or_default() += corrected.zeros;
        }
        take(raw, corrected.data)
    };
    for raw in raws {
        let pixels = raw.shape[0] * raw.shape[1];
        if pixels != correction.dark.len() {
            let [rows, columns] = raw.shape;
            let reason = format!(
                "an image of {rows} x {columns} for a dark field of {} pixels",
                correction.dark.len()
            );
            return Err(Error::malformed(raw.origin.as_ref(), Place::File, reason));
        }
    }
    if threads < 2 || raws.len() < 2 {
        for raw in raws {
            done(raw, correction.apply(&raw.read()?, raw.index))?;
        }
        return Ok(zeros);
    }
    std::thread::scope(|scope| {
        // Results come back by a channel of their own for each image, in order.
        let (jobs, queue) = sync_channel::<Work<'_>>(1);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let queue = queue.clone();
            scope.spawn(move || {
                loop {
                    let work = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(Work { raw, pixels, answer }) = work else { return };
                    // Nobody waits where an error came before.
                    let _ = answer.send(correction.apply(&pixels, raw.index));
                }
            });
        }
        drop(queue);
        let mut waiting = VecDeque::new();
        let broken = |raw: &RawImage| Error::Thread { path: (&raw.origin).into() };
        let mut next = |waiting: &mut VecDeque<(&RawImage, Answer)>, most: usize| {
            while waiting.len() > most {
                let Some((raw, answer)) = waiting.pop_front() else { break };
                done(raw, answer.recv().map_err(|_| broken(raw))?)?;
            }
            Ok::<(), Error>(())
        };
        for raw in raws {
            let pixels = raw.read()?;
            let (answer, result) = sync_channel(1);
            jobs.send(Work { raw, pixels, answer }).map_err(|_| broken(raw))?;
            waiting.push_back((raw, result));
            next(&mut waiting, threads)?;
        }
        drop(jobs);
        next(&mut waiting, 0)
    })?;
    Ok(zeros)
}

type Answer = std::sync::mpsc::Receiver<Corrected>;

/// An image on its way to a thread.
struct Work<'a> {
    raw: &'a RawImage,
    pixels: Pixels,
    answer: std::sync::mpsc::SyncSender<Corrected>,
}
