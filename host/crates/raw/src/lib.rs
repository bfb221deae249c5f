//! DAQ streams to LH5.
#![forbid(unsafe_code)]
