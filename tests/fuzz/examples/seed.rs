//! `cargo run --example seed`: fills `corpus/`.

fn main() -> std::io::Result<()> {
    tierline_fuzz::seed(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus"))
}
