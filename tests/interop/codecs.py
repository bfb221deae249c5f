#!/usr/bin/env python3
"""Waveform codecs and LH5 tables between tierline and the peers' libraries: codecs.py WORKDIR

Makes tables with lh5, has them encoded by the example `encode` (ENCODE names it), and reads the result with lh5:
every encoded column must decode to the samples, every other column must be as it was. The peer's encoders make
the same bytes of the same samples, and `tierline dump --npy` (TIERLINE names it) decodes files that the peer
encoded. One line per column; exit status 1 when anything differs.
"""

import os
import subprocess
import sys
from pathlib import Path

import lh5
import numpy as np
from lgdo.types import (
    Array,
    ArrayOfEncodedEqualSizedArrays,
    ArrayOfEqualSizedArrays,
    Scalar,
    Table,
    VectorOfVectors,
    WaveformTable,
)
from lh5.compression import radware, varlen

ROWS = 100_000


def samples():
    """Columns of samples by name: noise of all widths, walks, extremes; one has rows of its own length."""
    rng = np.random.default_rng(117)
    width = rng.integers(1, 17, (ROWS, 1))
    narrow = rng.integers(0, 65536, (ROWS, 50)) >> (16 - width)
    walk = np.cumsum(rng.integers(-300, 301, (4000, 1000)), axis=1) + 30_000
    yield "white", rng.integers(0, 65536, (ROWS, 64), dtype=np.uint16)
    yield "narrow", (narrow + 1000).astype(np.uint16)
    yield "walk", walk.astype(np.uint16)
    yield "steps", np.repeat(rng.integers(0, 65536, (500, 40), dtype=np.uint16), 33, axis=1)
    yield "long", rng.integers(0, 40, (3, 32_767)).astype(np.uint16)
    yield "i2", rng.integers(-32768, 32768, (2000, 100)).astype(np.int16)
    yield "u1", rng.integers(0, 256, (2000, 100)).astype(np.uint8)
    yield "i1", rng.integers(-128, 128, (2000, 100)).astype(np.int8)
    yield "u4", rng.integers(0, 2**32, (2000, 100)).astype(np.uint32)
    yield "i4", rng.integers(-(2**31), 2**31, (2000, 100)).astype(np.int32)
    yield "low", rng.integers(-5000, 5000, (2000, 100)).astype(np.int32)
    lengths = rng.integers(0, 200, 2000)
    flat = rng.integers(0, 5000, lengths.sum()).astype(np.uint16)
    yield "own", VectorOfVectors(flattened_data=flat, cumulative_length=np.cumsum(lengths))


def write(path, name, column):
    """A table of one column and some of other kinds."""
    own = isinstance(column, VectorOfVectors)
    rows = len(column)
    table = Table(size=rows)
    table.add_field(name, column if own else ArrayOfEqualSizedArrays(nda=column, attrs={"units": "ADC"}))
    table.add_field("flag", Array(np.arange(rows) % 3 == 0))
    table.add_field("name", Array(np.array([b"ab", b"", b"xyz"] * rows)[:rows]))
    table.add_field("cube", Array(np.arange(6.0 * rows).reshape(rows, 2, 3), attrs={"units": "mm"}))
    lists = np.arange(rows, dtype="float32")
    table.add_field("list", VectorOfVectors(flattened_data=lists, cumulative_length=np.arange(1, rows + 1)))
    table.add_field("wf", WaveformTable(size=rows, values=np.zeros((rows, 2), dtype=np.uint16), dt=16, dt_units="ns"))
    lh5.write(table, name, path, wo_mode="append")


def shift_of(dtype):
    return -32768 if dtype == np.uint16 else 0


def peers_bytes(codec, values):
    """The peer's encoded rows, with room for noise, which its own buffers lack."""
    out = np.zeros((values.shape[0], 6 * values.shape[1] + 64), dtype=np.uint8)
    if codec == "radware":
        return radware.encode(values, out, shift=shift_of(values.dtype))
    return varlen.encode(values, out)


def decoded(encoded, codec, shift):
    """Row by row: the library can't decode rows of their own length as a whole."""
    for row, size in zip(encoded.encoded_data, encoded.decoded_size, strict=True):
        out = np.zeros(max(int(size), 1), dtype=np.int32)
        data = np.ascontiguousarray(row)
        if codec == "radware":
            padded = np.concatenate([data, np.zeros(8, dtype=np.uint8)])
            _, n = radware.decode((padded, np.uint32(len(data))), out, shift=shift)
        elif len(data):
            _, n = varlen.decode((data, np.uint32(len(data))), out)
        else:
            n = 0
        yield out[: int(n)]


