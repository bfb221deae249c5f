//! RecEvent (tag 5): reconstructed pulses of an event, one row. The reference converter skips these records.
//!
//! | frame | bytes | field |
//! |--|--|--|
//! | 0...4 | | type (1 generic, 2 calibration, 3 true p.e., 4 merged true p.e.), pulser, timeoffset, timestamp, deadregion |
//! | 5 | 4 | i32 totalpulses |
//! | 6 | 4 adcs | i32 channel_pulses: pulses of each channel |
//! | 7 | 4 totalpulses | i32 flags |
//! | 8 | 4 totalpulses | f32 amplitudes |
//! | 9 | 4 totalpulses | f32 times |

use super::config::PACKET_ID_TEXT;
use super::event::{EVENTNUMBER, FCID, TIMESTAMP};
use crate::field::{DType, Field};

/// Columns of a table of reconstructed events.
pub const FIELDS: &[Field] = &[
    Field::one("packet_id", DType::U32).describe(PACKET_ID_TEXT),
    FCID,
    EVENTNUMBER,
    Field::one("event_type", DType::I32)
        .describe("1 generic, 2 calibration, 3 true photoelectrons, 4 merged true photoelectrons."),
    TIMESTAMP,
    Field::one("pulser", DType::F32).describe("Amplitude of the pulser."),
    Field::one("totalpulses", DType::I32).describe("The number of pulses in this event."),
    Field::any("channel_pulses", DType::I32).describe("The number of pulses of each channel."),
    Field::any("flags", DType::I32).describe("Flags of each pulse."),
    Field::any("amplitudes", DType::F32).describe("The amplitude of each pulse."),
    Field::any("times", DType::F32).describe("The time of each pulse."),
];

/// Column of the first bulk array; frame 6 fills it, frame 7 the next, and so on.
pub(super) const CHANNEL_PULSES: usize = 7;
