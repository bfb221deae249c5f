//! Reading the HDF5 format of ctapipe's DL1 data.
//!
//! Models from v4.0.0 on, of ctapipe 0.20 and later; the layout is described with the
//! [writer](crate::writer::ctapipe). What is not there is left out of the events.

mod columns;
mod events;
mod instrument;
mod rows;
mod run;
mod telescope;

use std::path::Path;

use tierline_h5::tree;

use crate::event::Dl1Event;
use crate::instrument::Subarray;
use crate::reader::Attributes;
use crate::writer::RunData;
use crate::{Error, Place};
use events::Events;

/// A file of DL1 data, read event by event.
pub struct Reader {
    file: tree::Reader,
    subarray: Subarray,
    run: RunData,
    attributes: Vec<(String, String)>,
    events: Events,
}

impl Reader {
    /// Opens a file and reads all of it but the events.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = super::open(path)?;
        let root = Attributes::of(&file, "/")?;
        let version = root.text("CTA PRODUCT DATA MODEL VERSION");
        let Some(version) = version else {
            let reason = "the file doesn't tell the version of its data model";
            return Err(Error::malformed(path, Place::Entry("/".to_owned()), reason));
        };
        let major = version.trim_start_matches('v').split('.').next();
        match major.and_then(|major| major.parse::<u32>().ok()) {
            Some(4..=7) => {}
            _ => {
                let reason = format!("data model {version}; v4 to v7 are");
                return Err(Error::unsupported(path, Place::File, reason));
            }
        }
        let mut attributes: Vec<(String, String)> = root
            .names()
            .filter(|name| name.starts_with("CTA ") || name.starts_with("CONTEXT "))
            .filter_map(|name| Some((name.to_owned(), root.text(name)?)))
            .collect();
        attributes.sort();
        let subarray = instrument::read(&file)?;
        let run = run::read(&file)?;
        let events = Events::open(&file, &subarray)?;
        Ok(Reader { file, subarray, run, attributes, events })
    }

    /// The telescopes.
    pub fn subarray(&self) -> &Subarray {
        &self.subarray
    }

    /// What is known of the run as a whole.
    pub fn run(&self) -> &RunData {
        &self.run
    }

    /// Where the data come from: attributes of the file whose names begin with `CTA ` or `CONTEXT `.
    pub fn attributes(&self) -> &[(String, String)] {
        &self.attributes
    }

    /// Whether this is a simulation.
    pub fn is_simulation(&self) -> bool {
        self.attributes
            .iter()
            .any(|(name, value)| name == "CTA PROCESS TYPE" && value == "Simulation")
    }

    /// Whether parameters are in the frame of the camera instead of that of the telescope.
    pub fn is_camera_frame(&self) -> bool {
        self.events.is_camera_frame()
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there are no events.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next event; `None` after the last one.
    pub fn next_event(&mut self) -> Result<Option<Dl1Event>, Error> {
        self.events.next(&self.file, &self.subarray)
    }
}

/// Ends with the first error.
impl Iterator for Reader {
    type Item = Result<Dl1Event, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_event().transpose();
        if let Some(Err(_)) = next {
            self.events.stop();
        }
        next
    }
}
