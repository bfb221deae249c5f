#!/usr/bin/env python3
"""How fast one core turns a front end's records into LH5, beside what a pipe and a file allow.

    collect.py [--size GB] [--runs N] [--dir DIR] [--only NAME...]      the table
    collect.py --long GB [--size GB] [--dir DIR] [--only NAME...]       a run of any length, to see its memory

A recording of SIZE (default 1 GB: the events of a real one over and over, as for bench.py; of an emitted one where
there are no recordings) passes the simulated front end once: `tierline replay --records --codec raw`. Then, in turn,

    cat RECORDS | taskset -c 0 tierline collect - --compression none --threads 1 -o OUT -w
    cat RECORDS | taskset -c 0 cat > OUT

MB/s are those of the recording; memory is the peak of collect itself; the ratio is that of a pair. With --long, GB of
the recording come through a pipe (`replay --loop`), in segments of 1 GB that are deleted when they are complete.

Files are in a directory of their own, which goes at the end: below DIR, or else in /dev/shm where it has room, or in
the usual place for temporary files; on a disk its speed is measured too. Binary and recordings as for bench.py;
standard library only. Exit status 1 where a command fails, however fast it is.
"""

import argparse
import contextlib
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import make_inputs
from bench import ROOT, machine, tierline
from measure import run

INPUTS = {"spms": "demo-germanium.fcio", "compass": "demo-compass.BIN"}
GB = 1_000_000_000
# The recording and its records, or records and an output.
ROOM = 2.3
# With --long: two segments, one of them on its way.
SEGMENTS = 2.3 * GB
COLLECT = ["collect", "-", "--compression", "none", "--threads", "1", "-w", "--quiet"]
MAKE_INPUTS = Path(make_inputs.__file__)


def fail(command, status, text):
    """Ends the bench."""
    sys.exit(f"collect: exit status {status} of {' '.join(map(str, command))}\n{text}")


def done(command, **how):
    """One run that must end well."""
    result = run(command, **how)
    if result["status"]:
        fail(command, result["status"], result["stderr"])
    return result


def real(name):
    """A real recording, which may not be there."""
    return make_inputs.data_directory() / make_inputs.INPUTS[name]


def label(name):
    """What an input is called: as in the other tables only where it is the same."""
    return name if real(name).exists() else f"emitted {INPUTS[name]}"


