"""What programs lack of a mail, and what counts as standing in for it."""

import pytest

from pipeline.lint import lacks, read_page
from pipeline.lint._fallbacks import FALLBACKS
from pipeline.mail.support import CLIENTS, features, support

GHOST = '<!--[if mso]><table role="presentation" width="600"><tr><td><![endif]-->'


def found(html, feature):
    """Return what is lacked of a feature in a page."""
    return [lack for lack in lacks(read_page("a.html", html.encode())) if lack.feature == feature]


def test_the_table_is_about_features_that_some_client_lacks():
    known = {feature.slug for feature in features()}
    assert set(FALLBACKS) <= known
    for slug in FALLBACKS:
        states = {support(slug, client).state for client in CLIENTS}
        assert states & {"unsupported", "partial"}, f"{slug} needs no fallback: all know it"


def test_every_entry_says_what_people_see():
    assert all(fallback.instead for entries in FALLBACKS.values() for fallback in entries)


def test_an_unconditional_fallback_is_the_last_of_its_entry():
    for slug, entries in FALLBACKS.items():
        assert all(fallback.when for fallback in entries[:-1]), slug


def test_a_lack_names_its_clients_its_place_and_how_often_it_is():
    (lack,) = found(
        "<p>\n</p><p style='box-shadow: 0 0 1px red'>a</p>\n<p style='box-shadow: 0 0 2px red'>", "css-box-shadow"
    )
    assert (lack.shown, lack.line, lack.count) == ("box-shadow: 0 0 1px red", 2, 2)
    assert "Outlook for Windows" in lack.clients
    assert lack.instead


@pytest.mark.parametrize(
    ("feature", "with_it", "without"),
    [
        (
            "css-max-width",
            f"{GHOST}<div style='max-width: 600px'>a</div>",
            "<div style='max-width: 600px'>a</div>",
        ),
        ("css-width", "<img width='9' style='width: 9px'>", "<img style='width: 9px'>"),
        (
            "css-background-image",
            "<p style='background-image: url(a.png); background-color: #fff'>a</p>",
            "<p style='background-image: url(a.png)'>a</p>",
        ),
        ("css-float", "<img align='left' style='float: left'>", "<img style='float: left'>"),
        (
            "css-margin",
            "<table align='center' style='margin: 0 auto'></table>",
            "<table style='margin: 0 auto'></table>",
        ),
        (
            "css-padding",
            "<table><tr><td><a style='padding: 9px'>a</a></td></tr></table>",
            "<p style='padding: 9px'>a</p>",
        ),
        (
            "css-display",
            "<table><tr><td><a style='display: inline-block'>a</a></td></tr></table>",
            "<div style='display: inline-block'>a</div>",
        ),
        ("css-white-space", "<p style='white-space: nowrap'>a</p>", "<p style='white-space: pre-line'>a</p>"),
        ("html-video", "<video>Look here.</video>", "<video></video>"),
        ("html-body", "<body class='a'><div lang='en'>a</div></body>", "<body class='a'><p>a</p></body>"),
    ],
)
def test_a_fallback_holds_only_where_what_stands_in_is_there(feature, with_it, without):
    assert all(lack.instead for lack in found(with_it, feature))
    assert any(not lack.instead for lack in found(without, feature))


def test_who_never_looks_into_a_media_query_lacks_nothing_in_it():
    inside = "<style>@media (prefers-color-scheme: dark) { p { display: flex } }</style>"
    assert found(inside, "css-display-flex") == []
    (lack,) = found("<style>p { display: flex }</style>", "css-display-flex")
    assert lack.clients == ("Outlook for Windows",)


def test_selectors_for_outlooks_own_darkening_are_for_those_outlooks():
    assert found("<style>[data-ogsc] p { color: #ffffff }</style>", "css-selector-attribute") == []
    (lack,) = found("<style>[title] p { color: #ffffff }</style>", "css-selector-attribute")
    assert lack.clients == ("Outlook for Windows",)


def test_properties_for_outlook_alone_are_nobodys_lack():
    assert lacks(read_page("a.html", b"<p style='mso-hide: all; -webkit-hyphens: auto'>a</p>")) == ()


def test_units_functions_and_words_are_found_in_values_but_not_in_strings():
    page = "<p style=\"font-family: '2rem'; background: url(2rem.png)\">a</p>"
    assert found(page, "css-unit-rem") == []
    assert found("<p style='margin: 0 2rem'>a</p>", "css-unit-rem")
    assert found("<p style='width: calc(1px + 2px)'>a</p>", "css-unit-calc")
    assert found("<p style='width: fit-content'>a</p>", "css-intrinsic-size")
    assert found("<p style='color: var(--a)'>a</p>", "css-variables")
    assert found("<style>a { --b: c }</style>", "css-variables")


def test_a_partial_lack_is_not_told_beside_a_whole_one():
    assert found("<p style='display: flex'>a</p>", "css-display") == []
