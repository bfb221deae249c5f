"""A power law at the Crab, fitted by gammapy to datasets of tierline and to its own of the same runs: reduce_fit.py OUT.

Once on the stacked spectrum of a circle with reflected regions, once as a point source on the stacked map of four runs, with a
background model. $TIERLINE makes ours. The parameters agree to 1e-4, predicted counts and statistic to 1e-6.
"""

import os
import pathlib
import subprocess
import sys
import warnings

warnings.simplefilter("ignore")

import astropy.units as u  # noqa: E402
import numpy as np  # noqa: E402
from astropy.coordinates import SkyCoord  # noqa: E402
from gammapy.data import DataStore  # noqa: E402
from gammapy.datasets import Datasets, MapDataset, SpectrumDataset, SpectrumDatasetOnOff  # noqa: E402
from gammapy.makers import (  # noqa: E402
    MapDatasetMaker,
    ReflectedRegionsBackgroundMaker,
    SafeMaskMaker,
    SpectrumDatasetMaker,
)
from gammapy.maps import MapAxis, RegionGeom, WcsGeom  # noqa: E402
from gammapy.modeling import Fit  # noqa: E402
from gammapy.modeling.models import (  # noqa: E402
    FoVBackgroundModel,
    PointSpatialModel,
    PowerLawSpectralModel,
    SkyModel,
)
from regions import CircleSkyRegion  # noqa: E402

RUNS = [23523, 23592, 23526, 23559]
CRAB = SkyCoord(83.63, 22.01, unit="deg", frame="icrs")


def power_law():
    return PowerLawSpectralModel(amplitude="3e-11 cm-2 s-1 TeV-1", index=2.6, reference="1 TeV")


def peer_spectrum(store):
    region = CircleSkyRegion(CRAB, 0.11 * u.deg)
    energy = MapAxis.from_energy_bounds(0.1, 40, nbin=27, unit="TeV", name="energy")
    true = MapAxis.from_energy_bounds(0.05, 100, nbin=67, unit="TeV", name="energy_true")
    empty = SpectrumDataset.create(RegionGeom.create(region, axes=[energy]), energy_axis_true=true)
    maker = SpectrumDatasetMaker(containment_correction=True, selection=["counts", "exposure", "edisp"])
    off, safe = ReflectedRegionsBackgroundMaker(), SafeMaskMaker(methods=["aeff-max"], aeff_percent=10)
    datasets = Datasets()
    for obs in store.get_observations(RUNS):
        dataset = off.run(maker.run(empty.copy(name=str(obs.obs_id)), obs), obs)
        datasets.append(safe.run(dataset, obs))
    return datasets.stack_reduce(name="stacked")


def peer_map(store):
    energy = MapAxis.from_energy_bounds(1, 10, nbin=6, unit="TeV", name="energy")
    true = MapAxis.from_energy_bounds(0.5, 20, nbin=10, unit="TeV", name="energy_true")
    # Centres of the response's pixels are well inside pixels of the map.
    geom = WcsGeom.create(skydir=CRAB, width=4, binsz=0.05, frame="icrs", axes=[energy])
    stacked = MapDataset.create(geom, energy_axis_true=true, binsz_irf=0.25, name="stacked")
    safe = SafeMaskMaker(methods=["aeff-default", "offset-max"], offset_max="2.5 deg")
    for obs in store.get_observations(RUNS):
        cutout = stacked.cutout(obs.get_pointing_icrs(obs.tmid), width="5 deg")
        stacked.stack(safe.run(MapDatasetMaker().run(cutout, obs), obs))
    return stacked


def fitted(dataset, model, more=()):
    dataset.models = [model, *more]
    npred, stat = dataset.npred().data[dataset.mask_safe.data].sum(), dataset.stat_sum()
    result = Fit().run([dataset])
    assert result.success, result
    return [npred, stat], [parameter.value for parameter in dataset.models.parameters.free_parameters]


def compare(what, own, peer, wrong):
    for name, tolerance, ours, theirs in zip(("npred and statistic", "parameters"), (1e-6, 1e-4), own, peer, strict=True):
        worst = np.max(np.abs(np.array(ours) / np.array(theirs) - 1))
        print(f"{what}: {name} {ours} for {theirs}: {worst:.1e}")
        if not worst <= tolerance:
            wrong.append(f"{what}: {name} differ by {worst:.1e}, {tolerance} wanted")


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    data = pathlib.Path(os.environ["TIERLINE_DATA"]) / "data/reduce/hess-dl3-dr1"
    if not data.exists():
        print(f"SKIPPED: no observations in {data}")
        return 0
    common = [os.environ["TIERLINE"], "reduce"]
    runs = ["--obs-id", ",".join(map(str, RUNS)), "--position", "83.63,22.01", "--overwrite", "-o"]
    spectrum, maps = out / "pha_stacked.fits", out / "map.fits"
    subprocess.run([*common, "spectrum", data, *runs, spectrum, "--stack", "--energy", "0.1,40,27", "--energy-true",
                    "0.05,100,67", "--safe-mask", "aeff-max"], check=True)  # fmt: skip
    subprocess.run([*common, "map", data, *runs, maps, "--energy", "1,10,6", "--energy-true", "0.5,20,10", "--width", "4",
                    "--binsz", "0.05", "--binsz-irf", "0.25", "--safe-mask", "aeff-default,offset-max"], check=True)  # fmt: skip
    store, wrong = DataStore.from_dir(data), []

    def point_source():
        position = PointSpatialModel(lon_0=CRAB.ra, lat_0=CRAB.dec, frame="icrs")
        position.freeze()
        return SkyModel(power_law(), position, name="crab")

    own = fitted(SpectrumDatasetOnOff.read(spectrum), SkyModel(power_law(), name="crab"))
    compare("spectrum", own, fitted(peer_spectrum(store), SkyModel(power_law(), name="crab")), wrong)
    background = [FoVBackgroundModel(dataset_name="stacked")]
    own = fitted(MapDataset.read(maps, name="stacked"), point_source(), background)
    background = [FoVBackgroundModel(dataset_name="stacked")]
    compare("map", own, fitted(peer_map(store), point_source(), background), wrong)
    print("good" if not wrong else "\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
