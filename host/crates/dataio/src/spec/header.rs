//! Header lines: names in them and their keys.

use std::collections::HashMap;

use super::Reading;
use super::numbers::prefix;

/// Bytes of a name that silx takes.
const MAX_NAME: usize = 255;

/// Texts by key, in the order of the file. A key that comes again adds a line to its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Records {
    entries: Vec<(String, String)>,
    places: HashMap<String, usize>,
}

impl Records {
    /// The text of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.places.get(key).map(|place| self.entries[*place].1.as_str())
    }

    /// Keys and texts in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, text)| (key.as_str(), text.as_str()))
    }

    fn add(&mut self, key: &str, text: &str) {
        match self.places.get(key) {
            Some(place) => {
                let entry = &mut self.entries[*place].1;
                entry.push('\n');
                entry.push_str(text);
            }
            None => {
                self.places.insert(key.to_owned(), self.entries.len());
                self.entries.push((key.to_owned(), text.to_owned()));
            }
        }
    }
}

/// The records `#key text` and `#@key text` of header lines.
pub(super) fn records(lines: &[String]) -> (Records, Records) {
    let (mut plain, mut mca) = (Records::default(), Records::default());
    for line in lines {
        if let Some((key, text)) = record(line, "#") {
            plain.add(key, text);
        } else if let Some((key, text)) = record(line, "#@") {
            mca.add(key, text);
        }
    }
    (plain, mca)
}

/// The first place of a line where a mark stands before a word: that word, and what follows it.
fn record<'a>(line: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    line.match_indices(mark).find_map(|(at, _)| {
        let rest = &line[at + mark.len()..];
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let end = rest.find(|c| !word(c)).unwrap_or(rest.len());
        (end > 0).then(|| (&rest[..end], rest[end..].trim()))
    })
}

/// Text of a file: UTF-8, or else Latin-1.
pub(super) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// The lines of a block that begin with `#`, without their end.
pub(super) fn header_lines(block: &[u8]) -> Vec<String> {
    lines(block).filter(|line| line.first() == Some(&b'#')).map(text).collect()
}

/// The lines of a block without the newline.
pub(super) fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        Some(line)
    })
}

/// Names with two blanks or more between them.
pub(super) fn names(text: &str, reading: Reading) -> impl Iterator<Item = String> {
    let (text, longest) = match reading {
        Reading::Compatible => (text, MAX_NAME),
        Reading::Strict => (text.trim_end(), usize::MAX),
    };
    let names = text.split("  ").map(|name| name.trim_matches(' ')).filter(|name| !name.is_empty());
    names.map(move |name| {
        let end = (0..=longest.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
        name[..end.unwrap_or(0)].to_owned()
    })
}

/// The rest of a line `#<letter><digits>`; `None` for other lines.
pub(super) fn numbered(line: &str, letter: char) -> Option<&str> {
    let rest = line.strip_prefix('#')?.strip_prefix(letter)?;
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.is_empty() || rest.starts_with([' ', '\t', '\r'])).then_some(rest)
}

/// Names of motors: the lines `#O` of one header. silx sees one more motor, without a name, in three blanks
/// at the end of a line.
pub(super) fn motor_names(lines: &[String], reading: Reading) -> Vec<String> {
    let mut found = Vec::new();
    for rest in lines.iter().filter_map(|line| numbered(line, 'O')) {
        found.extend(names(rest, reading));
        if reading == Reading::Compatible && (rest.ends_with("   ") || rest.trim().is_empty()) {
            found.push(String::new());
        }
    }
    found
}

/// Positions of motors: the lines `#P` of a scan. silx sees one more, 0, in two blanks at the end of a line.
pub(super) fn motor_positions(lines: &[String], reading: Reading) -> Vec<f64> {
    let mut found = Vec::new();
    for rest in lines.iter().filter_map(|line| numbered(line, 'P')) {
        let words = match reading {
            Reading::Compatible => rest,
            Reading::Strict => rest.trim_end(),
        };
        let words = words.split([' ', '\t']).filter(|word| !word.is_empty());
        found.extend(words.map(|word| prefix(word.as_bytes())));
        if reading == Reading::Compatible && (rest.ends_with("  ") || rest.trim().is_empty()) {
            found.push(0.0);
        }
    }
    found
}

/// Numbers of a record, each a whole word; `None` if one is none.
pub(super) fn floats(text: &str) -> Option<Vec<f64>> {
    text.split_whitespace().map(|word| fast_float2::parse(word).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_two_blanks_apart() {
        let found = |text| names(text, Reading::Compatible).collect::<Vec<_>>();
        assert_eq!(found("  a   b c   d e "), ["a", "b c", "d e"]);
        assert_eq!(found(" one with blanks"), ["one with blanks"]);
        assert_eq!(found(" a  b\r"), ["a", "b\r"]);
        assert_eq!(names(" a  b\r", Reading::Strict).collect::<Vec<_>>(), ["a", "b"]);
        assert!(found("   ").is_empty());
    }

    #[test]
    fn keys_are_the_first_word_after_a_mark() {
        let lines =
            ["#S 1 x", "# note #foo bar", "#@MCA %16C", "#@CALIB 1", "#@CALIB 2", "#C a", "#C  b "];
        let lines: Vec<String> = lines.map(str::to_owned).to_vec();
        let (plain, mca) = records(&lines);
        let expected = [("S", "1 x"), ("foo", "bar"), ("C", "a\nb")];
        assert_eq!(plain.iter().collect::<Vec<_>>(), expected);
        assert_eq!(mca.get("CALIB"), Some("1\n2"));
        assert_eq!(records(&["#".into(), "#-a #k l".into()]).0.get("k"), Some("l"));
    }

    #[test]
    fn motors_may_have_many_lines() {
        let lines = ["#O0 p  q r ", "#O10   s", "#o0 z", "#OX t", "#P0 1 2", "#P1 x 7"];
        let lines: Vec<String> = lines.map(str::to_owned).to_vec();
        assert_eq!(motor_names(&lines, Reading::Compatible), ["p", "q r", "s"]);
        assert_eq!(motor_positions(&lines, Reading::Compatible), [1.0, 2.0, 0.0, 7.0]);
        let lines: Vec<String> =
            ["#O0 p   ", "#O1 q", "#P0 1   ", "#P1 2"].map(str::to_owned).to_vec();
        assert_eq!(motor_names(&lines, Reading::Compatible), ["p", "", "q"]);
        assert_eq!(motor_positions(&lines, Reading::Compatible), [1.0, 0.0, 2.0]);
        assert_eq!(motor_names(&lines, Reading::Strict), ["p", "q"]);
        assert_eq!(motor_positions(&lines, Reading::Strict), [1.0, 2.0]);
    }
}
