"""The newsletter's settings and the heads of its letters in; what is wrong with them out."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator

from pipeline.errors import Finding, Location
from pipeline.metadata import Lines
from pipeline.project import NewsletterSettings, SenderSettings
from pipeline.reader import _placeholders


def faults(settings: NewsletterSettings, lines: Lines) -> Iterator[Finding]:
    """Yield what is wrong with the newsletter as book.yaml has it: how many issues, their numbers, the greeting."""
    count = len(settings.issues)
    if settings.count is not None and count != settings.count:
        message = f"there {'is 1 issue' if count == 1 else f'are {count} issues'}; “count” says {settings.count}"
        hint = "Name the rest under “issues”." if count < settings.count else "Take one out of “issues”, or change it."
        yield Finding(lines.at("newsletter", "count"), "issue-count", message, hint)
    places: defaultdict[int, list[int]] = defaultdict(list)
    for place, name in enumerate(settings.issues):
        if prefix := re.match(r"\d+", name):
            places[int(prefix[0])].append(place)
    for number, (first, *others) in places.items():
        for place in others:
            same = settings.issues[first], settings.issues[place]
            if same[0] != same[1]:
                message = f"two issues have the number {number}: “{same[0]}” and “{same[1]}”"
                where = lines.at("newsletter", "issues", place)
                yield Finding(where, "issue-number", message, "Rename one of the files.")
    yield from _greeting_faults(settings, lines)


def breaks(newsletter: NewsletterSettings, sender: SenderSettings | None, lines: Lines) -> Iterator[Finding]:
    """Yield a finding for each line break in what stands in a header or in a sentence of a letter."""
    said: list[tuple[tuple[str, ...], str]] = [
        (("newsletter", "title"), newsletter.title),
        (("newsletter", "greeting", "with_name"), newsletter.greeting.with_name),
        (("newsletter", "greeting", "without_name"), newsletter.greeting.without_name),
    ]
    if sender is not None:
        said.append((("sender", "name"), sender.name))
    for keys, text in said:
        if "\n" in text:
            yield _line_break(keys[-1], lines.at(*keys))


def _line_break(key: str, where: Location) -> Finding:
    hint = "Write it on one line, or after >- where it is long."
    return Finding(where, "metadata", f"“{key}” has a line break in it", hint)


def _greeting_faults(settings: NewsletterSettings, lines: Lines) -> Iterator[Finding]:
    with_name, without_name = settings.greeting.with_name, settings.greeting.without_name
    if with_name.count("{{ name }}") != 1 or with_name.count("{{") != 1:
        message = "“with_name” doesn't have {{ name }} in it, once and nothing else in braces"
        hint = "Write with_name: “Dear {{ name }},” between straight quotation marks."
        yield Finding(lines.at("newsletter", "greeting", "with_name"), "placeholder", message, hint)
    if "{{" in without_name:
        where = lines.at("newsletter", "greeting", "without_name")
        hint = "Greet without a name: it is for readers who gave none."
        yield Finding(where, "placeholder", "“without_name” has a placeholder", hint)


def head(text: str, key: str, allowed: Collection[str], where: Location, findings: list[Finding]) -> str:
    """Return a subject or a preheader with its placeholders spelled as templates spell them, after looking at it."""

    def report(message: str, hint: str) -> None:
        findings.append(Finding(where, "placeholder", f"“{key}”: {message}", hint))

    if "\n" in text:
        findings.append(_line_break(key, where))
        text = text.replace("\n", " ")
    return _placeholders.checked(text, allowed, report)
