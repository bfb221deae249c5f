#!/usr/bin/env python3
"""Converts every DAQ input with tierline and holds the output against the peers: check.py WORKDIR

WORKDIR/emitted holds the emitted examples. For the recordings in $TIERLINE_DATA: the golden digests with and
without descriptions, FCIO configuration, ORCA header, and packet index. For the emitted examples: what
legend-daq2lh5 makes of the same file, column by column, see differences.py. All outputs are read back with lh5
and h5py. One line per file; exit status 1 when anything differs.
"""

import argparse
import gzip
import importlib.util
import json
import os
import plistlib
import struct
import subprocess
import sys
from pathlib import Path

import differences
import h5py
import numpy as np
import read_all

sys.path.append(str(Path(__file__).resolve().parents[1] / "bench"))
import walk  # noqa: E402  # the bench's packet walkers

IGNORE = "^/FCConfig"
IGNORE_DATA = "n_link_errors|energy_calibrated|encoded_data/flattened_data|^/(Orca)?[Hh]eader$|^/OrcaHeader$"

RECORDINGS = {
    "L200-comm-20211130-phy-spms.fcio": "fcio_spms_default",
    "l200-p06-r007-cal-20230725T202227Z.fcio": "fcio_p06_default",
    "synth_mixed12.fcio": "synth_mixed12_default",
    "synth_percard12.fcio": "synth_percard12_default",
    "synth_camera12.fcio": "synth_camera12_default",
    "L200-comm-20220519-phy-geds.orca": "orca_geds_default",
    "l200-p13-r007-aph-20250101T003931Z.orca": "orca_p13_default",
    "synth_sis3302.orca": "synth_sis3302_default",
    "compass_test_data.BIN": "compass_default",
    "20241218-150158-pulser.bin": "llama_default",
}
# Three bytes too many at the end.
GARBAGE = {"l200-p06-r007-cal-20230725T202227Z.fcio"}


class Failure(Exception):
    """A command did not do what it should."""


def stream_type(path):
    """llamaDAQ files must be named as such, their extension is CoMPASS's."""
    return ["-t", "LlamaDaq"] if path.read_bytes()[:4] == b"LArI" else []


def convert(source, out, *options):
    """tierline raw; returns its exit status: 3 where the file holds garbage, else 0."""
    command = [os.environ["TIERLINE"], "raw", "-w", *stream_type(source), *options, "-o", out, source]
    done = subprocess.run(command, capture_output=True, text=True)
    expected = 3 if source.name in GARBAGE else 0
    if done.returncode != expected:
        raise Failure(f"exit status {done.returncode} of tierline raw: {done.stderr.strip()[-400:]}")
    return done.returncode


def convert_peer(source, out):
    """legend-daq2lh5 on the same file."""
    peer = Path(sys.executable).with_name("legend-daq2lh5")
    command = [peer, "-w", *stream_type(source), "-o", out, source]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"exit status {done.returncode} of the peer: {done.stderr.strip()[-400:]}")


def golden_digest(digest, golden, out):
    """The compare call of the golden results, with and without descriptions."""
    want = digest.load(str(golden))
    have = digest.digest(str(out))
    for attrs in (False, True):
        options = argparse.Namespace(
            ignore=IGNORE, ignore_data=IGNORE_DATA, rtol=0.0, attrs=attrs, storage=False, allow_extra=True
        )
        found, _ = digest.compare(want, have, options)
        yield from found
        if found:
            return


def fcio_config(out, want):
    """Our /FCConfig against the true configuration."""
    with h5py.File(out, "r") as file:
        for key, value in want.items():
            item = file.get(f"FCConfig/{key}")
            if not isinstance(item, h5py.Dataset):
                yield f"/FCConfig/{key} is not a dataset"
            elif np.asarray(item[()]).tolist() != value:
                yield f"/FCConfig/{key} is {np.asarray(item[()]).tolist()}, not {value}"


