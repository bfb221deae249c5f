#!/usr/bin/env python3
"""Gamma-ray reduction: tierline beside gammapy, on the same runs, in turn.

    reduce.py [--runs N] [--json FILE]

Each case is a whole process, start-up included; both write their result. The ratio is the median of those of the pairs, of
processor time. Exit status 1 where an aim is missed or a command fails.

| case | what |
|--|--|
| one run | 23592, 11 x 100 x 100, all maps, safe mask |
| stack | four runs, 11 x 250 x 250, cutouts of 6 degrees, safe mask, stacked |
| oversampling | background of run 23523, 11 x 250 x 250, ten parts of a bin |
| spectra | four runs, reflected regions, containment, safe mask |

Inputs are those of $TIERLINE_DATA (default ../shared). gammapy comes from a virtual environment of its own
(tests/interop/venv.sh), tierline from $TIERLINE or target/release/tierline, which must be there.
"""

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from bench import machine, tierline
from dataio import environment, once
from make_inputs import data_directory

RUNS = "23523,23592,23526,23559"
AIMS = {"one run": 12, "stack": 14, "oversampling": 10, "spectra": 20}
PEAK_MIB = {"stack": 80, "oversampling": 60}

COMMON = """
import sys, warnings
warnings.simplefilter("ignore")
import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.data import DataStore
from gammapy.datasets import Datasets, MapDataset, SpectrumDataset
from gammapy.maps import MapAxis, RegionGeom, WcsGeom
from gammapy.makers import *
from regions import CircleSkyRegion
store, out = DataStore.from_dir(sys.argv[1]), sys.argv[2]
def geometry(binsz):
    axis = MapAxis.from_edges(np.logspace(0, 1, 12), unit="TeV", name="energy", interp="log")
    return WcsGeom.create(skydir=(83.63, 22.01), width=5, binsz=binsz, frame="icrs", axes=[axis])
safe = SafeMaskMaker(methods=["aeff-default", "offset-max"], offset_max="3 deg")
"""

PEER = {
    "one run": """
obs = store.obs(23592)
dataset = MapDatasetMaker().run(MapDataset.create(geometry(0.05)), obs)
safe.run(dataset, obs).write(out, overwrite=True)
""",
    "stack": """
stacked = MapDataset.create(geometry(0.02))
for obs in store.get_observations([23523, 23592, 23526, 23559]):
    cutout = stacked.cutout(obs.get_pointing_icrs(obs.tmid), width="6 deg")
    stacked.stack(safe.run(MapDatasetMaker().run(cutout, obs), obs))
stacked.write(out, overwrite=True)
""",
    "oversampling": """
maker = MapDatasetMaker(selection=["background"], background_oversampling=10)
maker.run(MapDataset.create(geometry(0.02)), store.obs(23523)).background.write(out, overwrite=True)
""",
    "spectra": """
region = CircleSkyRegion(SkyCoord(83.63, 22.01, unit="deg", frame="icrs"), 0.11 * u.deg)
energy = MapAxis.from_energy_bounds(0.1, 40, nbin=10, per_decade=True, unit="TeV", name="energy")
true = MapAxis.from_energy_bounds(0.05, 100, nbin=20, per_decade=True, unit="TeV", name="energy_true")
empty = SpectrumDataset.create(RegionGeom.create(region, axes=[energy]), energy_axis_true=true)
maker = SpectrumDatasetMaker(containment_correction=True, selection=["counts", "exposure", "edisp"])
off, safe = ReflectedRegionsBackgroundMaker(), SafeMaskMaker(methods=["aeff-max"], aeff_percent=10)
for obs in store.get_observations([23523, 23592, 23526, 23559]):
    dataset = off.run(maker.run(empty.copy(name=str(obs.obs_id)), obs), obs)
    safe.run(dataset, obs).write(f"{out}/pha_obs{obs.obs_id}.fits", overwrite=True)
""",
}

MAPS = ["--position", "83.63,22.01", "--energy", "1,10,11", "--energy-true", "1,10,11"]
SAFE = ["--safe-mask", "aeff-default,offset-max", "--offset-max", "3"]
OWN = {
    "one run": ["map", "--obs-id", "23592", "--binsz", "0.05", *MAPS, *SAFE],
    "stack": ["map", "--obs-id", RUNS, *MAPS, *SAFE],
    "oversampling": ["map", "--obs-id", "23523", "--selection", "background", "--background-oversampling", "10", "--safe-mask", "",
                     "--each", *MAPS],  # fmt: skip
    "spectra": ["spectrum", "--obs-id", RUNS, "--position", "83.63,22.01", "--energy", "0.1,40,27", "--energy-true", "0.05,100,67",
                "--safe-mask", "aeff-max"],  # fmt: skip
}


def compare(case, data, runs, scratch):
    """Commands in turn, after one of each to warm the caches."""
    folder = scratch / case.replace(" ", "-")
    folder.mkdir()
    names = {"spectra": ("peer", "own"), "oversampling": ("peer.fits", "own.yaml")}.get(case, ("peer.fits", "own.fits"))
    outputs = [folder / name for name in names]
    if case == "spectra":
        for output in outputs:
            output.mkdir()
    python = environment("gammapy") / "bin" / "python"
    subcommand, *options = OWN[case]
    commands = {
        "peer": [python, "-c", COMMON + PEER[case], data, outputs[0]],
        "tierline": [tierline(), "reduce", subcommand, data, *options, "-o", outputs[1], "--overwrite", "--quiet"],
    }
    results = {who: [] for who in commands}
    for i in range(runs + 1):
        for who, command in commands.items():
            result = once(command)
            if i:
                results[who].append(result)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    data = data_directory().parent / "reduce" / "hess-dl3-dr1"
    missed, rows = [], []
    print("| case | gammapy, cpu | tierline, cpu | ratio | aim | peak MiB |\n|--|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as scratch:
        for case, aim in AIMS.items():
            results = compare(case, data, args.runs, Path(scratch))
            peer, own = ([result["cpu_s"] for result in results[who]] for who in ("peer", "tierline"))
            ratio = statistics.median(a / b for a, b in zip(peer, own))
            peaks = [max(result["peak_mib"] for result in results[who]) for who in ("peer", "tierline")]
            rows.append({"case": case, "peer": peer, "tierline": own, "ratio": ratio, "peaks": peaks})
            medians = [statistics.median(values) for values in (peer, own)]
            print(f"| {case} | {medians[0]:.2f} s | {medians[1]:.3f} s | **{ratio:.0f}** | {aim} | {peaks[0]:.0f}; {peaks[1]:.0f} |")
            if ratio < aim or peaks[1] > PEAK_MIB.get(case, 1e9):
                missed.append(case)
    print(f"\n{machine()}; {args.runs} pairs")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
