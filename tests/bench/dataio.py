#!/usr/bin/env python3
"""Beamline files: tierline beside silx, fabio, and h5py with numpy, on the same inputs, in turn.

    dataio.py [--runs N] [--inputs DIR] [--json FILE] [--only NAME...]

Reading is timed inside the processes, after imports: the fastest of 9 calls in a process, and of all processes. Commands are
timed as a whole, start-up included: the ratio is the median of those of the pairs, of processor time or of wall time. Of each,
the aim is the least ratio; exit status 1 where one is missed or a command fails.

Inputs are made once (dataio_inputs.py) from the real files of $TIERLINE_DATA (default ../shared), into target/bench-dataio
if no place is given; they take 0.6 GB. The peers come from virtual environments of their own (tests/interop/venv.sh), tierline
from $TIERLINE or target/release/tierline, which must be there. Needs nothing but the standard library.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench import ROOT, TARGET, machine, tierline
from make_inputs import data_directory
from measure import run

ROUNDS = 9
LS_S = 0.2
PATTERN = "ser_%04d.edf"

# Opens a file and decodes all its frames, some times over.
FABIO_READS = """
import json, sys, time
import fabio
name, rounds = sys.argv[1], int(sys.argv[2])
best = float("inf")
for _ in range(rounds):
    start = time.perf_counter()
    size = 0
    with fabio.open(name) as image:
        for index in range(image.nframes):
            size += (image.get_frame(index) if image.nframes > 1 else image).data.nbytes
    best = min(best, time.perf_counter() - start)
print(json.dumps({"seconds": best, "bytes": size}))
"""

# Flat-field correction with a flat field between two, as beamline users write it.
NUMPY_CORRECTS = """
import sys
import h5py, numpy
with h5py.File(sys.argv[1], "r") as source, h5py.File(sys.argv[2], "w") as target:
    dark = source["dark/0000"][()].astype("f4")
    first, second = (source[f"flatfield/{name}"][()].astype("f4") for name in ("0000", "0500"))
    for name, image in source["data"].items():
        at = numpy.float64(min(max(int(name) / 500, 0), 1))
        flat = (first * (1 - at) + second * at).astype("f4")
        target[name] = (image[()].astype("f4") - dark) / (flat - dark)
