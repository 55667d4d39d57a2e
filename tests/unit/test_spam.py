"""SpamAssassin's opinion: asked for all messages at once, and without what is about the way of a message."""

import os

import pytest

from pipeline.spam import Score, findings, is_there, scores

GOOD = (
    b"From: Ann <ann@example.com>\r\nTo: Ben <ben@example.org>\r\nSubject: The empty coat hook\r\n"
    b"Date: Mon, 04 Jan 2027 08:00:00 +0100\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nDear Ben,\r\n\r\na hook is empty.\r\n"
)
# The test string that every spam filter knows.
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


@pytest.mark.needs("spamassassin")
@pytest.mark.heavy
def test_each_message_gets_the_score_of_its_own_rules():
    forged = GOOD.replace(b"\r\n\r\n", b"\r\n\r\nX-Spam-Score: 99\r\nX-Spam-Quire: A=99\r\n", 1)
    messages = [("good.eml", GOOD), ("spam.eml", GOOD + GTUBE + b"\r\n"), ("forged.eml", forged)]
    good, spam, other = scores(messages, os.environ)
    assert (good.path, spam.path, other.path) == ("good.eml", "spam.eml", "forged.eml")
    assert good.total < 1
    assert spam.total > 900
    assert spam.rules["GTUBE"] == 1000
    assert other.total < 1
    assert not {"NO_RECEIVED", "NO_RELAYS"} & set(good.rules)


@pytest.mark.needs("spamassassin")
@pytest.mark.heavy
def test_nothing_is_left_at_home(tmp_path):
    assert scores([("a.eml", GOOD)], {**os.environ, "HOME": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_a_score_of_one_is_an_error_that_names_the_rules():
    found = findings([Score("a.eml", 0.9, {"A": 0.9}), Score("b.eml", 1.0, {"B": 0.4, "C": 0.6})])
    (finding,) = found
    assert str(finding).startswith("b.eml:1: SpamAssassin gives it 1.0 points: B, C [spam-score]")


def test_a_path_without_the_program_is_one_where_it_is_missing(tmp_path):
    assert not is_there({"PATH": str(tmp_path)})


def test_a_program_that_gives_no_answer_gives_no_scores(tmp_path):
    program = tmp_path / "spamassassin"
    program.write_text("#!/bin/sh\necho nothing\n")
    program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert is_there(environment)
    assert scores([("a.eml", GOOD)], environment) == ()
