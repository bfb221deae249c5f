//! Records of front ends to LH5: which packets are complete, what was lost, and the files of a long run.
//!
//! Each link is read by a thread; one thread takes the records of all of them, in the order in which they come, and works out
//! rows as [`BuildRaw`] does. Stream 0 has its tables at the top of the file, stream N in the group
//! `stream_N`.

mod account;
mod link;
mod output;
mod receiver;
mod rows;
mod sequence;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use tierline_core::link::Framing;
use tierline_h5::Compression;
use tierline_report::Progress;

pub use crate::input::{LinkInput, Open};
pub use account::{Announced, LinkAccount, Loss, Packets, Records, StreamAccount};
pub use output::{Segment, SegmentFile};

use crate::build_raw::{BuildRaw, on_decoder_thread};
use crate::error::{Error, Result};
use crate::input::feed::{Came, Feed};
use crate::sniff::by_name;
use link::Link;
use output::Output;
use receiver::{Receiver, Setup};

/// How often signals and clocks are looked at while nothing comes.
const LOOK: Duration = Duration::from_millis(100);
/// Time after the end in which a live link may say more, at most.
const ENDS: Duration = Duration::from_secs(1);
/// Streams that are taken; the memory for each is some megabytes.
const MOST_STREAMS: usize = 32;

/// How records are collected.
#[derive(Debug, Clone)]
pub struct Collect {
    /// Format of the sources of front ends whose Hello does not come; `None`: their records wait for it.
    pub stream_type: Option<String>,
    /// How records are framed; `None`: found out.
    pub framing: Option<Framing>,
    /// Rows that a buffer holds at most before it is written.
    pub buffer_size: usize,
    /// A settings file for formats that have one.
    pub settings: Option<PathBuf>,
    /// Begin another file when one is full.
    pub segment: Option<Segment>,
    /// Replace existing outputs.
    pub overwrite: bool,
    /// Threads that compress.
    pub threads: usize,
    /// How chunks are compressed.
    pub compression: Compression,
    /// Draw no progress.
    pub quiet: bool,
    /// Set by whoever wants the run to end.
    pub stop: Arc<AtomicBool>,
}

