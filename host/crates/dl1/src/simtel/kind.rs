//! Types of objects, and the telescopes that types and numbers tell.

use crate::eventio::{histograms, iact};
use crate::instrument::TelId;

/// History of programs and settings: objects 71 and 72 inside.
pub const HISTORY: u16 = 70;
/// Command line.
pub const COMMAND_LINE: u16 = 71;
/// Line of the configuration.
pub const CONFIG_LINE: u16 = 72;
/// Metaparameters, of all (number -1) or of a telescope.
pub const META: u16 = 75;
/// Header of a run.
pub const RUN_HEADER: u16 = 2000;
/// Header of a simulated run.
pub const MC_RUN_HEADER: u16 = 2001;
/// Camera and mirrors.
pub const CAMERA_SETTINGS: u16 = 2002;
/// Modules of a camera.
pub const CAMERA_ORGANIZATION: u16 = 2003;
/// Settings of pixels.
pub const PIXEL_SETTINGS: u16 = 2004;
/// Disabled pixels.
pub const PIXEL_DISABLE: u16 = 2005;
/// Settings of a camera's software.
pub const CAMERA_SOFTWARE: u16 = 2006;
/// Correction of pointing.
pub const POINTING_CORRECTION: u16 = 2007;
/// Settings of the drive.
pub const TRACKING_SETUP: u16 = 2008;
/// The array's trigger.
pub const TRIGGER: u16 = 2009;
/// Event of the array: objects inside.
pub const ARRAY_EVENT: u16 = 2010;
/// Header of a telescope's event.
pub const TELESCOPE_HEADER: u16 = 2011;
/// Sums of waveforms.
pub const ADC_SUMS: u16 = 2012;
/// Waveforms.
pub const ADC_SAMPLES: u16 = 2013;
/// Parameters of an image, by sim_telarray.
pub const IMAGE_PARAMETERS: u16 = 2014;
/// Parameters of a shower, by sim_telarray.
pub const STEREO: u16 = 2015;
/// Times of pulses.
pub const PIXEL_TIMING: u16 = 2016;
/// Calibrated amplitudes.
pub const PIXEL_CALIBRATED: u16 = 2017;
/// Simulated shower.
pub const MC_SHOWER: u16 = 2020;
/// Use of a simulated shower.
pub const MC_EVENT: u16 = 2021;
/// Monitoring of a camera.
pub const CAMERA_MONITORING: u16 = 2022;
/// Calibration of a camera.
pub const LASER_CALIBRATION: u16 = 2023;
/// Statistics of a run.
pub const RUN_STATISTICS: u16 = 2024;
/// Statistics of a simulated run.
pub const MC_RUN_STATISTICS: u16 = 2025;
/// Photo-electrons of each telescope.
pub const PE_SUM: u16 = 2026;
/// List of pixels.
pub const PIXEL_LIST: u16 = 2027;
/// Calibration event: an event of the array inside.
pub const CALIBRATION_EVENT: u16 = 2028;
/// Auxiliary digital traces.
pub const AUX_DIGITAL: u16 = 2029;
/// Auxiliary analogue traces.
pub const AUX_ANALOG: u16 = 2030;
/// Times at which pixels triggered.
pub const PIXEL_TRIGGER_TIMES: u16 = 2032;
/// Monitoring of pixels.
pub const PIXEL_MONITORING: u16 = 2033;
/// Photo-electrons of a calibration event: telescope data inside.
pub const CALIBRATION_PE: u16 = 2034;
/// Base of the types of tracked positions.
const TRACKING: u16 = 2100;
/// Base of the types of telescopes' events.
const TELESCOPE: u16 = 2200;

