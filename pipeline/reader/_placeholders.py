"""A letter's text in; its placeholders out, `{{ name|friend }}`, and what looks like one and isn't, as findings."""

import difflib
import re
from collections.abc import Callable, Collection, Iterator

from pipeline import model as m
from pipeline.mail.placeholders import IN_PROSE, MAY_BE_EMPTY, Slot

Report = Callable[[str, str], None]
_BRACES = re.compile(r"\{\{(?:\s*(?P<name>[^{}|]*?)\s*(?P<bar>\|\s*(?P<fallback>[^{}]*?)\s*)?\}\})?")
# What templates put into a letter by themselves, or a role does.
_FOOT = "Delete it: it stands at the foot of each letter that needs it."
_INSTEAD = {
    "greeting": "Delete it: letters greet by themselves; “greeting” in book.yaml says how.",
    "worksheet_url": "Write {worksheet}`Print the page`.",
    "confirm_url": "Write {confirm}`Yes, send me the letters`.",
    **dict.fromkeys(("unsubscribe_url", "preferences_url", "archive_url", "resubscribe_url", "postal_address"), _FOOT),
}
_IN_ADDRESS = re.compile(r"\{\{|%7B%7B", re.IGNORECASE)


def spelled(name: str) -> str:
    """Return a placeholder as an author writes it."""
    return f"{{{{ {name}|… }}}}" if name in MAY_BE_EMPTY else f"{{{{ {name} }}}}"


def pieces(text: str, allowed: Collection[str], report: Report) -> Iterator[str | Slot]:
    """Yield a text's pieces; what is no placeholder of `allowed` is reported, and stays text."""
    end = 0
    for match in _BRACES.finditer(text):
        fault = _fault(match, allowed)
        if fault:
            report(*fault)
            continue
        if match.start() > end:
            yield text[end : match.start()]
        yield Slot(match["name"], match["fallback"] or "")
        end = match.end()
    if end < len(text):
        yield text[end:]


def _fault(match: re.Match[str], allowed: Collection[str]) -> tuple[str, str] | None:
    """Return what is wrong with a placeholder, and what to do."""
    known = f"Here may stand {', '.join(map(spelled, allowed))}." if allowed else "No placeholder may stand here."
    instead = f"{known} For braces as they are, write \\{{\\{{."
    name = match["name"]
    if name is None:
        return "“{{” without “}}” on the same line", instead
    if name not in allowed:
        kinds = [kind for kind, names in IN_PROSE.items() if name in names]
        if kinds and not allowed:
            return f"“{match[0][:60]}” where somebody may not be a reader: a confirmation shows no values", instead
        if kinds:
            return f"“{match[0][:60]}” has a value in these letters alone: {', '.join(kinds)}", instead
        if name in _INSTEAD:
            return f"“{match[0][:60]}” is not for letters' texts", _INSTEAD[name]
        close = difflib.get_close_matches(name, allowed, 1)
        return f"“{match[0][:60]}” is no placeholder", f"Did you mean {spelled(close[0])}?" if close else instead
    if name in MAY_BE_EMPTY and not match["fallback"]:
        example = "{{ name|friend }}" if name == "name" else f"{{{{ {name}|nothing more }}}}"
        return f"“{match[0]}” says nothing where there is none", f"Say after a bar what to write then: {example}."
    if name not in MAY_BE_EMPTY and match["bar"]:
        return f"“{match[0][:60]}” needs no fallback: there always is one", f"Write {spelled(name)}."
    return None


def checked(text: str, allowed: Collection[str], report: Report) -> str:
    """Return one line of text with its placeholders spelled as templates spell them."""
    return "".join(map(str, pieces(text, allowed, report))) if "{{" in text else text


def misplaced(document: m.Document) -> Iterator[tuple[int, str, str]]:
    """Yield the line, the message and the hint of each placeholder where only plain text or an address may stand."""
    line = 1
    for node in m.walk((document.blocks, document.footnotes)):
        line = getattr(getattr(node, "location", None), "line", line)
        match node:
            case m.Link(href=href) if _IN_ADDRESS.search(href):
                yield line, "a placeholder in a link's address", "Write the address out; placeholders are for words."
            case m.Figure(alt=alt) if "{{" in alt:
                yield line, "a placeholder in an alternative text", "Say what the picture shows, and no more."
            case m.Scale(low=low, high=high) if "{{" in low + high:
                yield line, "a placeholder at an end of a scale", "Write it in the question."
            case m.Grid(columns=columns, row_labels=labels) if any("{{" in cell for cell in columns + labels):
                yield line, "a placeholder in a table to fill", "Write it in the question."
