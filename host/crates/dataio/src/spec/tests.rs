use std::path::Path;
use std::time::Instant;

use tierline_report::Limits;

use super::*;

const SCAN: &str = "#F a\n#O0 phi  two words\n\n#S 5 ascan phi 0 1\n#D Sun Sep 09 01:47:00 2001\n#P0 1.5 2\n\
                    #@CHANN 3 0 2 1\n#@CALIB 1 2 3\n#@CTIME 1 2 3\n#N 2\n#L phi  I0\n1 2\n@A 1 2\\\n 3\n\
                    3 nan\n@A 4 5 6\n#C end\n";

fn open(text: &[u8], reading: Reading) -> Result<SpecFile, Error> {
    let source = Source::memory(Path::new("a.dat"), text.to_vec(), Limits::default());
    SpecFile::from_source(source, reading)
}

#[test]
fn a_scan_has_header_numbers_and_spectra() {
    let file = open(SCAN.as_bytes(), Reading::Compatible).unwrap();
    assert_eq!(file.keys().collect::<Vec<_>>(), ["5.1"]);
    assert_eq!(
        (file.find("5.1"), file.find("5"), file.find("5.2"), file.find("x")),
        (Some(0), Some(0), None, None)
    );
    let scan = file.select("5.1").unwrap();
    assert_eq!(scan.command(), Some("ascan phi 0 1"));
    assert_eq!(scan.date(), Some("Sun Sep 09 01:47:00 2001"));
    assert_eq!(scan.labels(), ["phi", "I0"]);
    assert_eq!(scan.motor_position("two words"), Some(2.0));
    assert_eq!((scan.rows(), scan.columns(), scan.row(1)), (2, 2, &[3.0, 0.0][..]));
    assert!(scan.row(2).is_empty() && scan.row(usize::MAX).is_empty());
    assert_eq!(scan.column_by_name("phi"), Some(vec![1.0, 3.0]));
    assert_eq!((scan.spectra(), scan.analysers()), (2, 1));
    assert_eq!(scan.spectrum(0), Some(vec![1.0, 2.0, 3.0]));
    assert_eq!(scan.counting_times(), [Some([1.0, 2.0, 3.0])]);
    assert_eq!(scan.header().last().map(String::as_str), Some("#C end"));
    assert!(scan.warnings().is_empty());
    let strict = open(SCAN.as_bytes(), Reading::Strict).unwrap().scan(0).unwrap();
    assert!(strict.row(1)[1].is_nan());
}

#[test]
fn carriage_returns_are_kept_or_dropped() {
    let text = SCAN.replace('\n', "\r\n");
    let compatible = open(text.as_bytes(), Reading::Compatible).unwrap().scan(0).unwrap();
    assert_eq!(compatible.labels(), ["phi", "I0\r"]);
    let strict = open(text.as_bytes(), Reading::Strict).unwrap().scan(0).unwrap();
    assert_eq!(
        (strict.labels(), strict.command()),
        (vec!["phi".into(), "I0".into()], Some("ascan phi 0 1"))
    );
    assert_eq!(strict.spectrum(0), Some(vec![1.0, 2.0, 3.0]));
    assert_eq!(strict.rows(), 2);
}

#[test]
fn rows_of_another_length_are_left_out_with_a_warning() {
    let file = open(b"#S 1\n#L a  b  c\n1 2\n3\n4 5 6\n7 8\n", Reading::Compatible).unwrap();
    let scan = file.scan(0).unwrap();
    assert_eq!(scan.data(), [1.0, 2.0, 7.0, 8.0]);
    let expected = "scan 1.1: 2 row(s) left out; line 4: 1 numbers, expected 2";
    assert_eq!(scan.warnings()[0], expected);
    assert_eq!(scan.column_by_name("c"), Some(vec![]));
    assert_eq!(scan.column_by_name("d"), None);
}

#[test]
fn channels_count_as_ranges_do() {
    let channels = |line: &str| {
        let text = format!("#S 1\n#@CHANN {line}\n1\n@A 1 2\n");
        open(text.as_bytes(), Reading::Compatible).unwrap().scan(0).unwrap().channels()[0]
            .map(|channels| channels.iter().take(9).collect::<Vec<_>>())
    };
    assert_eq!(channels("8 0 7 2"), Some(vec![0, 2, 4, 6]));
    assert_eq!(channels("8 7 0 -1"), Some(vec![7, 6, 5, 4, 3, 2]));
    assert_eq!(channels("8 7 0 1"), Some(vec![]));
    for bad in ["8 0 7", "8 0 7 0", "8 0.5 7 1", ""] {
        assert_eq!(channels(bad), None, "{bad}");
    }
    assert!(channels("1 -9223372036854775808 9223372036854775807 1").is_none_or(|c| c.len() == 9));
}

