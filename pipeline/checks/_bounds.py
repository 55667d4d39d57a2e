"""A number and the bounds that book.yaml sets in; the finding's words out, where the number is outside."""

from pipeline.model import Range


def outside(what: str, count: int, unit: str, bounds: Range | None, key: str) -> tuple[str, str] | None:
    """Return the message and the hint of a number outside its bounds; None where it is inside, or none are set."""
    if bounds is None or bounds[0] <= count <= bounds[1]:
        return None
    least, most = bounds
    todo = f"Cut {count - most:,}" if count > most else f"Add {least - count:,}"
    unit = unit.removesuffix("s") if count == 1 else unit
    message = f"{what} has {count:,} {unit}; it should have {least:,} to {most:,}"
    return message, f"{todo}, or change “{key}” under “bounds” in book.yaml."
