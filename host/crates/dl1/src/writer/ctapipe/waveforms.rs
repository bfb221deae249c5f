//! The tables of waveforms, by telescope.

use tierline_h5::pytables::{FileWriter, TableId};

use super::fields::{
    PIXEL_STATUS, R1_EVENT_TIME, R1_EVENT_TYPE, RAW_WAVEFORM, SELECTED_GAIN, TEL_EVENT_INDEX,
    WAVEFORM,
};
use super::table::Table;
use super::{EventIndex, index};
use crate::Error;
use crate::event::{EventType, Time};
use crate::instrument::TelId;
use crate::time::high_resolution;
use crate::writer::Row;

/// Calibrated waveforms of a telescope.
#[derive(Debug, Clone, Copy)]
pub struct R1Waveform<'a> {
    /// What the telescope saw.
    pub event_type: EventType,
    /// When it triggered.
    pub time: Time,
    /// Gain channels, pixels and samples.
    pub extents: [usize; 3],
    /// Photo-electrons per sample, `[gain][pixel][sample]`.
    pub waveform: &'a [f32],
    /// What is stored of each pixel, by bits.
    pub pixel_status: &'a [u8],
    /// Gain channel of each pixel, if one was selected.
    pub selected_gain_channel: Option<&'a [i8]>,
}

/// Tables of a telescope with the extents of their waveforms.
#[derive(Default, Clone)]
struct Tables {
    r0: Option<(TableId, [usize; 3])>,
    r1: Option<(TableId, [usize; 3], bool)>,
}

/// All of them, by position in the layout.
pub(super) struct Waveforms {
    tables: Vec<Tables>,
    row: Row,
}

impl Waveforms {
    pub(super) fn new(telescopes: usize) -> Self {
        Waveforms { tables: vec![Tables::default(); telescopes], row: Row::default() }
    }

    #[allow(clippy::too_many_arguments, reason = "a row has as many parts")]
    pub(super) fn r0(
        &mut self,
        file: &mut FileWriter,
        version: &str,
        at: usize,
        event: EventIndex,
        tel_id: TelId,
        extents: [usize; 3],
        waveform: &[u16],
    ) -> Result<(), Error> {
        check(event, tel_id, extents, waveform.len())?;
        let (id, own) = match self.tables[at].r0 {
            Some(own) => own,
            None => {
                let mut table = Table::of_rows(version);
                table.container(&TEL_EVENT_INDEX).begin("R0CameraContainer");
                table.field("", &RAW_WAVEFORM, &extents);
                (table.create(file, &format!("r0/event/telescope/tel_{tel_id:03}"))?, extents)
            }
        };
        self.tables[at].r0 = Some((id, own));
        same(event, tel_id, own == extents)?;
        index(&mut self.row, event, tel_id);
        Ok(file.append(id, &self.row.u16s(waveform).0)?)
    }

    pub(super) fn r1(
        &mut self,
        file: &mut FileWriter,
        version: &str,
        at: usize,
        event: EventIndex,
        tel_id: TelId,
        r1: &R1Waveform<'_>,
    ) -> Result<(), Error> {
        let (extents, gain) = (r1.extents, r1.selected_gain_channel);
        check(event, tel_id, extents, r1.waveform.len())?;
        let pixels = [extents[1]];
        let (id, own, selected) = match self.tables[at].r1 {
            Some(own) => own,
            None => {
                let mut table = Table::of_rows(version);
                table.container(&TEL_EVENT_INDEX).begin("R1CameraContainer");
                table.field("", &R1_EVENT_TYPE, &[]).field("", &R1_EVENT_TIME, &[2]);
                table.field("", &WAVEFORM, &extents).field("", &PIXEL_STATUS, &pixels);
                if gain.is_some() {
                    table.field("", &SELECTED_GAIN, &pixels);
                }
                let path = format!("r1/event/telescope/tel_{tel_id:03}");
                (table.create(file, &path)?, extents, gain.is_some())
            }
        };
        self.tables[at].r1 = Some((id, own, selected));
        let fits = |length: usize| length == extents[1];
        let gain_fits = gain.map_or(!selected, |gain| selected && fits(gain.len()));
        same(event, tel_id, own == extents && fits(r1.pixel_status.len()) && gain_fits)?;
        index(&mut self.row, event, tel_id);
        let [seconds, quarters] = high_resolution(r1.time);
        let row = self.row.i64(r1.event_type.0).u32(seconds).u32(quarters);
        row.f32s(r1.waveform).bytes(r1.pixel_status);
        gain.unwrap_or_default().iter().for_each(|gain| _ = row.bytes(&gain.to_le_bytes()));
        Ok(file.append(id, &self.row.0)?)
    }
}

/// Whether there are as many samples as the extents say.
fn check(event: EventIndex, tel_id: TelId, extents: [usize; 3], have: usize) -> Result<(), Error> {
    let product = extents.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent));
    same(event, tel_id, product == Some(have) && have > 0)
}

fn same(event: EventIndex, tel_id: TelId, is: bool) -> Result<(), Error> {
    match is {
        true => Ok(()),
        false => Err(Error::parameter(
            format!("event {}, telescope {tel_id}", event.event_id),
            "the waveforms have other extents than those before, or than they say",
        )),
    }
}
