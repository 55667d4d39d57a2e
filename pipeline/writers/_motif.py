"""An overlap in; the motif's two circles, as SVG in the theme's colors, and in words, out."""

from pipeline.writers._html import Templates


def motif_svg(
    templates: Templates, overlap: float, *, fill: str = "accent-soft", stroke: str = "accent", scheme: str = "light"
) -> bytes:
    """Return the motif as an SVG file; `fill` and `stroke` name colors of the theme, or `none`."""
    tokens = templates.tokens
    colors = tokens.color if scheme == "light" else tokens.dark
    radius, line = tokens.motif["radius"], tokens.motif["stroke"]
    return templates.page(
        "shared/motif.svg.j2",
        overlap=overlap,
        width=f"{4.3 * radius + 2 * line:g}",
        height=f"{2 * radius + 2 * line:g}",
        fill=colors.get(fill, fill),
        stroke=colors.get(stroke, stroke),
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
