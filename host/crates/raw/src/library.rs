//! The raw buffer library: all tables of a stream, filled through the decoders' row sink.

use std::collections::BTreeMap;
use std::fmt;

use tierline_core::{Key, Result as CoreResult, Row, RowSink, TableDef, TableId, Value};

use tierline_table::Table;

use crate::error::Result;
use crate::headers::Headers;
use crate::raw_buffer::{RawBuffer, with_bytes};

/// No buffer takes this row.
const NOWHERE: u32 = u32::MAX;

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
    buffers: Vec<RawBuffer>,
    /// Buffer of each table, by layout and key list.
    places: Vec<Vec<u32>>,
    /// Buffer and row of each row of the present packet.
    open: Vec<(u32, u32)>,
    touched: Vec<u32>,
    /// Header objects.
    pub headers: Headers,
    /// Notices, by text.
    pub notices: BTreeMap<&'static str, Notice>,
    /// Rows of channels that the configuration has switched off, by channel.
    pub off: BTreeMap<Key, u64>,
    off_now: Vec<Key>,
    write_key: fn(Key, &mut dyn fmt::Write) -> fmt::Result,
    buffer_rows: usize,
    /// Rows that may still be committed.
    pub rows_left: Option<u64>,
    /// Whether the present packet's rows count towards the limit.
    pub counting: bool,
    full: bool,
}