"""


@dataclass(frozen=True)
class Reading:
    """A file read inside a process."""

    name: str
    file: str
    aim: float


@dataclass(frozen=True)
class Command:
    """Two commands; `peer` and `own` make them of the environments, the inputs and the folder of the output."""

    name: str
    aim: float | None
    what: str
    peer: callable
    own: callable


READINGS = [
    Reading("edf", "one.edf", 1),
    Reading("edf32", "big32.edf", 1),
    Reading("edf.gz", "one.edf.gz", 2),
    Reading("cbf-sparse", "pil6m.cbf", 2),
    Reading("cbf-dense", "dense.cbf", 2),
]


def silx_convert(peer, *arguments):
    return lambda venvs, inputs, out: [
        venvs(peer) / "bin" / "silx", "convert", *(str(a).format(inputs=inputs) for a in arguments),
        "-o", out / "peer.h5", "-m", "w",
    ]  # fmt: skip


def tierline_convert(*arguments):
    return lambda venvs, inputs, out: [
        tierline(), "convert", *(str(a).format(inputs=inputs) for a in arguments), "-o", out / "own.h5", "-m", "w", "--quiet",
    ]  # fmt: skip


def flat_field(venvs, inputs, out):
    stack = inputs / "stack.h5"
    flats = [f"{stack}::/flatfield/{name}" for name in ("0000", "0500")]
    raw = [f"{stack}::/data", "--dark", f"{stack}::/dark/0000", "--flat", *flats]
    return [tierline(), "flatfield", *raw, "--output", out / "own.h5", "-w", "--quiet"]


SERIES = ["--file-pattern", f"{{inputs}}/{PATTERN}"]
GZIP = ["--compression", "gzip", "--chunks"]
COMMANDS = [
    Command("spec", 10, "cpu", silx_convert("silx", "{inputs}/big.spec"), tierline_convert("{inputs}/big.spec")),
    Command(
        "spec-gzip",
        None,
        "cpu",
        silx_convert("silx", "{inputs}/big.spec", *GZIP),
        tierline_convert("{inputs}/big.spec", *GZIP),
    ),
    Command(
        "flatfield",
        3,
        "cpu",
        lambda venvs, inputs, out: [
            venvs("silx") / "bin" / "python", "-W", "ignore", "-c", NUMPY_CORRECTS, inputs / "stack.h5", out / "peer.h5",
        ],
        flat_field,
    ),
    Command(
        "spreadsheet",
        100,
        "cpu",
        lambda venvs, inputs, out: [
            venvs("silx") / "bin" / "python", "-c", FABIO_READS, inputs / "example.spr", 1,
        ],
        lambda venvs, inputs, out: [reader(), inputs / "example.spr", 1],
    ),
    Command("series", None, "wall", silx_convert("silx2", *SERIES), tierline_convert(*SERIES)),
    Command("series-gzip", 3, "wall", silx_convert("silx2", *SERIES, *GZIP), tierline_convert(*SERIES, *GZIP)),
]  # fmt: skip


def reader():
    """The example that reads images."""
    return TARGET / "release" / "examples" / "time_read"


def environment(peer, known={}):
    """The virtual environment of a peer, made where it is missing."""
    if peer not in known:
        script = ROOT / "tests" / "interop" / "venv.sh"
        known[peer] = Path(subprocess.run([script, peer], check=True, capture_output=True, text=True).stdout.strip())
    return known[peer]


def once(command):
    """One run of a command that must end well."""
    result = run(command)
    if result["status"]:
        sys.exit(f"dataio: exit status {result['status']} of {' '.join(map(str, command))[:300]}\n{result['stderr']}")
    del result["stderr"], result["status"]
    return result


def output(command):
    """What a command prints, as JSON."""
    return json.loads(subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout)


def read(case, inputs, runs):
    """Processes of either kind in turn; the fastest call of each."""
    file = inputs / case.file
    calls = {
        "peer": [environment("silx") / "bin" / "python", "-c", FABIO_READS, file, ROUNDS],
        "tierline": [reader(), file, ROUNDS],
    }
    seconds = {who: [] for who in calls}
    sizes = set()
    for _ in range(runs):
        for who, command in calls.items():
            result = output(command)
            seconds[who].append(result["seconds"])
            sizes.add(result["bytes"])
    if len(sizes) != 1:
        sys.exit(f"dataio: {case.file} has pixels of {sorted(sizes)} bytes")
    peer, own = (min(seconds[who]) for who in calls)
    return {
        "name": case.name, "aim": case.aim, "what": "best call", "peer_s": peer, "tierline_s": own, "ratio": peer / own,
        "mb_s": sizes.pop() / 1e6 / own, "runs": seconds,
    }  # fmt: skip


def compare(case, inputs, runs):
    """Commands in turn, after one of each to warm the caches."""
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as scratch:
        results = {"peer": [], "tierline": []}
        for i in range(runs + 1):
            for who, make in (("peer", case.peer), ("tierline", case.own)):
                result = once(make(environment, inputs, Path(scratch)))
                if i:
                    results[who].append(result)
    key = f"{case.what}_s"
    pairs = list(zip(results["peer"], results["tierline"], strict=True))
    ratios = {k: statistics.median(p[k] / max(o[k], 1e-3) for p, o in pairs) for k in ("cpu_s", "wall_s")}
    peak = {who: max(r["peak_mib"] for r in results[who]) for who in results}
    return {
        "name": case.name, "aim": case.aim, "what": case.what, "ratio": ratios[key],
        "peer_s": statistics.median(r[key] for r in results["peer"]),
        "tierline_s": statistics.median(r[key] for r in results["tierline"]),
        "cpu_ratio": ratios["cpu_s"], "wall_ratio": ratios["wall_s"],
        "peer_mib": peak["peer"], "tierline_mib": peak["tierline"], "runs": results,
    }  # fmt: skip


def listing(inputs, runs):
    """How long `tierline ls` takes for a file of 10^4 objects."""
    command = [tierline(), "ls", inputs / "objects.h5"]
    wall = [once(command)["wall_s"] for _ in range(3 * runs)]
    return {"wall_s": statistics.median(wall), "fastest_s": min(wall)}


def markdown(report):
    """The table of a report."""
    lines = [
        "| work | measured | peer ms | tierline ms | ratio | aim | MB/s | peer MiB | tierline MiB |",
        "|--|--|" + "--:|" * 7,
    ]
    for row in report["rows"]:
        cells = [row["name"], row["what"], f"{1e3 * row['peer_s']:.1f}", f"{1e3 * row['tierline_s']:.1f}"]
        cells += [f"**{row['ratio']:.1f}**", "" if row["aim"] is None else f"{row['aim']:g}"]
        cells.append(f"{row['mb_s']:.0f}" if "mb_s" in row else "")
        cells += [f"{row[key]:.0f}" if key in row else "" for key in ("peer_mib", "tierline_mib")]
        lines.append(f"| {' | '.join(cells)} |")
    if report["ls"]:
        lines += ["", "`tierline ls` of 10^4 objects: {:.0f} ms".format(1e3 * report["ls"]["wall_s"])]
    lines += ["", f"{report['machine']}; {report['runs']} pairs; load at the start {report['load']:.1f}"]
    return "\n".join(lines)


def checks(report):
    """The aims that were missed, one sentence each."""
    failures = [
        f"{row['name']}: {row['ratio']:.2f} times the peer, the aim is {row['aim']:g}"
        for row in report["rows"]
        if row["aim"] is not None and row["ratio"] < row["aim"]
    ]
    if report["ls"] and report["ls"]["fastest_s"] > LS_S:
        failures.append(f"ls takes {1e3 * report['ls']['fastest_s']:.0f} ms, the aim is {1e3 * LS_S:.0f} ms")
    return failures


def prepare(inputs):
    """Builds what reads, and makes the inputs that are missing."""
    build = ["cargo", "build", "--quiet", "--release", "-p", "tierline-dataio", "--example", "time_read"]
    subprocess.run(build, check=True, cwd=ROOT)
    data = data_directory().parent / "dataio"
    script = Path(__file__).with_name("dataio_inputs.py")
    subprocess.run([environment("silx") / "bin" / "python", script, data, inputs], check=True)
    sheet = inputs / "example.spr"
    if not sheet.exists():
        sheet.symlink_to((data / "spr" / sheet.name).resolve())


def main():
    names = [case.name for case in READINGS + COMMANDS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="pairs of processes per row")
    parser.add_argument("--inputs", type=Path, default=TARGET / "bench-dataio", help="where the inputs are, or are made")
    parser.add_argument("--only", nargs="+", choices=[*names, "ls"], default=[*names, "ls"], help="only these rows")
    parser.add_argument("--json", type=Path, help="write the report, every run included, to this file")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("there is at least one run")
    os.environ["TZ"] = "UTC"
    inputs = arguments.inputs.absolute()
    prepare(inputs)
    report = {"machine": machine(), "runs": arguments.runs, "load": os.getloadavg()[0], "rows": []}
    for measure, cases in ((read, READINGS), (compare, COMMANDS)):
        for case in cases:
            if case.name in arguments.only:
                row = measure(case, inputs, arguments.runs)
                print(f"{row['name']}: {row['ratio']:.1f} x", file=sys.stderr)
                report["rows"].append(row)
    report["ls"] = listing(inputs, arguments.runs) if "ls" in arguments.only else None
    print(markdown(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    failures = checks(report)
    print("\n".join(failures), file=sys.stderr, end="\n" if failures else "")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
