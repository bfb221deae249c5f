"""fabio reads back every image format that is written here.

    python fabio_reads.py ENCODE [DIRECTORY]

ENCODE is the example program `encode_image` of tierline-dataio. Needs numpy, fabio, h5py and hdf5plugin.
"""

import logging
import os
import subprocess
import sys
import tempfile

import fabio
import numpy

logging.disable(logging.WARNING)
ENCODE = sys.argv[1]


def stack(dtype, frames=1, shape=(64, 95)):
    """A slope with some large steps."""
    rng = numpy.random.default_rng(7)
    data = rng.integers(0, 100, (frames,) + shape) + numpy.arange(shape[1])
    if numpy.dtype(dtype).itemsize > 1:
        data[rng.random(data.shape) < 0.05] += 20_000
    if numpy.dtype(dtype).itemsize > 2:
        data[rng.random(data.shape) < 0.01] += 1_000_000
    if numpy.dtype(dtype).kind in "if":
        data -= 30
    return data.astype(dtype)


def esperanto(data):
    """What the format makes of a picture: a square, filled up below and on both sides."""
    side = max(256, (max(data.shape) + 3) // 4 * 4)
    square = numpy.zeros((side, side), "int32")
    left = (side - data.shape[1]) // 2
    square[: data.shape[0], left : left + data.shape[1]] = data
    return square


def mar345(data):
    """The same for a square filled up with zeros below."""
    square = numpy.zeros((max(data.shape),) * 2, "uint32")
    square[: data.shape[0], : data.shape[1]] = data
    return square


def same(data):
    return data


# What fabio takes a file for where it isn't the format's name.
TAKEN = {"pilatus": "tif"}

# Format, file name, types, whether it holds several frames, what it makes of a frame, tolerance.
CASES = [
    ("numpy", "a.npy", "uint8 int16 uint32 int64 float32 float64", True, same, 0),
    ("pnm", "a.pgm", "uint8 uint16 uint32", False, same, 0),
    ("fit2dmask", "a.msk", "uint8 int32 float32", False, lambda a: a != 0, 0),
    ("bruker", "a.0001", "uint8 uint16 uint32", False, same, 0),
    ("bruker", "b.0002", "float32 float64", False, same, 0.07),
    ("bruker100", "a.sfrm", "uint8 int16 int32", False, same, 0),
    ("oxd", "a.img", "int16 int32 uint16", False, same, 0),
    ("esperanto", "a.esper", "uint8 int16 int32", False, esperanto, 0),
    ("eiger", "a.h5", "uint8 uint16 int32 float64", True, same, 0),
    ("lima", "b.h5", "uint16 uint32", True, same, 0),
    ("lambda", "a.nxs", "uint16 float32", True, same, 0),
    ("edf", "a.edf", "uint8 int16 uint32 int64 float32 float64", True, same, 0),
    ("cbf", "a.cbf", "uint8 int16 uint16 int32 uint32", False, same, 0),
    ("dtrek", "b.img", "uint8 int16 uint16 int32 uint32 float32", False, same, 0),
    ("tif", "a.tif", "uint8 int16 uint16 int32 uint32 float32", False, same, 0),
    ("pilatus", "b.tif", "int32", False, same, 0),
    # fabio takes pixels for the detector's header, so there must be enough of them.
    ("marccd", "a.mccd", "uint16", False, same, 0),
    ("mar345", "a.mar2300", "uint16 uint32", False, mar345, 0),
]


def frames_of(path):
    with fabio.open(path) as image:
        return image.classname, [image.get_frame(i).data for i in range(image.nframes)]


def main(directory):
    failed = 0
    for name, file, types, many, made, tolerance in CASES:
        for dtype in types.split():
            data = stack(dtype, 3 if many else 1)
            source = os.path.join(directory, "in.npy")
            numpy.save(source, data if many else data[0])
            path = os.path.join(directory, file)
            try:
                if os.path.exists(path):
                    os.remove(path)
                subprocess.run([ENCODE, source, path, name], check=True)
                classname, frames = frames_of(path)
                assert classname.lower() == TAKEN.get(name, name) + "image", classname
                assert len(frames) == len(data), f"{len(frames)} frames"
                for own, given in zip(frames, data):
                    expected = made(given)
                    assert own.shape == expected.shape, own.shape
                    worst = numpy.abs(own.astype("float64") - expected.astype("float64")).max()
                    assert worst <= tolerance, f"off by {worst}"
                print(f"{name:16} {dtype:8} ok")
            except Exception as error:
                failed += 1
                print(f"{name:16} {dtype:8} FAILED: {type(error).__name__}: {error}")
    return failed


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit(min(main(sys.argv[2]), 1))
    with tempfile.TemporaryDirectory() as place:
        sys.exit(min(main(place), 1))
