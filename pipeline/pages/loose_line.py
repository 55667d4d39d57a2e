"""A justified line whose words stand so far apart that the eye falls into the gaps."""

from collections.abc import Iterator
from statistics import median

from pipeline.errors import Finding
from pipeline.pages._page import Document, Limits, quoted


def check(document: Document, limits: Limits) -> Iterator[Finding]:
    """Yield a finding for each line whose word spaces are wider than the limit allows."""
    for page in document.pages:
        for block in page.blocks:
            for line in block.lines if block.kind in ("paragraph", "item", "note") else ():
                # The spaces of a justified line are equal; one that is not was drawn out for another reason.
                width = median(line.spaces) if line.spaces else 0.0
                if width > limits.word_space:
                    message = f"the spaces in a line are {width:.1f} times as wide as the font's: {quoted(line.text)}"
                    hint = "Change a word in the paragraph, or “word_space” under “bounds” in book.yaml."
                    yield document.finding(page, "loose-line", message, hint)
