//! A Spec file as a tree, laid out as silx does it.
//!
//! ```text
//! /                              NXroot; file_time, file_name, creator
//! /N.M                           NXentry
//!   title, start_time            text
//!   instrument                   NXinstrument
//!     specfile                   NXcollection: file_header, scan_header (lines)
//!     positioners                NXcollection: one per motor
//!     mca_k                      NXdetector: data (rows, channels), calibration, channels, preset_time,
//!                                live_time, elapsed_time
//!   measurement                  NXcollection: one (rows) per label; mca_k with links data, info
//!   sample                       NXsample: unit_cell (1, 6), unit_cell_abc, unit_cell_alphabetagamma,
//!                                ub_matrix (1, 3, 3); where #G1, #G3 are not all zero
//! ```
//!
//! Numbers are 32-bit floats as in silx, spectra 64-bit. In names `/` becomes `%`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tierline_report::Limits;
use tierline_table::DType;

use super::{Attr, Branch, Element, Group, Leaf, Node, Selection, Tree, Values, Warnings};
use crate::Error;
use crate::spec::{Channels, Reading, Scan, SpecFile, iso8601};

/// How a Spec file is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpecOptions {
    /// How numbers and names are taken.
    pub reading: Reading,
    /// Columns, positions and geometry as 64-bit floats. A time since 1970 loses a minute in 32 bits.
    pub double: bool,
}

/// The tree of a Spec file. A scan is read when its group is asked for.
pub fn spec(path: &Path, options: SpecOptions, limits: Limits) -> Result<Tree, Error> {
    let file = SpecFile::open(path, options.reading, limits)?;
    let warnings = Warnings::default();
    let root = Root {
        changed: super::file_time(path),
        file,
        options,
        warnings: warnings.clone(),
        last: Mutex::new(None),
    };
    Ok(Tree::new(path, Arc::new(root)).with_warnings(warnings))
}

struct Root {
    file: SpecFile,
    options: SpecOptions,
    /// When the file was changed last.
    changed: String,
    warnings: Warnings,
    /// The scan that was built last, by its place.
    last: Mutex<Option<(usize, Node)>>,
}

impl Group for Root {
    fn names(&self) -> Result<Vec<String>, Error> {
        Ok(self.file.keys().collect())
    }

    fn child(&self, name: &str) -> Result<Option<Node>, Error> {
        let Some(index) = self.file.find(name).filter(|_| name.contains('.')) else {
            return Ok(None);
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((place, node)) = &*last
            && *place == index
        {
            return Ok(Some(node.clone()));
        }
        let scan = Arc::new(self.file.scan(index)?);
        scan.warnings().iter().for_each(|warning| self.warnings.push(warning.clone()));
        let builder = Builder {
            key: format!("{}.{}", scan.number(), scan.order()),
            double: self.options.double,
            reading: self.options.reading,
            warnings: &self.warnings,
            scan,
        };
        let node = Node::Group(Arc::new(builder.entry()));
        *last = Some((index, node.clone()));
        Ok(Some(node))
    }

    fn attrs(&self) -> Result<Vec<Attr>, Error> {
        let creator = concat!("tierline ", env!("CARGO_PKG_VERSION"));
        Ok(vec![
            Attr::text("NX_class", "NXroot"),
            Attr::text("file_time", &self.changed),
            Attr::text("file_name", &self.file.path().to_string_lossy()),
            Attr::text("creator", creator),
        ])
    }
}

/// Builds the group of one scan.
struct Builder<'a> {
    scan: Arc<Scan>,
    key: String,
    double: bool,
    reading: Reading,
    warnings: &'a Warnings,
}

