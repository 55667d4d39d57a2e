"""Nothing in; an ICC profile of a gray output intent, made here, out (ICC.1:2001-04, version 2 of the format)."""

import math
import struct

# Where half of a page is to be covered, dots grow until ink covers 70% of it; what is left reflects light.
_DOT_GAIN = 0.20
_GAMMA = math.log(0.5 - _DOT_GAIN) / math.log(0.5)
NAME = "Gray, 20% dot gain"
# The profile says when it was made, and it is made anew in each build.
_DATE = (2026, 1, 1, 0, 0, 0)
# The white that all profiles relate to, D50, as X, Y and Z.
_WHITE = (0.9642, 1.0, 0.8249)


def gray_profile() -> bytes:
    """Return a profile of class `prtr` for one black ink on white paper, the same bytes each time."""
    tags = {
        b"desc": _description(NAME),
        b"cprt": b"text\0\0\0\0" + b"No rights reserved.\0",
        b"wtpt": b"XYZ \0\0\0\0" + _xyz(_WHITE),
        # A curve of one entry is a gamma, in 256ths.
        b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH", 1, round(_GAMMA * 256)),
    }
    table = struct.pack(">I", len(tags))
    body = b""
    start = 128 + 4 + 12 * len(tags)
    for signature, content in tags.items():
        table += struct.pack(">4sII", signature, start + len(body), len(content))
        # Each tag begins at a multiple of four.
        body += content + b"\0" * (-len(content) % 4)
    header = struct.pack(
        ">I4sI4s4s4s6H4s4s4s4s4sQI12s4s44x",
        start + len(body),
        b"\0" * 4,
        0x02100000,
        b"prtr",
        b"GRAY",
        b"XYZ ",
        *_DATE,
        b"acsp",
        *(b"\0" * 4,) * 4,
        0,
        1,
        _xyz(_WHITE),
        b"\0" * 4,
    )
    return header + table + body


def _xyz(values: tuple[float, float, float]) -> bytes:
    return struct.pack(">3i", *(round(value * 65536) for value in values))


def _description(text: str) -> bytes:
    """Return the profile's name as ASCII; the versions in Unicode and for the Macintosh are left empty."""
    words = text.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(words)) + words + struct.pack(">IIHB67x", 0, 0, 0, 0)
