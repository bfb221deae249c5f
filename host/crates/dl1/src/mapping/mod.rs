//! Images of hexagonal and square pixels on square grids, as neural networks want them.
//!
//! The methods are those of dl1-data-handler 0.14, and have its names. Pixels are turned back by their rotation and
//! rounded to mm; around the camera there are further pixels without light, until the grid is full.
//!
//! | name | a cell of the grid |
//! |--|--|
//! | SquareMapper | is a square pixel |
//! | AxialMapper | is a hexagonal pixel in axial coordinates: rows lean |
//! | ShiftingMapper | is a hexagonal pixel; every second row is shifted by half a pixel |
//! | OversamplingMapper | has a quarter of the hexagonal pixel that it lies in |
//! | NearestNeighborMapper | has the value of the nearest pixel |
//! | BilinearMapper | is interpolated in the triangle of pixels around it; the sum is kept on average |
//! | BicubicMapper | is interpolated in four larger triangles of pixels around it |
//! | RebinMapper | has shares of pixels by overlapping area, on ten by ten points |
//!
//! The first row is the one with the largest y, columns go with x. Of points at the same distance of two pixels, or
//! at the side of two triangles, either one is taken. Points outside of all triangles have no light; the peer counts
//! them in the scale of the bilinear way as if they were in some triangle, which changes it by less than a thousandth.

mod grid;
mod interpolate;
mod nearest;
#[cfg(test)]
mod tests;

use crate::Error;
use crate::instrument::{CameraGeometry, PixelShape};
use grid::Grid;

/// Largest extent of a grid, in cells.
pub const MAX_SHAPE: usize = 1024;

/// How images come onto a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapperKind {
    /// Square pixels as they are.
    Square,
    /// Axial coordinates.
    Axial,
    /// Shifted rows.
    Shifting,
    /// Quarters of pixels.
    Oversampling,
    /// Nearest pixel.
    NearestNeighbor,
    /// Interpolation in triangles.
    Bilinear,
    /// Interpolation in larger triangles.
    Bicubic,
    /// Overlapping areas.
    Rebin,
}

impl MapperKind {
    /// All of them with their names.
    pub const ALL: [(MapperKind, &'static str); 8] = [
        (MapperKind::Square, "SquareMapper"),
        (MapperKind::Axial, "AxialMapper"),
        (MapperKind::Shifting, "ShiftingMapper"),
        (MapperKind::Oversampling, "OversamplingMapper"),
        (MapperKind::NearestNeighbor, "NearestNeighborMapper"),
        (MapperKind::Bilinear, "BilinearMapper"),
        (MapperKind::Bicubic, "BicubicMapper"),
        (MapperKind::Rebin, "RebinMapper"),
    ];

    /// The kind of a name, with `Mapper` at its end or without; upper and lower case are the same.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let short = |name: &str| name.to_ascii_lowercase().trim_end_matches("mapper").to_owned();
        let found = Self::ALL.iter().find(|(_, known)| short(known) == short(name));
        found.map(|(kind, _)| *kind).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(_, name)| *name).collect();
            Error::parameter("mapper", format!("there is no {name}, but {}", names.join(", ")))
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| *name)
    }

    /// Whether the extent of the grid can be chosen.
    pub fn takes_shape(self) -> bool {
        use MapperKind::{Bicubic, Bilinear, NearestNeighbor, Rebin};
        matches!(self, NearestNeighbor | Bilinear | Bicubic | Rebin)
    }

    /// What fits to pixels of a form.
    pub fn default_for(shape: PixelShape) -> Self {
        if shape == PixelShape::Square { MapperKind::Square } else { MapperKind::Bilinear }
    }
}

/// Brings images of one camera onto a grid of as many rows as columns.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageMapper {
    kind: MapperKind,
    shape: usize,
    n_pixels: usize,
    /// Where the pixels of each cell begin, row by row, and where the last ones end.
    starts: Vec<u32>,
    /// Pixels with their weights.
    entries: Vec<(u32, f32)>,
}

