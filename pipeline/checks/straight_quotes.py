"""Quotation marks and dashes that typography could not put right."""

import re
from collections.abc import Iterator

from msgspec import Struct

from pipeline import model as m
from pipeline.checks._context import Context
from pipeline.checks._prose import OBJECT, Passage, is_english, prose_of
from pipeline.errors import Finding

IS_ADVICE = True


class _Fault(Struct, frozen=True):
    """What is wrong, and the signs without which it can't be there."""

    signs: tuple[str, ...]
    pattern: re.Pattern[str]
    message: str
    hint: str


# 6" is a length, and 5 - 3 a sum.
_EVERYWHERE = (
    _Fault(
        ('"',),
        re.compile(r'(?<!\d)"'),
        "a quotation mark that has no partner",
        "Write the other one, in the same paragraph, or delete it.",
    ),
    _Fault(
        ("–", "—"), re.compile(r"\s{2,}[–—]|[–—]\s{2,}"), "more than one space beside a dash", "Leave one, or none."
    ),
    _Fault(
        (" - ",),
        re.compile(r"(?<=[^\W\d]) - (?=\w)|(?<=\w) - (?=[^\W\d])"),
        "a hyphen that stands for a dash",
        "Write -- for an en dash or --- for an em dash; without spaces, if a hyphen is meant.",
    ),
)
_ENGLISH = (
    _Fault(
        ("“", "”"),
        re.compile(r"“(?=\s|$)|(?:(?<=\s)|^)”(?=\w)|(?<=\w)“(?=\w)"),
        "a quotation mark that points the wrong way",
        "Write “ or ” itself.",
    ),
    _Fault(
        ("‘",),
        re.compile(r"‘(?=\d0s|(?:tis|twas|til|em|cause|bout|round|n)\b)|(?<=\w)‘(?=\w)", re.IGNORECASE),
        "an apostrophe that points the wrong way",
        "Write ’ itself.",
    ),
)
# A dash in the middle of a sentence; without spaces, an en dash is a range.
_PARENTHESIS = re.compile(r"(?<=[\w,.”’)]) ?(—) ?(?=[\w“‘(])|(?<=[\w,.”’)]) (–) (?=[\w“‘(])")


def check(book: m.Book, context: Context) -> Iterator[Finding]:
    """Yield a warning for each fault; marks of other languages than English are looked at for straightness only."""
    faults = (*_EVERYWHERE, *(_ENGLISH if is_english(book) else ()))
    dashes: dict[str, list[tuple[Passage, int]]] = {"—": [], "–": []}
    for file in prose_of(book):
        for fault in faults:
            for match, passage in file.find(fault.pattern, fault.signs):
                shown = _around(passage.text, match.start(), match.end())
                message, where = f"{fault.message}: “{shown}”", passage.at(match.start())
                yield Finding(where, "straight-quotes", message, fault.hint, "warning")
        for match, passage in file.find(_PARENTHESIS, "–—"):
            dashes[match[1] or match[2]].append((passage, match.start()))
    yield from _mixed(dashes)


def _mixed(dashes: dict[str, list[tuple[Passage, int]]]) -> Iterator[Finding]:
    """Yield a warning for each dash of the rarer kind; where both are as frequent, the en dash is the rarer."""
    em, en = dashes["—"], dashes["–"]
    rare, mark, other = (en, "en", "---") if len(em) >= len(en) else (em, "em", "-- with a space on each side")
    if em and en:
        for passage, offset in rare:
            message = f"an {mark} dash in the sentence: “{_around(passage.text, offset, offset + 3)}”; "
            message += f"most others in the book are {'em' if mark == 'en' else 'en'} dashes"
            yield Finding(passage.at(offset), "straight-quotes", message, f"Write {other}.", "warning")


def _around(text: str, start: int, end: int) -> str:
    """Return the words around a place."""
    before = text[max(0, start - 20) : start].split(" ", 1)[-1] if start > 20 else text[:start]
    after = text[end : end + 20].rsplit(" ", 1)[0] if len(text) > end + 20 else text[end:]
    return f"{before}{text[start:end]}{after}".replace(OBJECT, "…").strip()
