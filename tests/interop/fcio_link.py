#!/usr/bin/env python3
"""FCIO over TCP between tierline and FlashCam's own library: fcio_link.py WORKDIR

- The C library in the source of the Python package fcio (from its registry) sends recordings to `tierline raw
  tcp://listen/PORT`: the tables must be those of the file.
- `tierline replay --to tcp://listen/PORT` sends recordings to the Python package: the records must be those of the file.

The Python package itself can only read. Exit status 1 when anything differs, 77 where there is no C compiler.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

import fcio
import h5py
import numpy as np

VERSION = "0.7.10"
RECORDINGS = [
    "L200-comm-20211130-phy-spms.fcio",
    "l200-p06-r007-cal-20230725T202227Z.fcio",
    "synth_percard12.fcio",
    "synth_camera12.fcio",
]
# Three bytes too many at its end; the library drops them.
GARBAGE = "l200-p06-r007-cal-20230725T202227Z.fcio"


def source(work):
    """The package's source, from the registry that pip uses."""
    folder = work / f"fcio-{VERSION}"
    if folder.exists():
        return folder
    pip = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    index = subprocess.run(pip, capture_output=True, text=True).stdout.strip()
    index = os.environ.get("PIP_INDEX_URL") or index or "https://pypi.org/simple"
    page = f"{index.rstrip('/')}/fcio/"
    listing = urllib.request.urlopen(page).read().decode()
    name = f"fcio-{VERSION}.tar.gz"
    links = [link for link, text in re.findall(r'href="([^"]+)"[^>]*>([^<]+)<', listing) if text == name]
    archive = work / name
    archive.write_bytes(urllib.request.urlopen(urljoin(page, links[0])).read())
    with tarfile.open(archive) as packed:
        packed.extractall(work, filter="data")
    return folder


def build(work):
    """The sender."""
    parts = [source(work) / "subprojects" / name / "src" for name in ("fcio", "tmio", "bufio")]
    files = [parts[0] / "fcio.c", parts[0] / "fcio_utils.c", parts[0] / "time_utils.c", parts[1] / "tmio.c"]
    files += [parts[2] / "bufio.c", Path(__file__).with_name("fcio_link.c")]
    program = work / "fcio_link"
    include = [f"-I{part}" for part in parts]
    command = ["cc", "-O1", "-w", "-D_GNU_SOURCE", *include, *files, "-o", program, "-lm"]
    subprocess.run(command, check=True)
    return program


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def tierline(*words):
    return [os.environ["TIERLINE"], *map(str, words)]


def columns(path):
    """Every dataset of a file."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item[()]} if isinstance(item, h5py.Dataset) else {}))
    return found


def received(program, recording, work):
    """What arrives from the library, against the file."""
    port = free_port()
    direct, over = work / "direct.lh5", work / "over.lh5"
    subprocess.run(tierline("raw", "-q", "-w", "-o", direct, recording), check=False)
    raw = subprocess.Popen(tierline("raw", "-q", "-w", "-o", over, f"tcp://listen/{port}"))
    time.sleep(0.5)
    sent = subprocess.run([program, recording, f"tcp://connect/{port}/127.0.0.1"], capture_output=True, text=True)
    status = raw.wait(timeout=60)
    if sent.returncode or status:
        return [f"exit status {status} of tierline, {sent.returncode} of the sender: {sent.stderr.strip()}"]
    want, have = columns(direct), columns(over)
    want = {name: value for name, value in want.items() if not name.startswith("garbage")}
    problems = [f"{name} is only on one side" for name in sorted(want.keys() ^ have.keys())]
    both = sorted(want.keys() & have.keys())
    equal = {name: np.array_equal(want[name], have[name], equal_nan=want[name].dtype.kind == "f") for name in both}
    return problems + [f"{name} differs" for name, same in equal.items() if not same]


def records(name, timeout):
    """Tags, event numbers and sums of samples, as the Python package reads them."""
    found = []
    with fcio.fcio_open(name, timeout=timeout, extended=False) as stream:
        while stream.get_record():
            event = stream.event if stream.tag in (fcio.Tags.Event, fcio.Tags.SparseEvent) else None
            found.append((stream.tag, event and int(event.timestamp[1]), event and int(np.sum(event.trace))))
    return found


def sent(recording):
    """What the Python package receives from us, against the file."""
    port = free_port()
    replay = subprocess.Popen(tierline("replay", "-q", recording, "--to", f"tcp://listen/{port}"))
    time.sleep(0.5)
    have = records(f"tcp://connect/{port}/127.0.0.1", 2000)
    status = replay.wait(timeout=60)
    want = records(str(recording), 0)
    if status or have != want:
        return [f"{len(have)} records of {len(want)} arrived as they are; exit status {status}"]
    return []


def main():
    work = Path(sys.argv[1]) / "fcio"
    work.mkdir(parents=True, exist_ok=True)
    data = Path(os.environ["TIERLINE_DATA"]) / "data/daq"
    if not data.exists():
        print(f"SKIPPED: FCIO over TCP: no recordings in {data}", file=sys.stderr)
        return 0
    if not shutil.which("cc"):
        print("SKIPPED: FCIO over TCP: no C compiler", file=sys.stderr)
        return 77
    program = build(work)
    failed = 0
    for name in RECORDINGS:
        for what, problems in (
            ("from the library", received(program, data / name, work)),
            ("to the package", sent(data / name)),
        ):
            print(f"{name:44}{what:18}{'ok' if not problems else 'DIFFERS'}")
            for problem in problems[:5]:
                print(f"    {problem}")
            failed |= bool(problems)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
