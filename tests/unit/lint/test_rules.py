"""What single rules hold true beyond their cases in tests/cases/lint."""

import pytest

from pipeline.errors import PartLocation
from pipeline.lint import Limits, Text, check, read_message, read_page, rules

HIDDEN = '<div style="display: none">What a hook can show you.</div>'


def codes(html, *, text=None, **known):
    """Return the codes of the findings in a page; its text part, where there is one, is `text`."""
    part = None if text is None else Text(PartLocation("a.txt"), text)
    return {finding.code for finding in check(read_page("a.html", html.encode(), text=part, **known), Limits())}


def findings(html, code, **known):
    mail = read_page("a.html", html.encode(), **known)
    return [finding for finding in check(mail, Limits()) if finding.code == code]


def a_message(*headers, html="<p>a</p>", subject="A subject"):
    lines = (f"Subject: {subject}", *headers, "Content-Type: text/html; charset=utf-8", "", html, "")
    return "\r\n".join(lines).encode()


def test_every_rule_says_in_one_sentence_what_it_is_about():
    import sys

    for rule in rules().values():
        first = (sys.modules[rule.__module__].__doc__ or "").split("\n")[0]
        assert first.endswith("."), rule.__module__


# --------------------------------------------------------------------------- contrast


def test_large_type_may_stand_out_less():
    gray = '<p style="color: #767676; background: #ffffff">a</p>'
    assert "contrast" not in codes(gray)
    lighter = gray.replace("#767676", "#8a8a8a")
    assert "contrast" in codes(lighter)
    assert "contrast" not in codes(lighter.replace('style="', 'style="font-size: 24px; '))
    assert "contrast" not in codes(lighter.replace('style="', 'style="font-size: 14pt; font-weight: bold; '))
    assert "contrast" in codes(lighter.replace('style="', 'style="font-size: 14pt; '))


def test_text_over_a_picture_is_not_guessed_at():
    assert "contrast" not in codes('<p style="background-image: url(a.png); color: #ffffff">a</p>')


def test_spaces_and_what_is_hidden_have_no_contrast():
    assert "contrast" not in codes('<p style="color: #ffffff">&nbsp;&zwnj;&#847;</p>')
    assert "contrast" not in codes('<p style="color: #ffffff; display: none">a</p>')


def test_a_dark_ground_under_text_that_stays_dark_is_found():
    dark = "<style>@media (prefers-color-scheme: dark) { .c { background-color: #000000 !important } }</style>"
    (found,) = findings(f'{dark}<div class="c"><p>a</p></div>', "contrast")
    assert "in a dark inbox: #000000 on #000000" in found.message


def test_colors_for_what_outlook_darkens_stand_out_too():
    style = "<style>[data-ogsb] .c { background: #111111 !important } [data-ogsc] .t { color: %s !important }</style>"
    text = '<div class="c" style="background-color: #ffffff"><p class="t" style="color: #222222">a</p></div>'
    (found,) = findings(style % "#333333" + text, "contrast")
    assert "in a dark Outlook: #333333 on #111111" in found.message
    assert "contrast" not in codes(style % "#eeeeee" + text)


@pytest.mark.parametrize(
    "rule",
    [
        "[data-ogsc] .t { color: #333333 }",
        "[data-ogsc] .t { color: #333333 !important } .c { background-color: #222222 !important }",
        "[data-ogsb] .c { background-color: #111111 !important }",
    ],
    ids=["the style attribute wins", "the ground is as Outlook darkens it", "the text is as Outlook lightens it"],
)
def test_colors_that_outlook_makes_up_by_itself_are_not_guessed_at(rule):
    text = '<div class="c" style="background-color: #ffffff"><p class="t" style="color: #222222">a</p></div>'
    found = findings(f"<style>{rule}</style>{text}", "contrast")
    assert not [one for one in found if "Outlook" in one.message]


def test_what_is_drawn_in_characters_may_stand_out_less():
    blank = '<span style="color: #8f8278"%s>____</span>'
    assert "contrast" in codes(blank % "")
    assert "contrast" not in codes(blank % ' role="img" aria-label="blank"')


# --------------------------------------------------------------------------- web pages


WEB_PAGE = '<html lang="en" dir="ltr"><head><title>a</title></head><body><h1>a</h1>%s</body></html>'


@pytest.mark.parametrize(
    "body", ['<a href="b.html#c">b</a>', '<a href="#n">n</a><p id="n">n</p>', '<img src="p.png" alt="">']
)
def test_a_web_page_may_name_what_is_beside_it(body):
    assert codes(WEB_PAGE % body, beside=("b.html", "p.png"), is_web_page=True) == set()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('<a href="c.html">c</a>', "link-address"),
        ('<a href="#m">m</a>', "link-address"),
        ('<img src="q.png" alt="">', "picture-address"),
        ('<p style="color: #999999">a</p>', "contrast"),
        ("<script></script>", "active-content"),
        ("<h3>a</h3>", "heading-levels"),
    ],
)
def test_what_is_wrong_with_a_web_page_is_told(body, code):
    assert code in codes(WEB_PAGE % body, beside=("b.html",), is_web_page=True)


