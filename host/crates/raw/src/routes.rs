//! Which buffer a row goes to: by its table, or by its key where an output specification says so.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tierline_core::{Field, Key, TableDef, TableId};

use crate::error::Error;
use crate::out_links::is_link;
use crate::out_spec::{Declared, OutSpec, SpecError, short_name};
use crate::raw_buffer::RawBuffer;

/// No buffer takes this row: the configuration has its channel off.
pub(crate) const NOWHERE: u32 = u32::MAX;
/// The output specification has no place for this row.
pub(crate) const UNWANTED: u32 = u32::MAX - 1;

/// The row's packet goes to a link: this, and the link's number.
pub(crate) const LINKS: u32 = u32::MAX - 64;
/// Links of a specification at most.
const MOST_LINKS: usize = 32;

/// Writes a key as its format does.
pub(crate) type WriteKey = fn(Key, &mut dyn fmt::Write) -> fmt::Result;

/// An output specification, and the file it was read from.
#[derive(Debug, Clone)]
pub struct Spec {
    /// What it is called in messages.
    pub path: PathBuf,
    /// The specification.
    pub spec: Arc<OutSpec>,
}

impl Spec {
    /// Something is wrong with the entry at `place`.
    pub(crate) fn error(&self, place: &str, reason: String) -> Error {
        Error::Spec { path: self.path.clone(), source: SpecError::at(place, reason) }
    }
}

/// Where the rows of a table go.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// It was never declared.
    Off,
    /// All to one buffer.
    One(u32),
    /// By their keys: number of the keyed table.
    ByKey(usize),
}

/// A declared table whose rows go to buffers by their keys.
#[derive(Debug)]
struct Keyed {
    decoder: &'static str,
    name: String,
    fields: &'static [Field],
    present: u64,
    /// Run-time lengths as they were declared, and as they are for the next buffer.
    declared: Vec<u32>,
    lengths: Vec<u32>,
    places: HashMap<Key, u32>,
}

/// The buffers of a stream and the ways to them.
#[derive(Debug)]
pub(crate) struct Routes {
    pub(crate) buffers: Vec<RawBuffer>,
    ways: Vec<Vec<Way>>,
    keyed: Vec<Keyed>,
    spec: Option<Spec>,
    /// Output files, in the order of their first table.
    pub(crate) files: Vec<String>,
    /// Links, in the order of their first row.
    pub(crate) links: Vec<String>,
    /// Rows that the specification has no place for, by decoder.
    pub(crate) unwanted: BTreeMap<&'static str, u64>,
    /// Entries of the specification that took a key.
    used: Vec<bool>,
    /// What is wrong with the specification, as the stream turned out.
    pub(crate) trouble: Option<Error>,
    write_key: WriteKey,
    buffer_rows: usize,
    /// Buffers that were there before the present input.
    known: usize,
}

/// Name of a table: that of its decoder; with the key, or its number, where the decoder has several.
fn table_name(def: &TableDef<'_>, write_key: WriteKey) -> String {
    let mut name = short_name(def.decoder).to_owned();
    if def.lists > 1 {
        use fmt::Write;
        name.push('_');
        let _ = match def.single {
            Some(key) => write_key(key, &mut name),
            None => write!(name, "{}", def.position),
        };
    }
    name
}

impl Routes {
    pub(crate) fn new(spec: Option<Spec>, write_key: WriteKey, buffer_rows: usize) -> Self {
        let entries = spec.as_ref().map_or(0, |spec| spec.spec.entries().len());
        Routes {
            buffers: Vec::new(),
            ways: Vec::new(),
            keyed: Vec::new(),
            spec,
            files: Vec::new(),
            links: Vec::new(),
            unwanted: BTreeMap::new(),
            used: vec![false; entries],
            trouble: None,
            write_key,
            buffer_rows,
            known: 0,
        }
    }

    pub(crate) fn spec(&self) -> Option<&Spec> {
        self.spec.as_ref()
    }

