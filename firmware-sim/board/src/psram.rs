//! The second memory of mps2-an386, which no variable lies in: for the inputs of measurements, nothing else.

use core::sync::atomic::{AtomicBool, Ordering};

const START: usize = 0x2100_0000;
const SIZE: usize = 16 * 1024 * 1024;

static TAKEN: AtomicBool = AtomicBool::new(false);

/// All of it, once; it begins at a multiple of eight.
pub fn take() -> Option<&'static mut [u8]> {
    if TAKEN.swap(true, Ordering::Relaxed) {
        return None;
    }
    // SAFETY: the machine has RAM there, the linker knows nothing of it, and it is given away once.
    Some(unsafe { core::slice::from_raw_parts_mut(START as *mut u8, SIZE) })
}
