//! Observations: index files, event lists, good time intervals, responses (DL3).

mod cards;
mod events;
mod gti;
mod index;
mod observation;
mod response;
mod store;
mod time;

pub(crate) use cards::Cards;
pub use events::EventList;
pub use gti::Gti;
pub use index::{HduRow, HduType, ObservationRow, ObservationTable};
pub use observation::{Location, Observation, ObservationInfo, Pointing, RequiredIrf};
pub(crate) use observation::{facts, has_reversed_longitude};
pub use response::read_responses;
pub(crate) use response::{ResponseReader, type_and_class};
pub use store::{DataStore, Environment, Loaded};
pub(crate) use store::{event_files, has_index, obs_index};
pub use time::{Time, TimeScale};
