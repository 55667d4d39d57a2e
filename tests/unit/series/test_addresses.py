"""Addresses: what is wrong with one, the form it is sent to, and that by which it is known again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.series.addresses import address_fault, address_hash, identity, normalised

KEY = b"k" * 32


@pytest.mark.parametrize(
    "address",
    ["ann@example.org", "Ann.B+letters@example.org", "o'neil@example.org", "jörg@example.org", "ann@bücher.example"],
)
def test_an_address_that_may_exist_has_no_fault(address):
    assert address_fault(address) == ""


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("", "no address"),
        ("  ", "no address"),
        ("ann", "@"),
        ("ann@", "after the @"),
        ("@example.org", "before the @"),
        ("ann@localhost", "not valid"),
        ("ann@example..org", "period"),
        ("ann@example.org\nBcc: eve@example.net", "line break"),
        ("ann\0@example.org", "control character"),
        ("ann@example.org\u2028", "line break"),
        (f"{'a' * 65}@example.org", "too long"),
        (f"ann@{'a.' * 130}org", "longer than 254"),
        ("Ann <ann@example.org>", ""),
        ("ann@[192.0.2.1]", ""),
    ],
)
def test_what_is_wrong_with_an_address_is_told(address, fault):
    told = address_fault(address)
    assert told
    assert not told.endswith(".")
    assert fault in told


@pytest.mark.parametrize(
    ("address", "sent", "compared"),
    [
        ("Ann@Example.ORG", "Ann@example.org", "ann@example.org"),
        (" ann@example.org. ", "ann@example.org", "ann@example.org"),
        ("Ann+Tag@example.org", "Ann+Tag@example.org", "ann+tag@example.org"),
        ("a.n.n@example.org", "a.n.n@example.org", "a.n.n@example.org"),
        ("Ann@Bücher.example", "Ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ("JO\u0308RG@example.org", "JÖRG@example.org", "jörg@example.org"),
        ("ann@\udc80.example", "ann@\udc80.example", "ann@\udc80.example"),
        ("nothing", "nothing", "nothing"),
    ],
)
def test_an_address_is_sent_to_with_its_case_and_compared_without(address, sent, compared):
    assert normalised(address) == sent
    assert identity(address) == compared


@given(st.one_of(st.text(), st.emails()))
def test_any_text_has_forms_and_these_are_stable(text):
    assert normalised(normalised(text)) == normalised(text)
    assert identity(normalised(text)) == identity(text)
    assert len(address_hash(KEY, text)) == 32
    assert isinstance(address_fault(text), str)


def test_an_address_is_known_by_its_hash_under_one_key_only():
    known = address_hash(KEY, "Ann@Example.org")
    assert known == address_hash(KEY, "ann@example.ORG")
    assert known != address_hash(KEY, "anne@example.org")
    assert known != address_hash(b"l" * 32, "ann@example.org")
