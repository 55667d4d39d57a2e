"""Reading anybody's mail: what becomes of it, with its lines, and that no file can break the reading."""

import time
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lint import Limits, check, lacks, read_message, read_page
from pipeline.lint._read import MOST_BYTES

PAGE = b"""<!DOCTYPE html>
<html lang="en">
<head><title>A &amp; B</title>
<style>
p { color: #333333 }
@media (max-width: 480px) {
  p { color: #444444 }
}
</style>
</head>
<body>
<p>One&nbsp;<b>two</b>
three</p>
<p style="display: none">hidden</p>
<a href="https://example.com/"><img src="x.png" alt="The book"></a>
</body>
</html>
"""


def page(text):
    return read_page("a.html", text.encode() if isinstance(text, str) else text)


def look(html, tag, scheme="light"):
    (element,) = html.all(tag)
    return getattr(element, scheme)


def a_message(**headers):
    message = EmailMessage()
    for name, value in {"From": "ann@example.com", "Subject": "Café", **headers}.items():
        message[name] = value
    message.set_content("Hello.\nTwo.\n")
    message.add_alternative("<p>Hello.</p>\n<p>Two.</p>\n", subtype="html")
    return message


# --------------------------------------------------------------------------- HTML


def test_elements_and_style_rules_know_their_lines():
    html = page(PAGE).html
    assert [element.line for element in html.all("p")] == [12, 14]
    assert [(rule.selector, rule.media, rule.line) for rule in html.rules] == [
        ("p", (), 5),
        ("p", ("(max-width: 480px)",), 7),
    ]
    assert html.rules[1].declarations[0].line == 7


def test_the_text_of_an_element_is_what_is_shown_in_it():
    html = page(PAGE).html
    assert [html.text(element) for element in html.all("p")] == ["One two three", ""]
    assert html.title == "A & B"


def test_a_link_around_a_picture_says_what_its_alt_says():
    (link,) = page(PAGE).html.links
    assert (link.href, link.text, link.line) == ("https://example.com/", "The book", 15)


def test_comments_for_outlook_are_comments_and_what_they_hold_is_no_element():
    html = page('<!--[if mso]><table width="600"><![endif]--><p>a</p>').html
    assert not list(html.all("table"))
    assert "[if mso]" in html.comments[0].text


@pytest.mark.parametrize(
    ("source", "color", "ground"),
    [
        ("<p>a</p>", "#000000", "#ffffff"),
        ('<div style="color: red"><p>a</p></div>', "#ff0000", "#ffffff"),
        ('<body bgcolor="#eeeeee" text="navy"><p>a</p>', "#000080", "#eeeeee"),
        ('<style>p { color: red }</style><p style="color: blue">a</p>', "#0000ff", "#ffffff"),
        ('<style>p { color: red !important }</style><p style="color: blue">a</p>', "#ff0000", "#ffffff"),
        ('<style>p.b { color: red } p { color: blue }</style><p class="b">a</p>', "#ff0000", "#ffffff"),
        ('<p style="color: rgba(0, 0, 0, 0.5)">a</p>', "#808080", "#ffffff"),
        ('<p style="background: #123456 url(a.png)">a</p>', "#000000", "#123456"),
        ('<p style="background-image: url(a.png)">a</p>', "#000000", ""),
        ('<p style="color: var(--ink)">a</p>', "", "#ffffff"),
    ],
)
def test_colors_are_those_that_the_cascade_comes_to(source, color, ground):
    found = look(page(source).html, "p")
    assert (found.color, found.ground) == (color, ground)


def test_the_dark_look_is_there_only_where_the_mail_has_dark_colors():
    dark = "<style>@media (prefers-color-scheme: dark) { p { color: #eeeeee !important } }</style>"
    assert look(page(f'{dark}<p style="color: black">a</p>').html, "p", "dark").color == "#eeeeee"
    assert look(page(f'{dark}<p style="color: black">a</p>').html, "p", "light").color == "#000000"
    assert look(page("<p>a</p>").html, "p", "dark") is None


