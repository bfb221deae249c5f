//! A short recording out of a long one: headers, the first packets, and the last.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use tierline_core::decoder::NullSink;
use tierline_core::{Fate, Format, WithFormat, with_format};
use tierline_report::AtomicOutput;

use crate::build_raw::{identify, on_decoder_thread};
use crate::error::{Error, Result};
use crate::input::Input;
use crate::start_time::start_time;
use crate::stream::{self, Hooks, Outcome, Packet, StreamOptions};
use crate::window::Window;

/// What became of a recording.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skimmed {
    /// Packets of the recording.
    pub packets: u64,
    /// Bytes of it.
    pub read: u64,
    /// Packets kept, headers among them.
    pub kept: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// Writes the bytes of `input` up to the packet number `more` after the first that is no header, and those of the last packet. What
/// lies between packets goes along; a packed input is unpacked.
///
/// # Errors
/// Where the input can't be read as a whole, or the output exists or can't be written.
pub fn skim(
    input: &Path,
    stream_type: Option<&str>,
    more: u64,
    output: &Path,
    overwrite: bool,
) -> Result<Skimmed> {
    let target = AtomicOutput::create(output, overwrite)?;
    let first = Input::open(input, false)?;
    if first.size.is_none() {
        let reason = format!("{} is no file: it would have to be read twice", input.display());
        return Err(Error::Parameter { name: "--skim", reason });
    }
    let (window, format) = identify(first, stream_type, false)?;
    let found = on_decoder_thread(input, || {
        let job = Job { window, more };
        with_format(format.name, job).unwrap_or_else(|| Ok((Places::default(), Outcome::default())))
    });
    let (places, outcome) = found?;
    let io = |source| Error::Io { path: output.to_path_buf(), action: "write", offset: 0, source };
    let file = OpenOptions::new().write(true).open(target.path()).map_err(io)?;
    let mut to = BufWriter::new(file);
    let mut from = Input::open(input, false)?;
    let start = places.last.0.max(places.prefix);
    let bytes = copy(&mut from, places.prefix, &mut to).map_err(io)?;
    copy(&mut from, start - places.prefix, &mut io::sink()).map_err(io)?;
    let rest = (places.last.0 + places.last.1).saturating_sub(start);
    let bytes = bytes + copy(&mut from, rest, &mut to).map_err(io)?;
    to.into_inner().map_err(|e| io(e.into_error()))?;
    target.commit()?;
    let kept = places.kept + u64::from(rest > 0);
    Ok(Skimmed { packets: outcome.packets, read: outcome.bytes.input, kept, bytes })
}

fn copy(from: &mut Input, n: u64, to: &mut dyn Write) -> io::Result<u64> {
    struct Reader<'a>(&'a mut Input);
    impl Read for Reader<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }
    io::copy(&mut Reader(from).take(n), to)
}

struct Job {
    window: Window,
    more: u64,
}

impl WithFormat for Job {
    type Out = Result<(Places, Outcome)>;

    fn with<F: Format>(self) -> Self::Out {
        let name = self.window.input().path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        let options = StreamOptions { start: start_time(name), ..StreamOptions::default() };
        let mut places = Places { left: self.more + 1, ..Places::default() };
        let outcome =
            stream::run::<F, _, _>(self.window, &options, &mut NullSink::default(), &mut places)?;
        Ok((places, outcome))
    }
}

/// Where the wanted packets are.
#[derive(Debug, Default)]
struct Places {
    /// Packets that are no headers still wanted.
    left: u64,
    /// Bytes up to the last of them.
    prefix: u64,
    /// Packets in these.
    kept: u64,
    /// Where the last packet starts, and how long it is.
    last: (u64, u64),
}

impl Hooks<NullSink> for Places {
    fn packet(&mut self, packet: &Packet, _: &[u8], _: &mut NullSink) -> Result<bool> {
        if self.left > 0 {
            self.prefix = packet.offset + packet.bytes;
            self.kept += 1;
            self.left -= u64::from(packet.fate != Some(Fate::Header));
        }
        self.last = (packet.offset, packet.bytes);
        Ok(true)
    }
}
