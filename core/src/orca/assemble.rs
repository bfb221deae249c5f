//! From the parts of ORCA packets to rows.

use core::fmt;

use super::fcio::Streams;
use super::header::{Setup, StruckChannel};
use super::listener::{self, ChannelMap};
use super::{flashcam, id, layout, run, sis3302, sis3316};
use crate::assemble::{Assembler, Fate};
use crate::decoder::{RowSink, TableDef, TableId};
use crate::error::{Error, Result};
use crate::field::{Field, Value};
use crate::history::History;
use crate::part::{Key, NO_DECODER, Part, Stage};
use crate::text::Node;

/// Turns the packets of an ORCA file into rows.
#[derive(Debug, Default)]
pub struct OrcaAssembler {
    setup: Setup,
    channels: ChannelMap,
    streams: Streams,
    trace: flashcam::Trace,
    sis3302: sis3302::Trace,
    sis3316: Option<sis3316::Events>,
}

/// The table of a Struck channel: its own, if the header has it switched on.
fn struck_table(layout: u8, channels: &[StruckChannel], key: u32) -> TableId {
    match channels.iter().position(|channel| channel.key == key) {
        Some(list) => TableId { layout, list: list as u16 },
        None => TableId::OFF,
    }
}

impl OrcaAssembler {
    /// A file of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn declare<S: RowSink>(&self, sink: &mut S) -> Result<()> {
        let plain: [(u8, &'static str, &'static [Field]); 3] = [
            (layout::RUN, "ORRunDecoderForRun", run::FIELDS),
            (layout::LISTENER_CONFIG, "ORFlashCamListenerConfigDecoder", listener::CONFIG_FIELDS),
            (layout::LISTENER_STATUS, "ORFlashCamListenerStatusDecoder", listener::STATUS_FIELDS),
        ];
        for (layout, decoder, fields) in plain {
            sink.declare(&TableDef {
                id: TableId::first(layout),
                decoder,
                lists: 1,
                position: 0,
                single: None,
                fields,
                present: u64::MAX,
                lengths: &[],
            })?;
        }
        for (layout, name) in [
            (layout::ADC_WAVEFORM, "ORFlashCamADCWaveformDecoder"),
            (layout::WAVEFORM, "ORFlashCamWaveformDecoder"),
        ] {
            self.declare_flashcam(layout, name, sink)?;
        }
        let struck: [(u8, &'static str, &'static [Field], &[StruckChannel]); 2] = [
            (layout::SIS3302, "ORSIS3302DecoderForEnergy", sis3302::FIELDS, &self.setup.sis3302),
            (layout::SIS3316, "ORSIS3316WaveformDecoder", sis3316::FIELDS, &self.setup.sis3316),
        ];
        for (layout, decoder, fields, channels) in struck {
            for (i, channel) in channels.iter().enumerate() {
                sink.declare(&TableDef {
                    id: TableId { layout, list: i as u16 },
                    decoder,
                    lists: channels.len() as u16,
                    position: i as u16,
                    single: Some(Key::channel(channel.key.into())),
                    fields,
                    present: u64::MAX,
                    lengths: &[channel.samples],
                })?;
            }
        }
        super::fcio::declare_all(&self.setup, sink)
    }

    fn declare_flashcam<S: RowSink>(
        &self,
        layout: u8,
        decoder: &'static str,
        sink: &mut S,
    ) -> Result<()> {
        for (i, listener) in self.setup.listeners.iter().enumerate() {
            sink.declare(&TableDef {
                id: TableId { layout, list: i as u16 },
                decoder,
                lists: self.setup.listeners.len() as u16,
                position: i as u16,
                single: listener.first.filter(|_| listener.enabled == 1),
                fields: flashcam::FIELDS,
                present: u64::MAX,
                lengths: &[listener.samples],
            })?;
        }
        Ok(())
    }

    fn listener_config<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<()> {
        let config = listener::read_config(part.bytes)?;
        let row = sink.begin(TableId::first(layout::LISTENER_CONFIG), Key::channel(0));
        listener::decode_config(part.bytes, part.packet, row, sink);
        let Some(list) = self.setup.listener(config.fcid) else {
            sink.notice(
                "configuration of a listener that the header doesn't have",
                config.fcid.into(),
            );
            return Ok(());
        };
        listener::note_channels(part.bytes, list, &mut self.channels);
        if let Some(listener) = self.setup.listeners.get_mut(list) {
            listener.gps = Some(config.gps);
            if listener.samples != config.samples {
                sink.notice(
                    "header has another waveform length than the configuration",
                    listener.samples.into(),
                );
                listener.samples = config.samples;
            }
        }
        for layout in [layout::ADC_WAVEFORM, layout::WAVEFORM] {
            let table = TableId { layout, list: list as u16 };
            sink.resize(table, Key::channel(0), 0, config.samples);
        }
        Ok(())
    }

    fn sis3302<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<()> {
        match part.stage {
            Stage::Head => {
                let key = sis3302::place(crate::bytes::u32_at(part.bytes, 4).unwrap_or(0)).1;
                let table = struck_table(layout::SIS3302, &self.setup.sis3302, key);
                self.sis3302.head(part, table, sink)
            }
            Stage::Trace => {
                self.sis3302.samples(part, sink);
                Ok(())
            }
            _ => self.sis3302.tail(part, sink),
        }
    }

    fn sis3316<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) {
        let events = self.sis3316.get_or_insert(sis3316::Events::new());
        match (part.stage, part.index) {
            (Stage::Head, 0) => events.lead(part),
            (Stage::Head, _) => {
                let table = struck_table(layout::SIS3316, &self.setup.sis3316, events.key());
                events.head(part, table, sink);
            }
            (Stage::Trace, _) => events.samples(part, sink),
            _ => {}
        }
    }

    fn flashcam<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<()> {
        if part.stage == Stage::Trace {
            return self.trace.samples(part, sink);
        }
        let adc = part.decoder == id::ADC_WAVEFORM;
        self.trace.head(part, adc, &self.setup, &self.channels, sink)
    }

    fn packet<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<()> {
        match part.decoder {
            id::RUN => {
                let row = sink.begin(TableId::first(layout::RUN), Key::channel(0));
                run::decode(part.bytes, row, sink);
                Ok(())
            }
            id::LISTENER_CONFIG => self.listener_config(part, sink),
            id::LISTENER_STATUS => {
                let row = sink.begin(TableId::first(layout::LISTENER_STATUS), Key::channel(0));
                listener::decode_status(part.bytes, part.packet, row, sink)
            }
            id::SIS3302 => self.sis3302(part, sink),
            id::SIS3316 => {
                self.sis3316(part, sink);
                Ok(())
            }
            _ => self.flashcam(part, sink),
        }
    }
}

