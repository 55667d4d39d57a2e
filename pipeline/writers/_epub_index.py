"""A book in; its index as the EPUB shows it, with a link to each place, out."""

from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from pipeline import model as m
from pipeline.writers import _index
from pipeline.writers._epub_places import Place, entry_ids, index_texts, key_of, mark_id


class Locator(Struct, frozen=True):
    """A link of the index: what it shows, what it is called aloud, and where it leads."""

    label: str
    words: str
    href: str


class Line(Struct, frozen=True):
    """A heading of the index as its template shows it; `see` and `see_also` are words with an address, or with none."""

    id: str
    heading: str
    locators: tuple[Locator, ...]
    see: tuple[tuple[str, str], ...]
    see_also: tuple[tuple[str, str], ...]
    below: "tuple[Line, ...]" = ()


def index_groups(book: m.Book, places: Mapping[str, Place]) -> list[tuple[str, list[Line]]]:
    """Return the headings of the index under their initials, with links to the places in the EPUB's files."""
    entries = _index.index_entries(index_texts(book))
    ids = entry_ids(entries)
    groups: dict[str, list[Line]] = {}
    for entry in entries:
        groups.setdefault(_index.initial(entry.heading), []).append(_line(entry, (), ids, places))
    return list(groups.items())


def _line(
    entry: _index.Entry, above: tuple[str, ...], ids: dict[tuple[str, ...], str], places: Mapping[str, Place]
) -> Line:
    path = (*above, entry.heading)
    seen: Counter[str] = Counter()
    locators = []
    for owner, mark in entry.places:
        place = places[owner]
        seen[owner] += 1
        times = f" ({seen[owner]})" if seen[owner] > 1 else ""
        locators.append(Locator(place.label + times, place.words + times, f"{place.file}#{mark_id(mark)}"))
    below = tuple(_line(sub, path, ids, places) for sub in entry.subs)
    see, see_also = (
        tuple((name.replace(";", ","), ids.get(key_of(name.split(";")), "")) for name in names)
        for names in (entry.see, entry.see_also)
    )
    return Line(ids[key_of(path)], entry.heading, tuple(locators), see, see_also, below)
