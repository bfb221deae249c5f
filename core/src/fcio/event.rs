//! Event (tag 3) and SparseEvent (tag 6): one row per trace that was read out.
//!
//! | Event | SparseEvent | bytes | field |
//! |--|--|--|--|
//! | 0 | 0 | 4 | i32 type: 1 shared trigger, 2 calibration, 3 simulated, 11 cards on their own |
//! | 1 | 1 | 4 | f32 pulser amplitude |
//! | 2 | 2 | <= 40 | i32 timeoffset\[\]: 0, 1 s and us between master and unix; 2 s to add to master; 3, 4 delta us; 5, 6 start s, us |
//! | 3 | 3 | <= 40 | i32 timestamp\[\]: 0 event number, 1 PPS count, 2 ticks of 4 ns, 3 ticks at the last PPS |
//! | - | 5 | 4 | i32 num_traces |
//! | - | 6 | 2 n | u16 trace_list\[n\] |
//! | 4 | 7... | 2 (samples + 2) each | u16 traces: FPGA baseline, FPGA integrator, samples |
//! | 5 | 4 | <= 40 | i32 deadregion\[\]: 0, 1 start PPS, ticks; 2, 3 stop; 4 max ticks; 5 first affected trace, 6 number |

use super::config::PACKET_ID_TEXT;
use crate::field::{DT, DType, Field, T0, VALUES};

/// Column numbers, the same in every table of events.
pub mod col {
    #![allow(missing_docs)] // each is the column of its name
    pub const PACKET_ID: usize = 0;
    pub const FCID: usize = 1;
    pub const BOARD_ID: usize = 2;
    pub const FC_INPUT: usize = 3;
    pub const EVENTNUMBER: usize = 4;
    pub const EVENT_TYPE: usize = 5;
    pub const TIMESTAMP: usize = 6;
    pub const RUNTIME: usize = 7;
    pub const LIFETIME: usize = 8;
    pub const DEADTIME: usize = 9;
    pub const DEADINTERVAL: usize = 10;
    pub const NUMTRACES: usize = 11;
    pub const BASELINE: usize = 12;
    pub const DAQENERGY: usize = 13;
    /// Three counters: PPS, ticks, maximum ticks.
    pub const TS_PPS: usize = 14;
    /// Seven time offsets.
    pub const MU_OFFSET_SEC: usize = 17;
    /// Five dead-region counters.
    pub const DR_START_PPS: usize = 24;
    pub const DR_CH_IDX: usize = 29;
    pub const DR_CH_LEN: usize = 30;
    /// `channel`, or `tracelist` where a row is an event.
    pub const CHANNEL: usize = 31;
    pub const DT: usize = 32;
    pub const T0: usize = 33;
    pub const VALUES: usize = 34;
}

const fn i32_field(name: &'static str, text: &'static str) -> Field {
    Field::one(name, DType::I32).describe(text)
}

pub(crate) const PACKET_ID: Field = Field::one("packet_id", DType::U32).describe(PACKET_ID_TEXT);
pub(crate) const FCID: Field =
    Field::one("fcid", DType::U16).describe("The ID of this data stream.");
pub(crate) const BOARD_ID: Field = Field::one("board_id", DType::U16)
    .describe("The MAC address of the FlashCam board which recorded this event.");
pub(crate) const FC_INPUT: Field = Field::one("fc_input", DType::U16).describe(
    "The per-board ADC channel. Corresponds to the input connector in 62.5MHz mode or the input wire in 250MHz mode.",
);
pub(crate) const EVENTNUMBER: Field = i32_field(
    "eventnumber",
    "Counts triggered events. Fetched from the master board in non-sparse, or from the ADC board in sparse.",
);
pub(crate) const EVENT_TYPE: Field = i32_field(
    "event_type",
    "Is 1 for shared trigger/readout, or 11 in true sparse mode where ADC boards trigger independently.",
);
pub(crate) const TIMESTAMP: Field = Field::one("timestamp", DType::F64)
    .units("s")
    .describe("Time since epoch (unix time) for this event.");
pub(crate) const RUNTIME: Field = Field::one("runtime", DType::F64)
    .units("s")
    .describe("Time since trigger enable of this run. Recorded per channel.");
