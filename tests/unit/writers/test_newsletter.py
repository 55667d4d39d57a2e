import email
import email.policy
import hashlib
import re
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from unit.writers.test_mail_text import HERE, a_book, every_node, paragraph, words

from pipeline import model as m
from pipeline import theme
from pipeline.cache import Cache
from pipeline.errors import ContentError, Location
from pipeline.mail.placeholders import PLACEHOLDERS, fill
from pipeline.mail.sequence import MOST_HTML
from pipeline.press import open_press
from pipeline.project import Project
from pipeline.writers import _weasyprint, newsletter

ROOT = Path(__file__).parents[3]
PLACEHOLDER = re.compile(r"\{\{ ([a-z_]+)(?:\|[^{}]*)? \}\}")
Write = Callable[[m.Book], Sequence[m.Artifact]]


@pytest.fixture(scope="session")
def design() -> theme.Design:
    return theme.load(Project(ROOT))


@pytest.fixture(scope="session")
def write(design: theme.Design, tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Return the writer, with one cache for all tests: each picture is drawn once."""
    state = tmp_path_factory.mktemp("newsletter")
    prepare = partial(_weasyprint.prepare, tuple(str(font.path) for font in design.fonts), str(state / "fonts"))

    def run(book: m.Book) -> Sequence[m.Artifact]:
        with open_press(Cache(state / "cache"), jobs=1, prepare=prepare) as press:
            return newsletter.write(book, design, press)

    return run


@pytest.fixture(scope="session")
def every(write: Write) -> dict[str, m.Artifact]:
    """Return the artifacts of a book whose two issues hold every node."""
    return by_name(write(a_book(every_node(), every_node())))


def by_name(artifacts: Sequence[m.Artifact]) -> dict[str, m.Artifact]:
    return {artifact.path.removeprefix("newsletter/"): artifact for artifact in artifacts}


def page_of(artifacts: Sequence[m.Artifact]) -> str:
    return by_name(artifacts)["01-letter-1.html"].content.decode()


def tree(page: str) -> Any:
    from lxml import html

    return html.fromstring(page)


def message_of(artifacts: dict[str, m.Artifact], name: str = "01-letter-1.eml") -> EmailMessage:
    raw = artifacts[name].content
    return email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)  # type: ignore[arg-type]


def parts_of(message: EmailMessage) -> dict[str, EmailMessage]:
    return {part.get_content_type(): part for part in message.walk()}


def changed(book: m.Book, **changes: object) -> m.Book:
    """Return a book whose first issue is changed."""
    assert book.newsletter is not None
    first = msgspec.structs.replace(book.newsletter.issues[0], **changes)
    return msgspec.structs.replace(book, newsletter=msgspec.structs.replace(book.newsletter, issues=(first,)))


HELLO = m.Document((paragraph("Hello."),))

# --------------------------------------------------------------------------- what is made


def test_a_book_without_a_newsletter_makes_nothing(write: Write) -> None:
    assert write(a_book(newsletter=None)) == ()


def test_letters_are_not_made_again_when_the_text_of_a_chapter_changes(design: theme.Design, tmp_path: Path) -> None:
    book = a_book(every_node())

    def with_text(text: str) -> m.Book:
        chapter = msgspec.structs.replace(book.chapters[0], text=m.Document((paragraph(text),)))
        part = msgspec.structs.replace(book.parts[0], chapters=(chapter, *book.parts[0].chapters[1:]))
        return msgspec.structs.replace(book, parts=(part, *book.parts[1:]))

    made = []
    for text in ("One text.", "Another text."):
        with open_press(Cache(tmp_path / "cache"), jobs=1) as press:
            made.append(newsletter.write(with_text(text), design, press))
    assert made[0] == made[1]
    assert (press.worked, press.reused) == (0, 1)


def test_each_issue_is_html_text_message_and_pictures_and_the_sequence_is_last(every: dict[str, m.Artifact]) -> None:
    kinds = ("html", "txt", "eml", "png")
    expected = [*(f"01-letter-1.{kind}" for kind in kinds), "01-letter-1-1.png"]
    assert list(every)[:5] == expected
    assert list(every)[-1] == "sequence.json"
    assert len([name for name in every if not name.startswith("web/")]) == 11


def test_every_artifact_says_what_it_is_and_where_it_came_from(every: dict[str, m.Artifact]) -> None:
    for artifact in every.values():
        assert artifact.format == "newsletter"
        assert artifact.summary
        assert "\n" not in artifact.summary
        assert list(artifact.sources) == sorted(set(artifact.sources))
    assert every["01-letter-1.html"].sources == (
        "content/book.yaml",
        "content/chapters/01-first.md",
        "content/images/circles.svg",
        "content/newsletter/01-first.md",
        "content/references.yaml",
    )


def test_two_builds_are_the_same_byte_for_byte(write: Write, every: dict[str, m.Artifact]) -> None:
    assert by_name(write(a_book(every_node(), every_node()))) == every


def test_the_sequence_names_each_file_with_its_hash(every: dict[str, m.Artifact]) -> None:
    sequence = msgspec.json.decode(every["sequence.json"].content)
    assert (sequence["id"], sequence["title"], len(sequence["issues"])) == ("letters", "Letters", 2)
    first = sequence["issues"][0]
    assert (first["id"], first["number"], first["chapter"]) == ("letter-1", 1, "01-first")
    assert (first["subject"], first["preheader"], first["reading_minutes"]) == ("A subject", "A preheader.", 1)
    for file in (*first["files"].values(), *first["pictures"]):
        assert file["sha256"] == hashlib.sha256(every[file["name"]].content).hexdigest()


def test_the_sequence_lists_the_closed_set_and_what_each_issue_uses_of_it(write: Write) -> None:
    sequence = msgspec.json.decode(by_name(write(a_book(HELLO)))["sequence.json"].content)
    assert sequence["placeholders"] == list(PLACEHOLDERS)
    used = ["greeting", "unsubscribe_url", "preferences_url", "archive_url", "postal_address"]
    assert sequence["issues"][0]["placeholders"] == used


def test_reading_time_is_rounded_up() -> None:
    assert newsletter.reading_minutes(HELLO) == 1
    assert newsletter.reading_minutes(m.Document((paragraph("word " * 221),))) == 2


# --------------------------------------------------------------------------- what can't be made


def test_a_newsletter_without_a_sender_is_a_content_error_at_book_yaml(write: Write) -> None:
    with pytest.raises(ContentError, match="sender") as caught:
        write(a_book(HELLO, sender=None))
    [finding] = caught.value.findings
    assert finding.location == Location("content/book.yaml", 1)
    assert "postal_address" in finding.hint


def test_an_issue_of_no_chapter_is_a_content_error_at_the_issue(write: Write) -> None:
    with pytest.raises(ContentError, match="“99-gone” is not a chapter") as caught:
        write(changed(a_book(HELLO), chapter="99-gone"))
    assert caught.value.findings[0].location == HERE


def test_a_date_that_is_no_day_is_a_content_error(write: Write) -> None:
    with pytest.raises(ContentError, match="is not a day"):
        write(a_book(HELLO, date="2026-02-30"))


def test_an_issue_that_mail_programs_would_cut_off_is_a_content_error(write: Write) -> None:
    with pytest.raises(ContentError, match="kB of HTML"):
        write(a_book(m.Document((paragraph("word " * 18_000),))))


# --------------------------------------------------------------------------- HTML


def test_every_node_leaves_its_words_in_the_html(every: dict[str, m.Artifact]) -> None:
    page = every["01-letter-1.html"].content.decode()
    wanted = set(re.findall(r"w-[a-z]+", f"{every_node()} w-takeaway w-entry"))
    assert {word for word in wanted if word not in page} == set()
    assert "x-other-format" not in page


def test_language_and_direction_stand_on_html_and_on_a_wrapper(every: dict[str, m.Artifact]) -> None:
    root = tree(every["01-letter-1.html"].content.decode())
    wrapper = root.find("body")[0]
    assert [(e.get("lang"), e.get("dir")) for e in (root, wrapper)] == [("en-US", "ltr")] * 2
    assert root.findtext("head/title") == "A subject"
    assert [heading.text for heading in root.iter("h1")] == ["A subject"]


def test_a_language_from_right_to_left_turns_the_letter_around(write: Write) -> None:
    quote = m.Document((m.Quote((paragraph("שלום"),), HERE),))
    page = page_of(write(a_book(quote, language="he")))
    assert tree(page).get("dir") == "rtl"
    assert "border-right-width" in page
    assert "border-left-width" not in page


OTHER = "🌱 שלום, עולם?"


@pytest.fixture(scope="module")
def other(write: Write) -> dict[str, m.Artifact]:
    """Return an English newsletter's letter whose subject, and some of whose text, is in Hebrew."""
    text = m.Document((paragraph("בוקר טוב, Ann!"), paragraph("Good morning, דנה!"), m.SceneBreak(HERE)))
    sender = m.Sender("דנה 🌱", "letters@example.com", "1 Example Street")
    return by_name(write(changed(a_book(text, sender=sender), subject=OTHER, preheader="עוד, דבר.")))


def test_a_subject_in_another_script_reads_back_from_an_ascii_header(other: dict[str, m.Artifact]) -> None:
    head = other["01-letter-1.eml"].content.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert max(map(len, head.split(b"\r\n"))) <= 78
    message = message_of(other)
    assert message["Subject"] == OTHER
    assert message["From"].addresses[0].display_name == "דנה 🌱"


def test_what_runs_the_other_way_says_so_in_html(other: dict[str, m.Artifact]) -> None:
    page = tree(other["01-letter-1.html"].content.decode())
    turned = {element.text: element.tag for element in page.xpath("//*[@dir='rtl']")}
    assert turned == {"עוד, דבר.": "div", OTHER: "h1", "בוקר טוב, Ann!": "p", "דנה 🌱": "span"}
    assert page.get("dir") == "ltr"


def test_what_runs_the_other_way_says_so_on_the_web(other: dict[str, m.Artifact]) -> None:
    page = tree(other["web/01-letter-1.html"].content.decode())
    assert [element.tag for element in page.xpath("//*[@dir='rtl']")] == ["h1", "p", "span"]
    index = tree(other["web/index.html"].content.decode())
    assert index.xpath("//li/a/span[@dir='rtl']")[0].text == OTHER


@pytest.mark.parametrize(
    ("language", "lang", "towards"), [("he", "en", "ltr"), ("fr", "en", None), ("en-GB", None, None)]
)
def test_sentences_of_our_own_say_that_they_are_english(
    write: Write, language: str, lang: str | None, towards: str | None
) -> None:
    sender = m.Sender("דנה", "letters@example.com", "1 Example Street")
    made = by_name(write(a_book(HELLO, language=language, sender=sender)))
    foot = tree(made["01-letter-1.html"].content.decode()).xpath("//td[contains(@class, 'foot')]/p")[0]
    about = tree(made["web/01-letter-1.html"].content.decode()).xpath("//footer/p")[0]
    count = tree(made["web/index.html"].content.decode()).xpath("//p[@class='lead']")[0]
    for sentence in (foot, about, count):
        assert (sentence.get("lang"), sentence.get("dir")) == (lang, towards)
    for sentence in (foot, about):
        assert sentence.xpath(".//span[@dir='rtl']/text()") == ["דנה"]


def test_a_letter_in_one_direction_turns_nothing(every: dict[str, m.Artifact]) -> None:
    for name, artifact in every.items():
        if name.endswith(".html"):
            assert b'dir="rtl"' not in artifact.content


def test_every_table_is_for_layout_or_has_headings(every: dict[str, m.Artifact]) -> None:
    for table in tree(every["01-letter-1.html"].content.decode()).iter("table"):
        assert table.get("role") == "presentation" or table.xpath("./tbody/tr/th[@scope]")


def test_every_picture_has_words_a_size_and_a_file_beside_it(every: dict[str, m.Artifact]) -> None:
    pictures = list(tree(every["01-letter-1.html"].content.decode()).iter("img"))
    assert [picture.get("src") for picture in pictures] == ["01-letter-1.png", "01-letter-1-1.png"]
    for picture in pictures:
        assert picture.get("alt")
        assert int(picture.get("width")) <= 600
        assert picture.get("src") in every


def test_pictures_are_twice_the_size_they_are_shown_at_and_transparent(every: dict[str, m.Artifact]) -> None:
    import io

    from PIL import Image

    page = tree(every["01-letter-1.html"].content.decode())
    for shown in page.iter("img"):
        with Image.open(io.BytesIO(every[shown.get("src")].content)) as picture:
            size = (2 * int(shown.get("width")), 2 * int(shown.get("height")))
            assert (picture.format, picture.mode, picture.size) == ("PNG", "RGBA", size)
            assert picture.getpixel((0, 0))[3] == 0  # type: ignore[index]


def test_the_motif_reads_on_light_and_on_dark(design: theme.Design) -> None:
    colors = design.theme.colors
    assert colors.light["motif"] == colors.dark["motif"]
    for scheme in (colors.light, colors.dark):
        assert theme.contrast(scheme["motif"], scheme["paper"]) >= 3


def test_styles_are_inlined_and_what_cannot_be_inlined_is_kept(every: dict[str, m.Artifact]) -> None:
    page = every["01-letter-1.html"].content.decode()
    kept = " ".join(re.findall(r"<style>(.*?)</style>", page, re.DOTALL))
    assert "a:hover" in kept
    assert "@media only screen and (max-width: 480px)" in kept
    assert "@media (prefers-color-scheme: dark)" in kept
    assert "[data-ogsc] .text" in kept
    assert "text-wrap: balance" in kept
    assert all(e.get("style") for e in tree(page).iter("p", "h1", "h2", "a", "li"))


def test_a_word_longer_than_a_line_is_broken_and_one_in_a_table_is_not(every: dict[str, m.Artifact]) -> None:
    page = tree(every["01-letter-1.html"].content.decode())
    [around] = page.xpath("//td[contains(@class, 'around')]")
    assert "word-break: break-word" in around.get("style")
    cells = page.xpath("//*[contains(concat(' ', @class, ' '), ' cell ')]")
    assert cells
    assert all("word-break: normal" in cell.get("style") for cell in cells)


def test_a_quotation_is_parted_from_its_bar_where_only_cells_have_padding(
    every: dict[str, m.Artifact],
) -> None:
    quotes = tree(every["01-letter-1.html"].content.decode()).xpath("//blockquote")
    assert quotes
    for quote in quotes:
        cell = quote.getparent()
        assert cell.tag == "td"
        assert re.search(r"padding-left: [1-9].*border-left-width", cell.get("style"))


def test_what_one_program_may_not_know_takes_no_other_style_with_it(every: dict[str, m.Artifact]) -> None:
    page = every["01-letter-1.html"].content.decode()
    elements = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    marks = ("@supports", "prefers-color-scheme", "only screen", "[data-ogsc]")
    assert all(sum(mark in element for mark in marks) <= 1 for element in elements)
    assert {mark: sum(mark in element for element in elements) for mark in marks} == dict.fromkeys(marks, 1)


def test_nothing_is_in_it_that_mail_programs_drop(every: dict[str, m.Artifact]) -> None:
    page = every["01-letter-1.html"].content.decode()
    assert not re.search(r"var\(|data:|<script|<link|<form|<input|@import|@font-face|<svg|position:|float:", page)
    assert "&#34;" not in page
    assert len(page.encode()) < MOST_HTML


def test_the_preheader_comes_first_is_hidden_and_is_padded(every: dict[str, m.Artifact]) -> None:
    body = tree(every["01-letter-1.html"].content.decode()).find("body")
    preheader, padding = body[0][0], body[0][1]
    assert preheader.text == "A preheader."
    assert "display: none" in preheader.get("style")
    assert "display: none" in padding.get("style")
    assert len(padding.text) > 150
    assert "A preheader." not in every["01-letter-1.txt"].content.decode()


def test_a_worksheet_link_alone_is_a_button_and_in_a_sentence_a_link(write: Write) -> None:
    link = m.WorksheetLink(words("Print it"), HERE)
    alone, inside = (
        tree(page_of(write(a_book(m.Document((block,)))))).xpath("//a[text()='Print it']")[0]
        for block in (paragraph(link), paragraph("Please ", link, "."))
    )
    assert alone.getparent().tag == "td"
    assert alone.getparent().get("bgcolor")
    assert "mso-padding-alt" in alone.getparent().get("style")
    assert inside.getparent().tag == "p"
    assert {alone.get("href"), inside.get("href")} == {"{{ worksheet_url }}"}


def test_the_foot_says_who_writes_and_how_to_leave(every: dict[str, m.Artifact]) -> None:
    foot = tree(every["01-letter-1.html"].content.decode()).xpath("//td[contains(@class, 'foot')]")[0]
    assert "A. Sender" in foot.text_content()
    assert "{{ postal_address }}" in foot.text_content()
    links = {link.text.replace("\xa0", " "): link.get("href") for link in foot.iter("a")}
    assert links["Unsubscribe"] == "{{ unsubscribe_url }}"
    assert links["Your preferences"] == "{{ preferences_url }}"
    assert links["Read in a browser"] == "{{ archive_url }}"


# --------------------------------------------------------------------------- placeholders


@pytest.mark.parametrize("suffix", ["html", "txt"])
def test_two_braces_stand_together_only_in_placeholders(every: dict[str, m.Artifact], suffix: str) -> None:
    content = every[f"01-letter-1.{suffix}"].content.decode()
    assert set(PLACEHOLDER.findall(content)) <= set(PLACEHOLDERS)
    rest = PLACEHOLDER.sub("", content)
    assert "{{" not in rest
    assert "}}" not in rest


HOSTILE = "{{ name }} {{ unsubscribe_url }}{% raw %}{{{x}}} &#123;&#123; name }} quire.greeting. <b>"


def test_what_the_author_wrote_is_text_and_never_a_placeholder(write: Write) -> None:
    link = m.Link("https://example.org/{{ name }}", words(HOSTILE), HERE)
    text = m.Document((paragraph(HOSTILE), m.CodeBlock(HOSTILE, HERE), paragraph(link)))
    # In a subject the reader leaves no placeholder but those that are meant.
    subject = HOSTILE.replace("{{ name }} {{ unsubscribe_url }}", "{{ password }}")
    book = changed(a_book(text), subject=subject, preheader=subject)
    artifacts = by_name(write(book))
    page = artifacts["01-letter-1.html"].content.decode()
    filled = fill(page, dict.fromkeys(PLACEHOLDERS, "FILLED"))
    root = tree(filled)
    assert root.findtext("head/title") == subject
    assert root.xpath("//p[contains(., 'unsubscribe_url')]")[0].text_content() == HOSTILE
    assert root.findtext(".//pre") == HOSTILE
    plain = fill(artifacts["01-letter-1.txt"].content.decode(), dict.fromkeys(PLACEHOLDERS, "F"))
    assert "{ { name } }" in plain
    sample = parts_of(message_of(artifacts))["text/html"].get_content()
    assert tree(sample).xpath("//p[contains(., 'unsubscribe_url')]")[0].text_content() == HOSTILE
    assert message_of(artifacts)["Subject"] == subject


def test_a_value_is_filled_in_once_and_escaped_for_its_place() -> None:
    filled = fill("{{ name }}, {{ greeting }}", {"name": "{{ greeting }}", "greeting": "<b>"}, lambda v: f"[{v}]")
    assert filled == "[{{ greeting }}], [<b>]"


def test_a_placeholder_of_another_name_is_left_as_it_is() -> None:
    assert fill("{{ password }}", {}) == "{{ password }}"


# --------------------------------------------------------------------------- the sample message


def test_the_sample_has_every_value_and_no_placeholder(every: dict[str, m.Artifact]) -> None:
    parts = parts_of(message_of(every))
    for kind in ("text/plain", "text/html"):
        content = parts[kind].get_content()
        assert not PLACEHOLDER.search(content)
        assert "Dear Reader," in content
        assert "1 Example Street" in content
        assert "https://example.com/a-book/worksheets/01-first.pdf" in content


def test_the_sample_has_its_headers(every: dict[str, m.Artifact]) -> None:
    message = message_of(every)
    assert message["From"] == '"A. Sender" <letters@example.com>'
    assert message["To"] == "Reader <reader@example.com>"
    assert message["Subject"] == "A subject"
    assert message["List-Unsubscribe"] == "<https://example.com/a-book/newsletter/unsubscribe>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "Letters <letters.example.com>"
    assert message["Message-ID"].endswith("@example.com>")
    assert message["Message-ID"] != message_of(every, "02-letter-2.eml")["Message-ID"]


def test_issues_are_dated_a_week_apart_from_the_books_own_date(every: dict[str, m.Artifact]) -> None:
    dates = [message_of(every, f"0{n}-letter-{n}.eml")["Date"] for n in (1, 2)]
    assert dates == ["Sun, 22 Nov 2026 08:00:00 +0000", "Sun, 29 Nov 2026 08:00:00 +0000"]


def test_every_picture_of_the_sample_is_inside_it(every: dict[str, m.Artifact]) -> None:
    message = message_of(every)
    page = tree(parts_of(message)["text/html"].get_content())
    shown = {picture.get("src") for picture in page.iter("img")}
    inside = {f"cid:{part['Content-ID'].strip('<>')}" for part in message.walk() if part["Content-ID"]}
    assert shown == inside
    assert len(shown) == 2


def test_both_parts_hold_the_same_links(every: dict[str, m.Artifact]) -> None:
    parts = parts_of(message_of(every))
    in_html = {link.get("href") for link in tree(parts["text/html"].get_content()).iter("a")}
    in_text = set(re.findall(r"https://\S+", parts["text/plain"].get_content()))
    assert in_html == in_text


def test_without_a_website_the_sample_points_at_an_example(write: Write) -> None:
    message = message_of(by_name(write(a_book(HELLO, website=""))))
    assert message["List-Unsubscribe"] == "<https://example.com/newsletter/unsubscribe>"


@pytest.mark.parametrize(
    ("subject", "heading"),
    [
        ("The sound you only hear when it stops", "The sound you only hear when it\u00a0stops"),
        ("A subject", "A subject"),
        ("All of you are most extraordinarily unforgettable", "All of you are most extraordinarily unforgettable"),
        ("One of your letters, {{ name|friend }}", "One of your letters, {{ name|friend }}"),
    ],
)
def test_a_titles_last_word_stands_alone_only_where_it_is_long(write: Write, subject: str, heading: str) -> None:
    root = tree(page_of(write(changed(a_book(HELLO), subject=subject))))
    assert root.findtext(".//h1") == heading
    assert root.findtext("head/title") == subject
