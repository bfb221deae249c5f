//! Lines of longitude and latitude on an image.

use tierline_sky::{Frame, Wcs, WcsGeom};

use crate::Axis;
use crate::clip::clipped;
use crate::ticks::{decimals, number, step};

/// Points each way at which an image is looked at for what part of the sky it shows.
const LOOKS: usize = 49;
/// Points of a line.
const POINTS: usize = 241;
/// A line that goes by more than this share of the image from point to point comes back at its other end.
const JUMP: f64 = 0.2;
/// More longitudes than this are all around the sky.
const AROUND_DEG: f64 = 300.0;
/// Lines of longitude around a pole, at least.
const AROUND_POLE: usize = 8;
/// Steps above those of 1, 2 and 5 times a power of ten, in degrees.
const WIDE_STEPS: [f64; 6] = [10.0, 15.0, 30.0, 45.0, 60.0, 90.0];
/// Degrees to either side of a line, one of which is at the other end of an image of the whole sky.
const BESIDE_DEG: f64 = 1e-6;

/// What is nearer to an edge than this share is on it: that much is lost beside a line around the sky.
const ON_EDGE: f64 = 1e-7;

/// Edge of an image at which a label stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Below.
    Bottom,
    /// At the left.
    Left,
    /// Above.
    Top,
    /// At the right.
    Right,
    /// On the image, where its line does not meet the edges; its end is at the place.
    Inside,
}

/// A text at a line.
#[derive(Debug, Clone, PartialEq)]
pub struct GridLabel {
    /// The degrees; longitudes from 0 to 360.
    pub text: String,
    /// Place in shares of width and height from the lower left.
    pub at: (f64, f64),
    /// At which edge that is.
    pub edge: Edge,
}

/// A line of one longitude or latitude.
#[derive(Debug, Clone, PartialEq)]
pub struct GridLine {
    /// Degrees; longitudes from 0 to 360.
    pub value_deg: f64,
    /// Points in shares of width and height from the lower left.
    pub parts: Vec<Vec<(f64, f64)>>,
}

/// Lines of longitude and latitude in the frame of an image, at round degrees.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SkyGrid {
    /// Degrees from a line of longitude or latitude to the next.
    pub steps_deg: [f64; 2],
    /// Lines of longitude.
    pub meridians: Vec<GridLine>,
    /// Lines of latitude.
    pub parallels: Vec<GridLine>,
    /// Labels of both.
    pub labels: Vec<GridLabel>,
    /// What longitude and latitude are.
    pub axes: [Axis; 2],
    /// Whether there is one of the poles on the image: all edges have labels of longitude, latitude has its own inside.
    pub is_cap: bool,
}

impl SkyGrid {
    /// The lines of an image, so many of longitude and latitude at most (some more if they go all around).
    pub fn new(geom: &WcsGeom, [columns, rows]: [usize; 2]) -> Self {
        let names = match geom.frame() {
            Frame::Icrs => ["right ascension", "declination"],
            Frame::Galactic => ["galactic longitude", "galactic latitude"],
        };
        let axes = names.map(|name| Axis::in_units(name, "deg"));
        let Some(view) = View::of(geom) else { return SkyGrid { axes, ..SkyGrid::default() } };
        let part = |[from, to]: [f64; 2], most: usize| angle_step((to - from) / most.max(1) as f64);
        let columns = if view.is_cap() { columns.max(AROUND_POLE) } else { columns };
        let steps_deg = [part(view.lon, columns), part(view.lat, rows)];
        let meridians = view.meridians(steps_deg[0]);
        let parallels = view.parallels(steps_deg[1]);
        let labels = view.labels([&meridians, &parallels], steps_deg);
        SkyGrid { steps_deg, meridians, parallels, labels, axes, is_cap: view.is_cap() }
    }

    /// Whether longitude runs up and latitude across.
    pub(crate) fn is_turned(&self) -> bool {
        let first = self.labels.first();
        let at_side = first.is_some_and(|label| matches!(label.edge, Edge::Left | Edge::Right));
        at_side && !self.meridians.is_empty() && !self.is_cap
    }
}

