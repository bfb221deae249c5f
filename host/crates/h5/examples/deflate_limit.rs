//! The limit that deflate sets: all deflated chunks of a file, compressed anew by libdeflate and nothing else.
//!
//! `deflate_limit FILE.lh5 [THREADS [RUNS]]` reads the chunks as they were before deflate (shuffled) into memory, and compresses them
//! on so many threads at the level at which they are stored. Prints bytes, seconds of the fastest run, and MB/s as JSON.

use std::error::Error;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use libdeflater::{CompressionLvl, Compressor};
use tierline_h5::chunk::shuffle;
use tierline_h5::tree::{ElementType, Node, NodeKind, Reader};

/// Chunks, shuffled as they are stored.
fn chunks(reader: &Reader, node: &Node, out: &mut Vec<Vec<u8>>) -> Result<(), Box<dyn Error>> {
    for child in &node.children {
        chunks(reader, child, out)?;
    }
    let NodeKind::Dataset(info) = &node.kind else { return Ok(()) };
    let (Some(chunk), ElementType::Plain(dtype)) = (&info.chunk, &info.element) else {
        return Ok(());
    };
    if !info.filters.iter().any(|filter| filter.starts_with("gzip")) {
        return Ok(());
    }
    let rows = info.shape.first().copied().unwrap_or(0);
    let row: usize = info.shape.iter().skip(1).product::<usize>() * dtype.size();
    let width: usize = chunk.iter().skip(1).product::<usize>() * dtype.size();
    let high = chunk.first().copied().unwrap_or(1).max(1);
    for first in (0..rows).step_by(high) {
        let data = reader.array(&node.path, first..(first + high).min(rows))?.data;
        let stripes = if width == 0 { 1 } else { row.div_ceil(width).max(1) };
        for stripe in 0..stripes {
            let mut piece = Vec::with_capacity(high * width);
            for line in data.chunks_exact(row.max(1)) {
                let end = ((stripe + 1) * width).min(row);
                piece.extend_from_slice(&line[stripe * width..end]);
            }
            // Chunks at the edge are stored whole.
            piece.resize(high * width, 0);
            let mut shuffled = vec![0; piece.len()];
            shuffle(&piece, &mut shuffled, dtype.size());
            out.push(shuffled);
        }
    }
    Ok(())
}

/// Compresses all chunks once; returns the seconds and the bytes that came out.
fn compress(chunks: &[Vec<u8>], level: i32, threads: usize) -> (f64, usize) {
    let (next, sum) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let level = CompressionLvl::new(level).unwrap_or_default();
                let mut compressor = Compressor::new(level);
                let mut out = Vec::new();
                while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    out.resize(chunk.len(), 0);
                    let n = compressor.zlib_compress(chunk, &mut out).unwrap_or(chunk.len());
                    sum.fetch_add(n, Ordering::Relaxed);
                }
            });
        }
    });
    (start.elapsed().as_secs_f64(), sum.into_inner())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("deflate_limit FILE.lh5 [THREADS [RUNS]]")?;
    let threads = arguments.next().map_or(Ok(2), |n| n.parse())?;
    let runs: usize = arguments.next().map_or(Ok(5), |n| n.parse())?;
    let reader = Reader::open(Path::new(&file))?;
    let mut all = Vec::new();
    chunks(&reader, &reader.tree()?, &mut all)?;
    let bytes: usize = all.iter().map(Vec::len).sum();
    let level = match tierline_h5::Options::default().compression {
        tierline_h5::Compression::Gzip(level) => i32::from(level),
        tierline_h5::Compression::None => 1,
    };
    let done: Vec<(f64, usize)> =
        (0..runs.max(1)).map(|_| compress(&all, level, threads)).collect();
    let fastest = done.iter().map(|(seconds, _)| *seconds).fold(f64::INFINITY, f64::min);
    let out = done.first().map_or(0, |(_, out)| *out);
    println!(
        "{{\"chunks\": {}, \"bytes\": {bytes}, \"compressed\": {out}, \"threads\": {threads}, \"seconds\": {fastest:.6}, \
         \"mb_s\": {:.1}}}",
        all.len(),
        bytes as f64 / fastest / 1e6
    );
    Ok(())
}
