"""A print shop's ICC profile: a file of the project, of four inks, and of use."""

import pytest
from builders import BOOK_YAML, MINIMAL, a_project

from pipeline.errors import ContentError
from pipeline.reader import read
from pipeline.writers._icc import cmyk_profile, gray_profile

INKS = cmyk_profile("coated")


def a_book_with(tmp_path, settings: str, **files: bytes):
    book = f"{BOOK_YAML}editions:\n  print:\n    ink: cmyk\n    profile: shop.icc\n{settings}"
    return a_project(tmp_path, **{**MINIMAL, "book.yaml": book, **files})


def with_header(at: int, part: bytes) -> bytes:
    return INKS[:at] + part + INKS[at + len(part) :]


def test_a_profile_of_four_inks_is_read_for_its_edition(tmp_path):
    cover = "  cover-wrap:\n    ink: cmyk\n    profile: inks/cover.icc\n"
    files = {"shop.icc": INKS, "inks/cover.icc": cmyk_profile("uncoated")}
    book, _ = read(a_book_with(tmp_path, cover, **files))
    assert book.ink_profiles == {"print": INKS, "cover-wrap": cmyk_profile("uncoated")}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "no ICC profile"),
        (b"\0" * 4000, "no ICC profile"),
        (gray_profile(), "is of gray, and not of four inks"),
        (with_header(12, b"mntr"), "is the profile of a screen, and not of a press"),
        (with_header(16, b"RGB "), "red, green, and blue"),
        (with_header(8, b"\5"), "version 5"),
        (INKS[:400], "a broken profile"),
        (INKS[:128] + b"\xff" * 4000, "a broken profile"),
    ],
)
def test_what_no_press_can_use_is_refused_in_its_line(tmp_path, content, what):
    with pytest.raises(ContentError) as caught:
        read(a_book_with(tmp_path, "", **{"shop.icc": content}))
    [finding] = caught.value.findings
    assert (str(finding.location), finding.code) == ("content/book.yaml:12", "ink-profile")
    assert what in finding.message
    assert finding.hint


@pytest.mark.parametrize("name", ["../other.icc", "/etc/hostname", "shop.ic", "images", "x" * 190])
def test_a_profile_is_a_file_below_content(tmp_path, name):
    book = f'{BOOK_YAML}editions: {{print: {{ink: cmyk, profile: "{name}"}}}}\n'
    (tmp_path / "other.icc").write_bytes(INKS)
    project = a_project(tmp_path / "book", **{**MINIMAL, "book.yaml": book, "shop.icc": INKS})
    with pytest.raises(ContentError) as caught:
        read(project)
    [finding] = caught.value.findings
    assert finding.code == "ink-profile"


def test_one_ink_has_no_profile_of_four(tmp_path):
    book = f"{BOOK_YAML}editions: {{print: {{profile: shop.icc}}}}\n"
    with pytest.raises(ContentError) as caught:
        read(a_project(tmp_path, **{**MINIMAL, "book.yaml": book, "shop.icc": INKS}))
    [finding] = caught.value.findings
    assert "ink: cmyk" in finding.hint
