//! FITS files: maps of the sky and spectra.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tierline::fits::{FitsFile, HduKind};
use tierline::plot::{Size, Stretch};
use tierline::reduce::gadf::{self, MapFile};
use tierline::report::Limits;

use super::panels::Drawn;
use super::{Args, StretchName, energies, map};
use crate::cmd::{Messages, Usage};

/// What FITS files, plain or packed (gzip, bzip2, Zstandard), begin with.
const BEGINNINGS: [&[u8]; 4] = [b"SIMPLE  =", b"\x1f\x8b", b"BZh", b"\x28\xb5\x2f\xfd"];

/// Whether a file may be one of FITS; no other file that is drawn begins so.
pub(super) fn is_fits(path: &Path) -> bool {
    if !std::fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return false;
    }
    let mut first = Vec::new();
    let read = File::open(path).and_then(|file| file.take(9).read_to_end(&mut first));
    read.is_ok() && BEGINNINGS.iter().any(|begin| first.starts_with(begin))
}

/// What is drawn of a file, and how large.
pub(super) fn panels(args: &Args, messages: &mut Messages) -> anyhow::Result<(Vec<Drawn>, Size)> {
    fitting(args)?;
    let mut file = MapFile::open(&args.file, &Limits::default())?;
    let (drawn, size) = match is_spectrum(file.fits()) {
        true => energies::panels(args)?,
        false => map::panels(args, &mut file)?,
    };
    for one in &drawn {
        match one.panel.note.is_empty() {
            true => messages.say(&one.panel.title),
            false => messages.say(&format!("{}: {}", one.panel.title, one.panel.note)),
        }
    }
    Ok((drawn, size))
}

/// Whether counts are of a region instead of pixels.
fn is_spectrum(file: &FitsFile) -> bool {
    let is_table = |number: usize| {
        file.info(number).is_ok_and(|info| info.kind == HduKind::BinaryTable)
            && !is_healpix(file, number)
    };
    file.find("SPECTRUM").is_some() || file.find("COUNTS").is_some_and(is_table)
}

/// Whether an HDU has HEALPix pixels.
pub(super) fn is_healpix(file: &FitsFile, number: usize) -> bool {
    file.header(number).is_ok_and(gadf::is_healpix)
}

/// Refuses options that maps and spectra have no use for.
fn fitting(args: &Args) -> Result<(), Usage> {
    let of_events = !args.event.is_empty() || !args.tel.is_empty() || args.obs.is_some();
    let why = match () {
        () if of_events || args.truth || args.peak_time => "events are drawn of DL1 files",
        () if args.kind.is_some() || args.versus.is_some() => "--kind and --versus are for columns",
        () if args.each => "--each is for tables and columns of LH5 files",
        () if args.rows.is_some() => "ROWS are those of LH5 files; --energy chooses bins of energy",
        () if args.bins.is_some() => "--bins is for columns of LH5 files",
        () if args.baseline_subtract.is_some() => "--baseline-subtract is for waveforms",
        () => return Ok(()),
    };
    Err(Usage(format!("{}: {why}", args.file.display())))
}

/// The stretch that is asked for.
pub(super) fn stretch(args: &Args) -> Stretch {
    match args.stretch {
        Some(StretchName::Sqrt) => Stretch::Sqrt,
        Some(StretchName::Log) => Stretch::Log,
        None if args.log => Stretch::Log,
        Some(StretchName::Linear) | None => Stretch::Linear,
    }
}

/// The title that is asked for, or the names of file and object.
pub(super) fn title(args: &Args, object: &str) -> String {
    let file = args.file.file_name().unwrap_or_default().to_string_lossy();
    args.title.clone().unwrap_or_else(|| format!("{file} · {object}"))
}

/// A number with three digits that count.
pub(super) fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let power = value.abs().log10().floor() as i32;
    match power {
        -3..3 => {
            let text = format!("{value:.*}", (2 - power) as usize);
            match text.contains('.') {
                true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
                false => text,
            }
        }
        3..6 => format!("{value:.0}"),
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let short = [10.0, 1.0, 0.5, 1.234567, 1234.5, 0.001, 1.5e12, 0.0, -2.0, 100.0].map(short);
        let expected = ["10", "1", "0.5", "1.23", "1234", "0.001", "1.50e12", "0", "-2", "100"];
        assert_eq!(short, expected);
    }

    #[test]
    fn files_are_known_by_their_beginnings() {
        let path = std::env::temp_dir().join(format!("tierline-plot-{}", std::process::id()));
        for (begin, expected) in [(&b"SIMPLE  =    T"[..], true), (b"\x89HDF\r\n\x1a\n", false)] {
            std::fs::write(&path, begin).unwrap();
            assert_eq!(is_fits(&path), expected);
        }
        std::fs::remove_file(&path).unwrap();
        assert!(!is_fits(&path) && !is_fits(&std::env::temp_dir()));
    }
}
