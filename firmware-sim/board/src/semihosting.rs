//! Semihosting: files and the command line of the machine that runs the emulator. All its unsafe code is in `call`.

use core::arch::asm;

/// Operations, by their number in Arm's specification.
mod op {
    pub(super) const OPEN: usize = 0x01;
    pub(super) const CLOSE: usize = 0x02;
    pub(super) const WRITE: usize = 0x05;
    pub(super) const READ: usize = 0x06;
    pub(super) const GET_CMDLINE: usize = 0x15;
    pub(super) const EXIT: usize = 0x18;
}

const APPLICATION_EXIT: usize = 0x2_0026;
const RUN_TIME_ERROR: usize = 0x2_0023;

/// How a file is opened.
#[derive(Clone, Copy, Debug)]
#[repr(usize)]
pub enum Mode {
    /// `rb`
    Read = 1,
    /// `wb`; what was there is lost.
    Write = 5,
    /// `a`; the console's standard error.
    Append = 8,
}

/// Asks the emulator. `argument`: a number, or the address of the operation's block of arguments.
fn call(operation: usize, argument: usize) -> isize {
    let answer: isize;
    // SAFETY: every caller passes a live block of the operation's layout; the breakpoint changes r0 and what that points to.
    unsafe {
        asm!("bkpt #0xAB", inlateout("r0") operation => answer, in("r1") argument, options(nostack));
    }
    answer
}

fn with_block(operation: usize, block: &mut [usize]) -> isize {
    call(operation, block.as_mut_ptr() as usize)
}

/// Ends the program; the emulator's exit code is 0 or 1.
pub fn exit(ok: bool) -> ! {
    loop {
        call(op::EXIT, if ok { APPLICATION_EXIT } else { RUN_TIME_ERROR });
    }
}

/// The command line, words with one blank between them, in `room`.
pub fn command_line(room: &mut [u8]) -> Option<&str> {
    let mut block = [room.as_mut_ptr() as usize, room.len()];
    if with_block(op::GET_CMDLINE, &mut block) != 0 {
        return None;
    }
    let [_, len] = block;
    core::str::from_utf8(room.get(..len)?).ok()
}

/// The longest path, bytes.
const PATH: usize = 256;

/// A file of the host.
#[derive(Debug)]
pub struct File {
    handle: usize,
}

impl File {
    /// Opens a file; `:tt` is the console.
    pub fn open(path: &str, mode: Mode) -> Option<Self> {
        let mut name = [0u8; PATH];
        let room = name.get_mut(..path.len()).filter(|room| room.len() < PATH)?;
        for (to, from) in room.iter_mut().zip(path.bytes()) {
            *to = from;
        }
        let mut block = [name.as_ptr() as usize, mode as usize, path.len()];
        let handle = with_block(op::OPEN, &mut block);
        usize::try_from(handle).ok().map(|handle| File { handle })
    }

    /// Reads until `bytes` is full or the file ends; returns the number of bytes, `None` on failure.
    pub fn read(&mut self, bytes: &mut [u8]) -> Option<usize> {
        let mut block = [self.handle, bytes.as_mut_ptr() as usize, bytes.len()];
        let missing = usize::try_from(with_block(op::READ, &mut block)).ok()?;
        bytes.len().checked_sub(missing)
    }

    /// Writes all of `bytes`, or tells that it couldn't.
    #[must_use]
    pub fn write(&mut self, bytes: &[u8]) -> bool {
        let mut block = [self.handle, bytes.as_ptr() as usize, bytes.len()];
        with_block(op::WRITE, &mut block) == 0
    }

    /// Closes the file; `false` where what was written is not safe.
    #[must_use]
    pub fn close(self) -> bool {
        with_block(op::CLOSE, &mut [self.handle]) == 0
    }
}
