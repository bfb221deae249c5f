//! The integration tests of the workspace, one binary.

mod damaged;
mod split;
mod truncated;
