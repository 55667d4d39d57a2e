"""A word that stands twice in a row, as when a line was broken and typed on: the the."""

import re
from collections.abc import Iterator
from operator import eq

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._prose import prose_of
from pipeline.errors import Finding
from pipeline.prose import words

IS_ADVICE = True

_TWICE = re.compile(r"(?<![\w'’.-])([^\W\d_]+(?:['’][^\W\d_]+)?)\s+\1(?![\w'’-])", re.IGNORECASE)
_MARKS = '.,;:?!…“”‘’"()[]–—'
# What may follow itself: "I told you you could", "she gave her her coat", and what is said twice on purpose.
_MAY = {
    "en": words("had that you her do blah bye ha hear knock no there tut well"),
    "de": words("die der das sie den dem"),
    "fr": words("nous vous"),
}


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each doubled word; names such as Walla Walla are none."""
    may = _MAY.get(book.language.lower().partition("-")[0], [])
    for file in prose_of(book):
        for passage in file.passages:
            written = [word.strip(_MARKS) for word in passage.text.lower().split()]
            # Comparing neighbors is quick, and nearly always in vain.
            if not any(map(eq, written, written[1:])):
                continue
            for match in _TWICE.finditer(passage.text):
                second = match[0].split()[-1]
                if match[1].lower() not in may and not second[0].isupper():
                    message = f"a word stands twice in a row: “{' '.join(match[0].split())}”"
                    hint = "Delete one of the two."
                    yield Finding(passage.at(match.start()), "doubled-word", message, hint, "warning")
