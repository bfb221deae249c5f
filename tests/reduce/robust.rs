//! Commands under bad conditions: cut inputs, full disks, signals, folders that can't be written, outputs that are inputs.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tierline::fits::FitsFile;
use tierline::reduce::data::{DataStore, Environment, RequiredIrf};
use tierline::report::Limits;

use super::small;
use crate::host::program::{Ran, exit, files, program, signal, spawn, tierline};

const MAP: [&str; 9] = [
    "reduce",
    "map",
    "store",
    "--position",
    "83.6,22.0",
    "--width=4",
    "--binsz=0.1",
    "--threads=1",
    "-o",
];

/// A folder with a store of observations.
fn folder(ids: &[i64]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    std::fs::create_dir(&store).unwrap();
    small::store(&store, ids, ids);
    folder
}

fn map(folder: &Path, output: &str, more: &[&str]) -> Ran {
    tierline(folder, &[&MAP[..], &[output], more].concat())
}

/// Every command that writes, with a dataset `a.fits`.
fn writing() -> Vec<(Vec<&'static str>, &'static str)> {
    let on = ["--position", "83.6,22.0", "--radius=0.1", "--stack"];
    let mut spectrum = vec!["reduce", "spectrum", "store", "-o", "pha.fits"];
    spectrum.extend(on);
    vec![
        ([&MAP[..], &["x.fits"]].concat(), "x.fits"),
        (spectrum, "pha"),
        (vec!["reduce", "stack", "a.fits", "a.fits", "-o", "x.fits"], "x.fits"),
        (vec!["merge", "a.fits", "a.fits", "-o", "x.fits"], "x.fits"),
        (vec!["reduce", "significance", "a.fits", "-o", "x.fits"], "x.fits"),
        (vec!["reduce", "run", "c.yaml", "--out", "x.yaml"], "obs_7.fits"),
    ]
}

const CONFIGURATION: &str = "observations: {datastore: store}
datasets:
    type: 3d
    stack: false
    geom:
        wcs:
            skydir: {frame: icrs, lon: 83.6 deg, lat: 22.0 deg}
            binsize: 0.1 deg
            width: {width: 4 deg, height: 4 deg}
        axes:
            energy: {min: 1 TeV, max: 10 TeV, nbins: 2}
            energy_true: {min: 0.5 TeV, max: 20 TeV, nbins: 4}
    safe_mask: {methods: [offset-max], parameters: {offset_max: 2 deg}}
";

#[test]
fn every_cut_of_an_observation_is_an_error_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.fits");
    small::write(&path, &small::observation());
    let whole = std::fs::read(&path).unwrap();
    let limits = Limits::default();
    let read = || {
        let files = [path.clone()];
        let store = DataStore::from_files(&files, None, Environment::default(), &limits)?;
        let mut warnings = store.warnings.clone();
        let all = RequiredIrf::full_enclosure();
        store.observation(small::OBS_ID, &all, &mut warnings)?;
        Ok::<_, tierline::reduce::Error>(warnings)
    };
    assert_eq!(read().unwrap(), [""; 0]);
    let (mut warned, mut refused) = (0, 0);
    let near = (0..=whole.len() / 2880).flat_map(|block| [block * 2880, block * 2880 + 1]);
    let mut lengths: Vec<usize> = (0..whole.len()).step_by(211).chain(near).collect();
    lengths.retain(|length| *length < whole.len());
    for length in lengths {
        std::fs::write(&path, &whole[..length]).unwrap();
        match read() {
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
            Ok(warnings) => {
                warned += 1;
                let told = warnings
                    .iter()
                    .any(|one| one.contains("run.fits") && one.contains("ends early"));
                assert!(told, "{length} of {}: {warnings:?}", whole.len());
            }
        }
    }
    assert!(warned > 3 && refused > 50, "{warned} {refused}");
}

