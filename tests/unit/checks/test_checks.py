"""The rules together, and what a case of data can't show."""

import time

import pytest
from builders import BOOK_YAML, METADATA, MINIMAL, a_book, a_project

from pipeline import checks, theme
from pipeline.cache import Cache
from pipeline.checks import Context, check, rules
from pipeline.project import Project
from pipeline.reader import read
from pipeline.transforms import complete

FORMATS = ("cover", "epub", "newsletter", "workbook", "worksheets")


def with_fonts(cache):
    design = theme.load(Project(theme.standard_templates().parent))
    return Context(FORMATS, tuple(font.path for font in design.fonts), design.fonts_digest, cache)


def book_of(tmp_path, text):
    book, _ = read(a_project(tmp_path, **{"chapters/01-first.md": METADATA + text}))
    return complete(book, Cache(tmp_path, enabled=False))


def test_every_file_without_an_underscore_is_a_rule_named_after_it():
    assert "unknown-citation" in rules()
    assert all(callable(rule) for rule in rules().values())


def test_the_reference_book_has_no_findings(tmp_path):
    assert check(a_book(), with_fonts(Cache(tmp_path))) == []


def test_findings_come_sorted_and_once(tmp_path):
    book = book_of(tmp_path, "{term}`b` and {term}`b`\n\n{ref}`a`\n")
    found = check(book, Context(FORMATS))
    assert found == sorted(set(found))
    assert [finding.code for finding in found] == ["unknown-term", "unknown-reference"]


@pytest.mark.parametrize("rule", sorted(rules()))
def test_a_rule_reports_under_its_own_code_and_says_what_to_do(tmp_path, rule):
    from builders import CASES

    text = (CASES / "checks" / rule / "expected.txt").read_text() if rule != "glyph-missing" else f"[{rule}]\n    x"
    assert f"[{rule}]\n    " in text


def test_a_character_that_no_font_has_is_named_once_a_file_at_its_first_line(tmp_path):
    book = book_of(tmp_path, "Text.\n\nA 龍 here.\n\nAnd 龍 there, 🙂 too.\u00a0\n")
    found = check(book, with_fonts(Cache(tmp_path / "cache")))
    assert [(finding.location.line, finding.message) for finding in found] == [
        (9, "no font of the theme has 龍 (U+9F8D, cjk unified ideograph-9f8d)"),
        (11, "no font of the theme has 🙂 (U+1F642, slightly smiling face)"),
    ]


def test_letters_may_hold_any_character(tmp_path):
    files = {
        **MINIMAL,
        "book.yaml": BOOK_YAML + "newsletter:\n  id: n\n  title: N\n  issues: [01-one]\n  welcome: welcome\n",
        "newsletter/01-one.md": "---\nsubject: 🌱 龍\npreheader: שלום\nchapter: 01-first\n---\n\nمرحبا 🙂\n",
        "mails/welcome.md": "---\nsubject: 🌱\npreheader: 龍\n---\n\n🙂\n",
    }
    book, _ = read(a_project(tmp_path, **files))
    assert check(complete(book, Cache(tmp_path, enabled=False)), with_fonts(Cache(tmp_path / "cache"))) == []


def test_what_the_fonts_hold_is_kept_in_the_cache(tmp_path, monkeypatch):
    from pipeline.checks import glyph_missing

    context = with_fonts(Cache(tmp_path))
    first = glyph_missing._characters(context)
    monkeypatch.setattr(glyph_missing, "_read", None)
    assert glyph_missing._characters(context) == first
    assert {"a", "“", "…", "é"} <= first


def test_two_books_in_turn_are_not_mixed_up(tmp_path):
    good, bad = book_of(tmp_path / "a", "Text.\n"), book_of(tmp_path / "b", "{term}`x`\n")
    counts = [len(checks.check(book, Context(FORMATS))) for book in (good, bad, good)]
    assert counts == [0, 1, 0]


def test_all_rules_together_are_quick(tmp_path):
    context = with_fonts(Cache(tmp_path))
    check(a_book(), context)
    start = time.perf_counter()
    check(book_of(tmp_path, "## A\n\nText {term}`b`.\n\n" * 500), context)
    assert time.perf_counter() - start < 2
