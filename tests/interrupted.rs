//! Killed runs and full disks: nothing incomplete under the final name.

use std::process::{Command, Stdio};
use std::time::Duration;

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
    let mut killed = 0;
    for delay in 1..=40u64 {
        let mut child = Command::new(program())
            .args(["raw", "large.fcio", "--compression", "gzip:9"])
            .current_dir(dir.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(3 * delay));
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
    assert!(killed > 3, "only {killed} runs were killed");
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
