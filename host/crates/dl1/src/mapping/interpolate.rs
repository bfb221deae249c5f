//! Cells that are interpolated in triangles of pixels.

use spade::handles::{DirectedEdgeHandle, FaceHandle, InnerTag};
use spade::{DelaunayTriangulation, HasPosition, Point2, PositionInTriangulation, Triangulation};

use super::Table;
use super::nearest::{Points, Site};

type Triangle<'a> = FaceHandle<'a, InnerTag, Site, (), (), ()>;
type Side<'a> = DirectedEdgeHandle<'a, Site, (), (), ()>;

/// The triangle in which a point lies, or at whose side; `None` outside of all.
fn triangle_at(sites: &DelaunayTriangulation<Site>, x: f64, y: f64) -> Option<Triangle<'_>> {
    match sites.locate(Point2::new(x, y)) {
        PositionInTriangulation::OnFace(face) => Some(sites.face(face)),
        PositionInTriangulation::OnEdge(edge) => {
            let edge = sites.directed_edge(edge);
            edge.face().as_inner().or_else(|| edge.rev().face().as_inner())
        }
        PositionInTriangulation::OnVertex(vertex) => {
            let mut edges = sites.vertex(vertex).out_edges();
            edges.find_map(|edge| edge.face().as_inner())
        }
        _ => None,
    }
}

/// Shares of three corners at a point: those of the areas opposite of them.
fn weights(corners: [Point2<f64>; 3], x: f64, y: f64) -> [f32; 3] {
    let [a, b, c] = corners;
    let area = (b.y - c.y) * (a.x - c.x) + (c.x - b.x) * (a.y - c.y);
    let first = ((b.y - c.y) * (x - c.x) + (c.x - b.x) * (y - c.y)) / area;
    let second = ((c.y - a.y) * (x - c.x) + (a.x - c.x) * (y - c.y)) / area;
    [first as f32, second as f32, (1.0 - first - second) as f32]
}

/// Corners of the triangle that is made of a triangle and its three neighbours; `None` at the border.
fn around(triangle: Triangle<'_>) -> Option<[Site; 3]> {
    let [a, b, c] = triangle.adjacent_edges();
    let far = |side: Side<'_>| side.rev().opposite_vertex().map(|vertex| *vertex.data());
    Some([far(a)?, far(b)?, far(c)?])
}

/// The same with the shares at a point; `None` where all corners of the triangle are without light, too.
fn large(triangle: Triangle<'_>, n_pixels: usize, (x, y): (f64, f64)) -> Option<[(u32, f32); 3]> {
    let corners = around(triangle)?;
    let dark = triangle.vertices().iter().all(|own| own.data().pixel as usize >= n_pixels);
    if dark {
        return None;
    }
    let weights = weights(corners.map(|site| site.position()), x, y);
    let share = |k: usize| (corners[k].pixel, weights[k] / 4.0);
    Some([share(0), share(1), share(2)])
}

impl Points {
    /// Every cell is interpolated between the three pixels around it; then all are scaled so that an image of ones has as
    /// large a sum as there are pixels.
    pub(super) fn bilinear(&self) -> Result<Table, String> {
        let sites = self.triangulation()?;
        let cell = |x: f64, y: f64| -> Vec<(u32, f32)> {
            let Some(triangle) = triangle_at(&sites, x, y) else { return Vec::new() };
            let corners = triangle.vertices().map(|own| *own.data());
            let weights = weights(corners.map(|site| site.position()), x, y);
            corners.iter().zip(weights).map(|(site, weight)| (site.pixel, weight)).collect()
        };
        let mut sum = 0.0;
        for y in &self.rows {
            for x in &self.columns {
                let own = cell(*x, *y);
                let lit = own.iter().filter(|(pixel, _)| (*pixel as usize) < self.n_pixels);
                sum += lit.map(|(_, weight)| f64::from(*weight)).sum::<f64>();
            }
        }
        let norm = (sum / self.n_pixels as f64) as f32;
        if norm <= 0.0 || norm.is_nan() {
            return Err("no cell of the grid lies between its pixels".into());
        }
        self.cells(|x, y| {
            let own = cell(x, y);
            own.into_iter().map(|(pixel, weight)| (pixel, weight / norm)).collect()
        })
    }

    /// Every cell is the mean of four interpolations: in the triangle of twice the size around its own, and around each
    /// neighbour of that.
    pub(super) fn bicubic(&self) -> Result<Table, String> {
        let sites = self.triangulation()?;
        self.cells(|x, y| {
            let Some(triangle) = triangle_at(&sites, x, y) else { return Vec::new() };
            if around(triangle).is_none() {
                return Vec::new();
            }
            let neighbours = triangle.adjacent_edges().map(|side| side.rev().face().as_inner());
            let all = neighbours.into_iter().flatten().chain([triangle]);
            let mut cell: Vec<(u32, f32)> = Vec::new();
            for (pixel, weight) in all.filter_map(|one| large(one, self.n_pixels, (x, y))).flatten()
            {
                // Where pixels are missing a corner may occur twice: the last one holds.
                match cell.iter_mut().find(|(known, _)| *known == pixel) {
                    Some((_, known)) => *known = weight,
                    None => cell.push((pixel, weight)),
                }
            }
            cell
        })
    }
}