impl Builder<'_> {
    fn warn(&self, what: &str) {
        self.warnings.push(format!("scan {}: {what}", self.key));
    }

    fn entry(&self) -> Branch {
        let mut entry = Branch::class("NXentry");
        let title = self.scan.records().get("S").unwrap_or_default();
        let title = title.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
        entry.put_dataset("title", Leaf::new(Values::text(title)));
        entry.put_dataset("start_time", Leaf::new(Values::text(self.start_time())));
        entry.put_group("instrument", self.instrument());
        entry.put_group("measurement", self.measurement());
        if let Some(sample) = self.sample() {
            entry.put_group("sample", sample);
        }
        entry
    }

    /// The date of the scan, else of the file, else nothing.
    fn start_time(&self) -> String {
        let date = match self.scan.records().get("D") {
            Some(date) => date,
            None => {
                let line = self.scan.file_header().iter().find_map(|line| line.strip_prefix("#D "));
                match line {
                    Some(_) => self.warn("there is no #D line, the date of the file is taken"),
                    None => self.warn("there is no #D line"),
                }
                line.unwrap_or_default().trim()
            }
        };
        if date.is_empty() {
            return String::new();
        }
        iso8601(date, self.reading).unwrap_or_else(|| {
            self.warn(&format!("the date {date:?} is kept as it is"));
            date.to_owned()
        })
    }

    fn instrument(&self) -> Branch {
        let mut specfile = Branch::class("NXcollection");
        let lines = |lines: &[String]| Leaf::new(Values::texts(lines.to_vec()));
        specfile.put_dataset("file_header", lines(self.scan.file_header()));
        specfile.put_dataset("scan_header", lines(self.scan.header()));
        let mut instrument = Branch::class("NXinstrument");
        instrument.put_group("specfile", specfile);
        instrument.put_group("positioners", self.positioners());
        let (channels, calibrations) = (self.scan.channels(), self.scan.calibrations());
        let times = self.scan.counting_times();
        for analyser in 0..self.scan.analysers().min(self.scan.spectra()) {
            let group = self.detector(analyser, &channels, &calibrations, &times);
            instrument.put_group(&format!("mca_{analyser}"), group);
        }
        instrument
    }

    /// Numbers in the precision that was asked for.
    fn floats(&self, shape: &[usize], values: &[f64]) -> Values {
        match self.double {
            true => Values::f64(shape, values.iter().copied()),
            false => Values::f32(shape, values.iter().map(|value| *value as f32)),
        }
    }

    /// A column of the scan, which is put together when asked for.
    fn column(&self, column: usize) -> Leaf {
        let dtype = if self.double { DType::F64 } else { DType::F32 };
        let rows = if column < self.scan.columns() { self.scan.rows() } else { 0 };
        let (scan, double) = (self.scan.clone(), self.double);
        Leaf::lazy(Element::Plain(dtype), &[rows], move |selection| {
            let values = scan.column(column).unwrap_or_default();
            let all = match double {
                true => Values::f64(&[values.len()], values),
                false => Values::f32(&[values.len()], values.into_iter().map(|value| value as f32)),
            };
            Ok(all.select(selection))
        })
    }

    /// Columns by their label, the first of each.
    fn by_label(&self) -> HashMap<String, usize> {
        let mut columns = HashMap::new();
        for (column, label) in self.scan.labels().into_iter().enumerate() {
            columns.entry(label).or_insert(column);
        }
        columns
    }

    fn positioners(&self) -> Branch {
        let columns = self.by_label();
        let (positions, noted) = (self.scan.motor_positions(), self.scan.has_positions());
        let names = self.scan.motor_names();
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            first.entry(name).or_insert(place);
        }
        let scanned = |name: &str| columns.get(name).filter(|_| self.scan.rows() > 0);
        let position = |name: &str| match noted {
            true => first.get(name).and_then(|place| positions.get(*place).copied()),
            false => Some(f64::INFINITY),
        };
        let complete = names.iter().all(|name| scanned(name).is_some() || position(name).is_some());
        if !complete {
            let (names, positions) = (names.len(), positions.len());
            self.warn(&format!(
                "{names} motors, {positions} positions; the positions are left out"
            ));
        }
        let mut group = Branch::class("NXcollection");
        for name in names.iter().filter(|name| !name.is_empty()) {
            let leaf = match (scanned(name), position(name)) {
                (Some(column), _) => self.column(*column),
                (None, Some(position)) if complete => Leaf::new(self.floats(&[], &[position])),
                _ => continue,
            };
            group.put_dataset(&name.replace('/', "%"), leaf);
        }
        group
    }

    fn detector(
        &self,
        analyser: usize,
        channels: &[Option<Channels>],
        calibrations: &[Vec<f64>],
        times: &[Option<[f64; 3]>],
    ) -> Branch {
        let mut group = Branch::class("NXdetector");
        let length = self.scan.analyser_spectrum(analyser, 0).map_or(0, |values| values.len());
        let shape = [self.scan.analyser_rows(), length];
        let (scan, warnings, key) = (self.scan.clone(), self.warnings.clone(), self.key.clone());
        let read = move |selection: &Selection| {
            spectra(&scan, analyser, selection, &mut |found| {
                warnings.push(format!("scan {key}: a spectrum of {found} channels, not {length}"));
            })
        };
        let data = Leaf::lazy(Element::Plain(DType::F64), &shape, read);
        group.put_dataset("data", data.with_attr(Attr::text("interpretation", "spectrum")));
        // One description serves all detectors.
        let place = if channels.len() == 1 { 0 } else { analyser };
        let calibration = calibrations.get(place).map_or(&[0.0, 1.0, 0.0][..], Vec::as_slice);
        group.put_dataset("calibration", Leaf::new(self.floats(&[calibration.len()], calibration)));
        let channels = channels.get(place).copied().flatten().unwrap_or_else(|| {
            self.warn("there is no channel range that can be read, channels count from 0");
            Channels { first: 0, step: 1, count: length }
        });
        group.put_dataset("channels", Leaf::new(self.channel_numbers(channels, length)));
        match times.get(if times.len() == 1 { 0 } else { analyser }) {
            Some(Some(times)) => {
                for (name, time) in ["preset_time", "live_time", "elapsed_time"].iter().zip(times) {
                    group.put_dataset(name, Leaf::new(self.floats(&[], &[*time])));
                }
            }
            Some(None) => self.warn("#@CTIME is not three numbers"),
            None => {}
        }
        group
    }

    /// Channel numbers of a spectrum: cut where there are more of them, continued where there are fewer.
    fn channel_numbers(&self, channels: Channels, length: usize) -> Values {
        if channels.count > 1 && channels.count < length {
            let number = |i: usize| channels.first as f64 + channels.step as f64 * i as f64;
            return self.floats(&[length], &(0..length).map(number).collect::<Vec<_>>());
        }
        let count = match channels.count {
            0 | 1 => channels.count,
            count if length > 0 => count.min(length),
            // Without a spectrum the range alone says how many there are.
            count => count.min(1 << 20),
        };
        Values::i64(&[count], channels.iter().take(count))
    }

    fn measurement(&self) -> Branch {
        let mut group = Branch::class("NXcollection");
        for (column, label) in self.scan.labels().iter().enumerate() {
            let name = label.replace('/', "%");
            if !group.contains(&name) {
                group.put_dataset(&name, self.column(column));
            }
        }
        for analyser in 0..self.scan.analysers().min(self.scan.spectra()) {
            let target = format!("/{}/instrument/mca_{analyser}", self.key);
            let mut links = Branch::new();
            links.put_link("data", &format!("{target}/data"));
            links.put_link("info", &target);
            group.put_group(&format!("mca_{analyser}"), links);
        }
        group
    }

    /// The numbers of a geometry line, if it has them and not only zeros.
    fn geometry(&self, key: &str, numbers: impl Fn(&str) -> Option<Vec<f64>>) -> Option<Vec<f64>> {
        let Some(values) = numbers(self.scan.records().get(key)?) else {
            self.warn(&format!("#{key} can't be read"));
            return None;
        };
        values.iter().any(|value| *value != 0.0).then_some(values)
    }

    fn sample(&self) -> Option<Branch> {
        let parsed = |words: &[&str]| -> Option<Vec<f64>> {
            words.iter().map(|word| fast_float2::parse(word).ok()).collect()
        };
        let cell = self.geometry("G1", |text| {
            let words: Vec<&str> = text.split_whitespace().take(6).collect();
            parsed(&words).filter(|values| values.len() == 6)
        });
        let matrix = self.geometry("G3", |text| {
            let words: Vec<&str> = text.split_whitespace().take(10).collect();
            parsed(&words).filter(|values| values.len() == 9)
        });
        if cell.is_none() && matrix.is_none() {
            return None;
        }
        let mut group = Branch::class("NXsample");
        let mut put = |name: &str, shape: &[usize], values: &[f64]| {
            let leaf = Leaf::new(self.floats(shape, values));
            group.put_dataset(name, leaf.with_attr(Attr::text("interpretation", "scalar")));
        };
        if let Some(cell) = cell {
            put("unit_cell", &[1, 6], &cell);
            put("unit_cell_abc", &[3], &cell[..3]);
            put("unit_cell_alphabetagamma", &[3], &cell[3..]);
        }
        if let Some(matrix) = matrix {
            put("ub_matrix", &[1, 3, 3], &matrix);
        }
        Some(group)
    }
}

