"""`quire series export`: what it writes, what it says, and how it ends."""

from pathlib import Path

import pytest
from builders import BOOK_YAML, a_project
from built_newsletter import a_built_newsletter
from click.testing import CliRunner, Result

from pipeline.cli import quire
from pipeline.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = a_project(tmp_path / "book")
    a_built_newsletter(project.output / "newsletter")
    return project


def run(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(quire, ["-C", str(project.root), *arguments], prog_name="quire")


def test_it_writes_a_folder_and_says_on_stderr_what_is_not_carried_over(project: Project) -> None:
    result = run(project, "series", "export", "--to", "listmonk")
    assert result.exit_code == 0, result.stderr
    files = [path for path in (project.output / "export" / "listmonk").rglob("*") if path.is_file()]
    assert result.stdout.startswith(f"output/export/listmonk/  {len(files) - 1} files  ")
    assert "not carried over: Each reader's own start: listmonk has no sequences." in result.stderr


def test_quietly_it_only_names_the_folder(project: Project, tmp_path: Path) -> None:
    result = run(project, "-q", "series", "export", "--to", "zip", "--output", str(tmp_path / "there"))
    assert result.stdout.startswith(f"{tmp_path / 'there'}/  1 file  ")
    assert result.stderr == ""
    assert (tmp_path / "there" / "letters.zip").is_file()


def test_dates_are_those_of_book_yaml_or_of_the_command(project: Project) -> None:
    settings = "delivery:\n  schedule:\n    kind: calendar\n    start: 2027-01-04\n    time_zone: Europe/Paris\n"
    project.book_yaml.write_text(BOOK_YAML + settings, encoding="utf-8")
    second = project.output / "export" / "buttondown" / "emails" / "02-letter-2.json"
    assert run(project, "series", "export", "--to", "buttondown").exit_code == 0
    assert '"publish_date": "2027-01-11T07:00:00Z"' in second.read_text(encoding="utf-8")
    assert (
        run(project, "series", "export", "--to", "buttondown", "--start", "2027-03-01", "--every", "day").exit_code == 0
    )
    assert '"publish_date": "2027-03-02T07:00:00Z"' in second.read_text(encoding="utf-8")


def test_a_service_that_is_unknown_is_refused_with_those_that_there_are(project: Project) -> None:
    result = run(project, "series", "export", "--to", "pigeon")
    assert result.exit_code == 2
    assert "'buttondown', 'eml', 'kit', 'listmonk', 'mailchimp', 'zip'" in result.stderr


def test_letters_that_were_changed_by_hand_are_not_exported(project: Project) -> None:
    (project.output / "newsletter" / "02-letter-2.txt").write_text("By hand", encoding="utf-8")
    result = run(project, "series", "export", "--to", "kit")
    assert result.exit_code == 3
    assert result.stderr.startswith("output/newsletter/02-letter-2.txt: has changed since it was built\n")
    assert not (project.output / "export").exists()
