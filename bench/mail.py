"""Messages for each reader beside the standard library's, and the twenty issues from their text: processor time."""

import email.policy
import html
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from unittest import mock

from bench._timing import QUIRE, copy_of_the_book, seconds
from pipeline import build, theme
from pipeline.cache import Cache
from pipeline.mail import message as mail
from pipeline.mail.placeholders import fill
from pipeline.mail.sample import sample_addresses
from pipeline.press import open_press
from pipeline.project import Project
from pipeline.transforms import select
from pipeline.writers import _mail_html, newsletter

READERS = 200
ROUNDS = 5
ADDRESSES = sample_addresses("https://example.com", "01-first", "01-first")


def run() -> None:
    """Print how long the twenty issues take, and the ratio of messages for each reader to the peer's."""
    with tempfile.TemporaryDirectory() as name:
        project = copy_of_the_book(Path(name))
        # What is typeset, the pictures, is drawn before: what follows is rendering, inlining and serializing.
        seconds([*QUIRE, "build", "newsletter"], project)
        letters = _all_letters(Project(project))
    prepared = [mail.prepare(letter) for letter in letters]
    copies = [_copy(number) for number in range(READERS)]
    ours = _least(lambda: [prepared[0].message(copy) for copy in copies]) / READERS
    peer = _least(lambda: [_peer(letters[0], copy) for copy in copies[: READERS // 10]]) / (READERS // 10)
    print(f"{'email.message.EmailMessage, a message':<42} {peer * 1e6:7.1f} µs")
    print(f"{'a prepared issue, a message':<42} {ours * 1e6:7.1f} µs  {peer / ours:6.1f} times as fast (asked: 20)")


def _least(work: Callable[[], object]) -> float:
    """Return the least processor time of several rounds: others use the machine too."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


# --------------------------------------------------------------------------- twenty issues


class _TimedInliner:
    def __init__(self, inliner: Any) -> None:
        self.inliner, self.seconds = inliner, 0.0

    def inline(self, page: str) -> str:
        started = time.process_time()
        inlined: str = self.inliner.inline(page)
        self.seconds += time.process_time() - started
        return inlined


def _all_letters(project: Project) -> list[mail.Letter]:
    """Print how long all letters take from the book to their bytes, and how much of it is inlining; return them."""
    inliners: list[_TimedInliner] = []
    caught: list[mail.Letter] = []
    prepare = mail.prepare

    class Renderer(_mail_html.HtmlRenderer):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._inliner = _TimedInliner(self._inliner)  # type: ignore[assignment]
            inliners.append(self._inliner)  # type: ignore[arg-type]

    def catching(letter: mail.Letter) -> mail.Prepared:
        caught.append(letter)
        return prepare(letter)

    cache, design = Cache(project.state / "cache"), theme.load(project)
    book, _ = build.load(project, cache, design, advice=False)
    book = newsletter._what_letters_show(select(book, "newsletter"))
    assert book.newsletter is not None
    with (
        mock.patch.object(newsletter, "HtmlRenderer", Renderer),
        mock.patch.object(mail, "prepare", catching),
        open_press(cache, jobs=1) as press,
    ):
        started = time.process_time()
        newsletter._artifacts(book, book.newsletter, design, press)
        took = time.process_time() - started
    inlining = sum(inliner.seconds for inliner in inliners)
    print(f"{f'{len(caught)} letters, cold, pictures drawn before':<42} {took * 1000:7.1f} ms  (asked: 1,000)")
    print(f"{'of it inlining':<42} {inlining * 1000:7.1f} ms")
    return caught


# --------------------------------------------------------------------------- messages


def _copy(number: int) -> mail.Copy:
    name = f"Reader {number}"
    return mail.Copy(
        recipient=mail.Mailbox(name, f"reader{number}@example.com"),
        sent=datetime(2026, 11, 22, 8, tzinfo=UTC),
        message_id=mail.message_id("example.com", str(number)),
        values={
            **ADDRESSES,
            "unsubscribe_url": f"https://letters.example.org/u/{number:032x}",
            "preferences_url": f"https://letters.example.org/p/{number:032x}",
            "name": name,
            "greeting": f"Dear {name},",
            "postal_address": "Quire Press, 1 Example Street, Example City",
        },
    )


def _peer(letter: mail.Letter, copy: mail.Copy) -> bytes:
    """Return the same message as `EmailMessage` makes it."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = f"{letter.sender.name} <{letter.sender.address}>"
    message["To"] = f"{copy.recipient.name} <{copy.recipient.address}>"
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(copy.sent)
    message["Message-ID"] = f"<{copy.message_id}>"
    message["List-Unsubscribe"] = f"<{copy.values['unsubscribe_url']}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["List-Help"] = f"<{copy.values['preferences_url']}>"
    message["List-Archive"] = f"<{copy.values['archive_url']}>"
    message["List-Id"] = f"{letter.title} <{letter.sequence}.example.com>"
    message["Precedence"] = "bulk"
    message["Feedback-ID"] = f"{letter.name}:{letter.sequence}:{letter.kind}:quire"
    message.set_content(fill(letter.text, copy.values))
    message.add_alternative(fill(letter.html, copy.values, html.escape), subtype="html")
    page = message.get_payload()[1]  # type: ignore[index]
    for picture in letter.pictures:
        kind, _, subtype = picture.media_type.partition("/")
        page.add_related(  # type: ignore[union-attr]
            picture.content, kind, subtype, cid=f"<{picture.content_id}>", filename=picture.name
        )
    return message.as_bytes()
