//! How a file is written, and what became of it.

/// How chunks are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Chunks are stored as they are.
    None,
    /// Byte shuffle, then deflate at a level from 1 to 9.
    Gzip(u8),
}

/// The filters that chunks go through, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filters {
    /// Whether the first bytes of all elements are stored together, then the second, and so on.
    pub shuffle: bool,
    /// Level of deflate from 0 to 9, if chunks are compressed.
    pub deflate: Option<u8>,
    /// Whether a checksum follows.
    pub fletcher32: bool,
    /// Whether the start of a chunk of which samples hardly deflate is stored as it is, at levels up to 4. It is quicker where numbers
    /// end in noise; what repeats in it is not found.
    pub store_noise: bool,
}

impl Filters {
    /// Chunks are stored as they are.
    pub const NONE: Filters =
        Filters { shuffle: false, deflate: None, fletcher32: false, store_noise: false };

    /// Whether chunks are stored as they are.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// The bit of deflate in a chunk's mask of skipped filters.
    pub(crate) fn deflate_bit(self) -> u32 {
        if self.shuffle { 0b10 } else { 0b01 }
    }
}

impl From<Compression> for Filters {
    fn from(compression: Compression) -> Self {
        match compression {
            Compression::None => Filters::NONE,
            Compression::Gzip(level) => {
                Filters { shuffle: true, deflate: Some(level), ..Filters::NONE }
            }
        }
    }
}

/// How a dataset is cut into chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chunk {
    /// So many whole rows, or all rows if these are fewer.
    Rows(usize),
    /// An extent for each of the dataset, rows first, whatever its size.
    Exact(Vec<usize>),
}

impl std::fmt::Display for Compression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Compression::None => f.write_str("none"),
            Compression::Gzip(level) => write!(f, "gzip:{level}"),
        }
    }
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Threads that compress; with 1 the caller compresses.
    pub threads: usize,
    /// How chunks are compressed.
    pub compression: Compression,
    /// Bytes of chunks on their way through the filters before the caller has to wait.
    pub max_pending_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { threads: 1, compression: Compression::Gzip(1), max_pending_bytes: 16 << 20 }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stats {
    /// Bytes appended to datasets.
    pub raw_bytes: u64,
    /// Bytes of the chunks in the file.
    pub stored_bytes: u64,
    /// Number of chunks.
    pub chunks: u64,
    /// Processor time spent in the filters, in seconds, over all threads.
    pub deflate_seconds: f64,
}
