"""What Word's engine reads of conditional comments, in all their forms."""

import pytest

from pipeline.mail.conditional_comments import conditions_met, holds


@pytest.mark.parametrize(
    "condition",
    [
        *("mso", "MSO", "gte mso 9", "gt mso 15 & lte mso 16", "mso 16", "(mso)|(IE)", "mso & !IE", "!(lt mso 12)"),
        *("vml", "!IE", "IE | mso", "( gte mso 9 ) | ( IE )", "supportLists"),
    ],
)
def test_a_condition_for_words_engine_holds(condition):
    assert holds(condition)


@pytest.mark.parametrize(
    "condition",
    ["!mso", "IE", "lt IE 9", "mso 12", "lt mso 12", "gt mso 16", "!(mso)", "mso & IE", "!supportLists", "!vml"],
)
def test_a_condition_for_others_does_not_hold(condition):
    assert not holds(condition)


@pytest.mark.parametrize("condition", ["", "((", "mso |", "mso mso", "gte", "gte mso", "(mso", "mso)", "mso; IE", "!"])
def test_a_condition_that_nobody_can_read_does_not_hold(condition):
    assert not holds(condition)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a<!--[if mso]><b>x</b><![endif]-->c", "a<b>x</b>c"),
        ("a<!--[if !mso]>x<![endif]-->c", "ac"),
        ("a<![if !mso]>x<![endif]>c", "ac"),
        ("a<![if mso]>x<![endif]>c", "axc"),
        ("a<!--[if !mso]><!-->x<!--<![endif]-->c", "ac"),
        ("a<!--[if !mso]><!-- -->x<!-- <![endif]-->c", "ac"),
        ("a<!--[if gte mso 9]><!-->x<!--<![endif]-->c", "axc"),
        ("a<![if mso]>x<![if IE]>y<![endif]>z<![endif]>c", "axzc"),
        ("a<![if IE]>x<![if mso]>y<![endif]>z<![endif]>c", "ac"),
        ("a<!--[if mso]>1<![endif]-->b<!--[if IE]>2<![endif]-->c", "a1bc"),
        ("a<!-- an ordinary [if mso] comment -->c", "a<!-- an ordinary [if mso] comment -->c"),
    ],
)
def test_what_is_for_words_engine_stands_bare_and_what_is_not_is_gone(html, expected):
    assert conditions_met(html) == expected


@pytest.mark.parametrize("html", ["a<!--[if mso]>x", "a<![endif]-->x", "a<![if !mso]>x"])
def test_half_of_a_conditional_comment_is_left_as_it_stands(html):
    assert conditions_met(html) == html
