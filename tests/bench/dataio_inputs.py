#!/usr/bin/env python3
"""Makes the inputs of dataio.py from real beamline files: dataio_inputs.py DATA FOLDER

Runs in the environment of the peer `silx` (numpy, h5py, fabio). DATA has edf/ID16B_diatomee.edf, edf/ID16_diatomee/dark.edf
and flat.edf, cbf/omega_scan.cbf and spec/31oct98.dat. A file that exists is kept.

| file | what |
|---|---|
| one.edf, one.edf.gz | frame 0 of the diatom as 2048 x 2048 u16, the second packed at level 6 |
| big32.edf | 32 such frames |
| ser_0000.edf .. ser_0019.edf | 20 files of such a frame |
| dense.cbf | the same as i32 with noise, so that most differences take three bytes |
| pil6m.cbf | a Pilatus frame as 2476 x 2435 i32, nearly all differences of one byte |
| big.spec | 31oct98.dat and nine copies of its scans |
| stack.h5 | 100 frames of the diatom, a dark field, two flat fields |
| objects.h5 | 100 groups of 99 datasets |
"""

import gzip
import sys
from pathlib import Path

import fabio
import h5py
import numpy

DATA = Path(sys.argv[1])
OUT = Path(sys.argv[2])


def tiled(image, shape):
    """Copies of an image beside and below each other, cut to a shape."""
    times = [-(-want // have) for want, have in zip(shape, image.shape, strict=True)]
    return numpy.ascontiguousarray(numpy.tile(image, times)[: shape[0], : shape[1]])


def diatom(index=0):
    """A frame of the real recording."""
    return fabio.open(str(DATA / "edf/ID16B_diatomee.edf")).get_frame(index).data


def frame():
    """The frame of the EDF files."""
    return tiled(diatom(), (2048, 2048))


def one(path):
    fabio.edfimage.EdfImage(data=frame()).write(str(path))


def one_gz(path):
    path.write_bytes(gzip.compress((OUT / "one.edf").read_bytes(), 6, mtime=0))


def big32(path):
    image = fabio.edfimage.EdfImage(data=frame())
    for _ in range(31):
        image.append_frame(data=frame())
    image.write(str(path))


def dense(path):
    noise = numpy.random.default_rng(1).normal(0, 500, (2048, 2048))
    fabio.cbfimage.CbfImage(data=(frame() + noise).astype("int32")).write(str(path))


def pilatus(path):
    image = fabio.open(str(DATA / "cbf/omega_scan.cbf")).data.astype("int32")
    fabio.cbfimage.CbfImage(data=tiled(image, (2476, 2435))).write(str(path))


def spec(path):
    text = (DATA / "spec/31oct98.dat").read_bytes()
    scans = text[text.index(b"#S 19") :]
    path.write_bytes(text + 9 * scans)


def stack(path):
    dark, flat = (fabio.open(str(DATA / f"edf/ID16_diatomee/{name}.edf")).data for name in ("dark", "flat"))
    with h5py.File(path, "w") as file:
        for i in range(100):
            file[f"data/{i:04d}"] = diatom(i % 6)
        file["dark/0000"] = dark
        file["flatfield/0000"] = flat
        file["flatfield/0500"] = ((7 * flat.astype("u4") + 5) // 10).astype("u2")


def objects(path):
    with h5py.File(path, "w") as file:
        for i in range(100):
            group = file.create_group(f"scan_{i:04d}")
            for k in range(99):
                group[f"counter_{k:02d}"] = numpy.arange(3, dtype="f4")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    makers = {
        "one.edf": one,
        "one.edf.gz": one_gz,
        "big32.edf": big32,
        "dense.cbf": dense,
        "pil6m.cbf": pilatus,
        "big.spec": spec,
        "stack.h5": stack,
        "objects.h5": objects,
        **{f"ser_{i:04d}.edf": one for i in range(20)},
    }
    for name, make in makers.items():
        if not (OUT / name).exists():
            part = OUT / f"part-{name}"
            make(part)
            part.rename(OUT / name)


if __name__ == "__main__":
    main()
