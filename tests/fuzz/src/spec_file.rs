//! Spec files: any text opens or is refused, every scan is read, and the tree shows all of it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tierline_dataio::image::{Limits, Source};
use tierline_dataio::spec::{Curves, Reading, Scan, SpecFile, write};
use tierline_dataio::tree::{Node, SpecOptions, Tree, Visit, spec};

/// Scans of a file that are read.
const SCANS: usize = 50;

fn limits() -> Limits {
    Limits { max_allocation: 16 << 20, ..Limits::default() }
}

/// The input is the file.
pub fn run(data: &[u8]) {
    for reading in [Reading::Compatible, Reading::Strict] {
        let source = Source::memory(Path::new("fuzz.dat"), data.to_vec(), limits());
        let Ok(file) = SpecFile::from_source(source, reading) else { return };
        let keys: Vec<String> = file.keys().collect();
        assert_eq!(keys.len(), file.len());
        let _ = file.list();
        for (index, key) in keys.iter().enumerate().take(SCANS) {
            assert_eq!(file.find(key), Some(index));
            scan(&file.scan(index).expect("a scan of the list is read"));
        }
    }
    let path = path();
    std::fs::write(path, data).expect("room");
    for double in [false, true] {
        let reading = if double { Reading::Strict } else { Reading::Compatible };
        let tree = spec(path, SpecOptions { reading, double }, limits()).expect("it opened above");
        walk(&tree);
    }
}

fn path() -> &'static Path {
    static MADE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("fuzz.dat");
        (folder, path)
    });
    &made.1
}

/// Everything of a scan fits together.
fn scan(scan: &Scan) {
    assert_eq!(scan.rows() * scan.columns(), scan.data().len());
    let _ = (scan.command(), scan.date(), scan.labels(), scan.has_positions());
    for name in scan.motor_names() {
        let _ = scan.motor_position(&name);
    }
    let _ = scan.motor_positions();
    for column in 0..scan.columns().min(20) {
        let values = scan.column(column).expect("a column below their number");
        assert_eq!(values.len(), scan.rows());
    }
    // An aborted scan has any column, without numbers.
    let past = scan.column(scan.columns());
    assert_eq!(past, (scan.columns() == 0).then(Vec::new));
    assert!(scan.row(scan.rows()).is_empty() && scan.row(usize::MAX).is_empty());
    for index in 0..scan.spectra().min(20) {
        assert!(scan.spectrum(index).is_some());
    }
    assert!(scan.analysers() * scan.analyser_rows() <= scan.spectra());
    for analyser in 0..scan.analysers().min(5) {
        let _ = scan.analyser_spectrum(analyser, 0);
    }
    let _ = (scan.calibrations(), scan.channels(), scan.counting_times());
}

fn walk(tree: &Tree) {
    let visited = tree.walk("/", &mut |step| {
        let _ = step.node.attrs();
        if let Node::Dataset(dataset) = step.node {
            let info = dataset.info();
            if let (Ok(info), Ok(values)) = (info, dataset.read_all()) {
                assert_eq!(info.shape, values.shape, "{}", step.path);
                assert_eq!(info.element, values.element(), "{}", step.path);
            }
        }
        Ok(Visit::Enter)
    });
    let _ = (visited, tree.warnings().list());
}

/// Inputs to start from.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut curves = Vec::new();
    for number in [1, 7] {
        let x: Vec<f64> = (0..5).map(f64::from).collect();
        let curve = Curves { number, x: ("x", &x), y: &[("y  ".trim(), &x)], digits: 7 };
        write(&mut curves, (number == 1).then_some("f"), "Sat Nov 7 12:00:00 2020", &curve)
            .expect("a file in memory");
    }
    let full = "#F a.dat\n#E 1500000000\n#D Sat Nov  7 12:00:00 2020\n#C a  User = b\n#O0 th  tth  a b\n#O1 chi\n\n\
        #S 3 ascan th 0 1 2 0.1\n#D Sat Nov  7 12:00:00 2020\n#T 0.1  (Seconds)\n#G1 1 1 1 90 90 90 6 6 6\n\
        #G3 1 0 0 0 1 0 0 0 1\n#Q 1 0 0\n#P0 1 2 3\n#P1 -4e1\n#@MCA %3C\n#@CHANN 3 0 2 1\n#@CALIB 0 1 0\n\
        #@CTIME 1 0.9 1.1\n#N 3\n#L th  Epoch  det\n0 1 2\n@A 1 2 3\n1 2 3\n@A 4\\\n 5 6\n#C done\n2 3 4\n@A 7 8 9\n\
        #S 3 again\n#L a\nnan\n-inf\n1e400\r\n#F b\n#S -2\n@A 1 2\n";
    vec![curves, full.as_bytes().to_vec()]
}
