#!/usr/bin/env python3
"""Writes the bench's inputs: real recordings with their event packets repeated up to about 45 MB.

    make_inputs.py OUTDIR [--data DIR]
    make_inputs.py --repeat RECORDING OUT [--size BYTES]      one input

Header and configuration once, then all complete event packets over and over; packet contents are
unchanged and surplus bytes at the end are dropped. DIR (default $TIERLINE_DATA/data/daq) holds the recordings.
"""

import argparse
import os
import sys
from pathlib import Path

import walk

SIZE = 45_000_000
INPUTS = {
    "spms": "L200-comm-20211130-phy-spms.fcio",
    "p06": "l200-p06-r007-cal-20230725T202227Z.fcio",
    "geds": "L200-comm-20220519-phy-geds.orca",
    "p13": "l200-p13-r007-aph-20250101T003931Z.orca",
    "compass": "compass_test_data.BIN",
    "llama": "20241218-150158-pulser.bin",
}


def data_directory():
    """Where the recordings are."""
    root = Path(__file__).resolve().parents[2]
    return Path(os.environ.get("TIERLINE_DATA", root.parent / "shared")) / "data" / "daq"


def make(source, target, size=SIZE):
    """Writes one input of about this many bytes and returns (repetitions, event packets per repetition)."""
    data, layout = source.read_bytes(), walk.walk(source)
    events = b"".join(data[p.offset : p.end] for p in layout.packets if p.is_event)
    before = min(p.offset for p in layout.packets if p.is_event)
    front = data[: layout.first] + b"".join(data[p.offset : p.end] for p in layout.packets if p.offset < before)
    repeat = max(1, (size - len(front)) // len(events))
    partial = target.with_name(target.name + ".part")
    with partial.open("wb") as out:
        out.write(front)
        for _ in range(repeat):
            out.write(events)
    partial.rename(target)
    return repeat, sum(p.is_event for p in layout.packets)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", type=Path, nargs="?")
    parser.add_argument("--data", type=Path, default=data_directory())
    parser.add_argument("--repeat", type=Path, nargs=2, metavar=("RECORDING", "OUT"))
    parser.add_argument("--size", type=int, default=SIZE)
    arguments = parser.parse_args()
    if arguments.repeat:
        make(*arguments.repeat, arguments.size)
        return
    if not arguments.outdir:
        parser.error("say where to: OUTDIR")
    arguments.outdir.mkdir(parents=True, exist_ok=True)
    for name, file in INPUTS.items():
        target = arguments.outdir / f"{name}-{file}"
        if target.exists():
            continue
        repeat, events = make(arguments.data / file, target)
        print(f"{target} {target.stat().st_size / 1e6:.1f} MB: {repeat} x {events} events", file=sys.stderr)


if __name__ == "__main__":
    main()
