//! Images of one format written as another.

use std::path::{Path, PathBuf};

use tierline_report::Limits;

use super::{CODECS, Codec, Encoder, Frame, Image, Source, Target, detect};
use crate::Error;

/// The codec that a user names: by its name, with or without `image` behind it, or by an extension that is
/// of one writable format only.
pub fn writable(name: &str) -> Result<(&'static dyn Codec, &'static dyn Encoder), String> {
    let lower = name.to_ascii_lowercase();
    let plain = lower.strip_suffix("image").unwrap_or(&lower);
    let by_name = CODECS.iter().find(|codec| codec.name() == plain);
    let codec = match by_name {
        Some(codec) => *codec,
        None => {
            let fits: Vec<_> = CODECS
                .iter()
                .filter(|codec| codec.extensions().contains(&plain) && codec.encoder().is_some())
                .collect();
            match fits.as_slice() {
                [codec] => **codec,
                [] => return Err(format!("there is no image format '{name}' that can be written")),
                many => {
                    let names: Vec<&str> = many.iter().map(|codec| codec.name()).collect();
                    return Err(format!("'{name}' may be {}: give one of these", names.join(", ")));
                }
            }
        }
    };
    match codec.encoder() {
        Some(encoder) => Ok((codec, encoder)),
        None => Err(format!("images can't be written as {}", codec.name())),
    }
}

/// Names of the outputs for an image of `frames` frames: one, or one to the frame where the format holds no
/// more: `x.cbf`, or `x_0000.cbf`, `x_0001.cbf`, …
pub fn output_names(output: &Path, frames: usize, many: bool) -> Vec<PathBuf> {
    if many || frames == 1 {
        return vec![output.to_path_buf()];
    }
    let (stem, extension) = (output.file_stem().unwrap_or_default(), output.extension());
    let digits = (frames - 1).to_string().len().max(4);
    let name = |i: usize| {
        let mut name = stem.to_os_string();
        name.push(format!("_{i:0digits$}"));
        if let Some(extension) = extension {
            name.push(".");
            name.push(extension);
        }
        output.with_file_name(name)
    };
    (0..frames).map(name).collect()
}

/// An image that is converted.
pub struct Transform {
    image: Box<dyn Image>,
    frames: usize,
}

impl Transform {
    /// Opens an image.
    pub fn open(path: &Path, limits: Limits) -> Result<Self, Error> {
        let source = Source::open(path, limits)?;
        let mut image = detect(&source)?.open(source)?;
        let frames = image.frames()?;
        Ok(Transform { image, frames })
    }

    /// Its frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// What was found wrong.
    pub fn warnings(&self) -> &[String] {
        self.image.warnings()
    }

    /// Writes some frames as one file.
    pub fn write(
        &mut self,
        frames: std::ops::Range<usize>,
        encoder: &dyn Encoder,
        target: Target<'_>,
    ) -> Result<(), Error> {
        let image = self.image.as_mut();
        let mut frames = frames.map(|index| image.frame(index));
        encoder.write(&mut frames as &mut dyn Iterator<Item = Result<Frame, Error>>, target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_outputs() {
        let name = |n, many| output_names(Path::new("a/x.cbf"), n, many);
        assert_eq!(name(3, true), [PathBuf::from("a/x.cbf")]);
        assert_eq!(name(2, false)[1], PathBuf::from("a/x_0001.cbf"));
        assert_eq!(name(1, false), [PathBuf::from("a/x.cbf")]);
    }
}
