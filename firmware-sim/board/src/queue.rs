//! Bytes from an interrupt to the program.

use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

/// At most `N` bytes, in their order. Both positions count all bytes that ever passed, modulo the word.
pub struct ByteQueue<const N: usize> {
    bytes: [AtomicU8; N],
    /// Only the producer writes it.
    written: AtomicUsize,
    /// Only the consumer writes it.
    read: AtomicUsize,
    split: AtomicBool,
}

impl<const N: usize> ByteQueue<N> {
    /// An empty queue.
    pub const fn new() -> Self {
        const { assert!(N.is_power_of_two(), "positions wrap") };
        ByteQueue {
            bytes: [const { AtomicU8::new(0) }; N],
            written: AtomicUsize::new(0),
            read: AtomicUsize::new(0),
            split: AtomicBool::new(false),
        }
    }

    /// The two ends, once.
    pub fn split(&self) -> Option<(Producer<'_, N>, Consumer<'_, N>)> {
        let before = self.split.swap(true, Ordering::Relaxed);
        (!before).then_some((Producer { queue: self }, Consumer { queue: self }))
    }

    fn slot(&self, position: usize) -> Option<&AtomicU8> {
        self.bytes.get(position & (N - 1))
    }

    fn len(&self) -> usize {
        let read = self.read.load(Ordering::Acquire);
        self.written.load(Ordering::Acquire).wrapping_sub(read)
    }
}

impl<const N: usize> Default for ByteQueue<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// The end that takes bytes.
pub struct Producer<'q, const N: usize> {
    queue: &'q ByteQueue<N>,
}

impl<const N: usize> Producer<'_, N> {
    /// Whether there is room for a byte.
    pub fn has_room(&self) -> bool {
        self.queue.len() < N
    }

    /// Takes a byte; `false` where there is no room.
    pub fn push(&mut self, byte: u8) -> bool {
        let at = self.queue.written.load(Ordering::Relaxed);
        let Some(slot) = self.queue.slot(at).filter(|_| self.has_room()) else { return false };
        slot.store(byte, Ordering::Relaxed);
        self.queue.written.store(at.wrapping_add(1), Ordering::Release);
        true
    }
}

/// The end that gives bytes.
pub struct Consumer<'q, const N: usize> {
    queue: &'q ByteQueue<N>,
}

impl<const N: usize> Consumer<'_, N> {
    /// Bytes there are.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Moves bytes into `out`, as many as there are and as fit; returns how many.
    pub fn read(&mut self, out: &mut [u8]) -> usize {
        let n = self.len().min(out.len());
        let at = self.queue.read.load(Ordering::Relaxed);
        for (i, to) in out.iter_mut().take(n).enumerate() {
            if let Some(slot) = self.queue.slot(at.wrapping_add(i)) {
                *to = slot.load(Ordering::Relaxed);
            }
        }
        self.queue.read.store(at.wrapping_add(n), Ordering::Release);
        n
    }
}
