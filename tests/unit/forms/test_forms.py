"""Answers into the reference book's worksheets and out of them again; and everything that isn't one."""

import io
import json
import string

import pikepdf
import pytest
from builders import a_book
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import forms
from pipeline.cache import Cache
from pipeline.errors import ConfigError
from pipeline.press import Press
from pipeline.transforms import select
from pipeline.writers import worksheets


@pytest.fixture(scope="module")
def pack(prepared_design, tmp_path_factory) -> bytes:
    press = Press(Cache(tmp_path_factory.mktemp("cache")), 1)
    return worksheets.write(select(a_book(), "worksheets"), prepared_design, press)[-1].content


@pytest.fixture(scope="module")
def known() -> list[str]:
    prompts = [prompt for chapter in a_book().chapters for prompt in chapter.prompts]
    return [name for prompt in prompts for name in forms.names_of(prompt)]


@pytest.fixture(scope="module")
def empty(pack, known) -> dict[str, forms.Answer]:
    return forms.read(pack, "all.pdf", known, all_fields=True)


def some_answers(empty: dict[str, forms.Answer]) -> dict[str, forms.Answer]:
    """Return an answer for every field, each by its kind."""
    kinds = {str: "Größe – “yes”, 7 pm", bool: True, type(None): 5}
    return {name: kinds[type(value)] for name, value in empty.items()}


def fill(pack: bytes, answers) -> forms.Filled:
    return forms.fill(pack, answers, "all.pdf", "answers.json")


def refusal(pack: bytes, answers) -> str:
    with pytest.raises(ConfigError) as raised:
        fill(pack, answers)
    return str(raised.value)


def first(empty, kind: type) -> str:
    return next(name for name, value in empty.items() if type(value) is kind)


def test_the_fields_of_the_pdf_are_those_that_the_prompts_name(empty, known) -> None:
    assert sorted(empty) == sorted(known)
    assert set(map(type, empty.values())) == {str, bool, type(None)}


def test_what_is_filled_in_is_read_back(pack, known, empty) -> None:
    answers = some_answers(empty)
    filled = fill(pack, answers)
    assert forms.read(filled.pdf, "f.pdf", known) == answers
    assert filled.answers == len(answers)


def test_an_empty_pdf_has_no_answers(pack, known) -> None:
    assert forms.read(pack, "all.pdf", known) == {}


def test_what_all_reads_can_be_filled_in_again(pack, known, empty) -> None:
    assert forms.read(fill(pack, empty).pdf, "f.pdf", known, all_fields=True) == empty


def test_filling_twice_gives_the_same_bytes(pack, empty) -> None:
    assert fill(pack, some_answers(empty)).pdf == fill(pack, some_answers(empty)).pdf


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.just("\n"), max_size=300))
def test_any_text_that_can_be_printed_is_read_back(pack, known, empty, text) -> None:
    name = next(n for n, v in empty.items() if isinstance(v, str) and "\n" not in refusals_of_lines(pack, n))
    assert forms.read(fill(pack, {name: text}).pdf, "f.pdf", known).get(name, "") == text


def refusals_of_lines(pack: bytes, name: str) -> str:
    """Return a line end where a field takes one line only."""
    try:
        fill(pack, {name: "a\nb"})
    except ConfigError:
        return "\n"
    return ""


def test_a_filled_text_has_an_appearance_and_the_readers_are_still_asked_for_theirs(pack, empty) -> None:
    filled = pikepdf.open(io.BytesIO(fill(pack, some_answers(empty)).pdf))
    assert bool(filled.Root.AcroForm.NeedAppearances)
    texts = [field for field in filled.Root.AcroForm.Fields if field.FT == "/Tx"]
    assert texts
    for field in texts:
        left, bottom, right, top = map(float, field.AP.N.BBox)
        assert right > left
        assert top > bottom
        assert b"Tj" in field.AP.N.read_bytes()


def test_a_long_answer_is_set_smaller_and_one_that_never_fits_is_named(pack, empty) -> None:
    blank = next(name for name, value in empty.items() if value == "" and refusals_of_lines(pack, name))
    assert fill(pack, {blank: "Fri"}).overfull == ()
    assert fill(pack, {blank: string.ascii_letters * 9}).overfull == (blank,)


