"""Merged DL1 files against ctapipe-merge: dl1_merge.py TIERLINE DL1.h5 DL1.h5...

The files must be of different observations. All tables that the peer writes must be the same, to the byte, with the same
attributes but for the version of the software; the peer leaves out the profile of the atmosphere.
"""

import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy
import tables

FREE = {"SOFT_VER"}
MORE = {"/simulation/service/atmosphere_density_profile"}


def same(a, b):
    """Equal to the byte, but that zero has no sign: the peer turns cameras by no angle."""
    return a.tobytes() == b.tobytes() or (a.dtype.kind == "f" and numpy.array_equal(a, b, equal_nan=True))


def attributes(node):
    names = set(node._v_attrs._v_attrnamesuser) - FREE
    return {name: str(node._v_attrs[name]) for name in names}


def compare(ours, theirs):
    wrong = []
    paths = [{node._v_pathname for node in file.walk_nodes("/", "Table")} for file in (ours, theirs)]
    if paths[0] - MORE != paths[1] - MORE:
        wrong.append(f"tables {sorted(paths[0] ^ paths[1])}")
    for path in sorted(paths[0] & paths[1]):
        a, b = ours.get_node(path), theirs.get_node(path)
        if a.dtype != b.dtype or a.nrows != b.nrows:
            wrong.append(f"{path}: {a.nrows} rows of {a.dtype}, not {b.nrows} of {b.dtype}")
            continue
        columns = [name for name in a.colnames if not same(a.col(name), b.col(name))]
        if columns or attributes(a) != attributes(b):
            wrong.append(f"{path}: columns {columns}, or attributes")
    return wrong


def main():
    program, *inputs = (str(Path(name).absolute()) for name in sys.argv[1:])
    merge = Path(sys.executable).with_name("ctapipe-merge")
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder) / "ours.h5", Path(folder) / "theirs.h5"
        subprocess.run([program, "merge", *inputs, "-o", str(ours), "-q"], check=True)
        # The peer leaves a log where it runs.
        call = [str(merge), *inputs, "-o", str(theirs), "--log-level", "ERROR"]
        subprocess.run(call, check=True, cwd=folder)
        with tables.open_file(ours) as first, tables.open_file(theirs) as second:
            wrong = compare(first, second)
    print("\n".join(wrong) or f"ok: {len(inputs)} files")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