pub(crate) const LIFETIME: Field = Field::one("lifetime", DType::F64).units("s").describe(
    "The accumulated lifetime since trigger enable, for which the hardware was not dead. Recorded per channel.",
);
pub(crate) const DEADTIME: Field = Field::one("deadtime", DType::F64).units("s").describe(
    "The accumulated time for which the hardware buffers were full (dead). Recorded per channel.",
);
pub(crate) const DEADINTERVAL: Field = Field::one("deadinterval_nsec", DType::I64)
    .units("ns")
    .describe(
        "The interval the board was dead between previous event and this event in nanoseconds with 4ns precision (due to the internal clock speed of 250MHz).",
    );
pub(crate) const NUMTRACES: Field = Field::one("numtraces", DType::I32);
pub(crate) const BASELINE: Field = Field::one("baseline", DType::U16)
    .describe("The baseline determined by the FPGA baseline algorithm.");
pub(crate) const DAQENERGY: Field = Field::one("daqenergy", DType::U16).describe(
    "The shaped pulse peak height above the trigger threshold for 62.5MHz mode. The waveform integral over `sumlength` samples in 250MHz mode.",
);
/// The columns from `ts_pps` to `dr_maxticks`.
pub(crate) const COUNTERS: [Field; 15] = [
    i32_field("ts_pps", "The pulse-per-second (PPS) counter since DAQ reset."),
    i32_field("ts_ticks", "The clock ticks counter (250MHz) since last PPS."),
    i32_field("ts_maxticks", "The clock ticks counter value when the last PPS arrived."),
    i32_field(
        "mu_offset_sec",
        "The seconds between server (unix) and fpga time. See `man 2 gettimeofday`.",
    ),
    i32_field(
        "mu_offset_usec",
        "The microseconds between server (unix second) and fpga time (pps). See `man 2 gettimeofday`",
    ),
    i32_field(
        "to_master_sec",
        "The timeoffset between server (unix) and fpga clocks, only valid when a gps clock/time server is used and the offset to epoch needs to be adjusted.",
    ),
    i32_field(
        "delta_mu_usec",
        "The clock offset in microseconds between fpga and server for aligned clocks.",
    ),
    i32_field("abs_delta_mu_usec", "The absolute value of `delta_mu_usec`."),
    i32_field("to_start_sec", "The seconds of the start time of the run / trigger enable."),
    i32_field("to_start_usec", "The microseconds of the start time of the run / trigger enable."),
    i32_field(
        "dr_start_pps",
        "The PPS counter value when the hardware buffers were full (dead), before this event. Only changes if a new value is acquired.",
    ),
    i32_field(
        "dr_start_ticks",
        "The ticks counter value when the hardware buffers were full (dead), before this event. Only changes if a new value is acquired.",
    ),
    i32_field(
        "dr_stop_pps",
        "The PPS counter value when the hardware buffers are free (life) again, before this event. Only changes if a new value is acquired.",
    ),
    i32_field(
        "dr_stop_ticks",
        "The ticks counter value when the hardware buffers are free (life) again, before this event. Only changes if a new value is acquired.",
    ),
    i32_field(
        "dr_maxticks",
        "The ticks counter value on PPS when the hardware buffers were freed, before this event. Only changes if a new value is acquired.",
    ),
];
pub(crate) const DR_CH_IDX: Field = Field::one("dr_ch_idx", DType::U16).describe(
    "The start channel index of channels which are affected by the recorded dead interval.",
);
pub(crate) const DR_CH_LEN: Field = Field::one("dr_ch_len", DType::U16).describe(
    "The number of channels which are affected by the dead interval, starts from `dr_ch_idx`. Can be larger than `num_traces`.",
);
pub(crate) const CHANNEL: Field = Field::one("channel", DType::U16)
    .describe("The index of each read out channel in this stream.");

/// Puts the fifteen counters into their places of a table of events.
pub(crate) const fn with_counters<const N: usize>(mut fields: [Field; N]) -> [Field; N] {
    let mut i = 0;
    while i < COUNTERS.len() {
        fields[col::TS_PPS + i] = COUNTERS[i];
        i += 1;
    }
    fields
}

/// Columns of a table of traces.
pub const FIELDS: &[Field] = &with_counters([
    PACKET_ID,
    FCID,
    BOARD_ID,
    FC_INPUT,
    EVENTNUMBER,
    EVENT_TYPE,
    TIMESTAMP,
    RUNTIME,
    LIFETIME,
    DEADTIME,
    DEADINTERVAL,
    NUMTRACES,
    BASELINE,
    DAQENERGY,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    NUMTRACES,
    DR_CH_IDX,
    DR_CH_LEN,
    CHANNEL,
    DT,
    T0,
    VALUES,
]);