impl ImageMapper {
    /// Prepares a camera. `shape` is the extent of the grid in cells, where it can be chosen.
    pub fn new(
        geometry: &CameraGeometry,
        kind: MapperKind,
        shape: Option<usize>,
    ) -> Result<Self, Error> {
        let wrong = |reason: String| Error::parameter(kind.name(), reason);
        if shape.is_some() && !kind.takes_shape() {
            return Err(wrong("its grid has the extent that the pixels ask for".into()));
        }
        if let Some(shape @ (0 | MAX_SHAPE..)) = shape {
            return Err(wrong(format!("a grid of {shape} cells; 1 to {} are", MAX_SHAPE - 1)));
        }
        let is_square = kind == MapperKind::Square;
        let fits = match geometry.pix_type {
            PixelShape::Square => is_square,
            PixelShape::Hexagon => !is_square,
            PixelShape::Circle => false,
        };
        if !fits {
            let form = if is_square { "square" } else { "hexagonal" };
            let name = &geometry.name;
            return Err(wrong(format!("it is for {form} pixels, which {name} does not have")));
        }
        let failed = |reason: String| wrong(format!("{}: {reason}", geometry.name));
        let mut grid = Grid::new(geometry).map_err(failed)?;
        let table = match kind {
            MapperKind::Square => grid.square(),
            MapperKind::Axial => grid.axial(),
            MapperKind::Shifting => grid.shifted(),
            MapperKind::Oversampling => grid.oversampled(),
            MapperKind::NearestNeighbor => {
                grid.interpolated(shape, 1).and_then(|it| it.nearest(1.0))
            }
            MapperKind::Bilinear => grid.interpolated(shape, 1).and_then(|it| it.bilinear()),
            MapperKind::Bicubic => grid.interpolated(shape, 1).and_then(|it| it.bicubic()),
            MapperKind::Rebin => {
                grid.interpolated(shape, nearest::FINE).and_then(|it| it.rebinned())
            }
        };
        Ok(Self::from_table(kind, geometry.n_pixels(), table.map_err(failed)?))
    }

    fn from_table(kind: MapperKind, n_pixels: usize, table: Table) -> Self {
        let mut mapper = ImageMapper {
            kind,
            shape: table.shape,
            n_pixels,
            starts: Vec::with_capacity(table.cells.len() + 1),
            entries: Vec::new(),
        };
        for mut cell in table.cells {
            mapper.starts.push(mapper.entries.len() as u32);
            // The sum goes through the pixels by rising number.
            cell.sort_by_key(|(pixel, _)| *pixel);
            cell.retain(|(pixel, weight)| (*pixel as usize) < n_pixels && *weight != 0.0);
            mapper.entries.extend(cell);
        }
        mapper.starts.push(mapper.entries.len() as u32);
        mapper
    }

    /// How it maps.
    pub fn kind(&self) -> MapperKind {
        self.kind
    }

    /// Rows and columns of the grid.
    pub fn shape(&self) -> usize {
        self.shape
    }

    /// Pixels of an image.
    pub fn n_pixels(&self) -> usize {
        self.n_pixels
    }

    /// Maps an image into one of several channels of a grid, `[row][column][channel]`.
    ///
    /// # Errors
    /// Images of another number of pixels, grids of another size, and channels that are not there.
    pub fn map_channel(
        &self,
        image: &[f32],
        grid: &mut [f32],
        channel: usize,
        channels: usize,
    ) -> Result<(), Error> {
        let cells = self.shape * self.shape;
        if image.len() != self.n_pixels
            || channel >= channels
            || cells.checked_mul(channels) != Some(grid.len())
        {
            let (have, want) = (image.len(), self.n_pixels);
            let reason = format!("{have} pixels for {want}, {} numbers of the grid", grid.len());
            return Err(Error::parameter(self.kind.name(), reason));
        }
        let cells = grid.chunks_exact_mut(channels).zip(self.starts.windows(2));
        for (cell, range) in cells {
            let entries = &self.entries[range[0] as usize..range[1] as usize];
            let sum = entries.iter().map(|(pixel, weight)| image[*pixel as usize] * weight).sum();
            cell[channel] = sum;
        }
        Ok(())
    }

    /// Maps an image: `[row][column]`.
    pub fn map(&self, image: &[f32]) -> Result<Vec<f32>, Error> {
        let mut grid = vec![0.0; self.shape * self.shape];
        self.map_channel(image, &mut grid, 0, 1)?;
        Ok(grid)
    }
}

/// The pixels of each cell with their weights; the first row is the top one.
struct Table {
    shape: usize,
    cells: Vec<Vec<(u32, f32)>>,
}
