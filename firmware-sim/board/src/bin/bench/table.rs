//! The table of results.

use tierline_board::Console;
use tierline_board::clock::Counter;

/// Measures and prints.
pub(crate) struct Table<'c> {
    counter: Counter,
    console: &'c mut Console,
}

/// What instructions are divided by.
#[derive(Clone, Copy, Default)]
pub(crate) struct Units {
    pub(crate) packets: usize,
    pub(crate) parts: usize,
    pub(crate) bytes: usize,
}

impl<'c> Table<'c> {
    pub(crate) fn new(counter: Counter, console: &'c mut Console) -> Self {
        Table { counter, console }
    }

    /// A headline, of texts and numbers.
    pub(crate) fn headline(&mut self, what: &str, numbers: &[(u64, &str)]) {
        self.console.end();
        self.console.text(what);
        for (value, unit) in numbers {
            self.console.text(", ").number(*value).text(" ").text(unit);
        }
        self.console.end();
        self.console.left("", 36).right("instructions", 12);
        self.console.right("/packet", 12).right("/part", 10).right("/byte", 10).end();
    }

    /// Measures `what` and prints its row; divided by what comes out.
    pub(crate) fn measure(&mut self, name: &str, what: impl FnOnce() -> Units) -> Units {
        let (units, instructions) = self.counter.instructions(what);
        self.console.left(name, 36).decimal(instructions.into(), 0, 12);
        for (unit, places, width) in
            [(units.packets, 1, 12), (units.parts, 1, 10), (units.bytes, 3, 10)]
        {
            let scale = 10u64.pow(places as u32);
            match (u64::from(instructions) * scale).checked_div(unit as u64) {
                Some(value) => self.console.decimal(value, places, width),
                None => self.console.right("-", width),
            };
        }
        self.console.end();
        units
    }

    /// A row that is no measurement.
    pub(crate) fn note(&mut self, name: &str, value: u64, places: usize) {
        self.console.left(name, 36).decimal(value, places, 12).end();
    }
}
