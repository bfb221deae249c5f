//! Counts the instructions of every stage: `bench FORMAT=FILE...`, under `-icount shift=0`.
//!
//! Options: `bytes=N`, what is read of each file at most.
#![no_std]
#![no_main]

mod bytes;
mod stream;
mod table;
mod whole;

use cortex_m_rt::entry;
use tierline_board::arguments::file_name;
use tierline_board::clock::Counter;
use tierline_board::semihosting::{self, File, Mode};
use tierline_board::{Arguments, Console, psram};
use tierline_core::with_format;

use stream::{Memory, Stream};
use table::Table;

/// The most that is read of a file, bytes.
const INPUT: usize = 512 * 1024;
const DEFAULT_INPUT: u32 = 400_000;

#[entry]
fn main() -> ! {
    static mut MEMORY: Memory = Memory::new();

    let mut console = Console::open();
    let done = cortex_m::Peripherals::take().zip(psram::take()).and_then(|(board, outside)| {
        let (bytes, samples) = outside.split_at_mut_checked(INPUT)?;
        let mut table = Table::new(Counter::start(board.SYST), &mut console);
        run(&mut table, bytes, samples.get_mut(..bytes::MOST)?, MEMORY)
    });
    if done.is_none() {
        console.text("bench: FORMAT=FILE...").end();
    }
    semihosting::exit(done.is_some())
}

fn run(
    table: &mut Table<'_>,
    bytes: &mut [u8],
    samples: &mut [u8],
    memory: &mut Memory,
) -> Option<()> {
    let mut room = [0; 1024];
    let arguments = Arguments::new(semihosting::command_line(&mut room)?);
    let most = arguments.number("bytes", DEFAULT_INPUT)? as usize;
    let most = most.min(bytes.len());
    let mut ends = whole::Ends::take()?;
    bytes::copies(table, bytes.get_mut(..bytes::MOST)?, samples);
    for (format, path) in arguments.options().filter(|(name, _)| *name != "bytes") {
        let mut file = File::open(path, Mode::Read)?;
        let n = file.read(bytes.get_mut(..most)?)?;
        let bytes = bytes.get(..n)?;
        let name = file_name(path);
        let found =
            with_format(format, Stream { name, bytes, samples, table, memory, ends: &mut ends })?;
        let samples = samples.get(..found)?;
        if found > 0 {
            bytes::codecs(table, samples, memory);
        }
    }
    Some(())
}
