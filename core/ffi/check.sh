#!/usr/bin/env bash
# Checks the C interface of tierline-core: its tests, its header, that nothing in it can panic, and the examples in C, on this
# machine and on an emulated Cortex-M4F.
#
# A tool or compiler that is missing: a message and exit status 77; with CI set it is a failure. TIERLINE_DATA (default
# ../shared beside the repository) holds public recordings; where it is absent, only emitted streams are read.
set -euo pipefail
cd "$(dirname "$0")"
ffi=$PWD
root=$(cd ../.. && pwd)
target=${CARGO_TARGET_DIR:-$root/target}/ffi
data=${TIERLINE_DATA:-$root/../shared}/data/daq
arm=thumbv7em-none-eabihf
warnings=(-std=c11 -Wall -Wextra -Wpedantic -Werror -O2 -I include -I examples)
cortex=(-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -ffreestanding -ffunction-sections -fdata-sections)
skipped=0
examples=(compass front_end)
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

say() { echo "ffi: $*"; }
fail() {
    echo "ffi: $*" >&2
    exit 1
}

# Something is not installed: the rest goes on, but the check is not whole.
missing() {
    [ -z "${CI:-}" ] || fail "$* (CI is set, so this is a failure)"
    echo "ffi: SKIPPED: $*" >&2
    skipped=77
}

have() { command -v "$1" >/dev/null; }

host_build() { CARGO_TARGET_DIR=$target cargo build --quiet --locked --release "$@"; }

# rustup's target where it is installed, else a distribution's compiler, which builds its own core library.
arm_build() {
    if [ -d "$(rustc --print sysroot)/lib/rustlib/$arm" ]; then
        CARGO_TARGET_DIR=$target cargo build --quiet --locked --release --target "$arm" "$@"
    else
        PATH=/usr/bin:$PATH RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$target/distribution \
            /usr/bin/cargo build --quiet --locked --release --target "$arm" -Zbuild-std=core "$@"
    fi
}

arm_possible() {
    [ -d "$(rustc --print sysroot)/lib/rustlib/$arm" ] ||
        { [ -x /usr/bin/cargo ] && [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/core" ]; }
}

# The panicking symbols of the members built from our code; the others are the compiler's own library.
panics() {
    local members
    mapfile -t members < <(ar t "$1" | grep '^tierline')
    [ "${#members[@]}" -gt 0 ] || fail "no member of ours in $1"
    rm -rf "$scratch/members"
    mkdir "$scratch/members"
    (cd "$scratch/members" && ar x "$1" "${members[@]}" && nm "${members[@]}") | grep -E 'panicking|begin_unwind' || true
}

# build_proven NAME BUILD FOLDER COPY: builds the library, proves that it can't panic, and copies it.
build_proven() {
    local name=$1 build=$2 archive=$3/libtierline.a found
    "$build" --features prove
    [ -n "$(panics "$archive")" ] || fail "$name: the check doesn't see an index that can panic"
    "$build"
    found=$(panics "$archive")
    [ -z "$found" ] || fail "$name can panic: $found"
    cp "$archive" "$4"
    say "$name: no panic"
}

# streams EXAMPLE: pairs of a stream and what the example says of it.
streams() {
    echo "$scratch/demo-compass.BIN $ffi/examples/$1.emitted.expected"
    local recording=$data/compass_test_data.BIN
    if [ -f "$recording" ]; then
        echo "$recording $ffi/examples/$1.recorded.expected"
    fi
}

# compare EXAMPLE MACHINE COMMAND...: runs it on all its streams.
compare() {
    local example=$1 machine=$2 stream expected
    shift 2
    while read -r stream expected; do
        "$@" "$stream" >"$scratch/out" || fail "$example on $machine failed: $(cat "$scratch/out")"
        diff -u "$expected" "$scratch/out" || fail "$example on $machine: another answer on $(basename "$stream")"
        say "$example on $machine reads $(basename "$stream")"
    done < <(streams "$example")
}

emulate() {
    timeout 60 qemu-system-arm -cpu cortex-m4 -machine mps2-an386 -nographic -kernel "$1" \
        -semihosting-config "enable=on,target=native,arg=example,arg=${2//,/,,}" </dev/null 2>&1
}

host_examples() {
    have gcc || { missing "gcc is not installed"; return; }
    build_proven "the host's library" host_build "$target/release" "$scratch/host.a"
    local example
    for example in "${examples[@]}"; do
        gcc "${warnings[@]}" "examples/$example.c" examples/host.c "$scratch/host.a" -o "$scratch/$example"
        compare "$example" "this machine" "$scratch/$example"
    done
}

arm_examples() {
    arm_possible || { missing "no Rust for $arm: rustup target add $arm, or a distribution's rust-src"; return; }
    local folder=$target/$arm/release example
    [ -d "$(rustc --print sysroot)/lib/rustlib/$arm" ] || folder=$target/distribution/$arm/release
    build_proven "the library for $arm" arm_build "$folder" "$scratch/arm.a"
    have arm-none-eabi-gcc || { missing "arm-none-eabi-gcc is not installed"; return; }
    for example in "${examples[@]}"; do
        arm-none-eabi-gcc "${warnings[@]}" "${cortex[@]}" "examples/$example.c" examples/mps2_an386.c "$scratch/arm.a" \
            -nostdlib -lgcc -T examples/mps2_an386.ld -Wl,--gc-sections,-z,noexecstack -o "$scratch/$example.elf"
        say "$example for $arm: $(arm-none-eabi-size "$scratch/$example.elf" | awk 'NR == 2 {print $1 " bytes of code, " $2 + $3 " of data"}')"
    done
    have qemu-system-arm || { missing "qemu-system-arm is not installed"; return; }
    for example in "${examples[@]}"; do
        compare "$example" "an emulated Cortex-M4F" emulate "$scratch/$example.elf"
    done
}

CARGO_TARGET_DIR=$target/header cargo run --quiet --locked --manifest-path header/Cargo.toml -- --check
say "the header is current"
if have g++; then
    echo '#include "tierline.h"' | g++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only -I include -x c++ -
fi
CARGO_TARGET_DIR=$target cargo test --quiet --locked --release
(cd "$root" && cargo run --quiet --locked --release -p tierline-firmware-sim --example emit "$scratch" 1 >/dev/null)
[ -f "$data/compass_test_data.BIN" ] || say "no recordings at $data: only emitted streams are read"
host_examples
arm_examples
exit "$skipped"
