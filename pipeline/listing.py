"""A project in; its chapters, prompts or issues as rows out, or figures on them, for people and for scripts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from pipeline import model as m
from pipeline.project import Project
from pipeline.prose import Measure, measure, word_count
from pipeline.reader import read


def listing(project: Project, what: str) -> list[dict[str, Any]]:
    """Return a row for each chapter, prompt or issue, in the book's order. Raises ContentError as reading does."""
    book, _ = read(project)
    return {"chapters": _chapters, "prompts": _prompts, "issues": _issues}[what](book)


def _chapters(book: m.Book) -> list[dict[str, Any]]:
    return [
        {
            "number": chapter.number,
            "slug": chapter.slug,
            "title": chapter.title,
            "part": part.title,
            "words": word_count(chapter.text),
            "prompts": len(chapter.prompts),
            "file": chapter.location.path,
        }
        for part in book.parts
        for chapter in part.chapters
    ]


def _prompts(book: m.Book) -> list[dict[str, Any]]:
    return [
        {
            "chapter": chapter.number,
            "name": prompt.name,
            "kind": m.kind_of(prompt),
            "question": m.words_of(prompt.question),
            "place": str(prompt.location),
        }
        for chapter in book.chapters
        for prompt in chapter.prompts
    ]


def _issues(book: m.Book) -> list[dict[str, Any]]:
    return [
        {
            "number": issue.number,
            "slug": issue.slug,
            "subject": issue.subject,
            "preheader": issue.preheader,
            "words": word_count(issue.text),
            "file": issue.location.path,
        }
        for issue in (book.newsletter.issues if book.newsletter else ())
    ]


# --------------------------------------------------------------------------- figures


class Figures(Struct, frozen=True):
    """Figures on a text, or on several together.

    `words` and `sentences` leave prompts and footnotes out, and `sentences` headings and tables too. `citations` and
    `index_entries` count places, not works and headings. `grade` is the school grade that the text reads at, None for a
    language that the measure isn't made for.
    """

    words: int
    sentences: int
    prompts: dict[str, int]
    citations: int
    index_entries: int
    grade: float | None


class TextFigures(Struct, frozen=True):
    """A chapter or an issue, and its figures."""

    kind: str
    number: int
    slug: str
    figures: Figures


class Statistics(Struct, frozen=True):
    """The figures of every chapter and issue, and of all chapters and all issues together."""

    texts: tuple[TextFigures, ...]
    totals: dict[str, Figures]


def statistics(project: Project, kinds: Sequence[str] = ("chapters", "issues")) -> Statistics:
    """Return figures on the chapters or the issues of a book, or on both. Raises ContentError as reading does."""
    book, _ = read(project)
    is_english = book.language.lower().partition("-")[0] == "en"
    rows: list[TextFigures] = []
    totals: dict[str, Figures] = {}
    for kind in kinds:
        texts = _counted(book, kind)
        rows += [TextFigures(kind.removesuffix("s"), *name, _figures([one], is_english)) for name, one in texts]
        totals[kind] = _figures([one for _, one in texts], is_english)
    return Statistics(tuple(rows), totals)


class _Counts(Struct, frozen=True):
    words: int
    measure: Measure
    prompts: dict[str, int]
    citations: int
    index_entries: int


def _counted(book: m.Book, kind: str) -> list[tuple[tuple[int, str], _Counts]]:
    """Return the number, the slug and the counts of each chapter or issue."""
    if kind == "chapters":
        return [((c.number, c.slug), _counts(c.text, c.prompts)) for c in book.chapters]
    issues = book.newsletter.issues if book.newsletter else ()
    return [((issue.number, issue.slug), _counts(issue.text, _prompts_in(issue.text))) for issue in issues]


def _prompts_in(text: m.Document) -> list[m.Prompt]:
    return [node for node in m.walk(text) if isinstance(node, m.Prompt)]


def _counts(text: m.Document, prompts: Iterable[m.Prompt]) -> _Counts:
    nodes = list(m.walk(text))
    return _Counts(
        word_count(text),
        measure(text),
        Counter(map(m.kind_of, prompts)),
        sum(len(node.keys) for node in nodes if isinstance(node, m.Cite)),
        sum(isinstance(node, m.IndexMark) for node in nodes),
    )


def _figures(counts: Sequence[_Counts], is_english: bool) -> Figures:
    """Return the figures of texts taken together."""
    together = Measure(
        sum(one.measure.sentences for one in counts),
        sum(one.measure.words for one in counts),
        sum(one.measure.syllables for one in counts),
    )
    return Figures(
        sum(one.words for one in counts),
        together.sentences,
        {kind: sum(one.prompts.get(kind, 0) for one in counts) for kind in m.PROMPT_KINDS},
        sum(one.citations for one in counts),
        sum(one.index_entries for one in counts),
        round(together.grade, 1) if is_english else None,
    )
