//! A conversion on its way: streams of one format into tables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tierline_core::{Assembler, Fate, Format, Part, WithFormat};
use tierline_h5::Stats;
use tierline_report::{AtomicOutput, Progress};

use crate::build_raw::{BuildRaw, GarbageTo, Source};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::index::Index;
use crate::library::{Notice, RawBufferLibrary};
use crate::out_files::{OutFile, OutFiles};
use crate::out_links::{Link, OutLink, Packet as PartsOfPacket};
use crate::routes::Spec;
use crate::start_time::start_time;
use crate::stream::{self, Garbage, Hooks, Outcome, Packet, Past, StreamOptions};
use crate::tables::{Lh5File, StreamTables};
use crate::window::Window;

/// What came of a conversion.
#[derive(Debug, Clone, Default)]
pub struct Converted {
    /// Format of the inputs.
    pub format: &'static str,
    /// The account of every byte of all inputs.
    pub outcome: Outcome,
    /// That of each input.
    pub inputs: Vec<(PathBuf, Outcome)>,
    /// Rows of each table; of several files, with the file before a colon.
    pub rows: BTreeMap<String, u64>,
    /// Packets that nothing decodes: number and bytes, by kind.
    pub skipped: BTreeMap<String, (u64, u64)>,
    /// What the decoders want the user to know.
    pub notices: BTreeMap<&'static str, Notice>,
    /// Rows of channels that the configuration has switched off.
    pub off: BTreeMap<String, u64>,
    /// Rows that the output specification has no place for, by decoder.
    pub unwanted: BTreeMap<&'static str, u64>,
    /// What else the user should know: of the output specification tables without rows and steps that do nothing; texts in which
    /// inputs differ.
    pub notes: Vec<String>,
    /// The files.
    pub files: Vec<OutFile>,
    /// Links that packets were sent to.
    pub links: Vec<OutLink>,
    /// What the writer did.
    pub stats: Stats,
}

pub(crate) struct Job<'a> {
    pub(crate) build: &'a BuildRaw,
    pub(crate) window: Window,
    /// Inputs after the first.
    pub(crate) more: Vec<Source>,
    pub(crate) files: OutFiles,
    pub(crate) spec: Option<Spec>,
    pub(crate) name: &'static str,
}

impl WithFormat for Job<'_> {
    type Out = Result<Converted>;

    fn with<F: Format>(self) -> Self::Out {
        let Job { build, window, more, files, spec, name } = self;
        let write_key = <F::Assembler as Assembler>::write_key;
        let tables = StreamTables::new::<F>(String::new())
            .with_database(build.database.clone())
            .with_storage(build.storage.clone());
        let progress = Progress::start("", None, true);
        let mut links = Links::new(build, name);
        if let Some(spec) = &spec {
            let first = window.input().path.file_name().and_then(|n| n.to_str()).unwrap_or("");
            links.open(&spec.spec.known_links(), first)?;
        }
        let mut library = RawBufferLibrary::new(build.buffer_size, build.max_rows, write_key, spec);
        let mut sink = FileSink {
            build,
            files,
            tables,
            links,
            packets: 0,
            progress,
            position: 0,
            notices: BTreeMap::new(),
        };
        let (mut inputs, mut notes) = (Vec::new(), Vec::new());
        let several = !more.is_empty();
        let mut more = more.into_iter();
        let mut window = Some(window);
        while let Some(now) = window.take() {
            let path = now.input().path.clone();
            let outcome =
                sink.read::<F>(now, &mut library).map_err(|e| of_input(several, &path, e))?;
            let ends = outcome.stopped || outcome.interrupted;
            inputs.push((path, outcome));
            if let Some(source) = more.next().filter(|_| !ends) {
                let path = source.name.clone();
                let opened =
                    build.open(source, Some(name)).map_err(|e| of_input(several, &path, e))?;
                let (path, _) = inputs.last().cloned().unwrap_or_default();
                library.next_input().map_err(|e| of_input(several, &path, e))?;
                window = Some(opened.0);
            }
        }
        let FileSink { mut files, mut tables, links, .. } = sink;
        if inputs.iter().any(|(_, o)| o.interrupted) && !build.keep_partial {
            let path = inputs.last().map(|(path, _)| path.clone()).unwrap_or_default();
            return Err(Error::Interrupted { path });
        }
        let last = inputs.last().map(|(path, _)| path.clone()).unwrap_or_default();
        library.end_inputs().map_err(|e| of_input(several, &last, e))?;
        let garbage = garbage(build, &mut tables)?;
        let rows = tables.close(&mut files, &mut library)?;
        notes.extend(library.spec_notes(&decoder_names::<F>()));
        let text =
            |name: &String| format!("{name} differs between the inputs: that of the first is kept");
        notes.extend(library.other_texts().map(text));
        notes.extend(tables.notes);
        let off = library.off_by_name();
        let (mut files, stats) = files.finish(rows)?;
        files.extend(garbage);
        Ok(Converted {
            format: name,
            outcome: sum(&inputs),
            inputs,
            rows: all_rows(&files),
            skipped: tables.skipped,
            off,
            notices: std::mem::take(&mut library.notices),
            unwanted: std::mem::take(&mut library.routes.unwanted),
            notes,
            files,
            links: links.end(),
            stats,
        })
    }
}

