"""A book in; the contents of its EPUB, as the nav and the NCX list them, out."""

from collections.abc import Sequence

from msgspec import Struct

from pipeline import model as m
from pipeline.writers._epub_places import GENERATED, back_of, part_target, places_of
from pipeline.writers._html import label_of

REST, REST_TITLE = "rest.xhtml", "Where the rest is"


class Item(Struct, frozen=True):
    """An entry of the contents, counted from 1 in reading order."""

    order: int
    title: str
    href: str
    label: str = ""
    kind: str = ""
    below: "tuple[Item, ...]" = ()


def contents(book: m.Book, rest: Sequence[m.Part] | None = None) -> tuple[Item, ...]:
    """Return the contents: front matter, parts with their chapters, back matter, and the last page of a sample."""
    places = places_of(book)
    order = iter(range(1, len(places) + 1))

    def item(owner: str, title: str, label: str = "", kind: str = "") -> Item:
        return Item(next(order), title, places[owner].file, label, kind)

    items = [item(matter.id, matter.title) for matter in book.front]
    for part in book.parts:
        opener = item(part.slug, part.title, label_of(part_target(part)), "part")
        below = tuple(item(chapter.id, chapter.title, str(chapter.number), "chapter") for chapter in part.chapters)
        items.append(Item(opener.order, opener.title, opener.href, opener.label, opener.kind, below))
    items += [
        item(piece.id, piece.title) if isinstance(piece, m.Matter) else item(piece.kind, GENERATED[piece.kind])
        for piece in back_of(book)
    ]
    if rest is not None:
        items.append(Item(len(places) + 1, REST_TITLE, REST))
    return tuple(items)
