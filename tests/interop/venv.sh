#!/usr/bin/env bash
# Makes the virtual environment of one peer, once, and prints where it is: venv.sh PEER
# Versions are pinned: the golden results were made with them.
set -euo pipefail

peer=${1:?usage: venv.sh PEER}
case $peer in
    legend-daq2lh5) packages=(legend-daq2lh5==1.7.1 fcio==0.7.10 h5py) ;;
    silx) packages=(silx==3.1.3 fabio==2026.6.0 h5py hdf5plugin h5glance==0.9.0) ;;
    silx2) packages=(silx==2.2.2 fabio==2026.6.0 h5py) ;;
    *)
        echo "venv.sh: unknown peer $peer" >&2
        exit 2
        ;;
esac

root=$(cd "$(dirname "$0")/../.." && pwd)
venv=${CARGO_TARGET_DIR:-$root/target}/venv/$peer
stamp=$venv/.complete-${packages[*]//[^a-z0-9.]/-}
stamp=${stamp// /+}
if [ ! -e "$stamp" ]; then
    echo "making $venv" >&2
    rm -rf "$venv"
    python3 -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" >&2
    touch "$stamp"
fi
echo "$venv"
