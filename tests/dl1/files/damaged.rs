//! Damaged files: cut short, or with bytes changed. Readers answer with events or an error.
//!
//! Files are read in a process of its own, this program run again for [`child`]: libhdf5 itself may crash on
//! damaged metadata, which is counted but can't be helped here.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tierline::dl1::reader::{ctaml, ctapipe};
use tierline_tests::data::shared;

const FILE: &str = "TIERLINE_DL1_DAMAGE_FILE";
const FROM: &str = "TIERLINE_DL1_DAMAGE_FROM";
const NOTES: &str = "TIERLINE_DL1_DAMAGE_NOTES";
/// Lengths to which a file is cut.
const LENGTHS: usize = 60;
/// Lengths and changes.
const VARIANTS: usize = 260;
/// A damaged file is read within this time.
const TIME: Duration = Duration::from_secs(10);

fn variant(whole: &[u8], n: usize) -> Vec<u8> {
    if n < LENGTHS {
        return whole[..whole.len() * n / LENGTHS].to_vec();
    }
    let mut bytes = whole.to_vec();
    let mut state = n as u64;
    for _ in 0..1 + n % 4 {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Most of what matters is near the beginning.
        let span = if n.is_multiple_of(2) { bytes.len() } else { bytes.len().min(1 << 16) };
        bytes[(state >> 33) as usize % span] = (state >> 25) as u8;
    }
    bytes
}

fn read(path: &Path) -> usize {
    if let Ok(mut reader) = ctapipe::Reader::open(path) {
        return std::iter::from_fn(|| reader.next_event().ok().flatten()).count();
    }
    let Ok(mut reader) = ctaml::Reader::open(path) else { return 0 };
    let events = std::iter::from_fn(|| reader.next_event().ok().flatten()).count();
    let mut simulated = 0;
    while let Ok(Some(_)) = reader.next_mc_event() {
        simulated += 1;
    }
    events + simulated
}

#[test]
fn child() {
    let Some(file) = std::env::var_os(FILE).map(PathBuf::from) else { return };
    let notes = PathBuf::from(std::env::var_os(NOTES).unwrap());
    let from = std::env::var(FROM).unwrap().parse().unwrap();
    let whole = std::fs::read(&file).unwrap();
    let damaged = notes.with_extension("h5");
    for n in from..VARIANTS {
        std::fs::write(&notes, n.to_string()).unwrap();
        std::fs::write(&damaged, variant(&whole, n)).unwrap();
        let start = Instant::now();
        let events = read(&damaged);
        assert!(start.elapsed() < TIME, "variant {n}: {events} in {:?}", start.elapsed());
        assert!(n >= LENGTHS || events < 100);
    }
}

#[test]
fn damaged_files_do_no_harm() {
    let names = [
        "dl1_files/aux_traces_2029.dl1.h5",
        "dl1_files/test_lasercal_v3.dl1.h5",
        "format_a/test_lasercal_v3.ctaml-0.8.3.save_mc_events.h5",
    ];
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let Some(file) = shared(&format!("golden/dl1/{name}")) else { return };
        assert!(read(&file) > 0);
        let notes = folder.path().join("notes");
        let (mut from, mut crashes) = (0, 0);
        loop {
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "dl1::files::damaged::child"])
                .env(FILE, &file)
                .env(FROM, from.to_string())
                .env(NOTES, &notes)
                .output()
                .unwrap();
            if output.status.success() {
                break;
            }
            let text = String::from_utf8_lossy(&output.stdout);
            let end = text.char_indices().nth(600).map_or(text.len(), |(at, _)| at);
            assert!(output.status.signal().is_some(), "{name}: {}", &text[..end]);
            crashes += 1;
            from = 1 + std::fs::read_to_string(&notes).unwrap().parse::<usize>().unwrap();
        }
        eprintln!("{name}: libhdf5 crashed on {crashes} of {VARIANTS}");
        assert!(crashes < VARIANTS / 4);
    }
}
