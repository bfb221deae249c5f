"""silx and h5py open what tierline converts: silx_opens.py OUTDIR

TIERLINE is the binary, TIERLINE_DATA the folder of recordings. Checks that silx shows the converted file as it shows the
original, that its default plot is found, and that a flat-field result has one.
"""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy
import silx.io
from silx.io import commonh5, nxdata

DATA = Path(os.environ["TIERLINE_DATA"]) / "data" / "dataio"
SPEC = ["spec/oleg.dat", "spec/31oct98.dat", "spec/edge/s20_mca.dat"]
IMAGES = ["edf/medipix.edf", "edf/ID16B_diatomee.edf", "written/edf_multi4.edf", "written/cbf_int32.cbf"]


def tierline(*arguments):
    subprocess.run([os.environ["TIERLINE"], *map(str, arguments)], check=True)


def same(original, converted, path, wrong):
    """Compares all datasets that silx shows of both."""
    for name, child in original.items():
        inner = f"{path}/{name}"
        if isinstance(child, commonh5.SoftLink):
            continue
        if hasattr(child, "items"):
            same(child, converted[name], inner, wrong)
            continue
        ours, theirs = converted[name][()], child[()]
        if isinstance(theirs, numpy.ndarray) and theirs.dtype.kind == "U":
            theirs = theirs.astype("S")
        text = isinstance(theirs, (str, bytes)) or getattr(theirs, "dtype", numpy.dtype("f8")).kind in "OS"
        equal = numpy.array_equal(numpy.asarray(ours), numpy.asarray(theirs), equal_nan=not text)
        if text and not equal:
            plain = [x.decode() if isinstance(x, bytes) else x for x in numpy.ravel(ours)]
            equal = plain == [x.decode() if isinstance(x, bytes) else x for x in numpy.ravel(theirs)]
        if not equal:
            wrong.append(inner)


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in SPEC + IMAGES:
        target = out / (Path(name).name + ".h5")
        tierline("convert", DATA / name, "-o", target, "-w")
        wrong = []
        with silx.io.open(str(DATA / name)) as original, silx.io.open(str(target)) as converted:
            same(original, converted, "", wrong)
            if name in IMAGES:
                default = nxdata.get_default(converted)
                if default is None or not default.is_valid or default.signal.ndim < 2:
                    wrong.append("default plot")
        print(f"{name}: {'equal' if not wrong else wrong[:5]}")
        failed += bool(wrong)
    flat = out / "flat.h5"
    part = DATA / "edf" / "ID16_diatomee"
    raw = DATA / "edf" / "ID16B_diatomee.edf"
    tierline("flatfield", raw, "-d", part / "dark.edf", "-f", part / "flat.edf", "-o", flat, "--stack", "-w")
    with h5py.File(flat) as file:
        default = nxdata.get_default(file)
        ok = default is not None and default.is_valid and default.signal.shape == (6, 540, 640)
        print(f"flat field: {'default plot found' if ok else 'no default plot'}")
        failed += not ok
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
