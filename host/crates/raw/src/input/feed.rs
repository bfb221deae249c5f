//! Links, each read by a thread of its own.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::time::Duration;

/// Bytes asked for at a time.
const READ: usize = 256 * 1024;
/// Blocks on their way from one link.
const BLOCKS: usize = 4;

/// Opens a link; waits where somebody has to connect.
pub type Open = Box<dyn FnMut() -> io::Result<Box<dyn Read + Send>> + Send>;

/// A link to read from.
pub struct LinkInput {
    /// File, pipe or address.
    pub name: String,
    /// Opens it.
    pub open: Open,
    /// It does not end by itself: the run is over when its front ends said so.
    pub live: bool,
    /// Open it again when it closes.
    pub reconnect: bool,
}

impl std::fmt::Debug for LinkInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkInput").field("name", &self.name).field("live", &self.live).finish()
    }
}

/// What came over a link.
#[derive(Debug)]
pub(crate) enum Came {
    /// Bytes: the first so many of the block.
    Block(Vec<u8>, usize),
    /// The link can't be opened.
    Shut(io::Error),
    /// The link is closed.
    End,
    /// The link broke.
    Broke(io::Error),
}

/// Blocks of all links as they come.
pub(crate) struct Feed {
    pub(crate) blocks: Receiver<(usize, Came)>,
    free: Vec<std::sync::mpsc::Sender<Vec<u8>>>,
}

impl Feed {
    /// Starts to read. The threads are left alone when the feed is dropped: a read that waits can't be ended.
    pub(crate) fn start(links: Vec<LinkInput>) -> io::Result<Self> {
        let (sender, blocks) = sync_channel(BLOCKS);
        let mut free = Vec::new();
        for (i, link) in links.into_iter().enumerate() {
            let (give, take) = channel();
            for _ in 0..BLOCKS {
                // The other end is right here.
                let _ = give.send(vec![0; READ]);
            }
            free.push(give);
            let sender = sender.clone();
            let thread = std::thread::Builder::new().name(format!("link {i}"));
            thread.spawn(move || serve(i, link, &sender, &take))?;
        }
        Ok(Feed { blocks, free })
    }

    /// Gives a block back.
    pub(crate) fn done(&self, link: usize, block: Vec<u8>) {
        if let Some(free) = self.free.get(link) {
            // A link that is closed needs no more.
            let _ = free.send(block);
        }
    }
}

/// Time between two attempts to open a link again.
const AGAIN: Duration = Duration::from_millis(500);

/// Reads a link, again and again where that is wanted.
fn serve(i: usize, mut link: LinkInput, to: &SyncSender<(usize, Came)>, free: &Receiver<Vec<u8>>) {
    let mut opened = false;
    loop {
        let last = match (link.open)() {
            Ok(reader) => {
                opened = true;
                match read(i, reader, to, free) {
                    Some(last) => last,
                    None => return,
                }
            }
            Err(error) if opened => Came::Broke(error),
            Err(error) => Came::Shut(error),
        };
        if !(link.reconnect && opened) {
            // Whoever doesn't listen any more has stopped.
            let _ = to.send((i, last));
            return;
        }
        std::thread::sleep(AGAIN);
    }
}

/// Reads until the link closes; `None` where nobody wants its bytes any more.
fn read(
    link: usize,
    mut reader: Box<dyn Read + Send>,
    to: &SyncSender<(usize, Came)>,
    free: &Receiver<Vec<u8>>,
) -> Option<Came> {
    loop {
        let mut block = free.recv().ok()?;
        match reader.read(&mut block) {
            Ok(0) => return Some(Came::End),
            Ok(n) => to.send((link, Came::Block(block, n))).ok()?,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Some(Came::Broke(e)),
        }
    }
}
