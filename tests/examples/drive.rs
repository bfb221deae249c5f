//! `drive FORMAT FILE [PIECE WINDOW CHUNK...]`: what comes of a damaged input.

use tierline_core::FrameLimits;
use tierline_tests::big_stack;
use tierline_tests::drive::{Feed, drive};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let numbers: Vec<usize> = args.iter().skip(3).filter_map(|n| n.parse().ok()).collect();
    let (Some(format), Some(bytes)) =
        (args.get(1), args.get(2).and_then(|f| std::fs::read(f).ok()))
    else {
        return eprintln!("drive FORMAT FILE [PIECE WINDOW CHUNK...]");
    };
    let limits = match numbers[..] {
        [piece, window, ..] => FrameLimits { piece, window },
        _ => FrameLimits::HOST,
    };
    let pieces = numbers.get(2..).unwrap_or(&[]);
    let out = big_stack(|| drive(format, &bytes, &Feed { pieces, limits }));
    for packet in &out.packets {
        println!("{packet:?}");
    }
    for error in &out.errors {
        println!("{error}");
    }
    println!("garbage {:?}, fatal {:?}, {} rows", out.garbage, out.fatal, out.sink.rows.len());
}
