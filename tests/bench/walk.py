"""Where packets begin and end in a DAQ file: one small walker per format, independent of tierline and of the peers.

`walk(path)` gives a `Layout`: everything before `first` is header and configuration, and each `Packet`
is one complete unit behind it. Bytes after the last complete packet are left out.
"""

import plistlib
import struct
from dataclasses import dataclass, field
from pathlib import Path

FCIO_PROTOCOL = -1000000001
FCIO_CONFIG = 1
FCIO_EVENTS = {3, 6, 7}
FCIO_FSP = {8, 9, 10}


@dataclass(frozen=True)
class Packet:
    """One complete packet."""

    offset: int
    size: int
    packet_id: int
    name: str
    is_event: bool

    @property
    def end(self):
        """Offset of the first byte after it."""
        return self.offset + self.size


@dataclass
class Layout:
    """A file's packets and the length of what comes before them."""

    first: int
    packets: list
    # Offsets at which a cut cannot be told from a record that its writer left short.
    ambiguous: set = field(default_factory=set)
    # Bytes a reader must have before it can tell what the file is.
    header: int = 0


def walk(path):
    """The layout of a file; the format follows from its first bytes, as the extension may mislead."""
    data = Path(path).read_bytes()
    if data[:4] == struct.pack("<i", FCIO_PROTOCOL):
        return _fcio(data)
    if data[:4] == b"LArI":
        return _llama(data)
    if data[1] == 0xCA:
        return _compass(data)
    return _orca(data)


def _fcio(data):
    """A record is a tag frame with the data frames up to the next tag; FSP records belong to the record after them."""
    tags, ambiguous, pos = [], set(), 0
    while pos + 4 <= len(data):
        (head,) = struct.unpack_from("<i", data, pos)
        size = 64 if head == FCIO_PROTOCOL else max(head, 0)
        if pos + 4 + size > len(data):
            tags.pop()
            break
        if head < 0:
            tags.append([head, pos, pos])
        pos += 4 + size
        tags[-1][2] = pos
        ambiguous.add(pos)
    packets, first, start, packet_id = [], 0, None, 0
    for head, begin, end in tags:
        start = begin if start is None else start
        if head == FCIO_PROTOCOL or -head in FCIO_FSP:
            continue
        if -head == FCIO_CONFIG:
            first = end
        else:
            packet_id += 1
            packets.append(Packet(start, end - start, packet_id, str(-head), -head in FCIO_EVENTS))
        start = None
    return Layout(first, packets, ambiguous - {p.end for p in packets}, first)


def _orca(data):
    """Words of 32 bits; the data ids are named in the property list at the front."""
    names, packets, pos, first, index = {}, [], 0, 0, 0
    while pos + 8 <= len(data):
        word, second = struct.unpack_from("<2I", data, pos)
        if word >> 31:
            words, data_id = 1, word & 0xFC000000
        else:
            words, data_id = word & 0x3FFFF or second, word & 0xFFFC0000
        if pos + 4 * words > len(data):
            break
        name = names.get(data_id, "")
        if index == 0:
            header = plistlib.loads(data[8 : 8 + second])
            for model in header["dataDescription"].values():
                names |= {entry["dataId"] & 0xFFFFFFFF: entry["decoder"] for entry in model.values()}
            first = 4 * words
        else:
            is_event = any(part in name for part in ("Waveform", "Event", "Energy"))
            packets.append(Packet(pos, 4 * words, index, name, is_event))
        pos += 4 * words
        index += 1
    return Layout(first, packets, header=first)


def _llama(data):
    """A table of channels, then events of a fixed length per channel."""
    (channels,) = struct.unpack_from("<I", data, 12)
    words = {}
    for i in range(channels):
        fadc, channel = struct.unpack_from("<2I", data, 16 + 88 * i)
        (words[fadc << 4 | channel],) = struct.unpack_from("<I", data, 16 + 88 * i + 64)
    first = pos = 16 + 88 * channels
    packets = []
    while pos + 4 <= len(data):
        (word,) = struct.unpack_from("<I", data, pos)
        size = 4 * words[word >> 4 & 0xFFF]
        if pos + size > len(data):
            break
        packets.append(Packet(pos, size, len(packets) + 1, "event", True))
        pos += size
    return Layout(first, packets, header=first)


def _compass(data):
    """The file header says which energies each event carries before its number of samples."""
    (flags,) = struct.unpack_from("<H", data)
    head = 21 + 2 * (flags & 1) + 8 * (flags >> 1 & 1) + 2 * (flags >> 2 & 1)
    pos, packets = 2, []
    while pos + head <= len(data):
        (samples,) = struct.unpack_from("<I", data, pos + head - 4)
        size = head + 2 * samples
        if pos + size > len(data):
            break
        packets.append(Packet(pos, size, len(packets) + 1, "event", True))
        pos += size
    return Layout(2, packets, header=2)