def test_a_long_word_is_broken_and_takes_no_long_time(pack, known, empty) -> None:
    name = next(n for n, v in empty.items() if v == "" and not refusals_of_lines(pack, n))
    filled = fill(pack, {name: "x" * 50_000})
    assert filled.overfull == (name,)
    assert forms.read(filled.pdf, "f.pdf", known)[name] == "x" * 50_000


def test_an_unknown_field_is_refused_with_the_name_that_was_meant(pack, empty) -> None:
    name = first(empty, str)
    assert f"Did you mean “{name}”?" in refusal(pack, {name + "x": "a"})


@pytest.mark.parametrize("value", [11, 6, -1, "11", True, 2.5, [1], {"a": 1}])
def test_a_scale_takes_its_own_numbers_only(pack, empty, value) -> None:
    assert "Write a number from 0 to 5" in refusal(pack, {first(empty, type(None)): value})


def test_a_scale_takes_a_number_as_text_and_gives_a_number(pack, known, empty) -> None:
    name = first(empty, type(None))
    assert forms.read(fill(pack, {name: "3"}).pdf, "f.pdf", known) == {name: 3}


def test_a_scales_zero_is_an_answer(pack, known, empty) -> None:
    name = first(empty, type(None))
    assert forms.read(fill(pack, {name: 0}).pdf, "f.pdf", known) == {name: 0}


@pytest.mark.parametrize("value", ["yes", 1, "", []])
def test_a_checkbox_takes_true_and_false_only(pack, empty, value) -> None:
    assert "Write true or false." in refusal(pack, {first(empty, bool): value})


@pytest.mark.parametrize("value", [1, True, ["a"], "a\x00b", "\ud800", "x" * 50_001])
def test_a_text_field_takes_text_that_can_be_printed(pack, empty, value) -> None:
    assert "can't be" in refusal(pack, {first(empty, str): value})


def test_all_mistakes_are_told_at_once(pack, empty) -> None:
    told = refusal(pack, {"nothing": 1, first(empty, bool): "yes", first(empty, type(None)): 11})
    assert told.count("answers.json: ") == 3


@pytest.mark.parametrize("text", ["", "{", "[1]", "7", '{"a": 1, "a": 2}', "[" * 100_000, "9" * 5_000, b"\xff"])
def test_a_file_that_holds_no_answers_is_refused(text) -> None:
    with pytest.raises(ConfigError, match=r"answers\.json"):
        forms.parsed(text if isinstance(text, bytes) else text.encode(), "answers.json")


def test_answers_are_shown_as_json_that_can_be_filled_in() -> None:
    answers = {"a": "Größe\n2", "b": True, "c": None, "d": 3}
    assert forms.parsed(forms.shown(answers).encode(), "a.json") == json.loads(forms.shown(answers)) == answers


# --------------------------------------------------------------------------- what isn't ours


def saved(pdf: pikepdf.Pdf, **options) -> bytes:
    stream = io.BytesIO()
    pdf.save(stream, **options)
    return stream.getvalue()


@pytest.mark.parametrize("content", [b"", b"no PDF", b"%PDF-1.7\n"])
def test_what_is_no_pdf_is_refused(content, known) -> None:
    with pytest.raises(ConfigError, match=r"f\.pdf: this is not a PDF"):
        forms.read(content, "f.pdf", known)


def test_a_pdf_without_fields_is_refused(known) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    with pytest.raises(ConfigError, match="has no form fields"):
        forms.read(saved(pdf), "f.pdf", known)


def test_an_encrypted_pdf_is_refused(pack, known) -> None:
    locked = saved(pikepdf.open(io.BytesIO(pack)), encryption=pikepdf.Encryption(owner="o", user="u"))
    with pytest.raises(ConfigError, match="encrypted"):
        forms.read(locked, "f.pdf", known)


def test_fields_of_another_book_are_named(pack, known) -> None:
    with pytest.raises(ConfigError, match=known[0]):
        forms.read(pack, "f.pdf", known[1:])


def test_a_field_that_is_its_own_child_ends(known) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    field = pdf.make_indirect(pikepdf.Dictionary(T=pikepdf.String("a")))
    field.Kids = pikepdf.Array([field])
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
    with pytest.raises(ConfigError, match="no form fields"):
        forms.read(saved(pdf), "f.pdf", known)
