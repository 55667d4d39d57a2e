"""A text part that is missing, or that says something else than the HTML."""

import itertools
import re
from collections.abc import Iterator

from pipeline.errors import Finding
from pipeline.lint._mail import Html, Limits, Mail, Text, found, quoted
from pipeline.lint._words import ADDRESS, Said, blocks, words

# What stands in a text for a list's marks and for pictures, which in HTML are no words.
_MARK = re.compile(r"^\s*\d{1,3}[.)]\s+", re.MULTILINE)
_PICTURE = re.compile(r"\[\s*(?:picture|image|img|photo|figure)\s*:", re.IGNORECASE)
# A mail with more has other faults.
_MOST_LINKS = 300


def check(mail: Mail, limits: Limits) -> Iterator[Finding]:
    """Yield an error for a missing text part and for a link that one part lacks, a warning for words that one lacks."""
    if not mail.html.elements:
        return
    if mail.text is None:
        if mail.is_message:
            hint = "Add a text/plain part before the HTML, with the same words and links (multipart/alternative)."
            yield mail.finding(1, "text-part", "the message has no text part", hint)
        return
    if not mail.text.is_first:
        hint = "Put text/plain first: programs show the last part that they know (RFC 2046 §5.1.4)."
        yield mail.finding(1, "text-part", "the text part stands after the HTML", hint)
    if not mail.text.text.strip():
        yield found(mail.text, 1, "text-part", "the text part is empty", "Write in it what the HTML says.")
        return
    yield from _links(mail.html, mail.text)
    yield from _words(mail.html, mail.text)


def _links(html: Html, text: Text) -> Iterator[Finding]:
    # An address may be broken over lines.
    plain = _squeezed(text.text)
    told = set()
    links = html.links[:_MOST_LINKS]
    for link in links:
        address = _squeezed(link.href).removeprefix("mailto:").rstrip("/")
        if address and not address.startswith("#") and address not in plain and address not in told:
            told.add(address)
            message = f"the text part lacks a link: “{link.href[:60]}”, {quoted(link.text)}"
            yield found(html, link.line, "text-part", message, "Write its address in the text part too.")
    shown = _squeezed(" ".join(html.text(one) for one in html.all("body")))
    known = {_squeezed(link.href) for link in links}
    for line, address in itertools.islice(_addresses(text.text), _MOST_LINKS):
        # One that goes on in the next line isn't known whole.
        is_there = any(one.startswith(address) or address.startswith(one.rstrip("/") + "/") for one in known)
        if not is_there and address not in shown and address not in told:
            told.add(address)
            message = f"the HTML lacks a link that the text part has: “{address[:60]}”"
            yield found(text, line, "text-part", message, "Link to it in the HTML too, or take it out.")


def _addresses(text: str) -> Iterator[tuple[int, str]]:
    for line, row in enumerate(text.split("\n"), start=1):
        for match in ADDRESS.findall(row):
            yield line, _squeezed(match.rstrip(".,;:!?)]>’”'\""))


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _words(html: Html, text: Text) -> Iterator[Finding]:
    in_html = blocks(html)
    alts = [picture.get("alt") for picture in html.all("img")]
    of_text, of_html = Said(words(text.text)), Said(words("\n".join([*(block for _, block in in_html), *alts])))
    for line, block in in_html:
        if of_text.lacks(words(block)):
            message = f"the text part lacks what the HTML says: {quoted(block)}"
            yield found(html, line, "text-part", message, "Say the same in both.", "warning")
    for line, rows in _paragraphs(text.text):
        paragraph = " ".join(rows)
        # A table may be a list of its cells here, each with its column's name.
        if of_html.lacks(words(_PICTURE.sub("[", paragraph))) and any(of_html.lacks(words(row)) for row in rows):
            message = f"the HTML lacks what the text part says: {quoted(paragraph)}"
            yield found(text, line, "text-part", message, "Say the same in both.", "warning")


def _paragraphs(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the paragraphs of a text as rows, without the marks of lists, each with the line that it begins on."""
    start = 1
    rows: list[str] = []
    for number, row in enumerate([*text.split("\n"), ""], start=1):
        if row.strip():
            start = start if rows else number
            rows.append(_MARK.sub("", row))
        elif rows:
            yield start, rows
            rows = []