impl Default for Collect {
    fn default() -> Self {
        let BuildRaw { buffer_size, threads, compression, .. } = BuildRaw::default();
        Collect {
            stream_type: None,
            framing: None,
            buffer_size,
            settings: None,
            segment: None,
            overwrite: false,
            threads,
            compression,
            quiet: true,
            stop: Arc::default(),
        }
    }
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Why {
    /// All links are closed.
    #[default]
    Closed,
    /// All front ends said End.
    Ended,
    /// It was asked to.
    Stopped,
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Collected {
    /// Why it ended.
    pub why: Why,
    /// The files.
    pub files: Vec<SegmentFile>,
    /// Every session of every front end, in the order of their ends.
    pub streams: Vec<StreamAccount>,
    /// The links.
    pub links: Vec<LinkAccount>,
}

impl Collect {
    /// Collects from `links` into `output` until all of them are closed, all front ends said End, or it is asked to stop.
    ///
    /// # Errors
    /// Where the output exists or can't be written, a setting makes no sense, or nothing at all came. Segments that are complete
    /// stay.
    pub fn run(&self, links: Vec<LinkInput>, output: &Path) -> Result<Collected> {
        if self.buffer_size == 0 {
            let reason = "must be at least 1".into();
            return Err(Error::Parameter { name: "--buffer-size", reason });
        }
        on_decoder_thread(output, || self.begin(links, output))
    }

    fn begin(&self, links: Vec<LinkInput>, output: &Path) -> Result<Collected> {
        let format = self.stream_type.as_deref().map(by_name).transpose()?.map(|f| f.name);
        let (segment, overwrite) = (self.segment, self.overwrite);
        let mut run = Run {
            collect: self,
            format,
            links: links.iter().map(|link| Link::new(link, self.framing)).collect(),
            output: Output::create(output, segment, overwrite, self.threads, self.compression)?,
            streams: BTreeMap::new(),
            finished: Vec::new(),
            progress: Progress::start("collect", None, self.quiet),
        };
        let feed = Feed::start(links).map_err(|source| {
            let path = output.to_path_buf();
            Error::Io { path, action: "read its links", offset: 0, source }
        })?;
        run.all(&feed)
    }
}

/// A run on its way.
struct Run<'a> {
    collect: &'a Collect,
    format: Option<&'static str>,
    links: Vec<Link>,
    output: Output,
    /// Sessions by number of the stream, with their link.
    streams: BTreeMap<u16, (usize, Receiver)>,
    finished: Vec<StreamAccount>,
    progress: Progress,
}

impl Run<'_> {
    fn all(&mut self, feed: &Feed) -> Result<Collected> {
        let mut open = self.links.len();
        let (mut why, mut since) = (Why::Closed, None::<Instant>);
        while open > 0 {
            if self.collect.stop.load(Ordering::Relaxed) {
                why = Why::Stopped;
                break;
            }
            let mut quiet = false;
            match feed.blocks.recv_timeout(LOOK) {
                Ok((i, Came::Block(block, n))) => {
                    self.progress.add(n as u64);
                    self.block(i, block.get(..n).unwrap_or(&[]), false)?;
                    feed.done(i, block);
                }
                Ok((i, Came::Shut(source))) => {
                    let path = self.links.get(i).map(|l| PathBuf::from(&l.account.input));
                    let path = path.unwrap_or_default();
                    return Err(Error::Io { path, action: "open", offset: 0, source });
                }
                Ok((i, came)) => {
                    open -= 1;
                    if let (Came::Broke(error), Some(link)) = (&came, self.links.get_mut(i)) {
                        link.account.broken = Some(error.to_string());
                    }
                    if let Some(link) = self.links.get_mut(i) {
                        link.closed = true;
                    }
                    self.block(i, &[], true)?;
                }
                Err(RecvTimeoutError::Timeout) => quiet = true,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.output.is_full() {
                self.next_file()?;
            }
            // The end is said more than once: who says it again shouldn't find the door closed.
            since = self.ended().then(|| since.unwrap_or_else(Instant::now));
            if since.is_some_and(|since| quiet || since.elapsed() > ENDS) {
                why = Why::Ended;
                break;
            }
        }
        self.finish(why)
    }

    /// Whether every front end has said End, and what is open are links that don't end by themselves.
    fn ended(&self) -> bool {
        self.links.iter().all(|link| link.closed || link.live && link.is_idle())
            && !self.streams.is_empty()
            && self.streams.values().all(|(_, stream)| stream.account.ended)
    }

    /// Bytes of a link; with `eof`, the last.
    fn block(&mut self, i: usize, bytes: &[u8], eof: bool) -> Result<()> {
        let Some(link) = self.links.get_mut(i) else { return Ok(()) };
        let mut link = std::mem::take(link);
        link.push(bytes);
        let done = link.records(eof, |link, bytes| self.record(i, link, bytes));
        if let Some(place) = self.links.get_mut(i) {
            *place = link;
        }
        done
    }

    /// An intact record of a link.
    fn record(&mut self, i: usize, link: &mut link::Waiting, bytes: &[u8]) -> Result<()> {
        use tierline_core::record::{Body, Record};
        let Some(record) = link.read(bytes) else { return Ok(()) };
        let id = record.stream;
        if let Some((of, _)) = self.streams.get(&id)
            && *of != i
        {
            link.account.unclaimed += 1;
            let other = self.links.get(*of).map_or("", |l| l.account.input.as_str()).to_owned();
            link.say(format!("stream {id} comes over {other} already: left out"));
            return Ok(());
        }
        let hello = match record.body {
            Body::Hello(hello) => Some(hello),
            _ => None,
        };
        let known = self.streams.get(&id);
        let restarts =
            matches!((known, hello), (Some((_, s)), Some(h)) if s.is_other(&h, record.seq));
        if restarts {
            self.next_file()?;
            if let Some((_, stream)) = self.streams.remove(&id) {
                self.finished.push(stream.finish());
            }
        }
        if !self.streams.contains_key(&id) {
            let Some(format) = hello.map(|h| h.format).or(self.format) else {
                link.keep(id, bytes);
                return Ok(());
            };
            if self.streams.len() >= MOST_STREAMS {
                link.account.unclaimed += 1;
                link.say(format!("more than {MOST_STREAMS} streams: stream {id} is left out"));
                return Ok(());
            }
            let kept = link.kept(id, hello.map(|_| record.seq));
            let setup = Setup {
                input: &link.account.input.clone(),
                stream: id,
                group: if id == 0 { String::new() } else { format!("stream_{id}/") },
                buffer_size: self.collect.buffer_size,
                settings: self.collect.settings.as_deref(),
            };
            // A session's numbers begin with 0; where no Hello was seen, with whatever comes first.
            let first = hello.map(|_| 0);
            let mut stream = Receiver::new(setup, hello, format, first)?;
            for bytes in kept {
                if let Ok(record) = Record::read(&bytes) {
                    stream.record(&record, &mut self.output)?;
                }
            }
            self.streams.insert(id, (i, stream));
        }
        match self.streams.get_mut(&id) {
            Some((_, stream)) => stream.record(&record, &mut self.output),
            None => Ok(()),
        }
    }

    /// Completes the present file; the next one begins with the next packet.
    fn next_file(&mut self) -> Result<()> {
        if !self.output.is_open() {
            return Ok(());
        }
        let mut rows = BTreeMap::new();
        for (_, stream) in self.streams.values_mut() {
            if let Some(of) = stream.rows_mut() {
                rows.extend(of.close(self.output.file()?)?);
            }
        }
        self.output.finish(rows)
    }

    fn finish(&mut self, why: Why) -> Result<Collected> {
        let nothing = self.finished.is_empty()
            && self.streams.is_empty()
            && self.links.iter().all(|link| link.account.bytes == 0);
        if nothing && why != Why::Stopped {
            let path = self.links.first().map(|l| PathBuf::from(&l.account.input));
            return Err(Error::Empty { path: path.unwrap_or_default() });
        }
        self.next_file()?;
        let streams = std::mem::take(&mut self.streams);
        self.finished.extend(streams.into_values().map(|(_, stream)| stream.finish()));
        Ok(Collected {
            why,
            files: std::mem::take(&mut self.output.done),
            streams: std::mem::take(&mut self.finished),
            links: self.links.iter_mut().map(Link::finish).collect(),
        })
    }
}