#[test]
fn lost_padding_is_told_by_the_commands() {
    let folder = folder(&[7]);
    let dir = folder.path();
    let path = dir.join("store/data/run_7.fits");
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 100]).unwrap();
    let ran = map(dir, "a.fits", &["--report", "r.json"]);
    assert!(ran.code == 0 && ran.err.contains("100 bytes of padding"), "{} {}", ran.code, ran.err);
    let report = std::fs::read_to_string(dir.join("r.json")).unwrap();
    assert!(report.contains("100 bytes of padding"), "{report}");
    let mut dataset = std::fs::read(dir.join("a.fits")).unwrap();
    dataset.truncate(dataset.len() - 7);
    std::fs::write(dir.join("cut.fits"), dataset).unwrap();
    for args in [
        &["reduce", "stack", "cut.fits", "-o", "s.fits"][..],
        &["merge", "a.fits", "cut.fits", "-o", "m.fits"],
        &["info", "cut.fits"],
        &["reduce", "significance", "cut.fits", "-o", "e.fits"],
    ] {
        let ran = tierline(dir, args);
        assert_eq!(ran.code, 0, "{args:?} {}", ran.err);
        assert_eq!(ran.err.matches("7 bytes of padding").count(), 1, "{args:?} {}", ran.err);
    }
}