def orca_header(out, source):
    """Our /OrcaHeader against the property list in the file, parsed here."""
    data = source.read_bytes()
    (length,) = struct.unpack_from("<I", data, 4)
    want = plistlib.loads(data[8 : 8 + length])
    with h5py.File(out, "r") as file:
        text = file["OrcaHeader"][()]
    if json.loads(text) != want:
        yield "/OrcaHeader is not the file's property list"


def golden_packets(golden, source):
    """The packet index made by the golden results' own scripts, if there is one."""
    for suffix in ("records.jsonl", "packets.jsonl", "packets.jsonl.gz"):
        path = golden / f"{source.stem}.{suffix}"
        if path.exists():
            opened = gzip.open(path, "rt") if suffix.endswith("gz") else path.open()
            with opened as lines:
                return [json.loads(line) for line in lines]
    return None


def packets(source):
    """tierline info --packets."""
    command = [os.environ["TIERLINE"], "info", "--packets", "--json", source]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise Failure(f"exit status {done.returncode} of tierline info: {done.stderr.strip()[-400:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if line["fate"] != "garbage"]


def packet_index(ours, golden):
    """Offsets, kinds and sizes; the first packet that differs is enough."""
    if len(ours) != len(golden):
        yield f"info lists {len(ours)} packets, not {len(golden)}"
    for have, want in zip(ours, golden, strict=False):
        checks = {"i": want["i"], "off": want["off"]}
        if "words" in want:
            checks |= {"bytes": 4 * want["words"], "kind": want["id"]}
        elif want["tag"] == "protocol":
            checks |= {"name": "protocol", "bytes": 68}
        else:
            size = 4 + sum(4 + field for field in want["fields"])
            checks |= {"kind": want["tag"], "fields": want["fields"], "bytes": size}
        if "decoder" in want and have.get("decoder") not in (want["decoder"], None):
            yield f"packet {want['i']}: decoder {have['decoder']}, not {want['decoder']}"
        wrong = {key: (have.get(key), value) for key, value in checks.items() if have.get(key) != value}
        if wrong:
            yield f"packet {want['i']}: (ours, golden) {wrong}"
            return


def columns(path):
    """Every dataset by its path, with the attributes that carry meaning."""
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            attributes = {key: item.attrs.get(key) for key in ("datatype", "units", "description")}
            found["/" + name] = (item[()], attributes)

    with h5py.File(path, "r") as file:
        file.visititems(visit)
    return found


def beside_peer(source, out, peer_out):
    """Our columns against the peer's; returns (problems, documented differences by column name)."""
    ours, peers = columns(out), columns(peer_out)
    problems, known = [], set()
    for path in sorted(ours.keys() | peers.keys()):
        entry = differences.documented(source.name, path)
        if path not in ours or path not in peers:
            if entry:
                known.add(_short(path))
            elif "garbage" not in path.lower():
                problems.append(f"{path} is {'missing' if path not in ours else 'not in the output of the peer'}")
            continue
        (have, have_attributes), (want, want_attributes) = ours[path], peers[path]
        if np.asarray(have).dtype == np.asarray(want).dtype and read_all.same(have, want):
            if have_attributes != want_attributes and not entry:
                problems.append(f"{path} has attributes {have_attributes}, the peer's {want_attributes}")
        elif entry is None:
            problems.append(f"{path} differs: {_first(have, want)}")
        elif entry.holds and not entry.holds(np.asarray(want), _sibling(ours, path)):
            problems.append(f"{path} differs, and not because {entry.reason}: {_first(have, want)}")
        else:
            known.add(_short(path))
    return problems, sorted(known)


def _short(path):
    """The column's name, or the table's where it differs as a whole."""
    table, column = path.split("/")[1], path.rsplit("/", 1)[1]
    return table if table in ("FCConfig", "FCRecEvent") else column


def _sibling(ours, path):
    return lambda name: ours[f"{path.rsplit('/', 1)[0]}/{name}"][0]


def _first(have, want):
    """The first place where two columns differ."""
    have, want = np.asarray(have), np.asarray(want)
    if have.shape != want.shape or have.dtype != want.dtype:
        return f"{have.dtype}{have.shape}, peer {want.dtype}{want.shape}"
    where = np.flatnonzero(have.reshape(-1) != want.reshape(-1))
    i = int(where[0]) if where.size else 0
    return f"at {i} of {have.size}: {have.reshape(-1)[i]!r}, peer {want.reshape(-1)[i]!r}"


def check_recording(source, golden, digest, work):
    """All checks of one recording; returns (problems, what to say)."""
    out = work / f"{source.name}.lh5"
    status = convert(source, out)
    problems = list(golden_digest(digest, golden / "digest" / f"{RECORDINGS[source.name]}.json", out))
    said = [f"exit {status}", f"{len(problems)} differences"]
    config = json.loads((golden / "fcio_config.json").read_text()).get(source.name)
    if config:
        problems += fcio_config(out, config)
        said.append("configuration")
    if source.suffix == ".orca":
        problems += orca_header(out, source)
        said.append("header")
    index = golden_packets(golden, source)
    if index:
        try:
            problems += packet_index(packets(source), index)
        except Failure as failure:
            problems.append(str(failure))
        said.append(f"{len(index)} packets")
    return problems, said, out


def check_compass_xml(source, golden, digest, work):
    """CoMPASS with its settings file."""
    out = work / "compass_xml.lh5"
    status = convert(source, out, "--compass-config", source.with_name("compass_test_data_settings.xml"))
    problems = list(golden_digest(digest, golden / "digest" / "compass_xml.json", out))
    return problems, [f"exit {status}", f"{len(problems)} differences"], out


def check_emitted(source, work):
    """All checks of one emitted example."""
    out, peer_out = work / f"{source.name}.lh5", work / f"{source.name}.peer.lh5"
    status = convert(source, out)
    convert_peer(source, peer_out)
    problems, known = beside_peer(source, out, peer_out)
    said = [f"exit {status}", f"beside the peer; documented differences: {', '.join(known) or 'none'}"]
    if source.suffix == ".orca":
        problems += orca_header(out, source)
        said.append("header")
    return problems, said, out


def late_copies(emitted):
    """Copies of two examples whose times go beyond 32 bits, by setting the upper half of each."""
    for pattern, word, name in (("*demo.bin", 0, "event"), ("*sis3302.orca", 4, "ORSIS3302DecoderForEnergy")):
        for source in emitted.glob(pattern):
            data = bytearray(source.read_bytes())
            for i, packet in enumerate(walk.walk(source).packets):
                if packet.name == name:
                    struct.pack_into("<H", data, packet.offset + 4 * word + 2, 1 + i // 50)
            source.with_name(source.name.replace("demo", "late-demo")).write_bytes(data)


def report(name, check, *arguments):
    """Runs one check, reads its output back, prints the line of the file; returns whether all was well."""
    try:
        problems, said, out = check(*arguments)
        more, tables, rows = read_all.read_all(out)
        problems += more
        said.append(f"{tables} tables and {rows} rows read back")
    except Exception as error:
        # Whatever stops one file must not hide the others.
        problems, said = [f"{type(error).__name__}: {error}"], ["stopped"]
    print(f"{'FAIL' if problems else 'ok  '} {name}: {', '.join(said)}", flush=True)
    for problem in problems[:12]:
        print(f"       {problem[:300]}")
    return not problems


def load_digest(golden):
    """The digest script that comes with the golden results."""
    spec = importlib.util.spec_from_file_location("lh5_digest", golden / "lh5_digest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    work = Path(sys.argv[1])
    shared = Path(os.environ["TIERLINE_DATA"])
    data, golden = shared / "data" / "daq", shared / "golden" / "daq"
    well = True
    if data.is_dir():
        digest = load_digest(golden)
        for name in RECORDINGS:
            well &= report(name, check_recording, data / name, golden, digest, work)
        arguments = (data / "compass_test_data.BIN", golden, digest, work)
        well &= report("compass_test_data.BIN with settings", check_compass_xml, *arguments)
    else:
        print(f"SKIPPED: the recordings, there are none in {data}", file=sys.stderr)
    late_copies(work / "emitted")
    for source in sorted((work / "emitted").iterdir()):
        well &= report(source.name, check_emitted, source, work)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
