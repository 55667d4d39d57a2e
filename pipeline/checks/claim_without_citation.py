"""A sentence that calls on research, in a paragraph that names none."""

import re
from collections.abc import Iterator

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._prose import is_english, prose_of
from pipeline.errors import Finding

IS_ADVICE = True

_PEOPLE = r"psychologists|researchers|scientists|neuroscientists|sociologists|economists|experts"
_SOURCES = rf"studies|research|evidence|experiments?|surveys|findings|science|{_PEOPLE}"
_SAY = (
    r"shows?|showed|says?|suggests?|suggested|finds?|found|indicates?|proves?|proved|confirms?|confirmed"
    r"|demonstrates?|reveals?|revealed|agree|tells? us|points? (?:to|toward)"
)
_SAID = r"shown|suggested|found|indicated|proven|proved|confirmed|demonstrated|revealed|discovered|established|observed"
_CLAIM = re.compile(
    rf"(?<![\w’'-])(?:"
    # studies show; recent studies of couples have found; research on sleep suggests
    rf"(?:{_SOURCES})(?: (?:on|of|by|from|with|into|about|in)(?: [\w’-]+){{1,4}}?)?"
    rf"(?: (?:now|also|often|generally|consistently|clearly|repeatedly|usually))?"
    rf" (?:(?:{_SAY})|(?:have|has) (?:(?:now|also|long|often|repeatedly|consistently) )?(?:{_SAID}))"
    # research has been clear; according to psychologists; it has been shown that
    rf"|according to (?:recent |new |some |the )?(?:{_SOURCES})"
    rf"|(?:it has been|it is scientifically) (?:{_SAID})"
    rf"|scientifically (?:proven|shown)"
    rf")(?![\w’'-])",
    re.IGNORECASE,
)


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each claim without a citation; a citation anywhere in a research box serves all of it.

    Titles and prompts can't cite, and are left alone. English only.
    """
    for file in prose_of(book) if is_english(book) else ():
        for match, passage in file.find(_CLAIM):
            if passage.kind in ("text", "cell") and not passage.cited:
                message = f"“{' '.join(match[0].split())}”, and this paragraph cites nothing"
                hint = "Add {cite}`…`, or say it as your own view."
                yield Finding(passage.at(match.start()), "claim-without-citation", message, hint, "warning")
