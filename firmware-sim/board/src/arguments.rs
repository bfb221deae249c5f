//! The command line: words, and options `name=value`.

/// The most words that are looked at.
const MOST: usize = 24;

/// The words of a command line; a path can't hold a blank.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    words: [&'a str; MOST],
}

impl<'a> Arguments<'a> {
    /// The words of this line.
    pub fn new(line: &'a str) -> Self {
        let mut words = [""; MOST];
        for (to, word) in words.iter_mut().zip(line.split_ascii_whitespace()) {
            *to = word;
        }
        Arguments { words }
    }

    /// The word at place `i` among those that are no option; 0 is the program's name.
    #[inline(never)]
    pub fn word(&self, i: usize) -> Option<&'a str> {
        let plain = |word: &&&str| !word.is_empty() && split(word).is_none();
        self.words.iter().filter(plain).nth(i).copied()
    }

    /// The options, in their order.
    pub fn options(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.words.iter().filter_map(|word| split(word))
    }

    /// The value of an option.
    #[inline(never)]
    pub fn option(&self, name: &str) -> Option<&'a str> {
        self.options().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The value of an option that is a number: `default` where it is absent, `None` where it is no number.
    pub fn number(&self, name: &str, default: u32) -> Option<u32> {
        self.option(name).map_or(Some(default), |value| value.parse().ok())
    }
}

/// Name and value of an option.
#[inline(never)]
fn split(word: &str) -> Option<(&str, &str)> {
    let at = word.bytes().position(|byte| byte == b'=')?;
    Some((word.get(..at)?, word.get(at.checked_add(1)?..)?))
}

/// What follows the last slash of a path.
pub fn file_name(path: &str) -> &str {
    let at = path.bytes().rposition(|byte| byte == b'/').map_or(0, |at| at.saturating_add(1));
    path.get(at..).unwrap_or(path)
}
