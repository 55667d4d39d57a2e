import re
from xml.etree import ElementTree

import msgspec
import pytest
from unit.writers.test_mail_text import HERE, a_book, every_node, paragraph, words
from unit.writers.test_mails import a_book_with_mails, written
from unit.writers.test_newsletter import HELLO, Write, by_name, changed, design, message_of, tree, write

from pipeline import model as m
from pipeline.mail.sample import sample_addresses

__all__ = ["design", "write"]
SITE = "https://example.com/a-book/newsletter"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def archive(write: Write) -> dict[str, m.Artifact]:
    return by_name(write(a_book(every_node(), HELLO, HELLO)))


def page(archive: dict[str, m.Artifact], number: int = 1) -> str:
    return archive[f"web/0{number}-letter-{number}.html"].content.decode()


def test_every_node_leaves_its_words_on_the_page(archive: dict[str, m.Artifact]) -> None:
    wanted = set(re.findall(r"w-[a-z]+", f"{every_node()} w-takeaway w-entry"))
    assert {word for word in wanted if word not in page(archive)} == set()
    assert "x-other-format" not in page(archive)


def test_a_page_has_no_reader(archive: dict[str, m.Artifact]) -> None:
    for number in (1, 2, 3):
        text = page(archive, number)
        assert not re.search(r"\{\{ (greeting|unsubscribe_url|preferences_url|postal_address)", text)
        assert "Dear" not in tree(text).text_content()
        assert "nsubscribe" not in text
    assert "w-somebody" in page(archive)


def test_a_subject_reads_as_for_nobody_on_the_web(write: Write) -> None:
    made = by_name(write(changed(a_book(HELLO), subject="For {{ name|you & me }}", preheader="<Of> {{ name|yours }}")))
    root = tree(page(made))
    assert root.findtext(".//h1") == "For you & me"
    assert root.xpath("//meta[@name='description']/@content") == ["<Of> yours"]
    assert "For you &amp; me" in made["web/index.html"].content.decode()


def test_a_page_asks_for_nothing_but_its_own_style_and_pictures(archive: dict[str, m.Artifact]) -> None:
    for name in ("web/01-letter-1.html", "web/index.html"):
        root = tree(archive[name].content.decode())
        assert root.xpath("//script | //style | //iframe | //form | //*[@style]") == []
        asked = root.xpath("//img/@src | //link[@rel='stylesheet']/@href")
        assert {f"web/{address}" for address in asked} <= set(archive)
    style = archive["web/style.css"].content.decode()
    assert not re.search(r"url\(|@import|@font-face|var\(", style)


def test_pages_lead_to_each_other_and_to_the_index(archive: dict[str, m.Artifact]) -> None:
    turns = [
        (
            tree(page(archive, number)).xpath("//nav//a[@rel='prev']/@href"),
            tree(page(archive, number)).xpath("//nav//a[@rel='next']/@href"),
        )
        for number in (1, 2, 3)
    ]
    first, second, third = (f"0{number}-letter-{number}.html" for number in (1, 2, 3))
    assert turns == [([], [second]), ([first], [third]), ([second], [])]
    index = tree(archive["web/index.html"].content.decode())
    assert index.xpath("//ol//a/@href") == [first, second, third]
    for number in (1, 2, 3):
        assert "index.html" in tree(page(archive, number)).xpath("//a/@href")


def test_every_link_within_a_page_has_its_target(archive: dict[str, m.Artifact]) -> None:
    root = tree(page(archive))
    inside = [href.removeprefix("#") for href in root.xpath("//a/@href") if href.startswith("#")]
    ids = root.xpath("//@id")
    assert len(inside) >= 3
    assert set(inside) <= set(ids)
    assert len(ids) == len(set(ids))


def test_a_page_says_where_it_is_and_what_it_is_about(archive: dict[str, m.Artifact]) -> None:
    root = tree(page(archive, 2))
    assert root.xpath("//link[@rel='canonical']/@href") == [f"{SITE}/02-letter-2.html"]
    shown = {meta.get("property"): meta.get("content") for meta in root.xpath("//meta[@property]")}
    assert shown["og:title"] == "A subject"
    assert shown["og:url"] == f"{SITE}/02-letter-2.html"
    assert shown["og:image"] == f"{SITE}/02-letter-2.png"
    assert "web/02-letter-2.png" in archive
    assert root.xpath("//footer//a/@href") == ["https://example.com/a-book"]


def test_landmarks_headings_and_language_are_there(archive: dict[str, m.Artifact]) -> None:
    root = tree(page(archive))
    assert (root.get("lang"), root.get("dir")) == ("en-US", "ltr")
    assert [len(root.xpath(f"//{name}")) for name in ("main", "h1", "footer")] == [1, 1, 1]
    assert root.xpath("//nav/@aria-label") == ["Other letters"]
    assert all(picture.get("alt") for picture in root.xpath("//img"))
    for table in root.xpath("//table"):
        assert table.xpath(".//th[@scope]")


def test_the_feed_is_atom_with_an_entry_for_each_issue(archive: dict[str, m.Artifact]) -> None:
    feed = ElementTree.fromstring(archive["web/feed.xml"].content)  # made here, and no stranger's
    assert feed.findtext(f"{ATOM}id") == f"{SITE}/feed.xml"
    assert feed.findtext(f"{ATOM}updated") == "2026-11-22T00:00:00Z"
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == [f"{SITE}/0{n}-letter-{n}.html" for n in (1, 2, 3)]
    assert {entry.findtext(f"{ATOM}summary") for entry in entries} == {"A preheader."}


@pytest.mark.parametrize(
    ("website", "site"),
    [
        ("https://example.com/a-book", "https://example.com/a-book"),
        ("http://example.com", "https://example.com"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
    ],
)
def test_letters_pages_and_feed_agree_about_the_archives_addresses(write: Write, website: str, site: str) -> None:
    made = by_name(write(a_book(HELLO, website=website)))
    address = f"{site}/newsletter/01-letter-1.html"
    assert message_of(made)["List-Archive"] == f"<{address}>"
    assert tree(page(made)).xpath("//link[@rel='canonical']/@href") == [address]
    assert f'href="{address}"' in made["web/feed.xml"].content.decode()
    assert sample_addresses(website, "01-letter-1", "01-first")["archive_url"] == address


def test_without_a_website_there_is_no_feed_and_no_absolute_address(write: Write) -> None:
    made = by_name(write(a_book(m.Document((paragraph(m.WorksheetLink(words("Print it"), HERE)),)), website="")))
    assert "web/feed.xml" not in made
    assert "feed.xml" not in page(made)
    assert not re.search(r"https?://", page(made))
    assert "Print it" not in page(made)


def test_the_sequence_names_the_pages_of_the_archive(archive: dict[str, m.Artifact]) -> None:
    sequence = msgspec.json.decode(archive["sequence.json"].content)
    assert [issue["web"]["name"] for issue in sequence["issues"]] == [f"web/0{n}-letter-{n}.html" for n in (1, 2, 3)]
    assert [file["name"] for file in sequence["web"]] == ["web/index.html", "web/style.css", "web/feed.xml"]


def test_mails_have_no_page_in_the_archive(tmp_path) -> None:
    made = written(a_book_with_mails(), tmp_path)
    names = {name for name in made if name.startswith("web/") and name.endswith(".html")}
    assert names == {"web/01-letter-1.html", "web/index.html"}
