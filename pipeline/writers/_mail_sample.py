"""A finished letter in; the same as a message to a made-up reader out, to open in a mail program."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pipeline import model as m
from pipeline.mail import message as mail
from pipeline.mail.bidi import direction_of
from pipeline.mail.placeholders import Greeting, placeholders_in
from pipeline.mail.sample import READER_NAME, sample_addresses, sample_progress
from pipeline.writers._letters import Letter, chapter_of, kind_of, stem_of
from pipeline.writers._mail_pictures import Picture

READER = mail.Mailbox(READER_NAME, "reader@example.com")


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

    It is made as delivery makes it: prepared, and filled in for one reader. A letter that shows no way to leave, such
    as a confirmation, which goes to somebody who isn't a reader yet, is no mail of the list.
    """
    kind, domain = kind_of(letter), mail.domain_of(sender.address)
    first = datetime.fromisoformat(book.date).replace(hour=8, tzinfo=UTC)
    name = letter.slug if isinstance(letter, m.Issue) else f"mail/{kind}"
    prepared = mail.prepare(
        mail.Letter(
            sender=mail.Mailbox(sender.name, sender.address),
            sequence=newsletter.id,
            title=newsletter.title,
            name=name,
            kind=kind,
            language=book.language,
            subject=letter.subject,
            text=text,
            html=page,
            pictures=tuple(
                mail.Picture(picture.content_id, picture.name, picture.media_type, picture.content)
                for picture in {picture.content_id: picture for picture in pictures}.values()
            ),
            is_listed="unsubscribe_url" in placeholders_in(text),
        )
    )
    return prepared.message(
        mail.Copy(
            recipient=READER,
            sent=first + timedelta(days=7 * (letter.number - 1 if isinstance(letter, m.Issue) else 0)),
            message_id=mail.message_id(domain, newsletter.id, name, READER.address),
            values=_values(book, newsletter, sender, letter),
        )
    )


def _values(book: m.Book, newsletter: m.Newsletter, sender: m.Sender, letter: Letter) -> dict[str, str]:
    """Return what a sample's placeholders are filled with; a mail has no place in the archive."""
    chapter = chapter_of(book, letter)
    greeting = Greeting(newsletter.greeting.with_name, newsletter.greeting.without_name)
    addresses = sample_addresses(book.website, stem_of(letter), chapter.file_stem if chapter else "")
    if not isinstance(letter, m.Issue):
        addresses["archive_url"] = ""
    return {
        **addresses,
        **sample_progress([issue.subject for issue in newsletter.issues]),
        "greeting": greeting.for_name(READER.name, direction_of(book.language)),
        "name": READER.name,
        "postal_address": sender.postal_address,
    }
