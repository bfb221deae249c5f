//! Auxiliary traces (types 2029, 2030): i4 telescope, f4 time between samples, numbers of traces and samples of
//! variable length, then the traces, digital ones as differences, analogue ones as f4.

use crate::eventio::{Cursor, Object, ObjectError};

/// Auxiliary traces of a telescope.
#[derive(Debug, Clone, PartialEq)]
pub struct AuxTraces<T> {
    /// Number of the object: which kind of traces.
    pub id: i32,
    /// Telescope.
    pub tel_id: i32,
    /// Time between samples.
    pub time_scale: f32,
    /// Traces.
    pub n_traces: usize,
    /// Samples of a trace.
    pub n_samples: usize,
    /// Samples, `[trace][sample]`.
    pub samples: Vec<T>,
}

fn head<T>(object: &Object<'_>, c: &mut Cursor<'_>) -> Result<AuxTraces<T>, ObjectError> {
    object.check_version("auxiliary traces", &[0])?;
    Ok(AuxTraces {
        id: object.header.id,
        tel_id: c.i32()?,
        time_scale: c.f32()?,
        n_traces: c.unsigned_varint_count("traces")?,
        n_samples: c.unsigned_varint_count("samples")?,
        samples: Vec::new(),
    })
}

impl<T> AuxTraces<T> {
    fn len(&self) -> usize {
        self.n_traces.saturating_mul(self.n_samples)
    }
}

impl AuxTraces<u16> {
    /// Reads digital traces (type 2029).
    pub fn parse_digital(object: &Object<'_>) -> Result<Self, ObjectError> {
        let mut c = object.cursor();
        let mut traces = head(object, &mut c)?;
        c.at_least(traces.len())?;
        traces.samples = vec![0; traces.len()];
        c.differential_u16_into(&mut traces.samples, traces.n_samples)?;
        Ok(traces)
    }
}

impl AuxTraces<f32> {
    /// Reads analogue traces (type 2030).
    pub fn parse_analog(object: &Object<'_>) -> Result<Self, ObjectError> {
        let mut c = object.cursor();
        let mut traces = head(object, &mut c)?;
        traces.samples = c.f32s(traces.len())?;
        Ok(traces)
    }
}
