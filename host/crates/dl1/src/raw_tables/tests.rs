use std::collections::BTreeMap;

use tierline_h5::lh5::{ChunkPolicy, TableWriter, write_object};
use tierline_table::{Array, Attrs, Column, DType, VectorOfVectors, WaveformTable};

use super::*;
use crate::camera_file::tests::described;
use crate::camera_file::{CameraFile, Pedestal, TraceMap};
use crate::event::{ArrayEvent, Decoding, EventType, Samples, Time};
use crate::pipeline::EventSource as _;
use crate::simtel::source::SourceOptions;

const PIXELS: u16 = 19;
const SAMPLES: usize = 10;

fn config() -> RecordingConfig {
    RecordingConfig {
        adcs: PIXELS.into(),
        triggers: 1,
        samples: SAMPLES as u64,
        baseline_precision: 16,
        gps: true,
        trace_map: (0..PIXELS).map(|trace| (256 + trace / 6, trace % 6)).collect(),
    }
}

/// A row: packet, number, type, trace.
type Row = (u32, i32, i32, u16);

fn sample((_, number, _, trace): Row, at: usize) -> u16 {
    (100 + number as u16 * 50 + trace * 7) + at as u16
}

fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    let mut push = |name: &str, column: Array| table.push(name, Attrs::new(), column).unwrap();
    let words = |f: &dyn Fn(&Row) -> u16| Array::from_u16(&rows.iter().map(f).collect::<Vec<_>>());
    let ints = |f: &dyn Fn(&Row) -> i32| Array::from_i32(&rows.iter().map(f).collect::<Vec<_>>());
    push("packet_id", Array::from_u32(&rows.iter().map(|row| row.0).collect::<Vec<_>>()));
    push("eventnumber", ints(&|row| row.1));
    push("event_type", ints(&|row| row.2));
    push("channel", words(&|row| row.3));
    push("board_id", words(&|row| 256 + row.3 / 6));
    push("fc_input", words(&|row| row.3 % 6));
    push("baseline", words(&|row| 100 + row.3));
    push("ts_pps", ints(&|row| row.1));
    push("ts_ticks", ints(&|_| 3));
    push("to_master_sec", ints(&|_| 1_767_268_800));
    let times = rows.iter().map(|row| 1_767_268_800.0 + f64::from(row.1) + 12e-9);
    push("timestamp", Array::from_f64(&times.collect::<Vec<_>>()));
    let samples = rows.iter().flat_map(|&row| (0..SAMPLES).map(move |at| sample(row, at)));
    let samples = Array::from_u16(&samples.collect::<Vec<_>>()).reshaped(&[SAMPLES]);
    let floats = |value: f32| Array::from_f32(&vec![value; rows.len()]);
    let waveform = WaveformTable::new(floats(0.0), floats(4.0), samples).into_table().unwrap();
    table.push("waveform", Attrs::new(), waveform).unwrap();
    table
}

fn camera() -> CameraFile {
    CameraFile { pedestal: Pedestal::Firmware, baseline_precision: None, ..described() }
}

/// All traces of an event.
fn event(number: i32) -> Vec<Row> {
    (0..=PIXELS).map(|trace| (number as u32 + 1, number, 1, trace)).collect()
}

struct Got {
    events: Vec<ArrayEvent>,
    notes: Vec<String>,
    end: Option<Error>,
}

fn read(tables: RawTables, camera: CameraFile, options: &SourceOptions) -> Result<Got, Error> {
    let paths = (Path::new("run.fcio"), Path::new("camera.yml"));
    let mut source = RawTableSource::new(paths.0, tables, (paths.1, camera), options)?;
    let mut got = Got { events: Vec::new(), notes: Vec::new(), end: None };
    loop {
        match source.next_event() {
            Ok(Some(event)) => match event(&mut Decoding::default()) {
                Ok((event, notes)) => {
                    got.events.push(event);
                    got.notes.extend(notes.iter().map(Error::to_string));
                }
                Err(error) => got.notes.push(error.to_string()),
            },
            Ok(None) => break,
            Err(error) => {
                got.end = Some(error);
                break;
            }
        }
    }
    got.notes.extend(source.take_notes().iter().map(Error::to_string));
    Ok(got)
}

fn of(batches: Vec<Table>) -> RawTables {
    RawTables { config: config(), batches: Box::new(batches.into_iter().map(Batch::Rows).map(Ok)) }
}

fn plain(batches: Vec<Table>) -> Got {
    read(of(batches), camera(), &SourceOptions::default()).unwrap()
}

