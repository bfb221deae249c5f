//! The queue of finished records.

use core::sync::atomic::{AtomicUsize, Ordering};

use bbqueue::BBQueue;
use bbqueue::prod_cons::framed::{FramedConsumer, FramedGrantR, FramedGrantW, FramedProducer};
use bbqueue::traits::bbqhdl::BbqHandle;
use bbqueue::traits::coordination::Coord;
use bbqueue::traits::notifier::polling::Polling;
use bbqueue::traits::storage::Inline;

use super::DefaultCoord;
use crate::record::{Body, Record};

/// What a record needs besides its bytes: its length.
const HEADER: usize = size_of::<usize>();

/// Finished records between the one who makes them and the one who sends them: main loop and interrupt, or two threads.
///
/// Each record lies in one piece, is filled in place, and is seen by the consumer as a whole or not at all. Nothing waits:
/// what finds no room is refused and counted. After every record there is room left for one report of a gap and one of the
/// state, so that a loss can always be told.
///
/// ```
/// use tierline_core::RecordRing;
///
/// static RING: RecordRing<4096> = RecordRing::new();
///
/// let (mut producer, mut consumer) = RING.split().unwrap();
/// let mut grant = producer.grant(100).unwrap();
/// grant.bytes_mut()[..5].copy_from_slice(b"hello");
/// grant.commit(5);
/// let record = consumer.read().unwrap();
/// assert_eq!(record.bytes(), b"hello");
/// record.release();
/// assert!(consumer.read().is_none());
/// ```
///
/// `C` is how the two ends agree: by atomics where there is compare-and-swap, in short critical sections elsewhere.
pub struct RecordRing<const N: usize, C: Coord = DefaultCoord> {
    queue: Queue<N, C>,
    /// Who gets its only grant gets the ends.
    ends: C,
    /// Bytes released so far, modulo the word. Only the consumer writes it.
    released: AtomicUsize,
}

type Queue<const N: usize, C> = BBQueue<Inline<N>, C, Polling>;

impl<const N: usize> RecordRing<N> {
    /// An empty ring.
    pub const fn new() -> Self {
        Self::with_coord()
    }
}

impl<const N: usize, C: Coord> RecordRing<N, C> {
    // A record's head takes 10 bytes at most, a gap's fields 16, a state's 50.

    /// Room kept for one report of a gap, bytes.
    pub const GAP: usize = 40;
    /// Room kept for one report of the state, bytes.
    pub const STATUS: usize = 72;
    /// The largest record, bytes: with what is kept for reports it fills half the ring. A ring of this kind can refuse more
    /// than half its size even when empty, for ever.
    pub const LARGEST: usize = (N / 2).saturating_sub(HEADER + Room::BOTH.bytes());

    /// An empty ring with this coordination.
    pub const fn with_coord() -> Self {
        const { assert!(N >= 512, "a ring holds reports and still records") };
        Self { queue: Queue::new(), ends: C::INIT, released: AtomicUsize::new(0) }
    }

    /// The two ends, once: `None` if they were given away before.
    pub fn split(&self) -> Option<(Producer<'_, N, C>, Consumer<'_, N, C>)> {
        self.ends.grant_exact(1, 1).ok()?;
        let queue = &self.queue;
        let state = State { room: Room::BOTH, written: 0, counters: Counters::new(N) };
        let producer = Producer { queue: BbqHandle::framed_producer(&queue), ring: self, state };
        let consumer = Consumer { queue: BbqHandle::framed_consumer(&queue), ring: self };
        Some((producer, consumer))
    }
}

impl<const N: usize> Default for RecordRing<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// Why a record was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Refusal {
    /// No room now.
    RingFull,
    /// Larger than [`RecordRing::LARGEST`]: there is never room.
    RecordTooBig,
}

/// What a producer knows of its ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counters {
    /// Records refused.
    pub refused: u64,
    /// Bytes of these, as they were asked for.
    pub refused_bytes: u64,
    /// The fewest bytes that were free after a record, those passed over at the end of the ring counted as free.
    pub low_water: usize,
}

impl Counters {
    const fn new(free: usize) -> Self {
        Self { refused: 0, refused_bytes: 0, low_water: free }
    }
}

/// Reports for which there is room, whatever the consumer does.
#[derive(Clone, Copy, Debug)]
struct Room {
    gap: bool,
    status: bool,
}

impl Room {
    const BOTH: Room = Room { gap: true, status: true };

    const fn bytes(self) -> usize {
        let gap = if self.gap { HEADER + RecordRing::<0>::GAP } else { 0 };
        let status = if self.status { HEADER + RecordRing::<0>::STATUS } else { 0 };
        gap + status
    }
}

/// What the producer keeps.
#[derive(Debug)]
struct State {
    room: Room,
    /// Bytes committed so far, modulo the word.
    written: usize,
    counters: Counters,
}

/// The end that makes records.
pub struct Producer<'r, const N: usize, C: Coord = DefaultCoord> {
    queue: FramedProducer<&'r Queue<N, C>, usize>,
    ring: &'r RecordRing<N, C>,
    state: State,
}

