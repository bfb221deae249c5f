//! A front end on a host: the core that runs on a microcontroller, with threads in place of interrupts.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tierline_core::front_end::Progress;
use tierline_core::link::{Framing, Sender};
use tierline_core::pack::Account;
use tierline_core::record::{self, Hello, Record, SETTINGS};
use tierline_core::ring::{Consumer, Producer};
use tierline_core::{
    Codec, Error, Format, FrameLimits, FrontEnd, RecordRing, SlideBuffer, WithFormat, with_format,
};

/// Room of the parser's window, bytes.
const WINDOW: usize = 16 * 1024;
/// Bytes read at a time.
const READ: usize = 4096;

/// What the front end does when its ring is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// It waits: the link takes what comes.
    Wait,
    /// It drops whole packets and says so.
    Drop,
}

/// A simulated front end.
#[derive(Debug, Clone)]
pub struct Simulator<'a> {
    /// Name of the source's format.
    pub format: &'a str,
    /// Name of the source.
    pub source: &'a str,
    /// Number of the stream on the link.
    pub stream: u16,
    /// Number of the session.
    pub session: u32,
    /// How samples are written.
    pub codec: Codec,
    /// How records are framed.
    pub framing: Framing,
    /// Bulk is cut into pieces of so many bytes.
    pub piece: usize,
    /// What happens when the ring is full.
    pub full: Full,
    /// A settings file that belongs to the source.
    pub settings: Option<&'a [u8]>,
    /// How often the end is said; [`Framing::ends`] where that isn't given.
    pub ends: Option<u32>,
}

impl Default for Simulator<'_> {
    fn default() -> Self {
        Simulator {
            format: "",
            source: "",
            stream: 0,
            session: 1,
            codec: Codec::Rice32,
            framing: Framing::Length,
            piece: 2048,
            full: Full::Wait,
            settings: None,
            ends: None,
        }
    }
}

/// What became of the source.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// Packets and bytes.
    pub account: Account,
    /// Bytes of the source.
    pub bytes: u64,
    /// Bytes written to the link.
    pub sent: u64,
    /// Why the source could not be read to its end.
    pub failed: Option<Error>,
}

/// Same as core's on a microcontroller, but by the processor's own instructions.
pub fn checksum(crc: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(crc);
    hasher.update(bytes);
    hasher.finalize()
}

/// How records get from the front end to its link.
trait Way {
    /// Takes a record; `false`: there is no room.
    fn send(&mut self, record: &Record<'_>) -> bool;
    /// So many bytes of the source came.
    fn came(&mut self, _bytes: usize) {}
    /// Fewest free bytes of the ring.
    fn low_water(&self) -> usize;
    /// Lets the link go on where the source has nothing more.
    fn wait(&mut self);
}

impl Simulator<'_> {
    /// Runs a source through the front end, its ring of `RING` bytes and onto a link, which a second thread serves; frames are
    /// written one by one. A source may say [`io::ErrorKind::TimedOut`] where it has nothing for a while: then the front end says
    /// that it lives.
    ///
    /// # Errors
    /// Where source or link fail. Trouble with the source's content is told on the link and in the result.
    pub fn run<const RING: usize>(
        &self,
        source: &mut (dyn Read + Send),
        link: &mut (dyn Write + Send),
    ) -> io::Result<Done> {
        let ring = Box::new(RecordRing::<RING>::new());
        let Some((mut producer, mut consumer)) = ring.split() else {
            return Err(io::Error::other("the ring is in use"));
        };
        let (over, broken) = (AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|scope| {
            let serve = || {
                let done = serve(&mut consumer, self.framing, link, &over);
                // Nobody takes records any more.
                broken.store(done.is_err(), Ordering::Release);
                done
            };
            let served = thread::Builder::new().name("link".into()).spawn_scoped(scope, serve)?;
            let wait = self.full == Full::Wait;
            let mut way = Threaded { producer: &mut producer, wait, broken: &broken };
            let done = self.feed::<RING>(source, &mut way);
            over.store(true, Ordering::Release);
            let sent = served.join().map_err(|_| io::Error::other("the link's thread stopped"))?;
            Ok(Done { sent: sent?, ..done? })
        })
    }

