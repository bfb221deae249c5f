//! Detector images against what fabio makes of the same files.

mod compare;
mod golden;
mod rewritten;
mod series;
mod truth;
