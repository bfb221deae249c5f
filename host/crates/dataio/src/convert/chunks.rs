//! Extents of chunks from the shape of a dataset, as h5py finds them.

/// Bytes of a chunk of a dataset of a megabyte.
const BASE: f64 = 16.0 * 1024.0;
/// Fewest bytes that are aimed at.
const FEWEST: f64 = 8.0 * 1024.0;
/// Most bytes of a chunk.
const MOST: f64 = 1024.0 * 1024.0;

/// Halves the extents in turn until a chunk has about the bytes that suit a dataset of this size: 16 KiB
/// for a megabyte, twice as many for ten.
pub fn guess(shape: &[usize], item: usize) -> Vec<usize> {
    let mut chunk: Vec<f64> = shape.iter().map(|extent| (*extent).max(1) as f64).collect();
    let bytes = |chunk: &[f64]| chunk.iter().product::<f64>() * item as f64;
    let aim = BASE * (bytes(&chunk) / (1024.0 * 1024.0)).log10().exp2();
    let aim = aim.clamp(FEWEST, MOST);
    let mut axis = 0;
    loop {
        let have = bytes(&chunk);
        let near = have < aim || (have - aim).abs() / aim < 0.5;
        if near && have < MOST || chunk.iter().all(|extent| *extent <= 1.0) {
            break;
        }
        let extent = &mut chunk[axis % shape.len()];
        *extent = (*extent / 2.0).ceil();
        axis += 1;
    }
    chunk.into_iter().map(|extent| extent as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What h5py 3.16 finds.
    #[test]
    fn chunks_are_those_of_h5py() {
        for (shape, item, want) in [
            (&[1681][..], 4, &[1681][..]),
            (&[6, 540, 640], 2, &[1, 68, 160]),
            (&[100_000], 8, &[1563]),
            (&[20, 2048, 2048], 2, &[2, 128, 128]),
        ] {
            assert_eq!(guess(shape, item), want, "{shape:?}");
        }
    }
}
