//! The one list of formats.

use crate::format::{Format, FormatInfo};

/// Something done with a format chosen at run time.
pub trait WithFormat {
    /// What comes out.
    type Out;

    /// Does it with this format.
    fn with<F: Format>(self) -> Self::Out;
}

macro_rules! formats {
    ($($format:ty),* $(,)?) => {
        /// The formats.
        pub static FORMATS: &[&FormatInfo] = &[$(&<$format as Format>::INFO),*];

        /// Does something with the format of this name; `None` if there is no such format.
        pub fn with_format<W: WithFormat>(name: &str, what: W) -> Option<W::Out> {
            $(if name == <$format as Format>::INFO.name {
                return Some(what.with::<$format>());
            })*
            None
        }
    };
}

// The one list: a new format is a line here and its `mod` line in lib.rs.
formats! {
    crate::fcio::Fcio,
    crate::orca::Orca,
    crate::llama::Llama,
    crate::compass::Compass,
}