/// The smallest step between lines that is not below a length.
fn angle_step(length_deg: f64) -> f64 {
    if !(length_deg.is_finite() && length_deg > 1e-9) {
        return 1e-9;
    }
    let round = step(length_deg);
    let wide = WIDE_STEPS.into_iter().find(|step| *step >= length_deg * (1.0 - 1e-9));
    if round < 10.0 { round } else { wide.unwrap_or(90.0) }
}

/// The multiples of a step in a range; a thousand at most.
fn multiples(step: f64, [from, to]: [f64; 2]) -> impl Iterator<Item = f64> {
    let slack = 1e-9 * step;
    let first = ((from - slack) / step).ceil();
    let count = ((to + slack) / step).floor() - first;
    let count = if count >= 0.0 { count.min(999.0) as u32 + 1 } else { 0 };
    (0..count).map(move |k| (first + f64::from(k)) * step)
}

/// An angle from -180 to 180 degrees.
fn wrap_180(angle: f64) -> f64 {
    (angle + 180.0).rem_euclid(360.0) - 180.0
}

/// A longitude from 0 to 360 degrees.
fn wrap_360(angle: f64) -> f64 {
    let wrapped = angle.rem_euclid(360.0);
    if wrapped > 360.0 - 1e-9 { 0.0 } else { wrapped }
}

/// What part of the sky an image shows.
struct View<'a> {
    wcs: &'a Wcs,
    shape: [usize; 2],
    /// Longitudes from the smallest to the largest, not wrapped, around the middle.
    lon: [f64; 2],
    lat: [f64; 2],
    middle: [f64; 2],
    is_around: bool,
    has_pole: bool,
}

impl<'a> View<'a> {
    /// `None` where the image shows no sky.
    fn of(geom: &'a WcsGeom) -> Option<Self> {
        let (wcs, shape) = (geom.wcs(), geom.image_shape());
        let [ny, nx] = shape.map(|n| n as f64);
        let place = |k: usize, n: f64| k as f64 / (LOOKS - 1) as f64 * n - 0.5;
        let looks = (0..LOOKS * LOOKS).map(|k| (place(k % LOOKS, nx), place(k / LOOKS, ny)));
        let seen: Vec<[f64; 2]> = looks.filter_map(|(x, y)| wcs.pix_to_sky(x, y)).collect();
        let middle = wcs.pix_to_sky((nx - 1.0) / 2.0, (ny - 1.0) / 2.0);
        let middle = middle.or(seen.first().copied())?;
        let mut view = View {
            wcs,
            shape,
            lon: [0.0; 2],
            lat: [middle[1]; 2],
            middle,
            is_around: false,
            has_pole: false,
        };
        for [lon, lat] in seen {
            let off = wrap_180(lon - middle[0]);
            view.lon = [view.lon[0].min(off), view.lon[1].max(off)];
            view.lat = [view.lat[0].min(lat), view.lat[1].max(lat)];
        }
        for (end, pole) in [(0, -90.0), (1, 90.0)] {
            let at = wcs.sky_to_pix(middle[0], pole);
            if at.is_some_and(|[x, y]| geom.pix_to_idx(x, y).is_some()) {
                (view.lat[end], view.has_pole) = (pole, true);
            }
        }
        view.is_around = view.has_pole || view.lon[1] - view.lon[0] > AROUND_DEG;
        if view.is_around {
            view.lon = [-180.0, 180.0];
        }
        view.lon = view.lon.map(|off| off + middle[0]);
        Some(view)
    }

    fn share(&self, [x, y]: [f64; 2]) -> (f64, f64) {
        let [ny, nx] = self.shape;
        // What is on an edge but for rounding errors is on it.
        let snapped = |share: f64| {
            let near = share.clamp(0.0, 1.0);
            if (share - near).abs() < ON_EDGE { near } else { share }
        };
        (snapped((x + 0.5) / nx as f64), snapped((y + 0.5) / ny as f64))
    }

