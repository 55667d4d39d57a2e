"""A book that mixes “a, b, and c” with “a, b and c”."""

import re
from collections.abc import Iterator

from msgspec import Struct

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._prose import Passage, is_english, prose_of
from pipeline.errors import Finding
from pipeline.prose import sentences

IS_ADVICE = True

# A comma can end so much that only lists which can be nothing else are looked at: items with the same determiner
# (the coat, the walk and the bag), or four and more single words (rest, food, movement and friends).
_DETERMINERS = "a|an|the|your|my|our|their|his|her|its|no|some|any|one|two|three|each|every|this|that|these|those"
_OTHER_ENDS = r"(?=[.;:!?)”’]|$| (?:in|on|at|of|for|to|with|from|by|as|that|which|who|when|while|before|after)\b)"
_LISTS = (
    re.compile(
        rf"(?<![\w’'-])(?P<d>{_DETERMINERS}) [\w’-]+(?:, (?P=d) [\w’-]+)+(?P<comma>,?) (?:and|or) (?P=d) [\w’-]+",
        re.IGNORECASE,
    ),
    re.compile(r"(?<![\w’'-])[\w’-]+(?:, [\w’-]+){2,}(?P<comma>,?) (?:and|or) [\w’-]+" + _OTHER_ENDS),
)
# “In the morning, the coat and the bag” is no list, and neither is what else such a word begins.
_OPENER = re.compile(
    r"(?:in|on|at|by|for|from|to|with|without|within|of|under|over|after|before|during|until|since|as|if|when|while|once"
    r"|where|because|although|though|unless|between|beyond|despite|like|unlike|instead|apart|that|which|who|whatever)\b",
    re.IGNORECASE,
)


class _List(Struct, frozen=True):
    text: str
    serial: bool
    passage: Passage
    offset: int


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each list that does as fewer of the book's lists do; English only.

    Where both are as many, the comma stays.
    """
    lists = list(_lists(book)) if is_english(book) else []
    serial = sum(found.serial for found in lists)
    wanted = serial * 2 >= len(lists)
    count = serial if wanted else len(lists) - serial
    for found in lists:
        if found.serial != wanted:
            message = f"“{found.text}” has {'no' if wanted else 'a'} comma before its last item; "
            message += f"{count} of {len(lists)} lists in the book have {'one' if wanted else 'none'}"
            hint = "Add the comma." if wanted else "Delete the comma."
            yield Finding(found.passage.at(found.offset), "serial-comma", message, hint, "warning")


def _lists(book: m.Book) -> Iterator[_List]:
    for file in prose_of(book):
        for passage in file.passages:
            text = passage.text
            if ", " not in text or not (" and " in text or " or " in text):
                continue
            for match in (found for pattern in _LISTS for found in pattern.finditer(text)):
                if not _is_opened(sentences(text[: match.start()] + "x")[-1]):
                    yield _List(match[0], bool(match["comma"]), passage, match.start())


def _is_opened(start: str) -> bool:
    """Return whether the first comma of a list may be that of an opener, by what its sentence has before the list."""
    return bool(_OPENER.match(start.lstrip("“‘("))) and not re.search(r"[,;:]", start)
