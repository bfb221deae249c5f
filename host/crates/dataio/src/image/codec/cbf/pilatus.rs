//! The header that Pilatus detectors write into `_array_data.header_contents`, convention
//! `PILATUS_1.2`: lines of `# Key value`, where the characters `()#:=,` mean blanks.

use super::super::super::{Header, Value};

/// How the words of a line are taken.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Int,
    Float,
    /// All words from here on.
    Rest,
}

use Kind::{Float, Int, Rest, Text};

/// A keyword, the place of its word in the line, and the places and kinds of its values.
type Keyword = (&'static str, usize, &'static [(usize, Kind)]);

/// Lengths in m, times in s, energies in eV, wavelengths in Å, angles in degrees.
const KEYWORDS: &[Keyword] = &[
    ("Detector", 0, &[(1, Rest)]),
    ("sensor", 1, &[(0, Text), (3, Float)]),
    ("Pixel_size", 0, &[(1, Float), (4, Float)]),
    ("Exposure_time", 0, &[(1, Float)]),
    ("Exposure_period", 0, &[(1, Float)]),
    ("Tau", 0, &[(1, Float)]),
    ("Count_cutoff", 0, &[(1, Int)]),
    ("Threshold_setting", 0, &[(1, Float)]),
    ("Gain_setting", 0, &[(1, Text), (2, Text)]),
    ("N_excluded_pixels", 0, &[(1, Int)]),
    ("Excluded_pixels", 0, &[(1, Text)]),
    ("Flat_field", 0, &[(1, Text)]),
    ("Trim_file", 0, &[(1, Text)]),
    ("Image_path", 0, &[(1, Text)]),
    ("Wavelength", 0, &[(1, Float)]),
    ("Energy_range", 0, &[(1, Float), (2, Float)]),
    ("Detector_distance", 0, &[(1, Float)]),
    ("Detector_Voffset", 0, &[(1, Float)]),
    ("Beam_xy", 0, &[(1, Float), (2, Float)]),
    ("Flux", 0, &[(1, Float)]),
    ("Filter_transmission", 0, &[(1, Float)]),
    ("Start_angle", 0, &[(1, Float)]),
    ("Angle_increment", 0, &[(1, Float)]),
    ("Detector_2theta", 0, &[(1, Float)]),
    ("Polarization", 0, &[(1, Float)]),
    ("Alpha", 0, &[(1, Float)]),
    ("Kappa", 0, &[(1, Float)]),
    ("Phi", 0, &[(1, Float)]),
    ("Phi_increment", 0, &[(1, Float)]),
    ("Chi", 0, &[(1, Float)]),
    ("Chi_increment", 0, &[(1, Float)]),
    ("Omega", 0, &[(1, Float)]),
    ("Omega_increment", 0, &[(1, Float)]),
    ("Oscillation_axis", 0, &[(1, Text)]),
    ("N_oscillations", 0, &[(1, Int)]),
    ("Start_position", 0, &[(1, Float)]),
    ("Position_increment", 0, &[(1, Float)]),
    ("Shutter_time", 0, &[(1, Float)]),
];

/// The known keywords of a header's contents with their values. What does not fit its kind is left out.
pub fn parse(contents: &str) -> Header {
    let blank = |c: char| c.is_whitespace() || "()#:=,".contains(c);
    let mut header = Header::new();
    for line in contents.lines() {
        let words: Vec<&str> = line.split(blank).filter(|word| !word.is_empty()).collect();
        let known = |(name, place, _): &&Keyword| words.get(*place) == Some(name);
        for (name, _, places) in KEYWORDS.iter().filter(known) {
            let values: Option<Vec<Value>> =
                places.iter().map(|(place, kind)| value(&words, *place, *kind)).collect();
            match values {
                Some(mut values) if values.len() == 1 => {
                    header.set(*name, values.remove(0));
                }
                Some(values) => header.set(*name, Value::List(values)),
                None => {}
            }
        }
    }
    header
}

fn value(words: &[&str], place: usize, kind: Kind) -> Option<Value> {
    let word = words.get(place)?;
    Some(match kind {
        Text => Value::from(*word),
        Int => Value::Int(word.parse().ok()?),
        Float => Value::Float(word.parse().ok()?),
        Rest => Value::from(words[place..].join(" ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_have_their_values() {
        let header = parse(
            "# Detector: PILATUS 300K, S/N 3-0104, Diamond\r\n# 2011-07-14T12:45:19.719\r\n\
             # Pixel_size 172e-6 m x 172e-6 m\r\n# Silicon sensor, thickness 0.000320 m\r\n\
             # Tau = 125.0e-09 s\r\n# Count_cutoff 1541621 counts\r\n# Flat_field: (nil)\r\n\
             # Beam_xy (2000.00, 2000.00) pixels\r\n# Flux x\r\n# Gain_setting: low gain (vrf = -0.300)",
        );
        let text: Vec<String> =
            header.iter().map(|(key, value)| format!("{key} {value}")).collect();
        let expected = [
            "Detector PILATUS 300K S/N 3-0104 Diamond",
            "Pixel_size [0.000172, 0.000172]",
            "sensor [Silicon, 0.00032]",
            "Tau 1.25e-7",
            "Count_cutoff 1541621",
            "Flat_field nil",
            "Beam_xy [2000.0, 2000.0]",
            "Gain_setting [low, gain]",
        ];
        assert_eq!(text, expected);
    }
}
