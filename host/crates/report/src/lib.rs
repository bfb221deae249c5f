//! Limits, progress, provenance, atomic output.
#![forbid(unsafe_code)]
