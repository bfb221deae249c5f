//! Killed runs and full disks: nothing incomplete under the final name.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::host::digest::digest;
use crate::host::program::{files, program, tierline};
use tierline_firmware_sim::emit::fcio::Emitter;

/// A recording of some ten megabytes.
fn large(dir: &std::path::Path) {
    let emitter = Emitter { samples: 4000, ..Emitter::default() };
    std::fs::write(dir.join("large.fcio"), emitter.run(250)).unwrap();
}

#[test]
fn a_killed_run_leaves_nothing_under_the_final_name() {
    let dir = tempfile::tempdir().unwrap();
    large(dir.path());
    let whole = Instant::now();
    assert_eq!(tierline(dir.path(), &["raw", "large.fcio", "--compression", "gzip:9"]).code, 0);
    let whole = whole.elapsed();
    std::fs::remove_file(dir.path().join("large.lh5")).unwrap();
    let (mut killed, mut seed) = (0, 1u32);
    for _ in 0..100 {
        let mut child = Command::new(program())
            .args(["raw", "large.fcio", "--compression", "gzip:9"])
            .current_dir(dir.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        std::thread::sleep(whole.mul_f64(f64::from(seed) / f64::from(u32::MAX)));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        let output = dir.path().join("large.lh5");
        if status.code() == Some(0) {
            std::fs::remove_file(&output).unwrap();
            continue;
        }
        killed += 1;
        if output.exists() {
            // Killed between the rename and its end: then the file is complete.
            assert!(digest(&output).contains_key("/FCEvent/waveform/values"));
            std::fs::remove_file(&output).unwrap();
        }
    }
    assert!(killed > 50, "only {killed} runs were killed");
    let ran = tierline(dir.path(), &["raw", "large.fcio"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let left = files(dir.path()).iter().filter(|name| name.contains(".part-")).count();
    assert_eq!(ran.err.matches("left over by an interrupted run").count(), left);
}

#[test]
fn a_file_that_can_not_grow_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    large(dir.path());
    // A limit on the size of files stands for a full disk.
    let script =
        format!("trap '' XFSZ; ulimit -f 200; exec {} raw large.fcio", program().display());
    let output =
        Command::new("bash").args(["-c", &script]).current_dir(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("large.lh5") && text.contains("cannot write"), "{text}");
    assert_eq!(files(dir.path()), ["large.fcio"]);
}
