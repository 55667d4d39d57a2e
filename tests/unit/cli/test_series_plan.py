"""`quire series plan`: what it prints, what it writes, and what it says is wrong."""

import json
from pathlib import Path

import pytest
from builders import BOOK_YAML, a_project
from built_newsletter import a_built_newsletter
from click.testing import CliRunner, Result
from icalendar import Calendar  # noqa: TID253

from pipeline.cli import quire
from pipeline.project import Project

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = a_project(tmp_path / "book")
    a_built_newsletter(project.output / "newsletter")
    return project


def run(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(quire, ["-C", str(project.root), "series", "plan", *arguments], prog_name="quire")


def test_the_dates_are_printed_and_written_beside_the_letters(project: Project) -> None:
    result = run(project, "--start", "2027-05-10", "--every", "week", "--at", "08:00", "--time-zone", "Europe/Paris")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        "1  Mon 2027-05-10  08:00  CEST  Letter 1",
        "2  Mon 2027-05-17  08:00  CEST  Letter 2",
        "3  Mon 2027-05-24  08:00  CEST  Letter 3",
    ]
    folder = project.output / "newsletter"
    assert f"{folder.relative_to(project.root)}/schedule.ics" in result.stderr
    assert len(Calendar.from_ical((folder / "schedule.ics").read_bytes()).events) == 3
    assert (folder / "schedule.csv").read_bytes().count(b"\r\n") == 4
    assert len(json.loads((folder / "schedule.json").read_bytes())["issues"]) == 3


def test_what_a_holiday_moves_is_said_on_stderr(project: Project) -> None:
    result = run(project, "--start", "2027-05-10", "--time-zone", "Europe/Paris", "--holiday", "2027-05-17")
    assert "Mon 2027-05-17 is a holiday: issue 2 goes out on Mon 2027-05-24" in result.stderr
    assert "2027-05-17" not in result.stdout


def test_options_stand_instead_of_book_yaml_which_stays_as_it_is(project: Project) -> None:
    schedule = "delivery:\n  schedule: {every: 2 weeks, on: [tue], at: '07:00', time_zone: Asia/Tokyo}\n"
    project.book_yaml.write_text(BOOK_YAML + schedule, encoding="utf-8")
    before = project.book_yaml.read_bytes()
    assert "2  Tue 2027-01-19  07:00  JST  Letter 2" in run(project, "--start", "2027-01-04").stdout
    changed = run(project, "--start", "2027-01-04", "--on", "mon", "--on", "thu", "--every", "week").stdout
    assert [line[3:17] for line in changed.splitlines()] == ["Mon 2027-01-04", "Thu 2027-01-07", "Mon 2027-01-11"]
    assert project.book_yaml.read_bytes() == before


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_plan_is_printed_as_it_is_written(project: Project, form: str) -> None:
    result = run(project, "--start", "2027-05-10", f"--{form}")
    written = (project.output / "newsletter" / f"schedule.{form}").read_bytes().decode()
    assert result.stdout.split() == written.split()


def test_planned_twice_the_files_are_the_same(project: Project) -> None:
    paths = [project.output / "newsletter" / f"schedule.{ending}" for ending in ("ics", "csv", "json")]
    made = []
    for _ in range(2):
        assert run(project, "--start", "2027-05-10", "--time-zone", "Europe/Paris").exit_code == 0
        made.append([path.read_bytes() for path in paths])
    assert made[0] == made[1]
    assert not list((project.output / "newsletter").glob(".quire-*"))


def test_a_build_leaves_the_plan_where_it_is(tmp_path: Path) -> None:
    issue = "---\nsubject: About distance\npreheader: It begins.\nchapter: 01-first\n---\n\nText.\n"
    newsletter = "newsletter: {id: letters, title: Letters, issues: [one]}\n"
    sender = "sender: {name: Ann, address: ann@example.com, postal_address: 1 Street}\n"
    project = a_project(tmp_path, **{"newsletter/one.md": issue, "x": b""})
    project.book_yaml.write_text(BOOK_YAML + newsletter + sender, encoding="utf-8")
    (project.root / "templates").symlink_to(ROOT / "templates")

    def build() -> None:
        result = CliRunner().invoke(quire, ["-C", str(project.root), "build", "newsletter"])
        assert result.exit_code == 0, result.stderr

    build()
    assert run(project, "--start", "2027-01-04").stdout.splitlines() == [
        "1  Mon 2027-01-04  08:00  reader's time  About distance"
    ]
    build()
    assert {path.suffix for path in (project.output / "newsletter").glob("schedule.*")} == {".ics", ".csv", ".json"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--start", "2027-02-30"], "--start: “start”: no calendar has a 2027-02-30"),
        (["--start", "soon"], "--start: expected a date such as 2027-01-04, found “soon”"),
        (["--time-zone", "Europe/Pariss"], "Did you mean “Europe/Paris”?"),
        (["--on", "mon", "--quiet", "mon"], "leave no day on which an issue may go out"),
        (["--at", "8"], "--at: expected a time of day such as 08:00, found “8”"),
        (["--holiday", "2027-06-31"], "--holiday: “holidays”: no calendar has a 2027-06-31"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(project: Project, arguments: list[str], told: str) -> None:
    result = run(project, *arguments)
    assert result.exit_code == 3
    assert told in result.stderr
    assert not (project.output / "newsletter" / "schedule.ics").exists()


def test_the_manuals_commands_run(project: Project) -> None:
    manual = (ROOT / "docs" / "newsletter.md").read_text(encoding="utf-8")
    commands = [line.split()[3:] for line in manual.splitlines() if line.startswith("quire series plan ")]
    assert len(commands) == 2
    for arguments in commands:
        assert run(project, *arguments).exit_code == 0, arguments


def test_a_newsletter_that_was_not_built_is_not_planned(tmp_path: Path) -> None:
    result = run(a_project(tmp_path), "--start", "2027-01-04")
    assert result.exit_code == 3
    assert "Build the newsletter first: quire build newsletter" in result.stderr
