//! Colours that colour-blind readers can tell apart.

use plotters::style::RGBColor;

/// Okabe and Ito's colours and some of Tol's, for few lines.
const FEW: [RGBColor; 10] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x22, 0x22, 0x22),
    RGBColor(0x88, 0x22, 0x55),
    RGBColor(0x99, 0x99, 0x33),
    RGBColor(0x99, 0x99, 0x99),
];
/// The colour map viridis of Smith, van der Walt and Firing (CC0), every 32nd of its colours: from
/// dark to light, also in grey.
const VIRIDIS: [[u8; 3]; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2D, 0x7B],
    [0x3B, 0x52, 0x8B],
    [0x2C, 0x72, 0x8E],
    [0x21, 0x91, 0x8C],
    [0x28, 0xAE, 0x80],
    [0x5E, 0xC9, 0x62],
    [0xAD, 0xDC, 0x30],
    [0xFD, 0xE7, 0x25],
];
/// The share of the map that lines have: its lightest colours can't be seen on white.
const VISIBLE: f64 = 0.9;

/// Text and axes.
pub(crate) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Tick labels and notes.
pub(crate) const SOFT_INK: RGBColor = RGBColor(0x55, 0x55, 0x55);
/// Grid lines and frames.
pub(crate) const GRID: RGBColor = RGBColor(0xE4, 0xE4, 0xE4);

/// What is not to be used.
pub(crate) const SHADE: RGBColor = RGBColor(0xEC, 0xEC, 0xEC);

/// The colour of line `index` of `count`: distinct ones for few, else rising from dark to light.
pub(crate) fn line(index: usize, count: usize) -> RGBColor {
    match FEW.get(index) {
        Some(colour) if count <= FEW.len() => *colour,
        _ => {
            let [r, g, b] = shade(VISIBLE * index as f64 / (count.max(2) - 1) as f64);
            RGBColor(r, g, b)
        }
    }
}

/// The colour of a share from 0 to 1: red, green, blue.
pub(crate) fn shade(share: f64) -> [u8; 3] {
    let place = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let below = (place as usize).min(VIRIDIS.len() - 2);
    let (low, high) = (VIRIDIS[below], VIRIDIS[below + 1]);
    let part = place - below as f64;
    let mix = |i: usize| f64::from(low[i]) * (1.0 - part) + f64::from(high[i]) * part;
    [0, 1, 2].map(|i| mix(i).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_run_from_end_to_end() {
        assert_eq!((shade(0.0), shade(1.0)), (VIRIDIS[0], VIRIDIS[8]));
        assert_eq!((shade(-1.0), shade(0.5)), (VIRIDIS[0], VIRIDIS[4]));
    }

    #[test]
    fn lines_of_a_picture_differ() {
        for count in [1, 2, 6, 10, 11, 40] {
            let mut all: Vec<RGBColor> = (0..count).map(|index| line(index, count)).collect();
            all.dedup();
            assert_eq!(all.len(), count);
        }
    }
}
