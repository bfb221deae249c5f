#!/usr/bin/env python3
"""Whole-command timings of tierline beside legend-daq2lh5, alternating, on the same inputs.

    bench.py [--runs N] [--inputs DIR] [--json FILE] [--only NAME...]      the tables
    bench.py --truncate [--offsets N]                                       cut files, see truncate.py

After the pairs of an input, tierline's share of processor time in the filters (shuffle and deflate), and the limit: the
chunks of its output through libdeflate alone on as many cores, seconds against seconds of the whole run in turn. Then the
pairs with radware's and ULEB's code, for FCIO and ORCA.

Takes the binary from $TIERLINE or target/release/tierline, the recordings from $TIERLINE_DATA (default
../shared), and the peer from a virtual environment of its own under target/venv. Needs nothing but the
standard library. The ratio of a row is the median of the ratios of the pairs. Exit status 1 when a command
fails or tierline takes more than 64 MiB.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import make_inputs
from measure import run

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
MEMORY_MIB = 64
START_S = 0.020


def tierline():
    """The binary under test."""
    return os.environ.get("TIERLINE", str(TARGET / "release" / "tierline"))


def peer_environment():
    """The peer's virtual environment."""
    script = ROOT / "tests" / "interop" / "venv.sh"
    return Path(subprocess.run([script, "legend-daq2lh5"], check=True, capture_output=True, text=True).stdout.strip())


def commands(venv, name, source, out):
    """The two calls to compare."""
    kind = ["-t", "LlamaDaq"] if name.startswith("llama") else []
    return {
        "peer": [venv / "bin" / "legend-daq2lh5", "-w", *kind, "-o", out / "peer.lh5", source],
        "tierline": [tierline(), "raw", "-w", *kind, "-o", out / "tierline.lh5", source],
    }


def once(command, out):
    """One run; the output's size goes with it."""
    result = run(command)
    text = result.pop("stderr")
    if result["status"]:
        sys.exit(f"bench: exit status {result['status']} of {' '.join(map(str, command))}\n{text}")
    result["out_mb"] = out.stat().st_size / 1e6
    return result


def pair(venv, name, source, runs):
    """Alternating runs of both commands on one input, after one of each to warm the caches."""
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as scratch:
        calls = commands(venv, name, source, Path(scratch))
        results = {who: [] for who in calls}
        for i in range(runs + 1):
            for who, command in calls.items():
                result = once(command, Path(scratch) / f"{who}.lh5")
                if i:
                    results[who].append(result)
        return results


def limit(name, source, runs):
    """Share of the filters in the processor time, and the whole run against libdeflate alone, in turn."""
    example = TARGET / "release" / "examples" / "deflate_limit"
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as scratch:
        out, report = Path(scratch) / "out.lh5", Path(scratch) / "report.json"
        kind = ["-t", "LlamaDaq"] if name.startswith("llama") else []
        command = [tierline(), "raw", "-w", *kind, "-o", out, source]
        shares, ratios = [], []
        for _ in range(runs):
            plain = once(command, out)
            alone = subprocess.run([example, out, str(cores), "3"], check=True, capture_output=True, text=True)
            ratios.append(json.loads(alone.stdout)["seconds"] / plain["wall_s"])
            told = once([*command, "--report", report], out)
            shares.append(json.loads(report.read_text())["work"]["filter_seconds"] / told["cpu_s"])
        return {"filter_share": statistics.median(shares), "of_limit": statistics.median(ratios), "limit_runs": ratios}


# Tables of waveforms by input.
DECODERS = {
    "spms": "FCEventDecoder",
    "p06": "FCEventDecoder",
    "geds": "ORFlashCamADCWaveformDecoder",
}
CODECS = {"radware": "RadwareSigcompress(codec_shift=-32768)", "uleb": "ULEB128ZigZagDiff()"}


