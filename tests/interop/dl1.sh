#!/usr/bin/env bash
# Telescope events: ctapipe, PyTables and dl1-data-handler open the DL1 files that tierline makes of real simulations, find what
# the golden results hold, and ctapipe reconstructs showers from them: dl1.sh OUT. Called by run.sh.
set -euo pipefail
out=${1:?usage: dl1.sh OUT}
data=$TIERLINE_DATA/data/dl1
golden=$TIERLINE_DATA/golden/dl1
if [ ! -d "$data" ]; then
    echo "SKIPPED: no telescope events in $data" >&2
    exit 0
fi
mkdir -p "$out"

# Makes a DL1 file of an input: make NAME INPUT [OPTION...].
make() {
    local name=$1 input=$2 status=0
    shift 2
    "$TIERLINE" dl1 -q -w -i "$data/$input" -o "$out/$name.h5" --config "$golden/ctapipe-process.config.json" "$@" || status=$?
    # 3: the file ends early, as it was made to.
    [ $status = 0 ] || [ $status = 3 ]
}

status=0
if ctapipe=$(tests/interop/venv.sh ctapipe); then
    newest=$("$ctapipe/bin/python" -c 'import ctapipe; print(int(ctapipe.__version__ >= "0.32"))')
    arguments=()
    while read -r name input options; do
        # shellcheck disable=SC2086
        make "$name" "$input" $options
        peer=
        # Older versions can't read what the newest one wrote.
        [ "$newest" = 1 ] && peer="=$golden/dl1_files/$name.dl1.h5"
        arguments+=("$out/$name.h5$peer")
    done <<END
40k_pixels 40k_pixels.simtel.zst --focal-length-choice equivalent
aux_traces_2029 aux_traces_2029.simtel.zst
gamma_with_obslevel_particles gamma_with_obslevel_particles.simtel.zst
gct_checs_muons gct_checs_muons.simtel.zst
history_meta_75 history_meta_75.simtel.zst
lst_muons lst_muons.simtel.zst --focal-length-choice equivalent
n_hv_disabled n_hv_disabled.simtel.gz
prod4_pixelsettings_v3 prod4_pixelsettings_v3.gz
test_lasercal_v3 test_lasercal_v3.simtel.gz
END
    older=$golden/dl1_files/prod4_pixelsettings_v3.model-v7.1.0.ctapipe-0.28.0.dl1.h5
    arguments+=("$out/prod4_pixelsettings_v3.h5=$older")
    for version in 0.7 0.8; do
        "$TIERLINE" dl1 -q -w -i "$data/prod4_pixelsettings_v3.gz" -o "$out/ctaml-$version.h5" --format "ctaml-$version"
        arguments+=("$out/ctaml-$version.h5")
    done
    "$ctapipe/bin/python" tests/interop/dl1_opens.py --processed "${arguments[@]}" || status=1
    # The same telescopes in another observation.
    make lst_again lst_muons.simtel.zst --focal-length-choice equivalent --SimTelEventSource.override_obs_id=77
    "$ctapipe/bin/python" -W ignore tests/interop/dl1_merge.py "$TIERLINE" "$out/lst_muons.h5" "$out/lst_again.h5" || status=1
    "$ctapipe/bin/ctapipe-process" --input "$out/history_meta_75.h5" --output "$out/showers.h5" --overwrite --write-showers \
        --provenance-log "$out/showers.provenance.log" >"$out/showers.log" 2>&1 || { tail -5 "$out/showers.log" >&2; status=1; }
    "$TIERLINE" ls "$out/showers.h5::/dl2" | grep -q HillasReconstructor || status=1
else
    echo "SKIPPED: ctapipe could not be installed from the registry" >&2
    [ -z "${CI:-}" ] || status=1
fi
if handler=$(tests/interop/venv.sh dl1-data-handler); then
    make prod4_pixelsettings_v3 prod4_pixelsettings_v3.gz
    make lst_muons lst_muons.simtel.zst --focal-length-choice equivalent
    older=$golden/dl1_files/prod4_pixelsettings_v3.model-v7.1.0.ctapipe-0.28.0.dl1.h5
    make gct_checs_muons gct_checs_muons.simtel.zst
    "$handler/bin/python" -W ignore tests/interop/dl1_mapping.py "$TIERLINE" "$out/gct_checs_muons.h5" || status=1
    # The peer's RebinMapper takes 70 GB for this camera.
    "$handler/bin/python" -W ignore tests/interop/dl1_mapping.py "$TIERLINE" "$out/lst_muons.h5" AxialMapper ShiftingMapper \
        OversamplingMapper NearestNeighborMapper BilinearMapper BicubicMapper || status=1
    "$handler/bin/python" -W ignore tests/interop/dl1_images.py "$out/prod4_pixelsettings_v3.h5=$older" "$out/lst_muons.h5" ||
        status=1
else
    echo "SKIPPED: dl1-data-handler could not be installed from the registry" >&2
    [ -z "${CI:-}" ] || status=1
fi
exit $status
