//! A recording to somebody who takes its tables in memory.

use std::sync::Arc;

use tierline_core::{Assembler, Fate, Format, WithFormat, with_format};
use tierline_table::{Object, Table};

use crate::build_raw::{BuildRaw, Source, on_decoder_thread};
use crate::error::{Error, Result};
use crate::library::RawBufferLibrary;
use crate::sniff::by_name;
use crate::start_time::start_time;
use crate::stream::{self, Hooks, Outcome, Packet, StreamOptions};
use crate::window::Window;

/// Takes the tables of a recording as their rows come.
pub trait TableSink: Send {
    /// A header object, before the rows that follow it; again if it has changed since.
    ///
    /// # Errors
    /// Those of the sink; they end the run.
    fn header(&mut self, name: &str, object: &Object) -> Result<()>;

    /// Rows of a table, in the order of the recording. `false` ends the run: no more are wanted.
    ///
    /// # Errors
    /// Those of the sink; they end the run.
    fn rows(&mut self, table: &str, rows: &Table) -> Result<bool>;
}

impl BuildRaw {
    /// Reads an input and hands its tables to a sink, each decoder's by its name.
    ///
    /// What concerns files is not used: there are none. Batches hold [`Self::buffer_size`] rows at most, and so many bytes as a
    /// chunk of a file would; in a table they follow one another, between tables they don't.
    ///
    /// # Errors
    /// As [`Self::run`], and those of the sink.
    pub fn run_to(&self, source: Source, sink: &mut dyn TableSink) -> Result<Outcome> {
        let name = source.name.clone();
        on_decoder_thread(&name, || {
            let (window, format) = self.open(source, self.stream_type.as_deref())?;
            let job = Job { build: self, window, sink };
            with_format(format.name, job)
                .unwrap_or_else(|| by_name(format.name).map(|_| Outcome::default()))
        })
    }
}

struct Job<'a> {
    build: &'a BuildRaw,
    window: Window,
    sink: &'a mut dyn TableSink,
}

impl WithFormat for Job<'_> {
    type Out = Result<Outcome>;

    fn with<F: Format>(self) -> Self::Out {
        let Job { build, window, sink } = self;
        let write_key = <F::Assembler as Assembler>::write_key;
        let mut library = RawBufferLibrary::new(build.buffer_size, build.max_rows, write_key, None);
        let path = window.input().path.clone();
        let options = StreamOptions {
            settings: build.settings.clone(),
            start: start_time(path.file_name().and_then(|n| n.to_str()).unwrap_or("")),
            stop: Arc::clone(&build.stop),
        };
        let mut hand = Hand { build, sink, headers: Vec::new(), packets: 0, wanted: true };
        let outcome = stream::run_from::<F, _, _>(window, &options, None, &mut library, &mut hand)?;
        if outcome.interrupted && !build.keep_partial {
            return Err(Error::Interrupted { path });
        }
        if hand.wanted {
            hand.flush(&mut library, true)?;
        }
        Ok(outcome)
    }
}

/// Hands over what the library collects.
struct Hand<'a> {
    build: &'a BuildRaw,
    sink: &'a mut dyn TableSink,
    /// Headers as they were handed over.
    headers: Vec<(String, Object)>,
    /// Packets that were wanted and are no headers.
    packets: u64,
    wanted: bool,
}

impl Hand<'_> {
    /// Hands over complete batches, or all rows that are complete.
    fn flush(&mut self, library: &mut RawBufferLibrary, all: bool) -> Result<()> {
        for (name, object) in library.headers.objects() {
            match self.headers.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) if known == object => continue,
                Some((_, known)) => known.clone_from(object),
                None => self.headers.push((name.clone(), object.clone())),
            }
            self.sink.header(name, object)?;
        }
        for place in 0..library.buffers().len() {
            let Some(buffer) = library.buffers().get(place) else { continue };
            if !self.wanted || buffer.complete_rows() == 0 || !(all || buffer.is_full()) {
                continue;
            }
            let name = buffer.name.clone();
            library.flush(place, |batch| {
                self.wanted = self.sink.rows(&name, batch)?;
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl Hooks<RawBufferLibrary> for Hand<'_> {
    fn complete(&mut self, packet: u64, fate: Fate, library: &mut RawBufferLibrary) {
        library.counting = fate == Fate::Rows;
        library.discard = fate != Fate::Header && packet < self.build.first_packet;
    }

    fn packet(
        &mut self,
        packet: &Packet,
        _: &[u8],
        library: &mut RawBufferLibrary,
    ) -> Result<bool> {
        library.check()?;
        if library.take_full() {
            self.flush(library, false)?;
        }
        let data = packet.fate != Some(Fate::Header) && packet.number >= self.build.first_packet;
        self.packets += u64::from(data);
        let enough = self.build.max_packets.is_some_and(|most| self.packets >= most);
        Ok(self.wanted && !enough && library.rows_left != Some(0))
    }
}
