//! FSP records (tags 8, 9, 10): the software trigger. Each lies directly before its FCIO partner and counts as one packet
//! with it. Flag unions are 8 bytes, one u8 per flag; the rest is padding and may hold anything.
//!
//! FSPEvent: WriteFlags (24: event flags at 0 consecutive, 1 extended; trigger flags at 8 hwm_multiplicity,
//! 9 hwm_prescaled, 10 wps_sum, 11 wps_coincident_sum, 12 wps_prescaled, 13 ct_multiplicity; u32 write at 16),
//! ProcessorFlags (32; old 24), i32 nconsecutive, hwm (i32 hw_multiplicity, u16 max, u16 min, i32 sw_multiplicity; old
//! without the last), wps (f32 sum_value, i32 sum_offset, i32 sum_multiplicity, f32 max_single_peak_value,
//! i32 max_single_peak_offset), i32 ct.trace_idx\[\], u16 ct.max\[\], i32 sub.start\[\], i32 sub.stop\[\],
//! f32 sub.wps_max\[\], u16 hwm_prescaled_trace_idx\[\] (old: absent).
//!
//! FSPStatus: f64 start_time, log_time, dt_logtime, runtime; i32 n_read, n_written, n_discarded and their dt_; f64 dt,
//! dt_rate_{read,write,discard}, avg_rate_{read,write,discard}: 112 bytes.
//!
//! FSPConfig: 48 frames, see [`CONFIG_FRAMES`].

use core::fmt;

use super::config::PACKET_ID_TEXT;
use crate::bytes::{Cursor, i32_at, whole};
use crate::decoder::{Row, RowSink};
use crate::field::{DType, Field, Shape, Value};
use crate::part::Part;

const fn bare(name: &'static str, dtype: DType) -> Field {
    Field::one(name, dtype).describe("")
}

const fn list(name: &'static str, dtype: DType) -> Field {
    Field::any(name, dtype).describe("")
}

/// Columns of software-trigger decisions.
pub const EVENT_FIELDS: &[Field] = &[
    bare("packet_id", DType::U32),
    bare("is_written", DType::Bool),
    bare("is_extended", DType::Bool),
    bare("is_consecutive", DType::Bool),
    bare("is_hwm_prescaled", DType::Bool),
    bare("is_hwm_multiplicity", DType::Bool),
    bare("is_wps_sum", DType::Bool),
    bare("is_wps_coincident_sum", DType::Bool),
    bare("is_wps_prescaled", DType::Bool),
    bare("is_ct_multiplicity", DType::Bool),
    bare("obs_wps_sum_value", DType::F32),
    bare("obs_wps_sum_offset", DType::I32),
    bare("obs_wps_sum_multiplicity", DType::I32),
    bare("obs_wps_max_peak_value", DType::F32),
    bare("obs_wps_max_peak_offset", DType::I32),
    bare("obs_hwm_hw_multiplicity", DType::I32),
    bare("obs_hwm_sw_multiplicity", DType::I32),
    bare("obs_hwm_max_value", DType::U16),
    bare("obs_hwm_min_value", DType::U16),
    bare("obs_ct_multiplicity", DType::I32),
    list("obs_ct_trace_idx", DType::I32),
    list("obs_ct_max", DType::U16),
    list("obs_ps_hwm_prescaled_trace_idx", DType::U16),
    bare("obs_evt_nconsecutive", DType::I32),
];

/// Columns of software-trigger statistics.
pub const STATUS_FIELDS: &[Field] = &[
    Field::one("packet_id", DType::U32),
    Field::one("start_time", DType::F64),
    Field::one("log_time", DType::F64),
    Field::one("dt_logtime", DType::F64),
    Field::one("runtime", DType::F64),
    Field::one("n_read_events", DType::I32),
    Field::one("n_written_events", DType::I32),
    Field::one("n_discarded_events", DType::I32),
    Field::one("dt_n_read_events", DType::I32),
    Field::one("dt_n_written_events", DType::I32),
    Field::one("dt_n_discarded_events", DType::I32),
    Field::one("dt", DType::F64),
    Field::one("dt_rate_read_events", DType::F64),
    Field::one("dt_rate_write_events", DType::F64),
    Field::one("dt_rate_discard_events", DType::F64),
    Field::one("avg_rate_read_events", DType::F64),
    Field::one("avg_rate_write_events", DType::F64),
    Field::one("avg_rate_discard_events", DType::F64),
];

