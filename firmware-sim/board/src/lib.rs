//! The front end as firmware: what its programs share.
//!
//! The programs run in an emulator: on the machine `mps2-an386` (a Cortex-M4), and with little memory on `lm3s6965evb` (a
//! Cortex-M3). `replay` turns a recording of the host into records, `uart` does so between two serial lines, `bench` counts
//! instructions. Unsafe code is in [`semihosting`], [`place`], [`stack`], `psram` and `uart`, and nowhere in `tierline-core`.
#![no_std]

pub mod arguments;
pub mod clock;
pub mod front_end;
pub mod link;
pub mod place;
#[cfg(feature = "an386")]
pub mod psram;
pub mod queue;
pub mod report;
pub mod semihosting;
pub mod settings;
pub mod sizes;
pub mod stack;
pub mod text;
#[cfg(feature = "an386")]
pub mod uart;

use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};
use defmt_semihosting as _;

pub use arguments::Arguments;
pub use settings::Settings;
pub use text::Console;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    semihosting::exit(false)
}

#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    semihosting::exit(false)
}
