#!/usr/bin/env python3
"""Holds the DSP chain against dspeed on real waveforms: dsp.py WORKDIR [CONFIG.json ...]

The recordings in $TIERLINE_DATA are converted with $TIERLINE; every configuration of tests/interop/dsp runs on
every table of waveforms, once with dspeed and once with $DSP_CHAIN (the example dsp_chain of tierline-raw), there
in batches of 7 rows and all at once. One line per processor with the largest relative difference: of a number to
itself, of an element of a vector to the largest of its vector. Names and units of the columns must be equal, and
types too. Columns listed under "exact" must be equal, those under "known" may differ. NaN equals NaN. Exit status
1 when anything differs by more than 1e-5.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import h5py
import lgdo
import lh5
import numpy as np
from dspeed.processing_chain import build_processing_chain

RECORDINGS = {
    "L200-comm-20211130-phy-spms.fcio": {"FCEvent": "waveform"},
    "l200-p06-r007-cal-20230725T202227Z.fcio": {"FCEvent": "waveform"},
    "L200-comm-20220519-phy-geds.orca": {"ORFlashCamADCWaveform": "waveform"},
    "compass_test_data.BIN": {"CompassEvent": "waveform"},
    "20241218-150158-pulser.bin": {"LLAMAEvent_0": "waveform_windowed", "LLAMAEvent_4": "waveform_presummed"},
}
TOLERANCE = 1e-5


def convert(work):
    """All recordings as LH5 files; yields file, table and name of the waveform."""
    for name, tables in RECORDINGS.items():
        source, out = Path(os.environ["TIERLINE_DATA"]) / "data/daq" / name, work / f"{name}.lh5"
        if not out.exists():
            kind = ["-t", "LlamaDaq"] if source.read_bytes()[:4] == b"LArI" else []
            subprocess.run([os.environ["TIERLINE"], "raw", *kind, "-o", out, source], check=False, capture_output=True)
        for table, waveform in tables.items():
            yield out, table, waveform


def peer(config, table, database):
    """What dspeed makes of a table."""
    chain, _, out = build_processing_chain(config, table, database)
    chain.execute(0, len(table))
    return out


def ours(config, file, table, work, rows):
    """What the chain makes of it, in batches of so many rows."""
    path, out = work / "config.json", work / "out.lh5"
    path.write_text(json.dumps(config))
    command = [os.environ["DSP_CHAIN"], file, table, path, out, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(done.stderr.strip())
    columns = lh5.read("dsp", str(out))
    with h5py.File(out) as content:  # the reader leaves out the attributes of waveforms
        for name, column in columns.items():
            column.attrs.update(content[f"dsp/{name}"].attrs)
    return columns


def flat(table, prefix=""):
    """Columns by path: values, units."""
    for name, column in table.items():
        units = column.attrs.get("units")
        if isinstance(column, lgdo.Table):
            yield prefix + name, None, units
            yield from flat(column, f"{prefix}{name}/")
        elif isinstance(column, lgdo.VectorOfVectors):
            yield f"{prefix}{name}/lengths", np.diff(column.cumulative_length.nda, prepend=0), units
            yield f"{prefix}{name}/elements", column.flattened_data.nda[: column.cumulative_length.nda[-1]], units
        else:
            yield prefix + name, column.nda, units


def difference(have, want):
    """Largest relative difference, and whether NaN are in the same places."""
    if have.shape != want.shape:
        return np.inf
    if have.dtype.kind not in "fc":
        return 0.0 if np.array_equal(have, want) else np.inf
    have, want = have.astype("f8"), want.astype("f8")
    if not np.array_equal(np.isnan(have), np.isnan(want)):
        return np.inf
    same = (have == want) | np.isnan(want)
    size = np.abs(np.where(np.isfinite(want), want, 0))
    if want.ndim > 1 and want.shape[1]:
        size = np.broadcast_to(size.max(axis=1, keepdims=True), want.shape)
    with np.errstate(all="ignore"):
        relative = np.where(same, 0, np.abs(have - want) / size)
    return float(np.max(np.nan_to_num(relative, nan=np.inf, posinf=np.inf), initial=0))


def owner(config, column):
    """The processor that makes a column."""
    name = column.split("/")[0]
    for key, entry in config["processors"].items():
        if name in [part.strip() for part in key.split(",")]:
            return entry["function"] if isinstance(entry, dict) and "args" in entry else "expression"
    return "input"


def compare(config, have, want, seen, rows, label):
    """Notes the differences; returns the number of columns that are not as they should be."""
    bad = 0
    have, want = {n: (v, u) for n, v, u in flat(have)}, {n: (v, u) for n, v, u in flat(want)}
    for name, (values, units) in want.items():
        note = seen[owner(config, name)]
        note["columns"].add(name)
        note["rows"] += rows
        if name not in have or have[name][1] != units:
            print(f"{label}: {name}: {'missing' if name not in have else f'units {have[name][1]} not {units}'}")
            bad += 1
            continue
        if values is None:
            continue
        mine = have[name][0]
        found = difference(mine, values) if mine.dtype == values.dtype else np.inf
        if name.split("/")[0] in config.get("known", {}):
            note["known"] = max(note.get("known", 0), found)
            continue
        note["largest"] = max(note["largest"], found)
        if found > (0 if name.split("/")[0] in config.get("exact", []) else TOLERANCE):
            bad += 1
            print(f"{label}: {name}: {found:.3g} ({mine.dtype}{mine.shape} for {values.dtype}{values.shape})")
            where = np.argwhere(~((mine == values) | ((mine != mine) & (values != values)))) if mine.shape == values.shape else []
            for at in where[:3]:
                print(f"    at {tuple(at)}: {mine[tuple(at)]!r} for {values[tuple(at)]!r}")
    for name in have.keys() - want.keys():
        print(f"{label}: {name}: the peer has none")
        bad += 1
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("configs", type=Path, nargs="*")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    configs = args.configs or sorted((Path(__file__).parent / "dsp").glob("*.json"))
    seen = defaultdict(lambda: {"columns": set(), "rows": 0, "largest": 0.0})
    bad = 0
    for file, path, waveform in convert(args.work):
        table = lh5.read(path, str(file))
        for source in configs:
            config = json.loads(re.sub(r"\bwaveform\b", waveform, source.read_text()))
            if len(table[waveform].values.nda[0]) < config.get("samples", 0):
                continue
            label = f"{source.stem} on {file.stem}/{path}"
            try:
                want = peer({k: config[k] for k in ("outputs", "processors")}, table, config.get("database"))
                for rows in (7, 1 << 20):
                    bad += compare(config, ours(config, file, path, args.work, rows), want, seen, len(table), label)
            except Exception as error:  # noqa: BLE001  # whatever the peer raises
                while error.__cause__ or error.__context__:
                    error = error.__cause__ or error.__context__
                print(f"{label}: {type(error).__name__}: {error}")
                bad += 1
    print(f"{'processor':36} columns    rows  largest difference")
    for name, note in sorted(seen.items()):
        known = f"  (known differences up to {note['known']:.2g})" if "known" in note else ""
        print(f"{name:36} {len(note['columns']):7} {note['rows']:7}  {note['largest']:.2g}{known}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
