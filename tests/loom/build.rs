//! Takes the coordination of the very bbqueue that is linked, and puts modelled atomics into its text.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, error, fs};

use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn error::Error>>;

/// What is replaced; each must be there exactly once.
const REPLACEMENTS: [(&str, &str); 2] = [
    (
        "use core::{\n    cmp::min,\n    sync::atomic::{AtomicBool, AtomicUsize, Ordering},\n};",
        "use core::cmp::min;\nuse core::sync::atomic::Ordering;\nuse crate::lazy::{AtomicBool, AtomicUsize};",
    ),
    ("use super::{", "use bbqueue::traits::coordination::{"),
];

/// Faults put into the text, one at a time: the models must see them.
const FAULTS: [(&str, &str, &str); 4] = [
    (
        "commit_relaxed",
        "self.write.store(new_write, Ordering::Release);",
        "self.write.store(new_write, Ordering::Relaxed);",
    ),
    (
        "release_relaxed",
        "self.read.fetch_add(used, Ordering::Release);",
        "self.read.fetch_add(used, Ordering::Relaxed);",
    ),
    (
        "write_before_last",
        "        // Allow subsequent grants\n",
        "        self.last.store(last, Ordering::Release); self.last.store(max, Ordering::Release);\n",
    ),
    ("inverted_over_read", "if (write + sz) < read {", "if write < read {"),
];

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let source = bbqueue()?.join("src/traits/coordination/cas.rs");
    let mut text = fs::read_to_string(&source)?.replace("\r\n", "\n");
    for (from, to) in REPLACEMENTS {
        if text.matches(from).count() != 1 {
            return Err(format!("{} has changed: no {from:?}", source.display()).into());
        }
        text = text.replace(from, to);
    }
    // Inner documentation can't be included.
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("//!")).collect();
    let text = lines.join("\n");
    if text.contains("sync::atomic::{") || text.contains("sync::atomic::Atomic") {
        return Err("atomics that are not modelled are left".into());
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for (name, from, to) in FAULTS {
        if text.matches(from).count() != 1 {
            return Err(format!("{} has changed: no {from:?}", source.display()).into());
        }
        fs::write(out.join(name).with_extension("rs"), text.replace(from, to))?;
    }
    fs::write(out.join("cas.rs"), text)?;
    Ok(())
}

/// The folder of the bbqueue in Cargo.lock.
fn bbqueue() -> Result<PathBuf> {
    let manifest = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("Cargo.toml");
    let output = Command::new(env::var("CARGO")?)
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .args(["--filter-platform", &env::var("HOST")?])
        .arg("--manifest-path")
        .arg(manifest)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().ok_or("no packages")?;
    let mut found = packages.iter().filter(|package| package["name"] == "bbqueue");
    let (Some(package), None) = (found.next(), found.next()) else {
        return Err("not exactly one bbqueue".into());
    };
    let manifest = package["manifest_path"].as_str().ok_or("no path")?;
    Ok(Path::new(manifest).parent().ok_or("no folder")?.to_owned())
}
