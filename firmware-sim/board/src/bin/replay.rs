//! Turns a recording into records: `replay IN OUT FORMAT [cobs|length] [raw|uleb|pack16|rice32] [NAME=VALUE...]`.
//!
//! Options: `stream=N` and `session=N`, which the records carry; `overrun=N`, nothing waits for the link, which takes one byte
//! while N of the recording come in. There is no clock: a recording is read as fast as it can be.
#![no_std]
#![no_main]

use core::num::NonZeroU32;

use cortex_m_rt::entry;
use tierline_board::arguments::file_name;
use tierline_board::link::Link;
use tierline_board::place::Place;
use tierline_board::semihosting::{self, File, Mode};
use tierline_board::sizes::{CELLS, FRONT_END, LIMITS, READ, RING, Ring, WINDOW, WRITE, Window};
use tierline_board::{Arguments, Console, Settings, stack};
use tierline_core::front_end::{FrontEnd, Progress};
use tierline_core::link::{Framing, crc32};
use tierline_core::pack::Account;
use tierline_core::record::Record;
use tierline_core::ring::Producer;
use tierline_core::{Format, WithFormat, with_format};

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
    let Memory { line, front_end, window, cells, write } = memory;
    let line = semihosting::command_line(line).ok_or("no command line")?;
    let arguments = Arguments::new(line);
    let usage = "IN OUT FORMAT [cobs|length] [raw|uleb|pack16|rice32] [NAME=VALUE...]";
    let (input, output) = arguments.word(1).zip(arguments.word(2)).ok_or(usage)?;
    let name = file_name(input);
    let settings = Settings::read(arguments, 3, name, Framing::Length).ok_or(usage)?;
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
    let replay = Replay { settings, input, output, front_end, window, cells, console };
    with_format(settings.format, replay).ok_or("no such format")?
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
    /// Where a front end puts its records: one type for all formats, so that there is one copy of what takes it.
    fn sink(&mut self) -> impl FnMut(&Record<'_>) -> bool {
        |record| self.offer(record)
    }

    /// Takes a record; waits for room, except in an overrun.
    #[inline(never)]
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
    #[inline(never)]
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
    #[inline(never)]
    fn close(&mut self) -> Outcome<()> {
        while self.drain(WRITE) > 0 {}
        self.flush();
        self.file.take().is_some_and(File::close).then_some(()).ok_or("can't write OUT")
    }
}

struct Replay<'a> {
    settings: Settings<'a>,
    input: File,
    output: Output,
    front_end: &'a mut Place<FRONT_END>,
    window: &'a mut Window,
    cells: &'a mut [u8],
    console: &'a mut Console,
}

impl WithFormat for Replay<'_> {
    type Out = Outcome<()>;

    fn with<F: Format>(self) -> Outcome<()> {
        let Replay { settings, input, mut output, front_end, window, cells, console } = self;
        let front_end = front_end.put(|| {
            let Settings { stream, codec, .. } = settings;
            FrontEnd::new(F::framer(LIMITS), settings.hello::<F>(), stream, codec)
                .with_checksum(crc32)
        });
        defmt::info!("replay of {=str}, {=str}", settings.source, F::INFO.name);
        let read = work(front_end, input, window, cells, &mut output);
        output.overrun = None;
        let low_water = output.producer.counters().low_water;
        if read.is_ok() {
            front_end.health(low_water as u32, 0, &mut output.sink());
            front_end.end(&mut output.sink());
        }
        let closed = output.close();
        summary(console, front_end.account(), front_end.bytes(), output.bytes, low_water);
        read.and(closed)
    }
}

fn work<F: tierline_core::Framer>(
    front_end: &mut FrontEnd<'_, F>,
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
        let progress = front_end.run(window, cells, n == 0, &mut output.sink());
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

fn summary(
    console: &mut Console,
    account: Account,
    bytes_in: u64,
    bytes_out: u64,
    low_water: usize,
) {
    let Account { sent, broken, dropped, garbage, .. } = account;
    console.text("packets ").number(sent).text(" sent, ").number(broken).text(" broken, ");
    console.number(dropped).text(" dropped").end();
    console.text("bytes   ").number(bytes_in).text(" in, ").number(bytes_out).text(" out, ");
    console.number(garbage).text(" garbage").end();
    console.text("ring    ").number(low_water as u64).text(" of ").number(RING as u64);
    console.text(" bytes free at the least").end();
    console.text("stack   ").number(stack::high_water() as u64).text(" of ");
    console.number(stack::size() as u64).text(" bytes used at the most").end();
}
