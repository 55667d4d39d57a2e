"""`quire worksheets`, on a book of two chapters of which one has prompts."""

import json
from pathlib import Path

import pytest
from builders import BOOK_YAML, METADATA, a_project
from click.testing import CliRunner, Result

from pipeline.cli import quire
from pipeline.project import Project

PROMPTS = """\
:::{reflect} How far?
:kind: scale
:name: how-far
:::

:::{reflect} And why?
:kind: lines
:name: why
:::

:::{reflect} What is packed?
:kind: checklist
:name: packed
- Bread
- Salt
:::
"""
BOOK = {
    "book.yaml": BOOK_YAML.replace("01-first", "01-first, 02-second"),
    "chapters/01-first.md": METADATA + "Text.\n\n" + PROMPTS,
    "chapters/02-second.md": METADATA.replace("First", "Second") + "Text.\n",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Project:
    project = a_project(tmp_path_factory.mktemp("book"), **BOOK)
    assert run(project, "build", "worksheets", "workbook").exit_code == 0
    return project


def run(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(quire, ["-C", str(project.root), *arguments], prog_name="quire")


def worksheets(project: Project, *arguments: str) -> Result:
    return run(project, "worksheets", *arguments)


def answers(folder: Path, **values: object) -> str:
    path = folder / "answers.json"
    path.write_text(json.dumps({f"first_{name.replace('0', '-')}": value for name, value in values.items()}))
    return str(path)


@pytest.mark.parametrize("which", [("--workbook",), ("--chapter", "1"), ("--chapter", "01-first"), ()])
def test_answers_go_into_a_pdf_and_come_out_again(built, tmp_path, which) -> None:
    given = answers(tmp_path, how0far=3, why="Because.\nAnd so on.", packed_2=True)
    done = worksheets(built, "--fill", given, *which, "--output", str(tmp_path / "filled.pdf"))
    assert done.exit_code == 0, done.output
    assert "3 fields filled" in done.stderr
    read = worksheets(built, "--read", str(tmp_path / "filled.pdf"))
    assert json.loads(read.stdout) == {
        "first_how-far": 3,
        "first_why": "Because.\nAnd so on.",
        "first_packed_2": True,
    }
    every = json.loads(worksheets(built, "--read", str(tmp_path / "filled.pdf"), "--all").stdout)
    assert every["first_packed_1"] is False


def test_reading_says_which_file_is_not_ours(built, tmp_path) -> None:
    other = a_project(tmp_path, **{**BOOK, "chapters/01-first.md": BOOK["chapters/01-first.md"].replace("why", "what")})
    done = worksheets(other, "--read", str(built.output / "worksheets/all.pdf"))
    assert done.exit_code == 3
    assert "1 of its 4 fields are not in this book: first_why" in done.stderr


def test_a_failed_fill_leaves_no_file(built, tmp_path) -> None:
    done = worksheets(built, "--fill", answers(tmp_path, how0far=11), "--output", str(tmp_path / "filled.pdf"))
    assert done.exit_code == 3
    assert "“first_how-far” can't be 11" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["answers.json"]


def test_what_is_not_built_yet_is_said_with_how_to_build_it(built, tmp_path) -> None:
    given = answers(tmp_path, how0far=1)
    done = worksheets(built, "--fill", given, "--paper", "letter", "--output", str(tmp_path / "filled.pdf"))
    assert done.exit_code == 3
    assert "quire build worksheets --papers letter" in done.stderr
    bare = a_project(tmp_path / "bare", **BOOK)
    done = worksheets(bare, "--fill", given, "--workbook", "--output", str(tmp_path / "filled.pdf"))
    assert "workbook.pdf is not in output/\n    Build it first: quire build workbook" in done.stderr


def test_a_dry_run_says_what_would_be_printed_and_asks_no_printer(built, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = worksheets(
        built, *("--chapter", "1", "--paper", "letter", "--copies", "2", "--printer", "desk"), "--print", "--dry-run"
    )
    assert done.exit_code == 0, done.output
    assert "lp -d desk -n 2 -o media=Letter -o print-scaling=none" in done.stdout


def test_printing_without_lp_ends_with_3(built, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = worksheets(built, "--print")
    assert done.exit_code == 3
    assert "is not installed" in done.stderr


def test_ink_saving_sheets_go_into_a_folder_of_their_own_and_nothing_into_the_output(built, tmp_path) -> None:
    before = {path: path.read_bytes() for path in built.output.rglob("*.pdf")}
    done = worksheets(built, "--ink-saver", "--output", str(tmp_path / "to-print"))
    assert done.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "to-print").iterdir()) == ["01-first.pdf", "all.pdf"]
    assert (tmp_path / "to-print/all.pdf").read_bytes() != (built.output / "worksheets/all.pdf").read_bytes()
    assert {path: path.read_bytes() for path in built.output.rglob("*.pdf")} == before


@pytest.mark.parametrize("chapter", ["9", "0", "second-best", "²", "-1"])
def test_an_unknown_chapter_is_told_with_those_that_there_are(built, tmp_path, chapter) -> None:
    done = worksheets(built, f"--chapter={chapter}", "--output", str(tmp_path))
    assert done.exit_code == 3
    assert "01-first to 02-second" in done.stderr


def test_a_chapter_without_prompts_has_no_worksheet(built, tmp_path) -> None:
    done = worksheets(built, "--chapter", "2", "--output", str(tmp_path))
    assert done.exit_code == 3
    assert "has no prompts" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--chapter", "1"),
        ("--fill", "a.json"),
        ("--read", "a.pdf", "--copies", "2"),
        ("--print", "--output", "there"),
        ("--fill", "a.json", "--workbook", "--chapter", "1", "--output", "a.pdf"),
        ("--output", "there", "--printer", "desk"),
        ("--print", "--copies", "0"),
        ("--print", "--paper", "a3"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(built, arguments) -> None:
    assert worksheets(built, *arguments).exit_code == 2


def test_papers_asked_for_are_built_and_gone_when_they_are_not(tmp_path) -> None:
    project = a_project(tmp_path, **BOOK)
    assert run(project, "build", "worksheets", "--papers", "all").exit_code == 0
    folder = project.output / "worksheets"
    assert sorted(path.name for path in folder.iterdir()) == ["01-first.pdf", "a4", "all.pdf", "letter"]
    assert (folder / "a4/all.pdf").read_bytes() == (folder / "all.pdf").read_bytes()
    assert run(project, "build", "worksheets").exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["01-first.pdf", "all.pdf"]


def test_papers_of_the_books_settings_are_built(tmp_path) -> None:
    yaml = BOOK["book.yaml"] + "worksheets:\n  papers: [letter]\n"
    project = a_project(tmp_path, **{**BOOK, "book.yaml": yaml})
    assert run(project, "build", "worksheets").exit_code == 0
    assert (project.output / "worksheets/letter/all.pdf").is_file()
    assert not (project.output / "worksheets/a4").exists()
