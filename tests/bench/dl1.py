#!/usr/bin/env python3
"""Telescope events: tierline beside ctapipe-process and eventio, on the same inputs, in turn.

    dl1.py [--runs N] [--inputs DIR] [--json FILE]

`dl1` is timed as a whole, start-up included: the ratio is the median of those of the pairs, of processor time. The walk over
objects and the full parse are timed inside the processes, after imports: the fastest of 3 calls in a process, and of all
processes. Exit status 1 where an aim is missed or a command fails.

The input is lst_muons of $TIERLINE_DATA (default ../shared), decompressed, whole, once (30 events) and a hundred times in a row
(3000 events, 519 MB), made once into target/bench-dl1 if no place is given. Peers come from virtual environments of their own
(tests/interop/venv.sh), tierline from $TIERLINE or target/release/tierline, which must be there. Needs nothing but the standard
library and the program zstd.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import ROOT, TARGET, machine, tierline
from dataio import environment, once, output
from make_inputs import data_directory

ROUNDS = 3
REPEATED = 100
EVENTS = 30 * REPEATED
AIMS = {"cpu": 12, "events_per_s": 2000, "peak_mib": 60, "short_s": 0.1, "walk": 4, "parse": 4}

# What the golden results were made with.
CONFIGURATION = {
    "DataWriter": {"overwrite": True, "write_dl1_images": True, "write_dl1_parameters": True},
    "SimTelEventSource": {"focal_length_choice": "EQUIVALENT"},
    "CameraCalibrator": {"image_extractor_type": "NeighborPeakWindowSum"},
    "ImageProcessor": {
        "image_cleaner_type": "TailcutsImageCleaner",
        "TailcutsImageCleaner": {
            "picture_threshold_pe": [["type", "*", 10.0]],
            "boundary_threshold_pe": [["type", "*", 5.0]],
            "min_picture_neighbors": [["type", "*", 2]],
        },
    },
}

EVENTIO_READS = """
import json, sys, time
from eventio import EventIOFile, SimTelFile
name, what, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
def walk(objects):
    count = 0
    for one in objects:
        count += 1
        if one.header.only_subobjects:
            count += walk(one)
    return count
def parse():
    count = 0
    with SimTelFile(name, skip_calibration=False) as file:
        for event in file:
            count += len(event["telescope_events"])
    return count
best = float("inf")
for _ in range(rounds):
    start = time.perf_counter()
    if what == "walk":
        with EventIOFile(name) as file:
            seen = walk(file)
    else:
        seen = parse()
    best = min(best, time.perf_counter() - start)