    /// A key as its format writes it.
    pub(crate) fn key_text(&self, key: Key) -> String {
        let mut text = String::new();
        let _ = (self.write_key)(key, &mut text);
        text
    }

    /// Another input begins, which declares its tables anew.
    pub(crate) fn next_input(&mut self) {
        self.ways.clear();
        self.keyed.clear();
        self.known = self.buffers.len();
    }

    pub(crate) fn declare(&mut self, table: &TableDef<'_>) {
        let (layout, list) = (usize::from(table.id.layout), usize::from(table.id.list));
        if self.ways.len() <= layout {
            self.ways.resize(layout + 1, Vec::new());
        }
        let Some(lists) = self.ways.get_mut(layout) else { return };
        if lists.len() <= list {
            lists.resize(list + 1, Way::Off);
        }
        let Some(way) = lists.get_mut(list).filter(|way| matches!(way, Way::Off)) else { return };
        let name = table_name(table, self.write_key);
        if self.spec.is_none() {
            let (fields, present, lengths) = (table.fields, table.present, table.lengths);
            // The table of an input before this one.
            let known = self.buffers.get(..self.known).unwrap_or(&[]);
            if let Some(place) = known.iter().position(|buffer| buffer.name == name) {
                let same =
                    known.get(place).is_some_and(|b| b.same_layout(fields, present, lengths));
                if !same {
                    self.trouble.get_or_insert(Error::Differs { what: format!("table {name}") });
                }
                *way = Way::One(place as u32);
                return;
            }
            *way = Way::One(self.buffers.len() as u32);
            let buffer = RawBuffer::new(name, fields, present, lengths);
            self.buffers.push(buffer.with_rows(self.buffer_rows));
            return;
        }
        *way = Way::ByKey(self.keyed.len());
        self.keyed.push(Keyed {
            decoder: table.decoder,
            name,
            fields: table.fields,
            present: table.present,
            declared: table.lengths.to_vec(),
            lengths: table.lengths.to_vec(),
            places: HashMap::new(),
        });
    }

    /// The buffer that takes a row, or why none does.
    #[inline]
    pub(crate) fn place(&mut self, table: TableId, key: Key) -> u32 {
        let lists = self.ways.get(usize::from(table.layout));
        match lists.and_then(|lists| lists.get(usize::from(table.list))) {
            Some(Way::One(place)) => *place,
            Some(Way::ByKey(keyed)) => self.keyed_place(*keyed, key),
            Some(Way::Off) | None => NOWHERE,
        }
    }

    /// Another run-time length of a sample slot, for the buffer of a key and those that are made after it. Returns the length in
    /// force.
    pub(crate) fn resize(&mut self, table: TableId, key: Key, slot: u8, samples: u32) -> u32 {
        let lists = self.ways.get(usize::from(table.layout));
        let place = match lists.and_then(|lists| lists.get(usize::from(table.list))) {
            Some(Way::One(place)) => Some(*place),
            Some(Way::ByKey(at)) => {
                let Some(keyed) = self.keyed.get_mut(*at) else { return samples };
                if let Some(length) = keyed.lengths.get_mut(usize::from(slot)) {
                    *length = samples;
                }
                keyed.places.get(&key).copied()
            }
            Some(Way::Off) | None => None,
        };
        match place.and_then(|place| self.buffers.get_mut(place as usize)) {
            Some(buffer) => buffer.resize(slot, samples),
            None => samples,
        }
    }

    fn keyed_place(&mut self, at: usize, key: Key) -> u32 {
        let known = self.keyed.get(at).and_then(|keyed| keyed.places.get(&key).copied());
        if let Some(place) = known {
            return place;
        }
        let place = self.resolve(at, key).unwrap_or_else(|error| {
            self.trouble.get_or_insert(error);
            UNWANTED
        });
        if let Some(keyed) = self.keyed.get_mut(at) {
            keyed.places.insert(key, place);
        }
        place
    }

