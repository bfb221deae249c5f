//! What files of Cherenkov telescopes hold: simulations in eventio, DL1 data.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Value, json};
use tierline::dl1::eventio::{End, list_objects};
use tierline::dl1::simtel::kind;
use tierline::dl1::summary::{
    Compression, Corsika, Counted, Dl1, Dl1Format, EventioKind, Simtel, TelescopeType,
    eventio_kind, summarize_corsika, summarize_dl1, summarize_simtel,
};
use tierline::raw::utc;
use tierline::report::Status;

use super::Args;
use crate::cmd::{grouped, size};

/// Files up to this size are read to their end without being asked to.
const SMALL: u64 = 8 << 20;
/// Numbers of telescopes that are listed.
const FEW: usize = 8;
/// Letters of a text that are shown.
const LETTERS: usize = 60;

/// A number with four significant digits, written out unless that is long.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e6).contains(&size) {
        return format!("{value:.3e}");
    }
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    rounded.to_string()
}

/// Prints what a file of eventio holds.
pub(super) fn eventio(
    args: &Args,
    path: &Path,
    compression: Compression,
) -> anyhow::Result<Status> {
    if args.objects {
        return objects(args, path);
    }
    let bytes = std::fs::metadata(path)?.len();
    let count = args.events || bytes <= SMALL;
    let mut out = BufWriter::new(io::stdout().lock());
    let kind = eventio_kind(path)?;
    let (lines, mut described, counted) = match kind {
        EventioKind::SimTelArray => {
            let found = summarize_simtel(path, count)?;
            (simtel_lines(&found), json!(found), found.counted)
        }
        EventioKind::Corsika => {
            let found = summarize_corsika(path, count)?;
            (corsika_lines(&found), json!(found), found.counted)
        }
        EventioKind::Other => (Vec::new(), json!({}), None),
    };
    if args.json {
        described["file"] = json!(path);
        described["bytes"] = json!(bytes);
        described["format"] = json!("eventio");
        described["kind"] = json!(kind);
        described["compression"] = json!(compression);
        writeln!(out, "{described:#}")?;
    } else {
        let what = match kind {
            EventioKind::SimTelArray => "sim_telarray (eventio)",
            EventioKind::Corsika => "CORSIKA photons (eventio)",
            EventioKind::Other => "eventio",
        };
        let packed = match compression {
            Compression::None => "",
            Compression::Gzip => ", gzip",
            Compression::Zstd => ", zstd",
        };
        writeln!(out, "{}: {what}{packed}, {}", path.display(), size(bytes))?;
        for line in lines {
            writeln!(out, "  {line}")?;
        }
        if let Some(counted) = &counted {
            for line in counted_lines(counted, kind) {
                writeln!(out, "  {line}")?;
            }
        } else {
            writeln!(out, "  events are not counted: --events reads the whole file")?;
        }
    }
    out.flush()?;
    let whole = counted.is_none_or(|counted| counted.error.is_none());
    Ok(if whole { Status::Clean } else { Status::Garbage })
}

fn simtel_lines(found: &Simtel) -> Vec<String> {
    let mut lines = Vec::new();
    let start = utc(found.start_time as f64).unwrap_or_default();
    let target = match found.target.trim() {
        "" => String::new(),
        target if target.chars().count() > LETTERS => {
            let start: String = target.chars().take(LETTERS).collect();
            format!(", {}...", start.trim_end())
        }
        target => format!(", {target}"),
    };
    let [azimuth, altitude] = found.direction_deg;
    lines.push(format!("run {}, {start}{target}", found.run));
    lines.push(format!("azimuth {azimuth:.2}°, altitude {altitude:.2}°"));
    if let (Some([corsika, simtel]), Some([showers, uses])) = (found.versions, found.showers) {
        let corsika = f64::from(corsika) / 1000.0;
        lines.push(format!("CORSIKA {corsika:.3}, sim_telarray {simtel}"));
        let [least, most] = found.energy_range_tev.unwrap_or([f64::NAN; 2]);
        let index = found.spectral_index.unwrap_or(f64::NAN);
        let (showers, uses) = (grouped(showers.max(0) as u64), times(uses.max(0) as u64));
        lines.push(format!(
            "simulated: {} to {} TeV, index {index:.2}, {showers} showers, each used {uses}",
            number(least),
            number(most)
        ));
    }
    lines.extend(type_lines(&found.telescopes));
    lines
}