#[test]
fn what_can_not_be_written_is_an_error_that_names_it() {
    let folder = folder(&[7, 8]);
    let dir = folder.path();
    std::fs::write(dir.join("c.yaml"), CONFIGURATION).unwrap();
    assert_eq!(map(dir, "a.fits", &[]).code, 0);
    let before = files(dir);
    for (args, name) in writing() {
        // A limit on the size of files stands for a full disk.
        let line = format!("trap '' XFSZ; ulimit -f 4; exec {} \"$@\"", program().display());
        let output = Command::new("bash")
            .args(["-c", &line, "bash"])
            .args(&args)
            .current_dir(dir)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{args:?} {text}");
        assert!(text.contains(name) && text.contains("cannot write"), "{args:?} {text}");
        assert_eq!(files(dir), before, "{args:?}");
    }
    // Folders that are not there or can't be written.
    let locked = dir.join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    let all_may = std::fs::write(locked.join("probe"), "").is_ok();
    let _ = std::fs::remove_file(locked.join("probe"));
    for place in ["locked", "nowhere", "c.yaml", "/proc"] {
        if place == "locked" && all_may {
            eprintln!("SKIPPED: this user may write everywhere");
            continue;
        }
        let output = format!("{place}/x.fits");
        for command in [&["reduce", "stack"][..], &["merge"]] {
            let args = [command, &["a.fits", "-o", &output]].concat();
            let ran = tierline(dir, &args);
            assert!(
                ran.code == 1 && ran.err.contains(&output),
                "{args:?} {} {}",
                ran.code,
                ran.err
            );
        }
        let ran = map(dir, &output, &[]);
        assert!(ran.code == 1 && ran.err.contains(&output), "{} {}", ran.code, ran.err);
    }
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn inputs_that_are_not_there_or_the_output() {
    let folder = folder(&[7]);
    let dir = folder.path();
    assert_eq!(map(dir, "a.fits", &[]).code, 0);
    let whole = std::fs::read(dir.join("a.fits")).unwrap();
    for command in [&["reduce", "stack"][..], &["merge"]] {
        let args = [command, &["a.fits", "./a.fits", "-w", "-o", "a.fits"]].concat();
        let ran = tierline(dir, &args);
        assert!(ran.code == 2 && ran.err.contains("an input and the output"), "{}", ran.err);
        assert!(std::fs::read(dir.join("a.fits")).unwrap() == whole);
        let args = [command, &["a.fits", "b.fits", "-o", "x.fits"]].concat();
        let ran = tierline(dir, &args);
        assert!(ran.code == 1 && ran.err.contains("b.fits"), "{}", ran.err);
    }
    let args = ["reduce", "significance", "a.fits", "-w", "-o", "./a.fits"];
    let ran = tierline(dir, &args);
    assert!(ran.code == 2 && ran.err.contains("the input and the output"), "{}", ran.err);
    assert!(std::fs::read(dir.join("a.fits")).unwrap() == whole);
    let mut lost = MAP;
    lost[2] = "elsewhere";
    let ran = tierline(dir, &[&lost[..], &["x.fits", "--report", "r.json"]].concat());
    assert!(ran.code == 1 && ran.err.contains("elsewhere"), "{}", ran.err);
    let report = std::fs::read_to_string(dir.join("r.json")).unwrap();
    assert!(report.contains("\"failed\"") && report.contains("elsewhere"), "{report}");
    assert!(!dir.join("x.fits").exists());
}

#[test]
fn datasets_are_merged_and_nothing_else_with_them() {
    let folder = folder(&[7, 8]);
    let dir = folder.path();
    assert_eq!(map(dir, "a.fits", &["--obs-id", "7"]).code, 0);
    assert_eq!(map(dir, "b.fits", &["--obs-id", "8"]).code, 0);
    for (command, output) in [(&["reduce", "stack"][..], "s.fits"), (&["merge"], "m.fits")] {
        let args = [command, &["a.fits", "b.fits", "-o", output]].concat();
        let ran = tierline(dir, &args);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    }
    let read = |name: &str| std::fs::read(dir.join(name)).unwrap();
    assert!(read("s.fits") == read("m.fits"));
    std::fs::write(dir.join("x.h5"), b"\x89HDF\r\n\x1a\n").unwrap();
    for (args, reason) in [
        (&["a.fits", "x.h5", "-o", "y.fits"][..], "a.fits is a FITS file, x.h5 is none"),
        (&["x.h5", "a.fits", "-o", "y.fits"], "a.fits is a FITS file, x.h5 is none"),
        (&["a.fits", "b.fits", "--single-ob", "-o", "y.fits"], "--single-ob is for DL1 files"),
        (&["a.fits", "b.fits", "-o", "y.h5"], "y.h5: datasets are merged into a FITS file"),
    ] {
        let ran = tierline(dir, &[&["merge"], args].concat());
        assert!(ran.code == 2 && ran.err.contains(reason), "{args:?} {} {}", ran.code, ran.err);
        assert!(!dir.join("y.fits").exists() && !dir.join("y.h5").exists());
    }
    // Maps on other pixels.
    assert_eq!(map(dir, "c.fits", &["--obs-id", "8", "--energy", "1,5,3"]).code, 0);
    let ran = tierline(dir, &["merge", "a.fits", "c.fits", "-o", "y.fits"]);
    assert!(ran.code == 1 && ran.err.contains("c.fits"), "{}", ran.err);
}

#[test]
fn a_signal_ends_a_run_and_leaves_nothing() {
    let ids: Vec<i64> = (1..=60).collect();
    let folder = folder(&ids);
    let dir = folder.path();
    let begin = Instant::now();
    assert_eq!(map(dir, "whole.fits", &[]).code, 0);
    let whole = begin.elapsed();
    let stack: Vec<&str> = vec!["whole.fits"; 200];
    let begin = Instant::now();
    let args = [&["reduce", "stack"], &stack[..], &["-o", "stack.fits"]].concat();
    assert_eq!(tierline(dir, &args).code, 0);
    let stacked = begin.elapsed();
    let before = files(dir);
    for (args, time) in [
        ([&MAP[..], &["x.fits"]].concat(), whole),
        ([&["reduce", "stack"], &stack[..], &["-o", "x.fits"]].concat(), stacked),
    ] {
        for name in ["-TERM", "-INT"] {
            // On a busy machine it may come too late, or before anyone listens.
            let stopped = [0.4, 0.3, 0.5, 0.2, 0.6].into_iter().any(|part| {
                let mut child = spawn(dir, &args);
                std::thread::sleep(time.mul_f64(part).max(Duration::from_millis(20)));
                signal(&child, name);
                let code = exit(&mut child);
                let mut text = String::new();
                let _ = std::io::Read::read_to_string(child.stderr.as_mut().unwrap(), &mut text);
                if code != Some(1) {
                    let _ = std::fs::remove_file(dir.join("x.fits"));
                    return false;
                }
                assert!(text.contains("stopped by a signal"), "{name} {text}");
                assert_eq!(files(dir), before, "{name}");
                true
            });
            assert!(stopped, "{name}");
        }
    }
}

#[test]
fn a_pipe_hears_nothing_of_the_progress() {
    let folder = folder(&[7, 8]);
    let dir = folder.path();
    let ran = map(dir, "a.fits", &[]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    // On a terminal the line is drawn, and wiped in the end.
    let command = format!("{} {} b.fits", program().display(), MAP.join(" "));
    let script = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .env("TERM", "xterm")
        .output();
    let Ok(output) = script else {
        eprintln!("SKIPPED: no program script");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("reduce map") && text.contains("/2"), "{text:?}");
    let made = FitsFile::open(&dir.join("b.fits"), &Limits::default()).unwrap();
    assert!(made.find("COUNTS").is_some());
}
