//! An observation with its events, times and responses.

use tierline_fits::FitsFile;

use super::cards::Cards;
use super::events::EventList;
use super::gti::Gti;
use super::index::HduType;
use super::time::Time;
use crate::Error;
use crate::irf::{Background, FovAlignment, Responses};

/// Where the telescopes pointed, in deg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pointing {
    /// At a fixed right ascension and declination, ICRS.
    Icrs {
        /// Right ascension.
        ra: f64,
        /// Declination.
        dec: f64,
    },
    /// At a fixed azimuth and altitude (drift mode).
    AltAz {
        /// Azimuth.
        az: f64,
        /// Altitude.
        alt: f64,
    },
}

/// A place on Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Location {
    /// Geographic longitude in deg, to the east.
    pub lon: f64,
    /// Geographic latitude in deg.
    pub lat: f64,
    /// Height in m.
    pub height: f64,
}

/// What the header of the events tells of an observation.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservationInfo {
    /// Fraction of the time in which events can be taken (`DEADC`).
    pub deadc: f64,
    /// Start and stop (`TSTART`, `TSTOP`).
    pub time: Option<[Time; 2]>,
    /// `OBJECT`.
    pub object: String,
    /// `TELESCOP`.
    pub telescope: String,
    /// `INSTRUME`.
    pub instrument: String,
    /// `OBS_MODE`.
    pub mode: String,
    /// `CREATOR`.
    pub creator: String,
    /// `HDUVERS`.
    pub version: String,
    /// Where the telescopes are.
    pub location: Option<Location>,
}

/// An observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Its number.
    pub id: i64,
    /// Its events.
    pub events: EventList,
    /// Its good time intervals.
    pub gti: Gti,
    /// Where the telescopes pointed.
    pub pointing: Pointing,
    /// What is told of it.
    pub info: ObservationInfo,
    /// Its responses.
    pub responses: Responses,
    /// Fraction of the live time that is left by selections other than of time, such as of phases.
    pub live_fraction: f64,
}

impl Observation {
    /// Sum of the good time intervals in s.
    pub fn ontime(&self) -> f64 {
        self.gti.time_sum()
    }

    /// The part of [`ontime`](Self::ontime) in which events could be taken, in s. `LIVETIME` of the header is not used.
    pub fn livetime(&self) -> f64 {
        self.ontime() * self.info.deadc * self.live_fraction
    }

    /// Start of the first good time interval.
    pub fn start(&self) -> Option<Time> {
        self.gti.start()
    }

    /// Stop of the first good time interval, as the peer takes it.
    pub fn stop(&self) -> Option<Time> {
        self.gti.stop()
    }

    /// The middle of the first good time interval.
    pub fn mid(&self) -> Option<Time> {
        let [start, stop] = *self.gti.intervals.first()?;
        Some(self.gti.reference.plus(0.5 * (start + stop)))
    }

    /// The events and good time between two times.
    ///
    /// # Errors
    /// Where times can't be compared.
    pub fn select_time(&self, range: [Time; 2]) -> Result<Self, Error> {
        let (events, gti) = (self.events.select_time(range)?, self.gti.select_time(range)?);
        Ok(Observation { events, gti, ..self.clone() })
    }

    /// The events of an interval of phases; the live time becomes less by the same share.
    ///
    /// # Errors
    /// Where there is no column of phases, or the interval falls.
    pub fn select_phase(&self, column: &str, [from, to]: [f64; 2]) -> Result<Self, Error> {
        if !(from < to && to - from <= 1.0) {
            return Err(Error::parameter(
                "phases",
                format!("{from} to {to} is no interval of one turn"),
            ));
        }
        let events = self.events.select_phase(column, [from, to])?;
        Ok(Observation { events, live_fraction: self.live_fraction * (to - from), ..self.clone() })
    }
}

/// Which HDUs an observation must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredIrf(Vec<HduType>);

impl RequiredIrf {
    /// Effective area, energy dispersion, point spread function, background.
    pub fn full_enclosure() -> Self {
        RequiredIrf(vec![HduType::Aeff, HduType::Edisp, HduType::Psf, HduType::Bkg])
    }

    /// Effective area, energy dispersion.
    pub fn point_like() -> Self {
        RequiredIrf(vec![HduType::Aeff, HduType::Edisp])
    }

    /// No responses.
    pub fn all_optional() -> Self {
        RequiredIrf(Vec::new())
    }

