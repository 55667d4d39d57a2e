"""A role in, inlines out: cite, term, ref, index, worksheet, confirm."""

import difflib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline import model as m
from pipeline.reader._typography import smart

if TYPE_CHECKING:
    from pipeline.reader.markdown import Reading

_KEY = re.compile(r"[\w:.+/-]+")
_WITH_TARGET = re.compile(r"(?P<text>.*?)\s*<(?P<target>[^<>]+)>", re.DOTALL)


def convert(reading: "Reading", name: str, content: str, line: int) -> tuple[m.Inline, ...]:
    """Return the inlines that a role stands for; report it if it is unknown or malformed."""
    role = ROLES.get(name)
    if role is None:
        close = difflib.get_close_matches(name, ROLES, 1)
        hint = f"Did you mean {{{close[0]}}}?" if close else f"Known roles: {', '.join(sorted(ROLES))}."
        reading.report(line, "unknown-role", f"unknown role {{{name}}}", hint)
        return (m.Text(content),)
    content = " ".join(content.split())
    if not content:
        reading.report(line, "role", f"{{{name}}} with nothing in it", "Fill it in, or delete it.")
        return ()
    return role(reading, content, line)


def _split(content: str) -> tuple[str, str]:
    """Return the shown text and the target of `text <target>`; both are the content where there is no target."""
    match = _WITH_TARGET.fullmatch(content)
    return (match["text"], match["target"].strip()) if match else (content, content)


def _shown(reading: "Reading", text: str, line: int) -> tuple[m.Inline, ...]:
    return reading.inlines(text, line) if text else ()


def _cite(reading: "Reading", content: str, line: int, narrative: bool = False) -> tuple[m.Inline, ...]:
    keys = tuple(key.strip() for key in content.split(","))
    if not all(_KEY.fullmatch(key) for key in keys):
        reading.report(line, "role", f"“{content}” is not a list of keys", "Write {cite}`key` or {cite}`key, key`.")
        return ()
    return (m.Cite(keys, narrative, reading.at(line)),)


def _cite_narrative(reading: "Reading", content: str, line: int) -> tuple[m.Inline, ...]:
    return _cite(reading, content, line, narrative=True)


def _term(reading: "Reading", content: str, line: int) -> tuple[m.Inline, ...]:
    text, target = _split(content)
    return (m.Term(target, _shown(reading, text or target, line), reading.at(line)),)


def _ref(reading: "Reading", content: str, line: int) -> tuple[m.Inline, ...]:
    text, target = _split(content)
    shown = _shown(reading, text, line) if text != target else ()
    return (m.Ref(target, shown, reading.at(line)),)


def _index(reading: "Reading", content: str, line: int) -> tuple[m.Inline, ...]:
    text, target = _split(content)
    # Headings of the index are printed as they stand here, so they are made typographic like the text.
    target = smart(target, reading.language)
    see = see_also = ""
    for prefix in ("see:", "seealso:"):
        if target.startswith(prefix):
            heading, _, other = target.removeprefix(prefix).partition(";")
            target = heading.strip()
            if not other.strip():
                hint = f"Write {{index}}`<{prefix} entry; other entry>`."
                reading.report(line, "role", f"“{content}” names no other entry", hint)
                return ()
            see, see_also = (other.strip(), "") if prefix == "see:" else ("", other.strip())
    entry = tuple(part.strip() for part in target.split(";"))
    if not all(entry) or len(entry) > 2:
        reading.report(line, "role", f"“{target}” is not an index entry", "Write entry, or entry; sub-entry.")
        return _shown(reading, text, line)
    shown = _shown(reading, text, line)
    return (m.IndexMark(reading.next_index_id(), entry, shown, reading.at(line), see, see_also),)


def _worksheet(reading: "Reading", content: str, line: int) -> tuple[m.Inline, ...]:
    return (m.WorksheetLink(_shown(reading, content, line), reading.at(line)),)


def _confirm(reading: "Reading", content: str, line: int) -> tuple[m.Inline, ...]:
    return (m.ConfirmLink(_shown(reading, content, line), reading.at(line)),)


ROLES: dict[str, Callable[["Reading", str, int], tuple[m.Inline, ...]]] = {
    "cite": _cite,
    "cite:p": _cite,
    "cite:t": _cite_narrative,
    "term": _term,
    "ref": _ref,
    "index": _index,
    "worksheet": _worksheet,
    "confirm": _confirm,
}
