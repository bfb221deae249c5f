//! Lines around pixels.

use std::collections::BTreeMap;

use crate::Error;

/// Sides of pixels that lines are made of, at most.
const MOST_SIDES: usize = 1 << 22;

/// A corner between pixels: column and row, from 0 at the lower left of the first pixel.
type Corner = (usize, usize);

/// Closed lines around the pixels that are set, of an image of `[ny, nx]` pixels row by row: points in pixel coordinates, the set
/// pixels to the left. Pixels without a value are not set.
///
/// # Errors
/// Where the lines would be longer than four million pixels.
pub fn contour(is_set: &[bool], shape: [usize; 2]) -> Result<Vec<Vec<(f64, f64)>>, Error> {
    let mut sides = sides(is_set, shape)?;
    let point = |(x, y): Corner| (x as f64 - 0.5, y as f64 - 0.5);
    let mut lines = Vec::new();
    while let Some((start, _)) = sides.first_key_value() {
        let (mut corner, mut line) = (*start, Vec::new());
        loop {
            line.push(point(corner));
            let Some(next) = sides.get_mut(&corner).and_then(Vec::pop) else { break };
            if sides.get(&corner).is_some_and(Vec::is_empty) {
                sides.remove(&corner);
            }
            corner = next;
        }
        lines.push(line);
    }
    Ok(lines)
}

/// The sides between pixels that are set and others, by the corner at which they begin.
fn sides(is_set: &[bool], [ny, nx]: [usize; 2]) -> Result<BTreeMap<Corner, Vec<Corner>>, Error> {
    let at = |x: usize, y: usize| {
        x < nx && y < ny && is_set.get(y * nx + x).copied().unwrap_or_default()
    };
    let (mut sides, mut n) = (BTreeMap::<Corner, Vec<Corner>>::new(), 0);
    for (x, y) in (0..ny).flat_map(|y| (0..nx).map(move |x| (x, y))).filter(|(x, y)| at(*x, *y)) {
        let around = [
            (y == 0 || !at(x, y - 1), (x, y), (x + 1, y)),
            (!at(x + 1, y), (x + 1, y), (x + 1, y + 1)),
            (!at(x, y + 1), (x + 1, y + 1), (x, y + 1)),
            (x == 0 || !at(x - 1, y), (x, y + 1), (x, y)),
        ];
        for (_, from, to) in around.into_iter().filter(|(is_side, ..)| *is_side) {
            sides.entry(from).or_default().push(to);
            n += 1;
        }
        if n > MOST_SIDES {
            return Err(Error::Parameter { what: "a line around pixels is longer than 4 million" });
        }
    }
    Ok(sides)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_around(is_set: &[bool], shape: [usize; 2]) -> Vec<Vec<(f64, f64)>> {
        contour(is_set, shape).unwrap()
    }

    #[test]
    fn lines_are_closed_around_what_is_set() {
        assert_eq!(lines_around(&[false; 6], [2, 3]), Vec::<Vec<_>>::new());
        let one = lines_around(&[false, true, false, false, true, false], [2, 3]);
        assert_eq!(one.len(), 1);
        assert_eq!((one[0].len(), one[0][0], one[0][6]), (7, (0.5, -0.5), (0.5, -0.5)));
        // A ring has a line at either side; corners that touch make no endless line.
        let ring: Vec<bool> = (0..9).map(|at| at != 4).collect();
        assert_eq!(lines_around(&ring, [3, 3]).iter().map(Vec::len).sum::<usize>(), 13 + 5);
        let touching = lines_around(&[true, false, false, true], [2, 2]);
        assert_eq!(touching.iter().map(|line| line.len() - 1).sum::<usize>(), 8);
        assert_eq!(lines_around(&[true], [1, 5]).len(), 1);
    }

    #[test]
    fn endless_lines_are_refused() {
        let chequered: Vec<bool> =
            (0..2000 * 1201).map(|at| (at % 2000 + at / 2000) % 2 == 0).collect();
        assert!(contour(&chequered, [1201, 2000]).is_err());
    }
}
