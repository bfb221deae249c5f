//! no_std decoders of DAQ packet formats.
#![no_std]
#![forbid(unsafe_code)]