    /// The same in one thread, with a link that takes one byte of records for every `slow` bytes of the source: what a front end
    /// does whose link is too slow. Each frame goes to `link` whole.
    ///
    /// # Errors
    /// Where the source fails.
    pub fn run_slow<const RING: usize>(
        &self,
        source: &mut dyn Read,
        slow: usize,
        link: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Done> {
        let ring = Box::new(RecordRing::<RING>::new());
        let Some((producer, consumer)) = ring.split() else {
            return Err(io::Error::other("the ring is in use"));
        };
        let (framing, wait) = (self.framing, self.full == Full::Wait);
        let mut way = Slow { producer, consumer, framing, wait, slow, credit: 0, sent: 0, link };
        let done = self.feed::<RING>(source, &mut way)?;
        while way.drain_one() {}
        Ok(Done { sent: way.sent, ..done })
    }

    /// Feeds the source's bytes to the front end.
    fn feed<const RING: usize>(
        &self,
        source: &mut dyn Read,
        way: &mut dyn Way,
    ) -> io::Result<Done> {
        let cells = RecordRing::<RING>::LARGEST.saturating_sub(2 * record::OVERHEAD);
        let job = Feed { simulator: self, source, way, cells: vec![0; cells] };
        with_format(self.format, job).unwrap_or_else(|| {
            let text = format!("no format '{}'", self.format);
            Err(io::Error::new(io::ErrorKind::InvalidInput, text))
        })
    }
}

struct Feed<'a> {
    simulator: &'a Simulator<'a>,
    source: &'a mut dyn Read,
    way: &'a mut dyn Way,
    cells: Vec<u8>,
}

impl WithFormat for Feed<'_> {
    type Out = io::Result<Done>;

    fn with<F: Format>(mut self) -> Self::Out {
        let Simulator { source, stream, session, codec, framing, piece, settings, ends, .. } =
            *self.simulator;
        let limits = FrameLimits { piece, window: SlideBuffer::<WINDOW>::WINDOW };
        let hello = Hello {
            session,
            firmware: [0, 1, 0],
            format: F::INFO.name,
            source,
            tick_ps: 1_000_000,
            longest: (self.cells.len() + record::OVERHEAD) as u32,
            codecs: 0x0F,
            revision: *b"simulate",
        };
        let mut front_end = FrontEnd::new(F::framer(limits), hello, stream, codec);
        front_end = front_end.with_checksum(checksum);
        let mut window = Box::new(SlideBuffer::<WINDOW>::new(READ));
        let start = Instant::now();
        let ticks = || start.elapsed().as_micros() as u64;
        if let Some(text) = settings {
            let piece = self.cells.len().min(READ);
            let mut to = |record: &Record<'_>| self.way.send(record);
            if !front_end.config(SETTINGS, text, piece, &mut to) {
                return Err(io::Error::other("no room in the ring for the settings file"));
            }
        }
        loop {
            let free = window.free_mut();
            let most = free.len().min(READ);
            let n = match self.source.read(free.get_mut(..most).unwrap_or(&mut [])) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) if e.kind() == io::ErrorKind::TimedOut => {
                    front_end.heartbeat(ticks(), &mut |record: &Record<'_>| self.way.send(record));
                    continue;
                }
                other => other?,
            };
            window.advance(n);
            self.way.came(n);
            let mut to = |record: &Record<'_>| self.way.send(record);
            match front_end.run(&mut window, &mut self.cells, n == 0, &mut to) {
                Ok(Progress::Need(_)) => {}
                Ok(Progress::End) => break,
                Err(error) => {
                    let (account, bytes) = (front_end.account(), front_end.bytes());
                    return Ok(Done { account, bytes, sent: 0, failed: Some(error) });
                }
            }
        }
        // The link may be slow, but the end is told; where a frame may be lost, more than once.
        let times = ends.unwrap_or(framing.ends());
        let low_water = self.way.low_water() as u32;
        front_end.health(low_water, ticks(), &mut |record: &Record<'_>| self.way.send(record));
        for _ in 0..times {
            while !front_end.end(&mut |record: &Record<'_>| self.way.send(record)) {
                self.way.wait();
            }
        }
        let (account, bytes) = (front_end.account(), front_end.bytes());
        Ok(Done { account, bytes, sent: 0, failed: None })
    }
}

/// A ring whose other end a thread serves.
struct Threaded<'a, 'r, const RING: usize> {
    producer: &'a mut Producer<'r, RING>,
    wait: bool,
    /// The link is gone.
    broken: &'a AtomicBool,
}

