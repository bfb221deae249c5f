//! The integration tests of the workspace, one binary.

mod cli;
mod damaged;
mod golden;
mod interrupted;
mod split;
mod truncated;