    /// From `full-enclosure`, `point-like`, `all-optional`, or names of responses.
    ///
    /// # Errors
    /// Where a name is none of these.
    pub fn of_names(names: &[&str]) -> Result<Self, Error> {
        match names {
            ["full-enclosure"] => Ok(Self::full_enclosure()),
            ["point-like"] => Ok(Self::point_like()),
            ["all-optional"] => Ok(Self::all_optional()),
            _ => names
                .iter()
                .map(|name| {
                    let known = HduType::ALL.map(HduType::name).join(", ");
                    HduType::of_name(name).ok_or_else(|| {
                        Error::parameter("required_irf", format!("{name}: expected any of {known}"))
                    })
                })
                .collect::<Result<_, _>>()
                .map(RequiredIrf),
        }
    }

    /// What must be there, events and good time intervals always.
    pub fn types(&self) -> impl Iterator<Item = HduType> + '_ {
        let always = [HduType::Events, HduType::Gti];
        always.into_iter().chain(self.0.iter().copied().filter(move |kind| !always.contains(kind)))
    }
}

/// Pointing and facts from the header of the events.
pub(crate) fn facts(
    file: &FitsFile,
    number: usize,
    warnings: &mut Vec<String>,
) -> Result<(Pointing, ObservationInfo), Error> {
    let cards = Cards::of(file, number)?;
    let mode = cards.text("OBS_MODE").to_owned();
    let pointing = if mode == "DRIFT" {
        Pointing::AltAz { az: cards.require_real("AZ_PNT")?, alt: cards.require_real("ALT_PNT")? }
    } else {
        Pointing::Icrs { ra: cards.require_real("RA_PNT")?, dec: cards.require_real("DEC_PNT")? }
    };
    let deadc = cards.real("DEADC")?.unwrap_or_else(|| {
        warnings.push(format!("{}{}: no DEADC, taken as 1", cards.path.display(), cards.hdu));
        1.0
    });
    if !(0.0..=1.0).contains(&deadc) {
        return Err(cards.wrong(format!("keyword DEADC: expected 0 to 1, found {deadc}")));
    }
    let times = cards.real("TSTART")?.zip(cards.real("TSTOP")?).zip(cards.reference()?);
    let by = crate::factor(cards.time_unit(), "s")
        .map_err(|error| cards.wrong(format!("keyword TIMEUNIT: {error}")))?;
    let text = |key| cards.text(key).to_owned();
    let info = ObservationInfo {
        deadc,
        time: times.map(|((start, stop), from)| [from.plus(start * by), from.plus(stop * by)]),
        object: text("OBJECT"),
        telescope: text("TELESCOP"),
        instrument: text("INSTRUME"),
        mode,
        creator: text("CREATOR"),
        version: text("HDUVERS"),
        location: location(&cards)?,
    };
    Ok((pointing, info))
}

fn location(cards: &Cards<'_>) -> Result<Option<Location>, Error> {
    let height = match cards.real("GEOALT")? {
        None => cards.real("ALTITUDE")?,
        height => height,
    };
    let place = cards.real("GEOLON")?.zip(cards.real("GEOLAT")?).zip(height);
    Ok(place.map(|((lon, lat), height)| Location { lon, lat, height }))
}

/// Whether events are of the release that [`correct_alignment`] is for.
pub(crate) fn has_reversed_longitude(info: &ObservationInfo) -> bool {
    info.creator == "SASH FITS::EventListWriter" && info.version == "0.2"
}

/// Backgrounds of the first public release of H.E.S.S. have a longitude that falls to the east, which their files do not tell.
pub(super) fn correct_alignment(info: &ObservationInfo, responses: &mut Responses) {
    if has_reversed_longitude(info)
        && let Some(Background::ThreeD(_, alignment)) = &mut responses.bkg
    {
        *alignment = FovAlignment::ReverseLonRaDec;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_what_is_required() {
        let types = |names: &[&str]| -> Vec<&str> {
            RequiredIrf::of_names(names).unwrap().types().map(HduType::name).collect()
        };
        assert_eq!(types(&["full-enclosure"]), ["events", "gti", "aeff", "edisp", "psf", "bkg"]);
        assert_eq!(types(&["point-like"]), ["events", "gti", "aeff", "edisp"]);
        assert_eq!(types(&["all-optional"]), ["events", "gti"]);
        assert_eq!(types(&["rad_max", "events"]), ["events", "gti", "rad_max"]);
        let error = RequiredIrf::of_names(&["aeff", "irf"]).unwrap_err().to_string();
        assert!(
            error.starts_with("required_irf: irf: expected any of events, gti, aeff"),
            "{error}"
        );
    }
}