def check_ours(path, name, codec, column):
    """A column that we encoded, read by the peer; yields what is wrong."""
    field = f"{name}/{name}_{codec}"
    own = isinstance(column, VectorOfVectors)
    if own:
        encoded = lh5.read(field, path, decompress=False)
        for i, (have, want) in enumerate(zip(decoded(encoded, codec, shift_of(column.dtype)), column, strict=True)):
            if not np.array_equal(have, np.asarray(want)):
                yield f"{field} row {i} differs"
                return
        return
    have = lh5.read(field, path)
    if have.nda.dtype != np.int32 or not np.array_equal(have.nda, column.astype(np.int32)):
        yield f"{field} decodes to other samples"
    if have.attrs.get("units") != "ADC":
        yield f"{field} has units {have.attrs.get('units')}"
    encoded = lh5.read(field, path, decompress=False)
    want, lengths = peers_bytes(codec, column)
    ends = encoded.encoded_data.cumulative_length.nda
    if not np.array_equal(np.diff(ends, prepend=np.uint32(0)), lengths):
        yield f"{field} has other lengths than the peer's"
        return
    ours = encoded.encoded_data.flattened_data.nda
    theirs = np.concatenate([row[:n] for row, n in zip(want, lengths, strict=True)])
    if not np.array_equal(ours, theirs):
        yield f"{field} has other bytes than the peer's"


def check_theirs(work, name, codec, column):
    """A column that the peer encoded, read by us; yields what is wrong."""
    path, out = work / f"peer_{name}_{codec}.lh5", work / f"peer_{name}_{codec}.npy"
    rows, lengths = peers_bytes(codec, column)
    flat = np.concatenate([row[:n] for row, n in zip(rows, lengths, strict=True)])
    ends = np.cumsum(lengths, dtype=np.uint32)
    data = VectorOfVectors(flattened_data=flat, cumulative_length=ends)
    attrs = {"codec": "radware_sigcompress" if codec == "radware" else "uleb128_zigzag_diff"}
    if codec == "radware":
        attrs["codec_shift"] = shift_of(column.dtype)
    encoded = ArrayOfEncodedEqualSizedArrays(data, decoded_size=Scalar(column.shape[1]), attrs=attrs)
    lh5.write(Table({"values": encoded}), "t", path, wo_mode="overwrite_file")
    command = [os.environ["TIERLINE"], "dump", path, "t/values", "--npy", out, "-w"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        yield f"tierline dump {name} {codec}: {done.stderr.strip()[-300:]}"
    elif not np.array_equal(np.load(out), column.astype(np.int32)):
        yield f"{name} {codec}: tierline decodes other samples"


def same(have, want):
    """Two objects of one table, by value and attributes."""
    if isinstance(want, Table):
        return have.keys() == want.keys() and all(same(have[key], want[key]) for key in want)
    return have == want or (have.attrs == want.attrs and np.array_equal(have.nda, want.nda))


def main():
    work = Path(sys.argv[1]) / "codecs"
    work.mkdir(parents=True, exist_ok=True)
    source, ours = work / "plain.lh5", work / "encoded.lh5"
    source.unlink(missing_ok=True)
    columns = dict(samples())
    for name, column in columns.items():
        write(source, name, column)
    done = subprocess.run([os.environ["ENCODE"], source, ours], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"encode: {done.stderr}")
    refused = {line.split(":")[0] for line in done.stderr.splitlines()}
    failures = 0
    for name, column in columns.items():
        want, have = lh5.read(name, source), lh5.read(name, ours, decompress=False)
        problems = [f"{name}/{key} differs" for key in want if not same(have[key], want[key])]
        for codec in ("radware", "uleb"):
            if f"{name}_{codec}" in refused:
                continue
            problems += check_ours(ours, name, codec, column)
            if not isinstance(column, VectorOfVectors):
                problems += check_theirs(work, name, codec, column)
        print(f"{'FAIL' if problems else 'ok  '} codecs: {name}, {len(column)} rows", flush=True)
        for problem in problems[:12]:
            print(f"       {problem[:300]}")
        failures += bool(problems)
    if refused != {"u4_radware", "i4_radware", "list_radware", "list_uleb"}:
        print(f"FAIL codecs: refused {sorted(refused)}")
        failures += 1
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
