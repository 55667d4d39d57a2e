"""What cross-references and terms may point at."""

import pytest
from builders import a_book


@pytest.mark.parametrize(
    ("name", "kind", "owner"),
    [
        ("01-blocks", "chapter", "01-blocks"),
        ("blocks", "chapter", "01-blocks"),
        ("enough", "chapter", "03-short"),
        ("introduction", "matter", "introduction"),
        ("apart", "part", "apart"),
        ("first-section", "heading", "01-blocks"),
        ("two-circles", "figure", "01-blocks"),
        ("01-blocks#deeper", "heading", "01-blocks"),
    ],
)
def test_a_target_has_every_name_that_the_manual_promises(name, kind, owner):
    target = a_book().targets[name]
    assert (target.kind, target.owner) == (kind, owner)


def test_terms_are_found_by_every_word_without_regard_to_case():
    terms = a_book().terms
    assert terms["reactance"] == terms["psychological reactance"] == "term-reactance"