# --------------------------------------------------------------------------- links and pictures


@pytest.mark.parametrize(
    "href",
    ["https://example.com", "mailto:a@example.com", "tel:+3312345", "#notes", "{{ unsubscribe_url }}", "*|UNSUB|*"],
)
def test_sound_addresses_are_left_alone(href):
    assert "link-address" not in codes(f'<a href="{href}">The workbook</a>')


@pytest.mark.parametrize("href", ["http://{{ host }}/a", "HTTP://example.com", "example.com:8080/a", "//example.com/a"])
def test_what_is_filled_in_later_excuses_no_unsafe_scheme(href):
    assert "link-address" in codes(f'<a href="{href}">The workbook</a>')


@pytest.mark.parametrize("words", ["Click here!", "HERE", "Mehr lesen", "En savoir plus…"])
def test_words_that_say_nothing_are_known_in_any_case_and_in_several_languages(words):
    assert "link-text" in codes(f'<a href="https://example.com">{words}</a>')


def test_an_address_as_text_may_be_shorter_than_the_link():
    assert "link-text" not in codes('<a href="https://www.example.com/a?b=c">example.com</a>')
    assert "link-text" in codes('<a href="https://example.com.evil.test/">example.com</a>')


def test_a_name_that_delivery_replaces_is_an_address_for_a_picture():
    page = '<img src="a.png" alt="A hook" width="10">'
    assert "picture-address" in codes(page)
    assert "picture-address" not in codes(page, beside=("a.png",))


def test_a_picture_in_the_message_is_found_by_its_content_id():
    page = '<img src="cid:a@b" alt="A hook" width="10">'
    message = (
        b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n%s\r\n'
        b"--b\r\nContent-Type: image/png\r\nContent-ID: <%s>\r\n\r\nx\r\n--b--\r\n"
    )
    found = {
        name: {finding.code for finding in check(read_message("a.eml", message % (page.encode(), name)), Limits())}
        for name in (b"a@b", b"c@d")
    }
    assert "picture-address" not in found[b"a@b"]
    assert "picture-address" in found[b"c@d"]


# --------------------------------------------------------------------------- both parts


def test_parts_that_say_the_same_in_other_lines_and_cases_agree():
    page = "<h1>The <b>empty</b> hook</h1><p>It’s a hook, see <a href='https://example.com/a'>the page</a>.</p>"
    text = "THE EMPTY\nHOOK\n========\n\nIt's a hook, see the page:\nhttps://example.com/a\n"
    assert "text-part" not in codes(page, text=text)


def test_what_a_text_writes_for_marks_and_pictures_is_none_of_the_words():
    page = '<ol><li>one</li><li>two</li></ol><img src="a.png" alt="A tall thing."><p>Below.</p>'
    assert "text-part" not in codes(page, text="1. one\n\n2. two\n\n[Picture: A tall thing.]\n\nBelow.\n")
    assert "text-part" in codes(page, text="1. one\n\n2. two\n\n[Picture: A small dog.]\n\nBelow.\n")
    assert "text-part" in codes(page, text="1. one\n\n2. two\n\n3. three\n\n[Picture: A tall thing.]\n\nBelow.\n")


def test_a_table_may_be_a_list_of_its_cells_in_the_text():
    page = "<table><tr><th>When</th><th>What to do</th></tr><tr><td>On Monday evening</td><td>Rest</td></tr></table>"
    assert "text-part" not in codes(page, text="When: On Monday evening\nWhat to do: Rest\n")
    assert "text-part" in codes(page, text="When: On Monday evening\nWhat to do: Rest\nWhere: At the sea\n")


def test_an_address_that_is_broken_over_two_lines_is_still_there():
    page = '<p>See <a href="https://example.com/a-long/address">the page</a>.</p>'
    part = Text(PartLocation("a.txt"), "See the page:\nhttps://example.com/a-\nlong/address\n")
    found = check(read_page("a.html", page.encode(), text=part), Limits())
    assert not [finding for finding in found if "lacks a link" in finding.message]


def test_a_script_without_spaces_may_be_broken_anywhere():
    assert "text-part" not in codes("<p>我们在花园里等着夜晚的到来</p>", text="我们在花园里等\n着夜晚的到来\n")
    assert "text-part" in codes("<p>我们在花园里等着夜晚的到来</p>", text="他们回家去了\n")


def test_a_placeholder_is_a_link_like_any_other():
    page = '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
    assert "text-part" not in codes(page, text="Unsubscribe: {{ unsubscribe_url }}")
    assert "text-part" in codes(page, text="Unsubscribe")


