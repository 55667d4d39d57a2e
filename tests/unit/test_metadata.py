"""YAML in, typed values and findings out."""

from typing import Annotated, Literal, get_args, get_origin

import msgspec
import pytest
from msgspec import Meta, Struct

from pipeline import project, theme
from pipeline.metadata import _tree, _words, decode, decode_list, decode_records
from pipeline.reader import metadata_blocks, references


class Inner(Struct, frozen=True):
    name: str


class Thing(Struct, frozen=True):
    title: Annotated[str, Meta(min_length=1, description="a title")]
    size: Annotated[float, Meta(ge=0, le=1, description="a number from 0 to 1")] = 0.0
    kind: Literal["big", "small"] = "small"
    names: tuple[str, ...] = ()
    inner: Inner | None = None
    line: Annotated[str, Meta(max_length=5, description="text of 5 characters at most")] | None = None
    colors: dict[str, Annotated[str, Meta(pattern="^#", description="a color such as #7b2d3b")]] = {}


def said(text, first_line=1):
    _, _, findings = decode(text, Thing, "a.yaml", first_line)
    return [f"{finding.location.line}: {finding.message}" for finding in findings]


def test_a_valid_text_becomes_its_struct():
    thing, lines, findings = decode("title: T\nsize: 1\nnames: [a, b]\ninner: {name: n}\n", Thing, "a.yaml")
    assert thing == Thing("T", 1.0, names=("a", "b"), inner=Inner("n"))
    assert not findings
    assert str(lines.at("names", 1)) == "a.yaml:3"
    assert str(lines.at("inner", "nothing")) == "a.yaml:4"


def test_every_mistake_is_found_in_one_reading():
    assert said("titel: T\nsize: 2\nkind: bigg\nnames: one\ninner: 3\ncolors: {ink: red}\n") == [
        "1: unknown key “titel”",
        "2: “size”: expected a number from 0 to 1, found 2",
        "3: “kind”: “bigg” is not a value it knows",
        "4: “names”: expected a list, found “one”",
        "5: “inner”: expected keys with values, found a whole number",
        "6: “colors”: expected a color such as #7b2d3b",
        "1: “title” is missing",
    ]


def test_lines_are_those_of_the_file_that_the_text_stands_in():
    assert said("title: T\nsize: x\n", first_line=12) == ["13: “size”: expected a number from 0 to 1, found “x”"]


@pytest.mark.parametrize(("value", "hint"), [("123456", "Cut 1 character."), ("1234 678", "Cut 3 characters.")])
def test_a_text_that_is_too_long_is_told_by_how_much(value, hint):
    _, _, (finding,) = decode(f"title: T\nline: '{value}'\n", Thing, "a.yaml")
    assert (finding.location.line, finding.hint) == (2, hint)


@pytest.mark.parametrize("value", ["1984", "yes", "1.5", "12:30"])
def test_a_number_where_text_belongs_is_told_to_take_quotation_marks(value):
    _, _, (finding,) = decode(f"title: {value}\n", Thing, "a.yaml")
    assert finding.hint == "Put it in quotation marks."


@pytest.mark.parametrize("value", ["", "''", "' '", "null", "~"])
def test_an_empty_value_is_nothing_found(value):
    assert said(f"title: {value}\n") == ["1: “title”: expected a title, found nothing"]


@pytest.mark.parametrize("value", ["=", "<<", "2026-13-45", "1_0:99999999999"])
def test_what_yaml_takes_for_something_strange_is_text_or_a_finding(value):
    decode(f"title: {value}\n", Thing, "a.yaml")