/// The selected spectra of an analyser. Those of another length than the first are cut or filled with
/// zeros, and reported.
fn spectra(
    scan: &Scan,
    analyser: usize,
    selection: &Selection,
    odd: &mut dyn FnMut(usize),
) -> Result<Values, Error> {
    let length = scan.analyser_spectrum(analyser, 0).map_or(0, |values| values.len());
    let [rows, channels] = selection.spans[..] else {
        return Ok(Values::f64(&[0, 0], []));
    };
    let mut bytes = Vec::new();
    for row in (0..rows.count).map(|i| rows.start + i * rows.step) {
        let mut values = scan.analyser_spectrum(analyser, row).unwrap_or_default();
        if values.len() != length {
            odd(values.len());
            values.resize(length, 0.0);
        }
        let picked = (0..channels.count).map(|i| values[channels.start + i * channels.step]);
        bytes.extend(picked.flat_map(f64::to_le_bytes));
    }
    Ok(Values::plain(DType::F64, &selection.shape(), bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const TEXT: &str = "#F a\n#O0 phi  a/b\n\n#S 5 ascan phi 0 1\n#D Sun Sep  9 01:47:00 2001\n#P0 1.5\n\
                        #@CTIME 1 2\n#G1 1 2\n#L phi  Epoch\n1 1500000001\n@A 1 2 3\n2 nan\n@A 4 5\n";

    fn open(options: SpecOptions) -> Tree {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(TEXT.as_bytes()).unwrap();
        spec(file.path(), options, Limits::default()).unwrap()
    }

    #[test]
    fn what_can_be_lived_with_is_told_once() {
        let tree = open(SpecOptions::default());
        assert!(tree.warnings().list().is_empty());
        for _ in 0..2 {
            let data = tree.dataset("/5.1/measurement/mca_0/data").unwrap();
            let values = data.read_all().unwrap();
            assert_eq!(values.shape, [2, 3]);
            assert_eq!((values.get_f64(4), values.get_f64(5)), (Some(5.0), Some(0.0)));
            assert!(tree.get("/5.1/title").is_ok() && tree.get("/5").is_err());
        }
        assert_eq!(
            tree.warnings().list(),
            [
                "scan 5.1: 2 motors, 1 positions; the positions are left out",
                "scan 5.1: #@CTIME is not three numbers",
                "scan 5.1: #G1 can't be read",
                "scan 5.1: a spectrum of 2 channels, not 3",
            ]
        );
    }

    #[test]
    fn a_part_of_the_spectra_is_read() {
        let tree = open(SpecOptions::default());
        let data = tree.dataset("/5.1/instrument/mca_0/data").unwrap();
        let picks = [super::super::Pick::Index(-1), super::super::Pick::Index(0)];
        let (selection, _) = super::super::Pick::apply(&picks, &[2, 3]).unwrap();
        let values = data.read(&selection).unwrap();
        assert_eq!((values.len(), values.get_f64(0)), (1, Some(4.0)));
    }

    #[test]
    fn times_keep_their_seconds_when_asked() {
        let epoch = |options| {
            let values =
                open(options).dataset("/5.1/measurement/Epoch").unwrap().read_all().unwrap();
            [values.get_f64(0).unwrap(), values.get_f64(1).unwrap()]
        };
        assert_eq!(epoch(SpecOptions::default()), [1_500_000_000.0, 0.0]);
        let strict = epoch(SpecOptions { reading: Reading::Strict, double: true });
        assert_eq!(strict[0], 1_500_000_001.0);
        assert!(strict[1].is_nan());
    }
}
