//! Pictures.
#![forbid(unsafe_code)]
