//! A front end whose format is chosen at run time. All but its framer exists once, not once for every format.

use tierline_core::front_end::{FrontEnd, Progress};
use tierline_core::link::crc32;
use tierline_core::pack::Account;
use tierline_core::record::Record;
use tierline_core::{Format, Framer, Result, WithFormat, with_format};

use crate::Settings;
use crate::place::Place;
use crate::sizes::{FRONT_END, LIMITS, Window};

/// Where records go; `false` where there is no room.
pub type Sink<'s> = &'s mut dyn FnMut(&Record<'_>) -> bool;

/// A [`FrontEnd`] of any format; its methods have the same meaning.
pub trait AnyFrontEnd {
    /// Works through the window.
    ///
    /// # Errors
    /// Where the source as a whole can't be read.
    fn run(
        &mut self,
        window: &mut Window,
        cells: &mut [u8],
        eof: bool,
        to: Sink<'_>,
    ) -> Result<Progress>;
    /// Says that there is nothing to say. `uptime`: ticks since the start.
    fn heartbeat(&mut self, uptime: u64, to: Sink<'_>) -> bool;
    /// Says how the front end is doing, and so many times that the source is over. `low_water`: fewest free bytes of the ring;
    /// `uptime`: ticks since the start.
    fn end(&mut self, low_water: u32, uptime: u64, times: u32, to: Sink<'_>) -> bool;
    /// Where packets went, and the bytes of the source done with.
    fn account(&self) -> (Account, u64);
}

impl<F: Framer> AnyFrontEnd for FrontEnd<'_, F> {
    fn run(
        &mut self,
        window: &mut Window,
        cells: &mut [u8],
        eof: bool,
        mut to: Sink<'_>,
    ) -> Result<Progress> {
        FrontEnd::run(self, window, cells, eof, &mut to)
    }

    fn heartbeat(&mut self, uptime: u64, mut to: Sink<'_>) -> bool {
        FrontEnd::heartbeat(self, uptime, &mut to)
    }

    fn end(&mut self, low_water: u32, uptime: u64, times: u32, mut to: Sink<'_>) -> bool {
        self.health(low_water, uptime, &mut to)
            && (0..times).all(|_| FrontEnd::end(self, &mut to))
    }

    fn account(&self) -> (Account, u64) {
        (FrontEnd::account(self), self.bytes())
    }
}

/// Does something with a front end as the settings want it; `None` if there is no such format.
pub fn with_front_end<T>(
    settings: Settings<'_>,
    place: &mut Place<FRONT_END>,
    what: impl FnOnce(&mut dyn AnyFrontEnd) -> T,
) -> Option<T> {
    with_format(settings.format, Make { settings, place, what })
}

struct Make<'a, W> {
    settings: Settings<'a>,
    place: &'a mut Place<FRONT_END>,
    what: W,
}

impl<T, W: FnOnce(&mut dyn AnyFrontEnd) -> T> WithFormat for Make<'_, W> {
    type Out = T;

    fn with<F: Format>(self) -> T {
        let Make { settings, place, what } = self;
        let Settings { stream, codec, .. } = settings;
        let hello = settings.hello(F::INFO.name);
        what(
            place.put(|| {
                FrontEnd::new(F::framer(LIMITS), hello, stream, codec).with_checksum(crc32)
            }),
        )
    }
}
