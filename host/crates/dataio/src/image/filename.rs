//! Names of image files: a stem, a number, what is behind it, and an extension.

use std::path::{Path, PathBuf};

use super::CODECS;

/// Most digits that belong to a number.
const MOST_DIGITS: usize = 9;
/// Digits of a number that is put into a name without one.
const DIGITS: usize = 4;

/// The parts of a name: `dir/image_0012b.edf.gz` is `dir`, `image_`, 12 with 4 digits, `b`, `.edf.gz`.
///
/// A name whose last part is digits, `data.0001`, is one of Bruker's; a name without a dot and digits
/// behind an underscore, `data_0001`, one of GE's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// The folder, if the name has one.
    pub directory: Option<PathBuf>,
    /// What is before the number.
    pub stem: String,
    /// The number.
    pub number: Option<i64>,
    /// Characters that the number is filled up to with zeros, its minus among them.
    pub digits: usize,
    /// What is between number and extension.
    pub post: String,
    /// The extension with its dot, and that of the compression.
    pub extension: String,
    /// Names of the codecs that have such names.
    pub codecs: Vec<&'static str>,
    /// Whether it ends in `.gz` or `.bz2`, in any case.
    pub compressed: bool,
}

impl FileName {
    /// Takes a name apart.
    pub fn parse(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let (name, packed) = match name.rsplit_once('.') {
            Some((rest, end)) if ["gz", "bz2"].iter().any(|own| end.eq_ignore_ascii_case(own)) => {
                (rest, &name[rest.len()..])
            }
            _ => (&*name, ""),
        };
        let mut parsed = FileName {
            directory: directory.map(Path::to_path_buf),
            stem: name.to_owned(),
            number: None,
            digits: DIGITS,
            post: String::new(),
            extension: packed.to_owned(),
            codecs: Vec::new(),
            compressed: !packed.is_empty(),
        };
        let (stem, end) = match name.rsplit_once('.') {
            None => {
                if let Some((stem, digits)) = name.rsplit_once('_')
                    && let Some(number) = whole_number(digits)
                {
                    parsed.number(&format!("{stem}_"), number, digits.len());
                    parsed.codecs = vec!["ge"];
                }
                return parsed;
            }
            Some(parts) => parts,
        };
        parsed.codecs = codecs_of(&end.to_ascii_lowercase());
        if parsed.codecs.is_empty()
            && let Some(number) = whole_number(end)
        {
            parsed.number(&format!("{stem}."), number, end.len());
            parsed.codecs = vec!["bruker"];
            return parsed;
        }
        parsed.extension = format!(".{end}{packed}");
        stem.clone_into(&mut parsed.stem);
        if let Some((start, end)) = last_number(stem)
            && let Ok(number) = stem[start..end].parse()
        {
            stem[end..].clone_into(&mut parsed.post);
            parsed.number(&stem[..start], number, end - start);
        }
        parsed
    }

    fn number(&mut self, stem: &str, number: i64, digits: usize) {
        stem.clone_into(&mut self.stem);
        self.number = Some(number);
        self.digits = digits;
    }

    /// The name as it is written.
    pub fn to_path(&self) -> PathBuf {
        let number = self.number.map(|number| format!("{number:0digits$}", digits = self.digits));
        let number = number.unwrap_or_default();
        let name = format!("{}{number}{}{}", self.stem, self.post, self.extension);
        match &self.directory {
            Some(directory) => directory.join(name),
            None => name.into(),
        }
    }

    /// The name with another number.
    pub fn jump(&self, number: i64) -> Self {
        FileName { number: Some(number), ..self.clone() }
    }

    /// The name with the next number, if it has one.
    pub fn next(&self) -> Option<Self> {
        Some(self.jump(self.number?.checked_add(1)?))
    }

    /// The name with the number before, if it has one.
    pub fn previous(&self) -> Option<Self> {
        Some(self.jump(self.number?.checked_sub(1)?))
    }

    /// The name with its number not filled up with zeros.
    pub fn unpadded(self) -> Self {
        FileName { digits: 0, ..self }
    }
}

/// The names of the codecs with an extension (lower case, no dot).
fn codecs_of(extension: &str) -> Vec<&'static str> {
    let fits = CODECS.iter().filter(|codec| codec.extensions().contains(&extension));
    fits.map(|codec| codec.name()).collect()
}

/// A text that is a number as a whole.
fn whole_number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Where the last digits of a name are: no more than nine, with a minus right before them.
fn last_number(name: &str) -> Option<(usize, usize)> {
    let end = name.rfind(|c: char| c.is_ascii_digit())? + 1;
    let digits = name[..end].bytes().rev().take(MOST_DIGITS).take_while(u8::is_ascii_digit).count();
    let start = end - digits;
    let minus = name[..start].ends_with('-');
    Some((start - usize::from(minus), end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_a_number_keeps_its_dots() {
        let name = FileName::parse(Path::new("d/a.b.edf"));
        assert_eq!(
            (name.stem.as_str(), name.number, name.to_path()),
            ("a.b", None, "d/a.b.edf".into())
        );
        assert_eq!(name.next(), None);
        assert_eq!(name.jump(3).to_path(), Path::new("d/a.b0003.edf"));
    }

    #[test]
    fn odd_names_are_no_harm() {
        for name in [
            "",
            "/",
            ".",
            "..",
            ".edf",
            "a.",
            "-",
            "a-.edf",
            "é1é.edf",
            "99999999999999999999",
            "a.99999999999999999999",
        ] {
            let parsed = FileName::parse(Path::new(name));
            let _ = (parsed.next(), parsed.previous(), parsed.to_path());
        }
        assert_eq!(FileName::parse(Path::new("é-12é.edf")).number, Some(-12));
        assert_eq!(FileName::parse(Path::new("x.edf")).jump(i64::MAX).next(), None);
    }
}
