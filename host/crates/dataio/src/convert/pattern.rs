//! File names by a pattern with numbers in it: `scan_%04d.edf`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::{Error, Place};

/// Numbers that a name may have.
const MAX_NUMBERS: usize = 64;

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `%d`: a sign, maybe, and any digits.
    Number,
    /// `%04d`: so many characters, digits but for a sign in front.
    Digits(usize),
}

/// Names with one or more numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    folder: PathBuf,
    text: String,
    pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads a pattern: `%d` is any number, `%0Nd` one of N characters; `%%` is a percent sign.
    pub fn new(pattern: &str) -> Result<Self, String> {
        let path = Path::new(pattern);
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let (mut pieces, mut rest) = (vec![Piece::Text(String::new())], name);
        while let Some((before, after)) = rest.split_once('%') {
            let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            let (width, end) = after.split_at(digits);
            let number = match (width, end.as_bytes().first()) {
                ("", Some(b'd')) => Some(Piece::Number),
                ("", Some(b'%')) => None,
                (width, Some(b'd')) if width.starts_with('0') => match width.parse() {
                    Ok(width @ 1..=20) => Some(Piece::Digits(width)),
                    _ => return Err(format!("'%{width}d' is no number of 1 to 20 characters")),
                },
                _ => return Err(format!("'%{after}' is neither %d nor %0Nd")),
            };
            if let Some(Piece::Text(text)) = pieces.last_mut() {
                text.push_str(before);
                if number.is_none() {
                    text.push('%');
                }
            }
            if let Some(number) = number {
                pieces.extend([number, Piece::Text(String::new())]);
            }
            rest = &end[1..];
        }
        if let Some(Piece::Text(text)) = pieces.last_mut() {
            text.push_str(rest);
        }
        if pieces.len() / 2 > MAX_NUMBERS {
            return Err(format!("{} numbers in a name, at most {MAX_NUMBERS}", pieces.len() / 2));
        }
        if pieces.len() == 1 {
            return Err(format!("'{name}' has no number: %d or %0Nd"));
        }
        Ok(Pattern { folder, text: pattern.to_owned(), pieces })
    }

    /// Numbers in a name.
    pub fn numbers(&self) -> usize {
        self.pieces.len() / 2
    }

    /// The numbers of a file name; `None` if it does not fit.
    pub fn parse(&self, name: &str) -> Option<Vec<i64>> {
        let mut found = Vec::new();
        fits(&self.pieces, name, &mut found, &mut HashSet::new()).then_some(found)
    }

    /// The files of the pattern whose numbers are all between `begin` and `end`, in order of their names.
    /// A number that is left out in between is an error.
    pub fn files(&self, begin: &[i64], end: &[i64]) -> Result<Vec<PathBuf>, Error> {
        let failed = |source| Error::io(&self.folder, "list", source);
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some(numbers) = name.to_str().and_then(|name| self.parse(name)) else { continue };
            let late = numbers.iter().zip(end).any(|(number, end)| number > end);
            if !late && !numbers.iter().zip(begin).any(|(number, begin)| number < begin) {
                found.push((name, numbers));
            }
        }
        found.sort();
        for pair in found.windows(2) {
            let gap = pair[0].1.iter().zip(&pair[1].1).find(|(a, b)| **b > a.saturating_add(1));
            if let Some((a, b)) = gap {
                let reason = format!("the series has {a}, then {b}: a file is missing");
                return Err(Error::malformed(self.text.as_ref(), Place::File, reason));
            }
        }
        if found.is_empty() {
            return Err(Error::missing(self.text.as_ref(), "file of this pattern"));
        }
        Ok(found.into_iter().map(|(name, _)| self.folder.join(name)).collect())
    }
}

/// Whether pieces make up a name; the first number takes as many characters as it can. `failed` has the pieces and
/// bytes left that are known not to fit, so that none is tried twice.
fn fits(
    pieces: &[Piece],
    name: &str,
    found: &mut Vec<i64>,
    failed: &mut HashSet<(usize, usize)>,
) -> bool {
    let Some((piece, rest)) = pieces.split_first() else { return name.is_empty() };
    if failed.contains(&(pieces.len(), name.len())) {
        return false;
    }
    let bytes = name.as_bytes();
    let lengths: Vec<usize> = match piece {
        Piece::Text(text) => {
            return name
                .strip_prefix(text.as_str())
                .is_some_and(|name| fits(rest, name, found, failed));
        }
        Piece::Digits(width) => vec![*width],
        Piece::Number => {
            let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
            let digits = bytes[sign..].iter().take_while(|b| b.is_ascii_digit()).count();
            (1..=digits.min(19)).rev().map(|digits| sign + digits).collect()
        }
    };
    for length in lengths {
        let Some(number) = name.get(..length) else { continue };
        let plain = number.strip_prefix('+').unwrap_or(number);
        let Ok(value) = plain.parse::<i64>() else { continue };
        found.push(value);
        if fits(rest, &name[length..], found, failed) {
            return true;
        }
        found.pop();
    }
    failed.insert((pieces.len(), name.len()));
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_their_numbers() {
        for (pattern, name, want) in [
            ("a_%04d.edf", "a_0012.edf", Some(vec![12])),
            ("a_%04d.edf", "a_-012.edf", Some(vec![-12])),
            ("a_%04d.edf", "a_00012.edf", None),
            ("a_%d.edf", "a_+7.edf", Some(vec![7])),
            ("a_%d.edf", "a_.edf", None),
            ("s%d_%03d.cbf", "s12_004.cbf", Some(vec![12, 4])),
            ("s%d%03d", "s12004", Some(vec![12, 4])),
            ("100%%_%d", "100%_5", Some(vec![5])),
            ("a.%d", "ab5", None),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().parse(name), want, "{pattern} {name}");
        }
        for bad in ["a.edf", "a_%4d", "a_%s", "a_%", "a_%0d"] {
            assert!(Pattern::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn many_numbers_in_a_long_name_are_soon_tried() {
        let pattern = Pattern::new(&("%d".repeat(64) + "x")).unwrap();
        assert_eq!(pattern.parse(&"1".repeat(250)), None);
        assert_eq!(pattern.parse(&("1".repeat(250) + "x")).map(|found| found.len()), Some(64));
        assert!(Pattern::new(&"%d".repeat(65)).is_err());
    }

    #[test]
    fn files_are_found_and_holes_are_told() {
        let folder = tempfile::tempdir().unwrap();
        for i in [1, 2, 3, 5] {
            std::fs::write(folder.path().join(format!("x_{i:03}.edf")), "").unwrap();
        }
        let pattern = Pattern::new(&folder.path().join("x_%03d.edf").to_string_lossy()).unwrap();
        assert!(pattern.files(&[], &[]).is_err());
        let names = |begin: &[i64], end: &[i64]| {
            let files = pattern.files(begin, end).unwrap();
            files.iter().map(|f| f.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        let two: Vec<String> = names(&[2], &[3]);
        assert_eq!(two, ["x_002.edf", "x_003.edf"]);
        assert!(pattern.files(&[6], &[]).is_err());
    }
}
