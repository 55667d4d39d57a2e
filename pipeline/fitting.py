"""A book's settings and its design in; which editions no page fits, and what can be built without them, out."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pipeline.editions import Editions
from pipeline.errors import ContentError, Finding
from pipeline.model import Artifact, Book
from pipeline.theme import Design

# More than any book has; its fold takes the most of a page.
_MOST_PAGES = 10_000


def misfits(book: Book, design: Design, pages: int = 1) -> dict[str, Finding]:
    """Return what book.yaml asks of the workbook's editions and no page can give, with its line, by the edition.

    The more `pages` a bound book has, the more the fold takes of each.
    """
    if book.editions == Editions():
        return {}
    from pipeline.writers import workbook

    found: dict[str, Finding] = {}
    for edition in workbook.EDITIONS:
        try:
            workbook.page_of(edition, book.editions, design, pages)
        except ContentError as error:
            [finding] = error.findings
            found[edition] = _located(finding, book, edition)
    return found


def _located(finding: Finding, book: Book, edition: str) -> Finding:
    at = book.editions_at.get("large" if edition == "large" else "print", finding.location)
    return msgspec.structs.replace(finding, location=at)


def that_fit(
    chosen: Mapping[str, tuple[str, ...]], unfit: Mapping[str, Finding]
) -> tuple[dict[str, tuple[str, ...]], tuple[Finding, ...]]:
    """Return the formats and editions that can be built, and why the others can't.

    Raises ContentError where nothing is left of what was asked for.
    """
    fit = {name: tuple(edition for edition in editions if edition not in unfit) for name, editions in chosen.items()}
    left = {name: editions for name, editions in fit.items() if editions}
    faults = {unfit[edition] for editions in chosen.values() for edition in editions if edition in unfit}
    if not left:
        raise ContentError(faults)
    return left, tuple(sorted(faults))


def without_late(
    editions: tuple[str, ...], error: ContentError, book: Book, design: Design
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return the editions whose pages no fold can make too small, and what is wrong with the others.

    `error` is what making all of them raised. It is raised again where it is about something else, or nothing is left.
    """
    unfit = misfits(book, design, _MOST_PAGES)
    left = tuple(edition for edition in editions if edition not in unfit)
    if left == editions or any(finding.code != "trim" for finding in error.findings):
        raise error
    faults = tuple(_located(finding, book, "print") for finding in error.findings)
    if not left:
        raise ContentError(faults) from error
    return left, faults


def made_of(
    chosen: Mapping[str, tuple[str, ...]], artifacts: Iterable[Artifact], faults: Sequence[Finding]
) -> dict[str, tuple[str, ...]]:
    """Return the formats and editions that were made; all of them where nothing kept one from it."""
    if not faults:
        return dict(chosen)
    made = {(artifact.format, artifact.edition) for artifact in artifacts}
    return {
        name: tuple(edition for edition in editions if not edition or (name, edition) in made)
        for name, editions in chosen.items()
    }
