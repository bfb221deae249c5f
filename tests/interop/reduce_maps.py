"""HEALPix maps, responses that are maps, and ranges of time beside gammapy: reduce_maps.py EXAMPLES OUT TIERLINE.

EXAMPLES is the folder of the examples copy_map and copy_dataset of tierline-reduce. Maps and datasets of gammapy's making are
read and written again; gammapy must find the same in ours. The program's maps of small observations made here, whose
responses are maps, and of a real run, must be those of gammapy's makers.
"""

import logging
import os
import pathlib
import shutil
import subprocess
import sys
import warnings

import astropy.units as u
import numpy
import yaml
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from gammapy.analysis import Analysis, AnalysisConfig
from gammapy.data import DataStore
from gammapy.datasets import Datasets, MapDataset
from gammapy.irf import EDispKernelMap, PSFMap
from gammapy.makers import MapDatasetMaker
from gammapy.maps import HpxGeom, HpxNDMap, Map, MapAxis, WcsGeom

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
WRONG = []
RANDOM = numpy.random.default_rng(7)
# Observations with responses that are maps: units of exposure and of background.
MAP_UNITS = {
    1: ("m2 s", ""),
    2: ("m2 s transit-1", "TeV-1 sr-1 transit-1"),
    3: ("cm2", "s-1 GeV-1 sr-1"),
    4: ("m2", "TeV-1 sr-1"),
}


def check(what, good):
    if not good:
        WRONG.append(what)


def same(what, ours, theirs, rtol=0.0, atol=0.0):
    """Pixels, axes, unit and values."""
    geom, other = ours.geom, theirs.geom
    check(f"{what}: shape", ours.data.shape == theirs.data.shape)
    for a, b in zip(geom.axes, other.axes, strict=True):
        check(f"{what}: axis {b.name}", a.is_allclose(b, rtol=1e-9) and a.name == b.name)
    if geom.is_hpx:
        pixels = [numpy.asarray(a) for a in geom.get_idx()]
        check(f"{what}: pixels", all((a == b).all() for a, b in zip(pixels, other.get_idx())))
        check(f"{what}: order", (geom.nest, geom.frame) == (other.nest, other.frame))
        check(f"{what}: region", (geom.region is None) == (other.region is None))
    if ours.data.shape == theirs.data.shape:
        a, b = ours.quantity.value, theirs.quantity.to_value(ours.unit)
        if geom.is_hpx and not geom.is_regular:
            # gammapy leaves something where there is no pixel.
            a, b = (values[pixels[0] >= 0] for values in (a, b))
        check(f"{what}: values", numpy.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True))


def filled(geom, unit=""):
    """Random values, a third of them 0, NaN where a plane has fewer pixels than others."""
    values = HpxNDMap(geom, unit=unit)
    random = RANDOM.random(values.data.shape) * (RANDOM.random(values.data.shape) > 0.33)
    values.data = numpy.where(numpy.isnan(values.data), numpy.nan, random.astype("float32"))
    return values


def healpix_maps(examples, out):
    """Maps in all schemes that gammapy writes."""
    energy = MapAxis.from_energy_bounds("1 TeV", "10 TeV", nbin=3)
    # Of templates gammapy reads energies only where their axis had this name.
    nodes = MapAxis.from_nodes([50, 100, 1000], name="energy", unit="MeV", interp="log")
    other = MapAxis.from_edges([0, 1, 4], name="other", unit="deg")
    many = MapAxis.from_nodes(numpy.arange(1.0, 1100.0), name="many")
    disk, wide, pixel = "DISK(83.63,22.01,5)", "DISK_INC(10,-20,3,4)", "HPX_PIXEL(NESTED,4,17)"
    cases = {
        "whole": (HpxGeom(4, nest=False), {}),
        "cube": (HpxGeom(8, frame="galactic", axes=[energy, other]), {}),
        "disk": (HpxGeom(64, region=disk, axes=[energy]), {}),
        "ring": (HpxGeom(64, nest=False, region=disk, axes=[energy, other]), {}),
        "wide": (HpxGeom(32, region=wide, frame="galactic"), {}),
        "pixel": (HpxGeom(32, region=pixel, axes=[energy]), {}),
        "sizes": (HpxGeom([2, 8, 4], axes=[energy]), {}),
        "local": (HpxGeom([32, 64, 16], region=disk, axes=[energy]), {}),
        "few": (HpxGeom(16, region=disk, axes=[energy, other]), {"sparse": True}),
        "fewer": (HpxGeom([2, 8, 4], axes=[energy]), {"sparse": True}),
        "many": (HpxGeom(2, axes=[many]), {"sparse": True}),
        "ccube": (HpxGeom(4, nest=False, frame="galactic", axes=[energy]), {"format": "fgst-ccube"}),
        "template": (HpxGeom(4, frame="galactic", axes=[nodes]), {"format": "fgst-template"}),
    }
    inputs, ours = out / "theirs", out / "ours"
    inputs.mkdir(parents=True)
    ours.mkdir()
    for name, (geom, options) in cases.items():
        filled(geom, "cm-2").write(inputs / f"{name}.fits", **options)
    files = sorted(inputs.glob("*.fits"))
    subprocess.run([examples / "copy_map", ours, *files], check=True)
    for path in files:
        theirs = Map.read(path)
        for found in (ours / path.name, ours / f"sparse-{path.name}"):
            with fits.open(found, checksum=True) as file:
                file.verify("exception")
            same(f"{found.name}", Map.read(found), theirs)
    print(f"{len(files)} HEALPix maps")


