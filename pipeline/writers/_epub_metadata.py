"""A book in; everything that its EPUB says of itself in the package document out (EPUB 3.3 §5.5)."""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from pipeline import model as m
from pipeline.writers._html import join_names

# What schema.org and ONIX (list 196) call the same, by W3C's crosswalk of accessibility metadata.
_ONIX_OF = {
    "ARIA": "30",
    "alternativeText": "14",
    "displayTransformability": "36",
    "index": "12",
    "pageNavigation": "19",
    "readingOrder": "13",
    "structuralNavigation": "29",
    "tableOfContents": "11",
}
_ONIX_ALWAYS = ("10", "22", "52")  # no option disabled, languages tagged, all of it readable without sight
_ONIX_CONFORMANCE = {"2.0": "80", "2.1": "81", "2.2": "82", "A": "84", "AA": "85", "AAA": "86"}
_ARTICLES = {
    "en": ("A", "An", "The"),
    "de": ("Der", "Die", "Das", "Ein", "Eine"),
    "fr": ("Le", "La", "Les", "Un", "Une"),
}
_FAMILY_NAME_FIRST = ("hu", "ja", "ko", "vi", "zh")
# A given name and a family name, with initials between them at most: anything longer may be filed in many ways.
_PLAIN_NAME = re.compile(r"(?P<given>[^\W\d_][\w'’.-]*(?: [^\W\d_]\.)*) (?P<family>[^\W\d_][\w'’-]*)")


class Entry(Struct, frozen=True):
    """An element of the package's metadata: `dc:…`, `meta` or `link`, its text and its attributes."""

    element: str
    text: str
    attributes: dict[str, str] = {}


class Contents(Struct, frozen=True):
    """What is in an EPUB that its metadata speaks of.

    `pages_of` is what its page numbers are those of, and `whole` is the identifier of the book that it is a sample of;
    each is empty where there is no such thing.
    """

    has_figures: bool
    has_index: bool
    pages_of: str = ""
    whole: str = ""


def entries(book: m.Book, inside: Contents) -> Iterator[Entry]:
    """Yield everything that the book says of itself but its unique identifier and its language."""
    yield from _names(book, inside)
    yield Entry("dc:date", book.date)
    for key in ("publisher", "rights", "description"):
        if value := getattr(book, key):
            yield Entry(f"dc:{key}", value)
    if book.epub.isbn and book.identifier != f"urn:isbn:{book.epub.isbn}":
        yield Entry("dc:identifier", f"urn:isbn:{book.epub.isbn}", {"id": "isbn"})
        yield _refined("isbn", "identifier-type", "15", scheme="onix:codelist5")
    if inside.whole:
        yield Entry("dc:source", inside.whole)
    yield from _subjects(book)
    if book.series is not None:
        yield Entry("meta", book.series.title, {"id": "series", "property": "belongs-to-collection"})
        yield _refined("series", "collection-type", "series")
        if book.series.number is not None:
            yield _refined("series", "group-position", str(book.series.number))
    yield from _accessibility(book, inside)


def _refined(identifier: str, key: str, value: str, **scheme: str) -> Entry:
    return Entry("meta", value, {"refines": f"#{identifier}", "property": key, **scheme})


def _stated(key: str, value: str, **more: str) -> Entry:
    return Entry("meta", value, {"property": key, **more})


def _names(book: m.Book, inside: Contents) -> Iterator[Entry]:
    yield Entry("dc:title", f"{book.title} (sample)" if inside.whole else book.title, {"id": "title"})
    yield _refined("title", "title-type", "main")
    if filed := book.title_filed or title_filed(book.title, book.language):
        yield _refined("title", "file-as", filed)
    if book.subtitle:
        yield Entry("dc:title", book.subtitle, {"id": "subtitle"})
        yield _refined("subtitle", "title-type", "subtitle")
    for number, author in enumerate(book.authors, start=1):
        identifier = f"creator-{number}"
        yield Entry("dc:creator", author, {"id": identifier})
        yield _refined(identifier, "role", "aut", scheme="marc:relators")
        filed = book.authors_filed[number - 1] if book.authors_filed else name_filed(author, book)
        if filed:
            yield _refined(identifier, "file-as", filed)


