//! `tierline-core` for C: parsers of DAQ streams, their rows, sample codecs and links, on a microcontroller or a host.
//!
//! A static library without std and without allocation; nothing in it can panic. Its header is `include/tierline.h`,
//! `examples/` holds a program in C. All memory is the caller's: of each object the header has the size (`..._ROOM`) and the
//! library the exact one (`..._size`). No pointer that a call takes is used after it, but that to the object itself.
//!
//! | module | what C gets |
//! |--|--|
//! | [`format`] | the formats: one that is not named is not linked |
//! | [`parser`] | bytes to parts |
//! | [`rows`], [`sink`] | parts to rows, through a struct of callbacks |
//! | [`document`] | text headers that the caller parsed |
//! | [`codec`] | samples to fewer bytes and back |
//! | [`front_end`], [`link`] | bytes to framed records |
#![cfg_attr(not(test), no_std)]

pub mod codec;
pub mod document;
pub mod engine;
pub mod format;
pub mod front_end;
pub mod link;
pub mod memory;
pub mod parser;
pub mod part;
pub mod rows;
pub mod sink;
pub mod status;
pub mod table;
#[cfg(test)]
mod tests;

/// Never called: no code in this library can panic.
#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// An index that can panic.
#[cfg(feature = "prove")]
#[unsafe(no_mangle)]
pub extern "C" fn tierline_prove(i: usize) -> u32 {
    [1u32, 2, 3][i]
}
