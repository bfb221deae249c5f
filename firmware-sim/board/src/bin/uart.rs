//! Turns a stream on UART0 into records on UART1: `uart FORMAT [cobs|length] [raw|uleb|pack16|rice32] [NAME=VALUE...]`.
//!
//! Options: `bytes=N`, the stream is over after N bytes, or `idle=MS`, after so many milliseconds without one (1000 by default);
//! `stream=N` and `session=N`, which the records carry; `overrun=N`, nothing waits for the link, which sends one byte while N
//! come in. Else a full ring holds the sender back. COBS by default; a sign of life goes out once a second without traffic.
#![no_std]
#![no_main]

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use cortex_m::asm::wfi;
use cortex_m::interrupt::{Mutex, free};
use cortex_m_rt::{entry, exception};
use tierline_board::clock::{Clock, RATE};
use tierline_board::front_end::{AnyFrontEnd, with_front_end};
use tierline_board::link::Link;
use tierline_board::place::Place;
use tierline_board::queue::{self, ByteQueue};
use tierline_board::report::report;
use tierline_board::sizes::{CELLS, FRONT_END, READ, RING, Ring, WINDOW, Window};
use tierline_board::uart::{self, Line, Receiver, Transmitter};
use tierline_board::{Arguments, Console, Settings, semihosting};
use tierline_core::front_end::Progress;
use tierline_core::link::Framing;
use tierline_core::record::Record;
use tierline_core::ring::Producer;

static TO_SEND: Ring = Ring::new();
static COMING: ByteQueue<QUEUE> = ByteQueue::new();

/// What the interrupt of a received byte works with.
struct Input {
    line: Receiver,
    queue: queue::Producer<'static, QUEUE>,
}

/// What the interrupt of a sent byte works with.
struct Output {
    line: Transmitter,
    link: Link,
}

// An interrupt takes what is its own out of here and puts it back, so that another can come in between.
static INPUT: Mutex<Cell<Option<Input>>> = Mutex::new(Cell::new(None));
static OUTPUT: Mutex<Cell<Option<Output>>> = Mutex::new(Cell::new(None));

/// Bytes received and sent.
static RECEIVED: AtomicU32 = AtomicU32::new(0);
static SENT: AtomicU32 = AtomicU32::new(0);
/// Bytes received for each that may be sent; 0: any.
static OVERRUN: AtomicU32 = AtomicU32::new(0);
/// The link has nothing left to send.
static IDLE: AtomicBool = AtomicBool::new(false);

fn take<T>(from: &Mutex<Cell<Option<T>>>) -> Option<T> {
    free(|section| from.borrow(section).take())
}

fn put<T>(to: &Mutex<Cell<Option<T>>>, value: T) {
    free(|section| to.borrow(section).set(Some(value)));
}

#[exception]
fn SysTick() {
    Clock::interrupt();
}

#[exception]
unsafe fn DefaultHandler(number: i16) {
    match Line::from_number(number) {
        Some(Line::Received) => {
            if let Some(mut input) = take(&INPUT) {
                received(&mut input);
                put(&INPUT, input);
            }
        }
        Some(Line::Sent) => {
            if let Some(mut output) = take(&OUTPUT) {
                sent(&mut output);
                put(&OUTPUT, output);
            }
        }
        None => {}
    }
}

