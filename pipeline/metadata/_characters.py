"""A text in; what no format can show of it, out."""

import re

# Control characters are not XML, U+2028 and its kin are lines to YAML and none to an editor, and what a private-use
# character means depends on the font.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ue000-\uf8ff\ufffe\uffff]")
_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_BREAKS = "\x0b\x0c\r\x85\u2028\u2029"


def unprintable(text: str) -> tuple[int, str] | None:
    """Return where the first character stands that no format can show, and what it is; None if there is none."""
    for bad, what in ((_UNPRINTABLE, "a control character"), (_BIDI_CONTROL, "an invisible direction control")):
        if match := bad.search(text):
            shown = "a line break that editors don't show" if match[0] in _LINE_BREAKS else what
            return match.start(), f"{shown}, U+{ord(match[0]):04X}"
    return None
