"""A whole content/ in, a Book or every finding out."""

from pathlib import Path

import pytest
from builders import BOOK_YAML, FIRST_LINE, METADATA, REFERENCE_PROJECT, a_chapter, a_project, findings_in, findings_of

from pipeline import model as m
from pipeline.cache import Cache
from pipeline.errors import ContentError
from pipeline.project import Project
from pipeline.reader import read


def codes(findings):
    return [(finding.location.line, finding.code) for finding in findings]


def test_the_minimal_book_is_read_without_a_finding(tmp_path):
    book, warnings = read(a_project(tmp_path))
    assert not warnings
    assert [chapter.file_stem for chapter in book.chapters] == ["01-first"]
    assert book.chapters[0].text.blocks[0].location.line == FIRST_LINE


def test_the_reference_book_has_every_block_inline_and_prompt_in_it():
    book, _ = read(Project(REFERENCE_PROJECT))
    there = {type(node) for node in m.walk((book.front, book.parts, book.back, book.newsletter, book.glossary))}
    for union in (m.Block, m.Inline, m.Answer):
        assert set(union.__args__) <= there


def test_reading_is_deterministic():
    first, second = (read(Project(REFERENCE_PROJECT))[0] for _ in range(2))
    assert m.encode(first) == m.encode(second)


def test_problems_of_all_files_come_together_even_when_book_yaml_is_broken(tmp_path):
    project = a_project(
        tmp_path,
        **{
            "book.yaml": BOOK_YAML + "titel: x\n",
            "chapters/01-first.md": METADATA + "<b>Text</b>\n",
            "glossary.yaml": "- term: x\n",
            "references.yaml": "- id: x\n",
        },
    )
    with pytest.raises(ContentError) as caught:
        read(project)
    assert {finding.location.path for finding in caught.value.findings} == {
        "content/book.yaml",
        "content/chapters/01-first.md",
        "content/glossary.yaml",
        "content/references.yaml",
    }
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_line_ends_of_other_systems_change_neither_text_nor_lines(tmp_path, ends):
    text = METADATA + "Text\nand more.\n\n## Heading\n\n<b>\n"
    (finding,) = findings_of(
        a_project(tmp_path, **{"chapters/01-first.md": text.replace("\n", ends), "book.yaml": BOOK_YAML})
    )
    assert finding.location.line == FIRST_LINE + 5


def test_a_byte_order_mark_is_read_past(tmp_path):
    files = {"book.yaml": BOOK_YAML, "chapters/01-first.md": b"\xef\xbb\xbf" + METADATA.encode() + b"Text.\n"}
    assert not findings_of(a_project(tmp_path, **files))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"Line\n\ncaf\xe9\n", (FIRST_LINE + 2, "not-utf-8")),
        (b"Line\n\na\0b\n", (FIRST_LINE + 2, "control-character")),
        ("Line\n\na\u202eb\n".encode(), (FIRST_LINE + 2, "control-character")),
        (b"Line &#x202e; b\n", (FIRST_LINE, "control-character")),
        (b"word " * 1_000_000, (1, "too-long")),
        (b"word " * 20_000, (FIRST_LINE, "too-long")),
        (b"word\n" * 20_000, (FIRST_LINE, "too-long")),
        (b">" * 10_000 + b" x\n", (FIRST_LINE, "nesting")),
        (b"- " * 10_000 + b" x\n", (FIRST_LINE, "nesting")),
        (b"*" * 20_000 + b"a" + b"*" * 20_000, (FIRST_LINE, "nesting")),
        (b"".join(b":" * (53 - i) + b"{note}\n" for i in range(50)) + b"x\n", (FIRST_LINE + 11, "nesting")),
    ],
)
def test_a_file_that_is_no_manuscript_is_named_with_its_line(tmp_path, body, found):
    findings = findings_of(
        a_project(tmp_path, **{"book.yaml": BOOK_YAML, "chapters/01-first.md": METADATA.encode() + body})
    )
    assert found in codes(findings)