@pytest.mark.parametrize(
    "style", ["display: none", "visibility: hidden", "mso-hide: all", "max-height: 0; overflow: hidden", "opacity: 0"]
)
def test_what_is_hidden_is_known_to_be(style):
    assert look(page(f'<p style="{style}">a</p>').html, "p").is_hidden


@pytest.mark.parametrize(("style", "pixels"), [("12pt", 16), ("2em", 32), ("50%", 8), ("20px", 20), ("large", 18)])
def test_sizes_are_in_pixels(style, pixels):
    assert look(page(f'<p style="font-size: {style}">a</p>').html, "p").size == pytest.approx(pixels)


# --------------------------------------------------------------------------- messages


def test_a_message_is_taken_apart_into_headers_text_and_html():
    mail = read_message("a.eml", a_message(To="Ben <ben@example.com>").as_bytes())
    assert [header.value for header in mail.named("subject")] == ["Café"]
    assert mail.text.text == "Hello.\nTwo.\n"
    assert mail.text.is_first
    assert [element.line for element in mail.html.all("p")] == [1, 2]
    assert mail.faults == ()


def test_places_in_a_part_name_the_part_and_its_line_once_decoded():
    message = EmailMessage()
    message.set_content("Text.\n")
    message.add_alternative("<p>Text.</p>\n<p><a href=''>Words</a></p>\n", subtype="html", cte="base64")
    (found,) = [one for one in check(read_message("a.eml", message.as_bytes()), Limits()) if one.code == "link-address"]
    assert str(found.location) == "a.eml, HTML part, line 2"


def test_places_in_headers_are_lines_of_the_file():
    mail = read_message("a.eml", b"From: a@example.com\r\nX-Long: one\r\n two\r\nSubject: b\r\n\r\ntext\r\n")
    assert [(header.name, header.line, header.raw) for header in mail.headers] == [
        ("From", 1, " a@example.com"),
        ("X-Long", 2, " one two"),
        ("Subject", 4, " b"),
    ]


def test_an_attached_page_is_not_taken_for_the_letter():
    message = a_message()
    message.add_attachment("<p>Other</p>", subtype="html", filename="other.html")
    mail = read_message("a.eml", message.as_bytes())
    assert [mail.html.text(element) for element in mail.html.all("p")] == ["Hello.", "Two."]
    assert [part.media_type for part in mail.attached] == ["text/html"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (b"text/plain", "its text isn't UTF-8, and it names no other character set"),
        (b"text/plain; charset=us-ascii", "its text isn't “us-ascii”, as it says"),
        (b"text/plain; charset=utf-9", "its text isn't “utf-9”, as it says"),
    ],
)
def test_a_text_that_is_not_what_it_says_is_told_by_what_it_says(kind, said):
    mail = read_message("a.eml", b"Subject: a\r\nContent-Type: %s\r\n\r\n\xff\xfe" % kind)
    assert [fault.message.startswith(said) for fault in mail.faults if fault.location.part] == [True]
    assert mail.text.text == "\ufffd\ufffd"


def test_an_answer_by_a_machine_is_no_bulk_mail():
    assert not read_message("a.eml", a_message(**{"Auto-Submitted": "auto-generated"}).as_bytes()).is_bulk
    assert read_message("a.eml", a_message(**{"Auto-Submitted": "no"}).as_bytes()).is_bulk


# --------------------------------------------------------------------------- files that mean no good


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n", "doesn't begin with a header"),
        (b"Subject: a\r\n" + b"X: y\r\n" * 30_000 + b"\r\n", "its headers take 180 kB"),
        (b"Subject: a\r\n\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 5_000, "it has more than 100 parts"),
        (b"Subject: a\r\n\r\n" + bytes(MOST_BYTES), "no mail has"),
    ],
)
def test_what_is_no_mail_is_said_to_be_none_and_is_not_taken_apart(content, words):
    mail = read_message("a.eml", content)
    (fault,) = mail.faults
    assert words in fault.message
    assert not mail.html.elements
    assert check(mail, Limits()) == [fault]


