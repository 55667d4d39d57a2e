"""An overlap in; the motif's two circles, as SVG in the theme's colors, and in words, out."""

from pipeline.writers._html import Templates


def motif_svg(
    templates: Templates, overlap: float, *, fill: str = "accent-soft", stroke: str = "accent", is_tight: bool = False
) -> bytes:
    """Return the motif as an SVG file; `fill` and `stroke` name colors of the theme, or are colors.

    It is as wide as the circles if `is_tight`, so that they can stand at a margin; else as wide for every overlap.
    """
    tokens = templates.tokens
    radius, line = tokens.motif["radius"], tokens.motif["stroke"]
    width = 2 * radius + (1 - overlap) * 2.3 * radius if is_tight else 4.3 * radius
    return templates.page(
        "shared/motif.svg.j2",
        overlap=overlap,
        width=f"{width + 2 * line:g}",
        height=f"{2 * radius + 2 * line:g}",
        fill=tokens.color.get(fill, fill),
        stroke=tokens.color.get(stroke, stroke),
        is_tight=is_tight,
    ).encode()


def motif_words(overlap: float) -> str:
    """Return what the motif shows, for an alternative text."""
    # The template stands the centers this many radii apart; at two they touch.
    distance = (1 - overlap) * 2.3
    shared = 1 - distance / 2
    if shared < 0:
        return "Two circles, apart"
    for limit, words in (
        (0.12, "Two circles that just meet"),
        (0.38, "Two circles that overlap by a quarter"),
        (0.63, "Two circles that overlap by half"),
        (0.88, "Two circles that overlap by three quarters"),
        (0.99, "Two circles that are almost one"),
    ):
        if shared <= limit:
            return words
    return "Two circles that are one"
