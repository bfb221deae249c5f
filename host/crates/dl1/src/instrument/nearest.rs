//! The points nearest to each point of a plane, by a k-d tree.

/// How far apart two points are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Norm {
    /// Sum of the distances along the axes.
    L1,
    /// Straight.
    L2,
}

impl Norm {
    fn distance(self, a: [f64; 2], b: [f64; 2]) -> f64 {
        let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
        match self {
            Norm::L1 => dx.abs() + dy.abs(),
            Norm::L2 => (dx * dx + dy * dy).sqrt(),
        }
    }
}

/// Points of a plane, ordered so that the middle of every part divides it, by x and y in turn.
pub(super) struct Tree<'a> {
    points: &'a [[f64; 2]],
    order: Vec<usize>,
}

/// The best points found so far, the nearest first.
struct Found<'a> {
    from: usize,
    norm: Norm,
    most: usize,
    nearest: &'a mut Vec<(f64, usize)>,
}

impl Found<'_> {
    fn farthest(&self) -> f64 {
        match self.nearest.last() {
            Some(last) if self.nearest.len() == self.most => last.0,
            _ => f64::INFINITY,
        }
    }

    fn offer(&mut self, points: &[[f64; 2]], index: usize) {
        if index == self.from {
            return;
        }
        let entry = (self.norm.distance(points[self.from], points[index]), index);
        let at = self.nearest.partition_point(|other| *other < entry);
        if at < self.most {
            self.nearest.truncate(self.most - 1);
            self.nearest.insert(at, entry);
        }
    }
}

impl<'a> Tree<'a> {
    /// Sorts finite points, in O(n log n).
    pub(super) fn new(points: &'a [[f64; 2]]) -> Self {
        let mut order: Vec<usize> = (0..points.len()).collect();
        divide(points, &mut order, 0);
        Tree { points, order }
    }

    /// The `most` points nearest to point `from` (itself not counted) and their distances, nearest first.
    pub(super) fn nearest(
        &self,
        from: usize,
        most: usize,
        norm: Norm,
        nearest: &mut Vec<(f64, usize)>,
    ) {
        nearest.clear();
        if most > 0 {
            self.search(&self.order, 0, &mut Found { from, norm, most, nearest });
        }
    }

    fn search(&self, part: &[usize], axis: usize, found: &mut Found<'_>) {
        let middle = part.len() / 2;
        let Some(&index) = part.get(middle) else { return };
        let offset = self.points[found.from][axis] - self.points[index][axis];
        let (near, far) = match offset < 0.0 {
            true => (&part[..middle], &part[middle + 1..]),
            false => (&part[middle + 1..], &part[..middle]),
        };
        self.search(near, 1 - axis, found);
        found.offer(self.points, index);
        if offset.abs() < found.farthest() {
            self.search(far, 1 - axis, found);
        }
    }
}

fn divide(points: &[[f64; 2]], part: &mut [usize], axis: usize) {
    let middle = part.len() / 2;
    if part.len() < 2 {
        return;
    }
    part.select_nth_unstable_by(middle, |a, b| points[*a][axis].total_cmp(&points[*b][axis]));
    let (below, above) = part.split_at_mut(middle);
    divide(points, below, 1 - axis);
    divide(points, &mut above[1..], 1 - axis);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_nearest_are_found(
            points in proptest::collection::vec((-9i32..9, -9i32..9), 1..60),
            most in 0usize..9,
        ) {
            let points: Vec<[f64; 2]> =
                points.iter().map(|(x, y)| [f64::from(*x), f64::from(*y)]).collect();
            let tree = Tree::new(&points);
            for norm in [Norm::L1, Norm::L2] {
                for from in 0..points.len() {
                    let mut found = Vec::new();
                    tree.nearest(from, most, norm, &mut found);
                    let mut all: Vec<f64> = (0..points.len())
                        .filter(|index| *index != from)
                        .map(|index| norm.distance(points[from], points[index]))
                        .collect();
                    all.sort_by(f64::total_cmp);
                    all.truncate(most);
                    prop_assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), all);
                }
            }
        }
    }
}