/// An error with the input it is of, where there are several.
fn of_input(several: bool, path: &Path, error: Error) -> Error {
    match error {
        error @ Error::Differs { .. } if several => {
            Error::Input { path: path.to_path_buf(), source: Box::new(error) }
        }
        error => error,
    }
}

/// Garbage that goes to a file of its own, or nowhere.
fn garbage(build: &BuildRaw, tables: &mut StreamTables) -> Result<Option<OutFile>> {
    let path = match &build.garbage {
        GarbageTo::Table => return Ok(None),
        GarbageTo::Nowhere => {
            tables.garbage = Default::default();
            return Ok(None);
        }
        GarbageTo::File(path) => path,
    };
    if tables.garbage.rows() == 0 {
        return Ok(None);
    }
    let target = AtomicOutput::create(path, build.overwrite)?;
    let mut file = Lh5File::create(target, build.threads, build.compression)?;
    let rows = tables.close_garbage(&mut file)?;
    let (bytes, _) = file.finish()?;
    Ok(Some(OutFile { path: path.clone(), bytes, rows }))
}

/// The account of several inputs.
fn sum(inputs: &[(PathBuf, Outcome)]) -> Outcome {
    let mut all = Outcome::default();
    for (_, one) in inputs {
        all.bytes.add(&one.bytes);
        all.packets += one.packets;
        all.garbage += one.garbage;
        all.first_error = all.first_error.or(one.first_error);
        all.broken_input = all.broken_input.take().or_else(|| one.broken_input.clone());
        all.stopped |= one.stopped;
        all.interrupted |= one.interrupted;
        all.digest = if inputs.len() == 1 { one.digest.clone() } else { None };
    }
    all
}

/// Rows of each table of all files.
fn all_rows(files: &[OutFile]) -> BTreeMap<String, u64> {
    let several = files.len() > 1;
    let named = |file: &OutFile, table: &str| match several {
        true => format!("{}:{table}", file.path.display()),
        false => table.to_owned(),
    };
    let of = |file: &OutFile| -> Vec<(String, u64)> {
        file.rows.iter().map(|(table, rows)| (named(file, table), *rows)).collect()
    };
    files.iter().flat_map(of).collect()
}

/// Names of all decoders of a format.
fn decoder_names<F: Format>() -> Vec<&'static str> {
    let names = (0..u8::MAX).map(F::INFO.decoder_name);
    names.filter(|name| !name.is_empty()).collect()
}

/// Writes what the library collects.
struct FileSink<'a> {
    build: &'a BuildRaw,
    files: OutFiles,
    tables: StreamTables,
    links: Links<'a>,
    /// Packets so far that were wanted and are no headers.
    packets: u64,
    progress: Progress,
    position: u64,
    /// Those of the inputs before this one.
    notices: BTreeMap<&'static str, Notice>,
}

