//! The whole way: from reads of a stream to framed records.

use tierline_board::settings::Settings;
use tierline_board::sizes::{CELLS, LIMITS, READ, RING, Ring, Window};
use tierline_core::link::{Framing, Sender, crc32};
use tierline_core::record::Record;
use tierline_core::ring::{Consumer, Producer};
use tierline_core::{Codec, Format, Framer, FrontEnd};

use super::stream::Home;
use super::table::{Table, Units};

static TO_SEND: Ring = Ring::new();

/// The ends of the ring.
pub(crate) struct Ends {
    producer: Producer<'static, RING>,
    consumer: Consumer<'static, RING>,
}

impl Ends {
    /// The ends, once.
    pub(crate) fn take() -> Option<Self> {
        let (producer, consumer) = TO_SEND.split()?;
        Some(Ends { producer, consumer })
    }
}

/// What the front end works in.
pub(crate) struct Desk<'m> {
    pub(crate) home: &'m mut Home,
    pub(crate) window: &'m mut Window,
    pub(crate) cells: &'m mut [u8; CELLS],
    pub(crate) out: &'m mut [u8],
    pub(crate) ends: &'m mut Ends,
}

/// Measures the front end on a stream whose text header is `header` bytes long, without that.
pub(crate) fn whole<F: Format>(
    table: &mut Table<'_>,
    desk: &mut Desk<'_>,
    bytes: &[u8],
    header: usize,
    units: Units,
) {
    let Some((header, rest)) = bytes.split_at_checked(header) else { return };
    for (name, codec, framing, checksum) in [
        ("front end, raw, length", Codec::Raw, Framing::Length, false),
        ("front end, Rice32, length", Codec::Rice32, Framing::Length, false),
        ("front end, Rice32, COBS", Codec::Rice32, Framing::Cobs, false),
        ("the same, CRC-32 of the source", Codec::Rice32, Framing::Cobs, true),
    ] {
        let Desk { home, window, cells, out, ends } = &mut *desk;
        let front_end = home.put(|| front_end::<F>(codec, checksum));
        let mut link = Link { ends, sender: Sender::new(framing, crc32), out, sent: 0 };
        window.consume(usize::MAX);
        run(front_end, window, *cells, header, &mut link);
        link.sent = 0;
        table.measure(name, || {
            run(front_end, window, *cells, rest, &mut link);
            units
        });
        table.note("  bytes sent", link.sent, 0);
    }
}

fn front_end<F: Format>(codec: Codec, checksum: bool) -> FrontEnd<'static, F::Framer> {
    let settings = Settings { codec, ..Settings::DEFAULT };
    let front_end = FrontEnd::new(F::framer(LIMITS), settings.hello(F::INFO.name), 1, codec);
    if checksum { front_end.with_checksum(crc32) } else { front_end }
}

/// A link that takes every record at once, and forgets it.
struct Link<'m> {
    ends: &'m mut Ends,
    sender: Sender,
    out: &'m mut [u8],
    sent: u64,
}

impl Link<'_> {
    fn offer(&mut self, record: &Record<'_>) -> bool {
        let sent = self.ends.producer.send(record);
        while let Some(record) = self.ends.consumer.read() {
            let (n, done) = self.sender.fill(record.bytes(), self.out);
            self.sent += n as u64;
            if done {
                record.release();
            }
        }
        sent
    }
}

#[inline(never)]
fn run<F: Framer>(
    front_end: &mut FrontEnd<'_, F>,
    window: &mut Window,
    cells: &mut [u8],
    bytes: &[u8],
    link: &mut Link<'_>,
) {
    for read in bytes.chunks(READ) {
        if let Some(room) = window.free_mut().get_mut(..read.len()) {
            room.copy_from_slice(read);
        }
        window.advance(read.len());
        if front_end.run(window, cells, false, &mut |record| link.offer(record)).is_err() {
            return;
        }
    }
}
