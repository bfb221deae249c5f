//! Detector images: any bytes are refused or read as frames, and what is written is read back.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tierline_dataio::image::{
    CODECS, Codec, DType, Frame, Header, Image, Limits, Pixels, Source, Target,
};

/// Formats that are HDF5 inside: their library is no subject of this.
const CONTAINERS: &[&str] = &["hdf5", "lima", "lambda", "eiger"];
/// Formats that make multiples of a step of floats.
const STEPS: &[&str] = &["bruker", "bruker100"];
/// Frames of a file that are read.
const FRAMES: usize = 3;
/// Largest frame, in bytes, that is written again.
const WRITTEN: usize = 1 << 18;

fn codecs() -> Vec<&'static dyn Codec> {
    CODECS.iter().copied().filter(|codec| !CONTAINERS.contains(&codec.name())).collect()
}

fn limits() -> Limits {
    Limits { max_allocation: 16 << 20, ..Limits::default() }
}

/// A name as the format's files have.
fn name_of(codec: &dyn Codec) -> PathBuf {
    match codec.extensions().first() {
        Some(extension) => PathBuf::from(format!("fuzz_0001.{extension}")),
        None => PathBuf::from("fuzz.0001"),
    }
}

/// The first byte chooses the format, the rest is the file.
pub fn run(data: &[u8]) {
    let Some((which, content)) = data.split_first() else { return };
    let codecs = codecs();
    let codec = codecs[usize::from(*which) % codecs.len()];
    let name = Path::new("/nowhere").join(name_of(codec));
    let source = Source::memory(&name, content.to_vec(), limits());
    let Ok(mut image) = codec.open(source) else { return };
    let frames = read(&mut *image);
    let _ = (image.warnings().len(), image.incomplete());
    write(codec, frames);
}

/// The first frames; each is as long as it says, and has the header and the layout that are told without it.
fn read(image: &mut dyn Image) -> Vec<Frame> {
    let count = image.frames().unwrap_or(0);
    let mut frames = Vec::new();
    for index in 0..count.min(FRAMES) {
        let (header, layout) = (image.header(index), image.layout(index));
        let Ok(frame) = image.frame(index) else { continue };
        let pixels = &frame.pixels;
        assert_eq!(pixels.len() * pixels.dtype.size(), pixels.data.len());
        let header = header.expect("the header of a frame that is read");
        // As text: a number may be none, which equals nothing.
        assert_eq!(format!("{header:?}"), format!("{:?}", frame.header));
        let (dtype, shape) = layout.expect("the layout of a frame that is read");
        assert_eq!((dtype, &shape), (pixels.dtype, &pixels.shape));
        let _ = pixels.statistics();
        frames.push(frame);
    }
    assert!(image.frame(count).is_err() && image.frame(usize::MAX).is_err());
    frames
}

fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| tempfile::tempdir().expect("a temporary folder")).path()
}

/// The bytes of a file of these frames; `None` where the format refuses them.
fn encode(codec: &dyn Codec, frames: &[Frame]) -> Option<Vec<u8>> {
    let encoder = codec.encoder()?;
    let path = folder().join("out");
    std::fs::write(&path, b"").expect("room");
    let mut all = frames.iter().cloned().map(Ok);
    encoder.write(&mut all, Target { path: &path, name: &name_of(codec) }).ok()?;
    Some(std::fs::read(&path).expect("the file is there"))
}

/// What a format reads it writes, and reads again: where type and extents are kept, the pixels are.
fn write(codec: &dyn Codec, mut frames: Vec<Frame>) {
    let Some(encoder) = codec.encoder() else { return };
    frames.retain(|frame| frame.pixels.data.len() <= WRITTEN && !frame.pixels.is_empty());
    if !encoder.many() {
        frames.truncate(1);
    }
    if frames.is_empty() {
        return;
    }
    let Some(bytes) = encode(codec, &frames) else { return };
    let source = Source::memory(&name_of(codec), bytes, Limits::default());
    let mut image = codec.open(source).expect("what was written opens");
    assert_eq!(image.frames().expect("frames of what was written"), frames.len());
    for (index, frame) in frames.iter().enumerate() {
        let read = image.frame(index).expect("a frame of what was written").pixels;
        let wanted = &frame.pixels;
        let float = matches!(wanted.dtype, DType::F32 | DType::F64);
        if float && STEPS.contains(&codec.name()) {
            continue;
        }
        if (read.dtype, &read.shape) == (wanted.dtype, &wanted.shape) {
            assert!(read.data == wanted.data, "{}: frame {index} differs", codec.name());
        }
    }
}

/// A small picture of any type.
fn picture(dtype: DType, shape: Vec<usize>) -> Frame {
    let count: usize = shape.iter().product();
    let bytes = (0..count as i64).flat_map(|i| (i * i * i * 37 % 70_000).to_le_bytes()).collect();
    let pixels = Pixels { dtype: DType::I64, shape, data: bytes }.cast(dtype);
    let mut header = Header::new();
    header.set("title", "a small picture");
    Frame { pixels, header }
}

/// Files of all formats that are written, and the heads of those that are not.
pub fn seeds() -> Vec<Vec<u8>> {
    let heads: &[&[u8]] = &[
        b"ADEPT",
        b"IM\x04\0\x04\0\x04\0\0\0\0\0\x02\0",
        b"No\nX dimension = 4\nY dimension = 4\nNumber of readouts = 1\n",
        b"<?xml version=\"1.0\"?><array><shape>4 4</shape></array>",
        b"\x0a\xb8\x03\x00",
        b"R-AXIS4",
        b"\\$FFF_START:00000001",
        b"\xff\xd8\xff\xe0\0\x10JFIF\0",
        b"\0\0\0\x0cjP  \r\n\x87\n\xff\x4f\xff\x51",
        b"4 4\n1 2 3 4\n5 6 7 8\n",
        b"{\nHEADER_BYTES=  512;\nDIM=2;\nSIZE1=4;\nSIZE2=4;\nData_type=unsigned short int;\n}\n",
    ];
    let dtypes = [DType::U8, DType::U16, DType::I32, DType::U32, DType::F32, DType::F64];
    let mut seeds = Vec::new();
    for (place, codec) in codecs().into_iter().enumerate() {
        let put = |bytes: Vec<u8>| [vec![place as u8], bytes].concat();
        seeds.extend(heads.iter().map(|head| put(head.to_vec())));
        for dtype in dtypes {
            let frames = [picture(dtype, vec![6, 5])];
            seeds.extend(encode(codec, &frames).filter(|bytes| bytes.len() < 40_000).map(put));
        }
    }
    seeds
}
