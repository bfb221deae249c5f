//! A WCS from the keywords of a header, and back.

use super::{Distortion, Projection, Wcs};
use crate::Error;
use crate::frame::Frame;
use crate::header::{Keyword, Lookup, Value, number, text};

impl Wcs {
    /// Reads the celestial WCS of the first two axes: CTYPE, CRPIX, CRVAL, CDELT with PC or CROTA2, or CD, CUNIT, LONPOLE, LATPOLE, PV;
    /// distortions of SIP and TPV (also under the name TAN, if there are more PV than TAN can have).
    ///
    /// Equatorial coordinates of FK5 are taken as ICRS, from which they differ by less than 0.1 arcsec.
    ///
    /// # Errors
    /// Where a keyword is missing or wrong, or asks for something that is not implemented.
    pub fn from_keywords(lookup: &Lookup<'_>) -> Result<Self, Error> {
        let CelestialType { frame, projection, distortion } = celestial_type(lookup)?;
        let need = |name: &str, default: Option<f64>| {
            number(lookup, name)?
                .or(default)
                .ok_or_else(|| Error::malformed(name, "expected a number, found none"))
        };
        let unit = [degrees_per_unit(lookup, "CUNIT1")?, degrees_per_unit(lookup, "CUNIT2")?];
        let crval = [need("CRVAL1", None)? * unit[0], need("CRVAL2", None)? * unit[1]];
        let crpix = [need("CRPIX1", Some(0.0))?, need("CRPIX2", Some(0.0))?];
        let (mut cdelt, pc) = matrix(lookup)?;
        cdelt = [cdelt[0] * unit[0], cdelt[1] * unit[1]];
        let is_tpv = matches!(distortion, Some(Distortion::Tpv(_)));
        for name in ["PV1_0", "PV1_1", "PV1_2"] {
            if !is_tpv && number(lookup, name)?.is_some_and(|value| value != 0.0) {
                return Err(Error::unsupported(name, "another reference point of the projection"));
            }
        }
        let either = |first: &str, second: &str| -> Result<Option<f64>, Error> {
            Ok(number(lookup, first)?.or(number(lookup, second)?))
        };
        let default = projection.default_pv();
        // In a TPV header all PV are coefficients.
        let (poles, pv) = if is_tpv {
            ([number(lookup, "LONPOLE")?, number(lookup, "LATPOLE")?], default)
        } else {
            let poles = [either("LONPOLE", "PV1_3")?, either("LATPOLE", "PV1_4")?];
            (poles, [need("PV2_1", Some(default[0]))?, need("PV2_2", Some(default[1]))?])
        };
        let numbers = [crval, crpix, cdelt];
        let wcs = Self::with_all(frame, projection, numbers, pc, poles, Some(pv))?;
        Ok(Wcs { distortion, ..wcs })
    }

    /// The keywords that describe it.
    pub fn keywords(&self) -> Vec<Keyword> {
        let mut out = vec![Keyword::new("WCSAXES", 2i64, "Number of coordinate axes")];
        let mut pair = |name: &str, values: [Value; 2], comment: &str| {
            for (k, value) in values.into_iter().enumerate() {
                out.push(Keyword {
                    name: format!("{name}{}", k + 1),
                    value,
                    comment: comment.into(),
                });
            }
        };
        pair("CRPIX", self.crpix.map(Value::Real), "Pixel coordinate of reference point");
        for i in 0..2 {
            if self.pc != [[1.0, 0.0], [0.0, 1.0]] {
                let values = [0, 1].map(|j| Value::Real(self.pc[i][j]));
                pair(&format!("PC{}_", i + 1), values, "Coordinate transformation matrix element");
            }
        }
        pair("CDELT", self.cdelt.map(Value::Real), "[deg] Coordinate increment at reference point");
        pair("CUNIT", ["deg", "deg"].map(Value::from), "Units of coordinate increment and value");
        let names = match self.frame {
            Frame::Icrs => ["RA---", "DEC--"],
            Frame::Galactic => ["GLON-", "GLAT-"],
        };
        let code = match &self.distortion {
            Some(Distortion::Tpv(_)) => "TPV".to_owned(),
            Some(Distortion::Sip(_)) => format!("{}-SIP", self.projection.code()),
            None => self.projection.code().to_owned(),
        };
        let types = names.map(|name| Value::Text(format!("{name}{code}")));
        pair("CTYPE", types, "Coordinate type and projection");
        pair("CRVAL", self.crval.map(Value::Real), "[deg] Coordinate value at reference point");
        if self.pv != self.projection.default_pv() {
            pair("PV2_", self.pv.map(Value::Real), "Projection parameter");
        }
        out.extend(self.distortion.iter().flat_map(Distortion::keywords));
        out.push(Keyword::new("LONPOLE", self.lonpole, "[deg] Native longitude of celestial pole"));
        out.push(Keyword::new("LATPOLE", self.latpole, "[deg] Native latitude of celestial pole"));
        out.push(Keyword::new("MJDREF", 0.0, "[d] MJD of fiducial time"));
        if self.frame == Frame::Icrs {
            out.push(Keyword::new("RADESYS", "ICRS", "Equatorial coordinate system"));
        }
        out
    }
}