    /// The parts of a line that are on the image, from sky coordinates.
    fn parts(&self, line: impl Iterator<Item = [f64; 2]>) -> Vec<Vec<(f64, f64)>> {
        let (mut parts, mut run): (Vec<_>, Vec<(f64, f64)>) = (Vec::new(), Vec::new());
        let cut = |run: &mut Vec<(f64, f64)>, parts: &mut Vec<_>| {
            if run.len() > 1 {
                parts.extend(clipped(run).into_iter().filter(|part| part.len() > 1));
            }
            run.clear();
        };
        for [lon, lat] in line {
            let at = self.wcs.sky_to_pix(lon, lat).map(|pix| self.share(pix));
            let at = at.filter(|(x, y)| x.is_finite() && y.is_finite());
            let jumps = match (run.last(), at) {
                (Some(from), Some(to)) => (to.0 - from.0).hypot(to.1 - from.1) > JUMP,
                _ => true,
            };
            if jumps {
                cut(&mut run, &mut parts);
            }
            run.extend(at);
        }
        cut(&mut run, &mut parts);
        parts
    }

    /// Points from one value to another, a little beyond both.
    fn points([from, to]: [f64; 2], [least, most]: [f64; 2]) -> impl Iterator<Item = f64> + Clone {
        let margin = 0.05 * (to - from);
        let (from, to) = ((from - margin).max(least), (to + margin).min(most));
        (0..POINTS).map(move |k| from + (to - from) * k as f64 / (POINTS - 1) as f64)
    }

    fn meridians(&self, step: f64) -> Vec<GridLine> {
        let lats = Self::points(self.lat, [-90.0, 90.0]);
        let mut lines: Vec<GridLine> = Vec::new();
        for lon in multiples(step, self.lon) {
            let value_deg = wrap_360(lon);
            if lines.iter().any(|line| (line.value_deg - value_deg).abs() < 1e-9) {
                continue;
            }
            let at = |beside: f64| self.parts(lats.clone().map(|lat| [lon + beside, lat]));
            let (mut parts, other) = (at(-BESIDE_DEG), at(BESIDE_DEG));
            if !is_near(&parts, &other) {
                parts.extend(other);
            }
            if !parts.is_empty() {
                lines.push(GridLine { value_deg, parts });
            }
        }
        lines
    }

    fn parallels(&self, step: f64) -> Vec<GridLine> {
        // All around, a line ends just before it begins again.
        let around = match self.is_around {
            true => [self.lon[0] + BESIDE_DEG, self.lon[1] - BESIDE_DEG],
            false => [f64::NEG_INFINITY, f64::INFINITY],
        };
        let lons = Self::points(self.lon, around);
        let inner = |lat: &f64| lat.abs() < 90.0 - 1e-9;
        let lines = multiples(step, self.lat).filter(inner).map(|lat| GridLine {
            value_deg: if lat == 0.0 { 0.0 } else { lat },
            parts: self.parts(lons.clone().map(|lon| [lon, lat])),
        });
        lines.filter(|line| !line.parts.is_empty()).collect()
    }

    fn labels(&self, [lons, lats]: [&[GridLine]; 2], steps: [f64; 2]) -> Vec<GridLabel> {
        let texts = |lines: &[GridLine], step: f64| -> Vec<String> {
            lines.iter().map(|line| number(line.value_deg, decimals(step))).collect()
        };
        let (lon_texts, lat_texts) = (texts(lons, steps[0]), texts(lats, steps[1]));
        let mut labels = Vec::new();
        let mut taken = None;
        if self.is_cap() {
            let edges = [Edge::Bottom, Edge::Top, Edge::Left, Edge::Right];
            labels.extend(edges.into_iter().flat_map(|edge| at_edge(lons, &lon_texts, edge)));
        } else {
            let order = [Edge::Bottom, Edge::Top, Edge::Left, Edge::Right];
            match best(lons, &lon_texts, &order) {
                Some((edge, found)) => {
                    labels.extend(found);
                    taken = Some(edge);
                }
                None => labels.extend(self.on_parallel(lons, &lon_texts, steps[1])),
            }
        }
        let order = [Edge::Left, Edge::Right, Edge::Bottom, Edge::Top];
        let order: Vec<Edge> = order.into_iter().filter(|edge| Some(*edge) != taken).collect();
        let found = if self.is_cap() { None } else { best(lats, &lat_texts, &order) };
        labels.extend(found.map_or_else(|| leftmost(lats, &lat_texts), |(_, found)| found));
        labels
    }

    /// Whether it is the part of the sky around one pole.
    fn is_cap(&self) -> bool {
        self.has_pole && !(self.lat[0] < -85.0 && self.lat[1] > 85.0)
    }

