//! The raw buffer library: all tables of a stream, filled through the decoders' row sink.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tierline_core::{Key, Result as CoreResult, Row, RowSink, TableDef, TableId, Value};

use tierline_table::Table;

use crate::error::{Error, Result};
use crate::headers::Headers;
use crate::out_spec::Entry;
use crate::raw_buffer::{RawBuffer, with_bytes};
use crate::routes::{LINKS, NOWHERE, Routes, Spec, UNWANTED};

/// Something the decoder wants the user to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notice {
    /// How often.
    pub count: u64,
    /// The value of the first time.
    pub first: i64,
}

impl Notice {
    /// The notice with its text, in a line.
    pub fn describe(&self, text: &str) -> String {
        let first = (self.first != 0).then(|| format!("first {}", self.first));
        let times = (self.count > 1).then(|| format!("{} times", self.count));
        let more: Vec<String> = first.into_iter().chain(times).collect();
        if more.is_empty() { text.to_owned() } else { format!("{text} ({})", more.join(", ")) }
    }
}

/// All raw buffers of a stream.
#[derive(Debug)]
pub struct RawBufferLibrary {
    pub(crate) routes: Routes,
    /// Buffer and row of each row of the present packet.
    open: Vec<(u32, u32)>,
    touched: Vec<u32>,
    /// Header objects.
    pub headers: Headers,
    /// Those of the first of several inputs.
    first_headers: Option<Headers>,
    /// Texts in which inputs differ.
    other_texts: BTreeSet<String>,
    /// Notices, by text.
    pub notices: BTreeMap<&'static str, Notice>,
    /// Rows of channels that the configuration has switched off, by channel.
    pub off: BTreeMap<Key, u64>,
    off_now: Vec<Key>,
    unwanted_now: Vec<TableId>,
    /// Bit i: the present packet goes to link number i.
    links: u64,
    /// Rows that may still be committed.
    pub rows_left: Option<u64>,
    /// Whether the present packet's rows count towards the limit.
    pub counting: bool,
    /// The present packet's rows are not wanted.
    pub discard: bool,
    full: bool,
}

impl RawBufferLibrary {
    /// An empty library. `write_key`: how the format writes keys; `spec`: where rows go, if not each decoder's to tables of its
    /// own.
    pub fn new(
        buffer_rows: usize,
        rows_left: Option<u64>,
        write_key: fn(Key, &mut dyn fmt::Write) -> fmt::Result,
        spec: Option<Spec>,
    ) -> Self {
        RawBufferLibrary {
            routes: Routes::new(spec, write_key, buffer_rows),
            open: Vec::new(),
            touched: Vec::new(),
            headers: Headers::default(),
            first_headers: None,
            other_texts: BTreeSet::new(),
            notices: BTreeMap::new(),
            off: BTreeMap::new(),
            off_now: Vec::new(),
            unwanted_now: Vec::new(),
            links: 0,
            rows_left,
            counting: true,
            discard: false,
            full: false,
        }
    }

    /// The buffers, in the order of their declaration.
    pub fn buffers_mut(&mut self) -> &mut [RawBuffer] {
        &mut self.routes.buffers
    }

    /// The buffers, in the order of their declaration.
    pub fn buffers(&self) -> &[RawBuffer] {
        &self.routes.buffers
    }

    /// Hands a buffer's complete rows to `take`. Rows of a packet on its way in stay.
    ///
    /// # Errors
    /// Those of `take`, and of the layout.
    pub fn flush(
        &mut self,
        place: usize,
        take: impl FnOnce(&mut Table) -> Result<()>,
    ) -> Result<()> {
        let Some(buffer) = self.routes.buffers.get_mut(place) else { return Ok(()) };
        let gone = buffer.complete_rows() as u32;
        let done = buffer.flush(take);
        for (_, row) in self.open.iter_mut().filter(|(other, _)| *other as usize == place) {
            *row -= gone;
        }
        done
    }

    /// Another file begins: every table starts anew, and what the headers hold goes into it too.
    pub fn restart(&mut self) {
        for buffer in &mut self.routes.buffers {
            buffer.restart();
        }
    }

    /// An input is over, and another one begins, whose rows go to the same tables.
    ///
    /// # Errors
    /// Where the one that is over has other headers than the first.
    pub(crate) fn next_input(&mut self) -> Result<()> {
        self.compare_headers()?;
        self.routes.next_input();
        Ok(())
    }

    /// All inputs are over: the headers are those of the first.
    ///
    /// # Errors
    /// Where the last one has others.
    pub(crate) fn end_inputs(&mut self) -> Result<()> {
        self.compare_headers()?;
        self.headers = self.first_headers.take().unwrap_or_default();
        Ok(())
    }

    fn compare_headers(&mut self) -> Result<()> {
        let now = std::mem::take(&mut self.headers);
        let Some(first) = &self.first_headers else {
            self.first_headers = Some(now);
            return Ok(());
        };
        let mut texts = Vec::new();
        if let Some(what) = now.difference(first, &mut texts) {
            return Err(Error::Differs { what });
        }
        self.other_texts.extend(texts);
        Ok(())
    }

    /// Names of texts in which inputs differ.
    pub(crate) fn other_texts(&self) -> impl Iterator<Item = &String> {
        self.other_texts.iter()
    }

    /// Rows of channels that the configuration has switched off, by the channel's name.
    pub fn off_by_name(&self) -> BTreeMap<String, u64> {
        self.off.iter().map(|(key, n)| (self.routes.key_text(*key), *n)).collect()
    }

