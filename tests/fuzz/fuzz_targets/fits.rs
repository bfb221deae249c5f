#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tierline_fuzz::fits::run(data));
