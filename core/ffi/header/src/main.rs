//! Writes `include/tierline.h` from the sources of tierline-core-ffi; with `--check`, only looks whether it is current.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use cbindgen::{Builder, Config, DocumentationStyle, Language, Style};

/// Sources in the order of the header.
const SOURCES: [&str; 13] = [
    "status",
    "memory",
    "format",
    "part",
    "parser",
    "table",
    "document",
    "sink",
    "rows",
    "codec",
    "link",
    "engine",
    "front_end",
];

/// Types in Rust, and in C.
const TYPES: [(&str, &str); 23] = [
    ("Text", "tierline_text"),
    ("StreamError", "tierline_error"),
    ("Format", "tierline_format"),
    ("RowFormat", "tierline_row_format"),
    ("PartC", "tierline_part"),
    ("Parser", "tierline_parser"),
    ("Outcome", "tierline_outcome"),
    ("TableIdC", "tierline_table_id"),
    ("KeyC", "tierline_key"),
    ("TableC", "tierline_table"),
    ("ColumnC", "tierline_column"),
    ("NumberC", "tierline_number"),
    ("ValueC", "tierline_value"),
    ("Node", "tierline_node"),
    ("NodeCalls", "tierline_node_calls"),
    ("SinkC", "tierline_sink"),
    ("Rows", "tierline_rows"),
    ("PredictorC", "tierline_predictor"),
    ("LinkC", "tierline_link"),
    ("SettingsC", "tierline_settings"),
    ("ProgressC", "tierline_progress"),
    ("AccountC", "tierline_account"),
    ("FrontEnd", "tierline_front_end"),
];

const HEADER: &str = "\
/* Parsers of DAQ streams, rows, sample codecs and record links for C. Written by cbindgen from the sources of
 * tierline-core-ffi: change those.
 *
 * All memory is the caller's. The library allocates nothing, keeps no pointer that it is handed but that of the object
 * itself, and can't panic. Objects are memory of TIERLINE_..._ROOM bytes, aligned to TIERLINE_ALIGN; two threads may use two
 * objects, but not one.
 */";

fn main() -> Result<(), Box<dyn Error>> {
    let crate_ = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let header = crate_.join("include/tierline.h");
    let text = generate(&crate_)?;
    if env::args().nth(1).as_deref() != Some("--check") {
        return Ok(fs::write(header, text)?);
    }
    if fs::read(header)? != text {
        return Err("include/tierline.h is not current: cargo run in core/ffi/header".into());
    }
    Ok(())
}

fn generate(crate_: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut builder = Builder::new().with_config(config());
    for source in SOURCES {
        builder = builder.with_src(crate_.join("src").join(source).with_extension("rs"));
    }
    for (rust, c) in TYPES {
        builder = builder.rename_item(rust, c);
    }
    let mut text = Vec::new();
    builder.generate()?.write(&mut text);
    let text = String::from_utf8(text)?;
    Ok(text.replace("# Safety", "The caller promises:").into())
}

fn config() -> Config {
    Config {
        language: Language::C,
        style: Style::Both,
        cpp_compat: true,
        include_guard: Some("TIERLINE_H".into()),
        header: Some(HEADER.into()),
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(String::from).into(),
        usize_is_size_t: true,
        documentation: true,
        documentation_style: DocumentationStyle::C99,
        line_length: 100,
        ..Config::default()
    }
}
