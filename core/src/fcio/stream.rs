//! The state of one FCIO stream and what its records become. Used by plain streams and by formats that wrap them.

use super::clock::Clock;
use super::config::Config;
use super::event::col;
use super::fsp::{self, ConfigReader, Decision};
use super::{channel_key, layout, named_key, rec_event, space, status, tag};
use crate::assemble::Fate;
use crate::bytes::{Cursor, i32_at, whole};
use crate::decoder::{Row, RowSink, TableId};
use crate::error::{Error, Kind, Result};
use crate::field::{DType, Value};
use crate::history::History;
use crate::part::{Part, Stage};

/// Where the rows of a record go.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Outlet {
    /// Value of the `packet_id` columns.
    pub packet_id: u32,
    /// Table of configurations; `None`: a header struct.
    pub config: Option<TableId>,
    /// Table of software-trigger configurations; `None`: a header struct.
    pub fsp_config: Option<TableId>,
    /// Table of card status.
    pub status: TableId,
    /// Table of traces.
    pub event: TableId,
    /// Table of event headers.
    pub event_header: TableId,
    /// Table of decisions that precede events.
    pub fsp_event: TableId,
    /// Table of decisions that precede event headers.
    pub fsp_event_header: TableId,
    /// Table of software-trigger statistics.
    pub fsp_status: TableId,
    /// Table of reconstructed events.
    pub rec_event: TableId,
    /// Value of the `dt` column, ns.
    pub sample_ns: f32,
}

/// One FCIO stream of up to `N` traces.
#[derive(Debug)]
pub struct Stream<const N: usize> {
    pub(super) config: Config,
    pub(super) tracemap: [u32; N],
    pub(super) mapped: usize,
    pub(super) configured: bool,
    /// A repeated configuration, compared with the first before it counts.
    pub(super) again: Config,
    pub(super) clock: Clock<N>,
    pub(super) kind: i32,
    pub(super) pulser: f32,
    pub(super) list: [u16; N],
    pub(super) listed: usize,
    /// Traces that a sparse event says it has.
    pub(super) announced: usize,
    /// First row of the present record, and how many were opened.
    pub(super) row: Row,
    pub(super) rows: u32,
    pub(super) status: status::Head,
    pub(super) pulses: i32,
    pub(super) fsp: ConfigReader<N>,
    pub(super) decision: Decision<N>,
}

impl<const N: usize> Stream<N> {
    /// A stream of which nothing is known yet.
    pub const fn new() -> Self {
        const NO_CONFIG: Config = Config {
            adcs: 0,
            triggers: 0,
            samples: 0,
            blprecision: 0,
            sumlength: 0,
            adcbits: 0,
            mastercards: 0,
            triggercards: 0,
            adccards: 0,
            gps: 0,
            streamid: 0,
        };
        Self {
            config: NO_CONFIG,
            tracemap: [0; N],
            mapped: 0,
            configured: false,
            again: NO_CONFIG,
            clock: Clock::new(),
            kind: 0,
            pulser: 0.0,
            list: [0; N],
            listed: 0,
            announced: 0,
            row: Row(0),
            rows: 0,
            status: status::Head { status: 0, time: super::clock::Words::new() },
            pulses: 0,
            fsp: ConfigReader::new(),
            decision: Decision::new(),
        }
    }

    /// The configuration (zeros before it arrived).
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Tells the stream id before the configuration arrives (a wrapping format knows it).
    pub fn set_streamid(&mut self, streamid: i32) {
        if !self.configured {
            self.config.streamid = streamid;
        }
    }

    /// Whether a configuration has arrived.
    pub const fn configured(&self) -> bool {
        self.configured
    }

    /// Nanoseconds per sample.
    pub const fn sample_ns(&self) -> f32 {
        if self.config.adcbits == 12 { 4.0 } else { 16.0 }
    }

    /// The present record broke off.
    pub fn abort(&mut self) {
        self.rows = 0;
        self.decision.pending = None;
    }

