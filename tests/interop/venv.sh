#!/usr/bin/env bash
# Makes the virtual environment of one peer, once, and prints where it is: venv.sh PEER
# Versions are pinned: the golden results were made with them.
set -euo pipefail

peer=${1:?usage: venv.sh PEER}
python=python3
# The newest Python there is; ctapipe 0.32 wants 3.12 at least.
newest() {
    for python in python3.13 python3.12 python3; do
        "$python" -c '' 2>/dev/null && return
    done
}
case $peer in
    legend-daq2lh5) packages=(legend-daq2lh5==1.7.1 fcio==0.7.10 h5py) ;;
    silx) packages=(silx==3.1.3 fabio==2026.6.0 h5py hdf5plugin h5glance==0.9.0) ;;
    silx2) packages=(silx==2.2.2 fabio==2026.6.0 h5py) ;;
    ctapipe)
        newest
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))'; then
            packages=("ctapipe[eventio]==0.32.0" tables==3.11.1)
        else
            packages=("ctapipe[eventio]==0.28.0" tables==3.11.1)
        fi
        ;;
    # regions 0.12 breaks the import of gammapy 2.1.
    gammapy) packages=(gammapy==2.1 'regions<0.12' healpy iminuit==2.33.0) ;;
    dl1-data-handler) packages=(dl1-data-handler==0.14.6 eventio==2.1.1) ;;
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
    "$python" -m venv "$venv" >&2
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}" >&2
    touch "$stamp"
fi
echo "$venv"
