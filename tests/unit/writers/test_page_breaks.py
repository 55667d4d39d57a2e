"""Marks where printed pages began, set into a page of the EPUB."""

import re
from xml.etree import ElementTree

import pytest

from pipeline.writers._page_breaks import PrintedPage, marked
from pipeline.writers._page_letters import letters

FILLING = "Some words that fill the first of the pages, so that another can begin after it. "


def printed(*texts: str) -> list[PrintedPage]:
    return [PrintedPage(str(number), letters(text)) for number, text in enumerate(texts, start=7)]


def shown(body: str, *texts: str) -> str:
    """Return a page's body with its marks as their numbers in brackets."""
    markup = marked(f"<html><body><section>{body}</section></body></html>", printed(*texts))
    ElementTree.fromstring(markup.replace("epub:type", "type"))
    text = markup.partition("<body><section>")[2].removesuffix("</section></body></html>")
    return re.sub(r'<(span|div) class="page-break"[^>]*id="page\.(\d+)" aria-label="\2"></\1>', r"[\2]", text)


def test_the_first_page_begins_where_the_file_does() -> None:
    assert shown("<p>Words.</p>", "Words.") == "[7]<p>Words.</p>"


def test_a_page_begins_within_a_paragraph_at_its_word() -> None:
    body = f"<p>{FILLING}The second page begins here &amp; goes on for a while.</p>"
    found = shown(body, FILLING, "The second page be-\r\ngins here & goes on for a while.")
    assert found == f"[7]<p>{FILLING}[8]The second page begins here &amp; goes on for a while.</p>"


def test_a_word_that_a_page_cuts_in_two_stays_whole() -> None:
    found = shown(
        f"<p>{FILLING}Hancock had couples who were near and far.</p>", FILLING, "cock had couples who were near"
    )
    assert f"{FILLING}[8]Hancock had" in found


def test_capitals_ligatures_and_numbers_make_no_difference() -> None:
    body = f"<p>{FILLING}</p><p>Chapter 12 Finding the first office again after a while</p>"
    assert "<p>[8]Chapter" in shown(body, FILLING, "CHAPTER\n12\nFinding the ﬁrst oﬃce again aﬅer a while")


@pytest.mark.parametrize("tag", ["h2", "h3"])
def test_a_mark_stands_before_a_heading_and_not_in_its_name(tag: str) -> None:
    body = f"<p>{FILLING}</p><section><{tag} id='a'>A heading of a section</{tag}><p>Text.</p></section>"
    assert f"<section>[8]<{tag} id='a'>A heading" in shown(body, FILLING, "A heading of a section\nText.")


def test_a_mark_stands_before_a_link_and_not_in_it() -> None:
    body = f"<p>{FILLING}<a href='b'><em>Brehm and Sensenig</em></a> in a study of their own.</p>"
    assert f"{FILLING}[8]<a href='b'><em>Brehm" in shown(body, FILLING, "Brehm and Sensenig in a study of their own.")


def test_what_a_page_repeats_or_the_epub_lacks_is_passed_over() -> None:
    row = "<td>Right</td><td>You would be glad if all of this were over very soon</td>"
    body = f"<table><tr><td>{FILLING}</td></tr><tr>{row}</tr></table>"
    found = shown(body, FILLING, "An honest pause. A frost. You would be glad if all of this were over very soon")
    assert "<td>Right</td><td>[8]You would" in found


def test_a_page_of_empty_lines_begins_where_the_next_one_does() -> None:
    body = f"<p>{FILLING}</p><p>And this stands on the page after that.</p>"
    assert "<p>[8][9]And this" in shown(body, FILLING, "", "And this stands on the page after that.")
    assert shown(f"<p>{FILLING}</p>", FILLING, "").endswith("</p>[8]")


def test_of_equal_passages_the_one_where_the_page_is_expected_is_taken() -> None:
    line = "The same line stands here again and again. "
    body = f"<p>{line}{FILLING}</p><p>{line}{FILLING}</p><p>{line}</p>"
    assert f"<p>{line}{FILLING}</p><p>[8]{line}" in shown(body, line + FILLING, line + FILLING + line)


def test_no_page_is_left_out_and_none_changes_its_place() -> None:
    texts = [f"{'abcdefghij'[n]} page with enough letters on it to be found {'klmnopqrst'[n]} " for n in range(10)]
    body = "".join(f"<p>{text}</p>" for text in texts)
    assert re.findall(r"\[(\d+)\]", shown(body, *texts)) == [str(number) for number in range(7, 17)]


def test_nothing_changes_where_no_page_was_printed() -> None:
    assert marked("<p>Words.</p>", ()) == "<p>Words.</p>"