    /// Labels of meridians where they cross the parallel next to the middle.
    fn on_parallel(&self, lines: &[GridLine], texts: &[String], step: f64) -> Vec<GridLabel> {
        let lat = (self.middle[1] / step).round() * step;
        let place = |(line, text): (&GridLine, &String)| {
            let lon = line.value_deg - BESIDE_DEG;
            let at = self.share(self.wcs.sky_to_pix(lon, lat.clamp(-89.0, 89.0))?);
            let is_inside = (0.0..=1.0).contains(&at.0) && (0.0..=1.0).contains(&at.1);
            is_inside.then(|| GridLabel { text: format!("{text}°"), at, edge: Edge::Inside })
        };
        lines.iter().zip(texts).filter_map(place).collect()
    }
}

/// Whether lines run beside each other.
fn is_near(one: &[Vec<(f64, f64)>], other: &[Vec<(f64, f64)>]) -> bool {
    let near = |(a, b): (&(f64, f64), &(f64, f64))| (a.0 - b.0).hypot(a.1 - b.1) < 0.01;
    one.len() == other.len()
        && one.iter().zip(other).all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(near))
}

/// Labels where lines end at an edge.
fn at_edge(lines: &[GridLine], texts: &[String], edge: Edge) -> Vec<GridLabel> {
    let is_at = |(x, y): (f64, f64)| match edge {
        Edge::Bottom => y.abs() < ON_EDGE,
        Edge::Left => x.abs() < ON_EDGE,
        Edge::Top => (y - 1.0).abs() < ON_EDGE,
        Edge::Right => (x - 1.0).abs() < ON_EDGE,
        Edge::Inside => false,
    };
    let mut labels = Vec::new();
    for (line, text) in lines.iter().zip(texts) {
        let ends = line.parts.iter().flat_map(|part| [part.first(), part.last()]).flatten();
        let found = ends.copied().filter(|at| is_at(*at));
        labels.extend(found.map(|at| GridLabel { text: text.clone(), at, edge }));
    }
    labels
}

/// The first edge at which at least two lines end; else the one at which one does.
fn best(lines: &[GridLine], texts: &[String], order: &[Edge]) -> Option<(Edge, Vec<GridLabel>)> {
    let found: Vec<_> = order.iter().map(|edge| (*edge, at_edge(lines, texts, *edge))).collect();
    let of_at_least = |n: usize| found.iter().find(|(_, labels)| labels.len() >= n).cloned();
    of_at_least(2).or(if lines.len() == 1 { of_at_least(1) } else { None })
}

