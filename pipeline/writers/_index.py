"""Index marks in; headings in alphabetical order, with the places where each occurs, out."""

import unicodedata
from collections.abc import Iterable

from msgspec import Struct

from pipeline import model as m


class Entry(Struct, frozen=True):
    """A heading of the index, the marks where it occurs (file id and mark), what it sends to, and sub-headings."""

    heading: str
    places: tuple[tuple[str, str], ...]
    see: tuple[str, ...]
    see_also: tuple[str, ...]
    subs: "tuple[Entry, ...]" = ()


class _Gathered:
    def __init__(self) -> None:
        self.places: list[tuple[str, str]] = []
        self.see: set[str] = set()
        self.see_also: set[str] = set()
        self.subs: dict[str, _Gathered] = {}


def index_entries(texts: Iterable[tuple[str, m.Document]]) -> tuple[Entry, ...]:
    """Return the index of these files in alphabetical order; places stand in reading order."""
    root = _Gathered()
    for owner, text in texts:
        for node in m.walk(text):
            if isinstance(node, m.IndexMark):
                _add(root, owner, node)
    return _entries(root)


def _add(root: _Gathered, owner: str, mark: m.IndexMark) -> None:
    node = root
    for heading in mark.entry:
        node = node.subs.setdefault(heading, _Gathered())
    if mark.see:
        node.see.add(mark.see)
    elif mark.see_also:
        node.see_also.add(mark.see_also)
    else:
        node.places.append((owner, mark.id))


def _entries(node: _Gathered) -> tuple[Entry, ...]:
    return tuple(
        Entry(heading, tuple(sub.places), tuple(sorted(sub.see)), tuple(sorted(sub.see_also)), _entries(sub))
        for heading, sub in sorted(node.subs.items(), key=lambda item: sort_key(item[0]))
    )


def sort_key(heading: str) -> tuple[str, str]:
    """Return a heading as it is put in order: letter by letter, accents and case left out."""
    plain = unicodedata.normalize("NFKD", heading)
    return "".join(c for c in plain.casefold() if c.isalnum()), heading


def initial(heading: str) -> str:
    """Return the letter under which a heading stands."""
    first = sort_key(heading)[0][:1]
    return first.upper() if first.isalpha() else "#"
