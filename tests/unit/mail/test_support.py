"""What mail programs know, by the copy of caniemail's data: the preview and the lint lean on it."""

import json
from pathlib import Path

import pytest

from pipeline.mail import support as module
from pipeline.mail._features import UNCLASSIFIED, named
from pipeline.mail.support import CLIENTS, LIMITS, features, lacking, source, support

DATA = Path(module.__file__).parent / "caniemail.json"


def test_every_feature_of_the_data_is_of_a_known_kind_and_none_is_lost():
    entries = json.loads(DATA.read_text(encoding="utf-8"))["features"]
    assert len(entries) == len(features()) > 290
    assert not {entry["slug"] for entry in entries} & UNCLASSIFIED
    assert all(feature.names and all(feature.names) for feature in features())


def test_a_feature_that_nobody_has_classified_is_no_feature_yet():
    assert named("other-thing", "A thing") is None
    assert named("html-new-thing", "A new thing") is None


def test_the_version_of_the_data_and_its_licence_are_kept_beside_it():
    assert source() == "caniemail 2.0.2, data of 2026-05-13"
    assert "MIT License" in (DATA.parent / "caniemail.LICENSE.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("slug", "client", "state"),
    [
        ("css-border-radius", "outlook-windows", "unsupported"),
        ("css-border-radius", "apple-mail-ios", "supported"),
        ("css-padding", "outlook-windows", "partial"),
        ("css-at-media-prefers-color-scheme", "gmail-web", "unsupported"),
        ("css-table-layout", "thunderbird", "unknown"),
    ],
)
def test_support_is_that_of_the_newest_version_tested(slug, client, state):
    assert support(slug, client).state == state


def test_partial_support_comes_with_the_datas_note():
    assert support("css-padding", "outlook-windows").notes[0] == "Partial. Only supported on table cells."


@pytest.mark.parametrize("client", CLIENTS)
def test_each_client_lacks_something_and_knows_more(client):
    assert 0 < len(lacking(client)) < len(features())


def test_outlook_for_windows_lacks_by_kind_what_its_preview_must_take_out():
    lacked = {kind: set() for kind in ("property", "element", "attribute", "at-rule", "unit", "selector")}
    for feature in lacking("outlook-windows"):
        lacked.setdefault(feature.kind, set()).update(feature.names)
    assert {"border-radius", "box-shadow", "float", "--"} <= lacked["property"]
    assert {"svg", "video", "button"} <= lacked["element"]
    assert "srcset" in lacked["attribute"]
    assert {"media", "supports"} <= lacked["at-rule"]
    assert "rem" in lacked["unit"]
    assert "attribute" in lacked["selector"]
    assert {"color", "font-family"}.isdisjoint(lacked["property"])


def test_a_value_alone_can_be_lacking():
    (flex,) = [feature for feature in lacking("outlook-windows") if feature.slug == "css-display-flex"]
    assert (flex.names, flex.values) == (("display",), ("flex", "inline-flex"))


@pytest.mark.parametrize(
    ("slug", "element", "value", "is_lacking"),
    [
        ("css-padding", "p", "12px", True),
        ("css-padding", "td", "12px", False),
        ("css-max-width", "div", "600px", True),
        ("css-max-width", "table", "600px", False),
        ("css-margin", "table", "0 auto", True),
        ("css-margin", "p", "0 0 20px", False),
        ("css-margin", "p", "0 -4px", True),
        ("css-display", "a", "inline-block", True),
        ("css-display", "div", "none", False),
        ("css-background", "td", "#fff url(a.png)", True),
        ("css-background", "td", "#fff", False),
        ("css-rgb", "p", "rgb(1, 2, 3)", False),
        ("css-rgb", "p", "rgb(1, 2, 3, 0.5)", True),
    ],
)
def test_what_outlook_knows_in_part_is_said_by_element_and_value(slug, element, value, is_lacking):
    (limit,) = [limit for limit in LIMITS["outlook-windows"] if limit.slug == slug]
    assert limit.lacks(element, value) is is_lacking


def test_limits_are_of_features_that_the_client_knows_in_part():
    for client, limits in LIMITS.items():
        assert [limit.slug for limit in limits if support(limit.slug, client).state != "partial"] == []