def datasets(examples, store, out):
    """A dataset of HEALPix pixels, theirs written again, and the program's."""
    energy = MapAxis.from_energy_bounds("1 TeV", "10 TeV", nbin=3)
    true = MapAxis.from_energy_bounds("0.5 TeV", "20 TeV", nbin=4, name="energy_true")
    rad = MapAxis.from_bounds(0, 0.6, 6, name="rad", unit="deg")
    geom = HpxGeom(256, region="DISK(83.63,22.01,2)", axes=[energy])
    observation = DataStore.from_dir(store).obs(23592)
    reference = MapDataset.create(geom, energy_axis_true=true, rad_axis=rad, binsz_irf=0.5)
    theirs = MapDatasetMaker().run(reference, observation)
    (out / "dataset").mkdir()
    theirs.write(out / "hpx.fits")
    theirs = MapDataset.read(out / "hpx.fits")
    subprocess.run([examples / "copy_dataset", out / "dataset", out / "hpx.fits"], check=True)
    ours = MapDataset.read(out / "dataset/0.fits")
    for name in ("counts", "background", "exposure", "mask_safe"):
        same(f"dataset.{name}", getattr(ours, name), getattr(theirs, name))
    for name, inner in (("psf", "psf_map"), ("edisp", "edisp_map")):
        a, b = getattr(ours, name), getattr(theirs, name)
        same(f"dataset.{name}", getattr(a, inner), getattr(b, inner))
        same(f"dataset.{name} exposure", a.exposure_map, b.exposure_map)
    check("dataset: times", abs((ours.gti.time_sum - theirs.gti.time_sum).to_value("s")) < 1e-6)
    print(f"a dataset of {int(theirs.counts.data.sum())} counts")


def program(tierline, out, store, *more):
    """The first dataset that the program makes."""
    name = out / f"made-{len(list(out.glob('made-*')))}"
    name.mkdir()
    arguments = ["--position", "83.63,22.01", "--safe-mask", "", "--each", "--quiet", *more]
    command = [tierline, "reduce", "map", store, *arguments, "--output", name / "d.yaml"]
    subprocess.run(command, check=True)
    return Datasets.read(name / "d.yaml", lazy=False)[0]


