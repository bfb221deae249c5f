//! What was chosen as panels.

use anyhow::bail;
use tierline::h5::tree::Reader;
use tierline::plot::Panel;

use super::choose::Choice;
use super::read::Source;
use super::{Args, Kind, spectrum, trend, waves};
use crate::cmd::{Messages, grouped};

/// A panel, and what it shows.
pub(super) struct Drawn {
    pub(super) kind: Kind,
    /// Paths of the objects.
    pub(super) objects: Vec<String>,
    pub(super) panel: Panel,
}

/// Reads what was chosen.
pub(super) fn panels(
    args: &Args,
    reader: &Reader,
    choices: &[Choice],
    messages: &mut Messages,
) -> anyhow::Result<Vec<Drawn>> {
    let mut all = Vec::new();
    for choice in choices {
        let file = args.file.display();
        let named = |error: anyhow::Error| match error.is::<tierline::h5::Error>() {
            true => error,
            false => error.context(format!("{file}")),
        };
        let path = choice.paths.first().map_or("", String::as_str);
        if choices.len() > 1 && Source::open(reader, path)?.reader.rows() == 0 {
            messages.say(&format!("{path}: no rows, left out"));
            continue;
        }
        let mut panel = match choice.kind {
            Kind::Waveforms => waves::overlaid(args, reader, path).map_err(named)?,
            Kind::Persistence => waves::persistence(args, reader, path).map_err(named)?,
            Kind::Spectrum => spectrum::spectrum(args, reader, &choice.paths).map_err(named)?,
            Kind::Trend => trend::trend(args, reader, path).map_err(named)?,
            Kind::Camera | Kind::Map | Kind::Energies => {
                bail!("{file}: {path} is no image of a camera or of the sky")
            }
        };
        let objects: Vec<String> =
            choice.paths.iter().map(|path| path.trim_matches('/').to_owned()).collect();
        panel.title = title(args, choice, &objects);
        let (kind, note) = (choice.kind, &panel.note);
        messages.say(&format!("{}: {}: {note}", objects.join(", "), kind.name()));
        all.push(Drawn { kind, objects, panel });
    }
    anyhow::ensure!(!all.is_empty(), "{}: none of what matches has rows", args.file.display());
    Ok(all)
}

fn title(args: &Args, choice: &Choice, objects: &[String]) -> String {
    if let Some(title) = &args.title {
        return title.clone();
    }
    let file = args.file.file_name().unwrap_or_default().to_string_lossy();
    let what = match (objects, choice.kind) {
        ([one], _) => one.clone(),
        _ => args.table.clone().unwrap_or_default(),
    };
    format!("{file} · {what}")
}

/// A number of things, with a plural.
pub(super) fn count(n: u64, what: &str) -> String {
    let plural = match (n, what) {
        (1, _) => what.to_owned(),
        (_, "entry") => "entries".to_owned(),
        _ => format!("{what}s"),
    };
    format!("{} {plural}", grouped(n))
}

/// Parts of a note that are worth saying.
pub(super) fn note(first: String, others: &[(u64, &str)]) -> String {
    let others = others.iter().filter(|(n, _)| *n > 0);
    let parts = others.map(|(n, what)| format!("{} {what}", grouped(*n)));
    std::iter::once(first).chain(parts).collect::<Vec<_>>().join(" · ")
}
