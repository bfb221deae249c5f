//! The same rows and the same accounting however the input arrives and however large the framer's pieces are.

use proptest::prelude::*;
use tierline_core::FrameLimits;
use tierline_tests::drive::{Feed, Outcome, drive};
use tierline_tests::streams::{self, Stream};
use tierline_tests::{big_stack, data};

fn same(what: &str, got: &Outcome, want: &Outcome) {
    assert_eq!(got.fatal, want.fatal, "{what}");
    assert_eq!(got.packets, want.packets, "{what}");
    assert_eq!(got.garbage, want.garbage, "{what}");
    assert_eq!(got.bytes, want.bytes, "{what}");
    assert_eq!(got.sink.headers, want.sink.headers, "{what}");
    assert_eq!(got.sink.rows.len(), want.sink.rows.len(), "{what}");
    for (row, other) in got.sink.rows.iter().zip(&want.sink.rows) {
        assert_eq!(row, other, "{what}");
    }
}

fn whole(stream: &Stream) -> Outcome {
    let outcome = drive(stream.format, &stream.bytes, &Feed::WHOLE);
    assert_eq!(outcome.fatal, None, "{}", stream.name);
    assert_eq!(outcome.garbage, [], "{}: {:?}", stream.name, outcome.errors);
    outcome
}

#[test]
fn intact_streams_are_read_to_the_end() {
    big_stack(|| {
        for stream in streams::all().iter().chain(&streams::examples(3)) {
            let outcome = whole(stream);
            let only_header = stream.name.contains("header only");
            assert!(only_header || !outcome.sink.rows.is_empty(), "{}", stream.name);
        }
    });
}

#[test]
fn one_byte_at_a_time() {
    big_stack(|| {
        for stream in streams::all().iter().chain(&streams::examples(3)) {
            let feed = Feed { pieces: &[1], ..Feed::WHOLE };
            let outcome = drive(stream.format, &stream.bytes, &feed);
            same(&stream.name, &outcome, &whole(stream));
        }
    });
}

#[test]
fn any_size_of_the_framers_pieces() {
    big_stack(|| {
        for stream in streams::all().iter().chain(&streams::examples(3)) {
            let want = whole(stream);
            for piece in [64, 100, 1024, 256 * 1024] {
                let limits = FrameLimits { piece, ..FrameLimits::HOST };
                let outcome = drive(stream.format, &stream.bytes, &Feed { pieces: &[777], limits });
                same(&format!("{}, pieces of {piece}", stream.name), &outcome, &want);
            }
        }
    });
}

#[test]
fn a_window_of_a_front_end() {
    big_stack(|| {
        for stream in streams::all().iter().chain(&streams::examples(3)) {
            let limits = FrameLimits { piece: 1024, window: 8192 };
            let outcome = drive(stream.format, &stream.bytes, &Feed { pieces: &[512], limits });
            same(&stream.name, &outcome, &whole(stream));
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split(pieces in prop::collection::vec(1usize..4096, 1..12), which in any::<prop::sample::Index>()) {
        big_stack(|| {
            let mut streams = streams::all();
            streams.extend(streams::examples(3));
            for i in 0..4 {
                let stream = &streams[(which.index(streams.len()) + 7 * i) % streams.len()];
                let feed = Feed { pieces: &pieces, ..Feed::WHOLE };
                same(&stream.name, &drive(stream.format, &stream.bytes, &feed), &whole(stream));
            }
        });
    }
}

#[test]
fn recordings_in_pieces() {
    let files = [
        ("FCIO", "daq/L200-comm-20211130-phy-spms.fcio"),
        ("FCIO", "daq/synth_mixed12.fcio"),
        ("FCIO", "daq/synth_percard12.fcio"),
        ("FCIO", "daq/synth_camera12.fcio"),
        ("ORCA", "daq/L200-comm-20220519-phy-geds.orca"),
        ("ORCA", "daq/l200-p13-r007-aph-20250101T003931Z.orca"),
        ("ORCA", "daq/synth_sis3302.orca"),
        ("LLAMA", "daq/20241218-150158-pulser.bin"),
        ("CoMPASS", "daq/compass_test_data.BIN"),
    ];
    big_stack(|| {
        for (format, name) in files {
            let Some(bytes) = data::recording(name) else { continue };
            let want = whole(&Stream { name: name.into(), format, bytes: bytes.clone() });
            for piece in [64, 1000] {
                let limits = FrameLimits { piece, ..FrameLimits::HOST };
                same(name, &drive(format, &bytes, &Feed { pieces: &[4099], limits }), &want);
            }
        }
    });
}

#[test]
fn three_surplus_bytes_at_the_end_of_a_recording_are_garbage() {
    let name = "daq/l200-p06-r007-cal-20230725T202227Z.fcio";
    let Some(bytes) = data::recording(name) else { return };
    let outcome = big_stack(|| drive("FCIO", &bytes, &Feed::WHOLE));
    assert_eq!(outcome.garbage, [(bytes.len() as u64 - 3, 3)]);
    assert_eq!(outcome.sink.rows.len(), 2 * 123);
}
