//! ORRunDecoderForRun: 4 words.
//!
//! | word | bits | field |
//! |--|--|--|
//! | 1 | 16-31 | subrun number |
//! | 1 | 0, 1, 2 | run starts (else stops), quick start, remote control |
//! | 1 | 3, 4, 5 | heartbeat, end of subrun, start of subrun |
//! | 2 | | run number; of a heartbeat: seconds to the next |
//! | 3 | | unix time, s |

use super::{Piece, Shape};
use crate::bytes::u32_at;
use crate::decoder::{Row, RowSink};
use crate::error::{Error, Result};
use crate::field::{DType, Field, Value};
use crate::part::Stage;

/// Columns of run records.
pub(super) const FIELDS: &[Field] = &[
    Field::one("subrun_number", DType::U16),
    Field::one("runstartorstop", DType::Bool),
    Field::one("quickstartrun", DType::Bool),
    Field::one("remotecontrolrun", DType::Bool),
    Field::one("heartbeatrecord", DType::Bool),
    Field::one("endsubrunrecord", DType::Bool),
    Field::one("startsubrunrecord", DType::Bool),
    Field::one("run_number", DType::I32),
    Field::one("time", DType::I32),
];

/// Bytes of a run record.
const SIZE: usize = 16;

/// One piece.
pub(super) fn cut(shape: &mut Shape, _: usize, _: &[u8], len: usize) -> Result<Piece> {
    if len != SIZE {
        return Err(Error::malformed("packet length", len as i64, SIZE as i64));
    }
    shape.sure = true;
    Ok(Piece::Fields(Stage::Whole, len, 0))
}

pub(super) fn decode<S: RowSink>(packet: &[u8], row: Row, sink: &mut S) {
    let word = |i: usize| u32_at(packet, 4 * i).unwrap_or(0);
    sink.put(row, 0, Value::U16((word(1) >> 16) as u16));
    for bit in 0..6 {
        sink.put(row, 1 + bit, Value::Bool((word(1) >> bit) & 1 == 1));
    }
    sink.put(row, 7, Value::I32(word(2) as i32));
    sink.put(row, 8, Value::I32(word(3) as i32));
}