/// A byte came in. Where there is no room for it, it stays in the line, which holds the sender back.
fn received(input: &mut Input) {
    while input.queue.has_room() {
        let Some(byte) = input.line.receive() else { return };
        input.queue.push(byte);
        RECEIVED.store(RECEIVED.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
    Line::Received.mask();
}

/// A byte can go out.
fn sent(output: &mut Output) {
    if !output.line.ready() {
        return;
    }
    let sent = SENT.load(Ordering::Relaxed);
    let most = RECEIVED.load(Ordering::Relaxed).checked_div(OVERRUN.load(Ordering::Relaxed));
    if most.is_some_and(|most| sent >= most) {
        return;
    }
    let mut byte = [0];
    if output.link.fill(&mut byte) == 0 {
        IDLE.store(true, Ordering::Relaxed);
        return;
    }
    let [byte] = byte;
    output.line.send(byte);
    SENT.store(sent.wrapping_add(1), Ordering::Relaxed);
}

/// Sleeps until the next interrupt, unless there is something to do: one that comes after the question wakes too.
fn sleep_unless(ready: impl FnOnce() -> bool) {
    free(|_| {
        if !ready() {
            wfi();
        }
    });
}

/// What the stack is too small for.
struct Memory {
    line: [u8; LINE],
    front_end: Place<FRONT_END>,
    window: Place<{ WINDOW + 16 }>,
    cells: [u8; CELLS],
}

/// The longest command line, bytes.
const LINE: usize = 1024;
/// Bytes worth waking for, where they come fast.
const WORTH: usize = 64;
/// Bytes between the interrupt and the window.
const QUEUE: usize = 1024;

#[entry]
fn main() -> ! {
    static mut MEMORY: Memory = Memory {
        line: [0; LINE],
        front_end: Place::new(),
        window: Place::new(),
        cells: [0; CELLS],
    };

    let mut console = Console::open();
    let done = run(MEMORY, &mut console);
    if let Err(why) = done {
        console.text("uart: ").text(why).end();
    }
    semihosting::exit(done.is_ok())
}

type Outcome<T> = Result<T, &'static str>;

fn run(memory: &'static mut Memory, console: &mut Console) -> Outcome<()> {
    let Memory { line, front_end: place, window, cells } = memory;
    let arguments = Arguments::new(semihosting::command_line(line).ok_or("no command line")?);
    let usage = "FORMAT [cobs|length] [raw|uleb|pack16|rice32] [NAME=VALUE...]";
    let name = arguments.option("source").unwrap_or("uart0");
    let settings = Settings::read(&arguments, 1, name, Framing::Cobs).ok_or(usage)?;
    let bytes = arguments.number("bytes", u32::MAX).ok_or(usage)?;
    let default = if bytes == u32::MAX { 1000 } else { u32::MAX };
    let idle = arguments.number("idle", default).ok_or(usage)?;
    OVERRUN.store(settings.overrun.map_or(0, |n| n.get()), Ordering::Relaxed);

    let mut board = cortex_m::Peripherals::take().ok_or("no board")?;
    let (receiver, transmitter) = uart::start().ok_or("no lines")?;
    let (producer, consumer) = TO_SEND.split().ok_or("no ring")?;
    let (received, queue) = COMING.split().ok_or("no queue")?;
    put(&INPUT, Input { line: receiver, queue: received });
    put(&OUTPUT, Output { line: transmitter, link: Link::new(consumer, settings.framing) });
    let _clock = Clock::start(board.SYST);
    Line::Sent.give_way(&mut board.NVIC);
    Line::Received.unmask();
    Line::Sent.unmask();

    let source = Source { queue, left: bytes, idle: (idle / (1000 / RATE)).max(1), since: 0 };
    let sink = Sink { producer, waits: settings.overrun.is_none(), since: 0 };
    let window = window.put(|| Window::new(READ));
    let ends = settings.framing.ends();
    with_front_end(settings, place, |front_end| {
        convert(front_end, ends, source, window, cells, sink, console)
    })
    .ok_or("no such format")?
}

#[inline(never)]
fn convert(
    front_end: &mut dyn AnyFrontEnd,
    ends: u32,
    mut source: Source,
    window: &mut Window,
    cells: &mut [u8],
    mut sink: Sink,
    console: &mut Console,
) -> Outcome<()> {
    let read = work(front_end, &mut source, window, cells, &mut sink);
    OVERRUN.store(0, Ordering::Relaxed);
    sink.waits = true;
    let low_water = sink.producer.counters().low_water;
    if read.is_ok() {
        let ticks = Clock::ticks();
        front_end.end(low_water as u32, ticks, ends, &mut |record| sink.offer(record));
    }
    sink.close();
    report(console, front_end, SENT.load(Ordering::Relaxed).into(), low_water);
    read
}

/// Bytes from the receiving line.
struct Source {
    queue: queue::Consumer<'static, QUEUE>,
    /// Bytes until the end.
    left: u32,
    /// Periods of the clock without a byte that are the end.
    idle: u32,
    /// Period of the last byte.
    since: u32,
}

impl Source {
    /// Moves what came in into the window; returns how many bytes.
    fn read(&mut self, window: &mut Window) -> usize {
        let free = window.free_mut();
        let most = free.len().min(self.left as usize);
        let n = free.get_mut(..most).map_or(0, |room| self.queue.read(room));
        window.advance(n);
        self.left = self.left.saturating_sub(n as u32);
        Line::Received.unmask();
        if n > 0 {
            self.since = Clock::periods();
        }
        n
    }

    /// Sleeps until there are bytes worth the while, or the clock goes on.
    fn wait(&self) {
        let now = Clock::periods();
        let ready = || self.queue.len() >= WORTH || Clock::periods() != now;
        while !ready() {
            sleep_unless(ready);
        }
    }

    fn is_over(&self) -> bool {
        self.left == 0 || Clock::periods().wrapping_sub(self.since) >= self.idle
    }
}

/// Where records go.
struct Sink {
    producer: Producer<'static, RING>,
    /// For room, rather than drop.
    waits: bool,
    /// Period of the last record.
    since: u32,
}

impl Sink {
    fn offer(&mut self, record: &Record<'_>) -> bool {
        let longest = record.longest();
        while self.waits && longest <= Ring::LARGEST && !self.producer.has_room(longest) {
            Line::Sent.pend();
            sleep_unless(|| self.producer.has_room(longest));
        }
        self.since = Clock::periods();
        let sent = self.producer.send(record);
        Line::Sent.pend();
        sent
    }

    /// Whether nothing was sent for a second. Lets a link that may not send all at once go on, too.
    fn is_quiet(&self) -> bool {
        if !self.waits {
            Line::Sent.pend();
        }
        Clock::periods().wrapping_sub(self.since) >= RATE
    }

    /// Waits until all is sent.
    fn close(&mut self) {
        IDLE.store(false, Ordering::Relaxed);
        while !IDLE.load(Ordering::Relaxed) {
            Line::Sent.pend();
            sleep_unless(|| IDLE.load(Ordering::Relaxed));
        }
    }
}

fn work(
    front_end: &mut dyn AnyFrontEnd,
    source: &mut Source,
    window: &mut Window,
    cells: &mut [u8],
    sink: &mut Sink,
) -> Outcome<()> {
    loop {
        let n = source.read(window);
        let over = n == 0 && source.is_over();
        match front_end.run(window, cells, over, &mut |record| sink.offer(record)) {
            Ok(Progress::Need(_)) => {}
            Ok(Progress::End) => return Ok(()),
            Err(error) => {
                defmt::error!("{=str} at byte {=u64}", error.field, error.offset);
                return Err("the stream can't be read");
            }
        }
        if sink.is_quiet() {
            front_end.heartbeat(Clock::ticks(), &mut |record| sink.offer(record));
        }
        if n == 0 {
            source.wait();
        }
    }
}
