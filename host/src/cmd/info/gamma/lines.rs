//! The lines of each kind of content.

use tierline::reduce::summary::{
    AxisSummary, ColumnSummary, Content, DatasetSummary, GeometrySummary, HduSummary,
    ObservationSummary, StoreSummary, StoredObservation,
};

use crate::cmd::grouped;
use crate::cmd::info::telescopes::number;

/// Observations that are listed.
const OBSERVATIONS: usize = 30;
/// Numbers of observations in a row of text.
const FEW: usize = 8;
/// Columns of a table that are listed.
const COLUMNS: usize = 40;
/// Letters of a line of columns.
const WIDTH: usize = 90;

pub(super) fn of(content: &Content) -> Vec<String> {
    match content {
        Content::Store(store) => of_store(store),
        Content::Dl3 { observation, hdus } => {
            let mut lines = observation.as_deref().map(of_observation).unwrap_or_default();
            lines.extend(of_hdus(hdus));
            lines
        }
        Content::Datasets { datasets, is_list: true } => of_list(datasets),
        Content::Datasets { datasets, .. } => datasets.iter().flat_map(of_dataset).collect(),
        Content::Fits { hdus } => of_hdus(hdus),
    }
}

fn counted(n: usize, what: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{} {what}{ending}", grouped(n as u64))
}

