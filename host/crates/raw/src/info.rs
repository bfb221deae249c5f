//! What a recording holds: packets by record type, rows by channel, time span, and where every byte went.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use tierline_core::{
    Assembler, DType, Fate, Format, Key, Part, Result as CoreResult, Row, RowSink,
};
use tierline_core::{Stage, TableDef, TableId, Value, WithFormat, with_format};

use crate::build_raw::{identify, on_decoder_thread};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::headers::Headers;
use crate::index::Index;
use crate::input::{Input, Packing};
use crate::library::Notice;
use crate::start_time::start_time;
use crate::stream::{self, Hooks, Outcome, Packet, Past, StreamOptions};
use crate::tables::kind_label;

/// A packet, for a listing.
#[derive(Debug, Clone)]
pub struct Listed<'a> {
    /// Number, place, size, kind.
    pub packet: Packet,
    /// Name of the record type, if it has one.
    pub name: &'static str,
    /// Name of the decoder.
    pub decoder: &'static str,
    /// Sizes of the record's data frames, where the format has such.
    pub fields: &'a [u64],
    /// Bytes per unit in which the format counts.
    pub unit: u32,
    /// The packet's bytes, as far as they are at hand.
    pub bytes: &'a [u8],
}

/// What a recording holds.
#[derive(Debug, Default)]
pub struct Summary {
    /// Name of the format.
    pub format: &'static str,
    /// How the file is packed.
    pub packing: Option<Packing>,
    /// Packets and bytes by record type.
    pub records: BTreeMap<String, (u64, u64)>,
    /// Rows by decoder and channel.
    pub channels: BTreeMap<(&'static str, String), u64>,
    /// First and last unix time of an event, s.
    pub time: Option<(f64, f64)>,
    /// Header objects.
    pub headers: Headers,
    /// What the decoders want the user to know.
    pub notices: BTreeMap<&'static str, Notice>,
    /// The account of every byte.
    pub outcome: Outcome,
    /// Why the recording's index was not used, if there is one.
    pub unused_index: Option<String>,
}

/// How a recording is looked at.
#[derive(Debug, Clone, Default)]
pub struct Look<'a> {
    /// What it is; `None`: found out.
    pub stream_type: Option<&'a str>,
    /// Do without its index.
    pub no_index: bool,
    /// A listing begins with the packet of this number.
    pub first_packet: u64,
    /// A listing has so many packets at most.
    pub packets: Option<u64>,
}

