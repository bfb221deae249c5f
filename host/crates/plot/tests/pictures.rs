//! Whole pictures: formats, errors, odd input.

use std::path::Path;

use tierline_plot::{Error, Panel, Picture, Size, Trace, render, waveforms};

fn trace(label: &str, samples: Vec<f64>) -> Trace {
    Trace { label: label.into(), dt_ns: 16.0, t0_ns: 0.0, samples }
}

fn panel(traces: Vec<Trace>) -> Panel {
    Panel { title: "pulses".into(), traces, ..Panel::default() }
}

fn pulse(samples: usize) -> Vec<f64> {
    let decay = |i: usize| 1000.0 * (-(i as f64 - 300.0) / 400.0).exp();
    (0..samples).map(|i| 100.0 + if i < 300 { 0.0 } else { decay(i) }).collect()
}

#[test]
fn png_decodes_and_shows_its_colours() {
    let size = Size { width: 640, height: 400 };
    let bytes = render(&[panel(vec![trace("a", pulse(1000))])], size, Picture::Png).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((frame.width, frame.height), (640, 400));
    let count = |wanted: [u8; 3]| pixels.chunks(3).filter(|pixel| **pixel == wanted).count();
    assert!(count([255, 255, 255]) > 200_000, "background");
    assert!(count([0x00, 0x72, 0xB2]) > 300, "trace");
}

#[test]
fn svg_holds_the_texts() {
    let panels = [panel(vec![trace("ch 1", pulse(900)), trace("ch 2", pulse(700))])];
    let bytes = render(&panels, Size::for_panels(1), Picture::Svg).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    for wanted in ["<svg", "pulses", "time (µs)", "ADC counts", "ch 1", "ch 2", "</svg>"] {
        assert!(text.contains(wanted), "{wanted}");
    }
}

#[test]
fn long_legends_are_cut() {
    let traces = (0..9).map(|i| trace(&format!("number {i}"), pulse(400 + i))).collect();
    let text = render(&[panel(traces)], Size::for_panels(1), Picture::Svg).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("number 4") && text.contains("and 4 more"));
    assert!(!text.contains("number 5"));
}

#[test]
fn odd_input_makes_a_picture() {
    let odd = [
        panel(Vec::new()),
        panel(vec![trace("empty", Vec::new())]),
        panel(vec![trace("nan", vec![f64::NAN; 5])]),
        panel(vec![trace("constant", vec![7.0; 5])]),
        panel(vec![trace("one", vec![7.0])]),
        panel(vec![Trace { dt_ns: f64::NAN, ..trace("no period", pulse(400)) }]),
        panel(vec![Trace { t0_ns: 1e18, ..trace("late", pulse(400)) }]),
        panel(vec![trace("huge", vec![-1e300, 1e300])]),
        panel(vec![Trace { dt_ns: 0.0, ..trace("no time", pulse(400)) }]),
    ];
    for picture in [Picture::Png, Picture::Svg] {
        assert!(!render(&odd, Size::for_panels(odd.len()), picture).unwrap().is_empty());
    }
}

#[test]
fn errors_name_the_cause() {
    let directory = tempfile::tempdir().unwrap();
    let panels = [panel(vec![trace("a", pulse(400))])];
    let size = Size::for_panels(1);
    let to = |name: &str| waveforms(&panels, &directory.path().join(name), size);
    assert!(to("a.png").is_ok() && to("b.SVG").is_ok());
    assert!(matches!(to("a.gif"), Err(Error::Unsupported { .. })));
    assert!(matches!(to("png"), Err(Error::Unsupported { .. })));
    assert!(matches!(to("none/a.png"), Err(Error::Io { .. })));
    assert!(matches!(waveforms(&[], Path::new("a.png"), size), Err(Error::Parameter { .. })));
    let small = Size { width: 50, height: 50 };
    assert!(matches!(render(&panels, small, Picture::Png), Err(Error::Parameter { .. })));
    let large = Size { width: 20_000, height: 50 };
    assert!(matches!(render(&panels, large, Picture::Png), Err(Error::Limit { .. })));
}
