//! SysTick: the clock of the board, and under `-icount shift=0` its counter of instructions.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;

/// Picoseconds per tick.
pub const TICK_PS: u64 = if cfg!(feature = "lm3s6965") { 80_000 } else { 40_000 };
/// Instructions per tick, where the emulator takes a nanosecond for each.
pub const INSTRUCTIONS: u32 = (TICK_PS / 1000) as u32;
/// Ticks between two interrupts of [`Clock`]: 10 ms.
const PERIOD: u32 = (10_000_000_000 / TICK_PS) as u32;
/// Interrupts of [`Clock`] per second.
pub const RATE: u32 = 100;
/// What the counter of 24 bits can count.
const MASK: u32 = 0x00FF_FFFF;

/// Counts instructions; nothing else uses SysTick meanwhile.
pub struct Counter {
    _timer: SYST,
}

impl Counter {
    /// Starts counting.
    pub fn start(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(MASK);
        timer.clear_current();
        timer.enable_counter();
        Counter { _timer: timer }
    }

    /// Instructions that `what` takes, to within one tick; at most 671 million.
    pub fn instructions<T>(&self, what: impl FnOnce() -> T) -> (T, u32) {
        let before = SYST::get_current();
        let out = what();
        let after = SYST::get_current();
        (out, (before.wrapping_sub(after) & MASK).wrapping_mul(INSTRUCTIONS))
    }
}

static PERIODS: AtomicU32 = AtomicU32::new(0);

/// Interrupts ten milliseconds apart; the program's handler of SysTick calls [`Clock::interrupt`].
pub struct Clock {
    _timer: SYST,
}

impl Clock {
    /// Starts the clock.
    pub fn start(mut timer: SYST) -> Self {
        timer.set_clock_source(SystClkSource::Core);
        timer.set_reload(PERIOD - 1);
        timer.clear_current();
        timer.enable_counter();
        timer.enable_interrupt();
        Clock { _timer: timer }
    }

    /// Another period is over.
    pub fn interrupt() {
        let periods = PERIODS.load(Ordering::Relaxed).wrapping_add(1);
        PERIODS.store(periods, Ordering::Relaxed);
    }

    /// Periods since the start, wraps.
    pub fn periods() -> u32 {
        PERIODS.load(Ordering::Relaxed)
    }

    /// Ticks since the start, to within a period.
    pub fn ticks() -> u64 {
        u64::from(Self::periods()).wrapping_mul(PERIOD.into())
    }
}
