//! The damage that is done to a file, the same each time.

use std::path::Path;

/// Every length up to this one is tried.
const HEAD: usize = 8192;
/// Seeded lengths beyond, and seeded changes of a byte.
const SEEDED: usize = 1000;
/// A part of them: so many lengths of the head, lengths beyond, changes.
const PART: [usize; 3] = [150, 50, 150];
/// A file of more bytes than this takes long to read: it has fewer.
const LARGE: usize = 300_000;

/// Numbers that look random and are the same each time.
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// One way to damage a file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Variant {
    /// Nothing behind so many bytes.
    Cut(usize),
    /// Another byte at a place.
    Byte(usize, u8),
}

impl Variant {
    /// Writes the file with this damage, under a new number of the file system where libhdf5 might know the old.
    pub(super) fn apply(self, path: &Path, whole: &[u8], anew: bool) {
        if anew {
            std::fs::remove_file(path).unwrap();
        }
        match self {
            Variant::Cut(length) => std::fs::write(path, &whole[..length]).unwrap(),
            Variant::Byte(at, value) => {
                let mut bytes = whole.to_vec();
                bytes[at] = value;
                std::fs::write(path, bytes).unwrap();
            }
        }
    }
}

/// All damage to a file of a length.
pub(super) fn variants(file: &Path, length: usize, all: bool) -> Vec<Variant> {
    let name = file.file_name().unwrap_or_default().as_encoded_bytes();
    let seed = name.iter().fold(0x9e37_79b9_7f4a_7c15u64, |seed, byte| {
        (seed ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    let mut numbers = Numbers(seed | 1);
    let share = if length > LARGE { 5 } else { 1 };
    let [head, beyond, changes] =
        if all { [HEAD, SEEDED, SEEDED] } else { PART.map(|n| n / share) };
    let reach = length.min(HEAD);
    let mut variants: Vec<Variant> = if all {
        (0..reach).map(Variant::Cut).collect()
    } else {
        (0..head.min(reach)).map(|_| Variant::Cut(numbers.below(reach))).collect()
    };
    if length > HEAD {
        variants.extend((0..beyond).map(|_| Variant::Cut(HEAD + numbers.below(length - HEAD))));
    }
    if length > 0 {
        // Every other in the first bytes, which are the header of most.
        variants.extend((0..changes).map(|i| {
            let place = numbers.below(if i % 2 == 0 { length.min(1024) } else { length });
            let bytes = [0, 0xff, 0x7f, 0x80, b'9', b'-', b'\n', numbers.below(256) as u8];
            Variant::Byte(place, bytes[numbers.below(bytes.len())])
        }));
    }
    variants
}
