//! Neighbours at the same time.

use crate::instrument::PixelGraph;

/// Whether a pixel has at least `least` neighbours in a mask whose times differ by less than `limit`, in ns.
pub(super) fn has_neighbours_in_time(
    graph: &PixelGraph,
    pixel: usize,
    mask: &[bool],
    peak_time: &[f32],
    (least, limit): (i64, f64),
) -> bool {
    let limit = limit as f32;
    let at_once = |neighbour: &&u32| {
        let neighbour = **neighbour as usize;
        mask[neighbour] && (peak_time[pixel] - peak_time[neighbour]).abs() < limit
    };
    graph.neighbours.of(pixel).iter().filter(at_once).count() as i64 >= least
}

/// The pixels of a mask that have at least `least` neighbours in it whose times, in ns, differ by less than
/// `limit` from theirs.
pub fn time_delta(
    mask: &[bool],
    peak_time: &[f32],
    least: i64,
    limit: f64,
    graph: &PixelGraph,
) -> Vec<bool> {
    let kept = |pixel: usize| {
        mask[pixel] && has_neighbours_in_time(graph, pixel, mask, peak_time, (least, limit))
    };
    (0..mask.len()).map(kept).collect()
}