/// Labels kept per trace map, and their stored width (the field holds 8 bytes, the last is NUL).
const LABELS: u32 = 2400;
const LABEL: usize = 8;

const fn labels(name: &'static str) -> Field {
    Field::fixed(name, DType::Text(7), LABELS).describe("")
}

/// Columns of the software-trigger configuration.
pub const CONFIG_FIELDS: &[Field] = &[
    Field::one("packet_id", DType::U32).describe(PACKET_ID_TEXT),
    list("trg_hwm_prescale_ratio", DType::I32),
    bare("trg_hwm_min_multiplicity", DType::I32),
    bare("trg_wps_prescale_ratio", DType::I32),
    bare("trg_wps_coincident_sum_threshold", DType::F32),
    bare("trg_wps_sum_threshold", DType::F32),
    bare("trg_wps_prescale_rate", DType::F32),
    list("trg_hwm_prescale_rate", DType::F32),
    bare("trg_enabled_write_flags_event", DType::I64),
    bare("trg_enabled_write_flags_trigger", DType::I64),
    bare("trg_pre_trigger_window_nsec", DType::I64),
    bare("trg_post_trigger_window_nsec", DType::I64),
    bare("trg_wps_ref_flags_hwm", DType::I64),
    bare("trg_wps_ref_flags_ct", DType::I64),
    bare("trg_wps_ref_flags_wps", DType::I64),
    list("trg_wps_ref_map_idx", DType::I32),
    bare("buffer_max_states", DType::I32),
    bare("buffer_window_nsec", DType::I64),
    bare("dsp_hwm_tracemap_format", DType::I32),
    list("dsp_hwm_tracemap_indices", DType::I32),
    list("dsp_hwm_tracemap_enabled", DType::I32),
    labels("dsp_hwm_tracemap_label"),
    list("dsp_hwm_fpga_energy_threshold_adc", DType::U16),
    bare("dsp_ct_tracemap_format", DType::I32),
    list("dsp_ct_tracemap_indices", DType::I32),
    list("dsp_ct_tracemap_enabled", DType::I32),
    labels("dsp_ct_tracemap_label"),
    list("dsp_ct_thresholds", DType::U16),
    bare("dsp_wps_tracemap_format", DType::I32),
    list("dsp_wps_tracemap_indices", DType::I32),
    list("dsp_wps_tracemap_enabled", DType::I32),
    labels("dsp_wps_tracemap_label"),
    bare("dsp_wps_apply_gain_scaling", DType::I32),
    bare("dsp_wps_sum_window_size", DType::I32),
    bare("dsp_wps_sum_window_start_sample", DType::I32),
    bare("dsp_wps_sum_window_stop_sample", DType::I32),
    bare("dsp_wps_sub_event_sum_threshold", DType::F32),
    list("dsp_wps_gains", DType::F32),
    list("dsp_wps_thresholds", DType::F32),
    list("dsp_wps_lowpass", DType::F32),
    list("dsp_wps_shaping_widths", DType::I32),
    bare("dsp_wps_dsp_max_margin_front", DType::I32),
    bare("dsp_wps_dsp_max_margin_back", DType::I32),
    list("dsp_wps_margin_front", DType::I32),
    list("dsp_wps_margin_back", DType::I32),
    list("dsp_wps_start_sample", DType::I32),
    list("dsp_wps_stop_sample", DType::I32),
];

/// What a frame of FSPConfig holds: the column it goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ConfigFrame {
    /// The column of this number, as it is.
    Column(u8),
    /// 24 bytes of write flags: two columns from this number on.
    WriteFlags(u8),
    /// Seconds of a time whose nanoseconds are the next frame.
    Seconds,
    /// Nanoseconds; seconds and these go to this column.
    Nanoseconds(u8),
    /// 8-byte labels.
    Labels(u8),
}

