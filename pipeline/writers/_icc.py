"""Tags in; ICC profiles of printing out, those of gray and of four inks among them (ICC.1:2001-04, version 2).

Gray is a curve, and made here. Four inks are tables of a model that takes a while: `scripts/cmyk_profiles.py` makes
these, and they are files beside this one.
"""

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

# Where half of a page is to be covered, dots grow until ink covers 70% of it; what is left reflects light.
_DOT_GAIN = 0.20
_GAMMA = math.log(0.5 - _DOT_GAIN) / math.log(0.5)
NAME = "Gray, 20% dot gain"
# The profile says when it was made, and it is made anew in each build.
_DATE = (2026, 1, 1, 0, 0, 0)
# The white that all profiles relate to, D50, as X, Y and Z.
WHITE = (0.9642, 1.0, 0.8249)
CMYK_FOLDER = Path(__file__).parent / "inks"

Paper = Literal["coated", "uncoated"]


def gray_profile() -> bytes:
    """Return a profile of class `prtr` for one black ink on white paper, the same bytes each time."""
    # A curve of one entry is a gamma, in 256ths.
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(_GAMMA * 256))
    return printer_profile(NAME, b"GRAY", b"XYZ ", WHITE, {b"kTRC": curve})


def cmyk_profile(paper: Paper) -> bytes:
    """Return a profile of class `prtr` for four inks on a kind of paper."""
    return (CMYK_FOLDER / f"{paper}.icc").read_bytes()


def printer_profile(
    name: str, space: bytes, connection: bytes, white: tuple[float, float, float], tags: Mapping[bytes, bytes]
) -> bytes:
    """Return a profile of class `prtr` for colors of a space, in four letters, with the connection space beside it.

    `white` is the paper's as X, Y and Z. Tags whose content is the same share it.
    """
    own = {
        b"desc": _description(name),
        b"cprt": b"text\0\0\0\0" + b"No rights reserved.\0",
        b"wtpt": b"XYZ \0\0\0\0" + _xyz(white),
        **tags,
    }
    table = struct.pack(">I", len(own))
    body = b""
    start = 128 + 4 + 12 * len(own)
    places: dict[bytes, int] = {}
    for signature, content in own.items():
        if content not in places:
            places[content] = start + len(body)
            # Each tag begins at a multiple of four.
            body += content + b"\0" * (-len(content) % 4)
        table += struct.pack(">4sII", signature, places[content], len(content))
    header = struct.pack(
        ">I4sI4s4s4s6H4s4s4s4s4sQI12s4s44x",
        start + len(body),
        b"\0" * 4,
        0x02100000,
        b"prtr",
        space,
        connection,
        *_DATE,
        b"acsp",
        *(b"\0" * 4,) * 4,
        0,
        1,
        _xyz(WHITE),
        b"\0" * 4,
    )
    return header + table + body


def _xyz(values: tuple[float, float, float]) -> bytes:
    return struct.pack(">3i", *(round(value * 65536) for value in values))


def _description(text: str) -> bytes:
    """Return the profile's name as ASCII; the versions in Unicode and for the Macintosh are left empty."""
    words = text.encode("ascii") + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(words)) + words + struct.pack(">IIHB67x", 0, 0, 0, 0)
