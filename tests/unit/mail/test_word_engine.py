"""A mail as Word's engine comes to see it: what is gone, what stands in, and what is left as it was."""

import re

import pytest

from pipeline.mail.support import LIMITS, lacking
from pipeline.mail.word_engine import CLIENT, as_word_shows, lacks


def shown(body: str, head: str = "") -> str:
    """Return what stands in the body."""
    page = as_word_shows(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>")
    match = re.search(r"<body[^>]*>(.*)</body>", page, re.DOTALL)
    assert match, page
    return match[1]


def styled(element: str, style: str) -> str:
    """Return what is left of an element's style."""
    cell = element in ("td", "th")
    around = "<table><tr>{}</tr></table>" if cell else "{}"
    match = re.search(
        rf'<{element}(?: style="([^"]*)")?', shown(around.format(f'<{element} style="{style}">x</{element}>'))
    )
    assert match
    return match[1] or ""


@pytest.mark.parametrize(
    ("element", "style"),
    [
        ("p", "border-radius: 6px"),
        ("p", "box-shadow: 0 0 2px red"),
        ("p", "padding: 4px"),
        ("a", "padding: 4px 8px"),
        ("a", "display: inline-block"),
        ("div", "display: flex"),
        ("div", "width: 100px"),
        ("div", "max-width: 100px"),
        ("p", "height: 10px"),
        ("p", "border: 1px solid red"),
        ("td", "border: 9px solid red"),
        ("td", "background: url(x.png)"),
        ("td", "background: linear-gradient(red, blue)"),
        ("span", "margin: 4px"),
        ("p", "margin: 0 auto"),
        ("p", "margin: -4px"),
        ("p", "float: left"),
        ("p", "position: absolute"),
        ("p", "opacity: 0.5"),
        ("p", "color: rgba(0, 0, 0, 0.5)"),
        ("p", "color: rgb(0 0 0 / 50%)"),
        ("p", "color: var(--ink)"),
        ("p", "--ink: red"),
        ("p", "font-size: 2rem"),
        ("p", "font-size: calc(1px + 2px)"),
        ("p", "text-align: start"),
        ("p", "text-transform: lowercase"),
        ("p", "text-decoration: underline dotted"),
        ("p", "-webkit-text-size-adjust: 100%"),
    ],
)
def test_what_the_engine_lacks_is_gone(element, style):
    assert styled(element, style) == ""


@pytest.mark.parametrize(
    ("element", "style"),
    [
        ("p", "color:red"),
        ("p", "margin:0 0 20px"),
        ("p", "line-height:1.5"),
        ("p", "text-decoration:underline"),
        ("p", "display:none"),
        ("td", "padding:4px 8px"),
        ("td", "width:20%"),
        ("td", "height:38px"),
        ("td", "border:1px solid red"),
        ("td", "background-color:#fff"),
        ("table", "max-width:600px"),
        ("td", "background:red"),
    ],
)
def test_what_the_engine_knows_is_left(element, style):
    assert styled(element, style.replace(":", ": ")) == style


def test_all_that_the_data_calls_unsupported_is_lacked():
    properties = [feature for feature in lacking(CLIENT) if feature.kind == "property"]
    assert len(properties) > 90
    for feature in properties:
        for name in feature.names:
            assert lacks("td", name, feature.values[0] if feature.values else "1px"), name
    assert {limit.slug for limit in LIMITS[CLIENT]} >= {"css-padding", "css-max-width", "css-margin"}


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("font-family: Verdana, sans-serif", "font-family:Verdana, sans-serif"),
        ("font-family: 'Source Serif Pro', Georgia, serif", "font-family:'Times New Roman', serif"),
        ("font-family: system-ui", "font-family:'Times New Roman', serif"),
        ("font-weight: 500", "font-weight:normal"),
        ("font-weight: 600", "font-weight:bold"),
        ("mso-line-height-rule: exactly", ""),
    ],
)
def test_fonts_and_weights_are_those_that_the_engine_has(style, expected):
    assert styled("p", style) == expected