    /// Whether some buffer has a complete batch; asking clears the mark.
    pub fn take_full(&mut self) -> bool {
        std::mem::take(&mut self.full)
    }

    /// Links that want the packet that is over: bit i for number i; asking clears them.
    pub(crate) fn take_links(&mut self) -> u64 {
        std::mem::take(&mut self.links)
    }

    /// Name of an output file in the specification; empty where there is none.
    pub(crate) fn file_name(&self, file: u32) -> &str {
        self.routes.files.get(file as usize).map_or("", String::as_str)
    }

    /// The entry of the output specification that a buffer is of.
    pub(crate) fn entry(&self, buffer: &RawBuffer) -> Option<(&Entry, &Spec)> {
        let spec = self.routes.spec()?;
        Some((spec.spec.entries().get(buffer.entry?)?, spec))
    }

    /// What the author of the output specification should know, after a stream. `known`: decoders of its format.
    pub(crate) fn spec_notes(&self, known: &[&str]) -> Vec<String> {
        let Some(spec) = self.routes.spec() else { return Vec::new() };
        let unknown = spec.spec.unknown_decoders(known).into_iter();
        let mut notes: Vec<String> =
            unknown.map(|d| format!("no decoder is named '{d}'")).collect();
        notes.extend(self.routes.unused().into_iter().map(|e| format!("{e}: no key matched")));
        notes
    }

    /// What is wrong with the output specification, as the stream turned out.
    ///
    /// # Errors
    /// That.
    pub fn check(&mut self) -> Result<()> {
        self.routes.trouble.take().map_or(Ok(()), |error: Error| Err(error))
    }

    /// Commits no more rows than may be; the last of the packet are dropped first.
    fn commit_limited(&mut self, left: u64) {
        let mut keep = vec![0usize; self.routes.buffers.len()];
        let mut kept = 0;
        for (buffer, _) in &self.open {
            if let Some(n) = keep.get_mut(*buffer as usize).filter(|_| kept < left) {
                *n += 1;
                kept += 1;
            }
        }
        for &b in &self.touched {
            if let (Some(buffer), Some(&n)) =
                (self.routes.buffers.get_mut(b as usize), keep.get(b as usize))
            {
                buffer.commit(n);
                self.full |= buffer.is_full();
            }
        }
        self.rows_left = Some(left - kept);
    }
}

impl RowSink for RawBufferLibrary {
    fn declare(&mut self, table: &TableDef<'_>) -> CoreResult<()> {
        self.routes.declare(table);
        Ok(())
    }

    fn header(&mut self, table: &'static str, path: fmt::Arguments<'_>, value: Value<'_>) {
        self.headers.put(table, path, value);
    }

    fn resize(&mut self, table: TableId, key: Key, slot: u8, samples: u32) -> u32 {
        self.routes.resize(table, key, slot, samples)
    }

    #[inline]
    fn begin(&mut self, table: TableId, key: Key) -> Row {
        let row = Row(self.open.len() as u32);
        let place = self.routes.place(table, key);
        match self.routes.buffers.get_mut(place as usize) {
            Some(buffer) => {
                if buffer.open_rows() == 0 {
                    self.touched.push(place);
                }
                self.open.push((place, buffer.begin()));
            }
            None => {
                match place {
                    LINKS..UNWANTED => self.links |= 1u64 << (place - LINKS),
                    UNWANTED => self.unwanted_now.push(table),
                    _ => self.off_now.push(key),
                }
                self.open.push((NOWHERE, 0));
            }
        }
        row
    }

    #[inline(always)]
    fn put(&mut self, row: Row, field: usize, value: Value<'_>) {
        let Some(&(place, row)) = self.open.get(row.0 as usize) else { return };
        let Some(buffer) = self.routes.buffers.get_mut(place as usize) else { return };
        if let Value::Label(i, text) = value {
            return buffer.put_label(row, field, i, text);
        }
        with_bytes(value, |bytes| buffer.put_bytes(row, field, bytes));
    }

    #[inline]
    fn samples(&mut self, row: Row, field: usize, first: u32, bytes: &[u8]) {
        let Some(&(place, row)) = self.open.get(row.0 as usize) else { return };
        if let Some(buffer) = self.routes.buffers.get_mut(place as usize) {
            buffer.samples(row, field, first, bytes);
        }
    }

    fn notice(&mut self, what: &'static str, value: i64) {
        let notice = self.notices.entry(what).or_insert(Notice { count: 0, first: value });
        notice.count += 1;
    }

    fn commit(&mut self) {
        if self.discard {
            return self.abort();
        }
        match self.rows_left {
            Some(left) if self.counting => self.commit_limited(left),
            _ => {
                for &b in &self.touched {
                    if let Some(buffer) = self.routes.buffers.get_mut(b as usize) {
                        buffer.commit(usize::MAX);
                        self.full |= buffer.is_full();
                    }
                }
            }
        }
        for key in self.off_now.drain(..) {
            *self.off.entry(key).or_insert(0) += 1;
        }
        for table in self.unwanted_now.drain(..) {
            self.routes.not_wanted(table);
        }
        self.open.clear();
        self.touched.clear();
    }

    fn abort(&mut self) {
        for &b in &self.touched {
            if let Some(buffer) = self.routes.buffers.get_mut(b as usize) {
                buffer.abort();
            }
        }
        self.off_now.clear();
        self.unwanted_now.clear();
        self.open.clear();
        self.touched.clear();
    }
}