use ConfigFrame::{Column, Labels, Nanoseconds, Seconds, WriteFlags};

/// The frames of FSPConfig in stream order, with the columns they go to.
pub const CONFIG_FRAMES: [ConfigFrame; 48] = [
    Column(2),
    Column(1),
    Column(3),
    Column(4),
    Column(5),
    Column(6),
    Column(7),
    WriteFlags(8),
    Seconds,
    Nanoseconds(10),
    Seconds,
    Nanoseconds(11),
    Column(12),
    Column(13),
    Column(14),
    Column(15),
    Column(16),
    Seconds,
    Nanoseconds(17),
    Column(18),
    Column(19),
    Column(20),
    Labels(21),
    Column(22),
    Column(23),
    Column(24),
    Column(25),
    Labels(26),
    Column(27),
    Column(28),
    Column(29),
    Column(30),
    Labels(31),
    Column(32),
    Column(33),
    Column(34),
    Column(35),
    Column(36),
    Column(37),
    Column(38),
    Column(39),
    Column(40),
    Column(41),
    Column(42),
    Column(43),
    Column(44),
    Column(45),
    Column(46),
];

fn field(column: u8) -> Option<&'static Field> {
    CONFIG_FIELDS.get(usize::from(column))
}

/// Element size of a frame of FSPConfig, and whether it is a list.
pub(super) fn config_frame(frame: u32) -> Option<(u32, bool)> {
    match CONFIG_FRAMES.get(frame as usize)? {
        Column(c) => field(*c).map(|f| (f.dtype.size() as u32, f.shape == Shape::Any)),
        WriteFlags(_) => Some((24, false)),
        Seconds | Nanoseconds(_) => Some((8, false)),
        Labels(_) => Some((LABEL as u32, true)),
    }
}

/// Where configuration values go: a row of a table, or a header struct.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Row(Row),
    Header(&'static str),
}

impl Place {
    pub(super) fn put<S: RowSink>(
        self,
        fields: &'static [Field],
        column: usize,
        value: Value<'_>,
        sink: &mut S,
    ) {
        match (self, fields.get(column)) {
            (Place::Row(row), _) => sink.put(row, column, value),
            (Place::Header(table), Some(field)) => {
                sink.header(table, format_args!("{}", field.name), value);
            }
            (Place::Header(_), None) => {}
        }
    }
}

/// State of an FSPConfig on its way in.
#[derive(Debug)]
pub(super) struct ConfigReader<const N: usize> {
    seconds: i64,
    /// Lists per mapped trace that come before the map: prescale ratio (frame 1) and rate (frame 6).
    ratio: Kept<N>,
    rate: Kept<N>,
    /// Traces mapped for the hardware multiplicity.
    pub(super) mapped: usize,
}

/// Frame of the hardware multiplicity's trace map.
const HWM_MAP: u32 = 20;

impl<const N: usize> ConfigReader<N> {
    pub(super) const fn new() -> Self {
        Self { seconds: 0, ratio: Kept::new(), rate: Kept::new(), mapped: 0 }
    }

    pub(super) fn begin(&mut self) {
        self.ratio.bytes = 0;
        self.rate.bytes = 0;
        self.mapped = 0;
    }

    /// The map says how many elements the lists before it have.
    fn put_kept<S: RowSink>(&self, place: Place, sink: &mut S) {
        for (kept, column, dtype) in [(&self.ratio, 1, DType::I32), (&self.rate, 7, DType::F32)] {
            let bytes = kept.bytes();
            let bytes = bytes.get(..4 * self.mapped).unwrap_or(bytes);
            place.put(CONFIG_FIELDS, column, Value::Array(dtype, bytes), sink);
        }
    }