#[test]
fn traces_become_pixels_however_batches_are_cut() {
    let rows: Vec<Row> = (0..4).flat_map(event).collect();
    let whole = plain(vec![table(&rows)]);
    assert_eq!((whole.events.len(), whole.notes.len()), (4, 0));
    for (number, event) in (0..).zip(&whole.events) {
        assert_eq!((event.event_id, event.obs_id), (number, 1));
        assert_eq!(event.event_type, EventType::SUBARRAY);
        assert_eq!(event.time, Time { seconds: 1_767_268_800 + number, nanoseconds: 12.0 });
        assert_eq!(event.triggers[0].n_trigger_pixels, -1);
        let telescope = &event.telescopes[0];
        let Samples::Adc(samples) = &telescope.samples else { panic!("sums") };
        for (pixel, waveform) in samples.chunks_exact(SAMPLES).enumerate() {
            let trace = PIXELS - 1 - pixel as u16;
            let row = (0, number as i32, 1, trace);
            assert!((0..SAMPLES).all(|at| waveform[at] == sample(row, at)), "pixel {pixel}");
            let pedestal = telescope.calibration.pedestal[pixel];
            assert_eq!(pedestal, f32::from(100 + trace) + 0.46875);
        }
        let gain = telescope.calibration.dc_to_pe[3];
        assert_eq!(gain, (1.0 / 20.3_f64) as f32);
        assert_eq!(telescope.calibration.broken.iter().filter(|b| **b).count(), 1);
        assert!(telescope.pointing.azimuth.is_nan());
    }
    for step in [1, 7, 20, 33] {
        let cut = plain(rows.chunks(step).map(table).collect());
        // Pointings are NaN, which are not equal.
        assert_eq!(format!("{:?}", cut.events), format!("{:?}", whole.events), "{step} rows");
    }
}

#[test]
fn pedestals_are_means_of_first_samples() {
    let camera = CameraFile { pedestal: Pedestal::FirstSamples(4), ..camera() };
    let got = read(of(vec![table(&event(2))]), camera, &SourceOptions::default()).unwrap();
    let pedestal = &got.events[0].telescopes[0].calibration.pedestal;
    assert_eq!(pedestal[18], 200.0 + 1.5);
}

#[test]
fn what_is_missing_is_broken_and_noted() {
    let mut rows: Vec<Row> = (0..3).flat_map(event).collect();
    rows.retain(|row| !(row.1 == 1 && (row.3 == 4 || row.3 == 5)));
    rows.retain(|row| row.1 != 2 || row.3 == PIXELS);
    rows.insert(3, (1, 0, 1, 2));
    rows.insert(4, (1, 0, 1, 77));
    let got = plain(vec![table(&rows)]);
    assert_eq!(got.events.len(), 2, "of the third event there is only the trigger's trace");
    let broken = &got.events[1].telescopes[0].calibration.broken;
    let broken: Vec<usize> = (0..19).filter(|pixel| broken[*pixel]).collect();
    assert_eq!(broken, [3, 13, 14]);
    assert_eq!(got.notes.len(), 3, "{:?}", got.notes);
    assert!(got.notes[0].contains("event 0: 1 pixels with more than one trace"));
    assert!(got.notes[1].contains("event 1: 2 pixels without a trace"), "{:?}", got.notes);
    assert!(got.notes[2].contains("event 2: no trace of it is one of a pixel"));
    let none = plain(vec![table(&[]), table(&event(0))]);
    assert_eq!(none.events.len(), 1);
}

#[test]
fn events_are_chosen() {
    let mut rows: Vec<Row> = (0..5).flat_map(event).collect();
    rows.iter_mut().filter(|row| row.1 == 1).for_each(|row| row.2 = 2);
    let ids = |options: SourceOptions| -> Vec<i64> {
        let got = read(of(vec![table(&rows)]), camera(), &options).unwrap();
        got.events.iter().map(|event| event.event_id).collect()
    };
    assert_eq!(ids(SourceOptions::default()), [0, 2, 3, 4]);
    assert_eq!(ids(SourceOptions { max_events: Some(2), ..Default::default() }), [0, 2]);
    let all = SourceOptions { skip_calibration_events: false, ..Default::default() };
    assert_eq!(ids(all), [0, 1, 2, 3, 4]);
    let again: Vec<Row> = event(3).into_iter().chain(event(1)).chain(event(4)).collect();
    let got = plain(vec![table(&again)]);
    assert_eq!(got.events.len(), 2);
    assert!(got.notes[0].contains("event 1: it is left out: it comes after number 3"));
}

#[test]
fn an_early_end_comes_last() {
    let end = Error::truncated(Path::new("run.fcio"), Place::Byte(7), "in a packet");
    let batches = vec![
        Ok(Batch::Rows(table(&event(0)))),
        Ok(Batch::Note(Error::parameter("a note", "in between"))),
        Ok(Batch::Rows(table(&event(1)))),
        Err(end),
    ];
    let tables = RawTables { config: config(), batches: Box::new(batches.into_iter()) };
    let got = read(tables, camera(), &SourceOptions::default()).unwrap();
    assert_eq!(got.events.len(), 2);
    assert_eq!(got.notes, ["a note: in between"]);
    assert!(matches!(got.end, Some(Error::Truncated { .. })));
}

