//! What tests of the host share.

pub(crate) mod digest;
pub(crate) mod program;
