//! Cells that take what is nearest.

use spade::{DelaunayTriangulation, HasPosition, Point2};

use super::Table;

/// Points of a cell in each direction by which areas are measured.
pub(super) const FINE: usize = 10;

/// Pixels, those without light behind the others, and a grid of points over them.
pub(super) struct Points {
    pub(super) pixels: Vec<(f64, f64)>,
    pub(super) n_pixels: usize,
    /// x of the points.
    pub(super) columns: Vec<f64>,
    /// y of the points.
    pub(super) rows: Vec<f64>,
    /// Extent of the grid.
    pub(super) shape: usize,
    /// Cells around it, which are left out at the end.
    pub(super) pad: usize,
}

/// A pixel of the triangulation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    place: Point2<f64>,
    pub(super) pixel: u32,
}

impl HasPosition for Site {
    type Scalar = f64;

    fn position(&self) -> Point2<f64> {
        self.place
    }
}

impl Points {
    /// Triangles between all pixels.
    pub(super) fn triangulation(&self) -> Result<DelaunayTriangulation<Site>, String> {
        let site = |(pixel, place): (usize, &(f64, f64))| Site {
            place: Point2::new(place.0, place.1),
            pixel: pixel as u32,
        };
        let sites = self.pixels.iter().enumerate().map(site).collect();
        DelaunayTriangulation::bulk_load_stable(sites)
            .map_err(|error| format!("its pixels can't be joined to triangles: {error}"))
    }

    /// A cell for each point of the grid inside of the pad, the top row first.
    pub(super) fn cells(
        &self,
        mut cell: impl FnMut(f64, f64) -> Vec<(u32, f32)>,
    ) -> Result<Table, String> {
        let mut cells = Vec::with_capacity(self.shape * self.shape);
        for row in (self.pad..self.pad + self.shape).rev() {
            for column in self.pad..self.pad + self.shape {
                cells.push(cell(self.columns[column], self.rows[row]));
            }
        }
        Ok(Table { shape: self.shape, cells })
    }

    /// Every cell has a share of the nearest pixel.
    pub(super) fn nearest(&self, weight: f32) -> Result<Table, String> {
        self.nearest_within(weight, None)
    }

    /// The same; cells that are farther away than a distance have nothing.
    pub(super) fn nearest_within(
        &self,
        weight: f32,
        farthest: Option<f64>,
    ) -> Result<Table, String> {
        let sites = self.triangulation()?;
        self.cells(|x, y| {
            let nearest = sites.nearest_neighbor(Point2::new(x, y)).filter(|site| {
                let place = site.position();
                farthest.is_none_or(|most| (place.x - x).hypot(place.y - y) <= most)
            });
            nearest.map(|site| (site.data().pixel, weight)).into_iter().collect()
        })
    }

    /// Every cell has shares of the pixels by the points of it that are nearest to them.
    pub(super) fn rebinned(&self) -> Result<Table, String> {
        let sites = self.triangulation()?;
        let mut cells = Vec::with_capacity(self.shape * self.shape);
        for row in (self.pad..self.pad + self.shape).rev() {
            for column in self.pad..self.pad + self.shape {
                let mut counts: Vec<(u32, u32)> = Vec::new();
                for y in &self.rows[row * FINE..(row + 1) * FINE] {
                    for x in &self.columns[column * FINE..(column + 1) * FINE] {
                        let Some(site) = sites.nearest_neighbor(Point2::new(*x, *y)) else {
                            continue;
                        };
                        let pixel = site.data().pixel;
                        match counts.iter_mut().find(|(known, _)| *known == pixel) {
                            Some((_, count)) => *count += 1,
                            None => counts.push((pixel, 1)),
                        }
                    }
                }
                let total = (FINE * FINE) as f64;
                let share = |(pixel, count): (u32, u32)| (pixel, (f64::from(count) / total) as f32);
                cells.push(counts.into_iter().map(share).collect());
            }
        }
        Ok(Table { shape: self.shape, cells })
    }
}
