#!/usr/bin/env bash
# Lets the peers read what tierline writes, and compares with what they write themselves.
#
# TIERLINE       the binary (default: built here)
# TIERLINE_DATA  recordings and golden results (default: ../shared beside the repository)
# CI             when set, a peer that cannot be installed is a failure, not a skip
set -euo pipefail
cd "$(dirname "$0")/../.."

export TZ=UTC TIERLINE_DATA=${TIERLINE_DATA:-$PWD/../shared}
out=${CARGO_TARGET_DIR:-$PWD/target}/interop

if ! venv=$(tests/interop/venv.sh legend-daq2lh5); then
    echo "SKIPPED: legend-daq2lh5 could not be installed from the registry" >&2
    [ -z "${CI:-}" ] && exit 77
    exit 1
fi
if [ -z "${TIERLINE:-}" ]; then
    cargo build --quiet --release -p tierline --bin tierline
    TIERLINE=${CARGO_TARGET_DIR:-$PWD/target}/release/tierline
fi
cargo build --quiet --release -p tierline-h5 --example encode
export TIERLINE ENCODE=${CARGO_TARGET_DIR:-$PWD/target}/release/examples/encode

rm -rf "$out"
mkdir -p "$out/emitted"
cargo run --quiet --release -p tierline-firmware-sim --example emit "$out/emitted" >"$out/emitted.txt"
# The peers' libraries must read the files with what HDF5 itself brings.
export HDF5_PLUGIN_PATH=$out/no-plugins
# The golden results' digest takes minima of columns that hold nothing but NaN.
status=0
"$venv/bin/python" -W ignore::RuntimeWarning tests/interop/check.py "$out" || status=1
"$venv/bin/python" -W ignore::RuntimeWarning tests/interop/specs.py "$out" || status=1
"$venv/bin/python" tests/interop/codecs.py "$out" || status=1
cargo build --quiet --release -p tierline-raw --example dsp_chain
DSP_CHAIN=${CARGO_TARGET_DIR:-$PWD/target}/release/examples/dsp_chain \
    "$venv/bin/python" -W ignore tests/interop/dsp.py "$out/dsp" || status=1
# 77: there is no C compiler, which it says.
"$venv/bin/python" tests/interop/fcio_link.py "$out" || [ $? = 77 ] || status=1
# Beamline files: silx opens what is converted, fabio reads what is written.
if beamline=$(tests/interop/venv.sh silx); then
    mkdir -p "$out/beamline"
    # Eiger files need the plugins that come with hdf5plugin.
    unset HDF5_PLUGIN_PATH
    "$beamline/bin/python" -W ignore tests/interop/silx_opens.py "$out/beamline" || status=1
    cargo build --quiet --release -p tierline-dataio --example encode_image
    "$beamline/bin/python" -W ignore tests/interop/fabio_reads.py \
        "${CARGO_TARGET_DIR:-$PWD/target}/release/examples/encode_image" "$out/beamline" || status=1
else
    echo "SKIPPED: silx could not be installed from the registry" >&2
    [ -z "${CI:-}" ] || status=1
fi
tests/interop/dl1.sh "$out/dl1" || status=1
# Datasets of gamma-ray data: gammapy finds in ours what it finds in its own.
if gammapy=$(tests/interop/venv.sh gammapy); then
    cargo build --quiet --release -p tierline-reduce --examples
    "$gammapy/bin/python" tests/interop/reduce.py "${CARGO_TARGET_DIR:-$PWD/target}/release/examples/copy_dataset" \
        "$out/reduce" "$TIERLINE" || status=1
    "$gammapy/bin/python" tests/interop/reduce_maps.py "${CARGO_TARGET_DIR:-$PWD/target}/release/examples" \
        "$out/reduce-maps" "$TIERLINE" || status=1
    "$gammapy/bin/python" tests/interop/reduce_fit.py "$out/reduce-fit" || status=1
else
    echo "SKIPPED: gammapy could not be installed from the registry" >&2
    [ -z "${CI:-}" ] || status=1
fi
exit $status
