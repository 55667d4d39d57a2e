"""What msgspec says of a value in; what is wrong in the author's words, and what to do, out."""

import difflib
import re
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

_MESSAGE = re.compile(r"Expected `(?P<expected>[^`]*)`(?P<limit>.*?)(?:, got `(?P<found>[^`]*)`)?")
_IN_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "yes or no",
    "array": "a list",
    "object": "keys with values",
    "null": "nothing",
}


def suggest(word: str, known: Mapping[str, Any] | tuple[str, ...] | list[str], otherwise: str) -> str:
    """Return a hint that names the known word most like `word`; `otherwise` if none is."""
    close = difflib.get_close_matches(word, known, 1)
    return f"Did you mean “{close[0]}”?" if close else otherwise


@cache
def kinds_of(kind: Any) -> tuple[Any, ...]:
    """Return the types that a type annotation allows, taken out of unions and annotations."""
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(one for option in get_args(kind) for one in kinds_of(option))
    if hasattr(kind, "__metadata__"):
        return kinds_of(get_args(kind)[0])
    return (kind,)


def _description(kind: Any, deep: bool) -> str:
    """Return what an annotation's first description says, if `deep` also of what it holds; empty if there is none."""
    for extra in getattr(kind, "__metadata__", ()):
        if isinstance(extra, msgspec.Meta) and extra.description:
            return extra.description
    inside = deep or get_origin(kind) in (Union, types.UnionType) or hasattr(kind, "__metadata__")
    return next(filter(None, (_description(part, deep) for part in get_args(kind) if inside)), "")


def _most(kind: Any) -> int:
    """Return how many characters an annotation allows a text; more than any text has where it doesn't say."""
    metas = [extra for extra in getattr(kind, "__metadata__", ()) if isinstance(extra, msgspec.Meta)]
    inside = [_most(part) for part in get_args(kind)] if get_origin(kind) in (Union, types.UnionType) or metas else []
    return min([meta.max_length for meta in metas if meta.max_length is not None] + inside, default=10**12)


def in_words(message: str, kind: Any, value: Any) -> tuple[str, str]:
    """Return msgspec's message in the author's words, and what to do."""
    message, _, below = message.partition(" - at ")
    match = _MESSAGE.fullmatch(message)
    if match is None:
        choices = [choice for one in kinds_of(kind) if get_origin(one) is Literal for choice in get_args(one)]
        if choices and isinstance(value, str):
            return f"“{short(value)}” is not a value it knows", suggest(value, choices, f"Known: {', '.join(choices)}.")
        return message.replace("`", ""), "See docs/manuscript.md."
    options = [_IN_WORDS.get(option, option) for option in match["expected"].split(" | ") if option != "null"]
    limit = match["limit"].replace("matching regex", "of the form")
    expected = _description(kind, deep=bool(below)) or " or ".join(options) + limit
    if match["found"] == "null" or value == "":
        return f"expected {expected}, found nothing", "Fill it in, or delete the line."
    found = "" if below else _IN_WORDS.get(match["found"], "") if match["found"] else ""
    if isinstance(value, str):
        found = f"“{short(value)}”"
    elif isinstance(value, int | float) and not found:
        found = short(str(value))
    hint = ""
    if "text" in options and match["found"] in ("int", "float", "bool"):
        hint = "Put it in quotation marks."
    elif isinstance(value, str) and (too_many := len(value) - _most(kind)) > 0:
        hint = f"Cut {too_many:,} character{'s' * (too_many > 1)}."
    elif options == ["a list"]:
        hint = "Write it as a list: [one, two], or one a line after “- ”."
    elif options == ["keys with values"]:
        hint = "Write its keys on the lines below, indented."
    return f"expected {expected}{found and f', found {found}'}", hint


def name_of(keys: tuple[str | int, ...]) -> str:
    """Return what messages call the value at a path of keys: its last key."""
    return next((short(key) for key in reversed(keys) if isinstance(key, str)), "the metadata block")


def short(text: str) -> str:
    """Return a text as messages show it, at most forty characters of it."""
    return text if len(text) <= 40 else f"{text[:39]}…"
