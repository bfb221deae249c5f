//! Keywords of tables of HEALPix pixels.

use super::{Healpix, HpxGeom, HpxRegion, Order};
use crate::header::{Keyword, Lookup, text, whole};
use crate::{Error, Frame, MapAxis};

impl HpxGeom {
    /// The keywords that describe it, besides those of the table. Where bands have pixels of several sizes, NSIDE is that of the
    /// smallest pixels, and the bands' table has those of each.
    pub fn keywords(&self) -> Vec<Keyword> {
        let nside = self.partitions.iter().map(Healpix::nside).max().unwrap_or(1);
        let last = self.partitions.iter().map(Healpix::n_pixels).max().unwrap_or(12) - 1;
        let system = if self.frame == Frame::Galactic { "GAL" } else { "CEL" };
        let scheme = match (self.is_whole_sky(), self.is_regular()) {
            (true, _) => "IMPLICIT",
            (false, true) => "EXPLICIT",
            (false, false) => "LOCAL",
        };
        let order = if nside.is_power_of_two() { i64::from(nside.trailing_zeros()) } else { -1 };
        let mut out = vec![
            Keyword::new("PIXTYPE", "HEALPIX", "Pixels of equal area"),
            Keyword::new("ORDERING", self.order().name(), "Order of pixel numbers"),
            Keyword::new("COORDSYS", system, "Frame of the pixels"),
            Keyword::new("INDXSCHM", scheme, "How pixels are numbered"),
            Keyword::new("ORDER", order, "NSIDE is 2 to the power of it"),
            Keyword::new("NSIDE", nside as i64, "Pixels along a face"),
            Keyword::new("FIRSTPIX", 0, "First pixel of the sphere"),
            Keyword::new("LASTPIX", last as i64, "Last pixel of the sphere"),
        ];
        if self.frame == Frame::Icrs {
            out.push(Keyword::new("EQUINOX", 2000.0, "Of right ascension and declination"));
        }
        if let Some(region) = &self.region {
            out.push(Keyword::new("HPX_REG", region.text().as_str(), "Region of the sky"));
        }
        out
    }

    /// Reads ORDERING, COORDSYS, NSIDE or ORDER, and HPX_REG; `nside` replaces NSIDE where the bands have their own. There may be about
    /// `most` pixels in all bands.
    ///
    /// # Errors
    /// Where a keyword is missing or not understood, or there would be more pixels.
    pub fn from_keywords(
        lookup: &Lookup<'_>,
        nside: Option<&[u64]>,
        axes: Vec<MapAxis>,
        most: u64,
    ) -> Result<Self, Error> {
        let HpxKeywords { order, frame, nside: one, region } = HpxKeywords::read(lookup)?;
        let nside = match (nside, one) {
            (Some(nside), _) => nside.to_vec(),
            (None, Some(one)) => vec![one],
            (None, None) => return Err(Error::malformed("NSIDE", "is not there")),
        };
        Self::with_limit(&nside, order, frame, region, axes, most)
    }
}

/// What the keywords of a table of HEALPix pixels tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HpxKeywords {
    /// `ORDERING`.
    pub order: Order,
    /// `COORDSYS`, or `COORDTYPE`.
    pub frame: Frame,
    /// `NSIDE`, or that of `ORDER`.
    pub nside: Option<u64>,
    /// `HPX_REG`, or `HPXREGION`.
    pub region: Option<HpxRegion>,
}

impl HpxKeywords {
    /// Reads them.
    ///
    /// # Errors
    /// Where one is missing or not understood.
    pub fn read(lookup: &Lookup<'_>) -> Result<Self, Error> {
        if let Some(kind) = text(lookup, "PIXTYPE")?.filter(|kind| kind != "HEALPIX") {
            return Err(Error::malformed("PIXTYPE", format!("expected HEALPIX, found {kind}")));
        }
        let order = Order::of_name(&text(lookup, "ORDERING")?.unwrap_or_default())?;
        let system = match text(lookup, "COORDSYS")? {
            None => text(lookup, "COORDTYPE")?.unwrap_or_default(),
            Some(system) => system,
        };
        let frame = match system.to_ascii_uppercase().as_str() {
            "CEL" | "C" | "EQU" | "Q" => Frame::Icrs,
            "GAL" | "G" => Frame::Galactic,
            other => {
                return Err(Error::unsupported(
                    "COORDSYS",
                    format!("expected CEL or GAL, found '{other}'"),
                ));
            }
        };
        let region = match text(lookup, "HPX_REG")? {
            None => text(lookup, "HPXREGION")?,
            region => region,
        };
        let region = region.filter(|region| !region.is_empty() && region != "explicit");
        let region = region.as_deref().map(HpxRegion::parse).transpose()?;
        Ok(HpxKeywords { order, frame, nside: nside_of(lookup)?, region })
    }
}

/// NSIDE, or else 2 to the power of ORDER.
fn nside_of(lookup: &Lookup<'_>) -> Result<Option<u64>, Error> {
    if let Some(found) = whole(lookup, "NSIDE")? {
        let wrong = || Error::malformed("NSIDE", format!("expected 1 or more, found {found}"));
        return u64::try_from(found).map(Some).map_err(|_| wrong());
    }
    match whole(lookup, "ORDER")? {
        None => Ok(None),
        Some(order @ 0..=29) => Ok(Some(1 << order)),
        Some(order) => Err(Error::malformed("ORDER", format!("expected 0 to 29, found {order}"))),
    }
}
