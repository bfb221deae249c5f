//! The records that configure a stream: Config and FSPConfig.

use super::config::{self, read_tracemap};
use super::fsp::Place;
use super::{Outlet, Stream, named_key, space};
use crate::decoder::{RowSink, TableId};
use crate::error::{Error, Kind, Result};
use crate::field::{DType, Value};
use crate::part::{Part, Stage};

impl<const N: usize> Stream<N> {
    pub(super) fn config_part<S: RowSink>(
        &mut self,
        part: &Part<'_>,
        outlet: &Outlet,
        sink: &mut S,
    ) -> Result<()> {
        match (part.stage, part.frame) {
            (Stage::Head, 10) if !self.configured => return self.read_map(part),
            (Stage::Head, _) if part.first > 0 => {}
            (Stage::Head, frame) => self.again.read(frame, part.bytes),
            (Stage::End, frames) if self.configured => {
                if frames < 12 {
                    self.again.streamid = self.config.streamid;
                }
                return self.reconfigure(sink);
            }
            (Stage::End, _) => {
                if self.again.traces() > N {
                    let found = self.again.traces() as i64;
                    return Err(Error::new(Kind::Limit, "traces", found, N as i64).fatal());
                }
                self.config = self.again;
                self.configured = true;
                if part.frame > 10 && self.mapped != self.config.traces() {
                    let what = "trace map has another length than adcs + triggers";
                    sink.notice(what, self.mapped as i64);
                }
                self.put_config(outlet, sink);
            }
            _ => {}
        }
        Ok(())
    }

    /// A slice of the trace map.
    fn read_map(&mut self, part: &Part<'_>) -> Result<()> {
        let first = part.first as usize / 4;
        let found = first.wrapping_add(part.bytes.len() / 4);
        if found > N {
            return Err(Error::new(Kind::Limit, "tracemap", found as i64, N as i64).fatal());
        }
        let slots = self.tracemap.get_mut(first..).unwrap_or(&mut []);
        self.mapped = first.wrapping_add(read_tracemap(part.bytes, slots));
        Ok(())
    }

    /// A further configuration: the same geometry starts the times afresh, another one can't go into the same tables.
    fn reconfigure<S: RowSink>(&mut self, sink: &mut S) -> Result<()> {
        let (old, new) = (&self.config, &self.again);
        let geometry = [
            ("adcs", old.adcs as i64, new.adcs as i64),
            ("triggers", old.triggers.into(), new.triggers.into()),
            ("eventsamples", old.samples.into(), new.samples.into()),
            ("adcbits", old.adcbits.into(), new.adcbits.into()),
            ("streamid", old.streamid.into(), new.streamid.into()),
        ];
        for (field, old, new) in geometry {
            if old != new {
                return Err(Error::new(Kind::Unsupported, field, new, old).fatal());
            }
        }
        sink.notice("further configuration of the same geometry: times start afresh", 0);
        self.config = self.again;
        self.clock.restart();
        Ok(())
    }

    fn put_config<S: RowSink>(&mut self, outlet: &Outlet, sink: &mut S) {
        let place = match outlet.config {
            Some(table) => {
                Place::Row(sink.begin(table, named_key(space::CONFIG, self.config.fcid(), 0)))
            }
            None => Place::Header("FCConfig"),
        };
        if let Place::Row(row) = place {
            sink.put(row, 0, Value::U32(outlet.packet_id));
        }
        for (i, value) in self.config.columns().into_iter().enumerate() {
            place.put(config::FIELDS, i + 1, Value::I32(value), sink);
        }
        let traces = self.config.traces();
        let mut bytes = [0u8; 4];
        let map = self.tracemap.get(..traces).unwrap_or(&[]);
        if map.is_empty() {
            place.put(config::FIELDS, config::TRACEMAP, Value::Array(DType::U32, &[]), sink);
        }
        for word in map {
            bytes.copy_from_slice(&word.to_le_bytes());
            place.put(config::FIELDS, config::TRACEMAP, Value::Array(DType::U32, &bytes), sink);
        }
    }

    pub(super) fn fsp_config<S: RowSink>(
        &mut self,
        part: &Part<'_>,
        outlet: &Outlet,
        sink: &mut S,
    ) -> Result<()> {
        if self.configured && outlet.fsp_config.is_none() {
            return Ok(());
        }
        if outlet.fsp_config == Some(TableId::OFF) {
            return Ok(());
        }
        let key = named_key(space::FSP_CONFIG, self.config.fcid(), 0);
        if part.stage == Stage::Begin
            && let Some(table) = outlet.fsp_config
        {
            self.row = sink.begin(table, key);
            sink.put(self.row, 0, Value::U32(outlet.packet_id));
        }
        if part.stage != Stage::Head {
            return Ok(());
        }
        let place = match outlet.fsp_config {
            Some(_) => Place::Row(self.row),
            None => Place::Header("FSPConfig"),
        };
        self.fsp.frame(part, place, sink);
        Ok(())
    }
}