def with_codec(venv, name, source, codec, runs):
    """Pairs with a waveform codec on both sides."""
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as scratch:
        scratch = Path(scratch)
        steps = {"compression": {"waveform/values": CODECS[codec]}}
        table = {"key_list": ["*"], "out_stream": "{out}", "proc_spec": steps}
        spec = scratch / "spec.json"
        spec.write_text(json.dumps({DECODERS[name]: {"waveforms": table}}))
        results = {"peer": [], "tierline": []}
        for i in range(runs + 1):
            for who, call in (("peer", [venv / "bin" / "legend-daq2lh5"]), ("tierline", [tierline(), "raw"])):
                out = scratch / f"{who}.lh5"
                result = once([*call, "-w", "-k", json.dumps({"out": str(out)}), "-o", spec, source], out)
                if i:
                    results[who].append(result)
        return summary(f"{name}, {codec}", source, results)


def summary(name, source, results):
    """Medians of both sides and the median of the ratios pair by pair."""
    row = {"input": name, "mb": source.stat().st_size / 1e6}
    for who, runs in results.items():
        row[who] = {key: statistics.median(r[key] for r in runs) for key in runs[0] if key != "status"}
        row[who]["mb_s"] = row["mb"] / row[who]["wall_s"]
        row[who]["peak_mib"] = max(r["peak_mib"] for r in runs)
    for key in ("wall_s", "cpu_s"):
        pairs = zip(results["peer"], results["tierline"], strict=True)
        ratios = [peer[key] / max(own[key], 1e-4) for peer, own in pairs]
        row[f"{key[:-2]}_ratio"] = statistics.median(ratios)
        row[f"{key[:-2]}_ratio_range"] = [min(ratios), max(ratios)]
    row["size_ratio"] = row["tierline"]["out_mb"] / row["peer"]["out_mb"]
    row["runs"] = results
    return row


def start_up(runs):
    """How long the binary takes to do next to nothing, and to convert a small file."""
    small = make_inputs.data_directory() / make_inputs.INPUTS["compass"]
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as scratch:
        out = Path(scratch) / "out.lh5"
        calls = {
            "tierline --version": [tierline(), "--version"],
            f"tierline raw, {small.stat().st_size / 1e6:.1f} MB": [tierline(), "raw", "-w", "-o", out, small],
            "copying and syncing that output": ["dd", f"if={out}", f"of={out}.copy", "bs=1M", "conv=fsync"],
        }
        rows = []
        for name, command in calls.items():
            results = [run(command) for _ in range(3 * runs)]
            failed = [r["stderr"] for r in results if r["status"]]
            if failed:
                sys.exit(f"bench: {name} failed\n{failed[0]}")
            wall = [r["wall_s"] for r in results]
            rows.append({"command": name, "wall_s": statistics.median(wall), "fastest_s": min(wall)})
        return rows


def markdown(report):
    """The tables of a report."""
    lines = [
        "| input | MB | peer s | tierline s | wall ratio (range) | peer cpu s | tierline cpu s | cpu ratio "
        "| tierline MB/s | peer MiB | tierline MiB | peer out MB | tierline out MB | filters, % of cpu | % of the limit |",
        "|--|" + "--:|" * 14,
    ]
    for row in report["inputs"] + report["codecs"]:
        peer, own = row["peer"], row["tierline"]
        low, high = row["wall_ratio_range"]
        lines.append(
            f"| {row['input']} | {row['mb']:.1f} | {peer['wall_s']:.2f} | {own['wall_s']:.3f} "
            f"| **{row['wall_ratio']:.1f}** ({low:.1f}-{high:.1f}) | {peer['cpu_s']:.2f} | {own['cpu_s']:.3f} "
            f"| {row['cpu_ratio']:.1f} | {own['mb_s']:.0f} | {peer['peak_mib']:.0f} | {own['peak_mib']:.0f} "
            f"| {peer['out_mb']:.1f} | {own['out_mb']:.1f} "
            + (f"| {100 * row['filter_share']:.0f} | {100 * row['of_limit']:.0f} |" if "of_limit" in row else "| | |")
        )
    mean = statistics.geometric_mean(row["wall_ratio"] for row in report["inputs"])
    lines += ["", f"Geometric mean of the wall ratios with default compression: {mean:.1f}"]
    lines += ["", "| start-up | median ms | fastest ms |", "|--|--:|--:|"]
    for row in report["start_up"]:
        lines.append(f"| {row['command']} | {1e3 * row['wall_s']:.1f} | {1e3 * row['fastest_s']:.1f} |")
    pairs = f"{report['runs']} pairs per input, alternating"
    lines += ["", f"{report['machine']}; {pairs}; load at the start {report['load']:.1f}"]
    return "\n".join(lines)