impl FileSink<'_> {
    /// Reads one input to its end.
    fn read<F: Format>(
        &mut self,
        window: Window,
        library: &mut RawBufferLibrary,
    ) -> Result<Outcome> {
        let path = window.input().path.clone();
        let file_name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        self.progress = Progress::start(file_name, window.input().size, self.build.quiet);
        self.position = 0;
        let options = StreamOptions {
            settings: self.build.settings.clone(),
            start: start_time(file_name),
            stop: Arc::clone(&self.build.stop),
        };
        let past = self.past(&window, F::INFO.name)?;
        self.notices = library.notices.clone();
        stream::run_from::<F, _, _>(window, &options, past.as_ref(), library, self)
    }

    /// Where the input's index says that it can be taken up for the first packet that is wanted.
    fn past(&mut self, window: &Window, format: &str) -> Result<Option<Past>> {
        let (build, input) = (self.build, window.input());
        // A digest takes all bytes, a link gets all packets.
        let all = build.digest && build.max_packets.is_none() || !self.links.links.is_empty();
        if build.no_index || build.first_packet == 0 || all || !input.can_seek() {
            return Ok(None);
        }
        let index = Index::open(&input.path).and_then(|index| match index {
            Some(mut index) if index.format() == format => index.past(build.first_packet),
            _ => Ok(None),
        });
        match index {
            Err(Error::Index { reason, .. }) => {
                self.tables.notes.insert(reason);
                Ok(None)
            }
            index => index,
        }
    }
}

/// The links of a specification.
struct Links<'a> {
    build: &'a BuildRaw,
    format: &'static str,
    links: Vec<(String, Link)>,
    packet: PartsOfPacket,
}

impl<'a> Links<'a> {
    fn new(build: &'a BuildRaw, format: &'static str) -> Self {
        Links { build, format, links: Vec::new(), packet: PartsOfPacket::default() }
    }

    /// Opens links. `source`: name of the recording.
    fn open(&mut self, names: &[String], source: &str) -> Result<()> {
        for name in names {
            let io = |source| {
                let path = PathBuf::from(name);
                Error::Io { path, action: "open", offset: 0, source }
            };
            let none = || io(std::io::ErrorKind::Unsupported.into());
            let connect = self.build.connect.as_ref().ok_or_else(none)?;
            let link = Link::open(name, connect, self.format, source).map_err(io)?;
            self.links.push((name.clone(), link));
        }
        Ok(())
    }

    /// A packet is over: it goes to those that want it. `names`: of all links by their numbers; `wanted`: bit i for number i.
    fn packet(&mut self, names: &[String], wanted: u64) {
        for (name, link) in &mut self.links {
            let number = names.iter().position(|other| other == name);
            let wanted = number.is_some_and(|number| wanted >> number & 1 == 1);
            if wanted || self.packet.goes_to_all() {
                link.packet(&self.packet);
            }
        }
        self.packet.clear();
    }

    fn end(self) -> Vec<OutLink> {
        self.links.into_iter().map(|(_, link)| link.end()).collect()
    }
}

impl Hooks<RawBufferLibrary> for FileSink<'_> {
    fn part(&mut self, part: &Part<'_>, source: &[u8]) {
        if !self.links.links.is_empty() {
            self.links.packet.push(part, source);
        }
    }

    fn complete(&mut self, packet: u64, fate: Fate, library: &mut RawBufferLibrary) {
        library.counting = fate == Fate::Rows;
        library.discard = fate != Fate::Header && packet < self.build.first_packet;
    }

    fn packet(
        &mut self,
        packet: &Packet,
        _: &[u8],
        library: &mut RawBufferLibrary,
    ) -> Result<bool> {
        self.tables.packet(packet, &mut self.files, library)?;
        let wanted = library.take_links();
        if !self.links.links.is_empty() {
            self.links.packet(&library.routes.links, wanted);
        }
        let data = packet.fate != Some(Fate::Header) && packet.number >= self.build.first_packet;
        self.packets += u64::from(data);
        let enough = self.build.max_packets.is_some_and(|most| self.packets >= most);
        Ok(!enough && library.rows_left != Some(0))
    }

    fn garbage(&mut self, garbage: &Garbage, bytes: &[u8]) {
        self.tables.garbage.push(garbage, bytes);
    }

    fn progress(&mut self, position: u64) {
        self.progress.add(position.saturating_sub(self.position));
        self.position = position;
    }

    fn resumed(&mut self, past: &Past, library: &mut RawBufferLibrary) {
        library.notices = self.notices.clone();
        for (what, notice) in &past.notices {
            let entry = library.notices.entry(what);
            entry.or_insert(Notice { count: 0, first: notice.first }).count += notice.count;
        }
        for (kind, decoder, packets, bytes) in past.skipped.iter().filter(|(_, _, n, _)| *n > 0) {
            let entry =
                self.tables.skipped.entry((self.tables.name_of)(*kind, *decoder)).or_default();
            entry.0 += packets;
            entry.1 += bytes;
        }
    }

    fn document(&mut self, document: &Document, library: &mut RawBufferLibrary) {
        library.headers.document(|| document.to_json());
    }
}