#[test]
fn every_truncation_opens_or_says_why() {
    for length in 0..SCAN.len() {
        match open(&SCAN.as_bytes()[..length], Reading::Compatible) {
            Ok(file) => {
                let scan = file.scan(0).unwrap();
                assert!(scan.spectrum(scan.spectra()).is_none());
            }
            Err(error) => {
                assert!(length < SCAN.find("#S").unwrap() + 2);
                assert!(error.to_string().starts_with("a.dat: a Spec file has scans"));
            }
        }
    }
}

#[test]
fn garbage_takes_linear_time() {
    let start = Instant::now();
    for pattern in
        ["#S 1\n", "#S 1\n#", "\n#", "@\\\n", "#a1 ", "1 ", "e", "  ", "#S\n@", "1\n1 1\n"]
    {
        let text = format!("#S 1\n{}", pattern.repeat(200_000 / pattern.len()));
        let file = open(text.as_bytes(), Reading::Strict).unwrap();
        let scan = file.scan(file.len() - 1).unwrap();
        let _ = (scan.labels(), scan.motor_names(), scan.channels(), scan.spectrum(0));
    }
    assert!(start.elapsed().as_secs() < 5);
}

#[test]
fn spec_files_show_themselves_early() {
    assert!(is_spec(b"#E 1\n\n#S 1 x\n"));
    assert!(is_spec(b"#F x"));
    assert!(!is_spec(b"#Sx\n#Fx\n #S 1"));
    assert!(!is_spec(format!("{}#S 1", "\n".repeat(11)).as_bytes()));
    assert!(is_spec(format!("{}#S 1", "\n".repeat(10)).as_bytes()));
}

#[test]
fn numbers_are_listed_as_ranges() {
    let file = open(b"#S 1\n#S 2\n#S 3\n#S 3\n#S 7\n#S 8\n", Reading::Compatible).unwrap();
    assert_eq!(file.list(), "1:3,3,7:8");
}

#[test]
fn a_number_may_be_cut_by_the_end_of_the_file() {
    let text = b"#S 1\n1 2\n3 4";
    let compatible = open(text, Reading::Compatible).unwrap().scan(0).unwrap();
    assert_eq!((compatible.data(), compatible.warnings().len()), (&[1.0, 2.0][..], 2));
    let strict = open(text, Reading::Strict).unwrap().scan(0).unwrap();
    assert_eq!((strict.data(), strict.warnings().len()), (&[1.0, 2.0, 3.0, 4.0][..], 0));
}

#[test]
fn long_names_are_cut_between_characters() {
    let text = format!("#S 1\n#L {}  b\n1 2\n", "é".repeat(200));
    let compatible = open(text.as_bytes(), Reading::Compatible).unwrap().scan(0).unwrap();
    assert_eq!(compatible.labels(), ["é".repeat(127).as_str(), "b"]);
    let strict = open(text.as_bytes(), Reading::Strict).unwrap().scan(0).unwrap();
    assert_eq!(strict.labels()[0].len(), 400);
}

proptest::proptest! {
    #[test]
    fn pieces_in_any_order_are_survived(
        pieces in proptest::collection::vec(0_usize..PIECES.len(), 0..60),
        raw in proptest::collection::vec(proptest::num::u8::ANY, 0..20),
    ) {
        let mut text = b"#S 1 x\n".to_vec();
        for piece in pieces {
            text.extend_from_slice(PIECES[piece].as_bytes());
        }
        text.extend(raw);
        for reading in [Reading::Compatible, Reading::Strict] {
            let file = open(&text, reading).unwrap();
            for index in 0..file.len() {
                let scan = file.scan(index).unwrap();
                let _ = (scan.command(), scan.date(), scan.labels(), scan.channels());
                let _ = (scan.calibrations(), scan.counting_times(), scan.motor_position("a"));
                assert_eq!(scan.data().len(), scan.rows() * scan.columns());
                for row in 0..scan.analyser_rows() {
                    let _ = scan.analyser_spectrum(0, row);
                }
            }
        }
    }
}

/// Pieces of Spec files.
const PIECES: [&str; 24] = [
    "#S ",
    "#F ",
    "#L a  b",
    "#O0 a  b",
    "#P0 1 2",
    "#@CHANN ",
    "#@CALIB ",
    "#@CTIME 1 2 3",
    "@A ",
    "@",
    "\\",
    "\n",
    "\r\n",
    " ",
    "\t",
    "1",
    "2.5e3 ",
    "nan ",
    "-",
    "9223372036854775807 ",
    "#D ",
    "#",
    "é",
    "\n@A 1 2\\\n",
];
