#!/usr/bin/env bash
# The queue of records in every order of two threads, as far as tests/ring.rs bounds them, and ten million records between real
# threads. The coordination is the text of the bbqueue that the workspace links, on modelled atomics.
set -euo pipefail
cd "$(dirname "$0")"
version() { grep -A1 '^name = "bbqueue"$' "$1" | sed -n 's/^version = //p'; }
if [ "$(version Cargo.lock)" != "$(version ../../Cargo.lock)" ]; then
    echo "loom: another bbqueue than the workspace's: cargo update --manifest-path tests/loom/Cargo.toml" >&2
    exit 1
fi
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/../../target}/loom cargo test --quiet --locked --release
