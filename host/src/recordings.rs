//! Recordings of FlashCam cameras for the DL1 tier: what [`raw`](crate::raw) decodes, [`dl1`](crate::dl1) makes images of.
//!
//! ```no_run
//! use std::path::Path;
//! use tierline::dl1::{BuildDl1, camera_file::CameraFile};
//!
//! let camera = Path::new("camera.yml");
//! let build = BuildDl1 {
//!     camera: Some((camera.into(), CameraFile::read(camera)?)),
//!     recordings: Some(tierline::recordings::recordings()),
//!     ..Default::default()
//! };
//! build.run(&["run.fcio".into()], Path::new("run.dl1.h5"))?;
//! # Ok::<(), tierline::dl1::Error>(())
//! ```

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use tierline_core::Kind;
use tierline_dl1::raw_tables::{Batch, CONFIG, RawTables, RecordingConfig, TABLE};
use tierline_dl1::{Error, Place, Recordings};
use tierline_raw::input::Input;
use tierline_raw::stream::Outcome;
use tierline_raw::{BuildRaw, Error as RawError, Source, TableSink, identify};
use tierline_table::{Object, Table};

/// Batches on their way from the decoding thread.
const ON_THEIR_WAY: usize = 4;
/// Name of the format.
const FCIO: &str = "FCIO";

/// What opens recordings for [`BuildDl1`](crate::dl1::BuildDl1).
pub fn recordings() -> Recordings {
    Recordings(Arc::new(open))
}

/// Opens a recording of a FlashCam camera. A thread decodes it as its rows are asked for; `None` for files of other formats.
///
/// # Errors
/// Where it can't be read, or has no configuration.
pub fn open(path: &Path) -> Result<Option<RawTables>, Error> {
    let input = Input::open(path, false).map_err(recording)?;
    match identify(input, None, false) {
        Ok((_, format)) if format.name == FCIO => {}
        Ok(_) | Err(RawError::UnknownFormat { .. } | RawError::Empty { .. }) => return Ok(None),
        Err(error) => return Err(recording(error)),
    }
    let mut batches = Batches::start(path)?;
    let Some(config) = batches.config()? else {
        let reason = "the recording ends before its configuration";
        return Err(Error::malformed(path, Place::Entry(CONFIG.into()), reason));
    };
    Ok(Some(RawTables { config, batches: Box::new(batches) }))
}

fn recording(error: RawError) -> Error {
    Error::Recording(Box::new(error))
}

/// What the decoding thread sends.
enum Message {
    Config(Object),
    Rows(Table),
}

/// The decoding thread's end of the channel.
struct Sender(SyncSender<Message>);

impl TableSink for Sender {
    fn header(&mut self, name: &str, object: &Object) -> tierline_raw::Result<()> {
        if name == CONFIG {
            // Nobody listens any more: the next rows will tell.
            let _ = self.0.send(Message::Config(object.clone()));
        }
        Ok(())
    }

    fn rows(&mut self, table: &str, rows: &Table) -> tierline_raw::Result<bool> {
        Ok(table != TABLE || self.0.send(Message::Rows(rows.clone())).is_ok())
    }
}

/// Batches of rows as a thread decodes them.
struct Batches {
    path: PathBuf,
    /// `None` once the thread has ended.
    running: Option<(Receiver<Message>, JoinHandle<tierline_raw::Result<Outcome>>)>,
    config: Option<RecordingConfig>,
    /// What is still to be said.
    last: VecDeque<Result<Batch, Error>>,
}

impl Batches {
    fn start(path: &Path) -> Result<Self, Error> {
        let (sender, receiver) = sync_channel(ON_THEIR_WAY);
        let source = path.to_path_buf();
        let decode = move || {
            let build = BuildRaw { stream_type: Some(FCIO.into()), ..BuildRaw::default() };
            build.run_to(Source::file(&source), &mut Sender(sender))
        };
        let thread = std::thread::Builder::new().name("recording".into()).spawn(decode);
        let thread = thread.map_err(|source| Error::io(path, "start decoding it", source))?;
        let running = Some((receiver, thread));
        Ok(Batches { path: path.to_path_buf(), running, config: None, last: VecDeque::new() })
    }

    /// The configuration, which comes first.
    fn config(&mut self) -> Result<Option<RecordingConfig>, Error> {
        while self.config.is_none() {
            match self.receive() {
                Some(first) => self.last.push_back(Ok(first?)),
                None => break,
            }
        }
        let failed = self.last.iter().position(Result::is_err).filter(|_| self.config.is_none());
        match failed.and_then(|at| self.last.remove(at)) {
            Some(Err(error)) => Err(error),
            _ => Ok(self.config.clone()),
        }
    }

    /// What comes next of the thread; `None` once it has ended, which leaves something to be said.
    fn receive(&mut self) -> Option<Result<Batch, Error>> {
        loop {
            let (receiver, _) = self.running.as_ref()?;
            match receiver.recv() {
                Ok(Message::Rows(rows)) => return Some(Ok(Batch::Rows(rows))),
                Ok(Message::Config(object)) => {
                    if let Err(error) = self.configure(&object) {
                        return Some(Err(error));
                    }
                }
                Err(_) => {
                    self.end();
                    return None;
                }
            }
        }
    }

    fn configure(&mut self, object: &Object) -> Result<(), Error> {
        let config = RecordingConfig::from_object(&self.path, object)?;
        if self.config.as_ref().is_some_and(|first| *first != config) {
            let reason = "the camera is configured anew, which one output can't hold";
            return Err(Error::malformed(&self.path, Place::Entry(CONFIG.into()), reason));
        }
        self.config = Some(config);
        Ok(())
    }

    /// The thread has ended: what it says.
    fn end(&mut self) {
        let Some((receiver, thread)) = self.running.take() else { return };
        drop(receiver);
        match thread.join() {
            Err(_) => self.last.push_back(Err(Error::Thread)),
            Ok(Err(error)) => self.last.push_back(Err(recording(error))),
            Ok(Ok(outcome)) => self.last.extend(flaws(&self.path, &outcome)),
        }
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.last.pop_front().or_else(|| self.receive()).or_else(|| self.last.pop_front())
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.end();
    }
}

/// What of a recording made no sense: notes, and an early end as the last one.
fn flaws(path: &Path, outcome: &Outcome) -> Vec<Result<Batch, Error>> {
    let mut flaws = Vec::new();
    let place = |offset| Place::Byte(offset);
    if let Some(error) = &outcome.first_error {
        let (garbage, n) = (outcome.bytes.garbage, outcome.garbage);
        if error.kind == Kind::Truncated && n <= 1 {
            let reason = format!("{garbage} bytes of a packet are left: {error}");
            flaws.push(Err(Error::truncated(path, place(error.offset), reason)));
        } else {
            let reason = format!("{garbage} bytes of garbage in {n} places; first {error}");
            let note = Error::malformed(path, place(error.offset), reason);
            flaws.push(Ok(Batch::Note(note)));
        }
    }
    if let Some(reason) = &outcome.broken_input {
        flaws.push(Err(Error::truncated(path, place(outcome.bytes.input), reason.clone())));
    }
    flaws
}