    /// A row that the specification has no place for.
    pub(crate) fn not_wanted(&mut self, table: TableId) {
        let way = self.ways.get(usize::from(table.layout));
        if let Some(Way::ByKey(at)) = way.and_then(|l| l.get(usize::from(table.list)))
            && let Some(keyed) = self.keyed.get(*at)
        {
            *self.unwanted.entry(keyed.decoder).or_insert(0) += 1;
        }
    }

    /// Finds or makes the buffer for a key.
    fn resolve(&mut self, at: usize, key: Key) -> Result<u32, Error> {
        let text = self.key_text(key);
        let (Some(spec), Some(keyed)) = (&self.spec, self.keyed.get(at)) else {
            return Ok(NOWHERE);
        };
        let bad = |source| Error::Spec { path: spec.path.clone(), source };
        let declared = Declared { decoder: keyed.decoder, default_name: &keyed.name };
        let Some(target) = spec.spec.target(declared, &text).map_err(bad)? else {
            return Ok(UNWANTED);
        };
        if let Some(used) = self.used.get_mut(target.entry) {
            *used = true;
        }
        if target.file.is_empty() {
            return Ok(UNWANTED);
        }
        if is_link(&target.file) {
            let link = file_number(&mut self.links, &target.file);
            if link as usize >= MOST_LINKS {
                let reason = format!("more than {MOST_LINKS} links");
                return Err(spec.error(&target.file, reason));
            }
            return Ok(LINKS + link);
        }
        let file = file_number(&mut self.files, &target.file);
        let same = |buffer: &RawBuffer| buffer.file == file && buffer.name == target.path;
        let Some(place) = self.buffers.iter().position(same) else {
            let (fields, path) = (keyed.fields, target.path);
            let mut buffer = RawBuffer::new(path, fields, keyed.present, &keyed.declared);
            (buffer.file, buffer.entry) = (file, Some(target.entry));
            for (slot, samples) in keyed.lengths.iter().enumerate() {
                buffer.resize(slot as u8, *samples);
            }
            self.buffers.push(buffer.with_rows(self.buffer_rows));
            return Ok(self.buffers.len() as u32 - 1);
        };
        let present = self.buffers.get(place);
        if present.is_some_and(|b| b.same_layout(keyed.fields, keyed.present, &keyed.declared)) {
            return Ok(place as u32);
        }
        let entry = spec.spec.entries().get(target.entry).map(|e| e.place()).unwrap_or_default();
        let (decoder, name) = (keyed.decoder, &target.path);
        let reason = format!(
            "the rows of key {text} of {decoder} have other columns or lengths than those that are \
             in table '{name}' already: give them a table of their own, as with {{key}} in the name"
        );
        Err(spec.error(&entry, reason))
    }

    /// File and path of a header object; `None` where it is not wanted.
    ///
    /// # Errors
    /// Where its name can't be written.
    pub(crate) fn header(&mut self, name: &str) -> Result<Option<(u32, String)>, Error> {
        let Some(spec) = &self.spec else { return Ok(Some((0, name.to_owned()))) };
        let target = spec.spec.header_target(name);
        let target = target.map_err(|source| Error::Spec { path: spec.path.clone(), source })?;
        let Some(target) = target else { return Ok(None) };
        if let Some(used) = self.used.get_mut(target.entry) {
            *used = true;
        }
        // Who is at the other end of a link makes the headers anew.
        if target.file.is_empty() || is_link(&target.file) {
            return Ok(None);
        }
        Ok(Some((file_number(&mut self.files, &target.file), target.path)))
    }

    /// Entries of the specification to which no key and no header went.
    pub(crate) fn unused(&self) -> Vec<String> {
        let Some(spec) = &self.spec else { return Vec::new() };
        let entries = spec.spec.entries().iter().zip(&self.used);
        entries.filter(|(_, used)| !**used).map(|(entry, _)| entry.place()).collect()
    }
}

fn file_number(files: &mut Vec<String>, name: &str) -> u32 {
    match files.iter().position(|file| file == name) {
        Some(at) => at as u32,
        None => {
            files.push(name.to_owned());
            files.len() as u32 - 1
        }
    }
}
