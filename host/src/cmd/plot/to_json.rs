//! What is drawn, for programs.

use std::path::Path;

use serde_json::{Value, json};
use tierline::plot::{Axis, CameraImage, Content, Density, Histogram, Line};

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
