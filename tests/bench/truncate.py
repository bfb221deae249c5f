#!/usr/bin/env python3
"""Cuts every recording at seeded random offsets and checks what `tierline raw` makes of the rest.

    truncate.py [--offsets N] [--seed S] [--only TEXT]

Per cut: exit status 3 (1 is allowed while the header is incomplete, 0 required on a packet border), no panic,
at most 64 MiB, and in every table exactly the rows of the complete packets: those rows of the whole file's
output whose packet_id is within the cut, value for value. The garbage table must name the bytes of the cut
packet. Needs h5py; bench.py --truncate calls it with the peer's environment. Binary and recordings as for bench.py.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import make_inputs
import numpy as np
import walk

MEMORY_MIB = 64
GARBAGE = "garbage/"
MEASURE = Path(__file__).with_name("measure.py")


def convert(source, out):
    """Runs tierline on one file, from a process small enough for its peak to be its own."""
    kind = ["-t", "LlamaDaq"] if source.name.endswith("pulser.bin") else []
    command = [os.environ["TIERLINE"], "raw", "-w", *kind, "-o", str(out), str(source)]
    done = subprocess.run(["python3", "-I", "-S", MEASURE, *command], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def leaves(path):
    """Every dataset of an LH5 file by its path; scalars too."""
    found = {}
    with h5py.File(path, "r") as file:
        tables = []

        def visit(name, item):
            datatype = item.attrs.get("datatype", "")
            if isinstance(item, h5py.Dataset):
                found[name] = item[()]
            elif datatype.startswith("table{"):
                tables.append(name)

        file.visititems(visit)
    outer = [t for t in tables if not any(t.startswith(other + "/") for other in tables)]
    return found, outer


class Whole:
    """The output of the uncut file and where each packet's rows end."""

    def __init__(self, source, out):
        self.layout = walk.walk(source)
        convert(source, out)
        self.leaves, self.tables = leaves(out)

    def rows(self, table, cut):
        """Rows of a table that come from the packets before the cut."""
        complete = [p for p in self.layout.packets if p.end <= cut]
        ids = self.leaves.get(f"{table}/packet_id")
        if ids is None:
            # A table without the column has one row per packet of its name, as ORCA's run records.
            return sum(p.name.removesuffix("Decoder") == table or p.name == table for p in complete)
        last = complete[-1].packet_id if complete else 0
        return int(np.searchsorted(ids, last, side="right"))

    def cut_leaf(self, name, table, rows):
        """A leaf of the whole output as it must be after the cut."""
        value = self.leaves[name]
        if name.endswith("/flattened_data"):
            ends = self.leaves[name.removesuffix("flattened_data") + "cumulative_length"]
            return value[: ends[rows - 1] if rows else 0]
        return value[:rows]

    def differences(self, found, cut):
        """What is not as it must be in the leaves of a cut file's output; at most one line per leaf."""
        for name, value in self.leaves.items():
            if name.startswith(GARBAGE):
                continue
            table = next((t for t in self.tables if name.startswith(t + "/")), None)
            if table is None:
                if name not in found or not same(found[name], value):
                    yield f"{name} differs"
                continue
            rows = self.rows(table, cut)
            want = self.cut_leaf(name, table, rows)
            if name not in found:
                if rows:
                    yield f"{name} is missing, {rows} rows expected"
            elif len(found[name]) != len(want):
                yield f"{name} has {len(found[name])} entries, {len(want)} expected"
            elif not same(found[name], want):
                yield f"{name} holds other values"
        for name in found.keys() - self.leaves.keys():
            if not name.startswith(GARBAGE):
                yield f"{name} is not in the output of the whole file"

    def unaccounted(self, found, cut):
        """The bytes after the last complete packet must be in the garbage table, with their place."""
        end = max((p.end for p in self.layout.packets if p.end <= cut), default=self.layout.first)
        rows = list(zip(found.get(GARBAGE + "offset", []), found.get(GARBAGE + "length", []), strict=True))
        if end < cut and (not rows or rows[-1][0] != end or rows[-1][0] + rows[-1][1] != cut):
            yield f"bytes {end} to {cut} are not in the garbage table: {rows}"


def same(a, b):
    """Equal values, NaN equal to itself."""
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


def problems(whole, cut, result, out):
    """Everything wrong with one cut."""
    in_header = cut < whole.layout.first
    border = cut == whole.layout.first or any(cut == p.end for p in whole.layout.packets)
    allowed = {1, 3} if in_header else {0} if border else {3}
    if result["status"] not in allowed:
        yield f"exit status {result['status']}: {result['stderr'].strip()[-300:]}"
    if "panicked" in result["stderr"]:
        yield f"panic: {result['stderr'][:300]}"
    if result["peak_mib"] > MEMORY_MIB:
        yield f"peak memory {result['peak_mib']:.0f} MiB"
    if result["status"] in (0, 3) and not in_header:
        found = leaves(out)[0]
        yield from whole.differences(found, cut)
        yield from whole.unaccounted(found, cut)
    if result["status"] == 1 and out.exists():
        yield "failed, but left an output"


def offsets(layout, size, count, seed):
    """Seeded cuts; a cut at which a record may as well have been left short by its writer is drawn again."""
    generator = random.Random(seed)
    cuts = []
    while len(cuts) < count:
        cut = generator.randrange(1, size)
        if cut not in layout.ambiguous:
            cuts.append(cut)
    return cuts


def check(source, count, seed, scratch):
    """All cuts of one recording; returns (failures, greatest peak)."""
    whole = Whole(source, scratch / "whole.lh5")
    data, failures, peak = source.read_bytes(), [], 0.0
    cut_file, out = scratch / source.name, scratch / "cut.lh5"
    for cut in offsets(whole.layout, len(data), count, seed):
        cut_file.write_bytes(data[:cut])
        out.unlink(missing_ok=True)
        result = convert(cut_file, out)
        peak = max(peak, result["peak_mib"])
        found = list(problems(whole, cut, result, out))
        failures += [f"{source.name} cut at {cut}: {text}" for text in found[:3]]
    return failures, peak


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offsets", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="only recordings whose name contains this")
    arguments = parser.parse_args()
    failed = False
    for name, file in make_inputs.INPUTS.items():
        if arguments.only not in file:
            continue
        with tempfile.TemporaryDirectory(prefix="tierline-truncate-") as scratch:
            source = make_inputs.data_directory() / file
            failures, peak = check(source, arguments.offsets, arguments.seed, Path(scratch))
        failed |= bool(failures)
        verdict = "FAIL" if failures else "ok  "
        print(f"{verdict} {name}: {arguments.offsets} cuts, {len(failures)} problems, peak {peak:.0f} MiB")
        print("\n".join(failures[:10]), file=sys.stderr, end="\n" if failures else "")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