/// What objects of a type are, in a word or two, for listings; `None` for unknown types.
pub fn name(kind: u16) -> Option<&'static str> {
    Some(match kind {
        histograms::KIND => "histograms",
        HISTORY => "history",
        COMMAND_LINE => "command line",
        CONFIG_LINE => "configuration line",
        META => "metaparameters",
        iact::RUN_HEADER => "CORSIKA run header",
        iact::TELESCOPE_DEFINITION => "telescope definition",
        iact::EVENT_HEADER => "CORSIKA event header",
        iact::ARRAY_OFFSETS => "array offsets",
        iact::TELESCOPE_DATA => "telescope data",
        iact::PHOTONS => "photon bunches",
        iact::CAMERA_LAYOUT => "camera layout",
        iact::TRIGGER_TIME => "trigger time",
        iact::PHOTO_ELECTRONS => "photo-electrons",
        iact::EVENT_END => "CORSIKA event end",
        iact::RUN_END => "CORSIKA run end",
        iact::LONGITUDINAL => "longitudinal profile",
        iact::INPUT_CARD => "CORSIKA input card",
        iact::MARKER_BEGIN => "begin of split data",
        iact::MARKER_END => "end of split data",
        iact::EXTRA_PARAMETERS => "extra parameters",
        iact::ATMOSPHERE => "atmospheric profile",
        RUN_HEADER => "run header",
        MC_RUN_HEADER => "MC run header",
        CAMERA_SETTINGS => "camera settings",
        CAMERA_ORGANIZATION => "camera organization",
        PIXEL_SETTINGS => "pixel settings",
        PIXEL_DISABLE => "disabled pixels",
        CAMERA_SOFTWARE => "camera software settings",
        POINTING_CORRECTION => "pointing correction",
        TRACKING_SETUP => "tracking setup",
        TRIGGER => "trigger",
        ARRAY_EVENT => "array event",
        TELESCOPE_HEADER => "telescope event header",
        ADC_SUMS => "ADC sums",
        ADC_SAMPLES => "ADC samples",
        IMAGE_PARAMETERS => "image parameters",
        STEREO => "stereo reconstruction",
        PIXEL_TIMING => "pixel timing",
        PIXEL_CALIBRATED => "calibrated pixels",
        MC_SHOWER => "MC shower",
        MC_EVENT => "MC event",
        CAMERA_MONITORING => "camera monitoring",
        LASER_CALIBRATION => "laser calibration",
        RUN_STATISTICS => "run statistics",
        MC_RUN_STATISTICS => "MC run statistics",
        PE_SUM => "photo-electron sums",
        PIXEL_LIST => "pixel list",
        CALIBRATION_EVENT => "calibration event",
        AUX_DIGITAL => "auxiliary digital traces",
        AUX_ANALOG => "auxiliary analogue traces",
        PIXEL_TRIGGER_TIMES => "pixel trigger times",
        PIXEL_MONITORING => "pixel monitoring",
        CALIBRATION_PE => "calibration photo-electrons",
        other if telescope_event_tel(other).is_some() => "telescope event",
        other if tracking_tel(other).is_some() => "tracking position",
        _ => return None,
    })
}

/// Telescope of which an object of this type is the tracked position.
pub fn tracking_tel(kind: u16) -> Option<TelId> {
    tel_of(kind, TRACKING)
}

/// Telescope of which an object of this type is the event.
pub fn telescope_event_tel(kind: u16) -> Option<TelId> {
    tel_of(kind, TELESCOPE)
}

/// Types are the base, and the telescope's number with its hundreds in the thousands.
fn tel_of(kind: u16, base: u16) -> Option<TelId> {
    let above = kind.checked_sub(base)?;
    (above % 1000 < 100).then_some(100 * (above / 1000) + above % 1000)
}

/// Type of a telescope's tracked position; telescopes above 6 thousand have none.
pub fn tracking_kind(tel_id: TelId) -> Option<u16> {
    (tel_id / 100).checked_mul(1000)?.checked_add(TRACKING + tel_id % 100)
}

/// Type of a telescope's event; telescopes above 6 thousand have none.
pub fn telescope_event_kind(tel_id: TelId) -> Option<u16> {
    (tel_id / 100).checked_mul(1000)?.checked_add(TELESCOPE + tel_id % 100)
}

/// Telescope in a number that has flags too (types 2014, 2022 and 2100…).
pub fn packed_tel(id: i32) -> TelId {
    let bits = id as u32;
    ((bits & 0xff) | ((bits & 0x3f00_0000) >> 16)) as TelId
}

/// Telescope that is the whole number; `None` if it is none.
pub fn plain_tel(id: i32) -> Option<TelId> {
    TelId::try_from(id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telescopes_come_back_from_types() {
        for tel_id in [1, 5, 99, 100, 105, 199, 200, 1000, 6299] {
            assert_eq!(tracking_kind(tel_id).and_then(tracking_tel), Some(tel_id));
            assert_eq!(telescope_event_kind(tel_id).and_then(telescope_event_tel), Some(tel_id));
        }
        assert_eq!(telescope_event_kind(105), Some(3205));
        assert_eq!(tracking_tel(2205), None);
        assert_eq!(telescope_event_tel(2034), None);
        assert_eq!(packed_tel(0x0100_0305), 0x105);
    }
}