impl<const RING: usize> Way for Threaded<'_, '_, RING> {
    fn send(&mut self, record: &Record<'_>) -> bool {
        let mut turns = 0u32;
        let longest = record.longest();
        while self.wait
            && !self.producer.has_room(longest)
            && longest <= RecordRing::<RING>::LARGEST
        {
            if self.broken.load(Ordering::Acquire) {
                // Nothing is sent any more; who runs this hears of it.
                return true;
            }
            pause(&mut turns);
        }
        self.broken.load(Ordering::Acquire) || self.producer.send(record)
    }

    fn low_water(&self) -> usize {
        self.producer.counters().low_water
    }

    fn wait(&mut self) {
        thread::sleep(Duration::from_micros(200));
    }
}

/// Waits a little, longer when it took long already.
fn pause(turns: &mut u32) {
    *turns = turns.saturating_add(1);
    match *turns {
        0..64 => std::hint::spin_loop(),
        64..256 => thread::yield_now(),
        _ => thread::sleep(Duration::from_micros(50)),
    }
}

/// Writes the ring's records to the link until the front end is done; returns the number of bytes.
fn serve<const RING: usize>(
    consumer: &mut Consumer<'_, RING>,
    framing: Framing,
    link: &mut dyn Write,
    over: &AtomicBool,
) -> io::Result<u64> {
    let (mut sender, mut frame, mut sent, mut turns) =
        (Sender::new(framing, checksum), Vec::new(), 0u64, 0u32);
    if framing == Framing::Cobs {
        link.write_all(&[0])?;
        sent += 1;
    }
    loop {
        let last = over.load(Ordering::Acquire);
        if let Some(record) = consumer.read() {
            turns = 0;
            fill(&mut sender, record.bytes(), &mut frame);
            record.release();
            link.write_all(&frame)?;
            sent += frame.len() as u64;
            continue;
        }
        if last {
            link.flush()?;
            return Ok(sent);
        }
        if turns == 1 {
            link.flush()?;
        }
        pause(&mut turns);
    }
}

/// The whole frame of a record.
fn fill(sender: &mut Sender, record: &[u8], frame: &mut Vec<u8>) {
    frame.clear();
    frame.resize(record.len() + record.len() / 128 + 32, 0);
    let (n, _) = sender.fill(record, frame);
    frame.truncate(n);
}

/// A ring and a link that is slow, in one thread.
struct Slow<'r, 'l, const RING: usize> {
    producer: Producer<'r, RING>,
    consumer: Consumer<'r, RING>,
    framing: Framing,
    wait: bool,
    slow: usize,
    /// Bytes that the link could have sent, times `slow`.
    credit: usize,
    sent: u64,
    link: &'l mut dyn FnMut(&[u8]),
}

impl<const RING: usize> Slow<'_, '_, RING> {
    /// Sends the oldest record; `false` where there is none.
    fn drain_one(&mut self) -> bool {
        let Some(record) = self.consumer.read() else { return false };
        let mut frame = Vec::new();
        if self.framing == Framing::Cobs && self.sent == 0 {
            (self.link)(&[0]);
            self.sent += 1;
        }
        fill(&mut Sender::new(self.framing, checksum), record.bytes(), &mut frame);
        record.release();
        (self.link)(&frame);
        self.sent += frame.len() as u64;
        self.credit = self.credit.saturating_sub(frame.len() * self.slow);
        true
    }
}

impl<const RING: usize> Way for Slow<'_, '_, RING> {
    fn send(&mut self, record: &Record<'_>) -> bool {
        let longest = record.longest();
        if self.wait {
            while !self.producer.has_room(longest) && self.drain_one() {}
        }
        self.producer.send(record)
    }

    fn came(&mut self, bytes: usize) {
        self.credit += bytes;
        while self.credit > 0 {
            let Some(record) = self.consumer.read() else {
                // A link that has nothing to send saves nothing up.
                self.credit = 0;
                return;
            };
            if record.bytes().len() * self.slow > self.credit {
                return;
            }
            drop(record);
            self.drain_one();
        }
    }

    fn low_water(&self) -> usize {
        self.producer.counters().low_water
    }

    fn wait(&mut self) {
        self.drain_one();
    }
}
