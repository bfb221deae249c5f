//! Raw-tier tables of LH5 files.

use std::io::Read as _;
use std::path::Path;

use tierline_h5::lh5::{TableReader, Waveforms, tables};
use tierline_h5::tree::Reader;

use super::{Batch, CONFIG, RawTables, RecordingConfig, TABLE, wrong};
use crate::{Error, Place};

/// Bytes of a batch, about.
const BATCH: usize = 8 << 20;
/// The first bytes of an HDF5 file.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Whether a file is one of HDF5.
///
/// # Errors
/// Where it can't be read.
pub fn is_hdf5(path: &Path) -> Result<bool, Error> {
    let file = std::fs::File::open(path).map_err(|e| Error::io(path, "open it", e))?;
    let mut first = Vec::new();
    let mut head = file.take(HDF5.len() as u64);
    head.read_to_end(&mut first).map_err(|e| Error::io(path, "read it", e))?;
    Ok(first == HDF5)
}

/// Opens the tables of a file.
///
/// # Errors
/// Where there is no table of traces, or more than one, or no configuration beside it.
pub fn open(path: &Path) -> Result<RawTables, Error> {
    let reader = Reader::open(path)?;
    let tree = reader.tree()?;
    let all = tables(&reader, &tree);
    let mut found = all.iter().map(|table| table.path.trim_matches('/'));
    let mut found = found.by_ref().filter(|path| path.rsplit('/').next() == Some(TABLE));
    let table = match (found.next(), found.next()) {
        (Some(one), None) => one.to_owned(),
        (None, _) => return Err(Error::malformed(path, Place::File, format!("no table {TABLE}"))),
        (Some(one), Some(other)) => {
            let reason = format!("there are {one} and {other}: one camera is expected");
            return Err(Error::malformed(path, Place::File, reason));
        }
    };
    let group = table.rsplit_once('/').map_or(String::new(), |(group, _)| format!("{group}/"));
    let config = format!("{group}{CONFIG}");
    if tree.find(&config).is_none() {
        return Err(wrong(path, &config, "the camera's configuration is missing"));
    }
    let value = |name: &str| {
        let node = tree.find(&format!("{config}/{name}"))?;
        reader.array(&node.path, 0..1).ok()?.get_i64(0)
    };
    let mut config_of = RecordingConfig::from_values(path, value)?;
    if tree.find(&format!("{config}/tracemap")).is_some() {
        let traces = config_of.adcs.saturating_add(config_of.triggers);
        let traces = usize::try_from(traces).unwrap_or(usize::MAX).min(1 << 16);
        config_of = config_of.with_map(&reader.array(&format!("{config}/tracemap"), 0..traces)?);
    }
    let table = TableReader::new(reader, &table, Waveforms::Decoded)?;
    let step = table.batch_rows(BATCH)?;
    Ok(RawTables { config: config_of, batches: Box::new(FileBatches { table, step, next: 0 }) })
}

/// Batches of a table.
struct FileBatches {
    table: TableReader,
    step: usize,
    next: usize,
}

impl Iterator for FileBatches {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.next;
        if first >= self.table.rows() {
            return None;
        }
        self.next = first.saturating_add(self.step);
        let batch = self.table.read(first..self.next).map(Batch::Rows).map_err(Error::from);
        if batch.is_err() {
            self.next = usize::MAX;
        }
        Some(batch)
    }
}
