//! Finds the map from data ids to decoders in the header's XML while it streams by: a front end can't hold the header,
//! but without the map it can neither cut packets nor find the next one after damage.

use heapless::{String, Vec};
use nom::error::{Error, ErrorKind};
use nom::sequence::pair;
use nom::{IResult, Parser};

use super::CARDS;
use crate::part::NO_DECODER;

/// Most entries of a `dataDescription`.
const ENTRIES: usize = 128;

/// Data ids (unshifted) and the position of their decoder in the list of cards.
#[derive(Clone, Debug, Default)]
pub struct IdMap {
    entries: Vec<(u32, u8), ENTRIES>,
}

impl IdMap {
    /// The decoder of a data id; `None`: the header doesn't list it.
    pub fn get(&self, id: u32) -> Option<u8> {
        self.entries.iter().find(|entry| entry.0 == id).map(|entry| entry.1)
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn add(&mut self, id: u32, decoder: &str) {
        let position = CARDS.iter().position(|card| card.decoder == decoder);
        let decoder = position.map_or(NO_DECODER, |i| i as u8);
        // More ids than the capacity: those beyond are unknown, and so reported.
        let _ = self.entries.push((id, decoder));
    }
}

/// Text up to a tag, and the tag without its brackets.
fn token(input: &[u8]) -> IResult<&[u8], (&[u8], &[u8])> {
    pair(until(b'<'), until(b'>')).parse(input)
}

/// The bytes before a mark, which is dropped. (The library's own `take_until` and `take_while` hold code that can panic,
/// as `tests/no_panic.sh` finds; combining parsers does not.)
fn until<'a>(mark: u8) -> impl Fn(&'a [u8]) -> IResult<&'a [u8], &'a [u8]> {
    move |input| {
        let at = input.iter().position(|&byte| byte == mark);
        let found = at.and_then(|at| Some((input.get(at.wrapping_add(1)..)?, input.get(..at)?)));
        found.ok_or(nom::Err::Error(Error::new(input, ErrorKind::TakeUntil)))
    }
}

/// The scanner's place in the document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scanner {
    depth: u32,
    /// Depth of the dictionary `dataDescription`.
    inside: Option<u32>,
    key: String<32>,
    id: Option<u32>,
    decoder: String<64>,
    pub(crate) map: IdMap,
    /// The text before the next tag began in bytes already used.
    partial: bool,
}

fn set<const N: usize>(to: &mut String<N>, text: &[u8]) {
    to.clear();
    if let Ok(text) = core::str::from_utf8(text) {
        let _ = to.push_str(text);
    }
}

impl Scanner {
    /// Reads whole tokens; returns the number of bytes they take. `last`: no text follows.
    pub(crate) fn feed(&mut self, text: &[u8], last: bool) -> usize {
        let mut rest = text;
        while let Ok((after, (text, tag))) = token(rest) {
            let text = if self.partial { &[] } else { text };
            self.partial = false;
            self.take(text, tag);
            rest = after;
        }
        if last {
            return text.len();
        }
        let used = text.len().saturating_sub(rest.len());
        if used > 0 {
            return used;
        }
        // A text longer than the window: nothing that matters here is that long.
        let bracket = text.iter().position(|&b| b == b'<').unwrap_or(text.len());
        self.partial |= bracket > 0;
        if bracket == 0 { text.len() } else { bracket }
    }

    fn take(&mut self, text: &[u8], tag: &[u8]) {
        match tag {
            b"dict" => {
                self.depth = self.depth.saturating_add(1);
                if self.inside.is_none() && self.key == "dataDescription" {
                    self.inside = Some(self.depth);
                }
            }
            b"/dict" => self.leave(),
            b"/key" => set(&mut self.key, text),
            b"/integer" if self.in_entry() && self.key == "dataId" => {
                let number = core::str::from_utf8(text).ok().and_then(|t| t.trim().parse().ok());
                self.id = number.map(|n: i64| n as u32);
            }
            b"/string" if self.in_entry() && self.key == "decoder" => set(&mut self.decoder, text),
            _ => {}
        }
    }

    fn in_entry(&self) -> bool {
        self.inside.is_some_and(|depth| self.depth == depth.saturating_add(2))
    }

    fn leave(&mut self) {
        if self.in_entry()
            && let Some(id) = self.id.take()
        {
            self.map.add(id, self.decoder.as_str());
            self.decoder.clear();
        }
        if self.inside == Some(self.depth) {
            self.inside = None;
            self.key.clear();
        }
        self.depth = self.depth.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const XML: &str = "<?xml version=\"1.0\"?><plist><dict><key>a</key><dict><key>dataId</key>\
        <integer>9</integer></dict><key>dataDescription</key><dict><key>ORRunModel</key><dict><key>Run</key><dict>\
        <key>dataId</key><integer>262144</integer><key>decoder</key><string>ORRunDecoderForRun</string></dict>\
        <key>Short</key><dict><key>decoder</key><string>ORFoo</string><key>dataId</key>\
        <integer>-2080374784</integer></dict></dict></dict><key>dataId</key><integer>3</integer></dict></plist>";

    #[test]
    fn finds_the_ids_however_the_text_is_cut() {
        for window in 64..XML.len() {
            let mut scanner = Scanner::default();
            let mut at = 0;
            while at < XML.len() {
                let end = (at + window).min(XML.len());
                at += scanner.feed(&XML.as_bytes()[at..end], end == XML.len());
            }
            assert_eq!(scanner.map.get(262144), Some(0), "window {window}");
            assert_eq!(scanner.map.get(-2080374784i64 as u32), Some(NO_DECODER));
            assert_eq!(scanner.map.get(9), None);
            assert_eq!(scanner.map.get(3), None);
        }
    }
}
