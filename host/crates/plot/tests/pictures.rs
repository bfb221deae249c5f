//! Whole pictures: formats, errors, odd input.

use std::path::Path;

use quick_xml::events::Event;
use tierline_plot::{
    Axis, Binning, Content, Density, Error, GrowingAxis, Histogram, Line, Panel, Picture, Size,
    Survey, Trace, render, waveforms,
};

fn trace(label: &str, samples: Vec<f64>) -> Trace {
    Trace { label: label.into(), dt_ns: 16.0, t0_ns: 0.0, samples }
}

fn panel(traces: Vec<Trace>) -> Panel {
    Panel::waveforms("pulses", &traces)
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
    let traces = (0..14).map(|i| trace(&format!("number {i}"), pulse(400 + i))).collect();
    let text = render(&[panel(traces)], Size::for_panels(1), Picture::Svg).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("number 8") && text.contains("and 5 more"));
    assert!(!text.contains("number 9"));
}

/// A panel of each kind but waveforms, about random numbers.
fn others() -> Vec<Panel> {
    let next = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let random = || std::iter::successors(Some(7_u32), next).map(|x| f64::from(x >> 16)).take(4000);
    let mut survey = Survey::default();
    random().for_each(|value| survey.add(value));
    let mut histogram = Histogram::new("", Binning::fit(&survey, true, None, None));
    let mut density = Density::new(GrowingAxis::integers(), GrowingAxis::reals());
    random().for_each(|value| histogram.add(value));
    random().zip(random().skip(1)).for_each(|(x, y)| density.add(x, y));
    let points = random().zip(random().skip(1)).collect();
    let dots = vec![Line { label: String::new(), points }];
    let axis = || Axis::in_units("value", "keV");
    let contents = [
        Content::Histograms(vec![histogram.clone()]),
        Content::Histograms(vec![histogram.clone(), histogram]),
        Content::Density(Box::new(density)),
        Content::Density(Box::new(Density::new(GrowingAxis::integers(), GrowingAxis::reals()))),
        Content::Dots(dots),
        Content::Histograms(Vec::new()),
    ];
    let panel = |content| Panel { log: true, ..Panel::new(axis(), axis(), content) };
    contents.into_iter().map(panel).collect()
}

#[test]
fn svg_is_well_formed_whatever_the_texts() {
    let mut panels = others();
    panels.push(panel(vec![trace("<a & \"b\">", pulse(900))]));
    panels.iter_mut().for_each(|panel| panel.title = "R&D <1>".into());
    let bytes = render(&panels, Size::for_panels(panels.len()), Picture::Svg).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut depth, mut images) = (0, 0);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            Event::Empty(element) => images += usize::from(element.name().as_ref() == "image"),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!((depth, images), (0, 1));
    assert!(text.contains("R&amp;D &lt;1&gt;"));
}

#[test]
fn the_same_panels_give_the_same_bytes() {
    for picture in [Picture::Png, Picture::Svg] {
        let draw = || render(&others(), Size::for_panels(6), picture).unwrap();
        assert!(draw() == draw());
    }
}

#[test]
fn cells_and_bars_are_coloured() {
    let bytes = render(&others()[2..3], Size { width: 640, height: 400 }, Picture::Png).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let count = |wanted: [u8; 3]| pixels.chunks(3).filter(|pixel| **pixel == wanted).count();
    assert!(count([0x44, 0x01, 0x54]) > 100, "the darkest colour, of one point");
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