#[test]
fn a_camera_that_is_another_is_refused() {
    let refused = |config: RecordingConfig, camera: CameraFile, options: &SourceOptions| {
        let batches = Box::new([Ok(Batch::Rows(table(&event(0))))].into_iter());
        match read(RawTables { config, batches }, camera, options) {
            Err(error) => error.to_string(),
            Ok(got) => got.end.unwrap().to_string(),
        }
    };
    let default = SourceOptions::default();
    let error = refused(RecordingConfig { adcs: 24, ..config() }, camera(), &default);
    assert!(error.contains("camera.yml: trace_map.traces: expected 24 traces"), "{error}");
    let error = refused(RecordingConfig { adcs: 18, triggers: 2, ..config() }, camera(), &default);
    assert!(error.contains("trace 18 is one of a trigger"), "{error}");
    let map: BTreeMap<_, _> = (0..18).map(|at| ((256 + at / 6, at % 6), Some(at.into()))).collect();
    let cards = CameraFile { trace_map: TraceMap::Inputs(map), ..camera() };
    let error = refused(config(), cards, &default);
    assert!(error.contains("trace_map.cards: input 0 of card 259 is recorded"), "{error}");
    let fast = CameraFile { sampling_rate_ghz: 1.0, ..camera() };
    let error = refused(config(), fast, &default);
    assert!(error.contains("FCEvent/waveform/dt: 4 ns from sample to sample"), "{error}");
    let error = refused(RecordingConfig { samples: 0, ..config() }, camera(), &default);
    assert!(error.contains("FCConfig/nsamples"), "{error}");
    let error = refused(RecordingConfig { baseline_precision: 0, ..config() }, camera(), &default);
    assert!(error.contains("FCConfig/blprecision"), "{error}");
    let long = CameraFile { pedestal: Pedestal::FirstSamples(11), ..camera() };
    assert!(refused(config(), long, &default).contains("first_samples is 11"));
    let limits = tierline_report::Limits { max_allocation: 4 * 19 * 10 - 1, ..Default::default() };
    let small = SourceOptions { limits, ..Default::default() };
    assert!(refused(config(), camera(), &small).contains("the waveforms of an event"));
    let other = SourceOptions { allowed_tels: Some([4].into()), ..Default::default() };
    assert!(refused(config(), camera(), &other).contains("no telescope 4"));
}

#[test]
fn tables_that_are_not_those_are_refused() {
    for column in ["packet_id", "channel", "timestamp", "waveform"] {
        let mut damaged = table(&event(0));
        damaged.columns.retain(|named| named.name != column);
        let error = plain(vec![damaged]).end.unwrap().to_string();
        assert!(error.starts_with(&format!("run.fcio: FCEvent/{column}")), "{error}");
    }
    let mut short = table(&event(0));
    let named = short.column_mut("waveform/values").unwrap();
    let mut vectors = VectorOfVectors::new(DType::I32);
    for row in 0..=PIXELS {
        let n = if row == 4 { SAMPLES - 1 } else { SAMPLES };
        let value = if row == 5 { -1_i32 } else { 120 };
        vectors.push_row(&value.to_le_bytes().repeat(n));
    }
    named.column = Column::Vectors(vectors);
    let got = plain(vec![short]);
    assert_eq!(got.events.len(), 1);
    assert!(got.notes[0].contains("trace 4: it has 9 samples, expected 10"), "{:?}", got.notes);
    assert!(got.notes[1].contains("trace 5: a sample is no number of 16 bits"));
    assert!(got.notes[2].contains("2 pixels without a trace"));
}

#[test]
fn files_of_tables_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.lh5");
    let rows: Vec<Row> = (0..6).flat_map(event).collect();
    let whole = table(&rows);
    let scalar = |name: &str, value: i32| {
        (name.to_owned(), Attrs::new(), Object::Scalar(Scalar::I32(value)))
    };
    let map: Vec<u32> =
        config().trace_map.iter().map(|(c, i)| u32::from(*c) << 16 | u32::from(*i)).collect();
    let map = ("tracemap".to_owned(), Attrs::new(), Object::Array(Array::from_u32(&map)));
    let values =
        [("nadcs", 19), ("ntriggers", 1), ("nsamples", 10), ("blprecision", 16), ("gps", 5)];
    let object = Object::Struct(values.iter().map(|(n, v)| scalar(n, *v)).chain([map]).collect());
    assert_eq!(RecordingConfig::from_object(&path, &object).unwrap(), config());
    let write = |with_config: bool| {
        let mut writer = tierline_h5::Writer::create(&path, Default::default()).unwrap();
        let mut out =
            TableWriter::create(&mut writer, "FCEvent", &whole, ChunkPolicy::default()).unwrap();
        out.append(&mut writer, &whole).unwrap();
        if with_config {
            write_object(&mut writer, "FCConfig", &Attrs::new(), &object).unwrap();
        }
        writer.finish().unwrap();
    };
    write(true);
    assert!(is_hdf5(&path).unwrap());
    let tables = open(&path).unwrap();
    assert_eq!(tables.config, config());
    let got = read(tables, camera(), &SourceOptions::default()).unwrap();
    assert_eq!(format!("{:?}", got.events), format!("{:?}", plain(vec![whole.clone()]).events));
    std::fs::remove_file(&path).unwrap();
    write(false);
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("FCConfig: the camera's configuration is missing"), "{error}");
    let bytes = std::fs::read(&path).unwrap();
    for end in [8, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..end]).unwrap();
        assert!(open(&path).is_err(), "cut at {end}");
    }
}
