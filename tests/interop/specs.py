#!/usr/bin/env python3
"""Output specifications: what tierline raw writes by them, held against the golden digests: specs.py WORKDIR

With the golden results' own digest script and options: exact, but for columns `bl_*` of linear fits (1e-5), pad words of
radware, and what the peer leaves uninitialised. One line per digest; exit status 1 when anything differs.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

IGNORE = "^/FCConfig"
IGNORE_DATA = "n_link_errors|energy_calibrated|^/(Orca)?[Hh]eader$|^/OrcaHeader$"
ENCODED = "encoded_data/flattened_data"

SPMS = "L200-comm-20211130-phy-spms.fcio"
P06 = "l200-p06-r007-cal-20230725T202227Z.fcio"
GEDS = "L200-comm-20220519-phy-geds.orca"
P13 = "l200-p13-r007-aph-20250101T003931Z.orca"
COMPASS = "compass_test_data.BIN"
XML = "compass_test_data_settings.xml"
LLAMA = "20241218-150158-pulser.bin"

# Digest, input, specification (None: the default output), settings file.
SPECS = [
    ("fcio_spms_perchan", SPMS, "fcio_perchan", None),
    ("fcio_spms_uleb", SPMS, "fcio_uleb", None),
    ("fcio_p06_proc", P06, "fcio_proc", None),
    ("fcio_p06_radware", P06, "fcio_radware", None),
    ("orca_geds_keys", GEDS, "orca_keys", None),
    ("orca_geds_proc", GEDS, "orca_proc", None),
    ("orca_p13_perchan", P13, "orcafcio_perchan", None),
    ("compass_xml", COMPASS, None, XML),
    ("compass_perchan", COMPASS, "compass_perchan", XML),
    ("llama_proc", LLAMA, "llama_proc", None),
]


def load(path):
    spec = importlib.util.spec_from_file_location("lh5_digest", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def convert(data, golden, work, digest, source, spec, settings):
    """tierline raw with a specification; returns the output."""
    out = work / f"{digest}.lh5"
    keywords = {"out": str(out)}
    if settings:
        keywords["compass_config_file"] = str(data / settings)
    target = golden / "specs" / f"{spec}.json" if spec else out
    kind = ["-t", "LlamaDaq"] if source == LLAMA else []
    command = [os.environ["TIERLINE"], "raw", "-w", *kind, data / source, "-o", target, "-k", json.dumps(keywords)]
    done = subprocess.run(command, capture_output=True, text=True)
    # Three bytes too many at the end of one recording.
    if done.returncode != (3 if source == P06 else 0):
        raise SystemExit(f"{digest}: exit status {done.returncode}: {done.stderr.strip()[-400:]}")
    return out


def main():
    work = Path(sys.argv[1]) / "specs"
    work.mkdir(parents=True, exist_ok=True)
    shared = Path(os.environ["TIERLINE_DATA"])
    data, golden = shared / "data/daq", shared / "golden/daq"
    if not golden.exists():
        print(f"SKIPPED: specifications: no golden results in {golden}", file=sys.stderr)
        return 0
    module = load(golden / "lh5_digest.py")
    failed = 0
    for digest, source, spec, settings in SPECS:
        out = convert(data, golden, work, digest, source, spec, settings)
        want = module.load(str(golden / "digest" / f"{digest}.json"))
        have = module.digest(str(out))
        # Encoded bytes: those of ULEB exactly; of radware only what is decoded, as its pad word is undefined.
        data_left_out = IGNORE_DATA if digest == "fcio_spms_uleb" else f"{IGNORE_DATA}|{ENCODED}"
        problems, compared = [], 0
        for left_out, rtol in ((f"{data_left_out}|bl_", 0.0), (data_left_out, 1e-5)):
            options = argparse.Namespace(
                ignore=IGNORE, ignore_data=left_out, rtol=rtol, attrs=False, storage=False, allow_extra=True
            )
            found, compared = module.compare(want, have, options)
            problems += found
        print(f"{digest:24}{compared:6} entries  {'ok' if not problems else 'DIFFERS'}")
        for problem in problems[:10]:
            print(f"    {problem}")
        failed |= bool(problems)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