def test_a_day_is_text_again():
    thing, _, _ = decode("title: 2026-11-22\n", Thing, "a.yaml")
    assert thing.title == "2026-11-22"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: !!python/object/apply:os.system [x]\n", "a tag (!name) is not accepted"),
        ("title: !!bool maybe\n", "a tag (!name) is not accepted"),
        ("title: &a T\nnames: [*a]\n", "an alias (*name) is not accepted"),
        ("title: T\n---\ntitle: U\n", "a second document begins here"),
        ("title: T\nnames: " + "[" * 5_000, "nested too deep"),
        ("title: T\nnames:\n  " + "- " * 5_000, "nested too deep"),
        ("title: [T\n", "not valid YAML: did not find expected ',' or ']'"),
        ("title: a\0b\n", "a control character, U+0000"),
        ("title: a\u2028b\n", "a line break that editors don't show, U+2028"),
        ('title: "a\\u202eb"\n', "“title” holds an invisible direction control, U+202E"),
        ('title: "a\\0b"\n', "“title” holds a control character, U+0000"),
        ('title: "a\\rb"\n', "“title” holds a line break that editors don't show, U+000D"),
        ('title: "a\\Lb"\n', "“title” holds a line break that editors don't show, U+2028"),
        ('title: "a\\Nb"\n', "“title” holds a line break that editors don't show, U+0085"),
        ("? [a]\n: b\ntitle: T\n", "a key must be a word"),
        ("title: T\ntitle: U\n", "the key “title” is here twice"),
        ("", "there is nothing here"),
        ("- T\n", "expected lines of “key: value”"),
        ("just text\n", "expected lines of “key: value”"),
    ],
)
def test_yaml_that_no_manuscript_needs_is_refused(text, message):
    thing, _, findings = decode(text, Thing, "a.yaml")
    assert thing is None
    assert [finding.message for finding in findings] == [message]
    assert all(finding.hint for finding in findings)


def test_a_billion_laughs_end_at_the_first():
    text = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{chr(ord(c) - 1)}, *{chr(ord(c) - 1)}]\n" for c in "bcdefghij")
    _, _, findings = decode(text, Thing, "a.yaml")
    assert [finding.location.line for finding in findings] == [2]


def test_a_list_gives_each_entry_its_place_and_keeps_the_good_ones():
    values, findings = decode_list("- title: A\n- titel: B\n\n- title: C\n- text\n", Thing, "a.yaml")
    assert [(value.title, where.line) for value, where in values] == [("A", 1), ("C", 4)]
    assert sorted(finding.location.line for finding in findings) == [2, 2, 5]


def test_records_are_plain_values_with_their_places():
    records, findings = decode_records("- id: a\n  n: 1\n- id: b\n", "a.yaml")
    assert [(dict(record), where.line) for record, where in records] == [({"id": "a", "n": 1}, 1), ({"id": "b"}, 3)]
    assert not findings


@pytest.mark.parametrize(
    "decode_it", [lambda text: decode_list(text, Thing, "a"), lambda text: decode_records(text, "a")]
)
def test_an_empty_list_is_no_mistake(decode_it):
    assert decode_it("\n\n") == ([], [])


def test_the_parser_in_python_gives_the_same_tree(monkeypatch):
    text = "title: T\nsize: 0.5\nnames:\n  - a\n  - 'b: c'\ninner:\n  name: |\n    one\n    two\n"
    fast = decode(text, Thing, "a.yaml")
    monkeypatch.setattr(_tree, "_LOADER", _tree.yaml.SafeLoader)
    slow = decode(text, Thing, "a.yaml")
    assert (fast[0], fast[1]._lines, fast[2]) == (slow[0], slow[1]._lines, slow[2])


def _structs():
    for module in (metadata_blocks, project, references, theme):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Struct) and value.__module__ == module.__name__:
                yield from ((value.__name__, field) for field in msgspec.structs.fields(value))


def test_no_union_with_a_list_has_a_pattern_since_msgspec_crashes_on_one():
    def has_pattern(kind):
        own = any(isinstance(extra, Meta) and extra.pattern for extra in getattr(kind, "__metadata__", ()))
        return own or any(has_pattern(part) for part in get_args(kind))

    for struct, field in _structs():
        options = _words.kinds_of(field.type)
        if len(options) > 1 and any(get_origin(option) is tuple for option in options):
            assert not has_pattern(field.type), f"{struct}.{field.name}"
