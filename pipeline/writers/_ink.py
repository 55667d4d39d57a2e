"""A design in; the same in grays, with hairlines and no fills, for sheets that are printed, out."""

import re

import msgspec

from pipeline.theme import Design

# Colors that are only ever grounds.
_GROUNDS = {"paper", "canvas", "panel", "accent-soft"}


def ink_saving(design: Design) -> Design:
    """Return the design for a printer's black ink: no color, no ground, every stroke as thin as its hairline."""
    theme = design.theme
    light = {name: "#ffffff" if name in _GROUNDS else _gray(color) for name, color in theme.colors.light.items()}
    saving = msgspec.structs.replace(
        theme,
        colors=msgspec.structs.replace(theme.colors, light=light),
        stroke=dict.fromkeys(theme.stroke, theme.stroke["hair"]),
        motif={**theme.motif, "stroke": theme.motif["stroke"] / 3},
    )
    return Design(saving, design.folders)


def _gray(color: str) -> str:
    """Return the gray that is as dark as a color, so that contrasts stay (ITU-R BT.601)."""
    red, green, blue = (int(pair, 16) for pair in re.findall("[0-9a-f]{2}", color))
    level = round(0.299 * red + 0.587 * green + 0.114 * blue)
    return f"#{level:02x}{level:02x}{level:02x}"
