//! The command: exit codes, cut inputs, threads, refusals, what is left behind.

use std::path::Path;

use serde_json::Value;
use tierline::dl1::eventio::{ObjectReader, list_objects};
use tierline::dl1::reader::ctapipe::Reader;
use tierline_tests::data::shared;
use tierline_tests::simtel;

use super::files::compare::{Free, differences};
use super::{SIMTEL, content};
use crate::host::program::{Ran, files, tierline};

/// What differs between two runs that do the same.
const FREE: Free<'_> = Free {
    attributes: &["CTA PRODUCT CREATION", "CTA PRODUCT ID", "CTA ACTIVITY"],
    columns: &[],
    objects: &[],
};

/// A small file of our own.
fn own(folder: &Path) -> String {
    let path = folder.join("own.simtel");
    std::fs::write(&path, simtel::run(simtel::Order::Little)).unwrap();
    path.display().to_string()
}

fn dl1(folder: &Path, input: &str, output: &str, more: &[&str]) -> Ran {
    let fixed = ["dl1", "-i", input, "-o", output, "--focal-length-choice", "equivalent"];
    tierline(folder, &[&fixed[..], more].concat())
}

#[test]
fn our_own_file_is_processed_and_reported() {
    let folder = tempfile::tempdir().unwrap();
    let input = own(folder.path());
    let ran = dl1(folder.path(), &input, "a.h5", &["--write-images", "-v", "--report", "r.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.contains("2 events, 4 telescope events -> a.h5"), "{}", ran.err);
    let events: Vec<_> =
        Reader::open(&folder.path().join("a.h5")).unwrap().map(Result::unwrap).collect();
    assert_eq!(events.iter().map(|event| event.event_id).collect::<Vec<_>>(), [100, 300]);
    let text = std::fs::read(folder.path().join("r.json")).unwrap();
    let report: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!((&report["status"], &report["command"]), (&"clean".into(), &"dl1".into()));
    assert_eq!(dl1(folder.path(), &input, "a.h5", &[]).code, 1);
    assert_eq!(dl1(folder.path(), &input, "a.h5", &["-w", "--max-events", "1"]).code, 0);
    assert_eq!(Reader::open(&folder.path().join("a.h5")).unwrap().len(), 1);
    assert_eq!(files(folder.path()), ["a.h5", "own.simtel", "r.json"]);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let input = own(folder.path());
    for (more, code, reason) in [
        (
            &["--image-extractor-type", "Peak"][..],
            1,
            "there is no extractor Peak, but FullWaveformSum",
        ),
        (
            &["--image-cleaner-type", "Tail"],
            1,
            "there is no cleaner Tail, but TailcutsImageCleaner",
        ),
        (
            &["--CameraCalibrator.image_extractor_typ=X"],
            1,
            "did you mean CameraCalibrator.image_extractor_type?",
        ),
        (
            &["--TailcutsImageCleaner.picture_threshold_pe=high"],
            1,
            "expected a number, found Text(\"high\")",
        ),
        (&["--allowed-tels", "77"], 1, "77"),
        (&["--set", "nonsense"], 2, "'Class.name=value' is expected"),
        (&["--max-events", "x"], 2, "invalid value 'x'"),
        (&["--image-cut", "hillas_intensty > 1"], 2, "hillas_intensity"),
        (&["--event-cut", "n_images >"], 2, "--event-cut: "),
    ] {
        let ran = dl1(folder.path(), &input, "a.h5", more);
        assert_eq!(ran.code, code, "{more:?}: {}", ran.err);
        assert!(ran.err.contains(reason), "{more:?}: {}", ran.err);
    }
    if let Some(old) = shared("data/dl1/lst_muons.simtel.zst") {
        let old = old.display().to_string();
        let effective = tierline(folder.path(), &["dl1", "-i", &old, "-o", "a.h5"]);
        assert_eq!(effective.code, 1, "{}", effective.err);
        assert!(effective.err.contains("EQUIVALENT"), "{}", effective.err);
    }
    let missing = dl1(folder.path(), "none.simtel", "a.h5", &[]);
    assert!(missing.code == 1 && missing.err.contains("none.simtel"), "{}", missing.err);
    assert_eq!(tierline(folder.path(), &["dl1", "-i", &input, "-o", &input]).code, 2);
    assert_eq!(files(folder.path()), ["own.simtel"]);
}

#[test]
fn run_lists_make_all_that_can_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let input = own(folder.path());
    std::fs::write(folder.path().join("broken"), "no object of eventio").unwrap();
    let list = format!(
        "- inputs: [{input}]\n  target: one.h5\n- inputs: [broken]\n  target: two.h5\n\
         - inputs: [{input}, {input}]\n  target: three.h5\n"
    );
    std::fs::write(folder.path().join("list.yml"), list).unwrap();
    let args = ["dl1", "--runlist", "list.yml", "--output-dir", "out", "--format", "ctaml-0.8"];
    std::fs::create_dir(folder.path().join("out")).unwrap();
    let ran =
        tierline(folder.path(), &[&args[..], &["--focal-length-choice", "equivalent"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("two.h5: not made: broken"), "{}", ran.err);
    assert!(ran.err.contains("2 events had occurred before, first event 100"), "{}", ran.err);
    assert_eq!(files(&folder.path().join("out")), ["one.h5", "three.h5"]);
}

#[test]
fn content_does_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["history_meta_75.simtel.zst", "lst_muons.simtel.zst", "gct_checs_muons.simtel.zst"]
    {
        let Some(input) = shared(&format!("data/dl1/{name}")) else { return };
        let input = input.display().to_string();
        for extractor in ["NeighborPeakWindowSum", "TwoPassWindowSum"] {
            for threads in ["1", "2", "4"] {
                let output = format!("{threads}.h5");
                let more = [
                    "--write-images",
                    "--threads",
                    threads,
                    "--image-extractor-type",
                    extractor,
                    "-w",
                ];
                assert_eq!(dl1(folder.path(), &input, &output, &more).code, 0);
            }
            for threads in ["2", "4"] {
                let (own, one) =
                    (folder.path().join(format!("{threads}.h5")), folder.path().join("1.h5"));
                let found = differences(&own, &one, &FREE);
                assert!(found.is_empty(), "{name}, {extractor}, {threads} threads: {found:#?}");
            }
        }
    }
}

#[test]
fn compression_changes_sizes_and_nothing_else() {
    let Some(input) = shared("data/dl1/lst_muons.simtel.zst") else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut sizes = Vec::new();
    for how in ["none", "gzip:1", "gzip", "gzip:9"] {
        let (input, output) = (input.display().to_string(), format!("{how}.h5").replace(':', "-"));
        let ran = dl1(
            folder.path(),
            &input,
            &output,
            &["--write-images", "--max-events", "8", "--compression", how],
        );
        assert_eq!(ran.code, 0, "{}", ran.err);
        let path = folder.path().join(&output);
        let found = differences(&folder.path().join("none.h5"), &path, &FREE);
        let other: Vec<_> = found.iter().filter(|found| !found.contains("@FILTERS: ")).collect();
        assert!(other.is_empty(), "{other:#?}");
        assert_eq!(found.is_empty(), how == "none");
        sizes.push(std::fs::metadata(path).unwrap().len());
    }
    assert!(sizes[1] < sizes[0] * 9 / 10 && sizes[3] < sizes[1] * 95 / 100, "{sizes:?}");
    assert_eq!(sizes[1], sizes[2]);
    let ran = dl1(folder.path(), "x.simtel", "x.h5", &["--compression", "blosc"]);
    assert!(ran.code == 2 && ran.err.contains("gzip:LEVEL"), "{}", ran.err);
}

#[test]
fn cuts_leave_images_and_events_out() {
    let folder = tempfile::tempdir().unwrap();
    let Some(input) = shared("data/dl1/gct_checs_muons.simtel.zst") else { return };
    let input = input.display().to_string();
    let all = dl1(folder.path(), &input, "all.h5", &["--write-images"]);
    assert_eq!(all.code, 0, "{}", all.err);
    let more = [
        "--write-images",
        "-v",
        "--image-cut",
        "hillas_intensity > 100",
        "--event-cut",
        "n_images > 0",
    ];
    let cut = dl1(folder.path(), &input, "cut.h5", &more);
    assert_eq!(cut.code, 0, "{}", cut.err);
    let read = |name: &str| -> Vec<_> {
        Reader::open(&folder.path().join(name)).unwrap().map(Result::unwrap).collect()
    };
    let bright = |event: &tierline::dl1::event::Dl1Event| {
        event.telescopes.iter().all(|tel| tel.parameters.unwrap().hillas.intensity > 100.0)
    };
    let (all, left) = (read("all.h5"), read("cut.h5"));
    let expected: Vec<i64> = all.iter().filter(|e| bright(e)).map(|e| e.event_id).collect();
    assert!(!expected.is_empty() && expected.len() < all.len(), "{}", expected.len());
    assert_eq!(left.iter().map(|event| event.event_id).collect::<Vec<_>>(), expected);
    let gone = all.len() - expected.len();
    assert!(cut.err.contains(&format!("({gone} events and {gone} images cut)")), "{}", cut.err);
}

/// Where events that must be kept end, and where the header does, in bytes of the content.
fn ends(input: &Path) -> (Vec<u64>, u64) {
    let listing = list_objects(input, Default::default()).unwrap();
    let top = listing.objects.iter().filter(|one| one.depth == 0);
    let events = top.filter(|one| one.header.kind == 2010).map(|one| one.header.end()).collect();
    let mut reader = ObjectReader::open(input, Default::default()).unwrap();
    let (mut last, mut end) = (0, 0);
    while let Ok(Some(header)) = reader.next_header() {
        if (2002..=2008).contains(&header.kind) {
            last = header.end();
        }
        end = end.max(last);
    }
    (events, end)
}

/// Cuts files anywhere: complete events are kept, and the exit code tells how the file ends. With
/// `TIERLINE_DAMAGE=all` a hundred times per file.
#[test]
fn cut_files_keep_their_events() {
    let cuts = if std::env::var("TIERLINE_DAMAGE").is_ok_and(|all| all == "all") { 100 } else { 4 };
    let folder = tempfile::tempdir().unwrap();
    let mut state = 7_u64;
    for name in SIMTEL {
        let Some(input) = shared(&format!("data/dl1/{name}")) else { return };
        // This one is cut already.
        if name == "test_lasercal_v3.simtel.gz" {
            continue;
        }
        let bytes = content(&input);
        let (events, header) = ends(&input);
        let boundaries: Vec<u64> = list_objects(&input, Default::default())
            .unwrap()
            .objects
            .iter()
            .filter(|one| one.depth == 0)
            .map(|one| one.header.end())
            .collect();
        for round in 0..cuts {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let mut cut = ((u128::from(state) * bytes.len() as u128) >> 64) as u64;
            // Now and then between two objects.
            if round % 4 == 3 {
                cut = boundaries[cut as usize % boundaries.len()];
            }
            let path = folder.path().join("cut.simtel");
            std::fs::write(&path, &bytes[..cut as usize]).unwrap();
            let ran = dl1(folder.path(), "cut.simtel", "cut.h5", &["-w", "-q"]);
            let whole = cut == 0 || boundaries.contains(&cut);
            let expected = match (cut >= header, whole) {
                (false, _) => 1,
                (true, true) => 0,
                (true, false) => 3,
            };
            assert_eq!(ran.code, expected, "{name} cut at {cut}: {}", ran.err);
            if expected != 1 {
                let found = Reader::open(&folder.path().join("cut.h5")).unwrap().len();
                let complete = events.iter().filter(|end| **end <= cut).count();
                assert_eq!(found, complete, "{name} cut at {cut}");
            }
        }
    }
}
