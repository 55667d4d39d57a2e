"""A phrase that says nothing: fillers, clichés, and the passive that hides who speaks."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._prose import is_english, prose_of
from pipeline.errors import Finding

IS_ADVICE = True

_SHIPPED = Path(__file__).with_name("cliches.txt")


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each place of a phrase on the list, which content/cliches.txt adds to and takes from."""
    phrases = _phrases((*(_shipped() if is_english(book) else ()), *book.own_phrases))
    for file in prose_of(book):
        plain = [passage.text.replace("’", "'").lower() for passage in file.passages]
        everything = "\n".join(plain)
        # Looking for plain text is quick, and nearly always in vain.
        for phrase in (phrase for phrase in phrases if phrase in everything):
            pattern = re.compile(rf"(?<![\w'-]){re.escape(phrase)}(?![\w-])")
            for passage, text in zip(file.passages, plain, strict=True):
                for match in pattern.finditer(text):
                    if not _is_quoted(passage.text, match):
                        message = f"“{phrase}” says nothing by itself"
                        where = passage.at(match.start())
                        yield Finding(where, "cliche", message, _hint(phrases[phrase]), "warning")


def _hint(instead: str) -> str:
    if not instead:
        return "Delete it, or say what you mean; content/cliches.txt can take it off the list: a line “- …”."
    return f"Write “{instead}”." if instead != "-" else "Delete it: the sentence stands without it."


def _is_quoted(text: str, match: re.Match[str]) -> bool:
    """Return whether a phrase is named, and not used: it stands alone between quotation marks."""
    return text[: match.start()].endswith(("“", "‘")) and text[match.end() :].lstrip(".,;:?!")[:1] in ("”", "’")


@lru_cache(maxsize=1)
def _shipped() -> tuple[str, ...]:
    lines = (line.strip() for line in _SHIPPED.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _phrases(lines: Iterable[str]) -> dict[str, str]:
    """Return what to write instead, by phrase: `phrase = instead` a line; `- phrase` takes one off again."""
    phrases: dict[str, str] = {}
    for line in lines:
        phrase, _, instead = line.replace("’", "'").partition("=")
        phrase = " ".join(phrase.lower().split())
        if phrase.startswith("- "):
            phrases.pop(phrase[2:], None)
        elif phrase:
            phrases[phrase] = instead.strip()
    return phrases
