"""The command line, as a person or a script meets it: words, streams and exit codes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from builders import METADATA, a_project
from click.testing import CliRunner, Result

from pipeline import __version__
from pipeline.cli import Commands, quire
from pipeline.project import Project

COMMANDS = Commands("quire").list_commands(None)  # type: ignore[arg-type]


def _below(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield every command below a group, and those below these, as the words that call them."""
    for name in group.list_commands(None):  # type: ignore[arg-type]
        yield (*words, name)
        command = group.get_command(None, name)  # type: ignore[arg-type]
        if isinstance(command, click.Group):
            yield from _below(command, (*words, name))


EVERY_COMMAND = list(_below(quire, ()))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return a_project(tmp_path / "book")


def run(project: Project, *arguments: str, **options) -> Result:
    return CliRunner().invoke(quire, ["-C", str(project.root), *arguments], prog_name="quire", **options)


def test_help_names_every_command_with_examples() -> None:
    result = CliRunner().invoke(quire, ["--help"], prog_name="quire")
    assert result.exit_code == 0
    assert all(f"\n  {name} " in result.output for name in COMMANDS)
    assert "Examples:" in result.output


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
def test_the_help_of_each_command_has_an_example(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(quire, [*words, "--help"], prog_name="quire")
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"quire {' '.join(words)}" in result.output


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(quire, ["--version"]).output == f"quire {__version__}\n"


def test_starting_the_command_imports_nothing_heavy() -> None:
    heavy = ["weasyprint", "ebooklib", "markdown_it", "pikepdf", "jinja2", "fontTools", "PIL", "citeproc", "lxml"]
    code = "import sys, pipeline.cli; pipeline.cli.quire(['--help'], standalone_mode=False);"
    code += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_a_build_tells_what_it_made_on_stdout_and_its_progress_on_stderr(project: Project) -> None:
    result = run(project, "build", "cover")
    assert result.exit_code == 0
    assert "cover.pdf" in result.stdout
    assert "1 page" in result.stdout
    assert "2 files" in result.stdout
    assert result.stderr == "cover: 2 files\n"


def test_a_build_as_json_can_be_read_by_a_script(project: Project) -> None:
    report = json.loads(run(project, "-q", "build", "cover", "--json").stdout)
    assert [made["path"] for made in report["made"]] == ["cover.pdf", "cover.png"]


def test_a_build_into_another_folder_goes_there(project: Project, tmp_path: Path) -> None:
    assert run(project, "build", "cover", "--output", str(tmp_path / "there")).exit_code == 0
    assert (tmp_path / "there/cover.pdf").is_file()
    assert not project.output.exists()


def test_a_quiet_build_says_nothing(project: Project) -> None:
    result = run(project, "-q", "build", "cover")
    assert (result.stdout, result.stderr, result.exit_code) == ("", "", 0)


def test_errors_in_the_manuscript_end_with_4_all_of_them_on_stderr(project: Project) -> None:
    text = METADATA + "A <b>word</b>.\n\n{cite}`nobody1999`\n\n:::{nonesuch}\n:::\n"
    (project.content / "chapters/01-first.md").write_text(text, encoding="utf-8")
    result = run(project, "build")
    assert result.exit_code == 4
    assert result.stdout == ""
    assert "content/chapters/01-first.md:7: raw HTML is not accepted: <b>" in result.stderr
    assert "content/chapters/01-first.md:11: unknown directive {nonesuch}" in result.stderr


def test_a_missing_book_ends_with_3(tmp_path: Path) -> None:
    result = run(Project(tmp_path), "build")
    assert result.exit_code == 3
    assert "content/book.yaml: there is no such file" in result.stderr


def test_an_edition_that_no_page_fits_is_told_of_and_the_others_are_built(project: Project) -> None:
    with project.book_yaml.open("a", encoding="utf-8") as file:
        file.write("editions: {large: {trim: 80x100mm}}\n")
    result = run(project, "-q", "build", "workbook", "--edition", "large", "--edition", "screen", "--jobs", "1")
    assert result.exit_code == 4
    assert result.stderr.startswith("content/book.yaml:9: editions, large:")
    assert (project.output / "workbook.pdf").is_file()
    assert not (project.output / "workbook-large.pdf").exists()


def test_a_folder_that_cannot_be_written_ends_with_5(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file")
    result = run(project, "build", "cover", "--output", str(tmp_path / "file/below"))
    assert result.exit_code == 5
    assert "can't be written" in result.stderr


def test_a_wrong_option_ends_with_2(project: Project) -> None:
    assert run(project, "build", "--jobs", "none").exit_code == 2


def test_check_tells_findings_on_stdout_and_fails_on_errors(project: Project) -> None:
    assert run(project, "check").exit_code == 0
    (project.content / "chapters/01-first.md").write_text(METADATA + "{cite}`nobody1999`\n", encoding="utf-8")
    result = run(project, "check")
    assert result.exit_code == 4
    assert "content/chapters/01-first.md:7: " in result.stdout
    assert result.stderr == "1 error, 0 warnings.\n"


def test_check_fails_on_warnings_only_when_it_is_strict(tmp_path: Path) -> None:
    glossary = "- term: unused\n  definition: Never used.\n"
    project = a_project(tmp_path, **{"glossary.yaml": glossary})
    assert run(project, "check").exit_code == 0
    assert run(project, "check", "--strict").exit_code == 4
    assert json.loads(run(project, "check", "--json").stdout)[0]["code"] == "unused-term"


def test_check_looks_at_the_pages_that_were_built(project: Project) -> None:
    before = run(project, "check", "--pages")
    assert before.exit_code == 3
    assert "Run quire build first." in before.stderr
    wide = METADATA + "W" * 80 + "\n"
    (project.content / "chapters/01-first.md").write_text(wide, encoding="utf-8")
    run(project, "build", "workbook")
    result = run(project, "check", "--pages")
    assert result.exit_code == 4
    assert "output/workbook.pdf, page 3 (6th): “WWW" in result.stdout
    assert result.stderr.endswith("1 error, 0 warnings.\n")
    [finding] = json.loads(run(project, "check", "--pages", "--json").stdout)
    assert finding["location"] == {"path": "output/workbook.pdf", "line": 1, "page": 6, "label": "3"}
    (project.content / "chapters/01-first.md").write_text(METADATA + "Short.\n", encoding="utf-8")
    assert "The manuscript has changed since it was built" in run(project, "check", "--pages").stderr
    run(project, "build", "workbook")
    assert run(project, "check", "--pages", "--strict").stderr == "No findings.\n"


CASES = Path(__file__).parents[2] / "cases" / "lint"


def test_check_newsletter_looks_at_files_from_elsewhere(project: Project) -> None:
    bad, good = CASES / "picture-alt" / "bad.html", CASES / "headers" / "good.eml"
    result = run(project, "-q", "check", "newsletter", str(bad), str(good))
    assert result.exit_code == 4
    assert f"{bad}:11: a picture has no alt" in result.stdout
    places = [one["location"] for one in json.loads(run(project, "check", "newsletter", str(bad), "--json").stdout)]
    assert {"path": str(bad), "line": 11, "part": ""} in places
    assert run(project, "check", "newsletter", str(good)).exit_code == 0
    missing = run(project, "check", "newsletter", "nothing.eml")
    assert (missing.exit_code, missing.stderr.count("\n")) == (3, 2)


def test_check_newsletter_wants_letters_that_were_built(project: Project) -> None:
    result = run(project, "check", "newsletter")
    assert result.exit_code == 3
    assert "Run quire build newsletter first." in result.stderr


def test_fallbacks_are_printed_as_words_and_as_json(project: Project) -> None:
    good = str(CASES / "unsupported" / "good.html")
    words = run(project, "check", "newsletter", good, "--fallbacks")
    assert words.exit_code == 0
    assert "border-radius: 6px\n    lacks it: Outlook for Windows\n    instead:  square corners\n" in words.stdout
    assert words.stderr.startswith("From caniemail 2.0.2")
    rows = json.loads(run(project, "check", "newsletter", good, "--fallbacks", "--json").stdout)
    assert {"feature", "shown", "clients", "instead", "places", "files", "at"} == set(rows[0])


def test_a_missing_spamassassin_is_told_with_how_to_install_it(project: Project, tmp_path: Path) -> None:
    good = str(CASES / "headers" / "good.eml")
    result = run(project, "check", "newsletter", good, env={"PATH": str(tmp_path)})
    assert result.exit_code == 0
    assert "SpamAssassin is not installed: apt-get install spamassassin" in result.stderr


@pytest.mark.parametrize("words", [("newsletter", "--pages"), ("--fallbacks",), ("letters",), ("--pages", "a.eml")])
def test_what_check_cant_do_together_is_wrong_usage(project: Project, words: tuple[str, ...]) -> None:
    assert run(project, "check", *words).exit_code == 2


def test_a_preview_tells_its_sheet_on_stdout_and_its_progress_on_stderr(project: Project) -> None:
    run(project, "build", "workbook")
    result = run(project, "preview", "workbook", "--pages", "1-2", "--width", "80")
    assert (result.exit_code, result.stdout) == (0, "output/preview/workbook.png\n")
    assert result.stderr == "preview: 3 files\n"
    assert len(run(project, "-v", "preview", "workbook", "--pages", "2").stdout.splitlines()) == 2
    assert run(project, "preview", "workbook", "--pages", "x").exit_code == 3


def test_formats_are_listed(project: Project) -> None:
    lines = run(project, "formats").stdout.splitlines()
    names = [line.split()[0] for line in lines if line[0] != " "]
    assert names == ["cover", "epub", "newsletter", "workbook", "worksheets"]
    assert {line.split()[0] for line in lines} >= {"screen", "print", "large", "booklet", "cover-wrap"}
    assert "epub" in json.loads(run(project, "formats", "--json").stdout)


def test_chapters_prompts_and_issues_are_listed(project: Project) -> None:
    text = METADATA + "Three short words.\n\n:::{reflect} What now?\n:kind: scale\n:name: now\n:::\n"
    (project.content / "chapters/01-first.md").write_text(text, encoding="utf-8")
    [chapter] = json.loads(run(project, "list", "--json").stdout)
    assert (chapter["slug"], chapter["words"], chapter["prompts"]) == ("first", 3, 1)
    [prompt] = json.loads(run(project, "list", "prompts", "--json").stdout)
    assert (prompt["name"], prompt["kind"], prompt["question"]) == ("first_now", "scale", "What now?")
    assert prompt["place"] == "content/chapters/01-first.md:9"
    assert json.loads(run(project, "list", "issues", "--json").stdout) == []
    assert "What now?" in run(project, "list", "prompts").stdout


def test_the_cache_is_shown_and_pruned(project: Project) -> None:
    run(project, "build", "cover")
    assert ".quire/cache: " in run(project, "cache").stdout
    assert run(project, "cache", "--prune", "--limit", "0").stdout.endswith(".quire/cache: 0 bytes.\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_taught_to_complete(project: Project, shell: str) -> None:
    assert "_QUIRE_COMPLETE" in run(project, "completion", shell).stdout
