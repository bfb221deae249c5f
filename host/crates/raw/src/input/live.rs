//! Inputs that don't end by themselves: files that grow, sockets, pipes that wait.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::feed::{Came, Feed, LinkInput};

/// How often clocks and signals are looked at while nothing comes.
const LOOK: Duration = Duration::from_millis(50);

/// When an input that does not end by itself is over.
#[derive(Debug, Clone, Default)]
pub struct Until {
    /// Nothing came for so long.
    pub idle: Option<Duration>,
    /// Set by somebody else.
    pub stop: Arc<AtomicBool>,
}

impl Until {
    fn is_over(&self, since: Instant) -> bool {
        self.stop.load(Ordering::Relaxed) || self.idle.is_some_and(|idle| since.elapsed() >= idle)
    }
}

/// A file that grows.
struct Follow {
    file: File,
    read: u64,
    until: Until,
    /// Where it ended when somebody wanted no more.
    end: Option<u64>,
}

impl Read for Follow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let since = Instant::now();
        loop {
            if self.end.is_none() && self.until.stop.load(Ordering::Relaxed) {
                self.end = Some(self.file.metadata()?.len());
            }
            let left = self.end.map_or(u64::MAX, |end| end.saturating_sub(self.read));
            let most = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let n = self.file.read(buffer.get_mut(..most).unwrap_or(&mut []))?;
            if n > 0 {
                self.read += n as u64;
                return Ok(n);
            }
            if self.until.is_over(since) {
                return Ok(0);
            }
            let len = self.file.metadata()?.len();
            if len < self.read {
                let text = format!("it shrank from {} to {len} bytes", self.read);
                return Err(io::Error::other(text));
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// Opens a file to be read as long as it grows.
///
/// # Errors
/// Where it can't be opened.
pub fn follow(path: &Path, until: Until) -> io::Result<impl Read + Send + 'static> {
    Ok(Follow { file: File::open(path)?, read: 0, until, end: None })
}

/// What a link has to say at its end.
pub(super) type LastWords = Arc<Mutex<Option<String>>>;

/// A link that a thread reads, so that whoever waits for it can stop waiting.
struct Link {
    feed: Feed,
    /// A block of bytes, how many there are, and how many are done with.
    block: (Vec<u8>, usize, usize),
    over: bool,
    until: Until,
    last_words: LastWords,
}

impl Link {
    fn say(&self, text: String) {
        if let Ok(mut words) = self.last_words.lock() {
            *words = Some(text);
        }
    }

    /// Waits for the next block; `false` at the end.
    fn next(&mut self) -> io::Result<bool> {
        let since = Instant::now();
        loop {
            if self.until.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            match self.feed.blocks.recv_timeout(LOOK) {
                Ok((_, Came::Block(block, n))) => {
                    self.block = (block, n, 0);
                    return Ok(true);
                }
                Ok((_, Came::Shut(error))) => return Err(error),
                Ok((_, Came::Broke(error))) => {
                    self.say(format!("the connection broke: {error}"));
                    return Ok(false);
                }
                Ok((_, Came::End)) | Err(RecvTimeoutError::Disconnected) => return Ok(false),
                Err(RecvTimeoutError::Timeout) if self.until.is_over(since) => return Ok(false),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let (block, end, at) = &mut self.block;
            let left = block.get(*at..*end).unwrap_or(&[]);
            if !left.is_empty() {
                let n = left.len().min(buffer.len());
                if let (Some(to), Some(from)) = (buffer.get_mut(..n), left.get(..n)) {
                    to.copy_from_slice(from);
                }
                *at += n;
                return Ok(n);
            }
            if !block.is_empty() {
                self.feed.done(0, std::mem::take(block));
                *end = 0;
            }
            if self.over {
                return Ok(0);
            }
            self.over = !self.next()?;
        }
    }
}

/// Reads a link in a thread of its own until it closes, or it is over.
///
/// # Errors
/// Where no thread can be started.
pub(super) fn link(
    link: LinkInput,
    until: Until,
) -> io::Result<(impl Read + Send + 'static, LastWords)> {
    let last_words = LastWords::default();
    let feed = Feed::start(vec![link])?;
    let words = Arc::clone(&last_words);
    Ok((Link { feed, block: (Vec::new(), 0, 0), over: false, until, last_words }, words))
}
