//! The serial lines of mps2-an386: UARTs of Arm's CMSDK, each with one byte of room per direction.
//!
//! | offset | register | bits |
//! |--|--|--|
//! | 0x00 | DATA | the byte |
//! | 0x04 | STATE | 0: transmitter full, 1: receiver full |
//! | 0x08 | CTRL | 0: transmitter on, 1: receiver on, 2 and 3: their interrupts |
//! | 0x0C | INTCLEAR | 0: transmitter's interrupt, 1: receiver's; a one clears |
//! | 0x10 | BAUDDIV | clock ticks per bit, 16 at least |

use core::sync::atomic::{AtomicBool, Ordering};

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;

const UART0: usize = 0x4000_4000;
const UART1: usize = 0x4000_5000;

#[derive(Clone, Copy)]
enum Register {
    Data = 0x00,
    State = 0x04,
    Ctrl = 0x08,
    IntClear = 0x0C,
    BaudDiv = 0x10,
}

const TX: u32 = 1 << 0;
const RX: u32 = 1 << 1;
const TX_INTERRUPT: u32 = 1 << 2;
const RX_INTERRUPT: u32 = 1 << 3;
/// 25 MHz / 217 = 115 200 Bd.
const DIVIDER: u32 = 217;

/// A priority after that of all others.
const LATER: u8 = 0x80;

/// The interrupts in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Line {
    /// UART0 has received a byte.
    Received = 0,
    /// UART1 can take a byte.
    Sent = 3,
}

// SAFETY: these are the numbers of the machine's interrupts, and they never change.
unsafe impl InterruptNumber for Line {
    fn number(self) -> u16 {
        self as u16
    }
}

impl Line {
    /// The line of a number, as the handler of interrupts gets it.
    pub const fn from_number(number: i16) -> Option<Line> {
        match number {
            0 => Some(Line::Received),
            3 => Some(Line::Sent),
            _ => None,
        }
    }

    /// Lets the interrupt through.
    pub fn unmask(self) {
        // SAFETY: no critical section of this crate relies on a mask.
        unsafe { NVIC::unmask(self) }
    }

    /// Lets the other line's interrupt come in between this one's.
    pub fn give_way(self, nvic: &mut NVIC) {
        // SAFETY: no critical section of this crate relies on a priority.
        unsafe { nvic.set_priority(self, LATER) }
    }

    /// Holds the interrupt back.
    pub fn mask(self) {
        NVIC::mask(self);
    }

    /// Asks for the interrupt.
    pub fn pend(self) {
        NVIC::pend(self);
    }
}

struct Uart {
    base: usize,
}

impl Uart {
    fn read(&self, register: Register) -> u32 {
        // SAFETY: the address is that of a register of a UART that only this value refers to.
        unsafe { ((self.base + register as usize) as *const u32).read_volatile() }
    }

    fn write(&mut self, register: Register, value: u32) {
        // SAFETY: as for `read`.
        unsafe { ((self.base + register as usize) as *mut u32).write_volatile(value) }
    }

    fn start(mut self, bits: u32) -> Self {
        self.write(Register::BaudDiv, DIVIDER);
        self.write(Register::Ctrl, bits);
        self
    }
}

static TAKEN: AtomicBool = AtomicBool::new(false);

/// The two lines, once: UART0 receives, UART1 sends. Their interrupts are still masked.
pub fn start() -> Option<(Receiver, Transmitter)> {
    if TAKEN.swap(true, Ordering::Relaxed) {
        return None;
    }
    let receiver = Uart { base: UART0 }.start(RX | RX_INTERRUPT);
    let transmitter = Uart { base: UART1 }.start(TX | TX_INTERRUPT);
    Some((Receiver { uart: receiver }, Transmitter { uart: transmitter }))
}

/// The receiving line.
pub struct Receiver {
    uart: Uart,
}

impl Receiver {
    /// The byte received, if there is one. Only then may the next one come: the sender is held back so long.
    pub fn receive(&mut self) -> Option<u8> {
        // Cleared first: the next byte's interrupt can come as soon as this one is read.
        self.uart.write(Register::IntClear, RX);
        let full = self.uart.read(Register::State) & RX != 0;
        full.then(|| self.uart.read(Register::Data) as u8)
    }
}

/// The sending line.
pub struct Transmitter {
    uart: Uart,
}

impl Transmitter {
    /// Whether a byte can be sent; clears the interrupt that tells so.
    pub fn ready(&mut self) -> bool {
        self.uart.write(Register::IntClear, TX);
        self.uart.read(Register::State) & TX == 0
    }

    /// Sends a byte, after [`Transmitter::ready`].
    pub fn send(&mut self, byte: u8) {
        self.uart.write(Register::Data, byte.into());
    }
}
