//! The steps of an output specification on tables that are in an LH5 file already.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value as Json;
use tierline_h5::lh5::{self, ColumnSettings, TableReader, Waveforms};
use tierline_h5::tree::{ElementType, Node, NodeKind, Reader};
use tierline_h5::{Compression, Error as H5Error, Stats};
use tierline_report::{AtomicOutput, Progress};
use tierline_table::{Array, DType, Object, Scalar};

use crate::error::{Error, Result};
use crate::out_files::OutFile;
use crate::routes::Spec;
use crate::tables::{Lh5File, OpenTable, Steps, Storing};

/// Bytes of rows that are worked on at a time.
const BATCH: usize = 4 << 20;

/// How tables are processed.
#[derive(Debug, Clone)]
pub struct Process {
    /// The steps: the `proc_spec` of the entry whose name, or `out_name`, is that of a table or of the group it is in. A table
    /// without one is copied.
    pub spec: Spec,
    /// Values for processing chains, by table or group.
    pub database: Json,
    /// How all columns are stored, where that is not as usual.
    pub storage: Option<ColumnSettings>,
    /// Replace an existing output.
    pub overwrite: bool,
    /// Threads that compress.
    pub threads: usize,
    /// How chunks are compressed.
    pub compression: Compression,
    /// Draw no progress.
    pub quiet: bool,
    /// Set by somebody who wants no more.
    pub stop: Arc<AtomicBool>,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Processed {
    /// Tables that were processed: the entry of the specification for each.
    pub tables: BTreeMap<String, String>,
    /// The output.
    pub files: Vec<OutFile>,
    /// Steps that did nothing, and for which table.
    pub notes: Vec<String>,
    /// What the writer did.
    pub stats: Stats,
}

/// The output's name where none is given: `run.lh5` makes `run_proc.lh5`.
pub fn processed_output(input: &Path) -> PathBuf {
    let stem = input.file_stem().and_then(|s| s.to_str()).unwrap_or("out");
    input.with_file_name(format!("{stem}_proc.lh5"))
}

impl Process {
    /// Processes all tables of `input` into `output`. What is no table is copied.
    ///
    /// # Errors
    /// Where the input can't be read, holds no table, or a step fails; where the output exists or can't be written.
    pub fn run(&self, input: &Path, output: &Path) -> Result<Processed> {
        let bad = |source| Error::Lh5 { source };
        let target = AtomicOutput::create(output, self.overwrite)?;
        let reader = Reader::open(input).map_err(bad)?;
        let tree = reader.tree().map_err(bad)?;
        let file = Lh5File::create(target, self.threads, self.compression)?;
        let name = input.file_name().and_then(|n| n.to_str()).unwrap_or("").to_owned();
        let progress = Progress::start(&name, None, self.quiet);
        let (rows, done) = (BTreeMap::new(), Processed::default());
        let mut run = Run { process: self, input, reader, file, rows, done, progress };
        for child in &tree.children {
            run.node(child)?;
        }
        let Run { file, rows, mut done, .. } = run;
        if rows.is_empty() {
            return Err(Error::NoTables { path: input.to_path_buf() });
        }
        let (bytes, stats) = file.finish()?;
        done.files.push(OutFile { path: output.to_path_buf(), bytes, rows });
        done.stats = stats;
        Ok(done)
    }
}

struct Run<'a> {
    process: &'a Process,
    input: &'a Path,
    reader: Reader,
    file: Lh5File,
    rows: BTreeMap<String, u64>,
    done: Processed,
    progress: Progress,
}

