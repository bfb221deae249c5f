//! `tierline plot`: the numbers behind its pictures, and what it refuses.

use std::path::Path;

use serde_json::{Value, json};
use tierline::h5::lh5::{ChunkPolicy, TableWriter};
use tierline::h5::tree::Reader;
use tierline::h5::{Options, Writer};
use tierline::table::{Array, Attrs, DType, Table, VectorOfVectors, WaveformTable};
use tierline_firmware_sim::emit::EXAMPLES;

use crate::host::program::{Ran, files, tierline};

/// A run of a FlashCam with germanium detectors: `run.lh5`.
fn run(dir: &Path) -> Reader {
    let example = EXAMPLES.iter().find(|e| e.name == "fcio-germanium").unwrap();
    std::fs::write(dir.join("run.fcio"), (example.make)(1, 20)).unwrap();
    let ran = tierline(dir, &["raw", "run.fcio"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    Reader::open(&dir.join("run.lh5")).unwrap()
}

/// `odd.lh5`: columns of all kinds, an empty table, a table of 6000 rows.
fn odd(dir: &Path) {
    let none = Attrs::new;
    let mut mixed = Table::new();
    let numbers = [1.5, f64::NAN, 2.5, f64::INFINITY, -4.0];
    mixed.push("x", Attrs::with_units("keV"), Array::from_f64(&numbers)).unwrap();
    mixed.push("n", none(), Array::from_u64(&[7; 5])).unwrap();
    mixed.push("flag", none(), Array::from_bool(&[true, false, true, true, true])).unwrap();
    mixed.push("name", none(), Array::from_text(&["a", "b", "c", "d", "e"], 2)).unwrap();
    let mut lists = VectorOfVectors::new(DType::U8);
    [&[1u8, 2][..], &[], &[3], &[4, 5, 6], &[7]].iter().for_each(|row| lists.push_row(row));
    mixed.push("lists", none(), lists).unwrap();
    let empty = |table: &Table| {
        let mut empty = table.clone();
        empty.clear();
        empty
    };
    let samples = Array::from_i16(&[5, -5, 9, 1, 2, 3]).reshaped(&[3]);
    let (t0, dt) = (Array::from_f64(&[0.0, 1.0]), Array::from_f64(&[0.5, 0.5]));
    let mut waves = WaveformTable::new(t0, dt, samples);
    (waves.t0_units, waves.dt_units) = ("us".into(), "us".into());
    let mut short = Table::new();
    short.push("waveform", none(), waves.into_table().unwrap()).unwrap();
    short.push("base", none(), Array::from_f32(&[1.0, 2.0])).unwrap();
    let mut long = Table::new();
    let rows = || (0..6000).map(f64::from);
    let times: Vec<f64> = rows().map(|row| 1.6e9 + row * 1e-3).collect();
    let values: Vec<f64> =
        rows().map(|row| if row == 3.0 { f64::NAN } else { row % 17.0 }).collect();
    long.push("timestamp", Attrs::with_units("s"), Array::from_f64(&times)).unwrap();
    long.push("value", none(), Array::from_f64(&values)).unwrap();
    let mut writer = Writer::create(&dir.join("odd.lh5"), Options::default()).unwrap();
    let tables = [("a", empty(&mixed)), ("b", mixed), ("c/short", short), ("d", long)];
    for (path, table) in tables {
        let policy = ChunkPolicy::default();
        let mut output = TableWriter::create(&mut writer, path, &table, policy).unwrap();
        output.append(&mut writer, &table).unwrap();
    }
    writer.finish().unwrap();
}

/// Runs `plot` and reads what it prints.
fn panels(dir: &Path, args: &[&str]) -> Vec<Value> {
    let ran = tierline(dir, &[&["plot"], args, &["--json"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}");
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    value["panels"].as_array().unwrap().clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    let array = value.as_array().unwrap_or_else(|| panic!("{value}"));
    array.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
}

fn all(reader: &Reader, column: &str) -> Vec<f64> {
    reader.array(column, 0..usize::MAX).unwrap().iter_f64().collect()
}

/// Width and height of a whole PNG.
fn png_size(bytes: &[u8]) -> (u32, u32) {
    assert!(
        bytes.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") && bytes.ends_with(b"IEND\xaeB`\x82")
    );
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn a_file_alone_makes_a_picture_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    for example in EXAMPLES {
        std::fs::write(dir.path().join(example.file_name), (example.make)(1, 20)).unwrap();
        assert_eq!(tierline(dir.path(), &["raw", example.file_name]).code, 0);
        let file = Path::new(example.file_name).with_extension("lh5");
        let name = file.to_str().unwrap();
        let ran = tierline(dir.path(), &["plot", name, "-v"]);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{}", ran.err);
        assert!(ran.err.contains("waveforms: rows 0 to "), "{}", ran.err);
        let picture = dir.path().join(&file).with_extension("png");
        let first = std::fs::read(&picture).unwrap();
        let panels = if ran.err.contains("spectrum") { (1440, 420) } else { (960, 560) };
        assert_eq!(png_size(&first), panels, "{name}");
        let ran = tierline(dir.path(), &["plot", name]);
        assert!(ran.code == 1 && ran.err.contains("--overwrite"), "{}", ran.err);
        let ran = tierline(dir.path(), &["plot", name, "-w"]);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
        assert!(std::fs::read(&picture).unwrap() == first, "{name}: other bytes");
    }
}

#[test]
fn histograms_count_as_a_naive_count() {
    let dir = tempfile::tempdir().unwrap();
    let values = all(&run(dir.path()), "/FCEvent/daqenergy");
    for args in [
        vec![],
        vec!["--bins", "7"],
        vec!["--range", "100:900"],
        vec!["--range", "-5:5.5", "--bins", "3", "--log"],
    ] {
        let args = [&["run.lh5", "FCEvent/daqenergy"], &args[..]].concat();
        let panel = &panels(dir.path(), &args)[0];
        assert_eq!(
            (&panel["kind"], &panel["x"]["label"]),
            (&"spectrum".into(), &"daqenergy".into())
        );
        let one = &panel["histograms"][0];
        let (edges, counts) = (numbers(&one["edges"]), numbers(&one["counts"]));
        assert_eq!(edges.len(), counts.len() + 1);
        let width = edges[1] - edges[0];
        assert!(width.fract() == 0.0 && edges[0].fract().abs() == 0.5, "{edges:?}");
        let within =
            |low: f64, high: f64| values.iter().filter(|v| **v >= low && **v < high).count() as f64;
        for (pair, count) in edges.windows(2).zip(&counts) {
            assert_eq!(within(pair[0], pair[1]), *count, "{args:?}");
        }
        assert_eq!(one["below"], within(f64::MIN, edges[0]) as u64);
        assert_eq!(one["above"], within(edges[counts.len()], f64::MAX) as u64);
        assert_eq!(one["entries"], values.len());
    }
}

#[test]
fn persistence_counts_every_sample() {
    let dir = tempfile::tempdir().unwrap();
    let reader = run(dir.path());
    let values = reader.array("/FCEvent/waveform/values", 0..usize::MAX).unwrap();
    let dt = all(&reader, "/FCEvent/waveform/dt")[0];
    let panel = &panels(dir.path(), &["run.lh5", "FCEvent", "--kind", "persistence"])[0];
    let density = &panel["density"];
    let (xs, ys) = (numbers(&density["x_edges"]), numbers(&density["y_edges"]));
    let counts: Vec<Vec<f64>> = density["counts"].as_array().unwrap().iter().map(numbers).collect();
    assert_eq!(counts.iter().flatten().sum::<f64>(), values.len() as f64);
    assert_eq!(density["entries"], values.len());
    assert!(xs.len() <= 1025 && ys.len() <= 1025);
    let mut naive = vec![vec![0.0; xs.len() - 1]; ys.len() - 1];
    for (index, value) in values.iter_f64().enumerate() {
        let time = (index % values.row_len()) as f64 * dt;
        let column = xs.partition_point(|edge| *edge <= time) - 1;
        naive[ys.partition_point(|edge| *edge <= value) - 1][column] += 1.0;
    }
    assert!(naive == counts);

    let args = ["run.lh5", "FCEvent", "2:5", "--kind", "persistence", "--range", "0:15000"];
    let part = &panels(dir.path(), &args)[0];
    let n = values.row_len();
    let inside = (2 * n..5 * n).filter(|i| values.get_f64(*i).unwrap() < 15000.0).count();
    assert_eq!(part["density"]["entries"], inside);
    assert!(inside == 3 * n || part["note"].as_str().unwrap().contains("outside the range"));
}

#[test]
fn thinned_waveforms_keep_their_extremes() {
    let dir = tempfile::tempdir().unwrap();
    let reader = run(dir.path());
    let values = reader.array("/FCEvent/waveform/values", 0..usize::MAX).unwrap();
    let (n, rows) = (values.row_len(), values.rows());
    for (rows, args) in [(0..10, vec![]), (3..6, vec!["3:6"]), (rows - 2..rows, vec!["-2:"])] {
        let args = [&["run.lh5", "FCEvent/waveform/values"], &args[..]].concat();
        let panel = &panels(dir.path(), &args)[0];
        let lines = panel["lines"].as_array().unwrap();
        assert_eq!(lines.len(), rows.len());
        for (row, line) in rows.zip(lines) {
            let samples: Vec<f64> =
                (row * n..(row + 1) * n).filter_map(|i| values.get_f64(i)).collect();
            let drawn = numbers(&line["y"]);
            let extremes = |v: &[f64]| {
                (v.iter().copied().fold(f64::MAX, f64::min), v.iter().copied().fold(0.0, f64::max))
            };
            assert_eq!(extremes(&drawn), extremes(&samples));
            assert!(drawn.len() <= 2 * 960);
            assert!(line["label"].as_str().unwrap().starts_with(&format!("row {row}")));
        }
    }
    let flat = &panels(dir.path(), &["run.lh5", "FCEvent", "1", "--baseline-subtract"])[0];
    let first: Vec<f64> = (0..n.div_ceil(8)).filter_map(|i| values.get_f64(i)).collect();
    let mean = first.iter().sum::<f64>() / first.len() as f64;
    assert_eq!(numbers(&flat["lines"][0]["y"])[0], values.get_f64(0).unwrap() - mean);
    let flat = &panels(dir.path(), &["run.lh5", "FCEvent", "1", "--baseline-subtract=baseline"])[0];
    let baseline = all(&reader, "/FCEvent/baseline")[0];
    assert_eq!(numbers(&flat["lines"][0]["y"])[0], values.get_f64(0).unwrap() - baseline);
}

#[test]
fn encoded_waveforms_are_drawn_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path());
    let codec = json!({"waveform/values": "ULEB128ZigZagDiff()"});
    let entry = json!({"key_list": ["*"], "proc_spec": {"compression": codec}});
    let spec = json!({"FCEventDecoder": {"FCEvent": entry}}).to_string();
    std::fs::write(dir.path().join("spec.json"), spec).unwrap();
    let ran = tierline(dir.path(), &["process", "run.lh5", "-s", "spec.json", "-o", "small.lh5"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for kind in ["waveforms", "persistence", "spectrum"] {
        let of = |file: &str| panels(dir.path(), &[file, "FCEvent/waveform", "--kind", kind]);
        let (plain, mut encoded) = (of("run.lh5"), of("small.lh5"));
        encoded[0]["title"] = plain[0]["title"].clone();
        assert!(plain == encoded, "{kind}");
    }
}

#[test]
fn numbers_that_are_not_finite_are_counted_and_left_out() {
    let dir = tempfile::tempdir().unwrap();
    odd(dir.path());
    let panel = &panels(dir.path(), &["odd.lh5", "b/x"])[0];
    let one = &panel["histograms"][0];
    assert_eq!((&one["entries"], &one["not_finite"]), (&3.into(), &2.into()));
    assert_eq!(panel["note"], "3 entries · 2 not finite");
    assert_eq!(panel["x"]["units"], "keV");
    let panel = &panels(dir.path(), &["odd.lh5", "b/x", "--versus", "n"])[0];
    assert_eq!(numbers(&panel["dots"][0]["y"]), [1.5, 2.5, -4.0]);
    assert_eq!(numbers(&panel["dots"][0]["x"]), [7.0; 3]);
    assert_eq!(panel["note"], "5 rows · 2 not finite");
    let panel = &panels(dir.path(), &["odd.lh5", "d/value", "--kind", "trend"])[0];
    assert_eq!((&panel["x"]["label"], &panel["x"]["units"]), (&"timestamp".into(), &"s".into()));
    let density = &panel["density"];
    assert_eq!((&density["entries"], &density["not_finite"]), (&5999.into(), &1.into()));
    assert!(numbers(&density["x_edges"]).len() > 128);
    let args = ["odd.lh5", "d/value", "--kind", "trend", "--range", "2:5"];
    let panel = &panels(dir.path(), &args)[0];
    let inside = (0..6000).filter(|row| *row != 3 && (2..5).contains(&(row % 17))).count();
    assert_eq!(panel["density"]["entries"], inside);
    assert!(panel["note"].as_str().unwrap().contains("outside the range"), "{panel}");
    let panel = &panels(dir.path(), &["odd.lh5", "b/x", "--kind", "trend"])[0];
    assert_eq!(numbers(&panel["dots"][0]["x"]), [0.0, 2.0, 4.0]);
}

#[test]
fn columns_of_every_kind_are_drawn() {
    let dir = tempfile::tempdir().unwrap();
    odd(dir.path());
    let panel = &panels(dir.path(), &["odd.lh5", "c/short"])[0];
    assert_eq!(numbers(&panel["lines"][0]["x"]), [0.0, 500.0, 1000.0]);
    assert_eq!(numbers(&panel["lines"][1]["x"]), [1000.0, 1500.0, 2000.0]);
    assert_eq!(panel["y"]["label"], "ADC counts");
    let lists = &panels(dir.path(), &["odd.lh5", "b/lists"])[0];
    assert_eq!((&lists["kind"], &lists["x"]["label"]), (&"waveforms".into(), &"sample".into()));
    assert_eq!(numbers(&lists["lines"][3]["y"]), [4.0, 5.0, 6.0]);
    let flags = &panels(dir.path(), &["odd.lh5", "b/flag"])[0]["histograms"][0];
    assert!(numbers(&flags["counts"]).windows(2).any(|pair| pair == [1.0, 4.0]), "{flags}");
    for (table, kind) in [("b/n", "spectrum"), ("b/lists", "persistence"), ("d/value", "trend")] {
        for extension in ["png", "svg"] {
            let name = format!("out.{extension}");
            let args = ["plot", "odd.lh5", table, "--kind", kind, "-w", "--size", "500x300", "-o"];
            let ran = tierline(dir.path(), &[&args[..], &[&name]].concat());
            assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        }
        assert_eq!(png_size(&std::fs::read(dir.path().join("out.png")).unwrap()), (500, 300));
        let svg = std::fs::read_to_string(dir.path().join("out.svg")).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        let embedded = kind == "persistence" || kind == "trend";
        assert_eq!(svg.contains("<image"), embedded, "{kind}");
    }
}

#[test]
fn patterns_draw_all_that_match() {
    let dir = tempfile::tempdir().unwrap();
    odd(dir.path());
    let both = panels(dir.path(), &["odd.lh5", "[bd]/[nv]*", "--each", "--kind", "spectrum"]);
    assert_eq!((both.len(), both[0]["histograms"].as_array().unwrap().len()), (1, 2));
    let labels: Vec<_> = (0..2).map(|i| &both[0]["histograms"][i]["label"]).collect();
    assert_eq!(labels, ["b/n", "d/value"]);
    let both = panels(dir.path(), &["odd.lh5", "*/l*", "--each"]);
    assert_eq!(both.len(), 1);
    let run = run(dir.path());
    let names = ["numtraces", "daqenergy"];
    let sum: usize = names.iter().map(|name| all(&run, &format!("/FCEvent/{name}")).len()).sum();
    let panel = &panels(dir.path(), &["run.lh5", "FCEvent/[nd][ua][mq]*", "--each"])[0];
    let entries = panel["histograms"].as_array().unwrap().iter().map(|one| one["entries"].as_u64());
    assert_eq!(entries.map(Option::unwrap).sum::<u64>(), sum as u64);
}

#[test]
fn nonsense_is_refused_with_the_codes_of_the_house() {
    let dir = tempfile::tempdir().unwrap();
    odd(dir.path());
    std::fs::write(dir.path().join("text.lh5"), "no such thing").unwrap();
    let check = |args: &[&str], code: i32, said: &str| {
        let ran: Ran = tierline(dir.path(), &[&["plot"], args].concat());
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{args:?}: {}", ran.err);
    };
    for (args, code, said) in [
        (&["nosuch.lh5"][..], 1, "nosuch.lh5"),
        (&["text.lh5"], 1, "text.lh5"),
        (&["odd.lh5", "nosuch"], 1, "odd.lh5: there is no 'nosuch'"),
        (&["odd.lh5", "b/nosuch"], 1, "odd.lh5: there is no 'b/nosuch'"),
        (&["odd.lh5", "b/name"], 1, "odd.lh5: '/b/name': these are texts"),
        (&["odd.lh5", "c"], 1, "odd.lh5: '/c'"),
        (&["odd.lh5", "a/x"], 1, "odd.lh5: 'a/x' has no rows"),
        (&["odd.lh5", "b/x", "7:9"], 1, "odd.lh5: there are no such rows of 'b/x'"),
        (&["odd.lh5", "b/x", "--kind", "waveforms"], 1, "no waveform"),
        (&["odd.lh5", "b/lists", "--kind", "trend"], 1, "no trend"),
        (&["odd.lh5", "b/x", "--versus", "nosuch"], 1, "there is no 'b/nosuch'"),
        (&["odd.lh5", "b/x", "--versus", "name"], 1, "one number per row"),
        (&["odd.lh5", "c/short", "--baseline-subtract=x"], 1, "there is no 'c/short/x'"),
        (&["odd.lh5", "x*", "--each"], 1, "matches 'x*'"),
        (&["odd.lh5", "b"], 2, "say which column of '/b'"),
        (&["odd.lh5", "b/x", "-o", "out.jpg"], 2, "out.jpg"),
        (&["odd.lh5", "b/x", "-o", "odd"], 2, "name it .png or .svg"),
        (&["odd.lh5", "b/x", "--size", "10x10"], 2, "at least 200 x 150"),
        (&["odd.lh5", "b/x", "--size", "99999x300"], 2, "too large"),
        (&["odd.lh5", "b/x", "--size", "big"], 2, "1200x800"),
        (&["odd.lh5", "b/lists", "--bins", "5"], 2, "--bins is for spectra"),
        (&["odd.lh5", "b/lists", "--log"], 2, "--log is for spectra"),
        (&["odd.lh5", "b/x", "--baseline-subtract"], 2, "is for waveforms"),
        (&["odd.lh5", "b/x", "--range", "5:1"], 2, "the smaller one first"),
        (&["odd.lh5", "b/x", "--bins", "0"], 2, "--bins"),
        (&["odd.lh5", "b/x", "x"], 2, "no number of a row"),
        (&["odd.lh5", "b/x", "--kind", "pie"], 2, "pie"),
        (&["odd.lh5", "b/x", "--kind", "spectrum", "--versus", "n"], 2, "trend"),
        (&["odd.lh5", "d/value", "--kind", "persistence"], 1, "no waveform"),
    ] {
        check(args, code, said);
    }
    assert_eq!(files(dir.path()), ["odd.lh5", "text.lh5"]);
    std::fs::copy(dir.path().join("odd.lh5"), dir.path().join("odd.png")).unwrap();
    check(&["odd.png", "b/x", "-w"], 2, "over itself");
}