/// What CTYPE1 and CTYPE2 say.
struct CelestialType {
    frame: Frame,
    projection: Projection,
    distortion: Option<Distortion>,
}

/// Frame, projection and distortion of CTYPE1 and CTYPE2.
fn celestial_type(lookup: &Lookup<'_>) -> Result<CelestialType, Error> {
    let need = |name: &str| {
        text(lookup, name)?.ok_or_else(|| Error::malformed(name, "expected a text, found none"))
    };
    let (lon, lat) = (need("CTYPE1")?, need("CTYPE2")?);
    let split = |ctype: &str| -> Option<(String, String)> {
        let (name, code) = ctype.split_at_checked(5)?;
        Some((name.trim_end_matches('-').to_owned(), code.to_owned()))
    };
    let wrong = || Error::unsupported("CTYPE1, CTYPE2", format!("'{lon}' and '{lat}'"));
    let ((lon_name, lon_code), (lat_name, lat_code)) =
        split(&lon).zip(split(&lat)).ok_or_else(wrong)?;
    if lon_code != lat_code {
        return Err(wrong());
    }
    let frame = match (lon_name.as_str(), lat_name.as_str()) {
        ("RA", "DEC") => Frame::Icrs,
        ("GLON", "GLAT") => Frame::Galactic,
        _ => return Err(wrong()),
    };
    if frame == Frame::Icrs {
        check_system(lookup)?;
    }
    let (code, distortion) = match lon_code.as_str() {
        "TPV" => ("TAN", Some(Distortion::tpv(lookup)?)),
        "TAN" if Distortion::is_tpv_in_disguise(lookup) => ("TAN", Some(Distortion::tpv(lookup)?)),
        code => match code.strip_suffix("-SIP") {
            Some(code) => (code, Some(Distortion::sip(lookup)?)),
            None => (code, None),
        },
    };
    Ok(CelestialType { frame, projection: Projection::of_code(code)?, distortion })
}

/// That equatorial coordinates are ICRS or FK5 of 2000.
fn check_system(lookup: &Lookup<'_>) -> Result<(), Error> {
    let system = match text(lookup, "RADESYS")? {
        Some(system) => Some(system),
        None => text(lookup, "RADECSYS")?,
    };
    let equinox = number(lookup, "EQUINOX")?;
    let system = system.unwrap_or_default();
    match (system.to_ascii_uppercase().as_str(), equinox) {
        ("ICRS", _) | ("FK5" | "", None) => Ok(()),
        ("FK5" | "", Some(equinox)) if (equinox - 2000.0).abs() < 1e-6 => Ok(()),
        ("FK5" | "", Some(equinox)) => {
            Err(Error::unsupported("EQUINOX", format!("expected 2000, found {equinox}")))
        }
        _ => Err(Error::unsupported("RADESYS", format!("expected ICRS or FK5, found {system}"))),
    }
}

/// Degrees in a unit of the plane.
fn degrees_per_unit(lookup: &Lookup<'_>, name: &str) -> Result<f64, Error> {
    let unit = text(lookup, name)?.unwrap_or_default();
    match unit.as_str() {
        "" | "deg" | "degree" | "degrees" => Ok(1.0),
        "arcmin" => Ok(1.0 / 60.0),
        "arcsec" => Ok(1.0 / 3600.0),
        "rad" => Ok(1f64.to_degrees()),
        _ => Err(Error::unsupported(name, format!("unit {unit}"))),
    }
}

/// CDELT and PC; a CD matrix comes as PC, with CDELT of 1.
fn matrix(lookup: &Lookup<'_>) -> Result<([f64; 2], [[f64; 2]; 2]), Error> {
    let (given, cd) = elements(lookup, "CD")?;
    if given {
        return Ok(([1.0; 2], cd.map(|row| row.map(|value| value.unwrap_or(0.0)))));
    }
    let (given, found) = elements(lookup, "PC")?;
    let cdelt =
        [number(lookup, "CDELT1")?.unwrap_or(1.0), number(lookup, "CDELT2")?.unwrap_or(1.0)];
    let mut pc = [[1.0, 0.0], [0.0, 1.0]];
    for (row, given) in pc.iter_mut().zip(found) {
        for (value, given) in row.iter_mut().zip(given) {
            *value = given.unwrap_or(*value);
        }
    }
    if let (false, Some(angle)) = (given, number(lookup, "CROTA2")?.filter(|a| *a != 0.0)) {
        let (sin, cos) = angle.to_radians().sin_cos();
        pc = [[cos, -sin * cdelt[1] / cdelt[0]], [sin * cdelt[0] / cdelt[1], cos]];
    }
    Ok((cdelt, pc))
}

/// Whether any elements of a matrix are there, and those.
type Elements = (bool, [[Option<f64>; 2]; 2]);

fn elements(lookup: &Lookup<'_>, name: &str) -> Result<Elements, Error> {
    let row = |i: usize| -> Result<[Option<f64>; 2], Error> {
        Ok([number(lookup, &format!("{name}{i}_1"))?, number(lookup, &format!("{name}{i}_2"))?])
    };
    let found = [row(1)?, row(2)?];
    Ok((found.iter().flatten().any(Option::is_some), found))
}