    /// Visits what records other than configurations leave; `false`: not now, a decision waits for its partner.
    pub fn history<H: History>(&mut self, history: &mut H) -> bool {
        let traces = self.config.traces().min(N);
        self.clock.history(traces, history);
        history.i32(&mut self.kind);
        history.i32(&mut self.pulses);
        history.count(&mut self.announced, N);
        let mut pulser = self.pulser.to_bits();
        history.u32(&mut pulser);
        self.pulser = f32::from_bits(pulser);
        self.decision.pending.is_none()
    }

    /// Takes a part of record `tag`.
    ///
    /// # Errors
    /// Where the record contradicts its configuration; stream-level where a later configuration differs.
    pub fn part<S: RowSink>(
        &mut self,
        tag: u32,
        part: &Part<'_>,
        outlet: &Outlet,
        sink: &mut S,
    ) -> Result<Fate> {
        if part.stage == Stage::Begin {
            self.begin(tag);
        }
        let needs_config = !matches!(tag, tag::PROTOCOL | tag::CONFIG | tag::FSP_CONFIG);
        if needs_config && !self.configured {
            let error = Error::malformed("Config before this record", 0, 1);
            return Err(error.at(part.packet, part.offset));
        }
        let done = match tag {
            tag::PROTOCOL => return Ok(Fate::Header),
            tag::CONFIG => self.config_part(part, outlet, sink).map(|()| Fate::Header),
            tag::FSP_CONFIG => self.fsp_config(part, outlet, sink).map(|()| Fate::Header),
            tag::FSP_EVENT => {
                self.decision_part(part);
                Ok(Fate::Rows)
            }
            tag::FSP_STATUS => {
                self.fsp_status(part, outlet, sink);
                Ok(Fate::Rows)
            }
            tag::EVENT | tag::SPARSE_EVENT | tag::EVENT_HEADER | tag::STATUS | tag::REC_EVENT => {
                self.data(tag, part, outlet, sink).map(|()| Fate::Rows)
            }
            _ => return Ok(Fate::Skipped),
        };
        done.map_err(|e| e.at(part.packet, part.offset))
    }

    fn begin(&mut self, tag: u32) {
        self.rows = 0;
        self.listed = 0;
        self.again = Config::default();
        self.status = status::Head::default();
        if !matches!(tag, tag::STATUS | tag::FSP_STATUS | tag::CONFIG | tag::FSP_CONFIG) {
            self.clock.begin();
        }
        match tag {
            tag::FSP_EVENT => self.decision.begin(),
            tag::FSP_CONFIG => self.fsp.begin(),
            _ => {}
        }
    }

    fn data<S: RowSink>(
        &mut self,
        tag: u32,
        part: &Part<'_>,
        outlet: &Outlet,
        sink: &mut S,
    ) -> Result<()> {
        if tag == tag::STATUS {
            self.status_part(part, outlet, sink);
            return Ok(());
        }
        self.put_decision(tag, part, outlet, sink);
        match (part.stage, part.frame) {
            (Stage::Head | Stage::Tail, _) => self.event_head(tag, part, outlet, sink),
            (Stage::Trace, _) if tag == tag::REC_EVENT => {
                self.pulse_array(part, sink);
                Ok(())
            }
            (Stage::Trace, _) => self.trace(tag, part, outlet, sink),
            (Stage::End, frame) if tag == tag::EVENT && frame == 5 => {
                self.finish_event(outlet, sink)
            }
            _ => Ok(()),
        }
    }