def test_what_is_hidden_need_not_be_in_the_text_part():
    assert "text-part" not in codes(f"{HIDDEN}<p>One two.</p>", text="One two.")


def test_a_page_by_itself_lacks_no_text_part():
    assert "text-part" not in codes("<p>One two.</p>")


def test_the_senders_address_is_asked_for_where_it_is_known():
    known = {"postal_address": "Ann, 1 Example Street,\nExample City"}
    assert findings("<p>Ann · 1 Example Street · Example City</p>", "postal-address", **known) == []
    (found,) = findings("<p>Ben, 9999 Other Town</p>", "postal-address", **known)
    assert found.severity == "error"
    assert findings("<p>{{ postal_address }}</p>", "postal-address", **known) == []


@pytest.mark.parametrize(
    ("foot", "is_one"),
    [
        ("Quire Press, Hauptstraße 5, 10115 Berlin", True),
        ("Quire Press, 10 Downing Street, London SW1A 2AA", True),
        ("Quire Press, P.O. Box 12, Springfield", True),
        ("© 2026 Quire Press", False),
        ("Copyright 2024, 2025 Quire Press", False),
        ("Love, Ann", False),
    ],
)
def test_an_unknown_senders_address_is_recognized_by_its_form(foot, is_one):
    assert (findings(f"<p>{foot}</p>", "postal-address") == []) is is_one


def test_nobody_is_asked_how_to_leave_a_list_that_they_are_not_on():
    found = codes("<p>Is this address yours?</p>", is_bulk=False)
    assert not found & {"unsubscribe-link", "postal-address"}


@pytest.mark.parametrize("words", ["Unsubscribe", "Newsletter abbestellen", "Se désabonner", "Darse de baja"])
def test_leaving_is_recognized_in_several_languages(words):
    assert "unsubscribe-link" not in codes(f'<a href="https://example.com/x">{words}</a>')


# --------------------------------------------------------------------------- subject, preheader, language


def test_a_limit_of_the_project_holds_for_subjects():
    mail = read_message("a.eml", a_message(subject="Fifteen letters"))
    assert "subject" not in {finding.code for finding in check(mail, Limits(15))}
    assert "subject" in {finding.code for finding in check(mail, Limits(14))}


@pytest.mark.parametrize(
    ("subject", "is_told"),
    [
        ("שלום \u2068Reader\u2069, בוקר טוב", False),
        ("Hello \u2068דוד\u2069 and \u2067רות\u2069", False),
        ("Hello \u2068there", True),
        ("Hello there\u2069", True),
        ("Hello \u202edlrow", True),
        ("Hello \u2068\u202edlrow\u2069", True),
    ],
)
def test_a_name_kept_apart_is_nothing_unseen_and_what_turns_the_rest_is(subject, is_told):
    found = check(read_message("a.eml", a_message(subject=subject)), Limits())
    assert ("can't be seen" in " ".join(one.message for one in found if one.code == "subject")) is is_told


@pytest.mark.parametrize("subject", ["NASA", "A U.S. letter", "Guarantees", "Free will", "Why wait?"])
def test_ordinary_subjects_are_left_alone(subject):
    found = check(read_message("a.eml", a_message(subject=subject)), Limits())
    assert "subject" not in {finding.code for finding in found}


def test_the_preheader_is_the_hidden_text_that_the_body_begins_with():
    assert "preheader" not in codes(f"<body>{HIDDEN}<p>{'A long letter. ' * 9}</p>")
    assert "preheader" in codes(f"<body><p>{'A long letter. ' * 9}</p>{HIDDEN}")


def test_the_languages_of_page_and_letter_agree():
    page = '<html lang="{}" dir="ltr"><body><div lang="{}" dir="ltr"><p>a</p></div></body></html>'
    assert "language" not in codes(page.format("fr", "fr"))
    assert "language" in codes(page.format("fr", "en"))


# --------------------------------------------------------------------------- headers


def test_a_page_has_no_headers_to_miss():
    assert not codes("<p>a</p>") & {"headers", "list-unsubscribe", "line-ends", "line-length", "subject"}


def test_a_mailto_may_follow_the_address_of_one_press():
    headers = ("List-Unsubscribe: <https://example.com/u>,\r\n <mailto:u@example.com>",)
    headers += ("List-Unsubscribe-Post: List-Unsubscribe=One-Click", "List-Id: <a.example.com>")
    found = check(read_message("a.eml", a_message(*headers)), Limits())
    assert "list-unsubscribe" not in {finding.code for finding in found}


def test_a_long_address_alone_on_a_header_line_needs_no_folding():
    found = check(read_message("a.eml", a_message(f"List-Help:\r\n <https://example.com/{'a' * 200}>")), Limits())
    assert "line-length" not in {finding.code for finding in found}
