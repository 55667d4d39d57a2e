"""The two spellings of English: `spellings.txt` in, every form that is spelled in one of two ways out."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from msgspec import Struct

Side = Literal["American", "British"]
_FILE = Path(__file__).with_name("spellings.txt")


class Pair(Struct, frozen=True):
    """A word as it is spelled in America and in Britain.

    `shared` says that both write the American form, if for other things: a check, a practice. `by_suffix` marks -ize
    and -ise, of which British books may have either.
    """

    american: str
    british: str
    shared: bool
    by_suffix: bool

    def other(self, side: Side) -> str:
        return self.british if side == "American" else self.american


@lru_cache(maxsize=1)
def spellings() -> dict[str, tuple[Side, Pair]]:
    """Return the pair of each word in small letters that belongs to one side, with that side."""
    found: dict[str, tuple[Side, Pair]] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        stems, _, endings = line.partition(":")
        if not stems.strip() or stems.startswith("#"):
            continue
        first, second = stems.split()
        american, british = first.rstrip("~"), second
        for ending in endings.split() or ["-"]:
            tail = ending.strip("-")
            pair = Pair(american + tail, british + tail, first.endswith("~"), american.endswith("iz"))
            found[pair.british] = ("British", pair)
            if not pair.shared:
                found[pair.american] = ("American", pair)
    return found
