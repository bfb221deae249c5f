//! What is drawn, for programs.

use std::path::Path;

use serde_json::{Value, json};
use tierline::plot::{
    Axis, CameraImage, Content, Density, EnergySpectrum, Histogram, Line, Mark, Outline, SkyMap,
    Stretch,
};

use super::panels::Drawn;

/// The numbers of a picture; those that are not finite are `null`.
pub(super) fn picture(file: &Path, output: Option<&Path>, drawn: &[Drawn]) -> Value {
    let panels: Vec<Value> = drawn.iter().map(panel).collect();
    json!({"file": file, "output": output, "panels": panels})
}

fn panel(drawn: &Drawn) -> Value {
    let panel = &drawn.panel;
    let (key, content) = match &panel.content {
        Content::Lines(all) => ("lines", all.iter().map(line).collect()),
        Content::Dots(all) => ("dots", all.iter().map(line).collect()),
        Content::Histograms(all) => ("histograms", all.iter().map(histogram).collect()),
        Content::Density(one) => ("density", density(one)),
        Content::Camera(one) => ("camera", camera(one)),
        Content::Energies(one) => ("energies", energies(one)),
        Content::Sky(one) => ("sky", sky(one)),
    };
    json!({
        "kind": drawn.kind.name(),
        "objects": drawn.objects,
        "title": panel.title,
        "note": panel.note,
        "x": axis(&panel.x),
        "y": axis(&panel.y),
        key: content,
    })
}

/// Values of the pixels, and where these are.
fn camera(image: &CameraImage) -> Value {
    let (x, y): (Vec<f64>, Vec<f64>) = image.centres.iter().copied().unzip();
    let ellipse = image.ellipse.map(
        |own| json!({"centre": own.centre, "half_axes": own.axes, "angle_deg": own.angle_deg}),
    );
    json!({
        "x": x, "y": y, "values": image.values, "outlined": image.outlined, "range": image.range,
        "scale": axis(&image.scale), "ellipse": ellipse,
    })
}

/// Values of the bins, by series.
fn energies(one: &EnergySpectrum) -> Value {
    let series = one.series.iter().map(
        |series| json!({"label": series.label, "values": series.values, "errors": series.errors}),
    );
    let series: Vec<Value> = series.collect();
    json!({"edges": one.edges, "series": series, "shaded": one.shaded})
}

/// Values of the pixels, row by row from below, and what is drawn over them.
fn sky(map: &SkyMap) -> Value {
    let degrees = |lines: &[tierline::plot::GridLine]| -> Vec<f64> {
        lines.iter().map(|line| line.value_deg).collect()
    };
    let stretch = match map.stretch {
        Stretch::Linear => "linear",
        Stretch::Sqrt => "sqrt",
        Stretch::Log => "log",
    };
    let outlines: Vec<Value> = map.outlines.iter().map(outline).collect();
    json!({
        "shape": map.shape, "values": map.values, "sum": map.total, "range": map.range,
        "stretch": stretch, "scale": axis(&map.scale),
        "meridians_deg": degrees(&map.grid.meridians), "parallels_deg": degrees(&map.grid.parallels),
        "outlines": outlines,
    })
}

fn outline(one: &Outline) -> Value {
    let mark = match one.mark {
        Mark::On => "on",
        Mark::Off => "off",
        Mark::Excluded => "excluded",
        Mark::Other(_) => "other",
    };
    json!({"label": one.label, "mark": mark, "lines": one.lines})
}

fn axis(axis: &Axis) -> Value {
    json!({"label": axis.label, "units": axis.units})
}

fn line(line: &Line) -> Value {
    let (x, y): (Vec<f64>, Vec<f64>) = line.points.iter().copied().unzip();
    json!({"label": line.label, "x": x, "y": y})
}

fn histogram(one: &Histogram) -> Value {
    json!({
        "label": one.label,
        "edges": one.binning.edges(),
        "counts": one.counts,
        "entries": one.entries(),
        "below": one.below,
        "above": one.above,
        "not_finite": one.not_finite,
    })
}

fn density(density: &Density) -> Value {
    json!({
        "x_edges": density.x().edges(),
        "y_edges": density.y().edges(),
        "counts": density.counts(),
        "entries": density.entries(),
        "not_finite": density.not_finite(),
    })
}
