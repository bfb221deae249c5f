//! What a command did.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{AtomicOutput, Error};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything was understood.
    Clean,
    /// There is no output, or not all outputs.
    Failed,
    /// The command line made no sense.
    Usage,
    /// There is an output, and parts of the input were garbage or lost.
    Garbage,
}

impl Status {
    /// The exit code of the process.
    pub fn exit_code(self) -> u8 {
        match self {
            Status::Clean => 0,
            Status::Failed => 1,
            Status::Usage => 2,
            Status::Garbage => 3,
        }
    }
}

/// One input.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Input {
    /// File, pipe or address.
    pub path: PathBuf,
    /// Size in bytes, as read.
    pub size: u64,
    /// Digest with its kind, for example `sha256:...`.
    pub digest: Option<String>,
    /// Time spent on this input, in seconds.
    pub seconds: f64,
}

/// One output.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Output {
    /// The final name.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
}

/// What became of every byte of the inputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByteAccount {
    /// Bytes read.
    pub input: u64,
    /// Bytes of packets that became rows.
    pub rows: u64,
    /// Bytes of headers and configuration.
    pub headers: u64,
    /// Bytes of well-formed packets that are not decoded.
    pub skipped: u64,
    /// Bytes that make no sense.
    pub garbage: u64,
    /// Bytes known to have been lost on the way.
    pub gaps: u64,
}

impl ByteAccount {
    /// Bytes accounted for.
    pub fn total(&self) -> u64 {
        self.rows + self.headers + self.skipped + self.garbage + self.gaps
    }

    /// Whether every byte read is accounted for.
    pub fn balances(&self) -> bool {
        self.total() == self.input + self.gaps
    }

    /// Adds another account to this one.
    pub fn add(&mut self, other: &ByteAccount) {
        self.input += other.input;
        self.rows += other.rows;
        self.headers += other.headers;
        self.skipped += other.skipped;
        self.garbage += other.garbage;
        self.gaps += other.gaps;
    }
}

/// Well-formed packets of one tag that were not decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Number of packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What a command did, for people and programs. The only place of times and host names.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Always `tierline`.
    pub program: String,
    /// Version of the program.
    pub version: String,
    /// Subcommand.
    pub command: String,
    /// How it ended.
    pub status: Status,
    /// Settings in effect.
    pub settings: Map<String, Value>,
    /// Inputs in the order in which they were read.
    pub inputs: Vec<Input>,
    /// Outputs.
    pub outputs: Vec<Output>,
    /// What became of the bytes of all inputs.
    pub bytes: ByteAccount,
    /// Packets that were not decoded, by tag.
    pub skipped_by_tag: BTreeMap<String, Skipped>,
    /// Packets or records known to be lost.
    pub lost_packets: u64,
    /// Sessions of front ends, where there are such.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<Value>,
    /// Links to front ends, where there are such.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Value>,
    /// What the work took, in numbers.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub work: Map<String, Value>,
    /// Everything that a user should look at.
    pub warnings: Vec<String>,
    /// Wall time in seconds.
    pub seconds: f64,
}

impl Report {
    /// A report of a command that has not done anything yet.
    pub fn new(command: &str, version: &str) -> Self {
        Report {
            program: "tierline".into(),
            version: version.into(),
            command: command.into(),
            status: Status::Clean,
            settings: Map::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            bytes: ByteAccount::default(),
            skipped_by_tag: BTreeMap::new(),
            lost_packets: 0,
            streams: Vec::new(),
            links: Vec::new(),
            work: Map::new(),
            warnings: Vec::new(),
            seconds: 0.0,
        }
    }

    /// Records a setting; a value that JSON cannot express is recorded as null.
    pub fn set(&mut self, name: &str, value: impl Serialize) {
        self.settings.insert(name.into(), serde_json::to_value(value).unwrap_or(Value::Null));
    }

    /// Adds to one of the numbers of what the work took.
    pub fn took(&mut self, name: &str, more: f64) {
        let sum = self.work.get(name).and_then(Value::as_f64).unwrap_or(0.0) + more;
        self.work.insert(name.into(), Value::from(sum));
    }

    /// Adds a warning.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// Counts a packet that was not decoded.
    pub fn skip(&mut self, tag: &str, bytes: u64) {
        let skipped = self.skipped_by_tag.entry(tag.into()).or_default();
        skipped.packets += 1;
        skipped.bytes += bytes;
    }

    /// Sets the status from the accounts: `Garbage` if more than `max_garbage` bytes are garbage
    /// or lost, or more than `max_garbage` packets were lost. A failure remains one.
    pub fn settle(&mut self, max_garbage: u64) -> Status {
        let lost = self.bytes.garbage + self.bytes.gaps;
        if self.status == Status::Clean && (lost > max_garbage || self.lost_packets > max_garbage) {
            self.status = Status::Garbage;
        }
        self.status
    }

    /// Writes the report as JSON; the file appears when it is complete.
    pub fn write_json(&self, path: &Path, overwrite: bool) -> Result<(), Error> {
        let output = AtomicOutput::create(path, overwrite)?;
        let json = |source| Error::Json { path: path.to_path_buf(), source };
        let mut text = serde_json::to_vec_pretty(self).map_err(json)?;
        text.push(b'\n');
        std::fs::File::create(output.path())
            .and_then(|mut file| file.write_all(&text))
            .map_err(|error| Error::io(output.path(), "write", error))?;
        output.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_is_written_as_json() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        let mut report = Report::new("raw", "0.1.0");
        report.set("threads", 2);
        report.skip("FCIOStatus", 40);
        report.skip("FCIOStatus", 2);
        report.bytes =
            ByteAccount { input: 100, rows: 50, skipped: 42, garbage: 8, ..Default::default() };
        assert!(report.bytes.balances());
        assert_eq!(report.settle(8), Status::Clean);
        assert_eq!(report.settle(0), Status::Garbage);
        report.write_json(&path, false).unwrap();
        assert!(report.write_json(&path, false).is_err());
        report.write_json(&path, true).unwrap();
        let read: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(read["status"], "garbage");
        assert_eq!(read["skipped_by_tag"]["FCIOStatus"]["bytes"], 42);
        assert_eq!(read["settings"]["threads"], 2);
        assert_eq!(report.status.exit_code(), 3);
    }
}
