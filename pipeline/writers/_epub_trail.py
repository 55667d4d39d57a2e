"""What links away from a file of the EPUB in; the ids by which its target links back, out."""

from collections import Counter

from pipeline import model as m
from pipeline.writers._epub_places import cite_id, mark_id


class Trail:
    """Gives out the ids of what links away, so that its target can link back."""

    def __init__(self) -> None:
        self.cited: dict[str, list[str]] = {}
        self._owner = ""
        self._notes: Counter[int] = Counter()

    def start(self, owner: str) -> None:
        self._owner = owner
        self._notes.clear()

    def note(self, number: int) -> str:
        """Return the id of a call to a footnote; the first is the one that the footnote leads back to."""
        self._notes[number] += 1
        times = self._notes[number]
        return f"noteref.{number}" if times == 1 else f"noteref.{number}.{times}"

    def cite(self, key: str) -> str:
        """Return the id of a file's first citation of a work, and nothing for its later ones."""
        owners = self.cited.setdefault(key, [])
        if self._owner in owners:
            return ""
        owners.append(self._owner)
        return cite_id(key)

    def index(self, mark: m.IndexMark) -> str:
        """Return the id of an index mark, and nothing for one that is no place in the text."""
        # The definitions of the glossary each count their marks from 1, and the index leaves them out.
        return "" if mark.see or mark.see_also or self._owner == "glossary" else mark_id(mark.id)
