"""A small newsletter as the build leaves it: files beside their `sequence.json`, and readers for it."""

from pathlib import Path

import msgspec
from msgspec import Struct

from pipeline.mail.placeholders import placeholders_in
from pipeline.mail.sequence import IssueEntry, MailEntry, SenderEntry, SequenceEntry, letter_file
from pipeline.series.message import Reader

PICTURE = b"\x89PNG" * 40
# As `quire check newsletter` wants letters.
_PAGE = (
    '<html lang="en"><head><title>A letter</title></head><body><div lang="en" dir="ltr">'
    '<img src="{{stem}}.png" alt="Rings" width="40">{inside}</div></body></html>\n'
)
HTML = _PAGE.format(
    inside="<p>{{{{ greeting }}}}</p><p>Text of {stem}.</p>"
    '<p><a href="{{{{ worksheet_url }}}}">Sheet</a> <a href="{{{{ unsubscribe_url }}}}">Leave</a> '
    "{{{{ postal_address }}}}</p>"
)
TEXT = (
    "{{{{ greeting }}}}\n\nText of {stem}.\n\nSheet: {{{{ worksheet_url }}}}\nLeave: {{{{ unsubscribe_url }}}}\n"
    "{{{{ postal_address }}}}\n"
)
ASK_HTML = _PAGE.format(inside='<a href="{{{{ confirm_url }}}}">Yes</a>')
ASK_TEXT = "Was it you? {{{{ confirm_url }}}}\n"
ANN = Reader(ref=7, address="ann@example.org", name="Ann", language="en")


class Pages(Struct, frozen=True):
    """Addresses as `links.py` makes them."""

    unsubscribe: str = "https://letters.example.org/u/token"
    preferences: str = "https://letters.example.org/p/token"
    archive: str = "https://letters.example.org/a/token"
    worksheet: str = "https://letters.example.org/w/token"
    confirm: str = ""


def a_built_newsletter(folder: Path, issues: int = 3) -> Path:
    """Write a newsletter of so many issues and a confirmation into a folder, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mails = {"confirmation": MailEntry(**_entry(folder, "confirmation", "Was it you?", ASK_HTML, ASK_TEXT))}
    made = tuple(
        IssueEntry(
            id=f"letter-{number}",
            number=number,
            chapter=f"{number:02d}-chapter",
            worksheet=f"{number:02d}-chapter",
            reading_minutes=1,
            **_entry(folder, f"{number:02d}-letter-{number}", f"Letter {number}", HTML, TEXT),
        )
        for number in range(1, issues + 1)
    )
    sequence = SequenceEntry(
        id="letters",
        title="Letters",
        language="en-US",
        website="https://example.com/a-book",
        sender=SenderEntry("A. Sender", "letters@example.com", "1 Example Street"),
        placeholders=(),
        mails=mails,
        issues=made,
    )
    (folder / "sequence.json").write_bytes(msgspec.json.encode(sequence))
    return folder


def _entry(folder: Path, stem: str, subject: str, html: str, text: str) -> dict[str, object]:
    contents = {"html": html.format(stem=stem).encode(), "txt": text.format(stem=stem).encode(), "png": PICTURE}
    files = {kind: letter_file(f"{stem}.{kind}", content) for kind, content in contents.items()}
    for kind, content in contents.items():
        (folder / files[kind].name).write_bytes(content)
    return {
        "subject": subject,
        "preheader": "A preheader.",
        "files": {"html": files["html"], "text": files["txt"]},
        "pictures": (files["png"],),
        "placeholders": placeholders_in(contents["html"].decode(), contents["txt"].decode()),
    }
