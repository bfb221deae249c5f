//! The codecs from their definition, a bit at a time.

use std::collections::VecDeque;

use tierline_core::Codec;

#[derive(Default)]
struct Bits(VecDeque<bool>);

impl Bits {
    fn of(bytes: &[u8]) -> Self {
        Bits(bytes.iter().flat_map(|byte| (0..8).map(move |i| byte >> i & 1 == 1)).collect())
    }

    fn put(&mut self, value: u32, n: u32) {
        self.0.extend((0..n).map(|i| value >> i & 1 == 1));
    }

    fn get(&mut self, n: u32) -> Option<u32> {
        (0..n).try_fold(0, |value, i| Some(value | u32::from(self.0.pop_front()?) << i))
    }

    fn bytes(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while !self.0.is_empty() {
            let n = self.0.len().min(8) as u32;
            bytes.push(self.get(n).unwrap() as u8);
        }
        bytes
    }

    fn clean(&self) -> bool {
        self.0.len() < 16 && !self.0.contains(&true)
    }
}

fn zigzag(previous: u16, x: u16) -> u32 {
    let d = i32::from(x.wrapping_sub(previous) as i16);
    (if d < 0 { -2 * d - 1 } else { 2 * d }) as u32
}

fn unzigzag(previous: u16, z: u32) -> u16 {
    let d = if z % 2 == 1 { -(i64::from(z) + 1) / 2 } else { i64::from(z) / 2 };
    (i64::from(previous) + d).rem_euclid(65536) as u16
}

pub(super) fn encode(codec: Codec, samples: &[u16], previous: &mut u16) -> Vec<u8> {
    let mut zs = Vec::new();
    for x in samples {
        zs.push(zigzag(*previous, *x));
        *previous = *x;
    }
    let mut bits = Bits::default();
    match codec {
        Codec::Raw => samples.iter().for_each(|x| bits.put((*x).into(), 16)),
        Codec::Uleb => {
            for z in zs {
                let groups = [z & 127, z >> 7 & 127, z >> 14];
                let last = groups.iter().rposition(|group| *group != 0).unwrap_or(0);
                for (i, group) in groups[..=last].iter().enumerate() {
                    bits.put(*group, 7);
                    bits.put((i < last).into(), 1);
                }
            }
        }
        Codec::Pack16 => {
            for block in zs.chunks(16) {
                let width = (0..=16).find(|w| block.iter().all(|z| z >> w == 0)).unwrap();
                bits.put(width, 5);
                block.iter().for_each(|z| bits.put(*z, width));
            }
        }
        Codec::Rice32 => zs.chunks(32).for_each(|block| rice(block, &mut bits)),
    }
    bits.bytes()
}

fn rice(block: &[u32], bits: &mut Bits) {
    let m = block.iter().sum::<u32>() * 3 / 4 / block.len() as u32;
    let k = (0..=15).rev().find(|k| m >> k != 0).unwrap_or(0);
    bits.put(k, 4);
    for z in block {
        let q = z >> k;
        if q < 15 {
            (0..q).for_each(|_| bits.put(1, 1));
            bits.put(0, 1);
            bits.put(*z, k);
        } else {
            bits.put(0x7fff, 15);
            bits.put(*z, 16);
        }
    }
}

pub(super) fn decode(codec: Codec, bytes: &[u8], n: usize) -> Option<Vec<u16>> {
    let mut bits = Bits::of(bytes);
    let mut samples = Vec::new();
    let (mut previous, mut parameter) = (0, 0);
    for i in 0..n {
        if codec == Codec::Raw {
            samples.push(bits.get(16)? as u16);
            continue;
        }
        let z = match codec {
            Codec::Pack16 => {
                if i % 16 == 0 {
                    parameter = bits.get(5).filter(|w| *w <= 16)?;
                }
                bits.get(parameter)?
            }
            Codec::Rice32 => {
                if i % 32 == 0 {
                    parameter = bits.get(4)?;
                }
                let mut q = 0;
                while q < 15 && bits.get(1)? == 1 {
                    q += 1;
                }
                if q < 15 { q << parameter | bits.get(parameter)? } else { bits.get(16)? }
            }
            _ => {
                let (mut z, mut shift) = (0, 0);
                loop {
                    let (group, more) = (bits.get(7)?, bits.get(1)? == 1);
                    z |= group << shift;
                    shift += 7;
                    if !more {
                        break z;
                    }
                    if shift == 21 {
                        return None;
                    }
                }
            }
        };
        if z > 0xffff {
            return None;
        }
        previous = unzigzag(previous, z);
        samples.push(previous);
    }
    let whole = matches!(codec, Codec::Raw | Codec::Uleb);
    if whole { bits.0.is_empty() } else { bits.clean() }.then_some(samples)
}
