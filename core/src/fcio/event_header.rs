//! EventHeader (tag 7): an event without samples, one row.
//!
//! | frame | bytes | field |
//! |--|--|--|
//! | 0...4 | | type, pulser, timeoffset, timestamp, deadregion as in SparseEvent |
//! | 5 | 2 n | u16 trace_list\[n\] |
//! | 6 | 4 n | u16 theader\[2 n\]: FPGA baseline and integrator of each listed trace |

use super::event::{self as e, with_counters};
use crate::field::{Field, Shape};

const fn list(mut field: Field) -> Field {
    field.shape = Shape::Any;
    field
}

const TRACELIST: Field = Field::any("tracelist", crate::field::DType::U16)
    .describe("The number of read out adc channels in this event.");

/// Columns of a table of event headers: those of traces, with vectors where traces differ.
pub const FIELDS: &[Field] = &with_counters([
    e::PACKET_ID,
    e::FCID,
    list(e::BOARD_ID),
    list(e::FC_INPUT),
    e::EVENTNUMBER,
    e::EVENT_TYPE,
    e::TIMESTAMP,
    list(e::RUNTIME),
    list(e::LIFETIME),
    list(e::DEADTIME),
    list(e::DEADINTERVAL),
    e::NUMTRACES,
    list(e::BASELINE),
    list(e::DAQENERGY),
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::NUMTRACES,
    e::DR_CH_IDX,
    e::DR_CH_LEN,
    TRACELIST,
]);
