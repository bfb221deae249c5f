//! Damaged beamline files: cut short at every length, single bytes changed. None may bring a reader down, take long, or make it
//! ask for much memory.
//!
//! Every file is read in a process of its own, which is this program run again for [`child`]: libhdf5 may crash on damaged
//! metadata, and the memory that a process took at most is known at its end. By default a part of the damage is done, chosen by
//! seed; with `TIERLINE_DAMAGE=all` every length up to 8 KiB, 1000 beyond, and 1000 changed bytes.

mod garbage;
mod readers;
mod variants;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use tierline_tests::data::shared;

use self::readers::Readers;
use self::variants::variants;

/// A damaged file is read or refused within this time.
const TIME: Duration = Duration::from_secs(5);
/// A child that is not done with a file by then is ended.
const HANG: Duration = Duration::from_secs(15);
/// Memory, in KiB, that a process may have taken: some buffers of the limit that the readers are given.
const MEMORY: u64 = 512 << 10;
/// Address space, in KiB, that a process has: libhdf5 fills memory of the length that a damaged text claims, before it reads it.
const ADDRESSES: &str = "2000000";
/// Failures of a file after which it is left.
const FAILURES: usize = 5;
/// What a child notes when it is done.
const DONE: u64 = u64::MAX;

const FILE: &str = "TIERLINE_DAMAGE_FILE";
const FROM: &str = "TIERLINE_DAMAGE_FROM";
const NOTES: &str = "TIERLINE_DAMAGE_NOTES";

fn is_all() -> bool {
    std::env::var("TIERLINE_DAMAGE").is_ok_and(|value| value == "all")
}

/// Every file below a folder, without descriptions; those that take longest first.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![folder.to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|extension| extension != "md") {
                found.push((path.metadata().unwrap().len(), path));
            }
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

/// A folder in memory where there is one.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The largest memory this process has taken, in KiB.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Reads the file that the parent names, damaged in all ways from a number on.
#[test]
fn child() {
    let Some(file) = std::env::var_os(FILE).map(PathBuf::from) else { return };
    let from: usize = std::env::var(FROM).unwrap().parse().unwrap();
    let notes = File::options().write(true).open(std::env::var_os(NOTES).unwrap()).unwrap();
    let whole = std::fs::read(&file).unwrap();
    let folder = folder();
    let path = folder.path().join(file.file_name().unwrap());
    std::fs::write(&path, &whole).unwrap();
    let readers = Readers::of(&path);
    readers.read(&path);
    let mut slowest = (Duration::ZERO, 0);
    for (i, variant) in variants(&file, whole.len(), is_all()).iter().enumerate().skip(from) {
        notes.write_all_at(&(i as u64).to_le_bytes(), 0).unwrap();
        variant.apply(&path, &whole, readers.hdf5);
        let start = Instant::now();
        readers.read(&path);
        slowest = slowest.max((start.elapsed(), i));
        assert!(start.elapsed() < TIME, "took {:?}", start.elapsed());
    }
    let peak = peak_memory().unwrap_or(0);
    println!("slowest {:?} (number {}), {peak} KiB", slowest.0, slowest.1);
    assert!(peak < MEMORY, "{peak} KiB were taken");
    notes.write_all_at(&DONE.to_le_bytes(), 0).unwrap();
}

/// How a child ended, and at which number.
enum End {
    Done,
    Crashed(i32, u64),
    Failed(String, u64),
}

struct Run<'a> {
    file: &'a Path,
    folder: tempfile::TempDir,
}

