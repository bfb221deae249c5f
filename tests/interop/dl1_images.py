"""dl1-data-handler reads images and parameters of tierline's DL1 files: dl1_images.py FILE[=PEER]...

PEER is a file of ctapipe's with the same events: then images, mapped to a square, and labels are the same.
"""

import sys
from pathlib import Path

import numpy
from dl1_data_handler.reader import DLImageReader
from traitlets.config.loader import Config

CHANNELS = ["image", "cleaned_image", "peak_time"]


def load(path):
    """The mapped images and the labels of all events."""
    images = Config({"DLImageReader": {"channels": CHANNELS, "focal_length_choice": "EQUIVALENT"}})
    reader = DLImageReader(input_url_signal=[Path(path)], input_url_background=[], mode="mono", config=images)
    batch = reader.generate_mono_batch(list(range(reader._get_n_events())))
    found = {name: numpy.asarray(batch[name]) for name in batch.colnames}
    del reader
    return found


def main():
    failed = 0
    for argument in sys.argv[1:]:
        path, _, peer = argument.partition("=")
        ours = load(path)
        wrong = []
        if not numpy.isfinite(ours["features"]).all() or not ours["features"][..., 0].any():
            wrong.append("images are empty or not finite")
        if peer:
            theirs = load(peer)
            if ours.keys() != theirs.keys():
                wrong.append(f"columns {sorted(ours.keys() ^ theirs.keys())}")
            for name in ours.keys() & theirs.keys():
                a, b = ours[name], theirs[name]
                if a.dtype.kind == "f":
                    good = a.shape == b.shape and numpy.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True)
                else:
                    good = numpy.array_equal(a, b)
                if not good:
                    wrong.append(name)
        print(f"{path}: {len(ours['features'])} images of {ours['features'].shape[1:]}: {wrong[:5] or 'good'}")
        failed += bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