/// Labels at the left ends of lines that do not meet the edges.
fn leftmost(lines: &[GridLine], texts: &[String]) -> Vec<GridLabel> {
    let place = |(line, text): (&GridLine, &String)| {
        let all = line.parts.iter().flatten().copied();
        let at = all.min_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(GridLabel { text: format!("{text}°"), at, edge: Edge::Inside })
    };
    lines.iter().zip(texts).filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use tierline_sky::{Projection, Size, SkyCoord};

    use super::*;

    fn grid(
        (lon, lat): (f64, f64),
        width: [f64; 2],
        projection: Projection,
        frame: Frame,
    ) -> SkyGrid {
        let binsz = width[1] / 100.0;
        let center = SkyCoord::new(lon, lat, frame);
        let (size, binsz) = (Size::Width(width), [binsz; 2]);
        let geom = WcsGeom::create(&center, size, binsz, projection, frame, Vec::new());
        SkyGrid::new(&geom.unwrap(), [6, 6])
    }

    fn texts(grid: &SkyGrid, edge: Edge) -> Vec<&str> {
        let here = grid.labels.iter().filter(|label| label.edge == edge);
        here.map(|label| label.text.as_str()).collect()
    }

    #[test]
    fn steps_are_round() {
        for (length, expected) in [
            (0.03, 0.05),
            (0.9, 1.0),
            (1.0, 1.0),
            (4.0, 5.0),
            (7.0, 10.0),
            (11.0, 15.0),
            (50.0, 60.0),
            (100.0, 90.0),
        ] {
            assert!((angle_step(length) - expected).abs() < 1e-12, "{length}");
        }
        assert!(angle_step(0.0) > 0.0 && angle_step(f64::NAN) > 0.0);
    }

    #[test]
    fn labels_are_at_round_degrees() {
        let grid = grid((83.63, 22.01), [5.0, 5.0], Projection::Tan, Frame::Icrs);
        assert_eq!(grid.steps_deg, [1.0, 1.0]);
        assert_eq!(texts(&grid, Edge::Bottom), ["81", "82", "83", "84", "85", "86"]);
        assert_eq!(texts(&grid, Edge::Left), ["20", "21", "22", "23", "24"]);
        assert_eq!(grid.axes[0].label, "right ascension");
        // Longitude grows to the left.
        let places: Vec<f64> = grid.labels.iter().take(5).map(|label| label.at.0).collect();
        assert!(places.is_sorted_by(|a, b| a > b), "{places:?}");
    }

    #[test]
    fn lines_cross_longitude_zero() {
        for lon in [0.0, 0.3, 359.8] {
            let grid = grid((lon, 0.0), [4.0, 2.0], Projection::Car, Frame::Galactic);
            let is_shown = |text: &&str| wrap_180(text.parse::<f64>().unwrap() - lon).abs() <= 2.0;
            let all = ["358", "359", "0", "1", "2"].into_iter();
            assert_eq!(texts(&grid, Edge::Bottom), all.filter(is_shown).collect::<Vec<_>>());
            for line in grid.meridians.iter().chain(&grid.parallels) {
                assert_eq!(line.parts.len(), 1, "{lon} {}", line.value_deg);
            }
            let zero = grid.parallels.iter().find(|line| line.value_deg == 0.0).unwrap();
            let (from, to) = (zero.parts[0][0], *zero.parts[0].last().unwrap());
            assert!((from.0 - to.0).abs() > 0.999, "{from:?} {to:?}");
        }
    }

    #[test]
    fn the_whole_sky_has_both_ends() {
        for projection in [Projection::Ait, Projection::Mol, Projection::Car] {
            let grid = grid((0.0, 0.0), [360.0, 180.0], projection, Frame::Galactic);
            assert_eq!(grid.steps_deg, [60.0, 30.0]);
            let lons: Vec<f64> = grid.meridians.iter().map(|line| line.value_deg).collect();
            assert_eq!(lons, [180.0, 240.0, 300.0, 0.0, 60.0, 120.0]);
            let end = &grid.meridians[0].parts;
            let xs: Vec<f64> = end.iter().flatten().map(|at| at.0).collect();
            assert!(xs.iter().any(|x| *x < 0.1) && xs.iter().any(|x| *x > 0.9), "{projection:?}");
            let lats: Vec<f64> = grid.parallels.iter().map(|line| line.value_deg).collect();
            assert_eq!(lats, [-60.0, -30.0, 0.0, 30.0, 60.0]);
            assert!(grid.parallels.iter().all(|line| line.parts.len() == 1));
        }
        let car = grid((0.0, 0.0), [360.0, 180.0], Projection::Car, Frame::Galactic);
        assert_eq!(texts(&car, Edge::Left), ["\u{2212}60", "\u{2212}30", "0", "30", "60"]);
        let ait = grid((0.0, 0.0), [360.0, 180.0], Projection::Ait, Frame::Galactic);
        assert_eq!(texts(&ait, Edge::Inside).len(), 6 + 5);
    }

    #[test]
    fn a_pole_has_all_meridians() {
        let grid = grid((10.0, 90.0), [20.0, 20.0], Projection::Tan, Frame::Icrs);
        assert_eq!(grid.meridians.len(), 8);
        let edges = [Edge::Bottom, Edge::Left, Edge::Top, Edge::Right];
        assert_eq!(edges.map(|edge| texts(&grid, edge).len()).iter().sum::<usize>(), 8);
        assert!(grid.is_cap && !grid.is_turned());
        assert!(texts(&grid, Edge::Inside).contains(&"85°"));
        let points = grid.meridians.iter().flat_map(|line| line.parts.iter().flatten());
        for (x, y) in points {
            assert!((-1e-6..=1.0 + 1e-6).contains(x) && (-1e-6..=1.0 + 1e-6).contains(y));
        }
    }
}
