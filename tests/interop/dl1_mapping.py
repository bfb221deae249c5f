"""Images on square grids against dl1-data-handler's mappers.

    dl1_mapping.py TIERLINE DL1.h5 [NAME ...]

TIERLINE is the program, DL1.h5 a file of ctapipe's format with images (of model v7.1.0, which the peer's ctapipe reads).
Every mapper that fits to the pixels, or those named, maps all images of the first camera; cells are compared.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tables
from ctapipe.instrument import SubarrayDescription
from ctapipe.instrument.camera import PixelShape
from dl1_data_handler import image_mapper

SQUARE = ["SquareMapper"]
HEXAGONAL = [
    "AxialMapper",
    "ShiftingMapper",
    "OversamplingMapper",
    "NearestNeighborMapper",
    "BilinearMapper",
    "BicubicMapper",
    "RebinMapper",
]
# Cells whose points lie as far from two pixels, or at the side of a triangle, may fall to either.
ALLOWED = {"NearestNeighborMapper": 0.01, "RebinMapper": 0.02, "BicubicMapper": 0.01, "BilinearMapper": 0.001}


def compare(program, path, name, tel_id, geometry, images):
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "images.npy"
        command = [program, "images", str(path), "-o", str(out), "--mapper", name, "-q", "-t", str(tel_id)]
        subprocess.run(command, check=True)
        ours = np.load(out)[..., 0]
    try:
        mapper = getattr(image_mapper, name)(geometry=geometry)
    except MemoryError as error:
        print(f"skipped {name} {geometry.name}: the peer: {error}")
        return True
    theirs = np.stack([mapper.map_image(image[:, np.newaxis])[..., 0] for image in images])
    if ours.shape != theirs.shape:
        print(f"FAILED {name}: shape {ours.shape}, not {theirs.shape}")
        return False
    if name == "BilinearMapper":
        # The peer's scale counts points outside of all triangles as if they lay in the last triangle, wherever that is.
        factor = theirs.sum(dtype=float) / ours.sum(dtype=float)
        if abs(factor - 1) > 2e-3:
            print(f"FAILED {name}: scaled by {factor}")
            return False
        ours = (ours * factor).astype(np.float32)
    scale = np.maximum(1.0, np.abs(theirs))
    differ = np.abs(ours - theirs) > 1e-4 * scale
    share = differ.any(axis=0).mean()
    worst = np.abs(ours - theirs).max()
    sums = np.abs(ours.sum(axis=(1, 2)) - theirs.sum(axis=(1, 2))) / np.maximum(1, np.abs(theirs).sum(axis=(1, 2)))
    good = share <= ALLOWED.get(name, 0.0)
    print(
        f"{'ok' if good else 'FAILED'} {name} {geometry.name}: {ours.shape}, {100 * share:.3f} % of the cells differ, "
        f"worst {worst:.3g} of {np.abs(theirs).max():.4g}, sums by {sums.max():.2g}"
    )
    return good


def main():
    program, path, *names = sys.argv[1:]
    subarray = SubarrayDescription.from_hdf(path, focal_length_choice="EQUIVALENT")
    with tables.open_file(path) as file:
        table = sorted(file.iter_nodes("/dl1/event/telescope/images", "Table"), key=lambda node: node._v_name)[0]
        tel_id = int(table._v_name.removeprefix("tel_"))
        images = table.col("image")
    square = subarray.tel[tel_id].camera.geometry.pix_type == PixelShape.SQUARE
    good = True
    for name in names or (SQUARE if square else HEXAGONAL):
        # The mappers turn the geometry that they get.
        geometry = SubarrayDescription.from_hdf(path, focal_length_choice="EQUIVALENT").tel[tel_id].camera.geometry
        good &= compare(program, path, name, tel_id, geometry, images)
    sys.exit(not good)


if __name__ == "__main__":
    main()