fn corsika_lines(found: &Corsika) -> Vec<String> {
    let mut lines = Vec::new();
    let (run, version) = (found.run.unwrap_or(0), found.version.unwrap_or(f32::NAN));
    lines.push(format!("run {run}, CORSIKA {version:.3}"));
    let [least, most] = found.energy_range_tev.unwrap_or([f64::NAN; 2]).map(number);
    let (index, showers) = (found.spectral_index.unwrap_or(f32::NAN), found.showers.unwrap_or(0));
    let showers = grouped(showers.max(0) as u64);
    lines.push(format!("simulated: {least} to {most} TeV, index {index:.2}, {showers} showers"));
    let n = found.telescopes.len();
    lines.push(format!("{} {}", grouped(n as u64), plural(n as u64, "telescope")));
    for (at, [x, y, z, radius]) in found.telescopes.iter().enumerate().take(FEW) {
        lines.push(format!("  {at}: {x:.1}, {y:.1}, {z:.1} m, sphere of {radius:.1} m"));
    }
    if n > FEW {
        lines.push(format!("  ... and {} more (--json shows all)", n - FEW));
    }
    lines
}

fn times(n: u64) -> String {
    if n == 1 { "once".into() } else { format!("{} times", grouped(n)) }
}

fn plural(n: u64, what: &str) -> String {
    if n == 1 { what.to_owned() } else { format!("{what}s") }
}

fn type_lines(types: &[TelescopeType]) -> Vec<String> {
    let count: usize = types.iter().map(|one| one.tel_ids.len()).sum();
    let mut lines =
        vec![format!("{} {}", grouped(count as u64), plural(count as u64, "telescope"))];
    for one in types {
        let ids: Vec<String> = one.tel_ids.iter().take(FEW).map(u16::to_string).collect();
        let more = one.tel_ids.len().saturating_sub(FEW);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let form = one.pixels.unwrap_or("pixels");
        let mut line = format!(
            "  {}: {}{more}; {} {form}",
            one.name,
            ids.join(", "),
            grouped(one.n_pixels as u64)
        );
        if one.n_samples > 0 {
            let (gains, samples) = (one.n_channels, one.n_samples);
            let gains = format!("{gains} {}", plural(gains as u64, "gain"));
            line += &format!(", {gains}, {samples} samples at {} GHz", one.sampling_rate_ghz);
        }
        lines.push(line);
    }
    lines
}

fn counted_lines(counted: &Counted, kind: EventioKind) -> Vec<String> {
    let Counted { events, telescope_events, calibration_events, showers, uses, .. } = counted;
    let mut lines = Vec::new();
    let shown = |n: u64, what: &str| format!("{} {}", grouped(n), plural(n, what));
    match kind {
        EventioKind::SimTelArray => {
            let calibration = match calibration_events {
                0 => String::new(),
                n => format!(", {} of them for calibration", grouped(*n)),
            };
            let (events, telescopes) =
                (shown(*events, "event"), shown(*telescope_events, "telescope event"));
            lines.push(format!("{events}{calibration}; {telescopes}"));
            lines.push(format!("{}, used {}", shown(*showers, "shower"), times(*uses)));
        }
        _ => {
            let data = shown(*events, "array");
            lines.push(format!("{}, {} of telescopes", shown(*showers, "shower"), data));
        }
    }
    if let Some([least, most]) = counted.energy_range_tev {
        let primaries: Vec<String> = counted.primaries.iter().map(i64::to_string).collect();
        let primaries = primaries.join(", ");
        lines.push(format!(
            "energies {} to {} TeV, primary {primaries}",
            number(least),
            number(most)
        ));
    }
    let (objects, content) = (grouped(counted.objects), size(counted.content_bytes));
    lines.push(format!("{objects} objects, {content}"));
    match (&counted.error, counted.truncated) {
        (Some(error), true) => lines.push(format!("ends early: {error}")),
        (Some(error), false) => lines.push(format!("damaged: {error}")),
        (None, _) => lines.push("whole".into()),
    }
    lines
}

