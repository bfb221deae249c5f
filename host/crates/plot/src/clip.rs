//! What of a line is inside of a plane.

/// The parts of a path of points in shares that lie in the unit square.
pub(crate) fn clipped(path: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let inside = |(x, y): &(f64, f64)| (0.0..=1.0).contains(x) && (0.0..=1.0).contains(y);
    if path.len() == 1 || path.iter().all(inside) {
        return vec![path.iter().copied().filter(inside).collect()];
    }
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut open = false;
    for pair in path.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1]) else {
            open = false;
            continue;
        };
        match parts.last_mut() {
            Some(part) if open => part.push(to),
            _ => parts.push(vec![from, to]),
        }
        open = to == pair[1];
    }
    parts
}

/// The part of a segment that lies in the unit square (Liang and Barsky's algorithm).
pub(crate) fn segment(from: (f64, f64), to: (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut start, mut end) = (0.0_f64, 1.0_f64);
    for (slope, room) in [(-dx, from.0), (dx, 1.0 - from.0), (-dy, from.1), (dy, 1.0 - from.1)] {
        let at = room / slope;
        match slope {
            s if s < 0.0 => start = start.max(at),
            s if s > 0.0 => end = end.min(at),
            _ if room < 0.0 => return None,
            _ => {}
        }
    }
    let point = |t: f64| match t {
        0.0 => from,
        1.0 => to,
        _ => (from.0 + t * dx, from.1 + t * dy),
    };
    (start <= end).then(|| (point(start), point(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_at_the_edges() {
        let path = [(0.1, 0.5), (0.3, 1.5), (0.5, 0.5), (0.6, 0.5)];
        let parts = clipped(&path);
        assert_eq!(parts, [vec![(0.1, 0.5), (0.2, 1.0)], vec![(0.4, 1.0), (0.5, 0.5), (0.6, 0.5)]]);
        assert_eq!(clipped(&path[2..]), [path[2..].to_vec()]);
        assert_eq!(clipped(&[(0.2, 2.0), (0.4, 3.0)]), Vec::<Vec<_>>::new());
        assert_eq!(clipped(&[(0.2, -1.0), (0.2, 3.0)]), [vec![(0.2, 0.0), (0.2, 1.0)]]);
    }
}