print(json.dumps({"seconds": best, "seen": seen}))
"""


def prepare(inputs):
    """Builds what reads, and makes the inputs that are missing."""
    build = ["cargo", "build", "--quiet", "--release", "-p", "tierline-dl1", "--example", "time_simtel"]
    subprocess.run(build, check=True, cwd=ROOT)
    inputs.mkdir(parents=True, exist_ok=True)
    one, many = inputs / "lst_muons.simtel", inputs / f"lst_muons-{REPEATED}.simtel"
    if not many.exists():
        packed = data_directory().parent / "dl1" / "lst_muons.simtel.zst"
        content = subprocess.run(["zstd", "-dcq", packed], check=True, capture_output=True).stdout
        one.write_bytes(content)
        with open(many.with_suffix(".part"), "wb") as target:
            for _ in range(REPEATED):
                target.write(content)
        many.with_suffix(".part").rename(many)
    configuration = inputs / "configuration.json"
    configuration.write_text(json.dumps(CONFIGURATION, indent=1))
    return one, many, configuration


def compare(input, configuration, runs, scratch):
    """Commands in turn, after one of each to warm the caches."""
    program = environment("ctapipe") / "bin" / "ctapipe-process"
    peer = [program, "--config", configuration, "--input", input, "--output", scratch / "peer.h5", "--overwrite",
            "--provenance-log", scratch / "peer.provenance.log"]  # fmt: skip
    own = [tierline(), "dl1", "--config", configuration, "-i", input, "-o", scratch / "own.h5", "--overwrite", "--quiet"]
    results = {"peer": [], "tierline": []}
    for i in range(runs + 1):
        for who, command in (("peer", peer), ("tierline", own)):
            result = once(command)
            if i:
                results[who].append(result)
    return results


def read(input, what, runs):
    """Processes of either kind in turn; the fastest call of each."""
    example = TARGET / "release" / "examples" / "time_simtel"
    calls = {
        "peer": [environment("ctapipe") / "bin" / "python", "-c", EVENTIO_READS, input, what, ROUNDS],
        "tierline": [example, input, what, ROUNDS],
    }
    seconds, seen = {who: [] for who in calls}, set()
    for _ in range(runs):
        for who, command in calls.items():
            result = output(command)
            seconds[who].append(result["seconds"])
            seen.add(result["seen"])
    if len(seen) != 1:
        sys.exit(f"dl1: {what} sees {sorted(seen)}")
    return {who: min(all) for who, all in seconds.items()} | {"seen": seen.pop()}


def measure(inputs, runs):
    """All rows."""
    one, many, configuration = prepare(inputs)
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as scratch:
        results = compare(many, configuration, runs, Path(scratch))
        short = compare(one, configuration, runs, Path(scratch))
    pairs = list(zip(results["peer"], results["tierline"], strict=True))
    median = {
        who: {key: statistics.median(result[key] for result in results[who]) for key in ("wall_s", "cpu_s", "peak_mib")}
        for who in results
    }
    return {
        "dl1": median, "short": {who: min(result["wall_s"] for result in short[who]) for who in short},
        "cpu": statistics.median(peer["cpu_s"] / own["cpu_s"] for peer, own in pairs),
        "wall": statistics.median(peer["wall_s"] / own["wall_s"] for peer, own in pairs),
        "events_per_s": EVENTS / min(result["wall_s"] for result in results["tierline"]),
        "peak_mib": max(result["peak_mib"] for result in results["tierline"]),
        "short_s": min(result["wall_s"] for result in short["tierline"]),
        "walk": read(many, "walk", runs), "parse": read(many, "parse", runs),
    }  # fmt: skip


def markdown(report):
    """The table of a report."""
    rows = report["rows"]
    peer, own = rows["dl1"]["peer"], rows["dl1"]["tierline"]
    lines = ["| work | peer | tierline | ratio | aim |", "|--|--:|--:|--:|--:|"]
    for what in ("cpu", "wall"):
        aim = AIMS.get(what, "")
        cells = [f"{peer[f'{what}_s']:.2f} s", f"{own[f'{what}_s']:.2f} s", f"**{rows[what]:.1f}**", aim]
        lines.append(f"| 3000 events to DL1, {what} | {' | '.join(map(str, cells))} |")
    lines.append(f"| the same, peak memory | {peer['peak_mib']:.0f} MiB | {rows['peak_mib']:.0f} MiB | | ≤ {AIMS['peak_mib']} MiB |")
    lines.append(f"| 30 events to DL1, wall | {rows['short']['peer']:.2f} s | {rows['short_s']:.3f} s | | ≤ {AIMS['short_s']} s |")
    for what in ("walk", "parse"):
        row = rows[what]
        cells = f"{1e3 * row['peer']:.0f} ms | {1e3 * row['tierline']:.0f} ms | **{row['peer'] / row['tierline']:.1f}**"
        lines.append(f"| {what}, {row['seen']} seen | {cells} | {AIMS[what]} |")
    lines += ["", f"{rows['events_per_s']:.0f} telescope events per second; aim {AIMS['events_per_s']}"]
    lines += ["", f"{report['machine']}; {report['runs']} pairs; load at the start {report['load']:.1f}"]
    return "\n".join(lines)


def checks(rows):
    """The aims that were missed, one sentence each."""
    found = {key: rows[key] for key in ("cpu", "events_per_s")}
    found |= {what: rows[what]["peer"] / rows[what]["tierline"] for what in ("walk", "parse")}
    failures = [f"{key}: {value:.2f}, the aim is {AIMS[key]}" for key, value in found.items() if value < AIMS[key]]
    failures += [f"{key}: {rows[key]:.3f}, the aim is at most {AIMS[key]}" for key in ("peak_mib", "short_s") if rows[key] > AIMS[key]]
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="pairs of processes per row")
    parser.add_argument("--inputs", type=Path, default=TARGET / "bench-dl1", help="where the inputs are, or are made")
    parser.add_argument("--json", type=Path, help="write the report to this file")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("there is at least one run")
    os.environ["TZ"] = "UTC"
    report = {"machine": machine(), "runs": arguments.runs, "load": os.getloadavg()[0]}
    report["rows"] = measure(arguments.inputs.absolute(), arguments.runs)
    print(markdown(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    failures = checks(report["rows"])
    print("\n".join(failures), file=sys.stderr, end="\n" if failures else "")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
