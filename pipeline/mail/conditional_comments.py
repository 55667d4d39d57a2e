"""HTML with conditional comments in; HTML as Outlook for Windows reads it, with Word's engine, out."""

import operator
import re

# What `mso` is compared with: that of Outlook 2016 and of every later one with this engine.
VERSION = 16
_CONDITION = re.compile(
    r"(?P<open><!--\[if\s+(?P<hidden>[^\]]{1,200})\]>(?:\s*<!--+>|--+>)?|<!\[if\s+(?P<shown>[^\]]{1,200})\]>)"
    r"|(?P<close>(?:<!--\s*)?<!\[endif\]\s*(?:--)?>)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\s*([()!&|]|[a-z]+|\d+(?:\.\d+)?)", re.IGNORECASE)
_COMPARISONS = {"gte": operator.ge, "gt": operator.gt, "lte": operator.le, "lt": operator.lt}


def conditions_met(html: str) -> str:
    """Return HTML with what conditional comments keep for Word's engine bare, and without what they keep from it.

    All three forms count: hidden from browsers (`<!--[if mso]>`), shown to them (`<![if !mso]>`), and the latter
    between comments (`<!--[if !mso]><!-->`). One without an end is left as it stands.
    """
    marks = list(_CONDITION.finditer(html))
    opened: list[int] = []
    pairs: dict[int, int] = {}
    for number, mark in enumerate(marks):
        if mark["open"]:
            opened.append(number)
        elif opened:
            pairs[opened.pop()] = number
    paired = {*pairs, *pairs.values()}
    pieces, shown, end = [], [True], 0
    for number, mark in enumerate(marks):
        if number not in paired:
            continue
        if shown[-1]:
            pieces.append(html[end : mark.start()])
        end = mark.end()
        if number in pairs:
            shown.append(shown[-1] and holds(mark["hidden"] or mark["shown"]))
        else:
            shown.pop()
    return "".join([*pieces, html[end:]])


def holds(condition: str) -> bool:
    """Return whether a conditional comment's condition holds for Word's engine; one that can't be read doesn't."""
    words = [match[1].lower() for match in _WORD.finditer(condition)]
    if "".join(words) != re.sub(r"\s", "", condition.lower()):
        return False
    try:
        value = _either(words)
    except (IndexError, ValueError):
        return False
    return value and not words


def _either(words: list[str]) -> bool:
    value = _both(words)
    while words and words[0] == "|":
        words.pop(0)
        value = _both(words) or value
    return value


def _both(words: list[str]) -> bool:
    value = _one(words)
    while words and words[0] == "&":
        words.pop(0)
        value = _one(words) and value
    return value


def _one(words: list[str]) -> bool:
    word = words.pop(0)
    if word == "!":
        return not _one(words)
    if word == "(":
        value = _either(words)
        words.pop(0)
        return value
    compare = _COMPARISONS.get(word)
    name = words.pop(0) if compare else word
    version = float(words.pop(0)) if compare or (words and words[0][0].isdigit()) else None
    if name == "mso":
        return version is None or bool((compare or operator.eq)(VERSION, version))
    # Word draws VML, and calls what it writes for itself by names such as supportLists.
    return name in ("vml", "true") or name.startswith("support")