/// Some of many, and how many more.
fn few(texts: impl ExactSizeIterator<Item = String>, most: usize) -> String {
    let more = texts.len().saturating_sub(most);
    let shown: Vec<String> = texts.take(most).collect();
    let more = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

fn seconds(value: f64) -> String {
    match value.is_finite() {
        true => format!("{} s", grouped(value.round().max(0.0) as u64)),
        false => "not told".into(),
    }
}

fn span([start, stop]: &[String; 2]) -> String {
    format!("{start} to {stop} UTC")
}

fn of_store(store: &StoreSummary) -> Vec<String> {
    let all = &store.observations;
    let is_there = |one: &&StoredObservation| one.lost.is_empty() && !one.hdus.is_empty();
    let there: Vec<&StoredObservation> = all.iter().filter(is_there).collect();
    let listed = all.iter().any(|one| !one.hdus.is_empty());
    let mut lines = vec![counted(all.len(), "observation")];
    if listed && there.len() < all.len() {
        lines[0] += &format!(", {} with all files", grouped(there.len() as u64));
    }
    let shown: Vec<&StoredObservation> = if listed { there } else { all.iter().collect() };
    let common = most_common(&shown);
    if !common.is_empty() {
        lines.push(format!("each has {}", common.join(", ")));
    }
    if !shown.is_empty() {
        let [obs_id, ra, dec, start] = ["OBS_ID", "RA", "Dec", "start (UTC)"];
        let [live, events] = ["livetime", "events"];
        lines.push(format!(
            "{obs_id:>9} {ra:>8} {dec:>8}  {start:<19} {live:>8} {events:>8}  object"
        ));
    }
    let rows = shown.iter().take(OBSERVATIONS);
    lines.extend(rows.map(|one| of_stored(one, &common)));
    if shown.len() > OBSERVATIONS {
        let more = grouped((shown.len() - OBSERVATIONS) as u64);
        lines.push(format!("... and {more} more (--json shows all)"));
    }
    let lost: Vec<&StoredObservation> = all.iter().filter(|one| !one.lost.is_empty()).collect();
    if !lost.is_empty() {
        let ids = few(lost.iter().map(|one| one.obs_id.to_string()), FEW);
        lines.push(format!("files are not there of {}: {ids}", counted(lost.len(), "observation")));
        let first = lost.iter().flat_map(|one| &one.lost).next();
        lines.extend(first.map(|first| format!("  first {first}")));
    }
    if listed {
        let alone: Vec<&StoredObservation> = all.iter().filter(|one| one.hdus.is_empty()).collect();
        if !alone.is_empty() {
            let ids = few(alone.iter().map(|one| one.obs_id.to_string()), FEW);
            lines.push(format!("no files are listed of {}", ids));
        }
    }
    lines
}

/// The list of HDUs that most observations have.
fn most_common(all: &[&StoredObservation]) -> Vec<String> {
    let mut lists: std::collections::BTreeMap<&[String], usize> = Default::default();
    for one in all {
        *lists.entry(&one.hdus).or_default() += 1;
    }
    let most = lists.into_iter().max_by_key(|(_, n)| *n);
    most.map(|(list, _)| list.to_vec()).unwrap_or_default()
}

fn of_stored(one: &StoredObservation, common: &[String]) -> String {
    let degrees = |at: usize| match one.pointing_deg {
        Some(pointing) => format!("{:.3}", pointing[at]),
        None => "-".into(),
    };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let start = or_none(one.time_utc.as_ref().map(|[start, _]| start.clone()));
    let live = or_none(one.livetime_s.map(seconds));
    let events = or_none(one.events.map(grouped));
    let (ra, dec) = (degrees(0), degrees(1));
    let mut line =
        format!("{:>9} {ra:>8} {dec:>8}  {start:<19} {live:>8} {events:>8}  ", one.obs_id);
    line += &one.object;
    if one.hdus != common {
        line += &format!(" (has {})", one.hdus.join(", "));
    }
    if !one.missing.is_empty() && !one.hdus.is_empty() {
        line += &format!(" (lacks {})", one.missing.join(", "));
    }
    line.trim_end().to_owned()
}

fn of_observation(one: &ObservationSummary) -> Vec<String> {
    let obs_id = one.obs_id.map_or("without a number".into(), |obs_id| obs_id.to_string());
    let words = [&one.object, &one.telescope, &one.mode];
    let words = words.into_iter().filter(|word| !word.is_empty()).cloned();
    let mut lines = vec![
        [format!("observation {obs_id}")].into_iter().chain(words).collect::<Vec<_>>().join(", "),
    ];
    match one.pointing_deg {
        Some([ra, dec]) => lines.push(format!("pointing at {ra:.4}, {dec:.4} deg (ICRS)")),
        None => lines.push("pointing fixed in azimuth and altitude".into()),
    }
    lines.extend(one.time_utc.as_ref().map(span));
    if let (Some(ontime), Some(livetime)) = (one.ontime_s, one.livetime_s) {
        lines.push(format!("good time {}, livetime {}", seconds(ontime), seconds(livetime)));
    }
    let energies = match one.energy_range_tev {
        Some([least, most]) => format!(" of {} to {} TeV", number(least), number(most)),
        None => String::new(),
    };
    lines.push(format!("{}{energies}", counted(one.events, "event")));
    lines
}

fn of_hdus(hdus: &[HduSummary]) -> Vec<String> {
    let width = hdus.iter().map(|hdu| hdu.name.chars().count()).max().unwrap_or(0);
    let mut lines = vec![counted(hdus.len(), "HDU")];
    for hdu in hdus {
        let notes = hdu.notes.iter().map(|note| format!("; {note}")).collect::<String>();
        let (number, what) = (hdu.number, of_hdu(hdu));
        lines.push(format!("{number:>4}  {:<width$}  {what}{notes}", hdu.name).trim_end().into());
        let indent = " ".repeat(8 + width);
        lines.extend(hdu.axes.iter().map(|axis| format!("{indent}{}", of_axis(axis))));
        if let Some(geometry) = &hdu.geometry {
            lines.push(format!("{indent}{}", of_geometry(geometry)));
            lines.extend(geometry.axes.iter().map(|axis| format!("{indent}{}", of_axis(axis))));
        }
        if hdu.axes.is_empty() {
            lines.extend(of_columns(&hdu.columns, &indent));
        }
    }
    lines
}

fn of_hdu(hdu: &HduSummary) -> String {
    let rows = || counted(hdu.rows, "row");
    match (hdu.kind, &hdu.class, hdu.dtype) {
        ("table", Some(class), _) if !hdu.axes.is_empty() => class.clone(),
        ("table", Some(class), _) => format!("{class}, {}", rows()),
        ("table", None, _) => format!("table, {}", rows()),
        (kind, _, Some(dtype)) => {
            let shape: Vec<String> = hdu.shape.iter().map(usize::to_string).collect();
            let unit = hdu.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
            let range = match hdu.range {
                Some([least, most]) => format!(", {} to {}{unit}", number(least), number(most)),
                None => String::new(),
            };
            format!("{kind} of {} {dtype}{range}", shape.join(" x "))
        }
        ("image", ..) => "no data".into(),
        (kind, ..) => kind.into(),
    }
}

fn of_columns(columns: &[ColumnSummary], indent: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let shown = columns.iter().take(COLUMNS).map(|column| {
        let shape: Vec<String> = column.shape.iter().map(usize::to_string).collect();
        let shape = match (column.is_variable, shape.as_slice()) {
            (true, _) => "[..]".into(),
            (false, []) => String::new(),
            _ => format!("[{}]", shape.join(", ")),
        };
        let unit = if column.unit.is_empty() { String::new() } else { format!(" {}", column.unit) };
        format!("{} ({}{shape}{unit})", column.name, column.dtype)
    });
    let more = columns.len().saturating_sub(COLUMNS);
    let more = (more > 0).then(|| format!("and {} more", grouped(more as u64)));
    for text in shown.chain(more) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + text.chars().count() < WIDTH => {
                *line += &format!(", {text}");
            }
            Some(line) => {
                line.push(',');
                lines.push(format!("{indent}{text}"));
            }
            None => lines.push(format!("{indent}{text}")),
        }
    }
    lines
}

fn of_axis(axis: &AxisSummary) -> String {
    let what = if axis.has_nodes { "node" } else { "bin" };
    let unit = if axis.unit.is_empty() { String::new() } else { format!(" {}", axis.unit) };
    let round = if axis.is_periodic { ", periodic" } else { "" };
    let (first, last) = (number(axis.first), number(axis.last));
    let bins = counted(axis.bins, what);
    format!("{}: {bins}, {first} to {last}{unit} ({}{round})", axis.name, axis.interp)
}

