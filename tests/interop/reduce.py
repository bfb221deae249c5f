"""gammapy and astropy open the datasets that tierline writes: reduce.py REWRITE OUT [TIERLINE].

REWRITE is the example of tierline-reduce that reads datasets and writes them again, here those of gammapy itself and of
others. What gammapy finds in ours must be what it finds in its own files: every member, its predicted background and its
statistic. A warning of either library is an error. TIERLINE, the program, makes maps with rings of a real run, which must
be those that gammapy makes of it.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import warnings

import numpy
from astropy.io import fits
from gammapy.data import DataStore
from gammapy.datasets import Datasets, MapDataset, MapDatasetOnOff, SpectrumDatasetOnOff
from gammapy.makers import DatasetsMaker, MapDatasetMaker, RingBackgroundMaker, SafeMaskMaker
from gammapy.maps import Map, MapAxis, WcsGeom

OGIP_MEMBERS = ("counts", "counts_off", "acceptance", "acceptance_off", "exposure", "mask_safe")
MEMBERS = (*OGIP_MEMBERS, "background", "mask_fit")


def verify(path, wrong):
    """All HDUs are as the standard has them, and their sums are right."""
    with fits.open(path, checksum=True) as file:
        file.verify("exception")
        for hdu in file:
            if hdu.verify_checksum() != 1 or hdu.verify_datasum() != 1:
                wrong.append(f"{path.name}: sums of {hdu.name}")


def same_geom(ours, theirs, rtol):
    if ours.is_region != theirs.is_region or ours.data_shape != theirs.data_shape:
        return False
    axes = all(a.is_allclose(b, rtol=rtol) and a.unit == b.unit for a, b in zip(ours.axes, theirs.axes, strict=True))
    if not axes:
        return False
    if not ours.is_region:
        return ours.wcs.wcs.compare(theirs.wcs.wcs, tolerance=1e-9)
    if theirs.region is None:
        # gammapy knows no region of an effective area.
        return True
    if ours.region is None:
        return False
    return ours.center_skydir.separation(theirs.center_skydir).deg < 1e-9 and ours.wcs.wcs.compare(
        theirs.wcs.wcs, tolerance=1e-9
    )


def same_map(what, ours, theirs, wrong, rtol=0.0):
    if (ours is None) != (theirs is None):
        wrong.append(f"{what}: {ours} for {theirs}")
    elif ours is not None:
        # Energies of a matrix are of 4 bytes; gammapy takes them for the responses, too.
        if not same_geom(ours.geom, theirs.geom, 1e-6 if rtol else 1e-12):
            wrong.append(f"{what}: geometry")
        if ours.unit != theirs.unit:
            wrong.append(f"{what}: unit {ours.unit} for {theirs.unit}")
        if not numpy.allclose(ours.data, theirs.data, rtol=rtol, atol=0, equal_nan=True):
            wrong.append(f"{what}: values")


def compare(what, ours, theirs, wrong, members=MEMBERS, rtol=0.0):
    for name in members:
        # gammapy scales whole off counts in 8 bytes, others in 4.
        near = 1e-6 if rtol and name == "background" else rtol
        same_map(f"{what}.{name}", getattr(ours, name, None), getattr(theirs, name, None), wrong, near)
    for name, inner in (("psf", "psf_map"), ("edisp", "edisp_map")):
        a, b = getattr(ours, name, None), getattr(theirs, name, None)
        if type(a) is not type(b):
            wrong.append(f"{what}.{name}: {type(a)} for {type(b)}")
        elif a is not None:
            same_map(f"{what}.{name}", getattr(a, inner), getattr(b, inner), wrong, rtol)
            same_map(f"{what}.{name} exposure", a.exposure_map, b.exposure_map, wrong, rtol)
    for name in ("time_start", "time_stop"):
        if theirs.gti is None:
            continue
        a, b = getattr(ours.gti, name), getattr(theirs.gti, name)
        if len(a) != len(b) or (abs((a - b).to_value("s")) > 1e-6).any():
            wrong.append(f"{what}: {name}")
    if theirs.meta_table is not None:
        for name in theirs.meta_table.colnames:
            if not (numpy.asarray(ours.meta_table[name]) == numpy.asarray(theirs.meta_table[name])).all():
                wrong.append(f"{what}: {name} of the table of observations")
    a, b = ours.npred_background().data, theirs.npred_background().data
    if not numpy.allclose(a, b, rtol=max(rtol, 1e-12), atol=0, equal_nan=True):
        wrong.append(f"{what}: predicted background")
    a, b = ours.stat_sum(), theirs.stat_sum()
    if not abs(a - b) <= 1e-9 * abs(b):
        wrong.append(f"{what}: statistic {a} for {b}")
    return b


def rings(store, observation):
    """Maps of a run with a background from rings, by gammapy."""
    axis = MapAxis.from_energy_bounds("1 TeV", "10 TeV", nbin=1)
    true = MapAxis.from_energy_bounds("0.5 TeV", "20 TeV", nbin=16, name="energy_true")
    geom = WcsGeom.create(skydir=(83.63, 22.01), width=5, binsz=0.05, frame="icrs", axes=[axis])
    makers = [
        MapDatasetMaker(),
        SafeMaskMaker(["aeff-default"], offset_max="2.5 deg"),
        RingBackgroundMaker(r_in="0.5 deg", width="0.3 deg"),
    ]
    reference = MapDataset.create(geom, energy_axis_true=true)
    observations = DataStore.from_dir(store).get_observations([observation])
    return DatasetsMaker(makers, stack_datasets=False, cutout_width="5 deg").run(reference, observations)[0]


def commands(tierline, store, out, wrong):
    """What the program makes of a run, as gammapy reads it."""
    out.mkdir()
    arguments = ["--obs-id", "23592", "--position", "83.63,22.01", "--quiet"]
    ring = ["--energy", "1 TeV,10 TeV,1", "--binsz", "0.05 deg", "--background", "ring", "--each"]
    command = [tierline, "reduce", "map", store, *arguments, *ring, "--output", out / "ring.yaml"]
    subprocess.run(command, check=True)
    theirs = rings(store, 23592)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path in out.glob("*.fits"):
            verify(path, wrong)
        (ours,) = Datasets.read(out / "ring.yaml", lazy=False)
    if not isinstance(ours, MapDatasetOnOff):
        wrong.append(f"rings: a {type(ours)}")
    for name, rtol, atol in (
        ("counts", 0, 0),
        ("mask_safe", 0, 0),
        ("exposure", 1e-9, 0),
        # gammapy sums over rings in 4 bytes.
        ("counts_off", 1e-4, 1e-3),
        ("acceptance", 1e-4, 1e-3),
        ("acceptance_off", 1e-4, 1e-3),
    ):
        a, b = getattr(ours, name), getattr(theirs, name)
        if not same_geom(a.geom, b.geom, 1e-12):
            wrong.append(f"rings.{name}: geometry")
        elif not numpy.allclose(a.data, b.data, rtol=rtol, atol=atol, equal_nan=True):
            wrong.append(f"rings.{name}: values")
    for name in ("time_start", "time_stop"):
        if (abs((getattr(ours.gti, name) - getattr(theirs.gti, name)).to_value("s")) > 1e-6).any():
            wrong.append(f"rings: {name}")
    a, b = ours.stat_sum(), theirs.stat_sum()
    print(f"rings: statistic {a} for {b}")
    if not abs(a - b) <= 1e-4 * b:
        wrong.append("rings: statistic")


def main():
    rewrite, out = sys.argv[1], pathlib.Path(sys.argv[2])
    shared = pathlib.Path(os.environ["TIERLINE_DATA"])
    golden = shared / "golden/reduce"
    inputs = [
        golden / "A_maker_23592_f32.fits.gz",
        golden / "spectrum_onoff_stacked_gadf.fits.gz",
        golden / "ogip/pha_obs23523.fits.gz",
        golden / "ogip/pha_obs23592.fits.gz",
        golden / "ogip/pha_stacked.fits.gz",
        shared / "data/reduce/joint-crab-spectra-hess/pha_obs23523.fits",
    ]
    if not all(path.exists() for path in inputs):
        print(f"SKIPPED: no datasets in {golden}")
        return 0
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    subprocess.run([rewrite, out, *inputs], check=True)
    wrong = []
    theirs = [MapDataset.read(inputs[0]), SpectrumDatasetOnOff.read(inputs[1], format="gadf")]
    theirs += [SpectrumDatasetOnOff.read(path, format="ogip") for path in inputs[2:]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files = sorted(out.glob("*.fits"))
        for path in files:
            verify(path, wrong)
        same_map("Map.read", Map.read(out / "0.fits", hdu="COUNTS"), theirs[0].counts, wrong)
        listed = Datasets.read(out / "datasets.yaml", lazy=False)
        for n, peer in enumerate(theirs):
            kind = type(peer)
            options = {} if n == 0 else {"format": "gadf"}
            # Areas of others are in cm2.
            rtol = 1e-12 if n > 1 else 0.0
            if n == 5:
                peer.exposure = peer.exposure.to_unit("m2 s")
                # gammapy says m2, but puts the values in cm2.
                peer.edisp.exposure_map.data *= 1e-4
            ours = kind.read(out / f"{n}.fits", **options)
            stat = compare(f"{n}.fits", ours, peer, wrong, rtol=rtol)
            compare(f"datasets.yaml {n}", listed[n], peer, wrong, rtol=rtol)
            if (out / f"pha{n}.fits").exists():
                ours = kind.read(out / f"pha{n}.fits", format="ogip")
                compare(f"pha{n}.fits", ours, peer, wrong, members=OGIP_MEMBERS, rtol=1e-12)
            print(f"{inputs[n].name}: statistic {stat}")
    if len(sys.argv) > 3:
        commands(sys.argv[3], shared / "data/reduce/hess-dl3-dr1", out / "commands", wrong)
    print(f"{len(files)} files: {'good' if not wrong else wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
