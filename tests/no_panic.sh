#!/bin/sh
# Proves that no framer or assembler of tierline-core can reach a panic: core/probe links all of them with LTO behind an
# opaque sink, and what is left of it must not hold a panicking symbol, on the host and on a Cortex-M4F. The same check must
# fail for a build with an index that can panic, or it would prove nothing.
#
# For the Cortex-M it takes rustup's target where that is installed, else a distribution's toolchain in /usr/bin with its
# rust-src and lld (Debian 12: rustc-web cargo-web rust-web-src lld).
set -eu
cd "$(dirname "$0")/../core/probe"
target=${CARGO_TARGET_DIR:-$(pwd)/../../target}/no-panic
arm=thumbv7em-none-eabihf
small=thumbv6m-none-eabi

host_build() { CARGO_TARGET_DIR=$target cargo build --quiet --release "$@"; }

arm_build() {
    triple=$1
    shift
    if rustup target list --installed 2>/dev/null | grep -qx "$triple"; then
        CARGO_TARGET_DIR=$target cargo build --quiet --release --target "$triple" "$@"
    elif [ -x /usr/bin/cargo ] && [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/core" ]; then
        # cargo and rustc must come from the same toolchain.
        PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$target/distribution \
            /usr/bin/cargo build --quiet --release --target "$triple" -Zbuild-std=core "$@"
    else
        echo "no_panic: no toolchain for $triple: rustup target add $triple, or a distribution's rust-src" >&2
        exit 1
    fi
}

# The panicking symbols of the archive's members built from our code (the others are the compiler's own library).
symbols() {
    members=$(ar t "$1" | grep '^tierline_core_probe')
    [ -n "$members" ] || { echo "no_panic: no member of ours in $1" >&2; exit 1; }
    scratch=$(mktemp -d)
    (cd "$scratch" && ar x "$1" && nm --format=just-symbols $members 2>/dev/null || nm $members | awk '{print $NF}') |
        grep -E 'panicking|begin_unwind|probe_panicked' || true
    rm -r "$scratch"
}

archive() {
    find "$target" -path "*$1/release/libtierline_core_probe.a" ! -path "*/deps/*" | head -n 1
}

check() {
    name=$1 where=$2 build=$3
    shift 3
    "$build" "$@"
    found=$(symbols "$(archive "$where")")
    if [ -n "$found" ]; then
        echo "no_panic: $name can panic:" >&2
        echo "$found" >&2
        exit 1
    fi
    "$build" "$@" --features prove
    if [ -z "$(symbols "$(archive "$where")")" ]; then
        echo "no_panic: $name: the check doesn't see an index that can panic" >&2
        exit 1
    fi
    echo "no_panic: $name holds no panic"
}

rm -rf "$target"
check "the host's build" no-panic host_build
check "$arm" "$arm" arm_build "$arm"
# A target without compare-and-swap: it must build.
arm_build "$small"
echo "no_panic: $small builds"