fn of_geometry(geometry: &GeometrySummary) -> String {
    let center = match geometry.center_deg {
        Some([lon, lat]) => format!(" at {lon:.4}, {lat:.4} deg"),
        None => String::new(),
    };
    let frame = geometry.frame;
    if let (Some(projection), Some([nx, ny]), Some([dx, dy])) =
        (geometry.projection, geometry.npix, geometry.binsz_deg)
    {
        let (width, height) = (number(nx as f64 * dx), number(ny as f64 * dy));
        let binsz = match number(dx) == number(dy) {
            true => number(dx),
            false => format!("{} x {}", number(dx), number(dy)),
        };
        return format!(
            "{projection}, {frame}{center}, {nx} x {ny} pixels of {binsz} deg ({width} x {height} deg)"
        );
    }
    if let Some(nside) = geometry.nside {
        let part = geometry.region.as_ref().map(|part| format!(", {part}")).unwrap_or_default();
        let pixels =
            geometry.n_pixels.map(|n| format!(", {} pixels", grouped(n))).unwrap_or_default();
        return format!("HEALPix of nside {nside}, {frame}{part}{pixels}");
    }
    match &geometry.region {
        Some(region) => format!("{region}, {frame}{center}"),
        None => "no region".into(),
    }
}

fn of_list(datasets: &[DatasetSummary]) -> Vec<String> {
    let name = |one: &DatasetSummary| one.name.chars().count();
    let width = datasets.iter().map(name).max().unwrap_or(0).max(4);
    let kinds = datasets.iter().map(|one| one.kind.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    if !datasets.is_empty() {
        let [counts, background, excess] = ["counts", "background", "excess"];
        lines.push(format!(
            "{:<width$}  {:<kinds$} {counts:>10} {background:>11} {excess:>10}  sqrt_ts  livetime",
            "name", "kind"
        ));
    }
    lines.extend(datasets.iter().map(|one| {
        let info = &one.info;
        let [background, excess, sqrt_ts] = [info.background, info.excess, info.sqrt_ts].map(tenth);
        let counts = grouped(info.counts.unsigned_abs());
        let live = seconds(info.livetime_s);
        format!(
            "{:<width$}  {:<kinds$} {counts:>10} {background:>11} {excess:>10} {sqrt_ts:>8}  {live}",
            one.name, one.kind
        )
    }));
    lines
}

/// A number to a tenth; a dash for none.
fn tenth(value: f64) -> String {
    // Nothing has no sign.
    if value.is_finite() {
        format!("{:.1}", (value * 10.0).round() / 10.0 + 0.0)
    } else {
        "-".into()
    }
}

fn of_dataset(one: &DatasetSummary) -> Vec<String> {
    let info = &one.info;
    let mut lines = vec![of_geometry(&one.geometry)];
    lines.extend(one.geometry.axes.iter().map(of_axis));
    let [background, excess, sqrt_ts] = [info.background, info.excess, info.sqrt_ts].map(tenth);
    let counts = grouped(info.counts.unsigned_abs());
    lines.push(format!(
        "counts {counts}, background {background}, excess {excess}, sqrt_ts {sqrt_ts}"
    ));
    if let Some(off) = info.off {
        let (counts, alpha) = (grouped(off.counts_off.unsigned_abs()), number(off.alpha));
        lines.push(format!("off counts {counts}, alpha {alpha}"));
    }
    if info.exposure_max.is_finite() {
        let (least, most) = (number(info.exposure_min), number(info.exposure_max));
        lines.push(format!("exposure {least} to {most} m2 s"));
    }
    lines.push(format!("livetime {}", seconds(info.livetime_s)));
    if let Some(gti) = &one.gti {
        let times = gti.time_utc.as_ref().map(|times| format!(", {}", span(times)));
        let intervals = counted(gti.intervals, "interval");
        let times = times.unwrap_or_default();
        lines.push(format!("good time {} in {intervals}{times}", seconds(gti.time_s)));
    }
    let (safe, bins) = (grouped(one.n_safe_bins as u64), grouped(info.n_bins as u64));
    lines.push(format!("safe bins {safe} of {bins}"));
    if !one.observations.is_empty() {
        lines.push(format!("observations {}", few(one.observations.iter().cloned(), FEW)));
    }
    lines.push("members".into());
    for member in &one.members {
        let unit = if member.unit.is_empty() { String::new() } else { format!(" {}", member.unit) };
        let axes = few(
            member.geometry.axes.iter().map(|axis| format!("{} {}", axis.name, axis.bins)),
            FEW,
        );
        let pixels = match member.geometry.npix {
            Some([nx, ny]) => format!(", {nx} x {ny} pixels"),
            None => String::new(),
        };
        lines.push(format!("  {:<14} {}{unit}: {axes}{pixels}", member.name, member.dtype));
    }
    lines
}