/// Receives the packets of a listing; `false` ends it.
pub type List<'a> = &'a mut (dyn FnMut(&Listed<'_>) -> bool + Send);

/// Reads a recording and says what it holds. A valid index beside it saves the reading, and gives the same.
///
/// # Errors
/// Where it can't be read as a whole.
pub fn summarize(input: &Path, look: &Look<'_>, list: Option<List<'_>>) -> Result<Summary> {
    let (window, format) = identify(Input::open(input, false)?, look.stream_type, false)?;
    let packing = window.input().packing;
    let name = input.file_name().and_then(|n| n.to_str()).unwrap_or("");
    let options = StreamOptions { start: start_time(name), ..StreamOptions::default() };
    let (source, unused_index) = match source(input, &window, look, list.is_some(), format.name) {
        Ok(source) => (source, None),
        Err(Error::Index { reason, .. }) => (Basis::Start, Some(reason)),
        Err(error) => return Err(error),
    };
    on_decoder_thread(input, || {
        let (first, left) = (look.first_packet, look.packets.unwrap_or(u64::MAX));
        let job = Job { window, options, first, left, list, source };
        let mut summary =
            with_format(format.name, job).unwrap_or_else(|| Ok(Summary::default()))?;
        summary.format = format.name;
        summary.packing = Some(packing);
        summary.unused_index = unused_index;
        Ok(summary)
    })
}

/// Where what is asked for comes from.
enum Basis {
    /// The whole recording.
    Start,
    /// The recording after this.
    Past(Box<Past>),
    /// The index, and the headers.
    Index(Box<Index>),
}

fn source(
    input: &Path,
    window: &crate::window::Window,
    look: &Look<'_>,
    listing: bool,
    format: &str,
) -> Result<Basis> {
    if look.no_index || !window.input().can_seek() {
        return Ok(Basis::Start);
    }
    let Some(mut index) = Index::open(input)?.filter(|index| index.format() == format) else {
        return Ok(Basis::Start);
    };
    if listing {
        let past = index.past(look.first_packet)?;
        return Ok(past.map_or(Basis::Start, |past| Basis::Past(Box::new(past))));
    }
    let complete = index.headers().is_some();
    Ok(if complete { Basis::Index(Box::new(index)) } else { Basis::Start })
}

struct Job<'a> {
    window: crate::window::Window,
    options: StreamOptions,
    first: u64,
    left: u64,
    list: Option<List<'a>>,
    source: Basis,
}

impl WithFormat for Job<'_> {
    type Out = Result<Summary>;

    fn with<F: Format>(self) -> Self::Out {
        let mut sink = Counter::new(<F::Assembler as Assembler>::write_key);
        let mut hooks = Lister {
            list: self.list,
            first: self.first,
            left: self.left,
            fields: Vec::new(),
            frame: None,
            framed: false,
            label: kind_label::<F>,
            kind_name: F::INFO.kind_name,
            decoder_name: F::INFO.decoder_name,
            unit: F::INFO.unit,
            records: BTreeMap::new(),
        };
        let past = match self.source {
            Basis::Start => None,
            Basis::Past(past) => Some(past),
            Basis::Index(index) => {
                let places = index.headers().unwrap_or(&[]);
                let (window, options) = (self.window, &self.options);
                stream::headers::<F, _, _>(window, options, places, &mut sink, &mut hooks)?;
                return Ok(Summary {
                    records: index.records(kind_label::<F>),
                    channels: index.channels(),
                    time: index.time(),
                    headers: sink.headers,
                    notices: index.notices(),
                    outcome: index.whole(),
                    ..Summary::default()
                });
            }
        };
        let past = past.as_deref();
        let (window, options) = (self.window, &self.options);
        let outcome = stream::run_from::<F, _, _>(window, options, past, &mut sink, &mut hooks)?;
        Ok(Summary {
            records: hooks.records,
            channels: sink.channels().collect(),
            time: sink.time,
            headers: sink.headers,
            notices: sink.notices,
            outcome,
            ..Summary::default()
        })
    }
}

/// What the counter must know of a table.
#[derive(Debug, Clone, Copy)]
struct Counted {
    decoder: &'static str,
    /// Column of the unix time, s.
    time: Option<usize>,
}

/// A sink that counts rows by channel and looks at their times.
pub(crate) struct Counter {
    tables: BTreeMap<(u8, u16), Counted>,
    open: Vec<((u8, u16), Key, f64)>,
    rows: BTreeMap<((u8, u16), Key), u64>,
    pub(crate) time: Option<(f64, f64)>,
    headers: Headers,
    pub(crate) notices: BTreeMap<&'static str, Notice>,
    /// Tables were declared, or header values put.
    pub(crate) configured: bool,
    write_key: fn(Key, &mut dyn fmt::Write) -> fmt::Result,
}

impl Counter {
    pub(crate) fn new(write_key: fn(Key, &mut dyn fmt::Write) -> fmt::Result) -> Self {
        Counter {
            tables: BTreeMap::new(),
            open: Vec::new(),
            rows: BTreeMap::new(),
            time: None,
            headers: Headers::default(),
            notices: BTreeMap::new(),
            configured: false,
            write_key,
        }
    }

    /// Rows by decoder and channel.
    pub(crate) fn channels(&self) -> impl Iterator<Item = ((&'static str, String), u64)> {
        self.rows.iter().map(|((layout, key), rows)| {
            let mut name = String::new();
            let _ = (self.write_key)(*key, &mut name);
            let decoder = self.tables.get(layout).map_or("off in the header", |t| t.decoder);
            ((decoder, name), *rows)
        })
    }
}

impl RowSink for Counter {
    fn declare(&mut self, table: &TableDef<'_>) -> CoreResult<()> {
        self.configured = true;
        let time = table.fields.iter().position(|f| {
            matches!(f.name, "timestamp" | "unixtime") && f.units == "s" && f.dtype == DType::F64
        });
        let counted = Counted { decoder: table.decoder, time };
        self.tables.insert((table.id.layout, table.id.list), counted);
        Ok(())
    }

