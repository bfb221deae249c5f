//! Measures compression of a dataset of a real file: `compress FILE DATASET [REPEAT]`.
//!
//! Prints, for levels 1 to 6, several chunk sizes and one or two threads, how many megabytes per
//! second are written and how large the chunks become, against what the file itself stores.

use std::path::Path;
use std::time::Instant;

use tierline_h5::chunk::shuffle;
use tierline_h5::tree::Reader;
use tierline_h5::{Compression, Options, Writer};
use tierline_table::Array;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, file, path, rest @ ..] = arguments.as_slice() else {
        return Err("usage: compress FILE DATASET [REPEAT]".into());
    };
    let repeat = rest.first().map_or(Ok(1), |text| text.parse::<usize>())?;
    let reader = Reader::open(Path::new(file))?;
    let tree = reader.tree()?;
    let stored = tree.find(path).and_then(|node| node.dataset()).ok_or("no such dataset")?;
    let values = reader.array(path, 0..usize::MAX)?;
    let bytes = values.data.len();
    println!("{path}: {} {:?}, {bytes} bytes", values.dtype, stored.shape);
    println!(
        "in the file: chunk {:?}, {:?}, {} bytes",
        stored.chunk, stored.filters, stored.stored_bytes
    );
    measure_shuffle(&values);
    println!("chunk rows | level | threads | MB/s | bytes | of the file's");
    let whole = values.rows();
    for target in [32 << 10, 128 << 10, 512 << 10, 1 << 20, bytes] {
        let rows = (target / values.row_bytes().max(1)).clamp(1, whole);
        for level in 1..=6 {
            for threads in 1..=2 {
                let (seconds, size) = write(&values, rows, level, threads, repeat)?;
                println!(
                    "{rows} | {level} | {threads} | {:.0} | {} | {:.3}",
                    (bytes * repeat) as f64 / seconds / 1e6,
                    size / repeat as u64,
                    size as f64 / repeat as f64 / stored.stored_bytes as f64
                );
            }
        }
    }
    Ok(())
}

fn measure_shuffle(values: &Array) {
    let mut out = vec![0; values.data.len()];
    for item in [2, 4, 8, 3] {
        let start = Instant::now();
        let rounds = 20;
        for _ in 0..rounds {
            shuffle(&values.data, &mut out, item);
        }
        let seconds = start.elapsed().as_secs_f64();
        println!("shuffle by {item}: {:.1} GB/s", (rounds * out.len()) as f64 / seconds / 1e9);
    }
}

fn write(
    values: &Array,
    rows: usize,
    level: u8,
    threads: usize,
    repeat: usize,
) -> Result<(f64, u64), Failure> {
    let path = std::env::temp_dir().join(format!("tierline-compress-{}.h5", std::process::id()));
    let start = Instant::now();
    let options = Options { threads, compression: Compression::Gzip(level), ..Options::default() };
    let mut writer = Writer::create(&path, options)?;
    for number in 0..repeat {
        let name = format!("values{number}");
        let id = writer.dataset(&name, values.dtype, &values.row_shape, rows, &[])?;
        writer.append(id, &values.data)?;
    }
    let stats = writer.finish()?;
    let seconds = start.elapsed().as_secs_f64();
    std::fs::remove_file(&path)?;
    Ok((seconds, stats.stored_bytes))
}
