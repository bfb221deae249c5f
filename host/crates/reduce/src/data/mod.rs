//! Observations: index files, event lists, good time intervals, responses (DL3).

mod cards;
mod events;
mod gti;
mod index;
mod observation;
mod response;
mod store;
mod time;

pub use events::EventList;
pub use gti::Gti;
pub use index::{HduRow, HduType, ObservationRow, ObservationTable};
pub use observation::{Location, Observation, ObservationInfo, Pointing, RequiredIrf};
pub use response::read_responses;
pub use store::{DataStore, Environment, Loaded};
pub use time::{Time, TimeScale};