/// Name of a table: that of its decoder; with the key, or its number, where the decoder has several.
fn table_name(
    def: &TableDef<'_>,
    write_key: fn(Key, &mut dyn fmt::Write) -> fmt::Result,
) -> String {
    let mut name = def.decoder.strip_suffix("Decoder").unwrap_or(def.decoder).to_owned();
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

impl RawBufferLibrary {
    /// An empty library. `write_key`: how the format writes keys.
    pub fn new(
        buffer_rows: usize,
        rows_left: Option<u64>,
        write_key: fn(Key, &mut dyn fmt::Write) -> fmt::Result,
    ) -> Self {
        RawBufferLibrary {
            buffers: Vec::new(),
            places: Vec::new(),
            open: Vec::new(),
            touched: Vec::new(),
            headers: Headers::default(),
            notices: BTreeMap::new(),
            off: BTreeMap::new(),
            off_now: Vec::new(),
            write_key,
            buffer_rows,
            rows_left,
            counting: true,
            full: false,
        }
    }

    /// The buffers, in the order of their declaration.
    pub fn buffers_mut(&mut self) -> &mut [RawBuffer] {
        &mut self.buffers
    }

    /// The buffers, in the order of their declaration.
    pub fn buffers(&self) -> &[RawBuffer] {
        &self.buffers
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
        let Some(buffer) = self.buffers.get_mut(place) else { return Ok(()) };
        let gone = buffer.complete_rows() as u32;
        let done = buffer.flush(take);
        for (_, row) in self.open.iter_mut().filter(|(other, _)| *other as usize == place) {
            *row -= gone;
        }
        done
    }

    /// Another file begins: every table starts anew, and what the headers hold goes into it too.
    pub fn restart(&mut self) {
        for buffer in &mut self.buffers {
            buffer.restart();
        }
    }

    /// Rows of channels that the configuration has switched off, by the channel's name.
    pub fn off_by_name(&self) -> BTreeMap<String, u64> {
        let named = |(key, n): (&Key, &u64)| {
            let mut name = String::new();
            let _ = (self.write_key)(*key, &mut name);
            (name, *n)
        };
        self.off.iter().map(named).collect()
    }

    /// Whether some buffer has a complete batch; asking clears the mark.
    pub fn take_full(&mut self) -> bool {
        std::mem::take(&mut self.full)
    }

    fn place(&self, table: TableId) -> u32 {
        let lists = self.places.get(usize::from(table.layout));
        lists.and_then(|l| l.get(usize::from(table.list))).copied().unwrap_or(NOWHERE)
    }

    /// Commits no more rows than may be; the last of the packet are dropped first.
    fn commit_limited(&mut self, left: u64) {
        let kept = left.min(self.open.len() as u64);
        let mut keep = vec![0usize; self.buffers.len()];
        for (buffer, _) in self.open.iter().take(kept as usize) {
            if let Some(n) = keep.get_mut(*buffer as usize) {
                *n += 1;
            }
        }
        for &b in &self.touched {
            if let (Some(buffer), Some(&n)) =
                (self.buffers.get_mut(b as usize), keep.get(b as usize))
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
        let (layout, list) = (usize::from(table.id.layout), usize::from(table.id.list));
        if self.places.len() <= layout {
            self.places.resize(layout + 1, Vec::new());
        }
        let Some(lists) = self.places.get_mut(layout) else { return Ok(()) };
        if lists.len() <= list {
            lists.resize(list + 1, NOWHERE);
        }
        if let Some(place) = lists.get_mut(list)
            && *place == NOWHERE
        {
            *place = self.buffers.len() as u32;
            let name = table_name(table, self.write_key);
            self.buffers.push(RawBuffer::new(name, table, self.buffer_rows));
        }
        Ok(())
    }

    fn header(&mut self, table: &'static str, path: fmt::Arguments<'_>, value: Value<'_>) {
        self.headers.put(table, path, value);
    }

    fn resize(&mut self, table: TableId, _key: Key, slot: u8, samples: u32) -> u32 {
        let place = self.place(table);
        match self.buffers.get_mut(place as usize) {
            Some(buffer) => buffer.resize(slot, samples),
            None => samples,
        }
    }

    #[inline]
    fn begin(&mut self, table: TableId, key: Key) -> Row {
        let row = Row(self.open.len() as u32);
        let place = self.place(table);
        match self.buffers.get_mut(place as usize) {
            Some(buffer) => {
                if buffer.open_rows() == 0 {
                    self.touched.push(place);
                }
                self.open.push((place, buffer.begin()));
            }
            None => {
                self.off_now.push(key);
                self.open.push((NOWHERE, 0));
            }
        }
        row
    }

    #[inline(always)]
    fn put(&mut self, row: Row, field: usize, value: Value<'_>) {
        let Some(&(place, row)) = self.open.get(row.0 as usize) else { return };
        let Some(buffer) = self.buffers.get_mut(place as usize) else { return };
        if let Value::Label(i, text) = value {
            return buffer.put_label(row, field, i, text);
        }
        with_bytes(value, |bytes| buffer.put_bytes(row, field, bytes));
    }

    #[inline]
    fn samples(&mut self, row: Row, field: usize, first: u32, bytes: &[u8]) {
        let Some(&(place, row)) = self.open.get(row.0 as usize) else { return };
        if let Some(buffer) = self.buffers.get_mut(place as usize) {
            buffer.samples(row, field, first, bytes);
        }
    }

    fn notice(&mut self, what: &'static str, value: i64) {
        let notice = self.notices.entry(what).or_insert(Notice { count: 0, first: value });
        notice.count += 1;
    }

    fn commit(&mut self) {
        match self.rows_left {
            Some(left) if self.counting => self.commit_limited(left),
            _ => {
                for &b in &self.touched {
                    if let Some(buffer) = self.buffers.get_mut(b as usize) {
                        buffer.commit(usize::MAX);
                        self.full |= buffer.is_full();
                    }
                }
            }
        }
        for key in self.off_now.drain(..) {
            *self.off.entry(key).or_insert(0) += 1;
        }
        self.open.clear();
        self.touched.clear();
    }

    fn abort(&mut self) {
        for &b in &self.touched {
            if let Some(buffer) = self.buffers.get_mut(b as usize) {
                buffer.abort();
            }
        }
        self.off_now.clear();
        self.open.clear();
        self.touched.clear();
    }
}
