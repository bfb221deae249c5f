//! All that can be read of a file, right or not.

use std::path::Path;

use tierline::dataio::Error;
use tierline::dataio::image::{Codec, Limits, Source, detect};
use tierline::dataio::spec::{Reading, Scan, SpecFile, is_spec};
use tierline::dataio::tree::{
    self, Dataset, Element, Node, Selection, Tree, Visit, default_path, h5ls,
};

/// Frames of a file that are read.
const FRAMES: usize = 3;
/// Elements of a dataset that are read.
const ELEMENTS: usize = 1 << 20;

pub(super) fn limits() -> Limits {
    Limits { max_allocation: 64 << 20, ..Limits::default() }
}

/// What a file is before it is damaged.
pub(super) struct Readers {
    codec: Option<&'static dyn Codec>,
    spec: bool,
    pub(super) hdf5: bool,
}

impl Readers {
    pub(super) fn of(path: &Path) -> Self {
        let source = Source::open(path, limits()).unwrap();
        let head = source.bytes(0, 4096).unwrap();
        let spec = is_spec(&head);
        let codec = if spec { None } else { detect(&source).ok() };
        Readers { codec, spec, hdf5: head.starts_with(b"\x89HDF") }
    }

    /// Reads a file as what it was, and as what it now seems to be.
    pub(super) fn read(&self, path: &Path) {
        if let Some(codec) = self.codec {
            let _ = Source::open(path, limits()).and_then(|source| read_image(codec, source));
        }
        if self.spec {
            for reading in [Reading::Compatible, Reading::Strict] {
                let _ = Source::open(path, limits()).and_then(|source| read_spec(source, reading));
            }
        }
        if let Ok(tree) = tree::open(path, limits()) {
            let _ = read_tree(&tree);
            let _ = default_path(&tree).and_then(|path| tree.dataset(&path)?.info());
            let _ = h5ls(&mut std::io::sink(), &tree, "/");
        }
    }
}

/// Reads the first frames.
pub(super) fn read_image(codec: &dyn Codec, source: Source) -> Result<(), Error> {
    let mut image = codec.open(source)?;
    for i in 0..image.frames()?.min(FRAMES) {
        let (header, frame) = (image.header(i), image.frame(i));
        if let (Ok(header), Ok(frame)) = (header, frame) {
            let pixels = &frame.pixels;
            assert_eq!(pixels.len() * pixels.dtype.size(), pixels.data.len());
            // As text: a number may be none, which equals nothing.
            assert!(format!("{header:?}") == format!("{:?}", frame.header));
        }
    }
    let _ = (image.frame(usize::MAX).is_err(), image.warnings().len(), image.incomplete());
    Ok(())
}

fn read_spec(source: Source, reading: Reading) -> Result<(), Error> {
    let file = SpecFile::from_source(source, reading)?;
    let _ = (file.list(), file.keys().count());
    for index in 0..file.len() {
        read_scan(&file.scan(index)?);
    }
    Ok(())
}

fn read_scan(scan: &Scan) {
    assert_eq!(scan.rows() * scan.columns(), scan.data().len());
    let _ = (scan.command(), scan.date(), scan.labels(), scan.warnings().len());
    let _ = (scan.motor_names(), scan.motor_positions(), scan.counting_times());
    let _ = (scan.calibrations(), scan.channels());
    for column in 0..scan.columns() {
        assert_eq!(scan.column(column).map(|values| values.len()), Some(scan.rows()));
    }
    for index in [0, scan.spectra().saturating_sub(1)] {
        assert_eq!(scan.spectrum(index).is_some(), index < scan.spectra());
    }
    let last = scan.analysers().saturating_sub(1);
    let _ = scan.analyser_spectrum(last, scan.analyser_rows().saturating_sub(1));
}

fn read_tree(tree: &Tree) -> Result<(), Error> {
    tree.walk("/", &mut |step| {
        let _ = step.node.attrs();
        match step.node {
            Node::Dataset(dataset) if step.seen.is_none() => {
                let _ = read_dataset(&**dataset);
            }
            _ => {}
        }
        Ok(Visit::Enter)
    })
}

/// Reads a dataset, or a part of a large one.
fn read_dataset(dataset: &dyn Dataset) -> Result<(), Error> {
    let info = dataset.info()?;
    let elements = |shape: &[usize]| shape.iter().try_fold(1usize, |n, len| n.checked_mul(*len));
    let is_small = |shape: &[usize]| elements(shape).is_some_and(|count| count <= ELEMENTS);
    let values = if is_small(&info.shape) {
        dataset.read_all()?
    } else if is_small(info.shape.get(1..).unwrap_or_default()) {
        dataset.read(&Selection::rows(&info.shape, 0..1))?
    } else {
        return Ok(());
    };
    let Element::Plain(dtype) = info.element else { return Ok(()) };
    if let tree::Data::Plain { bytes, .. } = &values.data {
        assert_eq!(bytes.len(), values.len() * dtype.size());
    }
    Ok(())
}
