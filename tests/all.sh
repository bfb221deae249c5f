#!/usr/bin/env bash
# Every check of the project, in order; each section runs even when an earlier one failed.
#
#   tests/all.sh            all of it
#   tests/all.sh --quick    without documentation and fuzzing
#
# FUZZ_SECONDS (default 10) and FUZZ_SEED (default 1, so that two runs do the same; 0 for another
# every time) are for the fuzz targets.
# TIERLINE_DATA (default ../shared) holds the public recordings and what the peers made of them.
# What they are needed for is skipped, loudly, where they are absent. With CI set, nothing that
# the machine could have done may be skipped: a missing tool or registry is a failure.
# shellcheck disable=SC2329  # sections are called by name
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

quick=false
case "${1:-}" in
    '') ;;
    --quick) quick=true ;;
    *)
        echo "usage: tests/all.sh [--quick]" >&2
        exit 2
        ;;
esac

# A Cortex-M4F, and a processor without compare-and-swap.
readonly targets=(thumbv7em-none-eabihf thumbv6m-none-eabi)
readonly fuzz_seconds=${FUZZ_SECONDS:-10}
export TZ=UTC
summary=()
failed=()
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# Where the variable is set, a missing recording is a failure; where nothing is there, a loud skip.
if [ -z "${TIERLINE_DATA:-}" ] && [ -d ../shared/data ]; then
    TIERLINE_DATA=$(cd ../shared && pwd)
fi
if [ -n "${TIERLINE_DATA:-}" ]; then
    export TIERLINE_DATA
else
    echo "SKIPPED: no recordings (TIERLINE_DATA is not set): only emitted examples are checked" >&2
    summary+=("skip        recordings and golden results (TIERLINE_DATA is not set)")
fi

# section TITLE COMMAND...: runs one section and notes how it ended and how long it took.
section() {
    local title=$1 start=$SECONDS status=0
    shift
    printf '\n== %s ==\n' "$title"
    "$@" 2>&1 | tee "$logs/$title" || status=$?
    local took="$((SECONDS - start)) s"
    case $status in
        0) summary+=("$(printf 'ok   %6s %s' "$took" "$title")") ;;
        77) summary+=("$(printf 'skip %6s %s' "$took" "$title")") ;;
        *)
            summary+=("$(printf 'FAIL %6s %s' "$took" "$title")")
            failed+=("$title")
            ;;
    esac
}

# missing WHAT: a section cannot run here. A skip for a user, a failure where CI is set.
missing() {
    echo "SKIPPED: $1" >&2
    [ -z "${CI:-}" ] && return 77
    return 1
}

clippy() {
    cargo clippy --version >/dev/null 2>&1 || { missing "cargo clippy is not installed"; return; }
    cargo clippy --workspace --all-targets -- -D warnings
}

format() {
    cargo fmt --version >/dev/null 2>&1 || { missing "cargo fmt is not installed"; return; }
    cargo fmt --check
}

# Optimised without link-time optimisation of each of twenty test programs, which is most of the building otherwise.
quickly() { CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_DEBUG=0 "$@"; }

documentation() { RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace; }

no_panic() {
    [ -x tests/no_panic.sh ] || { missing "tests/no_panic.sh is not there"; return; }
    tests/no_panic.sh
}

# core as a front end builds it, with all features and with none. Without rustup's target, the distribution's compiler builds its
# own core library first.
board() (
    for target in "${targets[@]}"; do
        build=(cargo build -p tierline-core --release --target "$target")
        if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
            [ -x /usr/bin/rustc ] || { missing "neither target $target nor a distribution's rustc"; exit; }
            export PATH=/usr/bin:$PATH RUSTC_BOOTSTRAP=1
            export CARGO_TARGET_THUMBV7EM_NONE_EABIHF_LINKER=ld.lld
            build+=(-Zbuild-std=core --target-dir "${CARGO_TARGET_DIR:-target}/distribution")
        fi
        "${build[@]}" && "${build[@]}" --no-default-features && "${build[@]}" --all-features || exit
    done
)

# The C interface: its header, its examples on this machine and on an emulated Cortex-M4.
c_interface() { CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target} core/ffi/check.sh; }

# The firmware: its size, its expected outputs, its instruction counts.
firmware() {
    command -v qemu-system-arm >/dev/null || { missing "no qemu-system-arm"; return; }
    CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/board firmware-sim/board/check.sh
}


fuzz() {
    local name log
    for name in $(fuzz_targets); do
        log=${CARGO_TARGET_DIR:-$PWD/target}/fuzz-$name.log
        printf -- '-- %s: ' "$name"
        if ! tests/fuzz/run.sh "$name" -seed="${FUZZ_SEED:-1}" -max_total_time="$fuzz_seconds" \
            -timeout=20 >"$log" 2>&1; then
            echo FAILED
            tail -n 40 "$log"
            printf -- '-- %s: FAILED\n' "$name"
            grep -aE 'panicked|^SUMMARY|ERROR: ' -A 1 "$log" | head -n 12
            return 1
        fi
        tail -n 1 "$log"
    done
}

fuzz_targets() {
    cargo metadata --no-deps --format-version 1 --manifest-path tests/fuzz/Cargo.toml |
        python3 -c '
import json, sys
for package in json.load(sys.stdin)["packages"]:
    for target in package["targets"]:
        if "bin" in target["kind"]:
            print(target["name"])'
}

section "format" format
section "clippy" clippy
$quick || section "documentation" documentation
section "tests" quickly cargo test --workspace --release --no-fail-fast
section "no panics in the core" no_panic
section "core for boards" board
section "core in C" c_interface
section "firmware" firmware
section "rings in every order" tests/loom/run.sh
$quick || section "fuzz, $fuzz_seconds s each" fuzz
section "interoperation with the peers" quickly tests/interop/run.sh

printf '\n== summary (%s s) ==\n' "$SECONDS"
printf '%s\n' "${summary[@]}"
# Of what failed the end again, which is far above by now.
for title in "${failed[@]}"; do
    printf '\n== %s: the last lines ==\n' "$title"
    tail -n 15 "$logs/$title"
done
[ ${#failed[@]} = 0 ]
