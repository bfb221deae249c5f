//! How much of the stack was ever used. The start-up code paints the memory below it.

use core::ptr::addr_of;

use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    static _stack_end: u32;
    static _stack_start: u32;
}

/// Bytes between the stack's start and its lowest word ever written to.
pub fn high_water() -> usize {
    let (end, start) = (addr_of!(_stack_end), addr_of!(_stack_start));
    let words = (start as usize).saturating_sub(end as usize) / size_of::<u32>();
    // SAFETY: these are words of RAM that no variable lies in; the linker aligns both ends.
    let clean =
        (0..words).take_while(|&i| unsafe { end.add(i).read_volatile() } == STACK_PAINT_VALUE);
    words.saturating_sub(clean.count()) * size_of::<u32>()
}

/// Bytes there are for the stack.
pub fn size() -> usize {
    (addr_of!(_stack_start) as usize).saturating_sub(addr_of!(_stack_end) as usize)
}
