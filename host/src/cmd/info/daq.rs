//! What a DAQ recording holds.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use serde_json::{Map, Value, json};
use tierline::core::{FORMATS, Fate, Sniff};
use tierline::raw::info::{Listed, Look, Summary, summarize};
use tierline::raw::{input::Packing, utc};
use tierline::report::Status;
use tierline::table::{Array, DType, Object, Scalar};

use super::Args;
use crate::cmd::{grouped, size};

/// Channels of a decoder that are listed by name.
const CHANNELS: usize = 12;
/// Values of a header that are listed.
const VALUES: usize = 24;

/// Bytes by which a recording is told.
const LOOK: u64 = 4096;

/// Whether a file is a recording by its first bytes or its name. (Some formats have neither: a file that is
/// nothing else may still be one.)
pub(super) fn is_recording(path: &Path) -> bool {
    let mut first = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LOOK).read_to_end(&mut first));
    let magic = FORMATS.iter().any(|format| (format.sniff)(&first) == Sniff::Magic);
    read.is_ok() && (magic || tierline::raw::by_extension(path).is_some())
}

/// Prints a recording's packets, or its summary.
pub(super) fn show(args: &Args, path: &Path) -> anyhow::Result<Status> {
    let look = Look {
        stream_type: args.stream_type.as_deref(),
        no_index: args.no_index,
        first_packet: args.first_packet,
        packets: args.count,
    };
    let summary = if args.packets || args.hex.is_some() {
        let mut out = BufWriter::new(io::stdout());
        let mut failed = None;
        let mut list = |packet: &Listed<'_>| match print_packet(args, packet, &mut out) {
            Ok(()) => true,
            Err(error) => {
                failed = Some(error);
                false
            }
        };
        let summary = summarize(path, &look, Some(&mut list))?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        out.flush()?;
        summary
    } else {
        let summary = summarize(path, &look, None)?;
        let mut out = BufWriter::new(io::stdout());
        if args.json {
            serde_json::to_writer_pretty(&mut out, &to_json(path, &summary))?;
            writeln!(out)?;
        } else {
            print_summary(path, &summary, &mut out)?;
        }
        out.flush()?;
        summary
    };
    if let Some(reason) = &summary.unused_index {
        eprintln!("tierline: warning: {}: {reason}", path.display());
    }
    let clean = summary.outcome.bytes.garbage == 0 && summary.outcome.broken_input.is_none();
    Ok(if clean { Status::Clean } else { Status::Garbage })
}

