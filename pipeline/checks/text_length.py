"""A text around the book that is longer than shops take, or than its place has room for."""

from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._bounds import outside
from pipeline.checks._context import Context
from pipeline.errors import Finding, Severity
from pipeline.prose import words

# What the forms of shops take; the long description is theirs with the empty lines between its paragraphs.
SHORT, LONG = 400, 4_000
KEYWORDS, KEYWORD = 7, 50
# A back cover at arm's length, and a description that is heard without a pause.
BACK_COVER = (100, 200)
COVER_ALT = 250


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield an error for each text that a shop would refuse, and a warning for what only reads badly."""
    texts = book.texts_around

    def too_long(key: str, what: str, length: int, most: int, severity: Severity = "error") -> Iterator[Finding]:
        if length > most:
            message = f"{what} has {length:,} characters; {most:,} is the most"
            yield Finding(texts.locations[key], "text-length", message, f"Cut {length - most:,}.", severity)

    yield from too_long("short_description", "the short description", len(texts.short_description), SHORT)
    yield from too_long("long_description", "the long description", len("\n\n".join(texts.long_description)), LONG)
    for keyword in texts.keywords:
        yield from too_long("keywords", f"the keyword “{keyword}”", len(keyword), KEYWORD)
    yield from too_long("cover_alt", "the cover's description", len(texts.cover_alt), COVER_ALT, "warning")
    if len(texts.keywords) > KEYWORDS:
        message = f"{len(texts.keywords)} keywords; shops take {KEYWORDS}"
        yield Finding(texts.locations["keywords"], "text-length", message, "Keep the best.")
    elif texts.keywords and len(texts.keywords) < KEYWORDS:
        message = f"{len(texts.keywords)} keywords; shops take {KEYWORDS}"
        hint = "Add phrases that a reader would search for."
        yield Finding(texts.locations["keywords"], "text-length", message, hint, "warning")
    if texts.back_cover:
        count = sum(len(words(paragraph)) for paragraph in texts.back_cover)
        found = outside("the back cover", count, "words", BACK_COVER, "")
        if found:
            hint = found[1].partition(",")[0] + "."
            yield Finding(texts.locations["back_cover"], "text-length", found[0], hint, "warning")
