"""ISBNs and language tags: what is one, and what is said of the rest."""

import pytest

from pipeline.identifiers import is_right_to_left, isbn13, isbn_fault, language_fault, uuid_fault


@pytest.mark.parametrize("isbn", ["978-3-16-148410-0", "9783161484100", "979-10-90636-07-1", "0-8044-2957-X"])
def test_an_isbn_whose_last_digit_agrees_is_one(isbn):
    assert isbn_fault(isbn) == ""


@pytest.mark.parametrize(("isbn", "last"), [("978-3-16-148410-1", "0"), ("0-306-40615-3", "2"), ("0804429570", "X")])
def test_a_wrong_check_digit_is_told_with_the_one_it_would_be(isbn, last):
    assert isbn_fault(isbn).endswith(f"the last would be {last}")


@pytest.mark.parametrize("isbn", ["12", "977-3-16-148410-0", "978316148410X", "9783161484100 0"])
def test_what_has_not_the_form_of_an_isbn_is_none(isbn):
    assert "13 digits" in isbn_fault(isbn)


def test_an_old_isbn_becomes_a_new_one():
    assert isbn13("0-306-40615-2") == "9780306406157"
    assert isbn_fault(isbn13("0-8044-2957-X")) == ""


@pytest.mark.parametrize(
    "urn",
    [
        "urn:uuid:77758d13-02e4-4edf-86d5-5c9b93fcf268",
        "URN:UUID:77758D13-02E4-4EDF-86D5-5C9B93FCF268",
        "urn:isbn:9783161484100",
        "https://example.org/book",
    ],
)
def test_a_uuid_is_one_in_any_case_and_other_urns_are_left_alone(urn):
    assert uuid_fault(urn) == ""


@pytest.mark.parametrize("text", ["", "xyz", "77758d1302e44edf86d55c9b93fcf26", "77758d13-02e4-4edf-86d5-5c9b93fcfxyz"])
def test_what_has_not_the_form_of_a_uuid_is_none(text):
    assert "8, 4, 4, 4, and 12" in uuid_fault(f"urn:uuid:{text}")


@pytest.mark.parametrize("tag", ["en", "en-US", "zh-Hans-CN", "sr-Latn", "de-1996", "sl-rozaj", "haw", "en-US-x-quire"])
def test_a_language_tag_is_accepted(tag):
    assert language_fault(tag) == ("", "")


@pytest.mark.parametrize(
    ("tag", "hint"), [("jp", "“ja”"), ("en-UK", "GB"), ("english", "en-US"), ("en_US", "en-US"), ("xq", "en-US")]
)
def test_what_is_no_language_tag_is_told_with_one_that_is(tag, hint):
    fault, said = language_fault(tag)
    assert fault
    assert hint in said


@pytest.mark.parametrize(("tag", "goes_left"), [("he", True), ("az-Arab", True), ("en", False), ("ar-Latn", False)])
def test_the_script_goes_before_the_habit_of_the_language(tag, goes_left):
    assert is_right_to_left(tag) is goes_left
