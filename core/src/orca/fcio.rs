//! ORFCIO*: FCIO records inside ORCA packets.
//!
//! Extended packets: w2 the FCIO stream id, w3... TMIO frames, zero padded to a word. A config packet carries a protocol
//! frame, FSPConfig where there is a software trigger, and Config; every other packet one record, with its software-trigger
//! partner before it. Records continue the stream of their id.

use heapless::Vec;

use super::frame::STREAMS;
use super::header::Setup;
use super::{id, layout};
use crate::assemble::Fate;
use crate::bytes::u32_at;
use crate::decoder::{RowSink, TableDef, TableId};
use crate::error::{Error, Kind, Result};
use crate::fcio::{MAX_TRACES, named_key, rec_event, space, status, tag};
use crate::fcio::{Outlet, Stream, config, event, event_header, fsp, layout as fc};
use crate::field::Field;
use crate::history::History;
use crate::part::{Key, Part, Stage};

/// Nanoseconds per sample that the field's software writes, whatever the firmware.
const SAMPLE_NS: f32 = 16.0;

/// The embedded streams of a file.
#[derive(Debug, Default)]
pub(super) struct Streams {
    streams: Vec<(u32, Stream<MAX_TRACES>), STREAMS>,
    /// The stream of the present packet.
    now: usize,
    /// Some stream began without its configuration.
    unconfigured: bool,
}

struct List {
    id: TableId,
    decoder: &'static str,
    lists: u16,
    position: u16,
    single: Option<Key>,
    fields: &'static [Field],
    samples: u32,
}

fn declare<S: RowSink>(list: &List, sink: &mut S) -> Result<()> {
    sink.declare(&TableDef {
        id: list.id,
        decoder: list.decoder,
        lists: list.lists,
        position: list.position,
        single: list.single,
        fields: list.fields,
        present: u64::MAX,
        lengths: &[list.samples],
    })
}

/// Declares the tables of all four decoders.
pub(super) fn declare_all<S: RowSink>(setup: &Setup, sink: &mut S) -> Result<()> {
    declare_shared(setup, sink)?;
    let (mut position, mut status_position) = (0, 0);
    let with_fsp = setup.listeners.iter().filter(|l| l.fsp).count() as u16;
    let lists = setup.listeners.len() as u16 + with_fsp;
    for (i, listener) in setup.listeners.iter().enumerate() {
        let list = i as u16;
        let single = listener.first.filter(|_| listener.enabled == 1);
        let event = List {
            id: TableId { layout: fc::EVENT, list },
            decoder: "ORFCIOEventDecoder",
            lists,
            position,
            single,
            fields: event::FIELDS,
            samples: listener.samples,
        };
        declare(&event, sink)?;
        let status = List {
            id: TableId { layout: fc::STATUS, list },
            decoder: "ORFCIOStatusDecoder",
            position: status_position,
            single: None,
            fields: status::FIELDS,
            ..event
        };
        declare(&status, sink)?;
        position += 1;
        status_position += 1;
        if listener.fsp {
            let key = |space| Some(named_key(space, listener.fcid, 0));
            let id = TableId { layout: fc::FSP_EVENT, list };
            let single = key(space::FSP_EVENT);
            declare(&List { id, position, single, fields: fsp::EVENT_FIELDS, ..event }, sink)?;
            let id = TableId { layout: fc::FSP_STATUS, list };
            let (position_, single) = (status_position, key(space::FSP_STATUS));
            let fields = fsp::STATUS_FIELDS;
            declare(&List { id, position: position_, single, fields, ..status }, sink)?;
            position += 1;
            status_position += 1;
        }
    }
    Ok(())
}

/// Tables that all listeners share.
fn declare_shared<S: RowSink>(setup: &Setup, sink: &mut S) -> Result<()> {
    let only = |fsp: bool, space| {
        let mut with = setup.listeners.iter().filter(|l| !fsp || l.fsp);
        let first = with.next()?;
        with.next().is_none().then(|| named_key(space, first.fcid, 0))
    };
    type Shared = (u8, &'static str, u16, u16, Option<Key>, &'static [Field]);
    let rows: [Shared; 5] = [
        (fc::CONFIG, "ORFCIOConfigDecoder", 2, 0, only(false, space::CONFIG), config::FIELDS),
        (
            fc::FSP_CONFIG,
            "ORFCIOConfigDecoder",
            2,
            1,
            only(true, space::FSP_CONFIG),
            fsp::CONFIG_FIELDS,
        ),
        (
            fc::EVENT_HEADER,
            "ORFCIOEventHeaderDecoder",
            2,
            0,
            only(false, space::EVENT_HEADER),
            event_header::FIELDS,
        ),
        (
            layout::FSP_EVENT_HEADER,
            "ORFCIOEventHeaderDecoder",
            2,
            1,
            only(true, space::FSP_EVENT_HEADER),
            fsp::EVENT_FIELDS,
        ),
        (fc::REC_EVENT, "ORFCIORecEventDecoder", 1, 0, None, rec_event::FIELDS),
    ];
    for (layout, decoder, lists, position, single, fields) in rows {
        let id = TableId::first(layout);
        declare(&List { id, decoder, lists, position, single, fields, samples: 0 }, sink)?;
    }
    Ok(())
}

