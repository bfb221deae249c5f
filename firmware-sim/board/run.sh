#!/bin/sh
# Builds the firmware and runs it in the emulator.
#
#   run.sh build                                       both boards
#   run.sh replay IN OUT FORMAT [cobs|length] [CODEC] [NAME=VALUE...]
#   run.sh small IN OUT FORMAT [...]                   the same on the board with little memory
#   run.sh uart IN OUT FORMAT [...]                    each line a file or pipe, or a socket that someone listens on
#   run.sh bench FORMAT=FILE...                        instruction counts
#
# It takes rustup's targets where they are installed, else a distribution's toolchain in /usr/bin with its rust-src and lld
# (Debian 12: rustc-web cargo-web rust-web-src lld). Paths can't hold a blank or a comma. TIMEOUT: seconds, 60 by default.
# What defmt says goes to standard error, if defmt-print is there to read it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
m4=thumbv7em-none-eabihf
m3=thumbv7m-none-eabi

# The linker scripts and flags are found from the crate's directory.
cargo_build() {
    triple=$1
    shift
    if rustup target list --installed 2>/dev/null | grep -qx "$triple"; then
        (cd "$here" && CARGO_TARGET_DIR=$target cargo build --quiet --release --locked --target "$triple" "$@")
    elif [ -x /usr/bin/cargo ] && [ -d "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/core" ]; then
        # cargo and rustc must come from the same toolchain.
        variable=CARGO_TARGET_$(echo "$triple" | tr 'a-z-' 'A-Z_')_LINKER
        (cd "$here" && env "$variable=ld.lld" PATH="/usr/bin:$PATH" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
            CARGO_TARGET_DIR="$target" /usr/bin/cargo build --quiet --release --locked --target "$triple" \
            -Zbuild-std=core "$@")
    else
        echo "run.sh: no toolchain for $triple: rustup target add $triple, or a distribution's rust-src" >&2
        exit 4
    fi
}

build() {
    cargo_build "$m4"
    cargo_build "$m3" --no-default-features --features lm3s6965
}

# run MACHINE CPU ELF WORD...: text of the firmware comes out on standard output; ends with the firmware's exit code.
run() {
    command -v qemu-system-arm >/dev/null || { echo "run.sh: no qemu-system-arm" >&2; exit 4; }
    machine=$1 cpu=$2 elf=$3
    shift 3
    words=arg=firmware
    for word; do words=$words,arg=$word; done
    scratch=$(mktemp -d)
    code=0
    # shellcheck disable=SC2086
    timeout "${TIMEOUT:-60}" qemu-system-arm -machine "$machine" -cpu "$cpu" -display none -monitor none \
        ${QEMU_LINES:--serial none} ${QEMU_FLAGS:-} -semihosting-config "enable=on,target=native,$words" -kernel "$elf" \
        >"$scratch/log" 2>"$scratch/text" </dev/null || code=$?
    # The emulator says this of a board whose timer is off.
    grep -v '^Timer with period zero, disabling$' "$scratch/text" || true
    if command -v defmt-print >/dev/null; then
        defmt-print -e "$elf" <"$scratch/log" >&2 || true
    fi
    rm -r "$scratch"
    return $code
}

run_m4() {
    name=$1
    shift
    run mps2-an386 cortex-m4 "$target/$m4/release/$name" "$@"
}

case=${1:-}
[ $# -gt 0 ] && shift
case $case in
build) build ;;
replay) cargo_build "$m4" && run_m4 replay "$@" ;;
small)
    cargo_build "$m3" --no-default-features --features lm3s6965
    run lm3s6965evb cortex-m3 "$target/$m3/release/replay" "$@"
    ;;
uart)
    cargo_build "$m4"
    in=$1 out=$2
    shift 2
    # A socket that its sender closes is gone at once, with what was not read: a pipe is not.
    feeder=
    if [ -S "$in" ]; then
        QEMU_LINES="-chardev socket,id=in,path=$in"
    else
        fifo=$(mktemp -d)
        mkfifo "$fifo/line.in" "$fifo/line.out"
        cat "$in" >"$fifo/line.in" &
        feeder=$!
        QEMU_LINES="-chardev pipe,id=in,path=$fifo/line"
    fi
    if [ -S "$out" ]; then
        QEMU_LINES="$QEMU_LINES -chardev socket,id=out,path=$out"
    else
        QEMU_LINES="$QEMU_LINES -chardev file,id=out,path=$out"
    fi
    QEMU_LINES="$QEMU_LINES -serial chardev:in -serial chardev:out"
    code=0
    run_m4 uart "$@" || code=$?
    if [ -n "$feeder" ]; then
        kill "$feeder" 2>/dev/null || true
        rm -r "$fifo"
    fi
    exit $code
    ;;
bench) cargo_build "$m4" && QEMU_FLAGS="-icount shift=0" run_m4 bench "$@" ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