impl<'r, const N: usize, C: Coord> Producer<'r, N, C> {
    /// Room for a record of at most `max` bytes; what is refused is counted.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn grant(&mut self, max: usize) -> Result<Grant<'_, 'r, N, C>, Refusal> {
        let refusal =
            if max > RecordRing::<N>::LARGEST { Refusal::RecordTooBig } else { Refusal::RingFull };
        if refusal == Refusal::RingFull
            && let Some(inner) = self.room(max, Room::BOTH)
        {
            return Ok(self.granted(inner, max, Room::BOTH));
        }
        let counters = &mut self.state.counters;
        counters.refused = counters.refused.saturating_add(1);
        counters.refused_bytes = counters.refused_bytes.saturating_add(max as u64);
        Err(refusal)
    }

    /// Whether [`Producer::grant`] would give room for `max` bytes: for one who waits rather than drops. Counts nothing.
    pub fn has_room(&mut self, max: usize) -> bool {
        max <= RecordRing::<N>::LARGEST && self.room(max, Room::BOTH).is_some()
    }

    /// Room for the report of a gap, at most [`RecordRing::GAP`] bytes. There is always room for one after a record.
    pub fn grant_gap(&mut self) -> Option<Grant<'_, 'r, N, C>> {
        let left = Room { gap: false, ..self.state.room };
        self.grant_report(RecordRing::<N>::GAP, left)
    }

    /// Room for the report of the state, at most [`RecordRing::STATUS`] bytes. There is always room for one after a record.
    pub fn grant_status(&mut self) -> Option<Grant<'_, 'r, N, C>> {
        let left = Room { status: false, ..self.state.room };
        self.grant_report(RecordRing::<N>::STATUS, left)
    }

    /// Puts a record into the ring; reports of gaps and of the state find room even where other records don't. `false`: there
    /// is none, and it is counted.
    pub fn send(&mut self, record: &Record<'_>) -> bool {
        let grant = match record.body {
            Body::Gap { .. } => self.grant_gap(),
            Body::Health(_) | Body::Heartbeat { .. } | Body::End { .. } => self.grant_status(),
            _ => self.grant(record.longest()).ok(),
        };
        let Some(mut grant) = grant else { return false };
        let Some(used) = record.write(grant.bytes_mut()).map(|bytes| bytes.len()) else {
            return false;
        };
        grant.commit(used);
        true
    }

    /// What was refused, and how full the ring was.
    pub const fn counters(&self) -> Counters {
        self.state.counters
    }

    /// Room for a report that leaves all that is kept, else for one that leaves what is kept for the other.
    fn grant_report(&mut self, max: usize, left: Room) -> Option<Grant<'_, 'r, N, C>> {
        for room in [Room::BOTH, left] {
            if let Some(inner) = self.room(max, room) {
                return Some(self.granted(inner, max, room));
            }
        }
        None
    }

    /// Room for a record and, in one piece with it, for the reports after it: so these find room wherever the record ends.
    fn room(&self, max: usize, reports: Room) -> Option<Inner<'r, N, C>> {
        self.queue.grant(max.checked_add(reports.bytes())?).ok()
    }

    fn granted(&mut self, inner: Inner<'r, N, C>, max: usize, room: Room) -> Grant<'_, 'r, N, C> {
        Grant { inner, max, room, ring: self.ring, state: &mut self.state }
    }
}

type Inner<'r, const N: usize, C> = FramedGrantW<&'r Queue<N, C>, usize>;

/// Room for one record. Dropped, it leaves the ring as it was.
#[must_use = "only a committed record is sent"]
pub struct Grant<'p, 'r, const N: usize, C: Coord = DefaultCoord> {
    inner: Inner<'r, N, C>,
    max: usize,
    room: Room,
    ring: &'r RecordRing<N, C>,
    state: &'p mut State,
}

impl<const N: usize, C: Coord> Grant<'_, '_, N, C> {
    /// The room: as many bytes as were asked for, with anything in them.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.inner.get_mut(..self.max).unwrap_or_default()
    }

    /// Hands the first `used` bytes to the consumer, at most all of them.
    pub fn commit(self, used: usize) {
        let used = used.min(self.max);
        let state = self.state;
        state.room = self.room;
        state.written = state.written.wrapping_add(used).wrapping_add(HEADER);
        let held = state.written.wrapping_sub(self.ring.released.load(Ordering::Acquire));
        state.counters.low_water = state.counters.low_water.min(N.saturating_sub(held));
        self.inner.commit(used);
    }

    /// Gives the room back, as dropping does.
    pub fn abort(self) {}
}

/// The end that sends records.
pub struct Consumer<'r, const N: usize, C: Coord = DefaultCoord> {
    queue: FramedConsumer<&'r Queue<N, C>, usize>,
    ring: &'r RecordRing<N, C>,
}

impl<'r, const N: usize, C: Coord> Consumer<'r, N, C> {
    /// The oldest record, if there is one.
    pub fn read(&mut self) -> Option<Finished<'_, 'r, N, C>> {
        let inner = self.queue.read().ok()?;
        Some(Finished { inner, consumer: self })
    }
}

/// A finished record. Dropped, it is read again.
#[must_use = "only a released record leaves the ring"]
pub struct Finished<'c, 'r, const N: usize, C: Coord = DefaultCoord> {
    inner: FramedGrantR<&'r Queue<N, C>, usize>,
    consumer: &'c mut Consumer<'r, N, C>,
}

impl<const N: usize, C: Coord> Finished<'_, '_, N, C> {
    /// The record's bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.inner
    }

    /// The record's bytes, to work on in place.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.inner
    }

    /// Removes the record from the ring.
    pub fn release(self) {
        let size = self.inner.len().wrapping_add(HEADER);
        self.inner.release();
        let released = &self.consumer.ring.released;
        let sum = released.load(Ordering::Relaxed).wrapping_add(size);
        released.store(sum, Ordering::Release);
    }
}
