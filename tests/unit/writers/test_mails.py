"""The mails that answer a reader: letters that are no issues."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest
from unit.writers.test_mail_text import HERE, a_book, paragraph, words
from unit.writers.test_newsletter import by_name, message_of, parts_of, tree

from pipeline import model as m
from pipeline import theme
from pipeline.cache import Cache
from pipeline.press import open_press
from pipeline.project import Project
from pipeline.writers import _weasyprint, newsletter

ROOT = Path(__file__).parents[3]
HELLO = m.Document((paragraph("Hello."),))
COUNT = m.Document(
    (
        paragraph(m.Placeholder("issues_sent", "", HERE), " and ", m.Placeholder("issues_left", "", HERE)),
        paragraph(m.Placeholder("next_issue", "<none> & “no more”", HERE)),
    )
)
ASK = m.Document((paragraph("Was it you?"), paragraph(m.ConfirmLink(words("Yes"), HERE))))


def a_book_with_mails() -> m.Book:
    book = a_book(HELLO)
    assert book.newsletter is not None
    mails = (
        m.Mail("confirmation", "One click", "Then they come.", ASK, HERE),
        m.Mail("welcome", "Hello", "What comes.", HELLO, HERE),
        m.Mail("progress", "So far, {{ name|friend }}", "A count.", COUNT, HERE),
        m.Mail("goodbye", "Goodbye", "The last one.", HELLO, HERE),
    )
    changed = msgspec.structs.replace(book.newsletter, mails=mails)
    return msgspec.structs.replace(book, newsletter=changed)


def written(book: m.Book, folder: Path) -> dict[str, m.Artifact]:
    design = theme.load(Project(ROOT))
    prepare = partial(_weasyprint.prepare, tuple(str(font.path) for font in design.fonts), str(folder / "fonts"))
    with open_press(Cache(folder / "cache"), jobs=1, prepare=prepare) as press:
        artifacts: Sequence[m.Artifact] = newsletter.write(book, design, press)
    return by_name(artifacts)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, m.Artifact]:
    return written(a_book_with_mails(), tmp_path_factory.mktemp("mails"))


def page(made: dict[str, m.Artifact], kind: str) -> str:
    return made[f"{kind}.html"].content.decode()


@pytest.mark.parametrize("kind", m.MAIL_KINDS)
def test_each_mail_is_html_text_a_message_and_the_books_motif(made: dict[str, m.Artifact], kind: str) -> None:
    assert {f"{kind}.{ending}" for ending in ("html", "txt", "eml", "png")} <= set(made)
    assert made[f"{kind}.html"].sources == ("content/book.yaml", HERE.path)


@pytest.mark.parametrize("kind", m.MAIL_KINDS)
def test_a_mail_has_no_number_and_no_place_in_the_archive(made: dict[str, m.Artifact], kind: str) -> None:
    for content in (page(made, kind), made[f"{kind}.txt"].content.decode()):
        assert "Letter 1" not in content
        assert "archive_url" not in content
    assert message_of(made, f"{kind}.eml")["List-Archive"] is None


def test_the_confirmations_button_leads_to_its_placeholder(made: dict[str, m.Artifact]) -> None:
    [link] = tree(page(made, "confirmation")).xpath("//a")
    assert (link.get("href"), link.text) == ("{{ confirm_url }}", "Yes")
    assert link.getparent().get("bgcolor")
    assert "Yes:\n{{ confirm_url }}\n" in made["confirmation.txt"].content.decode()


def test_nothing_that_a_stranger_may_have_typed_is_in_a_confirmation(made: dict[str, m.Artifact]) -> None:
    sequence = msgspec.json.decode(made["sequence.json"].content)
    assert sequence["mails"]["confirmation"]["placeholders"] == ["confirm_url", "postal_address"]


def test_a_confirmation_is_an_automatic_mail_and_none_of_the_lists(made: dict[str, m.Artifact]) -> None:
    message = message_of(made, "confirmation.eml")
    assert message["Auto-Submitted"] == "auto-generated"
    assert [name for name in message if name.startswith("List-") or name == "Precedence"] == []
    assert "https://example.com/a-book/newsletter/confirm" in parts_of(message)["text/plain"].get_content()


def test_a_welcome_greets_and_can_be_left_like_an_issue(made: dict[str, m.Artifact]) -> None:
    message = message_of(made, "welcome.eml")
    assert message["Auto-Submitted"] is None
    assert message["List-Unsubscribe"] == "<https://example.com/a-book/newsletter/unsubscribe>"
    assert message["List-Id"] == "Letters <letters.example.com>"
    assert "Dear Reader," in parts_of(message)["text/plain"].get_content()
    assert "{{ unsubscribe_url }}" in page(made, "welcome")


def test_progress_counts_letters_and_names_the_next(made: dict[str, m.Artifact]) -> None:
    sequence = msgspec.json.decode(made["sequence.json"].content)
    used = sequence["mails"]["progress"]["placeholders"]
    assert {"name", "issues_sent", "issues_left", "next_issue", "unsubscribe_url"} <= set(used)
    assert "{{ next_issue|&lt;none&gt; &amp; “no more” }}" in page(made, "progress")
    assert "{{ next_issue|<none> & “no more” }}" in made["progress.txt"].content.decode()
    message = message_of(made, "progress.eml")
    assert message["Subject"] == "So far, Reader"
    assert "\n0 and 1\n\nA subject\n" in parts_of(message)["text/plain"].get_content().replace("\r\n", "\n")


def test_a_goodbye_offers_a_way_back_and_nothing_to_unsubscribe_from(made: dict[str, m.Artifact]) -> None:
    assert [link.get("href") for link in tree(page(made, "goodbye")).xpath("//a")] == ["{{ resubscribe_url }}"]
    assert "{{ resubscribe_url }}" in made["goodbye.txt"].content.decode()
    message = message_of(made, "goodbye.eml")
    assert [name for name in message if name.startswith("List-") or name == "Precedence"] == []


def test_messages_of_issues_and_mails_have_ids_of_their_own(made: dict[str, m.Artifact]) -> None:
    names = [name for name in made if name.endswith(".eml")]
    assert len({message_of(made, name)["Message-ID"] for name in names}) == len(names) == 5


def test_the_sequence_names_the_mails_beside_the_issues(made: dict[str, m.Artifact]) -> None:
    sequence = msgspec.json.decode(made["sequence.json"].content)
    assert [issue["id"] for issue in sequence["issues"]] == ["letter-1"]
    assert sequence["mails"]["welcome"]["subject"] == "Hello"
    assert sequence["mails"]["welcome"]["files"]["text"]["name"] == "welcome.txt"
    assert "confirm_url" in sequence["placeholders"]


def test_a_newsletter_without_mails_makes_none(tmp_path: Path) -> None:
    made = written(a_book(HELLO), tmp_path)
    assert not [name for name in made if name.startswith(("confirmation", "welcome"))]
    sequence = msgspec.json.decode(made["sequence.json"].content)
    assert sequence["mails"] == {}