    /// Frames before (in a full event also after) the traces.
    fn event_head<S: RowSink>(
        &mut self,
        tag: u32,
        part: &Part<'_>,
        outlet: &Outlet,
        sink: &mut S,
    ) -> Result<()> {
        let bytes = part.bytes;
        match (tag, part.frame) {
            (tag::SPARSE_EVENT, 6) => {
                let announced = self.announced;
                self.read_list(bytes, part.first)?;
                self.listed = self.listed.min(announced);
                if part.first == 0 {
                    self.clock.advance(self.kind, self.config.traces())?;
                }
            }
            (tag::EVENT_HEADER, 5) => self.read_list(bytes, part.first)?,
            (tag::EVENT_HEADER, 6) => return self.header_row(part, outlet, sink),
            // A later slice of a frame longer than its layout: surplus.
            _ if part.first > 0 => {}
            (_, 0) => self.kind = i32_at(bytes, 0).unwrap_or(0),
            (_, 1) => self.pulser = Cursor::new(bytes).f32().unwrap_or(0.0),
            (_, 2) => self.clock.offset.read(bytes),
            (_, 3) => self.clock.stamp.read(bytes),
            (tag::EVENT, 5) => {
                self.clock.dead.read(bytes);
                return self.finish_event(outlet, sink);
            }
            (tag::EVENT, _) => {}
            (_, 4) => self.clock.dead.read(bytes),
            (tag::SPARSE_EVENT, 5) => {
                self.announced = i32_at(bytes, 0).unwrap_or(0).max(0) as usize;
            }
            (tag::REC_EVENT, 5) => {
                self.pulses = i32_at(bytes, 0).unwrap_or(0);
                self.rec_row(outlet, sink);
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes a slice of the list of traces that begins at its byte `first`.
    fn read_list(&mut self, bytes: &[u8], first: u32) -> Result<()> {
        self.listed = first as usize / 2;
        let slots = self.list.iter_mut().skip(self.listed);
        for (slot, pair) in slots.zip(bytes.as_chunks::<2>().0) {
            let trace = u16::from_le_bytes(*pair);
            if usize::from(trace) >= N {
                return Err(Error::new(Kind::Limit, "trace_list", trace.into(), N as i64 - 1));
            }
            *slot = trace;
            self.listed += 1;
        }
        Ok(())
    }

    /// The trace that the `i`-th row of this record belongs to.
    fn trace_of(&self, tag: u32, i: u32) -> usize {
        if tag == tag::EVENT {
            return i as usize;
        }
        self.list.get(i as usize).copied().unwrap_or(0).into()
    }

    fn address(&self, trace: usize) -> (u16, u16) {
        let word = self.tracemap.get(trace).copied().unwrap_or(0);
        ((word >> 16) as u16, word as u16)
    }

    fn trace<S: RowSink>(
        &mut self,
        tag: u32,
        part: &Part<'_>,
        outlet: &Outlet,
        sink: &mut S,
    ) -> Result<()> {
        if tag == tag::EVENT && part.index as usize >= self.config.traces() {
            return Ok(());
        }
        let trace = self.trace_of(tag, part.index);
        let mut samples = part.bytes;
        if part.first == 0 {
            let (board, input) = self.address(trace);
            let key = channel_key(self.config.fcid(), board, input);
            let row = sink.begin(outlet.event, key);
            if self.rows == 0 {
                self.row = row;
            }
            self.rows += 1;
            let mut c = Cursor::new(part.bytes);
            let (Some(baseline), Some(integral)) = (c.u16(), c.u16()) else {
                return Err(Error::malformed("trace header", part.bytes.len() as i64, 4));
            };
            samples = c.rest();
            self.put_trace_header(row, baseline, integral, sink);
            sink.put(row, col::CHANNEL, Value::U16(trace as u16));
            sink.put(row, col::DT, Value::F32(outlet.sample_ns));
            if tag == tag::SPARSE_EVENT {
                self.put_event(row, outlet, sink);
                self.put_trace_times(row, trace, sink);
            }
        }
        let row = self.row.plus(self.rows.wrapping_sub(1));
        let first = part.first.saturating_sub(4) / 2;
        let room = 2 * self.config.samples.saturating_sub(first) as usize;
        sink.samples(row, col::VALUES, first, samples.get(..room).unwrap_or(samples));
        Ok(())
    }

    /// A full event's dead region, or the end of the record without one: now its rows can be filled.
    fn finish_event<S: RowSink>(&mut self, outlet: &Outlet, sink: &mut S) -> Result<()> {
        self.clock.all_affected(self.config.traces());
        self.clock.advance(self.kind, self.config.traces())?;
        for i in 0..self.rows {
            let row = self.row.plus(i);
            self.put_event(row, outlet, sink);
            self.put_trace_times(row, i as usize, sink);
        }
        Ok(())
    }

    /// Columns that are the same for all traces of an event.
    #[inline]
    fn put_event<S: RowSink>(&self, row: Row, outlet: &Outlet, sink: &mut S) {
        let c = &self.clock;
        let traces = if self.listed == 0 {
            self.rows.max(self.config.traces() as u32)
        } else {
            self.listed as u32
        };
        sink.put(row, col::PACKET_ID, Value::U32(outlet.packet_id));
        sink.put(row, col::FCID, Value::U16(self.config.fcid()));
        sink.put(row, col::EVENTNUMBER, Value::I32(c.stamp.column(0)));
        sink.put(row, col::EVENT_TYPE, Value::I32(self.kind));
        let unix = c.unix_ns(self.config.gps != 0) as f64 / 1e9;
        sink.put(row, col::TIMESTAMP, Value::F64(unix));
        sink.put(row, col::NUMTRACES, Value::I32(traces as i32));
        for i in 0..3 {
            sink.put(row, col::TS_PPS + i, Value::I32(c.stamp.column(i + 1)));
        }
        for i in 0..7 {
            sink.put(row, col::MU_OFFSET_SEC + i, Value::I32(c.offset.column(i)));
        }
        for i in 0..5 {
            sink.put(row, col::DR_START_PPS + i, Value::I32(c.dead.column(i)));
        }
        let (first, number) = if c.dead.received() >= 7 {
            (c.dead.column(5) as u16, c.dead.column(6) as u16)
        } else {
            (0, self.config.adcs as u16)
        };
        sink.put(row, col::DR_CH_IDX, Value::U16(first));
        sink.put(row, col::DR_CH_LEN, Value::U16(number));
    }

    /// Address and times of a trace: cells of its row, or elements of an event header's vectors.
    #[inline]
    fn put_trace_times<S: RowSink>(&self, row: Row, trace: usize, sink: &mut S) {
        let (board, input) = self.address(trace);
        sink.put(row, col::BOARD_ID, Value::U16(board));
        sink.put(row, col::FC_INPUT, Value::U16(input));
        let times = self.clock.times(trace);
        sink.put(row, col::RUNTIME, Value::F64(times.run as f64 / 1e9));
        sink.put(row, col::LIFETIME, Value::F64(times.life as f64 / 1e9));
        sink.put(row, col::DEADTIME, Value::F64(times.dead as f64 / 1e9));
        sink.put(row, col::DEADINTERVAL, Value::I64(times.interval));
    }

    /// `baseline` and `daqenergy` from the two words before the samples.
    fn put_trace_header<S: RowSink>(&self, row: Row, baseline: u16, integral: u16, sink: &mut S) {
        let precision = f64::from(self.config.blprecision);
        let level = (f64::from(baseline) / precision) as i64 as u16;
        let energy = if self.config.adcbits == 12 {
            let scale = f64::from(self.config.sumlength) / precision;
            (scale * f64::from(integral.wrapping_sub(baseline))) as i64 as u16
        } else {
            integral
        };
        sink.put(row, col::BASELINE, Value::U16(level));
        sink.put(row, col::DAQENERGY, Value::U16(energy));
    }

    /// A slice of the trace headers of an event without samples; the first one opens the row.
    fn header_row<S: RowSink>(
        &mut self,
        part: &Part<'_>,
        outlet: &Outlet,
        sink: &mut S,
    ) -> Result<()> {
        if part.first == 0 {
            self.clock.advance(self.kind, self.config.traces())?;
            let key = named_key(space::EVENT_HEADER, self.config.fcid(), 0);
            self.row = sink.begin(outlet.event_header, key);
            self.put_event(self.row, outlet, sink);
        }
        let row = self.row;
        let mut words = Cursor::new(part.bytes);
        let mut done = part.first as usize / 4;
        for &trace in self.list.iter().take(self.listed).skip(done) {
            let (Some(baseline), Some(integral)) = (words.u16(), words.u16()) else { break };
            sink.put(row, col::CHANNEL, Value::U16(trace));
            self.put_trace_times(row, trace.into(), sink);
            self.put_trace_header(row, baseline, integral, sink);
            done += 1;
        }
        sink.put(row, col::NUMTRACES, Value::I32(done as i32));
        Ok(())
    }

    fn rec_row<S: RowSink>(&mut self, outlet: &Outlet, sink: &mut S) {
        let key = named_key(space::REC_EVENT, self.config.fcid(), 0);
        self.row = sink.begin(outlet.rec_event, key);
        self.rows = 1;
        let (stamp, offset) = (&self.clock.stamp, &self.clock.offset);
        let fpga = 1_000_000_000 * stamp.kept(1) + 4 * stamp.kept(2);
        let shift = if self.config.gps != 0 {
            1_000_000_000 * offset.kept(2)
        } else {
            1_000_000_000 * offset.kept(0) + 1000 * offset.kept(1)
        };
        let unix = fpga.wrapping_add(shift) as f64 / 1e9;
        let values = [
            Value::U32(outlet.packet_id),
            Value::U16(self.config.fcid()),
            Value::I32(stamp.column(0)),
            Value::I32(self.kind),
            Value::F64(unix),
            Value::F32(self.pulser),
            Value::I32(self.pulses),
        ];
        for (i, value) in values.into_iter().enumerate() {
            sink.put(self.row, i, value);
        }
    }

    fn pulse_array<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) {
        let array = part.frame.saturating_sub(6) as usize;
        let dtype = if array < 2 { DType::I32 } else { DType::F32 };
        if array < 4 {
            let column = rec_event::CHANNEL_PULSES + array;
            sink.put(self.row, column, Value::Array(dtype, whole(part.bytes, 4)));
        }
    }

    fn status_part<S: RowSink>(&mut self, part: &Part<'_>, outlet: &Outlet, sink: &mut S) {
        match (part.stage, part.frame) {
            (Stage::Head, _) if part.first > 0 => {}
            (Stage::Head, 0) => self.status.status = i32_at(part.bytes, 0).unwrap_or(0),
            (Stage::Head, 1) => self.status.time.read(part.bytes),
            (Stage::Trace, _) if part.first == 0 => {
                let card = status::Card(part.bytes);
                let key = named_key(space::STATUS, self.config.fcid(), card.reqid());
                let row = sink.begin(outlet.status, key);
                card.decode(&self.status, outlet.packet_id, row, sink);
            }
            _ => {}
        }
    }

    fn fsp_status<S: RowSink>(&mut self, part: &Part<'_>, outlet: &Outlet, sink: &mut S) {
        if part.stage == Stage::Head && (part.frame, part.first) == (0, 0) {
            let row =
                sink.begin(outlet.fsp_status, named_key(space::FSP_STATUS, self.config.fcid(), 0));
            fsp::put_status(part.bytes, outlet.packet_id, row, sink);
        }
    }

    fn decision_part(&mut self, part: &Part<'_>) {
        match part.stage {
            Stage::Head => self.decision.frame(part),
            Stage::End => self.decision.pending = Some(part.packet),
            _ => {}
        }
    }

    /// The software trigger's decision becomes a row when the record that it belongs to begins.
    fn put_decision<S: RowSink>(
        &mut self,
        tag: u32,
        part: &Part<'_>,
        outlet: &Outlet,
        sink: &mut S,
    ) {
        if part.stage != Stage::Begin {
            return;
        }
        // Only the record right behind the decision is its partner.
        let Some(packet) = self.decision.pending.take() else { return };
        if part.packet.wrapping_sub(packet) > 1 {
            return;
        }
        let (table, space) = if tag == tag::EVENT_HEADER {
            (outlet.fsp_event_header, space::FSP_EVENT_HEADER)
        } else {
            (outlet.fsp_event, space::FSP_EVENT)
        };
        debug_assert!(table.layout != layout::CONFIG);
        let row = sink.begin(table, named_key(space, self.config.fcid(), 0));
        self.decision.put(outlet.packet_id, self.fsp.mapped, row, sink);
    }
}

impl<const N: usize> Default for Stream<N> {
    fn default() -> Self {
        Self::new()
    }
}