def checks(report):
    """What a report must hold; one sentence per failure."""
    failures = [
        f"{row['input']}: peak of {row['tierline']['peak_mib']:.0f} MiB is above {MEMORY_MIB} MiB"
        for row in report["inputs"]
        if row["tierline"]["peak_mib"] > MEMORY_MIB
    ]
    start = report["start_up"][0]
    if start["fastest_s"] > START_S:
        failures.append(f"start-up takes {1e3 * start['fastest_s']:.1f} ms, above {1e3 * START_S:.0f} ms")
    return failures


def machine():
    """Processor and cores, as far as the system tells."""
    try:
        names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0] if names else platform.machine()}, {len(os.sched_getaffinity(0))} cores"


def bench(arguments):
    """Runs everything and returns the report."""
    venv = peer_environment()
    build = ["cargo", "build", "--quiet", "--release", "-p", "tierline-h5", "--example", "deflate_limit"]
    subprocess.run(build, check=True, cwd=ROOT)
    for name, file in make_inputs.INPUTS.items():
        target = arguments.inputs / f"{name}-{file}"
        if not target.exists():
            arguments.inputs.mkdir(parents=True, exist_ok=True)
            make_inputs.make(make_inputs.data_directory() / file, target)
    report = {"machine": machine(), "runs": arguments.runs, "load": os.getloadavg()[0], "inputs": []}
    for name, file in make_inputs.INPUTS.items():
        if arguments.only and name not in arguments.only:
            continue
        source = arguments.inputs / f"{name}-{file}"
        row = summary(name, source, pair(venv, name, source, arguments.runs))
        row |= limit(name, source, arguments.runs)
        print(f"{name}: {row['wall_ratio']:.1f} x", file=sys.stderr)
        report["inputs"].append(row)
    report["codecs"] = [
        with_codec(venv, name, arguments.inputs / f"{name}-{make_inputs.INPUTS[name]}", codec, arguments.runs)
        for name in DECODERS
        if not arguments.only or name in arguments.only
        for codec in CODECS
    ]
    report["start_up"] = start_up(arguments.runs)
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="pairs per input")
    parser.add_argument("--inputs", type=Path, default=TARGET / "bench", help="where the inputs are, or are made")
    parser.add_argument("--only", nargs="+", choices=make_inputs.INPUTS, help="only these inputs")
    parser.add_argument("--json", type=Path, help="write the report, every run included, to this file")
    parser.add_argument("--truncate", action="store_true", help="convert cut files instead, and check the rows")
    parser.add_argument("--offsets", type=int, default=200, help="cuts per recording, with --truncate")
    arguments = parser.parse_args()
    os.environ["TZ"] = "UTC"
    os.environ["TIERLINE"] = tierline()
    if arguments.truncate:
        script = Path(__file__).with_name("truncate.py")
        python = peer_environment() / "bin" / "python"
        sys.exit(subprocess.run([python, script, "--offsets", str(arguments.offsets)]).returncode)
    report = bench(arguments)
    print(markdown(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")
    failures = checks(report)
    print("\n".join(failures), file=sys.stderr, end="\n" if failures else "")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