impl Streams {
    /// The packet's head: which stream it continues.
    fn choose(&mut self, part: &Part<'_>) -> Result<()> {
        let Some(stream) = u32_at(part.bytes, 8) else {
            return Err(Error::malformed("packet length", part.bytes.len() as i64, 12));
        };
        self.now = match self.streams.iter().position(|entry| entry.0 == stream) {
            Some(place) => place,
            None if self.add(stream) => {
                self.unconfigured |= part.decoder != id::FCIO_CONFIG;
                self.streams.len().wrapping_sub(1)
            }
            None => {
                let found = STREAMS as i64 + 1;
                return Err(Error::new(Kind::Limit, "FCIO streams", found, STREAMS as i64));
            }
        };
        if let Some((id, stream)) = self.streams.get_mut(self.now) {
            stream.set_streamid(*id as i32);
        }
        Ok(())
    }

    /// Adds a stream, if there is room. A function of its own: a stream is made on the stack, and whoever has so large a frame
    /// touches every page of it in each call.
    #[cold]
    #[inline(never)]
    fn add(&mut self, id: u32) -> bool {
        self.streams.push((id, Stream::new())).is_ok()
    }

    fn outlet(packet: u64, list: Option<usize>, fsp: bool) -> Outlet {
        let at = |layout| match list {
            Some(list) => TableId { layout, list: list as u16 },
            None => TableId::OFF,
        };
        let shared = |layout, on: bool| if on { TableId::first(layout) } else { TableId::OFF };
        let fsp_at = |layout| if fsp { at(layout) } else { TableId::OFF };
        Outlet {
            packet_id: packet as u32,
            config: Some(TableId::first(fc::CONFIG)),
            fsp_config: Some(shared(fc::FSP_CONFIG, fsp)),
            status: at(fc::STATUS),
            event: at(fc::EVENT),
            event_header: TableId::first(fc::EVENT_HEADER),
            fsp_event: fsp_at(fc::FSP_EVENT),
            fsp_event_header: shared(layout::FSP_EVENT_HEADER, fsp),
            fsp_status: fsp_at(fc::FSP_STATUS),
            rec_event: TableId::first(fc::REC_EVENT),
            sample_ns: SAMPLE_NS,
        }
    }

    /// Takes a part of a packet that wraps FCIO records.
    pub(super) fn part<S: RowSink>(
        &mut self,
        part: &Part<'_>,
        setup: &Setup,
        sink: &mut S,
    ) -> Result<Fate> {
        let fate = if part.decoder == id::FCIO_CONFIG { Fate::Header } else { Fate::Rows };
        if part.stage == Stage::Head && part.tag == 0 {
            return self.choose(part).map(|()| fate);
        }
        let Some((streamid, stream)) = self.streams.get_mut(self.now) else { return Ok(fate) };
        let record = u32::from(part.tag);
        if part.last || record == tag::PROTOCOL {
            return Ok(fate);
        }
        if record == tag::CONFIG && part.stage == Stage::Begin && stream.configured() {
            sink.notice("further configuration of an FCIO stream that is open", (*streamid).into());
        }
        let list = setup.listener(*streamid as u16);
        let fsp = list.and_then(|i| setup.listeners.get(i)).is_some_and(|l| l.fsp);
        if list.is_none() && part.stage == Stage::Begin {
            sink.notice("FCIO stream that no listener of the header reads out", (*streamid).into());
        }
        let outlet = Self::outlet(part.packet, list, fsp);
        if record == tag::CONFIG && part.stage == Stage::End {
            let table = TableId { layout: fc::EVENT, list: list.unwrap_or(0) as u16 };
            let fate = stream.part(record, part, &outlet, sink)?;
            sink.resize(table, Key::channel(0), 0, stream.config().samples);
            return Ok(fate);
        }
        stream.part(record, part, &outlet, sink).map(|_| fate)
    }

    /// Visits the streams, which the configurations have opened in the same order.
    pub(super) fn history<H: History>(&mut self, history: &mut H) -> bool {
        let streams = self.streams.iter_mut();
        let each = streams.fold(true, |whole, (_, stream)| stream.history(history) && whole);
        each && !self.unconfigured
    }

    /// The present packet broke off.
    pub(super) fn abort(&mut self) {
        if let Some((_, stream)) = self.streams.get_mut(self.now) {
            stream.abort();
        }
    }
}