impl Assembler for OrcaAssembler {
    fn document<N: Node, S: RowSink>(&mut self, node: &N, sink: &mut S) -> Result<()> {
        sink.header("OrcaHeader", format_args!(""), Value::Document);
        self.setup = Setup::read(node);
        if self.setup.overflow {
            sink.notice("more listeners, cards or channels in the header than can be kept", 0);
        }
        if self.setup.listeners.iter().any(|listener| listener.fcid == 0) {
            return Err(Error::malformed("uniqueID of a listener", 0, 1).fatal());
        }
        self.declare(sink)
    }

    fn part<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<Fate> {
        let fate = match part.decoder {
            id::HEADER => return Ok(Fate::Header),
            NO_DECODER => return Ok(Fate::Skipped),
            id::FCIO_CONFIG..=id::FCIO_EVENT => self.streams.part(part, &self.setup, sink),
            _ => self.packet(part, sink).map(|()| Fate::Rows),
        };
        fate.map_err(|e| e.at(part.packet, part.offset))
    }

    fn abort(&mut self) {
        self.streams.abort();
    }

    fn history<H: History>(&mut self, history: &mut H) -> bool {
        self.streams.history(history)
    }

    /// That of a listener: its channel map, and its clock.
    fn configures(decoder: u8) -> bool {
        decoder == id::LISTENER_CONFIG
    }

    fn write_key(key: Key, out: &mut dyn fmt::Write) -> fmt::Result {
        crate::fcio::write_key(key, out)
    }
}