impl Run<'_> {
    fn noted(&self) -> u64 {
        let mut bytes = [0; 8];
        let notes = File::open(self.folder.path().join("notes")).unwrap();
        notes.read_exact_at(&mut bytes, 0).unwrap();
        u64::from_le_bytes(bytes)
    }

    /// What the child has printed that tells why it failed, on one line.
    fn reason(&self) -> String {
        let text = std::fs::read(self.folder.path().join("printed")).unwrap();
        let text = String::from_utf8_lossy(&text);
        let from = text.find("panicked at").unwrap_or(text.len().saturating_sub(200));
        let lines = text[from..].lines().take(3);
        lines.collect::<Vec<_>>().join(" ").chars().take(300).collect()
    }

    fn start(&self, from: u64) -> io::Result<Child> {
        let notes = self.folder.path().join("notes");
        std::fs::write(&notes, from.to_le_bytes())?;
        let printed = File::create(self.folder.path().join("printed"))?;
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -v $0 && exec \"$@\"", ADDRESSES]);
        command.arg(std::env::current_exe()?);
        command.args(["--exact", "dataio_damage::child", "--nocapture", "--test-threads=1"]);
        command.env(FILE, self.file).env(FROM, from.to_string()).env(NOTES, notes);
        command.stdout(printed.try_clone()?).stderr(printed).spawn()
    }

    /// Waits for a child as long as it goes on; `None` for one that had to be ended.
    fn wait(&self, mut child: Child) -> Option<ExitStatus> {
        let (mut last, mut since) = (None, Instant::now());
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return Some(status);
            }
            let noted = Some(self.noted());
            if noted != last {
                (last, since) = (noted, Instant::now());
            } else if since.elapsed() > HANG {
                child.kill().unwrap();
                child.wait().unwrap();
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn read_from(&self, from: u64) -> End {
        let status = self.wait(self.start(from).unwrap());
        match (status, self.noted()) {
            (None, at) => End::Failed(format!("hangs: {}", self.reason()), at),
            (Some(status), DONE) if status.success() => End::Done,
            (Some(status), at) => match status.signal() {
                Some(signal) => End::Crashed(signal, at),
                None => End::Failed(self.reason(), at),
            },
        }
    }
}

/// What became of a file: crashes of libhdf5, and what must not be.
#[derive(Default)]
struct Report {
    crashes: Vec<String>,
    failures: Vec<String>,
}

fn read_damaged(file: &Path) -> Report {
    let (run, mut report, mut from) = (Run { file, folder: folder() }, Report::default(), 0);
    let length = file.metadata().unwrap().len() as usize;
    let all = variants(file, length, is_all());
    let is_hdf5 = std::fs::read(file).unwrap().starts_with(b"\x89HDF");
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let start = Instant::now();
    while report.failures.len() < FAILURES {
        let (what, at, fails) = match run.read_from(from) {
            End::Done => break,
            End::Crashed(signal, at) => (format!("signal {signal}"), at, !is_hdf5),
            End::Failed(reason, at) => (reason, at, true),
        };
        let variant = all.get(at as usize).map_or_else(|| "whole".into(), |v| format!("{v:?}"));
        let line = format!("{name}: number {at}, {variant}: {what}");
        if fails {
            report.failures.push(line)
        } else {
            report.crashes.push(line)
        }
        from = at + 1;
    }
    let printed = std::fs::read_to_string(run.folder.path().join("printed")).unwrap_or_default();
    let note = printed.lines().find(|line| line.contains("slowest")).unwrap_or_default();
    println!("{name}: {} in {:.1?}; {note}", all.len(), start.elapsed());
    report
}

#[test]
fn damaged_files_do_no_harm() {
    let Some(folder) = shared("data/dataio") else { return };
    let only = std::env::var("TIERLINE_DAMAGE_ONLY").unwrap_or_default();
    let mut all = files(&folder);
    all.retain(|path| path.to_string_lossy().contains(&only));
    let (todo, report) = (Mutex::new(all.into_iter()), Mutex::new(Report::default()));
    let next = || todo.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(file) = next() {
                    let own = read_damaged(&file);
                    let mut all = report.lock().unwrap();
                    all.crashes.extend(own.crashes);
                    all.failures.extend(own.failures);
                }
            });
        }
    });
    let report = report.into_inner().unwrap();
    for crash in &report.crashes {
        eprintln!("libhdf5 crashed: {crash}");
    }
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
}
