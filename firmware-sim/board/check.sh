#!/bin/sh
# Builds the firmware and holds it against its budgets and expected outputs. With --bless it writes the expected outputs anew.
#
# - code at most 64 KiB; that RAM suffices is up to the linker, which knows 128 KiB on one board and 48 KiB on the other
# - no function but those of defmt's logger can reach a panic
# - every example of the emitters goes through both boards, with the record files' checksums as they always were
# - a stream goes through the serial lines
# - instruction counts are the same three times, and within bounds
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/target}
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
most=65536
failed=0
fail() {
    echo "check.sh: $*" >&2
    failed=1
}

sizes() {
    for elf in "$target"/thumbv7em-none-eabihf/release/replay "$target"/thumbv7em-none-eabihf/release/uart \
        "$target"/thumbv7m-none-eabi/release/replay; do
        # Code, and the RAM of variables, in bytes.
        text=$(size -A "$elf" | awk '$1 == ".text" { print $2 }')
        ram=$(size -A "$elf" | awk '$1 == ".data" || $1 == ".bss" || $1 == ".uninit" { n += $2 } END { print n }')
        echo "${elf#"$target"/}: code $text, variables $ram bytes"
        [ "$text" -le $most ] || fail "$elf: more than $most bytes of code"
    done
}

# Functions that call into a panic.
panics() {
    objdump=
    for tool in arm-none-eabi-objdump llvm-objdump; do
        if [ -z "$objdump" ] && command -v $tool >/dev/null; then objdump=$tool; fi
    done
    if [ -z "$objdump" ]; then
        echo "check.sh: no arm-none-eabi-objdump or llvm-objdump: panics are not looked for" >&2
        return
    fi
    target_of='<core::(panicking|slice::index::slice_index_fail|option::(unwrap|expect)_failed|result::unwrap_failed)'
    $objdump -d -C --no-show-raw-insn "$1" | awk -v to="$target_of" '
        /^[0-9a-f]+ <.*>:$/ { caller = substr($0, index($0, "<")) }
        $2 ~ /^b/ && $0 ~ to && caller !~ to && caller !~ /^<_+defmt_/ { print caller }' | sort -u
}

name_of_format() {
    case $1 in
    *.fcio) echo FCIO ;;
    *.orca) echo ORCA ;;
    *.BIN) echo CoMPASS ;;
    *) echo LLAMA ;;
    esac
}

# The program's words, but for the stack, which depends on the compiler: it must keep below 4 KiB.
show() {
    awk '$1 == "stack" && $2 >= 4096 { bad = 1 } END { exit bad }' "$scratch/text" || fail "too much stack: $(cat "$scratch/text")"
    grep -v '^stack ' "$scratch/text" || true
}

replay_case() {
    board=$1 in=$2
    shift 2
    echo "== $board ${in##*/}${*:+ }$*"
    "$here/run.sh" "$board" "$in" "$scratch/records" "$(name_of_format "$in")" "$@" 2>"$scratch/err" >"$scratch/text" ||
        fail "$board $in: exit code $?"
    show
    echo "records $(cksum <"$scratch/records" | cut -d' ' -f1)"
}

example_cases() {
    for in in "$scratch"/examples/*; do
        replay_case replay "$in"
        replay_case small "$in"
    done
    for in in "$scratch"/examples/*; do
        replay_case small "$in" cobs overrun=30
    done
}

recording_cases() {
    for name in compass_test_data.BIN 20241218-150158-pulser.bin L200-comm-20220519-phy-geds.orca; do
        replay_case replay "$data/$name"
        replay_case small "$data/$name"
    done
    for name in l200-p13-r007-aph-20250101T003931Z.orca l200-p06-r007-cal-20230725T202227Z.fcio L200-comm-20211130-phy-spms.fcio; do
        replay_case replay "$data/$name"
    done
}

uart_case() {
    in=$(ls "$scratch"/examples/*.BIN)
    echo "== ${in##*/} bytes=20000"
    "$here/run.sh" uart "$in" "$scratch/records" CoMPASS bytes=20000 2>"$scratch/err" >"$scratch/text" ||
        fail "uart: exit code $?"
    # Signs of life come as time goes by.
    show | sed -n 's/, [0-9]* out.*//; /^packets/p; /^bytes/p'
}

compare() {
    if [ "$bless" = yes ]; then
        cp "$1" "$2"
    elif ! diff -u "$2" "$1"; then
        fail "$2: another output"
    fi
}

bench() {
    words=
    for in in "$scratch"/examples/*; do words="$words $(name_of_format "$in")=$in"; done
    for i in 1 2 3; do
        # shellcheck disable=SC2086
        "$here/run.sh" bench $words 2>"$scratch/err" >"$scratch/bench.$i" || fail "bench: exit code $?"
    done
    cmp "$scratch/bench.1" "$scratch/bench.2" && cmp "$scratch/bench.1" "$scratch/bench.3" || fail "bench: counts differ"
    # The last column of a row: instructions per byte. The whole way has a bound for long traces, and one for tiny parts: the
    # traces of a camera, the fields of event headers.
    awk '/^Rice32 / { n += 1; if ($NF > 15) bad = 1 }
        /^[A-Za-z]+, [0-9]/ { format = $1; most = $3 ~ /camera|showers|fcio.orca/ ? 33 : 25 }
        /^front end, Rice32, COBS/ { n += 1; if ($NF > most) bad = 1 }
        format == "CoMPASS," && $1 == "framer" { n += 1; if ($3 > 70) bad = 1 }
        END { exit bad || n < 15 }' "$scratch/bench.1" || { cat "$scratch/bench.1"; fail "bench: too many instructions"; }
}

bless=no
[ "${1:-}" = --bless ] && bless=yes
"$here/run.sh" build
sizes
for name in replay uart; do
    found=$(panics "$target/thumbv7em-none-eabihf/release/$name")
    [ -z "$found" ] || fail "$name: can panic: $found"
done
mkdir "$scratch/examples"
(cd "$here/../.." && cargo run --quiet --package tierline-firmware-sim --example emit -- "$scratch/examples") >/dev/null
example_cases >"$scratch/replay.out"
compare "$scratch/replay.out" "$here/src/bin/replay.out"
data=$(cd "$here/../.." && cd "${TIERLINE_DATA:-../shared}/data/daq" 2>/dev/null && pwd) || data=
if [ -n "$data" ]; then
    recording_cases >"$scratch/recordings.out"
    compare "$scratch/recordings.out" "$here/src/bin/replay.recordings.out"
else
    echo "check.sh: skipped: no recordings in ${TIERLINE_DATA:-../shared}/data/daq" >&2
fi
uart_case >"$scratch/uart.out"
compare "$scratch/uart.out" "$here/src/bin/uart.out"
bench
[ $failed = 0 ] && echo "check.sh: ok"
exit $failed