def title_filed(title: str, language: str) -> str:
    """Return a title with its article at the end, as catalogs file it."""
    article, _, rest = title.partition(" ")
    return f"{rest}, {article}" if rest and article in _ARTICLES.get(language[:2], ()) else title


def name_filed(name: str, book: m.Book) -> str:
    """Return a name as catalogs file it, and nothing where that can't be told from the name."""
    if name == book.publisher or book.language[:2] in _FAMILY_NAME_FIRST:
        return name
    match = _PLAIN_NAME.fullmatch(name)
    return f"{match['family']}, {match['given']}" if match else ""


def _subjects(book: m.Book) -> Iterator[Entry]:
    for subject in book.subjects:
        yield Entry("dc:subject", subject)
    lists: dict[str, Sequence[m.Subject]] = {"BISAC": book.texts_around.bisac, "Thema": book.texts_around.thema}
    for authority, subjects in lists.items():
        for number, coded in enumerate(subjects, start=1):
            identifier = f"{authority.lower()}-{number}"
            yield Entry("dc:subject", coded.words, {"id": identifier})
            yield _refined(identifier, "authority", authority)
            yield _refined(identifier, "term", coded.code)


# --------------------------------------------------------------------------- accessibility


def _accessibility(book: m.Book, inside: Contents) -> Iterator[Entry]:
    """Yield what a reader asks who must know whether this book can be read, in schema.org's words and ONIX's."""
    features = ["ARIA", "alternativeText", "displayTransformability", "readingOrder", "structuralNavigation"]
    features += ["index"] * inside.has_index + ["tableOfContents"]
    features += ["pageBreakMarkers", "pageNavigation"] if inside.pages_of else []
    yield _stated("schema:accessMode", "textual")
    if inside.has_figures:
        yield _stated("schema:accessMode", "visual")
        yield _stated("schema:accessModeSufficient", "textual,visual")
    yield _stated("schema:accessModeSufficient", "textual")
    for feature in sorted(features):
        yield _stated("schema:accessibilityFeature", feature)
    yield _stated("schema:accessibilityHazard", "none")
    yield _stated("schema:accessibilitySummary", _summary(inside))
    if inside.pages_of:
        yield _stated("pageBreakSource", inside.pages_of)
    codes = {*_ONIX_ALWAYS, *(_ONIX_OF[feature] for feature in features if feature in _ONIX_OF)}
    if (stated := book.epub.conformance) is not None:
        codes |= {"04", _ONIX_CONFORMANCE[stated.wcag], _ONIX_CONFORMANCE[stated.level]}
        yield from _conformance(stated)
    for code in sorted(codes):
        yield _stated("onix:codelist196", code)


def _conformance(stated: m.Conformance) -> Iterator[Entry]:
    """Yield the statement that the author makes and Quire can't: who certifies what (EPUB Accessibility 1.1 §4)."""
    level = f"EPUB Accessibility 1.1 - WCAG {stated.wcag} Level {stated.level}"
    yield _stated("dcterms:conformsTo", level, id="conformance")
    yield _stated("a11y:certifiedBy", stated.certified_by, refines="#conformance", id="certifier")
    if stated.credential:
        yield _stated("a11y:certifierCredential", stated.credential, refines="#certifier")
    if stated.report:
        yield Entry("link", "", {"rel": "a11y:certifierReport", "refines": "#certifier", "href": stated.report})


def _summary(inside: Contents) -> str:
    aids = ["a table of contents", "headings and landmarks"]
    aids += ["an index that links to each passage"] * inside.has_index
    aids += ["the page numbers of the printed book"] * bool(inside.pages_of)
    described = "The cover and every figure have" if inside.has_figures else "The cover has"
    return (
        "This book is text that can be enlarged, recolored and read aloud from beginning to end. "
        f"It has {join_names(aids)}. {described} a description in words. Nothing flashes, moves or makes a sound."
    )
