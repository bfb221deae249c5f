//! Turns a recording into records: `replay IN OUT FORMAT [cobs|length] [raw|uleb|pack16|rice32] [NAME=VALUE...]`.
//!
//! Options: `stream=N` and `session=N`, which the records carry; `overrun=N`, nothing waits for the link, which takes one byte
//! while N of the recording come in. There is no clock: a recording is read as fast as it can be.
#![no_std]
#![no_main]

use core::num::NonZeroU32;

use cortex_m_rt::entry;
use tierline_board::arguments::file_name;
use tierline_board::front_end::{AnyFrontEnd, with_front_end};
use tierline_board::link::Link;
use tierline_board::place::Place;
use tierline_board::report::report;
use tierline_board::semihosting::{self, File, Mode};
use tierline_board::sizes::{CELLS, FRONT_END, READ, RING, Ring, WINDOW, WRITE, Window};
use tierline_board::{Arguments, Console, Settings};
use tierline_core::front_end::Progress;
use tierline_core::link::Framing;
use tierline_core::record::Record;
use tierline_core::ring::Producer;

static TO_SEND: Ring = Ring::new();

/// The longest command line, bytes.
const LINE: usize = 1024;

/// What the stack is too small for.
struct Memory {
    line: [u8; LINE],
    front_end: Place<FRONT_END>,
    window: Place<{ WINDOW + 16 }>,
    cells: [u8; CELLS],
    write: [u8; WRITE],
}

#[entry]
fn main() -> ! {
    static mut MEMORY: Memory = Memory {
        line: [0; LINE],
        front_end: Place::new(),
        window: Place::new(),
        cells: [0; CELLS],
        write: [0; WRITE],
    };

    let mut console = Console::open();
    let done = run(MEMORY, &mut console);
    if let Err(why) = done {
        console.text("replay: ").text(why).end();
    }
    semihosting::exit(done.is_ok())
}

type Outcome<T> = Result<T, &'static str>;

fn run(memory: &'static mut Memory, console: &mut Console) -> Outcome<()> {
    let Memory { line, front_end: place, window, cells, write } = memory;
    let line = semihosting::command_line(line).ok_or("no command line")?;
    let arguments = Arguments::new(line);
    let usage = "IN OUT FORMAT [cobs|length] [raw|uleb|pack16|rice32] [NAME=VALUE...]";
    let (input, output) = arguments.word(1).zip(arguments.word(2)).ok_or(usage)?;
    let name = file_name(input);
    let settings = Settings::read(&arguments, 3, name, Framing::Length).ok_or(usage)?;
    let input = File::open(input, Mode::Read).ok_or("can't open IN")?;
    let file = File::open(output, Mode::Write).ok_or("can't open OUT")?;
    let (producer, consumer) = TO_SEND.split().ok_or("no ring")?;
    let output = Output {
        producer,
        link: Link::new(consumer, settings.framing),
        overrun: settings.overrun,
        credit: 0,
        write,
        at: 0,
        bytes: 0,
        file: Some(file),
    };
    let window = window.put(|| Window::new(READ));
    defmt::info!("replay of {=str}, {=str}", settings.source, settings.format);
    let ends = settings.framing.ends();
    with_front_end(settings, place, |front_end| {
        replay(front_end, ends, input, window, cells, output, console)
    })
    .ok_or("no such format")?
}

#[inline(never)]
fn replay(
    front_end: &mut dyn AnyFrontEnd,
    ends: u32,
    input: File,
    window: &mut Window,
    cells: &mut [u8],
    mut output: Output,
    console: &mut Console,
) -> Outcome<()> {
    let read = work(front_end, input, window, cells, &mut output);
    output.overrun = None;
    let low_water = output.producer.counters().low_water;
    if read.is_ok() {
        front_end.end(low_water as u32, 0, ends, &mut |record| output.offer(record));
    }
    let closed = output.close();
    report(console, front_end, output.bytes, low_water);
    read.and(closed)
}

/// The link: a file.
struct Output {
    producer: Producer<'static, RING>,
    link: Link,
    overrun: Option<NonZeroU32>,
    /// Bytes of the source for which nothing was sent yet.
    credit: u32,
    write: &'static mut [u8; WRITE],
    at: usize,
    bytes: u64,
    /// `None` after a failure.
    file: Option<File>,
}

impl Output {
    /// Takes a record; waits for room, except in an overrun.
    fn offer(&mut self, record: &Record<'_>) -> bool {
        if self.overrun.is_none() {
            while !self.producer.has_room(record.longest()) && self.drain(WRITE) > 0 {}
        }
        self.producer.send(record)
    }

    /// So many bytes of the source came in.
    fn elapse(&mut self, bytes: usize) {
        if let Some(overrun) = self.overrun {
            self.credit = self.credit.saturating_add(bytes as u32);
            self.drain((self.credit / overrun) as usize);
            // What a link without work did not send is gone.
            self.credit %= overrun;
        }
    }

    /// Sends at most so many bytes; returns how many.
    fn drain(&mut self, most: usize) -> usize {
        let mut sent = 0usize;
        while sent < most {
            let end = self.at.saturating_add(most.saturating_sub(sent)).min(WRITE);
            let n = self.link.fill(self.write.get_mut(self.at..end).unwrap_or_default());
            if n == 0 {
                break;
            }
            sent = sent.saturating_add(n);
            self.at = self.at.saturating_add(n);
            if self.at == WRITE {
                self.flush();
            }
        }
        sent
    }

    fn flush(&mut self) {
        let bytes = self.write.get(..core::mem::take(&mut self.at)).unwrap_or_default();
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if !self.file.as_mut().is_some_and(|file| file.write(bytes)) {
            self.file = None;
        }
    }

    /// Sends all that is left.
    fn close(&mut self) -> Outcome<()> {
        while self.drain(WRITE) > 0 {}
        self.flush();
        self.file.take().is_some_and(File::close).then_some(()).ok_or("can't write OUT")
    }
}

fn work(
    front_end: &mut dyn AnyFrontEnd,
    mut input: File,
    window: &mut Window,
    cells: &mut [u8],
    output: &mut Output,
) -> Outcome<()> {
    loop {
        let free = window.free_mut();
        let most = free.len().min(READ);
        let room = free.get_mut(..most).filter(|room| !room.is_empty()).ok_or("no room")?;
        let n = input.read(room).ok_or("can't read IN")?;
        window.advance(n);
        let progress = front_end.run(window, cells, n == 0, &mut |record| output.offer(record));
        output.elapse(n);
        match progress {
            Ok(Progress::Need(_)) if output.file.is_some() => {}
            Ok(Progress::Need(_)) => return Err("can't write OUT"),
            Ok(Progress::End) => return Ok(()),
            Err(error) => {
                defmt::error!("{=str} at byte {=u64}", error.field, error.offset);
                return Err("IN can't be read");
            }
        }
    }
}