fn fate(packet: &Listed<'_>) -> &'static str {
    match packet.packet.fate {
        Some(Fate::Rows) => "rows",
        Some(Fate::Header) => "header",
        Some(Fate::Skipped) => "skipped",
        None => "garbage",
    }
}

fn print_packet(args: &Args, listed: &Listed<'_>, out: &mut impl Write) -> io::Result<()> {
    let packet = &listed.packet;
    let shown = listed.bytes.get(..args.hex.unwrap_or(0)).unwrap_or(listed.bytes);
    let hex: Vec<String> = shown.iter().map(|b| format!("{b:02x}")).collect();
    if !args.json {
        let name = if listed.name.is_empty() { listed.decoder } else { listed.name };
        let name = if name.is_empty() { "unknown" } else { name };
        write!(
            out,
            "{:>8} {:>12} {:>10}  {:>5} {name}",
            packet.number, packet.offset, packet.bytes, packet.kind
        )?;
        if packet.fate.is_none_or(|f| f == Fate::Skipped) {
            write!(out, " ({})", fate(listed))?;
        }
        writeln!(out)?;
        for (i, line) in hex.chunks(16).enumerate() {
            writeln!(out, "{:>22}  {}", 16 * i, line.join(" "))?;
        }
        return Ok(());
    }
    let mut line = Map::new();
    line.insert("i".into(), packet.number.into());
    line.insert("off".into(), packet.offset.into());
    line.insert("bytes".into(), packet.bytes.into());
    line.insert("kind".into(), packet.kind.into());
    if !listed.name.is_empty() {
        line.insert("name".into(), listed.name.into());
    }
    if !listed.decoder.is_empty() {
        line.insert("decoder".into(), listed.decoder.into());
    }
    line.insert("fate".into(), fate(listed).into());
    if listed.unit > 1 {
        line.insert("words".into(), (packet.bytes / u64::from(listed.unit)).into());
    }
    if !listed.fields.is_empty() {
        line.insert("fields".into(), listed.fields.into());
    }
    if args.hex.is_some() {
        line.insert("hex".into(), hex.concat().into());
    }
    serde_json::to_writer(&mut *out, &line)?;
    writeln!(out)
}

fn print_summary(path: &Path, summary: &Summary, out: &mut impl Write) -> io::Result<()> {
    let bytes = &summary.outcome.bytes;
    let packed = match summary.packing {
        None | Some(Packing::Plain) => "",
        Some(_) => " (unpacked)",
    };
    writeln!(out, "{}: {}, {}{packed}", path.display(), summary.format, size(bytes.input))?;
    for (name, object) in summary.headers.objects() {
        print_header(name, object, out)?;
    }
    if let Some((first, last)) = summary.time {
        let start = utc(first).unwrap_or_else(|| first.to_string());
        writeln!(out, "  events from {start} on, over {} s", significant(last - first))?;
    }
    writeln!(out, "  packets")?;
    for (name, (packets, bytes)) in &summary.records {
        writeln!(out, "  {:>10}  {:>8}  {name}", grouped(*packets), size(*bytes))?;
    }
    if !summary.channels.is_empty() {
        writeln!(out, "  rows")?;
    }
    for (decoder, channels) in by_decoder(summary) {
        let rows: u64 = channels.iter().map(|(_, n)| n).sum();
        write!(out, "  {:>10}            {decoder}", grouped(rows))?;
        if matches!(channels.as_slice(), [(key, _)] if key == "0") {
            writeln!(out)?;
            continue;
        }
        let named: Vec<String> = channels
            .iter()
            .take(CHANNELS)
            .map(|(key, n)| format!("{key}: {}", grouped(*n)))
            .collect();
        let more = channels.len().saturating_sub(CHANNELS);
        let tail = if more > 0 { format!(", and {more} more") } else { String::new() };
        writeln!(out, " ({}{tail})", named.join(", "))?;
    }
    for (text, notice) in &summary.notices {
        writeln!(out, "  note: {}", notice.describe(text))?;
    }
    if let Some(reason) = &summary.outcome.broken_input {
        writeln!(out, "  {reason}")?;
    }
    match &summary.outcome.first_error {
        None => writeln!(out, "  garbage none"),
        Some(error) => {
            let (garbage, n) = (grouped(bytes.garbage), summary.outcome.garbage);
            let places = if n == 1 { "place" } else { "places" };
            writeln!(out, "  garbage {garbage} bytes in {n} {places}; first {error}")
        }
    }
}

fn by_decoder(summary: &Summary) -> BTreeMap<&'static str, Vec<(String, u64)>> {
    let mut decoders: BTreeMap<&'static str, Vec<(String, u64)>> = BTreeMap::new();
    for ((decoder, key), rows) in &summary.channels {
        decoders.entry(decoder).or_default().push((key.clone(), *rows));
    }
    for channels in decoders.values_mut() {
        // Numbers in numerical order.
        channels.sort_by(|(a, _), (b, _)| (a.len(), a).cmp(&(b.len(), b)));
    }
    decoders
}

fn significant(seconds: f64) -> String {
    if seconds < 10.0 { format!("{seconds:.6}") } else { format!("{seconds:.3}") }
}

