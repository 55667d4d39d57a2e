"""Gatherings in their order in; the numbers printed on their pages, and how readers count them, out."""

from collections.abc import Sequence

from pipeline.writers._bind import PageLabels
from pipeline.writers._html import roman


def numbers_of(pages: Sequence[int], first_of_body: int, covers: int) -> list[list[str]]:
    """Return the printed numbers of each gathering's pages.

    `covers` pages at the front bear none and count for none; then roman numerals to the body, and arabic from 1 there.
    """
    body_start = sum(pages[:first_of_body])
    found: list[list[str]] = []
    at = 0
    for count in pages:
        numbers = range(at, at + count)
        found.append([str(n - body_start + 1) if n >= body_start else roman(n + 1 - covers) for n in numbers])
        at += count
    return found


def page_labels(taken: Sequence[int], there: Sequence[int], first_of_body: int, covers: int) -> tuple[PageLabels, ...]:
    """Return labels: a cover by its name, front matter in roman from i, the body in arabic from 1.

    `taken` are how many numbers each gathering takes, and `there` how many of its pages are there.
    """
    labels = [PageLabels(0, "", "Cover")] if covers else []
    body = sum(taken[:first_of_body])
    page = at = 0
    expected = ("", 0)
    for place, (numbers, pages) in enumerate(zip(taken, there, strict=True)):
        if at >= covers:
            style, number = ("D", at - body + 1) if place >= first_of_body else ("r", at - covers + 1)
            if (style, number) != expected:
                labels.append(PageLabels(page, style, start=number))
            expected = (style, number + pages)
        at, page = at + numbers, page + pages
    return tuple(labels)


def ranges(numbered: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return pages without doubles, runs of three or more as a range, each with the address of its first mark."""
    pages = list(dict(reversed(numbered)).items())[::-1]
    shown: list[tuple[str, str]] = []
    run: list[tuple[str, str]] = []
    for page in [*pages, ("", "")]:
        if run and page[0].isdigit() and run[-1][0].isdigit() and int(page[0]) == int(run[-1][0]) + 1:
            run.append(page)
            continue
        if len(run) > 2:
            shown.append((f"{run[0][0]}–{run[-1][0]}", run[0][1]))
        else:
            shown += run
        run = [page] if page[0] else []
    return shown
