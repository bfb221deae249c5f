//! Every codec on files of garbage: it may fail, but soon, and without a panic.

use std::path::Path;
use std::time::{Duration, Instant};

use tierline_report::Limits;

use super::{CODECS, Source};

/// First bytes of formats, so that their readers get beyond them.
const HEADS: &[&[u8]] = &[
    b"",
    b"{\nHEADER_BYTES=  512;\n",
    b"{\nEDF_DataBlockID = 1 ;\n",
    b"ADEPT",
    b"OD SAPPHIRE  3.0\r\nCOMPRESSION=TY1 ( 67.3)\r\nNX=9999 NY=9999 OI=9999999 OL=9999999\r\n",
    b"IM\xff\xff\xff\xff\xff\xff",
    b"M\0\0\0A\0\0\0S\0\0\0K\0\0\0",
    b"No\nX dimension = 65535\nY dimension = 65535\nNumber of readouts = 2147483647\n",
    b"<?xml version=\"1.0\"?><A><shape>",
    b"\x0a\xb8\x03\x00",
    b"\x89HDF\r\n\x1a\n",
    b"R-AXIS4",
    b"\x93NUMPY\x01\x00\xff\x1f{'descr': '<u2', 'fortran_order': True, 'shape': (99999, 99999)}",
    b"\\$FFF_START:00000001aiffffffffffffffffffffffffffffffffffffffffff",
    b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    b"\0\0\0\x0cjP  \r\n\x87\n\xff\x4f\xff\x51",
    b"ESPERANTO FORMAT   1 CONSISTING OF   25 LINES OF   256 BYTES EACH",
    b"###CBF: VERSION 1.5\r\n",
    b"FORMAT :100\nHDRBLKS:99999999",
    b"P2 65535 65535 255\n",
    b"P5 65535 65535 65535\n",
    b"II*\0\x08\0\0\0",
    b"\xd2\x04\0\0",
    b"100 100\n",
];

#[test]
fn garbage_fails_soon() {
    let mut state = 1u32;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(10_000)
    .collect();
    let fills = [
        noise,
        vec![0; 10_000],
        vec![0xff; 10_000],
        vec![b' '; 10_000],
        b"1 ".repeat(5000),
        b"=;\n".repeat(3333),
    ];
    for codec in CODECS {
        for head in HEADS {
            for (number, fill) in fills.iter().enumerate() {
                let bytes = [head, fill.as_slice()].concat();
                let start = Instant::now();
                let source = Source::memory(Path::new("garbage"), bytes, Limits::default());
                if let Ok(mut image) = codec.open(source) {
                    let count = image.frames().unwrap_or(0);
                    let _ = image.frame(0).and_then(|_| image.frame(count.saturating_sub(1)));
                }
                let took = start.elapsed();
                let head = head.escape_ascii();
                assert!(
                    took < Duration::from_secs(1),
                    "{}: {took:?} on {head}, fill {number}",
                    codec.name()
                );
            }
        }
    }
}
