"""Where tierline's output differs from legend-daq2lh5's on purpose, by file and column, and how.

A difference that is not listed here is a failure, and so is a listed one that is not as described.
"""

import re
from dataclasses import dataclass

import numpy as np

LOW_32 = np.uint64(0xFFFF_FFFF)
LLAMA_WRAP_S = 2**32 * 4e-9


@dataclass(frozen=True)
class Difference:
    """One documented difference."""

    # Regular expressions of the input's name and of the column's path.
    file: str
    column: str
    reason: str
    # Given (peer's column, function giving our columns of that table by name): is the difference as described?
    holds: object = None


def is_our(name):
    """The peer's column holds what belongs into another one."""
    return lambda peer, ours: np.array_equal(peer, ours(name))


def low_half(name):
    """The peer loses the upper bits of a 48-bit time."""
    return lambda peer, ours: np.array_equal(peer.astype(np.uint64), ours(name).astype(np.uint64) & LOW_32)


def wrapped_seconds(name):
    """The same of a time in seconds at 250 MHz."""

    def holds(peer, ours):
        turns = (ours(name) - peer) / LLAMA_WRAP_S
        return bool(np.all(np.abs(turns - np.round(turns)) < 1e-6))

    return holds


def _sis3316(column, source, reason="after sum 5 the peer reads every word one position early"):
    return Difference("sis3316", rf"/{column}$", reason, is_our(source))


def _llama(k):
    return Difference("demo.bin$", rf"/cumsum_{k}$", "the peer numbers sums 1-6 one too low", is_our(f"cumsum_{k + 1}"))


DIFFERENCES = [
    Difference(r"\.fcio$", r"^/FCConfig", "uninitialised in the peer"),
    Difference(r"\.fcio$", r"^/FCRecEvent/", "skipped by the peer"),
    Difference(r"fcio", r"/n_link_errors$", "uninitialised in the peer"),
    Difference(r"\.orca$", r"^/OrcaHeader$", "compared as JSON"),
    Difference(r"sis3302|sis3316", r"/timestamp$", "the peer loses bits 32 to 47", low_half("timestamp")),
    Difference("sis3316", r"Waveform.*/(packet_id|energy|energy_first)$", "never filled by the peer"),
    _sis3316("accSum7", "accSum6"),
    _sis3316("accSum8", "accSum7"),
    _sis3316("mawMax", "accSum8"),
    _sis3316("mawBefore", "mawMax"),
    _sis3316("mawAfter", "mawBefore"),
    _sis3316("startEnergy", "mawAfter"),
    _sis3316("maxEnergy", "startEnergy"),
    *[_llama(k) for k in range(1, 7)],
    Difference("demo.bin$", r"/time_since_run_start$", "2**32 ticks lost", wrapped_seconds("time_since_run_start")),
    Difference("demo.bin$", r"/unixtime$", "2**32 ticks lost", wrapped_seconds("unixtime")),
    Difference("compass", r"/energy_calibrated$", "uninitialised in the peer unless recorded"),
]


def documented(file, column):
    """The entry for a column, if there is one."""
    for entry in DIFFERENCES:
        if re.search(entry.file, file) and re.search(entry.column, column):
            return entry
    return None
