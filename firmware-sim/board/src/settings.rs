//! What a command line asks of a front end.

use core::num::NonZeroU32;

use tierline_core::Codec;
use tierline_core::link::Framing;
use tierline_core::record::Hello;

use crate::Arguments;
use crate::clock;
use crate::sizes::Ring;

const CODECS: [(&str, Codec); 4] = [
    ("raw", Codec::Raw),
    ("uleb", Codec::Uleb),
    ("pack16", Codec::Pack16),
    ("rice32", Codec::Rice32),
];

const FRAMINGS: [(&str, Framing); 2] = [("cobs", Framing::Cobs), ("length", Framing::Length)];

/// What both programs are told.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Name of the source's format.
    pub format: &'a str,
    /// Name of the source.
    pub source: &'a str,
    /// How records are framed.
    pub framing: Framing,
    /// How samples are written.
    pub codec: Codec,
    /// Number of the stream.
    pub stream: u16,
    /// Number of the session.
    pub session: u32,
    /// Where given, nothing waits for the link; it takes one byte while so many of the source come in.
    pub overrun: Option<NonZeroU32>,
}

impl<'a> Settings<'a> {
    /// What is not said otherwise.
    pub const DEFAULT: Settings<'static> = Settings {
        format: "",
        source: "",
        framing: Framing::Length,
        codec: Codec::Rice32,
        stream: 0,
        session: 1,
        overrun: None,
    };

    /// Reads `FORMAT [cobs|length] [raw|uleb|pack16|rice32]`, from word number `from` on, and the options `stream`, `session`
    /// and `overrun`. `None` where something is not understood.
    pub fn read(
        arguments: &Arguments<'a>,
        from: usize,
        source: &'a str,
        framing: Framing,
    ) -> Option<Self> {
        let mut settings = Settings {
            format: arguments.word(from)?,
            source,
            framing,
            stream: u16::try_from(arguments.number("stream", 0)?).ok()?,
            session: arguments.number("session", 1)?,
            overrun: NonZeroU32::new(arguments.number("overrun", 0)?),
            ..Settings::DEFAULT
        };
        for i in from.saturating_add(1).. {
            let Some(word) = arguments.word(i) else { break };
            if let Some((_, framing)) = FRAMINGS.iter().find(|(name, _)| *name == word) {
                settings.framing = *framing;
            } else {
                let (_, codec) = CODECS.iter().find(|(name, _)| *name == word)?;
                settings.codec = *codec;
            }
        }
        Some(settings)
    }

    /// What the front end says of itself. `format`: the name of its format.
    pub fn hello(&self, format: &'a str) -> Hello<'a> {
        let version = [
            env!("CARGO_PKG_VERSION_MAJOR"),
            env!("CARGO_PKG_VERSION_MINOR"),
            env!("CARGO_PKG_VERSION_PATCH"),
        ];
        let mut revision = [0; 8];
        for (to, from) in
            revision.iter_mut().zip(option_env!("TIERLINE_REVISION").unwrap_or("").bytes())
        {
            *to = from;
        }
        Hello {
            session: self.session,
            firmware: version.map(|number| number.parse().unwrap_or(0)),
            format,
            source: self.source,
            tick_ps: clock::TICK_PS,
            longest: Ring::LARGEST as u32,
            codecs: 1 << Codec::Raw.id() | 1 << self.codec.id(),
            revision,
        }
    }
}