    /// Takes a frame, or a slice of a list.
    pub(super) fn frame<S: RowSink>(&mut self, part: &Part<'_>, place: Place, sink: &mut S) {
        let bytes = part.bytes;
        let mut c = Cursor::new(bytes);
        match part.frame {
            HWM_MAP => self.mapped = (part.first as usize).wrapping_add(bytes.len()) / 4,
            frame if frame == HWM_MAP + 1 && part.first == 0 => self.put_kept(place, sink),
            _ => {}
        }
        match CONFIG_FRAMES.get(part.frame as usize) {
            Some(&Column(1)) => self.ratio.set(part),
            Some(&Column(7)) => self.rate.set(part),
            Some(&Column(column)) => {
                let Some(f) = field(column) else { return };
                if part.first > 0 && f.shape != Shape::Any {
                    return;
                }
                let value = match (f.shape, f.dtype) {
                    (Shape::Any, dtype) => Value::Array(dtype, whole(bytes, dtype.size())),
                    (_, DType::F32) => Value::F32(c.f32().unwrap_or(0.0)),
                    (_, DType::I64) => Value::I64(c.i64().unwrap_or(0)),
                    _ => Value::I32(c.i32().unwrap_or(0)),
                };
                place.put(CONFIG_FIELDS, column.into(), value, sink);
            }
            Some(WriteFlags(_) | Seconds | Nanoseconds(_)) if part.first > 0 => {}
            Some(&WriteFlags(column)) => {
                for column in column..column.saturating_add(2) {
                    let flags = Value::I64(c.i64().unwrap_or(0));
                    place.put(CONFIG_FIELDS, column.into(), flags, sink);
                }
            }
            Some(Seconds) => self.seconds = c.i64().unwrap_or(0),
            Some(&Nanoseconds(column)) => {
                // Added as floats, as the field's own software does.
                let ns = self.seconds as f64 * 1e9 + c.i64().unwrap_or(0) as f64;
                place.put(CONFIG_FIELDS, column.into(), Value::I64(ns as i64), sink);
            }
            Some(&Labels(column)) => {
                let first = part.first as usize / LABEL;
                for (i, label) in (first..LABELS as usize).zip(bytes.chunks_exact(LABEL)) {
                    let text = label.split(|&b| b == 0).next().unwrap_or(&[]);
                    let text = text.get(..LABEL - 1).unwrap_or(text);
                    place.put(CONFIG_FIELDS, column.into(), Value::Label(i as u32, text), sink);
                }
            }
            None => {}
        }
    }
}

/// A list of at most `N` 16-bit or 32-bit words, kept as bytes until its row can be opened.
#[derive(Clone, Copy)]
struct Kept<const N: usize> {
    words: [[u8; 4]; N],
    bytes: usize,
}

impl<const N: usize> fmt::Debug for Kept<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("bytes", &self.bytes).finish()
    }
}

impl<const N: usize> Kept<N> {
    const fn new() -> Self {
        Self { words: [[0; 4]; N], bytes: 0 }
    }

    /// Takes a slice of the list.
    fn set(&mut self, part: &Part<'_>) {
        self.bytes = part.first as usize;
        let room = self.words.as_flattened_mut().iter_mut().skip(self.bytes);
        for (to, from) in room.zip(part.bytes) {
            *to = *from;
            self.bytes += 1;
        }
    }

    fn bytes(&self) -> &[u8] {
        self.words.as_flattened().get(..self.bytes).unwrap_or(&[])
    }
}

/// A software-trigger decision, kept until the record that it belongs to says which table it goes to.
#[derive(Debug)]
pub(super) struct Decision<const N: usize> {
    flags: [u8; 24],
    nconsecutive: i32,
    hwm: [u8; 12],
    wps: [u8; 20],
    ct_trace_idx: Kept<N>,
    ct_max: Kept<N>,
    prescaled: Kept<N>,
    /// Complete and waiting for its partner: number of its packet.
    pub(super) pending: Option<u64>,
}

