#!/bin/sh
# Builds a fuzz target with coverage feedback on any toolchain and runs it: run.sh TARGET [libFuzzer options].
set -eu
cd "$(dirname "$0")"
name=$1
shift
export RUSTC_BOOTSTRAP=1
# The flags that cargo-fuzz passes, without the address sanitizer (the core has no unsafe code).
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
host=$(rustc -vV | sed -n 's/^host: //p')
target=${CARGO_TARGET_DIR:-$(pwd)/target}/fuzz
# With a target triple the flags don't reach build scripts.
CARGO_TARGET_DIR=$target cargo build --release --target "$host" --bin "$name"
mkdir -p "corpus/$name" "artifacts/$name"
[ -n "$(ls -A "corpus/$name")" ] || RUSTFLAGS='' CARGO_TARGET_DIR=$target cargo run --quiet --example seed
exec "$target/$host/release/$name" -artifact_prefix="artifacts/$name/" -rss_limit_mb=4096 "$@" "corpus/$name"