def healpix_run(tierline, store, out):
    """Maps of a run on a disk."""
    ours = program(tierline, out, store, "--obs-id", "23592", "--hpx", "256", "--width", "4", "--binsz-irf", "0.5")
    energy = MapAxis.from_energy_bounds("1 TeV", "10 TeV", nbin=5)
    true = MapAxis.from_energy_bounds("0.5 TeV", "20 TeV", nbin=16, name="energy_true")
    geom = HpxGeom(256, region="DISK(83.63,22.01,2)", axes=[energy])
    reference = MapDataset.create(geom, energy_axis_true=true, binsz_irf=0.5)
    observation = DataStore.from_dir(store).obs(23592)
    theirs = MapDatasetMaker().run(reference, observation)
    same("run.counts", ours.counts, theirs.counts)
    # gammapy keeps what it reads of such maps in 4 bytes.
    same("run.exposure", ours.exposure, theirs.exposure, 1e-6)
    same("run.background", ours.background, theirs.background, 1e-5, 1e-12)
    # gammapy's responses are on half the disk: a part of ours. Its matrices on such pixels are not quite those that it has elsewhere.
    for name, inner, atol in (("psf", "psf_map", 2e-6), ("edisp", "edisp_map", 5e-3)):
        a, b = getattr(getattr(ours, name), inner), getattr(getattr(theirs, name), inner)
        place = numpy.searchsorted(a.geom._ipix, b.geom._ipix)
        check(f"run.{name}: pixels", (a.geom._ipix[place] == b.geom._ipix).all())
        a, b = a.quantity[..., place], b.quantity
        check(f"run.{name}", numpy.allclose(a.to_value(b.unit), b.value, rtol=1e-5, atol=atol))
    kernels = ours.edisp.edisp_map
    offsets = kernels.geom.to_image().get_coord().skycoord.separation(observation.get_pointing_icrs(observation.tmid))
    for pixel in (0, len(offsets) // 2, len(offsets) - 1):
        theirs_there = observation.edisp.to_edisp_kernel(offsets[pixel], energy_axis_true=true, energy_axis=energy)
        check(f"run.edisp {pixel}", numpy.allclose(kernels.data[..., pixel], theirs_there.data, rtol=0, atol=1e-6))
    print(f"a run on HEALPix pixels: {int(theirs.counts.data.sum())} counts")


def wide_field(folder):
    """Observations of which all responses are maps."""
    folder.mkdir()
    energy = MapAxis.from_energy_bounds("0.5 TeV", "20 TeV", nbin=4)
    same_energy = MapAxis.from_energy_bounds("1 TeV", "10 TeV", nbin=3)
    true = MapAxis.from_energy_bounds("0.3 TeV", "30 TeV", nbin=6, name="energy_true")
    rad = MapAxis.from_bounds(0, 0.66, 22, name="rad", unit="deg")
    image = WcsGeom.create(skydir=SkyCoord("84d 21.5d"), width=(9, 7), binsz=0.4, proj="TAN", frame="galactic")
    lon, lat = (coord.to_value("deg") for coord in image.get_coord())
    shape = numpy.exp(-((lat - lat.mean()) ** 2) / 8) * (1 + 0.1 * numpy.sin(lon))

    def cube(axes, unit="", power=1.0):
        geom = image.to_cube(axes)
        planes = RANDOM.random(geom.data_shape[:-2])[..., None, None] + 0.2
        return Map.from_geom(geom, data=(planes * shape**power).astype("float32"), unit=unit)

    def write(values, path, unit):
        values.write(path, overwrite=True)
        with fits.open(path, mode="update") as file:
            file[0].header["BUNIT"] = unit

    psf = PSFMap(cube([rad, true], "sr-1"), cube([rad.squash(), true], "m2 s"))
    psf.write(folder / "psf.fits")
    squashed = energy.squash()
    edisp = EDispKernelMap(cube([energy, true]), cube([squashed, true], "m2 s"))
    edisp.write(folder / "edisp.fits")
    rows, observations = [], []
    for number, (aeff_unit, bkg_unit) in MAP_UNITS.items():
        n = 500
        start = 3e8 + 1e5 * number
        events = Table(
            {
                "EVENT_ID": numpy.arange(n),
                "TIME": numpy.sort(RANDOM.random(n) * 9e4 + start) * u.s,
                "RA": (83.63 + 3 * (RANDOM.random(n) - 0.5)) * u.deg,
                "DEC": (22.01 + 3 * (RANDOM.random(n) - 0.5)) * u.deg,
                "ENERGY": 10 ** (1.5 * RANDOM.random(n) - 0.3) * u.TeV,
            }
        )
        times = dict(MJDREFI=51910, MJDREFF=0.000742870370370241, TIMEUNIT="s", TIMESYS="tt", TIMEREF="local")
        events.meta.update(
            times,
            EXTNAME="EVENTS",
            HDUCLASS="GADF",
            HDUCLAS1="EVENTS",
            OBS_ID=number,
            OBS_MODE="POINTING",
            RA_PNT=83.63,
            DEC_PNT=22.01,
            DEADC=0.9,
            TSTART=start,
            TSTOP=start + 9e4,
            ONTIME=9e4,
            LIVETIME=8.1e4,
            TELESCOP="TEST",
            INSTRUME="TEST",
            OBJECT="Crab",
            CREATOR="test",
        )
        gti = Table({"START": [start] * u.s, "STOP": [start + 9e4] * u.s}, meta={**times, "EXTNAME": "GTI"})
        tables = [fits.PrimaryHDU(), fits.table_to_hdu(events), fits.table_to_hdu(gti)]
        fits.HDUList(tables).writeto(folder / f"events{number}.fits")
        write(cube([true], power=2), folder / f"aeff{number}.fits", aeff_unit)
        axis = energy if bkg_unit else same_energy
        write(cube([axis], power=3), folder / f"bkg{number}.fits", bkg_unit)
        for kind, hdu_class, file, hdu in (
            ("events", "events", f"events{number}.fits", "EVENTS"),
            ("gti", "gti", f"events{number}.fits", "GTI"),
            ("aeff", "map", f"aeff{number}.fits", "PRIMARY"),
            ("bkg", "map", f"bkg{number}.fits", "PRIMARY"),
            ("psf", "psf_map", "psf.fits", "PSF"),
            ("edisp", "edisp_kernel_map", "edisp.fits", "EDISP"),
        ):
            rows.append((number, kind, hdu_class, "", file, hdu))
        observations.append((number, 83.63, 22.01, start, start + 9e4))
    names = ("OBS_ID", "HDU_TYPE", "HDU_CLASS", "FILE_DIR", "FILE_NAME", "HDU_NAME")
    table = Table(rows=rows, names=names)
    table["FILE_DIR"] = ["./"] * len(rows)
    table.meta["EXTNAME"] = "HDU_INDEX"
    table.write(folder / "hdu-index.fits.gz")
    table = Table(rows=observations, names=("OBS_ID", "RA_PNT", "DEC_PNT", "TSTART", "TSTOP"))
    table.meta.update(times, EXTNAME="OBS_INDEX")
    table.write(folder / "obs-index.fits.gz")


def map_responses(tierline, out):
    """What makers of both make of observations with maps."""
    folder = out / "wide"
    wide_field(folder)
    energy = MapAxis.from_energy_bounds("1 TeV", "10 TeV", nbin=3)
    true = MapAxis.from_energy_bounds("0.5 TeV", "20 TeV", nbin=5, name="energy_true")
    geom = WcsGeom.create(skydir=(83.63, 22.01), width=4, binsz=0.1, frame="icrs", axes=[energy])
    reference = MapDataset.create(geom, energy_axis_true=true, binsz_irf=0.5)
    store = DataStore.from_dir(folder)
    for number in MAP_UNITS:
        axes = ["--energy", "1,10,3", "--energy-true", "0.5,20,5", "--width", "4", "--binsz", "0.1", "--binsz-irf", "0.5"]
        ours = program(tierline, out, folder, "--obs-id", str(number), "--offset-max", "20", *axes)
        theirs = MapDatasetMaker().run(reference, store.obs(number))
        what = f"maps {number}"
        same(f"{what} counts", ours.counts, theirs.counts)
        same(f"{what} exposure", ours.exposure, theirs.exposure, 1e-9)
        # gammapy divides counts by solid angles in 4 bytes.
        same(f"{what} background", ours.background, theirs.background, 1e-6)
        for name, inner in (("psf", "psf_map"), ("edisp", "edisp_map")):
            a, b = getattr(ours, name), getattr(theirs, name)
            same(f"{what} {name}", getattr(a, inner), getattr(b, inner), 1e-9, 1e-15)
            same(f"{what} {name} exposure", a.exposure_map, b.exposure_map, 1e-9, 1e-15)
        sums = [float(m.quantity.sum().to_value(unit)) for m, unit in ((theirs.exposure, "m2 s"), (theirs.background, ""))]
        print(f"{what}: exposure {sums[0]:.6g}, background {sums[1]:.6g}")
        sums.append(theirs.counts.data.sum())
        check(f"{what}: nothing in it", all(value > 0 for value in sums))


def ranges_of_time(tierline, store, out):
    """Two ranges with one run in both."""
    starts = ["2004-12-01", "2004-12-08T22:00:00"]
    stops = ["2004-12-08T22:00:00", "2004-12-08T22:10:00"]
    sky = {"frame": "icrs", "lon": "83.63 deg", "lat": "22.01 deg"}
    config = {
        "observations": {
            "datastore": str(store),
            "obs_ids": [23592, 23559],
            "obs_time": {"start": starts, "stop": stops},
        },
        # gammapy stacks only: without, two datasets of one run would have one name.
        "datasets": {"type": "3d", "stack": True, "geom": {"wcs": {"skydir": sky, "binsize": "0.1 deg"}}},
    }
    analysis = Analysis(AnalysisConfig(**config))
    analysis.get_observations()
    analysis.get_datasets()
    (out / "times").mkdir()
    (out / "times/config.yaml").write_text(yaml.safe_dump(config))
    command = [tierline, "reduce", "run", out / "times/config.yaml", "--out", out / "times/d.yaml", "--quiet"]
    subprocess.run(command, check=True)
    ours = Datasets.read(out / "times/d.yaml", lazy=False)
    check("times: number", len(ours) == len(analysis.datasets))
    for a, b in zip(ours, analysis.datasets):
        same(f"times {a.name} counts", a.counts, b.counts)
        same(f"times {a.name} exposure", a.exposure, b.exposure, 2e-6)
        check(f"times {a.name}", abs((a.gti.time_sum - b.gti.time_sum).to_value("s")) < 1e-6)
        print(f"{a.name}: {int(b.counts.data.sum())} counts in {b.gti.time_sum:.1f}")


def main():
    examples, out, tierline = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    store = pathlib.Path(os.environ["TIERLINE_DATA"]) / "data/reduce/hess-dl3-dr1"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    healpix_maps(examples, out)
    map_responses(tierline, out)
    if store.exists():
        datasets(examples, store, out)
        healpix_run(tierline, store, out)
        ranges_of_time(tierline, store, out)
    else:
        print(f"SKIPPED: no runs in {store}")
    print("good" if not WRONG else WRONG)
    return 1 if WRONG else 0


if __name__ == "__main__":
    sys.exit(main())