fn copy<const M: usize>(to: &mut [u8; M], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

impl<const N: usize> Decision<N> {
    pub(super) const fn new() -> Self {
        Self {
            flags: [0; 24],
            nconsecutive: 0,
            hwm: [0; 12],
            wps: [0; 20],
            ct_trace_idx: Kept::new(),
            ct_max: Kept::new(),
            prescaled: Kept::new(),
            pending: None,
        }
    }

    pub(super) fn begin(&mut self) {
        self.flags = [0; 24];
        self.nconsecutive = 0;
        self.hwm = [0; 12];
        self.wps = [0; 20];
        self.ct_trace_idx.bytes = 0;
        self.ct_max.bytes = 0;
        self.prescaled.bytes = 0;
        self.pending = None;
    }

    /// Takes a frame, or a slice of a list.
    pub(super) fn frame(&mut self, part: &Part<'_>) {
        let bytes = part.bytes;
        match part.frame {
            5 => self.ct_trace_idx.set(part),
            6 => self.ct_max.set(part),
            10 => self.prescaled.set(part),
            _ if part.first > 0 => {}
            0 => copy(&mut self.flags, bytes),
            2 => self.nconsecutive = i32_at(bytes, 0).unwrap_or(0),
            3 => copy(&mut self.hwm, bytes),
            4 => copy(&mut self.wps, bytes),
            _ => {}
        }
    }

    /// Fills a row. `most_prescaled`: number of traces mapped for the hardware multiplicity.
    pub(super) fn put<S: RowSink>(
        &mut self,
        packet_id: u32,
        most_prescaled: usize,
        row: Row,
        sink: &mut S,
    ) {
        sink.put(row, 0, Value::U32(packet_id));
        let write = self.flags.iter().skip(16).take(4).any(|&b| b != 0);
        sink.put(row, 1, Value::Bool(write));
        // Byte of each flag, in column order from 2 on.
        for (i, at) in [1usize, 0, 9, 8, 10, 11, 12, 13].into_iter().enumerate() {
            let set = self.flags.get(at).is_some_and(|&b| b != 0);
            sink.put(row, 2 + i, Value::Bool(set));
        }
        let mut wps = Cursor::new(&self.wps);
        sink.put(row, 10, Value::F32(wps.f32().unwrap_or(0.0)));
        sink.put(row, 11, Value::I32(wps.i32().unwrap_or(0)));
        sink.put(row, 12, Value::I32(wps.i32().unwrap_or(0)));
        sink.put(row, 13, Value::F32(wps.f32().unwrap_or(0.0)));
        sink.put(row, 14, Value::I32(wps.i32().unwrap_or(0)));
        let mut hwm = Cursor::new(&self.hwm);
        sink.put(row, 15, Value::I32(hwm.i32().unwrap_or(0)));
        sink.put(row, 17, Value::U16(hwm.u16().unwrap_or(0)));
        sink.put(row, 18, Value::U16(hwm.u16().unwrap_or(0)));
        sink.put(row, 16, Value::I32(hwm.i32().unwrap_or(0)));
        sink.put(row, 19, Value::I32((self.ct_trace_idx.bytes / 4) as i32));
        sink.put(row, 20, Value::Array(DType::I32, whole(self.ct_trace_idx.bytes(), 4)));
        sink.put(row, 21, Value::Array(DType::U16, whole(self.ct_max.bytes(), 2)));
        let prescaled = self.prescaled.bytes();
        let n = prescaled.len().min(2 * most_prescaled);
        sink.put(row, 22, Value::Array(DType::U16, whole(prescaled.get(..n).unwrap_or(&[]), 2)));
        sink.put(row, 23, Value::I32(self.nconsecutive));
    }
}

/// Fills a row of statistics from the record's one frame.
pub(super) fn put_status<S: RowSink>(bytes: &[u8], packet_id: u32, row: Row, sink: &mut S) {
    sink.put(row, 0, Value::U32(packet_id));
    let mut c = Cursor::new(bytes);
    for (i, field) in STATUS_FIELDS.iter().enumerate().skip(1) {
        let value = match field.dtype {
            DType::F64 => Value::F64(c.f64().unwrap_or(0.0)),
            _ => Value::I32(c.i32().unwrap_or(0)),
        };
        sink.put(row, i, value);
    }
}