impl Run<'_> {
    fn node(&mut self, node: &Node) -> Result<()> {
        let datatype = node.datatype.as_deref().unwrap_or("");
        match &node.kind {
            NodeKind::Group if datatype.starts_with("table{") => self.table(node),
            NodeKind::Group if datatype.starts_with("struct{") || datatype.is_empty() => {
                node.children.iter().try_for_each(|child| self.node(child))
            }
            NodeKind::Dataset(_) => self.single(node),
            _ => Err(self
                .unsupported(node, "only tables, structs, scalars, texts and arrays are copied")),
        }
    }

    fn unsupported(&self, node: &Node, reason: &str) -> Error {
        Error::Lh5 { source: H5Error::unsupported(self.input, &node.path, reason) }
    }

    /// A dataset outside of tables: it is copied.
    fn single(&mut self, node: &Node) -> Result<()> {
        let bad = |source| Error::Lh5 { source };
        let Some(info) = node.dataset() else { return Ok(()) };
        let object = match (&info.element, info.shape.is_empty()) {
            (ElementType::Text, true) => Object::Text(self.reader.text(&node.path).map_err(bad)?),
            (ElementType::Plain(DType::Text(_)), true) => {
                let array = self.reader.array(&node.path, 0..1).map_err(bad)?;
                Object::Text(array.get_text(0).unwrap_or_default())
            }
            (ElementType::Plain(_), one) => {
                let array = self.reader.array(&node.path, 0..usize::MAX).map_err(bad)?;
                match scalar(&array, node).filter(|_| one) {
                    Some(scalar) => Object::Scalar(scalar),
                    None => Object::Array(array),
                }
            }
            _ => return Err(self.unsupported(node, "elements of this type are not copied")),
        };
        self.file.with(|w| lh5::write_object(w, &node.path, &node.attrs, &object))
    }

    fn table(&mut self, node: &Node) -> Result<()> {
        let path = node.path.trim_matches('/').to_owned();
        let spec = &self.process.spec;
        let entry = spec.spec.entry_for_table(&path);
        let steps = entry.is_some_and(|entry| entry.proc_spec.is_some());
        let waveforms = if steps { Waveforms::Decoded } else { Waveforms::Encoded };
        let bad = |source| Error::Lh5 { source };
        let reader = Reader::open(self.input).map_err(bad)?;
        let table = TableReader::new(reader, &path, waveforms).map_err(bad)?;
        let steps = entry.filter(|entry| entry.proc_spec.is_some());
        let steps = steps.map(|entry| Steps::of(entry, spec));
        // A first row tells the sampling period.
        let first = table.read(0..1).map_err(bad)?;
        let first = if first.rows > 0 { &first } else { table.layout() };
        let Process { database, storage, .. } = self.process;
        let storing = Storing { database, storage };
        let mut out = OpenTable::create(&mut self.file, &path, steps.as_ref(), first, &storing)?;
        self.done.notes.extend(out.notes().map(|note| format!("{path}: {note}")));
        if let Some(entry) = entry.filter(|_| steps.is_some()) {
            self.done.tables.insert(path.clone(), entry.place());
        }
        for batch in table.batches(BATCH) {
            if self.process.stop.load(Ordering::Relaxed) {
                return Err(Error::Interrupted { path: self.input.to_path_buf() });
            }
            let mut batch = batch.map_err(bad)?;
            self.progress.add(batch.bytes() as u64);
            out.append(&mut self.file, &mut batch)?;
        }
        self.rows.insert(path, table.rows() as u64);
        Ok(())
    }
}

/// The only value of an array, which is a truth value where the file says so.
fn scalar(array: &Array, node: &Node) -> Option<Scalar> {
    let bytes = array.element(0)?;
    Some(match array.dtype {
        DType::Bool => Scalar::Bool(bytes != [0]),
        DType::U8 if node.datatype.as_deref() == Some("bool") => Scalar::Bool(bytes != [0]),
        DType::U8 => Scalar::U8(*bytes.first()?),
        DType::I8 => Scalar::I8(i8::from_le_bytes(bytes.try_into().ok()?)),
        DType::U16 => Scalar::U16(u16::from_le_bytes(bytes.try_into().ok()?)),
        DType::I16 => Scalar::I16(i16::from_le_bytes(bytes.try_into().ok()?)),
        DType::U32 => Scalar::U32(u32::from_le_bytes(bytes.try_into().ok()?)),
        DType::I32 => Scalar::I32(i32::from_le_bytes(bytes.try_into().ok()?)),
        DType::U64 => Scalar::U64(u64::from_le_bytes(bytes.try_into().ok()?)),
        DType::I64 => Scalar::I64(i64::from_le_bytes(bytes.try_into().ok()?)),
        DType::F32 => Scalar::F32(f32::from_le_bytes(bytes.try_into().ok()?)),
        DType::F64 => Scalar::F64(f64::from_le_bytes(bytes.try_into().ok()?)),
        DType::Text(_) => return None,
    })
}
