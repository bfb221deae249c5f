//! What `tierline raw` says of a conversion.

use tierline::raw::Converted;
use tierline::report::{Input, Output, Report};

use super::super::{Messages, grouped, size};
use super::args::Args;

/// Everything the user should know of one conversion.
fn warnings(done: &Converted) -> Vec<String> {
    let mut lines = done.notes.clone();
    if done.files.is_empty() && done.links.is_empty() {
        lines.push("nothing matched the output specification: no file was written".into());
    }
    for link in &done.links {
        if let Some(why) = &link.broken {
            let (name, lost) = (&link.name, grouped(link.lost));
            lines.push(format!("{name}: {why}; {lost} packets were not sent"));
        }
    }
    for (text, notice) in &done.notices {
        lines.push(notice.describe(text));
    }
    if done.outcome.interrupted {
        lines.push("stopped by a signal; what had come is kept".into());
    }
    if let Some(reason) = &done.outcome.broken_input {
        lines.push(reason.clone());
    }
    if let Some(error) = &done.outcome.first_error {
        let (garbage, n) = (done.outcome.bytes.garbage, done.outcome.garbage);
        let places = if n == 1 { "place" } else { "places" };
        lines.push(format!("{} bytes of garbage in {n} {places}; first {error}", grouped(garbage)));
    }
    if let Some(first) = done.off.keys().next() {
        let rows = grouped(done.off.values().sum::<u64>());
        let (n, channels) =
            (done.off.len(), if done.off.len() == 1 { "channel" } else { "channels" });
        lines.push(format!(
            "{rows} rows of {n} {channels} that the header has off, left out; first channel {first}"
        ));
    }
    lines
}

pub(super) fn note(
    args: &Args,
    name: &str,
    done: &Converted,
    (report, messages): (&mut Report, &mut Messages),
) {
    for line in warnings(done) {
        messages.say(&format!("tierline: warning: {name}: {line}"));
        report.warn(format!("{name}: {line}"));
    }
    for (key, rows) in &done.off {
        report.warn(format!(
            "{name}: {rows} rows of channel {key}, which the header has off, left out"
        ));
    }
    for line in account(name, done) {
        args.common.tell(messages, &line)
    }
}

/// What was converted, line by line.
fn account(name: &str, done: &Converted) -> Vec<String> {
    let (bytes, packets) = (size(done.outcome.bytes.input), grouped(done.outcome.packets));
    let read = format!("{name}: {}, {bytes} in {packets} packets", done.format);
    let mut lines = Vec::new();
    for file in &done.files {
        let (name, bytes) = (file.path.display(), size(file.bytes));
        let rows = grouped(file.rows.values().sum());
        lines.push(format!("{read} -> {name}: {rows} rows, {bytes}"));
        for (table, rows) in &file.rows {
            lines.push(format!("  {table}: {} rows", grouped(*rows)));
        }
    }
    for link in &done.links {
        let (packets, bytes) = (grouped(link.packets), size(link.bytes));
        lines.push(format!("{read} -> {}: {packets} packets, {bytes} of records", link.name));
    }
    if done.files.is_empty() && done.links.is_empty() {
        lines.push(format!("{read}, nothing written"));
    }
    for (decoder, rows) in &done.unwanted {
        lines.push(format!("  not in the specification: {decoder}, {} rows", grouped(*rows)));
    }
    for (kind, (packets, bytes)) in &done.skipped {
        let (packets, bytes) = (grouped(*packets), size(*bytes));
        lines.push(format!("  not decoded: {kind}, {packets} packets, {bytes}"));
    }
    for (key, rows) in &done.off {
        let rows = grouped(*rows);
        lines.push(format!("  off in the header: channel {key}, {rows} rows left out"));
    }
    lines
}

pub(super) fn add(report: &mut Report, done: &Converted, seconds: f64) {
    report.bytes.add(&done.outcome.bytes);
    report.lost_packets += done.links.iter().map(|link| link.lost).sum::<u64>();
    if done.outcome.broken_input.is_some() {
        report.lost_packets += 1;
    }
    for (kind, (packets, bytes)) in &done.skipped {
        let entry = report.skipped_by_tag.entry(kind.clone()).or_default();
        entry.packets += packets;
        entry.bytes += bytes;
    }
    for (path, outcome) in &done.inputs {
        report.inputs.push(Input {
            path: path.clone(),
            size: outcome.bytes.input,
            digest: outcome.digest.as_ref().map(|d| format!("sha256:{d}")),
            seconds: seconds / done.inputs.len().max(1) as f64,
        });
    }
    let stats = &done.stats;
    report.took("bytes_before_filters", stats.raw_bytes as f64);
    report.took("bytes_stored", stats.stored_bytes as f64);
    report.took("chunks", stats.chunks as f64);
    report.took("filter_seconds", stats.deflate_seconds);
    let outputs = done.files.iter().map(|file| Output {
        path: file.path.clone(),
        size: file.bytes,
        rows: file.rows.clone(),
    });
    report.outputs.extend(outputs);
}