def recording(name, scratch):
    """The recording whose events are repeated: a real one, or an emitted one."""
    if real(name).exists():
        return real(name)
    emit = ["cargo", "run", "--quiet", "--release", "-p", "tierline-firmware-sim", "--example", "emit"]
    subprocess.run([*emit, scratch], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    return scratch / INPUTS[name]


def make(name, size, scratch):
    """Makes the input of so many bytes, in a process of its own: ours stays small."""
    source = recording(name, scratch)
    target = scratch / f"{name}-{source.name}"
    done([sys.executable, MAKE_INPUTS, "--repeat", source, target, "--size", size])
    return target


@contextlib.contextmanager
def pipe_from(command):
    """The end of a pipe that a command writes to. The command must end well, and does after the block."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        try:
            yield child.stdout.fileno()
        except BaseException:
            child.kill()
            raise
        child.stdout.close()
        if child.wait():
            fail(command, child.returncode, "")


def one_core(command):
    """The command on the first processor that this process may use."""
    return ["taskset", "-c", min(os.sched_getaffinity(0)), *command]


def once(who, records, out):
    """One run on the records."""
    with pipe_from(["cat", records]) as pipe:
        if who == "collect":
            result = done(one_core([tierline(), *COLLECT, "-o", out]), stdin=pipe)
        else:
            with out.open("wb") as file:
                result = done(one_core(["cat"]), stdin=pipe, stdout=file.fileno())
    result["out_mb"] = out.stat().st_size / 1e6
    out.unlink()
    return result


def pairs(name, arguments, scratch):
    """Alternating runs on one input; its row of the table."""
    source = make(name, int(arguments.size * GB), scratch)
    size, records = source.stat().st_size, scratch / "records"
    done([tierline(), "replay", source, "--records", "--codec", "raw", "--to", records, "--quiet"])
    source.unlink()
    results = {who: [] for who in ("collect", "cat")}
    for _ in range(arguments.runs):
        for who, runs in results.items():
            runs.append(once(who, records, scratch / f"{who}.lh5"))
    row = {"name": label(name), "size": size, "records": records.stat().st_size, **results}
    records.unlink()
    return row


def spread(values, digits):
    """Least, median, most."""
    return " / ".join(f"{v:.{digits}f}" for v in (min(values), statistics.median(values), max(values)))


def table(rows):
    """What was measured; of each figure the least, the median and the most."""
    lines = [
        "| input | MB | records MB | collect s | MB/s | cat s | MB/s | collect : cat | collect MiB | collect out MB |",
        "|--|" + "--:|" * 9,
    ]
    for row in rows:
        wall = {who: [r["wall_s"] for r in row[who]] for who in ("collect", "cat")}
        cells = [row["name"], f"{row['size'] / 1e6:.0f}", f"{row['records'] / 1e6:.0f}"]
        for seconds in wall.values():
            cells += [spread(seconds, 2), spread([row["size"] / 1e6 / s for s in seconds], 0)]
        cells.append(spread([c / other for c, other in zip(*wall.values(), strict=True)], 2))
        cells.append(f"{max(r['peak_mib'] for r in row['collect']):.0f}")
        cells.append(f"{row['collect'][0]['out_mb']:.0f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


class Segments:
    """Deletes finished segments, and notes the memory of who writes them as they come."""

    def __init__(self, folder):
        self.folder = folder
        self.bytes = 0
        self.peaks = []

    def clear(self):
        """Deletes what is complete; how many files these were."""
        names = sorted(self.folder.glob("*.lh5"))
        for name in names:
            self.bytes += name.stat().st_size
            name.unlink()
        return len(names)

    def look(self, child):
        """Called while the child runs."""
        if found := self.clear():
            status = Path(f"/proc/{child}/status").read_text()
            peak = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
            self.peaks += [int(kb) / 1024 for kb in peak] * found


def long_run(name, arguments, scratch):
    """So many GB through a pipe; one line on it."""
    source = make(name, int(arguments.size * GB), scratch)
    times = math.ceil(arguments.long * GB / source.stat().st_size)
    replay = [tierline(), "replay", source, "--records", "--codec", "raw", "--loop", times, "--to", "-", "--quiet"]
    (scratch / "out").mkdir(exist_ok=True)
    segments = Segments(scratch / "out")
    with pipe_from([str(part) for part in replay]) as pipe:
        command = [tierline(), *COLLECT, "--segment", "1GB", "-o", scratch / "out" / f"{name}.lh5"]
        result = done(command, stdin=pipe, meanwhile=segments.look)
    segments.clear()
    total = times * source.stat().st_size
    source.unlink()
    early = f"{segments.peaks[0]:.0f} MiB after the first segment, " if segments.peaks else ""
    return (
        f"{label(name)}: {total / GB:.1f} GB in {times} sessions, {segments.bytes / GB:.1f} GB of LH5, "
        f"{result['wall_s']:.1f} s, {total / 1e6 / result['wall_s']:.0f} MB/s; "
        f"peak {early}{result['peak_mib']:.0f} MiB at the end"
    )


def scratch_directory(arguments):
    """A place with room for all of it."""
    need = arguments.size * GB * (1 if arguments.long else ROOM) + (SEGMENTS if arguments.long else 0)
    memory, usual = Path("/dev/shm"), Path(tempfile.gettempdir())
    fits = [place for place in (memory, usual) if place.is_dir() and shutil.disk_usage(place).free > need]
    if arguments.dir is None and not fits:
        sys.exit(f"collect: {need / GB:.1f} GB are needed, neither {memory} nor {usual} has them; --dir names a place")
    return tempfile.TemporaryDirectory(prefix="tierline-bench-", dir=arguments.dir or fits[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=float, default=1.0, metavar="GB", help="size of the recording")
    parser.add_argument("--runs", type=int, default=3, help="pairs per input")
    parser.add_argument("--long", type=float, metavar="GB", help="stream so much instead, in segments")
    parser.add_argument("--dir", type=Path, help="where to keep files meanwhile")
    parser.add_argument("--only", nargs="+", choices=INPUTS, default=list(INPUTS), help="only these inputs")
    arguments = parser.parse_args()
    if min(arguments.size, arguments.runs, arguments.long or 1) <= 0:
        parser.error("sizes and runs are above 0")
    if arguments.dir and not arguments.dir.is_dir():
        parser.error(f"{arguments.dir} is no directory")
    with scratch_directory(arguments) as scratch:
        scratch, rows = Path(scratch), []
        load = os.getloadavg()[0]
        for name in arguments.only:
            if arguments.long:
                print(long_run(name, arguments, scratch), flush=True)
            else:
                rows.append(pairs(name, arguments, scratch))
        if rows:
            print(table(rows))
        print(f"\n{machine()}; in {scratch.parent}; load at the start {load:.1f}")


if __name__ == "__main__":
    main()
