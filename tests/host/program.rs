//! Runs the program itself.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tierline::h5::tree::Reader;
use tierline_firmware_sim::emit::EXAMPLES;

/// The program, built once in the profile of the tests.
///
/// # Panics
/// Where it can't be built.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let release = !cfg!(debug_assertions);
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", "tierline", "--bin", "tierline"]);
        build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        if release {
            build.arg("--release");
        }
        let status = build.status().unwrap_or_else(|error| panic!("no cargo: {error}"));
        assert!(status.success(), "the program does not build");
        // The tests' own binary lies in target/<profile>/deps.
        let own = std::env::current_exe().unwrap_or_default();
        let profile = own.ancestors().nth(2).map(Path::to_path_buf).unwrap_or_default();
        let program = profile.join("tierline");
        assert!(program.exists(), "{} is not there", program.display());
        program
    })
}

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Exit code; -1 after a signal.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs the program in a folder, local time UTC.
///
/// # Panics
/// Where it can't be started.
pub(crate) fn tierline(dir: &Path, args: &[&str]) -> Ran {
    let mut command = Command::new(program());
    let output = command.args(args).current_dir(dir).env("TZ", "UTC").output();
    output.unwrap_or_else(|error| panic!("cannot run: {error}")).into()
}

/// Starts the program in a folder, local time UTC; its standard input is a pipe.
///
/// # Panics
/// Where it can't be started.
pub(crate) fn spawn(dir: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(program());
    command.current_dir(dir).env("TZ", "UTC").args(args);
    let child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    child.unwrap_or_else(|error| panic!("cannot run: {error}"))
}

/// Sends a signal (`-TERM`).
///
/// # Panics
/// Where that fails.
pub(crate) fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

/// The exit code, if it comes in time.
///
/// # Panics
/// Where the program can't be waited for.
pub(crate) fn exit(child: &mut Child) -> Option<i32> {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(20) {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code().unwrap_or(-1));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    None
}

/// Files of a folder, sorted.
///
/// # Panics
/// Where the folder can't be read.
pub(crate) fn files(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut names: Vec<String> =
        entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// Writes an example recording of the emitters into a folder; returns its name.
///
/// # Panics
/// Where there is none of that name, or it can't be written.
pub(crate) fn emit(dir: &Path, name: &str, events: u32) -> &'static str {
    let example = EXAMPLES.iter().find(|e| e.name == name).unwrap();
    std::fs::write(dir.join(example.file_name), (example.make)(1, events)).unwrap();
    example.file_name
}

/// Rows of a column.
///
/// # Panics
/// Where it can't be read.
pub(crate) fn rows(path: &Path, column: &str) -> usize {
    Reader::open(path).unwrap().array(column, 0..usize::MAX).unwrap().rows()
}
