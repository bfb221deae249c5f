//! The command line: words, and options `name=value`.

/// The words of a command line; a path can't hold a blank.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    line: &'a str,
}

impl<'a> Arguments<'a> {
    /// The words of this line.
    pub const fn new(line: &'a str) -> Self {
        Arguments { line }
    }

    /// The word at place `i` among those that are no option; 0 is the program's name.
    #[inline(never)]
    pub fn word(self, i: usize) -> Option<&'a str> {
        self.words().filter(|word| split(word).is_none()).nth(i)
    }

    /// The options, in their order.
    pub fn options(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.words().filter_map(split)
    }

    /// The value of an option.
    #[inline(never)]
    pub fn option(self, name: &str) -> Option<&'a str> {
        self.options().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The value of an option that is a number: `default` where it is absent, `None` where it is no number.
    pub fn number(self, name: &str, default: u32) -> Option<u32> {
        self.option(name).map_or(Some(default), |value| value.parse().ok())
    }

    fn words(self) -> impl Iterator<Item = &'a str> {
        self.line.split_ascii_whitespace()
    }
}

/// Name and value of an option.
fn split(word: &str) -> Option<(&str, &str)> {
    let at = word.bytes().position(|byte| byte == b'=')?;
    Some((word.get(..at)?, word.get(at.checked_add(1)?..)?))
}

/// What follows the last slash of a path.
pub fn file_name(path: &str) -> &str {
    let at = path.bytes().rposition(|byte| byte == b'/').map_or(0, |at| at.saturating_add(1));
    path.get(at..).unwrap_or(path)
}
