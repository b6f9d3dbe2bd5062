#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| portent_tests::fuzz_targets::log(data));