/// Prints every object of a file.
fn objects(args: &Args, path: &Path) -> anyhow::Result<Status> {
    let listing = list_objects(path, Default::default())?;
    let mut out = BufWriter::new(io::stdout().lock());
    if !args.json {
        writeln!(out, "{:>12} {:>12} {:>8}  object", "offset", "bytes", "crc32")?;
    }
    for object in &listing.objects {
        let header = &object.header;
        let name = kind::name(header.kind).unwrap_or("unknown");
        let crc = object.crc32.map(|crc| format!("{crc:08x}"));
        if args.json {
            let line = json!({
                "depth": object.depth, "type": header.kind, "name": name,
                "version": header.version, "id": header.id, "content_size": header.length,
                "only_subobjects": header.only_sub_objects, "extended": header.extended,
                "user": header.user, "header_size": header.header_size,
                "content_address": header.content_offset, "payload_crc32": crc,
            });
            writeln!(out, "{line}")?;
        } else {
            let (indent, crc) = ("  ".repeat(object.depth), crc.unwrap_or_default());
            writeln!(
                out,
                "{:>12} {:>12} {crc:>8}  {indent}{} v{} {name}, id {}",
                header.content_offset, header.length, header.kind, header.version, header.id
            )?;
        }
    }
    out.flush()?;
    match &listing.error {
        None if listing.end == End::Clean => Ok(Status::Clean),
        error => {
            let text = error.as_ref().map(ToString::to_string).unwrap_or_default();
            eprintln!("tierline: warning: {text}");
            Ok(Status::Garbage)
        }
    }
}

/// Prints what a file of DL1 data holds.
pub(super) fn dl1(path: &Path, format: Dl1Format, as_json: bool) -> anyhow::Result<()> {
    let found = summarize_dl1(path, format)?;
    let bytes = std::fs::metadata(path)?.len();
    let mut out = BufWriter::new(io::stdout().lock());
    if as_json {
        let mut described: Value = json!(found);
        described["file"] = json!(path);
        described["bytes"] = json!(bytes);
        writeln!(out, "{described:#}")?;
    } else {
        let kind = match format {
            Dl1Format::Ctapipe => format!("DL1 of ctapipe, model {}", found.version),
            Dl1Format::CtaMl => format!("DL1 of dl1-data-handler {} (CTA-ML)", found.version),
        };
        writeln!(out, "{}: {kind}, {}", path.display(), size(bytes))?;
        for line in dl1_lines(&found) {
            writeln!(out, "  {line}")?;
        }
    }
    Ok(out.flush()?)
}

fn dl1_lines(found: &Dl1) -> Vec<String> {
    let simulation = if found.is_simulation { "simulation" } else { "observation" };
    let mut lines =
        vec![format!("{simulation}, {}, by {}", found.levels.join(", "), found.software)];
    let observations: Vec<String> =
        found.observations.iter().take(FEW).map(i32::to_string).collect();
    if !observations.is_empty() {
        let more = found.observations.len().saturating_sub(FEW);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        lines.push(format!("observations {}{more}", observations.join(", ")));
    }
    if let (Some([least, most]), Some(showers)) = (found.energy_range_tev, found.simulated_showers)
    {
        let showers = grouped(showers.max(0) as u64);
        let (least, most) = (number(least), number(most));
        lines.push(format!("simulated: {least} to {most} TeV, {showers} showers with their uses"));
    }
    let frame = match (found.format, found.camera_frame) {
        (Dl1Format::CtaMl, _) => "",
        (_, true) => "; parameters in the frame of the camera",
        (_, false) => "; parameters in the frame of the telescope",
    };
    let (events, images) = (grouped(found.events), grouped(found.images));
    lines.push(format!("{events} events, {images} images{frame}"));
    lines.extend(type_lines(&found.telescopes));
    lines.push("tables".into());
    for (path, rows) in &found.tables {
        lines.push(format!("{:>10}  {path}", grouped(*rows)));
    }
    lines
}
