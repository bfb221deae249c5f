//! What a program says at its end.

use tierline_core::pack::Account;

use crate::front_end::AnyFrontEnd;
use crate::sizes::RING;
use crate::{Console, stack};

/// Prints where packets and bytes went, and what of the memory was never used. `low_water`: fewest free bytes of the ring.
pub fn report(
    console: &mut Console,
    front_end: &dyn AnyFrontEnd,
    bytes_out: u64,
    low_water: usize,
) {
    let (account, bytes_in) = front_end.account();
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
