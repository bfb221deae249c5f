//! LH5: tables, scalars and structs as LEGEND's readers expect them.
//!
//! | object | HDF5 | `datatype` |
//! |---|---|---|
//! | scalar, text | dataset without extents | `real`, `bool`, `string` |
//! | array | dataset `[n]` | `array<1>{real}` |
//! | array of more extents | dataset `[n, a, b]` | `array<3>{real}` |
//! | array of vectors of equal length | dataset `[n, length]` | `array_of_equalsized_arrays<1,1>{real}` |
//! | vector of vectors | group of `flattened_data`, `cumulative_length` | `array<1>{array<1>{real}}` |
//! | array of encoded vectors of equal length | group of `encoded_data`, `decoded_size` | `array_of_encoded_equalsized_arrays<1,1>{real}` |
//! | vector of encoded vectors | the same | `array<1>{encoded_array<1>{real}}` |
//! | table | group | `table{a,b}` |
//! | struct | group | `struct{a,b}` |
//!
//! Names in `datatype` are sorted. Groups above a table are structs that list all their children.

pub mod codec;
mod policy;
mod read;
mod settings;
#[cfg(test)]
mod tests;
mod write;

pub use policy::ChunkPolicy;
pub use read::{TableEntry, TableReader, Waveforms, tables};
pub use settings::{ColumnSettings, Setting, SettingError, TableSettings};
pub use write::{TableWriter, write_object};

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}
