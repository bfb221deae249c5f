//! Tables and arrays.
#![forbid(unsafe_code)]