    fn header(&mut self, table: &'static str, path: fmt::Arguments<'_>, value: Value<'_>) {
        self.configured = true;
        self.headers.put(table, path, value);
    }

    fn resize(&mut self, _: TableId, _: Key, _: u8, samples: u32) -> u32 {
        samples
    }

    fn begin(&mut self, table: TableId, key: Key) -> Row {
        let row = Row(self.open.len() as u32);
        self.open.push(((table.layout, table.list), key, f64::NAN));
        row
    }

    fn put(&mut self, row: Row, field: usize, value: Value<'_>) {
        if let Value::F64(x) = value
            && let Some((table, _, time)) = self.open.get_mut(row.0 as usize)
            && self.tables.get(table).and_then(|t| t.time) == Some(field)
        {
            *time = x;
        }
    }

    fn samples(&mut self, _: Row, _: usize, _: u32, _: &[u8]) {}

    fn notice(&mut self, what: &'static str, value: i64) {
        let notice = self.notices.entry(what).or_insert(Notice { count: 0, first: value });
        notice.count += 1;
    }

    fn commit(&mut self) {
        for (table, key, time) in self.open.drain(..) {
            *self.rows.entry((table, key)).or_insert(0) += 1;
            if time.is_finite() {
                let (first, last) = self.time.unwrap_or((time, time));
                self.time = Some((first.min(time), last.max(time)));
            }
        }
    }

    fn abort(&mut self) {
        self.open.clear();
    }
}

/// Counts packets and lists them.
struct Lister<'a> {
    list: Option<List<'a>>,
    /// The first packet that is listed, and how many still are.
    first: u64,
    left: u64,
    fields: Vec<u64>,
    frame: Option<u32>,
    framed: bool,
    label: fn(u32, u8) -> String,
    kind_name: fn(u32) -> &'static str,
    decoder_name: fn(u8) -> &'static str,
    unit: u32,
    records: BTreeMap<String, (u64, u64)>,
}

impl Hooks<Counter> for Lister<'_> {
    fn part(&mut self, part: &Part<'_>, _: &[u8]) {
        match part.stage {
            // Records inside the packets of another format are not listed frame by frame.
            Stage::Begin if part.kind == u32::from(part.tag) => {
                self.fields.clear();
                self.frame = None;
                self.framed = true;
            }
            Stage::Head | Stage::Trace | Stage::Tail if self.framed => {
                let n = part.bytes.len() as u64;
                match self.fields.last_mut() {
                    Some(size) if self.frame == Some(part.frame) => *size += n,
                    _ => self.fields.push(n),
                }
                self.frame = Some(part.frame);
            }
            _ => {}
        }
    }

    fn packet(&mut self, packet: &Packet, bytes: &[u8], _: &mut Counter) -> Result<bool> {
        let mut label = (self.label)(packet.kind, packet.decoder);
        if packet.fate == Some(Fate::Skipped) {
            label.push_str(" (not decoded)");
        }
        let entry = self.records.entry(label).or_default();
        entry.0 += 1;
        entry.1 += packet.bytes;
        let Some(list) = &mut self.list else { return Ok(true) };
        if packet.number < self.first || self.left == 0 {
            self.framed = false;
            return Ok(self.left > 0);
        }
        let fields: &[u64] = if self.framed { &self.fields } else { &[] };
        let listed = Listed {
            packet: *packet,
            name: (self.kind_name)(packet.kind),
            decoder: (self.decoder_name)(packet.decoder),
            fields,
            unit: self.unit,
            bytes,
        };
        self.left = self.left.saturating_sub(1);
        let going = list(&listed) && self.left > 0;
        self.framed = false;
        Ok(going)
    }

    fn document(&mut self, document: &Document, counter: &mut Counter) {
        counter.headers.document(|| document.to_json());
    }
}
