"""What a server's code and words make of a bounce; nobody loses a subscription by what isn't the reader's doing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.series._reasons import best_status, reason, status_in

GONE = "550 User unknown"


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"])
def test_a_code_that_says_the_reader_is_gone_is_hard_without_words(status):
    assert reason(status, "") == "hard"


@pytest.mark.parametrize(
    "status", ["5.2.2", "5.2.3", "5.3.4", "5.4.6", "5.5.2", "5.6.0", "4.1.1", "4.2.1", "4.7.1", ""]
)
def test_other_codes_are_soft_without_words(status):
    assert reason(status, "") == "soft"


@given(st.integers(0, 999), st.text())
def test_a_permanent_code_of_policy_is_policy_whatever_is_said(detail, words):
    assert reason(f"5.7.{detail}", words) == "policy"
    assert reason(f"5.7.{detail}", f"{words} {GONE}") == "policy"


@given(st.integers(0, 7), st.integers(0, 999), st.text())
def test_a_code_that_may_pass_is_never_hard(subject, detail, words):
    assert reason(f"4.{subject}.{detail}", words) != "hard"
    assert reason(f"4.{subject}.{detail}", f"{words} {GONE}") != "hard"


@pytest.mark.parametrize("status", ["", "5.0.0", "5.1.0", "5.4.1", "5.5.0"])
@pytest.mark.parametrize(
    "words",
    [
        *(GONE, "550 No such user here", "550 <a@example.org> does not exist", "554 dd Not a valid recipient"),
        *("550 This account has been disabled", "550 mailbox not found", "550 Unknown local-part “a” in “b”"),
        *(
            "550 Invalid recipient <spam@spam.example.org>",
            "550 the address is invalid. See https://policy.example.org/spam",
        ),
    ],
)
def test_a_vague_code_is_hard_where_the_words_say_that_the_reader_is_gone(status, words):
    assert reason(status, words) == "hard"


@pytest.mark.parametrize("status", ["", "5.0.0", "5.1.1", "5.2.1", "5.5.0"])
@pytest.mark.parametrize(
    "words",
    [
        *("550 blocked using list.example.org", "554 Message rejected due to content", "550 this is spam"),
        *("554 on our blocklist", "550 fails DMARC", "550 poor sender reputation", "554 rejected by local policy"),
    ],
)
def test_words_of_policy_are_policy_under_any_code_but_one_that_says_why(status, words):
    assert reason(status, words) == "policy"


@pytest.mark.parametrize("status", ["", "5.1.1", "5.2.1", "5.2.2", "5.0.0"])
@pytest.mark.parametrize("words", ["552 mailbox full", "550 over quota", "552 exceeded storage allocation"])
def test_a_full_mailbox_is_soft_under_any_code(status, words):
    assert reason(status, words) == "soft"


def test_a_reply_without_a_code_counts_by_its_first_digit():
    assert reason("", "451 user unknown for now") == "soft"
    assert reason("", "551 user unknown") == "hard"


def test_what_servers_say_of_themselves_and_of_names_is_no_reason():
    assert (
        reason("", "550 rejected by 192.0.2.1 (Exim 4.92.3) of spam.example.org for <no.such.user@spam.example.org>")
        == "soft"
    )


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("550 5.1.1 gone", "5.1.1"),
        ("(#5.4.4)", "5.4.4"),
        ("Exim 4.92.3", ""),
        ("10.5.1.1", ""),
        ("5.1.1.1", ""),
        ("", ""),
    ],
)
def test_a_status_is_found_among_words_and_an_address_or_version_is_none(text, status):
    assert status_in(text) == status


@pytest.mark.parametrize(
    ("field", "words", "status"),
    [
        ("5.0.0", "550 5.1.1 gone", "5.1.1"),
        ("", "550 5.1.1 gone", "5.1.1"),
        ("5.1.1", "550 5.7.1 no", "5.7.1"),
        ("5.1.1", "550 gone", "5.1.1"),
        ("5.4.7", "451 4.7.1 wait", "5.4.7"),
        ("5.0.0", "no", "5.0.0"),
    ],
)
def test_the_status_that_says_most_counts(field, words, status):
    assert best_status(field, words) == status
