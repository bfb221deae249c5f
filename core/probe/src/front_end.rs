//! A front end of each format behind C functions, its records into a ring, and from there onto a link.

use tierline_core::link::{Framing, Sender, crc32};
use tierline_core::record::{Hello, Record};
use tierline_core::ring::{Consumer, Producer};
use tierline_core::{Codec, Format, FrameLimits, FrontEnd, SlideBuffer};

use super::{bytes, value};

/// The window's room, bytes.
const WINDOW: usize = 16384;
type Ends<'e> = (&'e mut Producer<'static, 4096>, &'e mut Consumer<'static, 4096>);

/// Runs over one window. `front_end` points to room for it, initialised or not.
unsafe fn run<F: Format>(
    front_end: *mut FrontEnd<'static, F::Framer>,
    window: &mut SlideBuffer<WINDOW>,
    cells: &mut [u8],
    (producer, consumer): Ends<'_>,
) -> usize {
    let number = |i| value(40, i, 0);
    if number(0) == 1 {
        let limits = FrameLimits { piece: number(1) as usize, window: number(2) as usize };
        let hello = Hello { format: F::INFO.name, session: number(3) as u32, ..Hello::default() };
        let codec = Codec::from_id(number(4) as u8).unwrap_or(Codec::Rice32);
        let new = FrontEnd::new(F::framer(limits), hello, number(5) as u16, codec);
        // SAFETY: as the caller promises.
        unsafe { front_end.write(new.with_checksum(crc32)) };
    }
    // SAFETY: initialised above, or before.
    let front_end = unsafe { &mut *front_end };
    let mut to = |record: &Record<'_>| producer.send(record);
    bytes(window.free_mut());
    window.advance(number(6) as usize);
    let ran = front_end.run(window, cells, number(7) == 1, &mut to).is_ok();
    let text = [0; 100];
    let texts = front_end.config(1, &text, number(8) as usize, &mut to);
    let told = front_end.health(number(9) as u32, number(10), &mut to)
        && front_end.heartbeat(number(11), &mut to)
        && front_end.end(&mut to);
    let cobs = number(12) == 1;
    let mut sender = Sender::new(if cobs { Framing::Cobs } else { Framing::Length }, crc32);
    let Some(record) = consumer.read() else { return usize::from(ran && told && texts) };
    let mut room = [0; 64];
    loop {
        let (n, done) = sender.fill(record.bytes(), &mut room);
        bytes(room.get(..n).unwrap_or(&[]));
        if done {
            record.release();
            return front_end.account().packets() as usize;
        }
    }
}

macro_rules! probe {
    ($($run:ident $format:ty),* $(,)?) => {$(
        /// Runs over one window.
        ///
        /// # Safety
        /// The first points to room for a front end, the last to that many bytes.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $run(
            front_end: *mut FrontEnd<'static, <$format as Format>::Framer>,
            window: &mut SlideBuffer<WINDOW>,
            producer: &mut Producer<'static, 4096>,
            consumer: &mut Consumer<'static, 4096>,
            cells: *mut u8,
            len: usize,
        ) -> usize {
            // SAFETY: as the caller promises.
            unsafe {
                let cells = core::slice::from_raw_parts_mut(cells, len);
                run::<$format>(front_end, window, cells, (producer, consumer))
            }
        }
    )*};
}

// A new format is a line here too.
probe! {
    probe_fcio_end tierline_core::fcio::Fcio,
    probe_orca_end tierline_core::orca::Orca,
    probe_llama_end tierline_core::llama::Llama,
    probe_compass_end tierline_core::compass::Compass,
}
