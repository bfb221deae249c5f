//! Sending what is written to the disk while more comes, so that the end does not wait for all of it.

use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};

/// Bytes after which the disk gets what there is.
const STEP: u64 = 4 << 20;

/// A thread that syncs a file now and then; nothing depends on it, so that its errors are left to
/// whoever syncs the finished file.
#[derive(Default)]
pub(crate) struct Writeback {
    written: u64,
    thread: Option<(SyncSender<()>, JoinHandle<()>)>,
}

impl Writeback {
    /// Counts bytes that were written to the file.
    pub(crate) fn wrote(&mut self, path: &Path, bytes: usize) {
        let before = self.written / STEP;
        self.written += bytes as u64;
        if self.written / STEP == before {
            return;
        }
        if self.thread.is_none() {
            self.thread = start(path);
        }
        if let Some((wake, _)) = &self.thread {
            // Full: a sync is due already.
            let _ = wake.try_send(());
        }
    }
}

fn start(path: &Path) -> Option<(SyncSender<()>, JoinHandle<()>)> {
    let file = File::open(path).ok()?;
    let (wake, woken) = sync_channel(1);
    let work = move || while woken.recv().is_ok() && file.sync_data().is_ok() {};
    let thread = Builder::new().name("writeback".into()).spawn(work).ok()?;
    Some((wake, thread))
}

impl Drop for Writeback {
    fn drop(&mut self) {
        if let Some((wake, thread)) = self.thread.take() {
            drop(wake);
            // The thread holds nothing but a file.
            let _ = thread.join();
        }
    }
}
