//! Gives the linker the memory of the board.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let board = match (env::var_os("CARGO_FEATURE_AN386"), env::var_os("CARGO_FEATURE_LM3S6965")) {
        (Some(_), None) => "memory/an386.x",
        (None, Some(_)) => "memory/lm3s6965.x",
        _ => return Err(io::Error::other("choose one board: feature an386 or lm3s6965")),
    };
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("no OUT_DIR"))?;
    fs::copy(board, Path::new(&out).join("memory.x"))?;
    println!("cargo:rustc-link-search={}", Path::new(&out).display());
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
    println!("cargo:rustc-link-arg-bins=-Tdefmt.x");
    println!("cargo:rerun-if-changed={board}");
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}
