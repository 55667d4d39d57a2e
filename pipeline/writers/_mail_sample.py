"""A finished letter in; the same as a message to a made-up reader out, to open in a mail program."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pipeline import model as m
from pipeline.mail import message as mail
from pipeline.mail.placeholders import Greeting, as_for_nobody, direction_of, fill, in_html
from pipeline.writers._letters import LISTED, Letter, chapter_of, kind_of, stem_of
from pipeline.writers._mail_pictures import Picture

READER = mail.Mailbox("Reader", "reader@example.com")


def message(
    book: m.Book,
    newsletter: m.Newsletter,
    sender: m.Sender,
    letter: Letter,
    page: str,
    text: str,
    pictures: Sequence[Picture],
) -> bytes:
    """Return a letter as a message, its pictures inside; `page` names them `cid:` and their content ids.

    A confirmation goes to somebody who isn't a reader yet, and a goodbye to one who no longer is: each is an answer by
    a machine (RFC 3834), and no mail of the list.
    """
    kind, values, direction = kind_of(letter), _values(book, newsletter, sender, letter), direction_of(book.language)
    domain = mail.domain_of(sender.address)
    first = datetime.fromisoformat(book.date).replace(hour=8, tzinfo=UTC)
    is_issue, is_listed = isinstance(letter, m.Issue), kind in LISTED
    name = letter.slug if isinstance(letter, m.Issue) else f"mail/{kind}"
    return mail.build(
        mail.Letter(
            sender=mail.Mailbox(sender.name, sender.address),
            recipient=READER,
            subject=fill(letter.subject, values, str, direction),
            sent=first + timedelta(days=7 * (letter.number - 1 if isinstance(letter, m.Issue) else 0)),
            message_id=mail.message_id(domain, newsletter.id, name, READER.address),
            list_name=newsletter.title if is_listed else "",
            list_id=f"{newsletter.id}.{domain}" if is_listed else "",
            language=book.language,
            unsubscribe_url=values["unsubscribe_url"] if is_listed else "",
            preferences_url=values["preferences_url"] if is_listed else "",
            archive_url=values["archive_url"] if is_issue else "",
            feedback_id=f"{name}:{newsletter.id}:{kind}:quire",
            is_automatic=not is_listed,
            text=fill(text, values, str, direction),
            html=fill(page, values, in_html, direction),
            pictures=tuple(
                mail.Picture(picture.content_id, picture.name, picture.media_type, picture.content)
                for picture in {picture.content_id: picture for picture in pictures}.values()
            ),
        )
    )


def _values(book: m.Book, newsletter: m.Newsletter, sender: m.Sender, letter: Letter) -> dict[str, str]:
    """Return what a sample's placeholders are filled with, addresses below the book's site; half way, for progress."""
    site = mail.secure_url(book.website or "https://example.com")
    chapter = chapter_of(book, letter)
    greeting = Greeting(newsletter.greeting.with_name, newsletter.greeting.without_name)
    issues = newsletter.issues
    half = len(issues) // 2
    return {
        "greeting": greeting.for_name(READER.name, direction_of(book.language)),
        "name": READER.name,
        "unsubscribe_url": f"{site}/newsletter/unsubscribe",
        "preferences_url": f"{site}/newsletter/preferences",
        "archive_url": f"{site}/newsletter/{stem_of(letter)}.html",
        "worksheet_url": f"{site}/worksheets/{chapter.file_stem}.pdf" if chapter else "",
        "confirm_url": f"{site}/newsletter/confirm",
        "resubscribe_url": f"{site}/newsletter/again",
        "postal_address": sender.postal_address,
        "issues_sent": str(half),
        "issues_left": str(len(issues) - half),
        "next_issue": as_for_nobody(issues[half].subject) if half < len(issues) else "",
    }
