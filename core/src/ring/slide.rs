//! The window of a parser.

/// Bytes of a stream between a reader and a parser, always in one piece.
///
/// A reader or DMA engine writes straight into [`SlideBuffer::free_mut`]; what a framer used is dropped with
/// [`SlideBuffer::consume`]. Bytes move only when less than one read is free behind them, and by a multiple of four, so that
/// what was aligned stays aligned: bytes out of step cost a Cortex-M4 three times the copying.
///
/// `N` is at least the largest window asked for and two reads.
///
/// ```
/// use tierline_core::SlideBuffer;
///
/// let mut buffer = SlideBuffer::<64>::new(16);
/// buffer.free_mut()[..3].copy_from_slice(b"abc");
/// buffer.advance(3);
/// buffer.consume(1);
/// assert_eq!(buffer.data(), b"bc");
/// ```
#[derive(Clone, Debug)]
#[repr(C, align(4))]
pub struct SlideBuffer<const N: usize> {
    bytes: [u8; N],
    head: usize,
    tail: usize,
    read: usize,
}

impl<const N: usize> SlideBuffer<N> {
    /// The largest window that always finds room: what [`FrameLimits::window`](crate::FrameLimits) may be at most.
    pub const WINDOW: usize = N.saturating_sub(3);

    /// An empty buffer for reads of `read` bytes.
    pub const fn new(read: usize) -> Self {
        Self { bytes: [0; N], head: 0, tail: 0, read: if read == 0 { 1 } else { read } }
    }

    /// Room behind the data, for the next read. Empty only where the data fills the buffer.
    #[inline]
    pub fn free_mut(&mut self) -> &mut [u8] {
        if N.saturating_sub(self.tail) < self.read || self.head == self.tail {
            self.compact();
        }
        self.bytes.get_mut(self.tail..).unwrap_or_default()
    }

    /// Takes over the first `n` bytes of the room as data; returns how many these are, at most all of them.
    #[inline]
    pub fn advance(&mut self, n: usize) -> usize {
        let n = n.min(N.saturating_sub(self.tail));
        self.tail = self.tail.saturating_add(n);
        n
    }

    /// The data: what a framer looks at.
    #[inline]
    pub fn data(&self) -> &[u8] {
        self.bytes.get(self.head..self.tail).unwrap_or_default()
    }

    /// Drops the first `n` bytes of the data; returns how many these are, at most all of them.
    #[inline]
    pub fn consume(&mut self, n: usize) -> usize {
        let n = n.min(self.tail.saturating_sub(self.head));
        self.head = self.head.wrapping_add(n);
        n
    }

    /// Moves the data towards the start, by a multiple of four bytes.
    fn compact(&mut self) {
        let by = self.head & !3;
        if by == 0 {
            return;
        }
        if let Some(bytes) = self.bytes.get_mut(..self.tail)
            && by <= bytes.len()
        {
            bytes.copy_within(by.., 0);
            self.head -= by;
            self.tail -= by;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::SlideBuffer;

    #[test]
    fn a_stream_passes_in_any_steps() {
        let mut seed = 1u32;
        let mut random = move |below: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as usize % below
        };
        let stream: Vec<u8> = (0..20_000).map(|i| (i % 251) as u8).collect();
        let mut buffer = SlideBuffer::<101>::new(16);
        let (mut written, mut read) = (0, 0);
        while read < stream.len() {
            let free = buffer.free_mut();
            let n = random(17).min(free.len()).min(stream.len() - written);
            free[..n].copy_from_slice(&stream[written..written + n]);
            assert_eq!(buffer.advance(n), n);
            written += n;
            assert_eq!(buffer.data(), &stream[read..written]);
            // Where it was in the stream, that it is in memory.
            assert_eq!(buffer.data().as_ptr() as usize % 4, read % 4);
            let n = random(40).min(written - read);
            assert_eq!(buffer.consume(n), n);
            read += n;
        }
    }

    #[test]
    fn the_largest_window_finds_room() {
        let mut buffer = SlideBuffer::<64>::new(16);
        for start in 0..60 {
            let mut buffer = buffer.clone();
            assert_eq!(buffer.free_mut().len(), 64);
            buffer.advance(start);
            buffer.consume(start);
            while buffer.data().len() < SlideBuffer::<64>::WINDOW {
                let n = buffer.free_mut().len();
                assert!(n > 0, "start {start}");
                buffer.advance(n.min(16));
            }
        }
        buffer.advance(64);
        assert!(buffer.free_mut().is_empty());
        assert_eq!(buffer.consume(4), 4);
        assert_eq!(buffer.free_mut().len(), 4);
    }

    #[test]
    fn bytes_move_only_for_room() {
        let mut buffer = SlideBuffer::<64>::new(16);
        buffer.advance(48);
        buffer.consume(40);
        let at = buffer.data().as_ptr();
        assert_eq!(buffer.free_mut().len(), 16);
        assert_eq!(buffer.data().as_ptr(), at);
        buffer.advance(1);
        assert_eq!(buffer.free_mut().len(), 55);
    }

    #[test]
    fn too_much_is_cut() {
        let mut buffer = SlideBuffer::<8>::new(0);
        assert_eq!(buffer.consume(1), 0);
        assert_eq!(buffer.advance(usize::MAX), 8);
        assert_eq!(buffer.consume(usize::MAX), 8);
        assert_eq!(buffer.free_mut().len(), 8);
        assert!(SlideBuffer::<0>::new(1).free_mut().is_empty());
    }
}