def test_a_chapter_that_is_a_link_out_of_the_project_is_not_read(tmp_path):
    project = a_project(tmp_path / "project")
    (tmp_path / "secret.md").write_text(METADATA + "A secret.\n")
    chapter = project.content / "chapters" / "01-first.md"
    chapter.unlink()
    chapter.symlink_to(tmp_path / "secret.md")
    assert codes(findings_of(project)) == [(1, "outside")]


def test_a_chapter_that_is_a_link_to_itself_is_missing(tmp_path):
    project = a_project(tmp_path)
    chapter = project.content / "chapters" / "01-first.md"
    chapter.unlink()
    chapter.symlink_to(chapter)
    assert "missing-file" in {finding.code for finding in findings_of(project)}


def test_a_chapter_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    project = a_project(tmp_path)
    read_bytes = Path.read_bytes

    def refuse(path):
        # A mode of 0 would do, but not for root, as whom tests often run.
        if path.name == "01-first.md":
            raise PermissionError(13, "Permission denied")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert codes(findings_of(project)) == [(1, "unreadable")]


def test_hidden_files_and_backups_are_nobodys_business(tmp_path):
    extra = dict.fromkeys(("chapters/.01-first.md.swp", "chapters/.hidden.md", "chapters/01-first.md~"), "x")
    assert not findings_of(a_project(tmp_path, **extra))


def test_the_prompts_that_end_a_chapter_are_its_worksheet(tmp_path):
    prompt = ":::{{reflect}} {0}?\n:kind: lines\n:name: {0}\n:::\n\n"
    chapter = a_chapter(tmp_path, prompt.format("early") + "Text.\n\n" + prompt.format("late") + prompt.format("last"))
    assert [prompt.name for prompt in chapter.worksheet] == ["first_late", "first_last"]
    assert [prompt.name for prompt in chapter.prompts] == ["first_early", "first_late", "first_last"]


def test_names_and_addresses_stand_on_one_line(tmp_path):
    book = BOOK_YAML.replace("Ann Example", '"Ann\\nExample"') + "sender:\n  name: |\n    Ann\n    Example\n"
    book += "  address: a@example.com\n  postal_address: x\n"
    read_book, _ = read(a_project(tmp_path, **{"book.yaml": book, "chapters/01-first.md": METADATA + "Text.\n"}))
    assert read_book.authors == ("Ann Example",)
    assert read_book.sender.name == "Ann Example"


def test_a_clean_chapter_has_no_findings(tmp_path):
    assert findings_in(tmp_path, "Text.\n") == ()


@pytest.mark.parametrize("name", ["cover", "title-page", "copyright-page", "contents"])
def test_a_file_named_like_a_page_that_quire_makes_is_refused_and_not_lost(tmp_path, name):
    book = BOOK_YAML + f"front: [{name}]\n"
    files = {
        "book.yaml": book,
        f"front/{name}.md": "---\ntitle: T\n---\nText.\n",
        "chapters/01-first.md": METADATA + "A.\n",
    }
    assert codes(findings_of(a_project(tmp_path, **files))) == [(1, "duplicate-name")]


def test_a_file_that_has_not_changed_is_not_read_again(tmp_path, monkeypatch):
    project, cache = a_project(tmp_path, **{"chapters/01-first.md": METADATA + "Some *text*.\n"}), Cache(tmp_path / "c")
    first, _ = read(project, cache)
    monkeypatch.setattr("pipeline.reader._files.Reading", None)
    assert read(project, cache)[0] == first


def test_what_is_wrong_in_a_file_is_told_each_time(tmp_path):
    project = a_project(tmp_path, **{"chapters/01-first.md": METADATA + "<b>Raw</b>\n"})
    cache = Cache(tmp_path / "c")
    told = []
    for _ in range(2):
        with pytest.raises(ContentError) as caught:
            read(project, cache)
        told.append(caught.value.findings)
    assert told[0] == told[1] != ()
