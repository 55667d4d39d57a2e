"""A word in the spelling of the other side of the ocean: colour in an American book, color in a British one."""

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._prose import Prose, is_english, prose_of
from pipeline.checks._spellings import Pair, Side, spellings
from pipeline.errors import Finding

IS_ADVICE = True

_SIDES: dict[str, Side] = {"us": "American", "ph": "American"}
_SIDES |= dict.fromkeys(("gb", "uk", "ie", "au", "nz", "za", "in"), "British")
# Canada writes colour and traveller, and organize and tire: it has no side.
_NO_SIDE = frozenset({"ca"})


class _Use(Struct, frozen=True):
    word: str
    side: Side
    pair: Pair
    file: Prose


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each file and word on the wrong side of the book's language; English only.

    A book that is in “en” and says no more has the side of most of its words. In British books -ize is right, and so
    is -ise: there the one that is used less is reported.
    """
    region = set(book.language.lower().split("-")[1:])
    if not is_english(book) or region & _NO_SIDE:
        return
    uses = list(_uses(book))
    side = next((_SIDES[name] for name in sorted(region) if name in _SIDES), None) or _most(
        [use.side for use in uses if not use.pair.by_suffix]
    )
    suffix = _most([use.side for use in uses if use.pair.by_suffix]) if side == "British" else side
    for use in uses:
        wanted = suffix if use.pair.by_suffix else side
        if use.side != wanted:
            where = use.file.first(use.word)
            kind = f"{use.side} spelling" if wanted == side else "the rarer of two spellings in this book"
            message = f"“{use.word}” is {kind}"
            hint = f"Write “{use.pair.other(use.side)}”, or list the word in content/words.txt."
            yield Finding(where, "mixed-spelling", message, hint, "warning")


def _uses(book: m.Book) -> Iterator[_Use]:
    known = spellings()
    own = {word.lower() for word in book.own_words}
    for file in prose_of(book):
        for word in file.words:
            lower = word.lower()
            # A capital inside a text is most often a name: Lincoln Center, the Labour Party.
            if lower in known and lower not in own and (word == lower or _begins(file, word)):
                yield _Use(word, *known[lower], file)


def _begins(file: Prose, word: str) -> bool:
    """Return whether a word stands at the beginning of a passage."""
    return any(passage.text.lstrip("“‘ ").startswith(word) for passage in file.passages)


def _most(sides: list[Side]) -> Side:
    """Return the side of most words; American where there are as many of both."""
    counts = Counter(sides)
    return "British" if counts["British"] > counts["American"] else "American"
