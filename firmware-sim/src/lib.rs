//! Deterministic emitters of DAQ streams.
#![forbid(unsafe_code)]
