"""Directives in, blocks out; prompts above all."""

import pytest
from builders import FIRST_LINE, a_chapter, findings_in

from pipeline import model as m


def prompt(tmp_path, options, body=""):
    (found,) = a_chapter(tmp_path, f"Text.\n\n:::{{reflect}} Why?\n{options}\n{body}\n:::\n").worksheet
    return found


def test_a_blank_stands_where_underscores_stood_also_inside_emphasis(tmp_path):
    answer = prompt(tmp_path, ":kind: plan", "On ___ I **will _____**.").answer
    widths = [node.width for node in m.walk(answer) if isinstance(node, m.Blank)]
    assert widths == [3, 5]


def test_a_name_is_made_of_the_questions_first_words(tmp_path):
    assert prompt(tmp_path, ":kind: lines").name == "first_why"


def test_row_labels_say_how_many_rows(tmp_path):
    answer = prompt(tmp_path, ":kind: table\n:columns: A | B\n:row-labels: Mon | Tue").answer
    assert (answer.rows, answer.row_labels) == (2, ("Mon", "Tue"))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (":kind: lines\n:lines: 0", "option"),
        (":kind: lines\n:lines: many", "option"),
        (":kind: scale\n:from: 9\n:to: 2", "prompt"),
        (":kind: table\n:columns: A", "prompt"),
        (":kind: table\n:columns: A|B\n:rows: 2\n:row-labels: x|y", "option"),
        (":kind: plan\nno blank", "prompt"),
        (":kind: checklist\nno list", "prompt"),
        (":kind: lines\n:name: Not One", "prompt-name"),
        (":kind: lines\n:kind: scale", "option"),
        (":kind: lines\n:low: x", "unknown-option"),
        (":kind: essay", "prompt-kind"),
        (":name: x", "prompt-kind"),
        (":kind: lines\nHelp.\n:lines: 3", "option"),
    ],
)
def test_a_prompt_that_is_wrong_is_named(tmp_path, options, code):
    findings = findings_in(tmp_path, f"Text.\n\n:::{{reflect}} Why?\n{options}\n:::\n")
    assert [finding.code for finding in findings] == [code]


def test_a_prompts_finding_stands_on_the_options_own_line(tmp_path):
    (finding,) = findings_in(tmp_path, ":::{reflect} Why?\n:kind: lines\n:lines: 99\n:::\n")
    assert finding.location.line == FIRST_LINE + 2


@pytest.mark.parametrize("text", ["> :::{note}\n> Text.\n> :::\n", "- a\n\n  :::{note}\n  Text.\n  :::\n"])
def test_a_directive_may_stand_in_a_list_and_in_a_quotation(tmp_path, text):
    assert any(isinstance(node, m.Admonition) for node in m.walk(a_chapter(tmp_path, text).text))


@pytest.mark.parametrize("text", [":::{note}\nText.\n", "::::{note}\nText.\n:::\n", "- :::{note}\n  Text.\n\nText.\n"])
def test_a_directive_without_an_end_is_named_on_its_first_line(tmp_path, text):
    assert findings_in(tmp_path, text)[0].location.line == FIRST_LINE
    assert findings_in(tmp_path, text)[0].message == "this directive has no end"