@pytest.mark.parametrize(
    "source",
    [
        b"<div>" * 200_000,
        b"<b style='color:red'>x" * 40_000,
        b"<!-" * 300_000,
        b"<style>" + b"a{" * 300_000,
        b"<p style='width:" + b"calc(" * 100_000 + b"'>x",
        b"<style>" + b":not(" * 50_000 + b"{}</style><p>x",
        b"<a href='" + b"[" * 100_000 + b"'>x</a>",
        b"<td" + b" a=b" * 100_000,
        b"<p>" + b"&lt;" * 200_000,
        b"<!--[if mso]>" + b"<table " * 100_000 + b"--><p style='max-width: 9px'>x",
        b"<h1><img alt=a>" * 20_000,
        b"<a href='{{" + b"{{" * 100_000 + b"'>x</a>",
    ],
)
def test_a_page_made_to_exhaust_its_reader_is_read_in_a_moment(source):
    start = time.monotonic()
    check(page(source), Limits())
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    "head",
    [
        b"From: " + b"(" * 90_000,
        b"Subject: " + b"=?utf-8?q?" * 9_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 6_000,
        b"Content-Type: text/html; " + b'a="' * 30_000,
        b"Content-Type: multipart/mixed; " + b"boundary*0=a; " * 6_000,
        b"Received: " + b"x\r\n " * 20_000,
    ],
)
def test_headers_made_to_exhaust_their_reader_are_read_in_a_moment(head):
    start = time.monotonic()
    check(read_message("a.eml", head + b"\r\n\r\ntext\r\n"), Limits())
    assert time.monotonic() - start < 10


def test_two_long_parts_are_compared_in_a_moment():
    links = "".join(
        f"<p>Words {number} of it <a href='https://example.com/{number}'>go</a></p>" for number in range(3_000)
    )
    message = EmailMessage()
    message.set_content("".join(f"Text {number} https://example.org/{number}\n\n" for number in range(6_000)))
    message.add_alternative(links, subtype="html")
    start = time.monotonic()
    check(read_message("a.eml", message.as_bytes()), Limits())
    assert time.monotonic() - start < 20


def test_an_entity_is_not_expanded_and_no_file_is_fetched(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    source = f'<!DOCTYPE html [<!ENTITY x SYSTEM "file://{secret}"><!ENTITY y "yyyy">]>\n<p>&x;&y;</p>'
    html = page(source).html
    assert "a secret" not in html.text(html.elements[0], hidden=True)
    assert "yyyy" not in html.text(next(html.all("p")))


def test_a_page_of_a_megabyte_is_weighed_and_not_read():
    mail = page(b"<p>x</p>" * 150_000)
    assert {finding.code for finding in check(mail, Limits())} == {"malformed", "clipped"}


PIECES = st.sampled_from(
    [
        *("From: a@b.c", "Subject: =?utf-8?b?////?=", "Subject: =?x?q?a?=", "Date: x", "Content-Type: text/html"),
        *("Content-Type: multipart/mixed; boundary=b", "Content-Type: text/plain; charset=x-none", "--b", "--b--", ""),
        *("Content-Transfer-Encoding: base64", "Content-Type: message/rfc822", "Content-Disposition: attachment"),
        *("<p style='color:", "<style>@media", "{", "}", "<img src=", "<a href='https://[", "<table>", "</td>"),
        *("\x00", "é", "\ud800", "�", "<!--[if mso]>", "Message-ID: <", "List-Unsubscribe: =?", "9" * 400, "</style>"),
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=25), st.sampled_from(["\r\n", "\n", "", " "]))
def test_whatever_a_file_holds_it_comes_to_findings(pieces, between):
    content = between.join(pieces).encode(errors="surrogatepass")
    for mail in (
        read_message("a.eml", content),
        read_page("a.html", content),
        read_message("a.eml", b"A: b\n" + content),
    ):
        lacks(mail)
        assert all(str(finding.location).startswith("a.") for finding in check(mail, Limits()))


@given(st.binary(max_size=200))
def test_whatever_bytes_a_file_holds_they_come_to_findings(content):
    for mail in (read_message("a.eml", content), read_page("a.html", content)):
        check(mail, Limits())
