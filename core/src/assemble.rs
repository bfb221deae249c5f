//! From parts to rows: the assembler owns the state of a stream and derives what is derived.

use core::fmt;

use crate::decoder::RowSink;
use crate::error::Result;
use crate::history::History;
use crate::part::{Key, Part};
use crate::text::Node;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fate {
    /// It made rows, or could have (a record without traces makes none).
    Rows,
    /// It configured the stream.
    Header,
    /// Well framed, but nothing here decodes it.
    Skipped,
}

/// What the caller knows about a stream beside its bytes.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Source {
    /// Start of the run from the name of the recording, unix seconds.
    pub start: Option<f64>,
}

/// Turns the parts of one stream into rows.
pub trait Assembler {
    /// Hands over what is known beside the bytes, before the first part.
    fn source(&mut self, _source: Source) {}

    /// Hands over a text configuration: the stream's own text header, or a settings file given with it.
    ///
    /// # Errors
    /// Where the text lacks what the stream can't be read without.
    fn document<N: Node, S: RowSink>(&mut self, _node: &N, _sink: &mut S) -> Result<()> {
        Ok(())
    }

    /// Takes the next part. On an error the packet is broken: the caller aborts the sink's rows.
    ///
    /// # Errors
    /// A packet-level error makes the packet garbage; a stream-level one ends the run.
    fn part<S: RowSink>(&mut self, part: &Part<'_>, sink: &mut S) -> Result<Fate>;

    /// The packet whose parts were handed in broke off.
    fn abort(&mut self) {}

    /// Visits what the packets so far have left here, but for headers and packets that [`Self::configures`]: a stream is taken up
    /// in its middle by handing in these again, and loading this. Only between packets.
    ///
    /// `false`: that can't be done in this format (as here), or not at this place of the stream.
    fn history<H: History>(&mut self, _history: &mut H) -> bool {
        false
    }

    /// Whether packets of this decoder, which are no headers, leave something here that [`Self::history`] does not visit.
    fn configures(_decoder: u8) -> bool {
        false
    }

    /// Writes a key as the field writes it.
    ///
    /// # Errors
    /// Those of the writer.
    fn write_key(key: Key, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "{}", key.id)
    }
}
