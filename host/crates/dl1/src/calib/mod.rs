//! From digitized samples to photo-electrons: gain selection, calibration, time shifts, invalid pixels.

mod calibrator;
mod gain;
mod invalid;
mod r1;
mod shift;
mod waveforms;

pub use calibrator::{CameraCalibrator, Pending};
pub use gain::{GainChannel, GainSelector, rows_above};
pub use invalid::{average_invalid, average_invalid_pixels};
pub use r1::{R1Calibration, pixel_status};
pub use shift::{shift_peak_times, shift_waveforms};
pub use waveforms::Waveforms;