def test_padding_that_is_meant_for_the_engine_counts_in_cells():
    assert styled("td", "padding: 0; mso-padding-alt: 4px 8px") == "padding:0;padding:4px 8px"
    assert styled("p", "mso-padding-alt: 4px 8px") == ""


def test_rules_of_style_elements_hold_by_the_order_of_css_and_those_in_media_queries_do_not():
    head = (
        "<style>p { color: red; margin: 1px } .big { color: blue } #one { color: green !important }"
        " @media (max-width: 480px) { p { color: pink } } @supports (display: grid) { p { color: tan } }</style>"
    )
    assert shown('<p class="big">a</p>', head) == '<p class="big" style="color:red;margin:1px;color:blue">a</p>'
    own = shown('<p id="one" style="color: black">a</p>', head)
    assert own == '<p id="one" style="color:red;margin:1px;color:black;color:green">a</p>'


@pytest.mark.parametrize(
    "selector",
    ["[class]", "*", "div > p", "b + p", "b ~ p", "p:first-child", "p:not(.x)", "p::before", "p:hover", "p["],
)
def test_a_selector_that_the_engine_does_not_know_selects_nothing(selector):
    inside = shown('<div><b>a</b><p class="y">b</p></div>', f"<style>{selector} {{ color: red }}</style>")
    assert inside == '<div><b>a</b><p class="y">b</p></div>'


@pytest.mark.parametrize("selector", ["p", ".y", "p.y", "div p", "b, p", "DIV .y"])
def test_a_selector_that_the_engine_knows_selects(selector):
    assert 'style="color:red">b</p>' in shown(
        '<div><b>a</b><p class="y">b</p></div>', f"<style>{selector} {{ color: red }}</style>"
    )


def test_what_stands_between_comments_for_outlook_counts():
    body = '<!--[if mso]><table width="600"><tr><td><![endif]--><p>a</p><!--[if mso]></td></tr></table><![endif]-->'
    assert shown(body) == '<table width="600"><tr><td><p>a</p></td></tr></table>'
    head = "<!--[if mso]><xml><o:x><o:AllowPNG/></o:x></xml><style>p { color: red }</style><![endif]-->"
    assert shown("<p>a</p>", head) == '<p style="color:red">a</p>'
    assert shown("<![if !mso]><p>a</p><![endif]><p>b</p>") == "<p>b</p>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a <abbr>b</abbr> c", "a b c"),
        ("<section><p>a</p><p>b</p></section>c", "<p>a</p><p>b</p>c"),
        ("<p>a</p><form>b<b>c</b>d</form>e", "<p>a</p>b<b>c</b>de"),
        ("a<svg><text>b</text></svg>c", "ac"),
        ("a<input type=checkbox>c", "ac"),
        ("<picture><source srcset=b.webp><img src=a.png></picture>", '<img src="a.png">'),
        ("<video src=a.mp4><a href=b>c</a></video>", '<a href="b">c</a>'),
        ("<v:rect>a</v:rect>b", "ab"),
        ("<script>a</script>b", "b"),
    ],
)
def test_elements_that_the_engine_does_not_know_leave_what_stands_in_them(body, expected):
    assert shown(body) == expected


def test_attributes_and_pictures_that_the_engine_does_not_know_are_gone():
    assert shown('<p hidden>a</p><img src="a.png" srcset="b.png 2x">') == '<p>a</p><img src="a.png">'
    assert shown('<img src="a.webp?x" alt="A lamp">') == '<img alt="A lamp">'
    assert shown('<table background="a.png"></table>') == "<table></table>"


def test_a_table_in_what_is_hidden_shows_unless_it_is_hidden_for_the_engine():
    body = "<div style='display: none{}'>a<table><tr><td>b</td></tr></table>c</div>d"
    assert shown(body.format("")) == "<div><table><tr><td>b</td></tr></table></div>d"
    assert shown(body.format("; mso-hide: all")).startswith('<div style="display:none !important">a<table>')


@pytest.mark.parametrize(
    "html", ["", "  ", "\0", "<", "<!--", "text", "<p style='", "<style>p {", "<p style='a:(((('>"]
)
def test_whatever_it_is_given_something_is_returned(html):
    assert isinstance(as_word_shows(html), str)
