#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tierline_fuzz::spec_file::run(data));