fn print_header(name: &str, object: &Object, out: &mut impl Write) -> io::Result<()> {
    let mut values = Vec::new();
    flatten("", object, &mut values);
    if let [(_, text)] = values.as_slice()
        && values.first().is_some_and(|(path, _)| path.is_empty())
    {
        let _ = text;
        return writeln!(out, "  header {name}: {} of text", size(text.len() as u64));
    }
    let more = values.len().saturating_sub(VALUES);
    let shown: Vec<String> =
        values.iter().take(VALUES).map(|(path, value)| format!("{path} {value}")).collect();
    let tail = if more > 0 { format!(", and {more} more") } else { String::new() };
    writeln!(out, "  header {name}: {}{tail}", shown.join(", "))
}

fn flatten(path: &str, object: &Object, out: &mut Vec<(String, String)>) {
    let text = match object {
        Object::Struct(fields) => {
            for (name, _, inner) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
                flatten(&path, inner, out);
            }
            return;
        }
        Object::Text(text) => text.clone(),
        Object::Array(array) => format!("[{} values]", array.rows()),
        Object::Table(table) => format!("[{} rows]", table.rows),
        Object::Scalar(Scalar::F64(x)) => format!("{x}"),
        Object::Scalar(value) => scalar(value).to_string(),
    };
    out.push((path.to_owned(), text));
}

fn scalar(value: &Scalar) -> Value {
    match *value {
        Scalar::Bool(v) => json!(v),
        Scalar::U8(v) => json!(v),
        Scalar::U16(v) => json!(v),
        Scalar::U32(v) => json!(v),
        Scalar::U64(v) => json!(v),
        Scalar::I8(v) => json!(v),
        Scalar::I16(v) => json!(v),
        Scalar::I32(v) => json!(v),
        Scalar::I64(v) => json!(v),
        Scalar::F32(v) => json!(v),
        Scalar::F64(v) => json!(v),
    }
}

fn array(values: &Array) -> Value {
    let items = (0..values.rows()).map(|i| match values.dtype {
        DType::Text(_) => values.get_text(i).map_or(Value::Null, Value::from),
        DType::F32 | DType::F64 => values.get_f64(i).map_or(Value::Null, Value::from),
        _ => values.get_i64(i).map_or(Value::Null, Value::from),
    });
    items.collect()
}

fn object(value: &Object) -> Value {
    match value {
        Object::Scalar(value) => scalar(value),
        // A text header is JSON itself.
        Object::Text(text) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        Object::Array(values) => array(values),
        Object::Table(table) => json!({ "rows": table.rows }),
        Object::Struct(fields) => {
            fields.iter().map(|(name, _, inner)| (name.clone(), object(inner))).collect()
        }
    }
}

fn to_json(path: &Path, summary: &Summary) -> Value {
    let bytes = &summary.outcome.bytes;
    let records: Map<String, Value> = summary
        .records
        .iter()
        .map(|(name, (packets, bytes))| (name.clone(), json!({"packets": packets, "bytes": bytes})))
        .collect();
    let rows: Map<String, Value> = by_decoder(summary)
        .into_iter()
        .map(|(name, channels)| {
            let channels: Map<String, Value> =
                channels.into_iter().map(|(key, n)| (key, n.into())).collect();
            (name.to_owned(), Value::Object(channels))
        })
        .collect();
    let headers: Map<String, Value> =
        summary.headers.objects().iter().map(|(name, o)| (name.clone(), object(o))).collect();
    let notices: Map<String, Value> = summary
        .notices
        .iter()
        .map(|(text, n)| ((*text).to_owned(), json!({"count": n.count, "first": n.first})))
        .collect();
    json!({
        "file": path,
        "format": summary.format,
        "packets": summary.outcome.packets,
        "records": records,
        "rows": rows,
        "time": summary.time.map(|(first, last)| json!({"first": first, "last": last})),
        "headers": headers,
        "notices": notices,
        "bytes": {
            "input": bytes.input,
            "rows": bytes.rows,
            "headers": bytes.headers,
            "skipped": bytes.skipped,
            "garbage": bytes.garbage,
        },
        "first_error": summary.outcome.first_error.map(|e| e.to_string()),
        "broken_input": summary.outcome.broken_input,
    })
}
