//! From files to a file.

use std::path::Path;

use tierline_h5::edit::{Attributes, Editor, Elements, Folder, Storage};
use tierline_table::DType;

use super::{Correction, RawImage, Zeros, correct};
use crate::Error;
use crate::image::{Encoder, Frame, Header, Pixels, Target};
use crate::tree::CREATOR;

/// Name of the only result.
const RESULT: &str = "result";

/// How results are stored in HDF5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A dataset to the image, by its name; `result` if there is one.
    Each,
    /// All in one dataset `result`, images along its first axis.
    Stack,
}

/// Corrects images and writes an HDF5 file. Below `/entry` is NeXus' default plot: the stack, or the first
/// image.
pub fn to_hdf5(
    correction: &Correction,
    raws: &[RawImage],
    single: bool,
    layout: Layout,
    threads: usize,
    target: &Path,
) -> Result<Zeros, Error> {
    let editor = Editor::create(target, false)?;
    let root = editor.root()?;
    let shape = raws.first().map_or([0, 0], |raw| raw.shape);
    let zeros;
    let shown;
    if layout == Layout::Stack {
        let all = [raws.len(), shape[0], shape[1]];
        let mut rows = root.rows(RESULT, DType::F32, &all, &Storage::default(), threads)?;
        zeros = correct(correction, raws, threads, &mut |_, data| Ok(rows.push(&data)?))?;
        image(&rows.finish()?.attrs())?;
        shown = RESULT.to_owned();
    } else {
        let name = |raw: &RawImage| if single { RESULT.to_owned() } else { raw.name.clone() };
        zeros = correct(correction, raws, threads, &mut |raw, data| {
            let elements = Elements::Plain(DType::F32, &data);
            let stored = root.write(&name(raw), &raw.shape, elements, &Storage::default())?;
            image(&stored.attrs())
        })?;
        shown = raws.first().map_or_else(String::new, name);
    }
    nexus(&root, &shown)?;
    drop(root);
    editor.finish()?;
    Ok(zeros)
}

/// A default plot that shows a dataset.
fn nexus(root: &Folder, shown: &str) -> Result<(), Error> {
    let text = |attrs: Attributes<'_>, name: &str, value: &str| {
        attrs.set(name, &[], Elements::Texts(&[value.to_owned()]))
    };
    text(root.attrs(), "NX_class", "NXroot")?;
    text(root.attrs(), "creator", CREATOR)?;
    text(root.attrs(), "default", "entry")?;
    let entry = root.group("entry")?;
    text(entry.attrs(), "NX_class", "NXentry")?;
    text(entry.attrs(), "default", "data")?;
    let data = entry.group("data")?;
    text(data.attrs(), "NX_class", "NXdata")?;
    text(data.attrs(), "signal", "data")?;
    data.soft_link("data", &format!("/{shown}"))?;
    Ok(())
}

fn image(attrs: &Attributes<'_>) -> Result<(), Error> {
    Ok(attrs.set("interpretation", &[], Elements::Texts(&["image".to_owned()]))?)
}

/// Corrects images and writes them as frames of an image file.
pub fn to_image(
    correction: &Correction,
    raws: &[RawImage],
    threads: usize,
    encoder: &dyn Encoder,
    target: Target<'_>,
) -> Result<Zeros, Error> {
    let mut zeros = Zeros::default();
    // The encoder asks for frames, so that they are corrected some at a time.
    let mut left = raws;
    let mut ready = std::collections::VecDeque::new();
    let mut frames = std::iter::from_fn(|| {
        if ready.is_empty() && !left.is_empty() {
            let (some, rest) = left.split_at(left.len().min(threads.max(1)));
            left = rest;
            let done = correct(correction, some, threads, &mut |raw, data| {
                let mut header = Header::new();
                header.set("title", raw.name.as_str());
                let pixels = Pixels { dtype: DType::F32, shape: raw.shape.to_vec(), data };
                ready.push_back(Ok(Frame { pixels, header }));
                Ok(())
            });
            match done {
                Ok(more) => zeros.add(more),
                Err(error) => ready.push_back(Err(error)),
            }
        }
        ready.pop_front()
    });
    encoder.write(&mut frames, target)?;
    Ok(zeros)
}
