"""`quire series test`: what it says, what it sends, and how it ends."""

from pathlib import Path

import pytest
from builders import BOOK_YAML, a_project
from built_newsletter import a_built_newsletter
from click.testing import CliRunner, Result
from mail_server import HOST, Received, a_mail_server

from pipeline.cli import quire
from pipeline.project import Project

ANN = "ann@example.org"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = a_project(tmp_path / "book")
    a_built_newsletter(project.output / "newsletter")
    return project


def run(project: Project, *arguments: str, **environment: str) -> Result:
    command = ["-C", str(project.root), "series", "test", *arguments]
    blank = {"QUIRE_SMTP": None, "QUIRE_SMTP_PASSWORD": None, "QUIRE_SMTP_PASSWORD_FILE": None}
    return CliRunner().invoke(quire, command, prog_name="quire", env={**blank, **environment})


def sent(project: Project, received: Received, *arguments: str) -> Result:
    with a_mail_server(received) as port:
        return run(project, *arguments, "--live", QUIRE_SMTP=f"smtp://{HOST}:{port}?security=none")


def test_without_live_it_says_what_would_be_sent_and_sends_nothing(project: Project, tmp_path: Path) -> None:
    result = run(project, ANN, QUIRE_SMTP=f"folder:{tmp_path / 'sent'}")
    assert result.exit_code == 0
    [line] = result.stdout.splitlines()
    assert line.startswith("01-letter-1 ")
    assert "letters@example.com → ann@example.org  Letter 1" in line
    assert f"Nothing was sent. With --live, it goes to folder:{tmp_path / 'sent'}." in result.stderr
    assert not (tmp_path / "sent").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["01-letter-1"]),
        (["--issue", "3"], ["03-letter-3"]),
        (["--issue", "3", "--issue", "1", "--issue", "3"], ["03-letter-3", "01-letter-1"]),
        (["--all"], ["confirmation", "01-letter-1", "02-letter-2", "03-letter-3"]),
    ],
)
def test_issues_are_chosen_by_number_or_all(project: Project, options: list[str], expected: list[str]) -> None:
    lines = run(project, ANN, *options).stdout.splitlines()
    assert [line.split()[0] for line in lines] == expected


def test_with_live_it_is_sent_and_each_line_says_what_the_server_said(project: Project) -> None:
    received = Received()
    result = sent(project, received, ANN, "--all")
    assert result.exit_code == 0, result.stderr
    assert [line.split("  ")[-1] for line in result.stdout.splitlines()] == ["accepted 250 Ok"] * 4
    assert len(received.messages) == 4


def test_a_refusal_is_shown_beside_its_letter_and_the_command_fails(project: Project) -> None:
    received = Received()
    received.acts["rcpt"] = "550 5.1.1 Nobody of that name"
    result = sent(project, received, ANN, "--issue", "1", "--issue", "2")
    assert result.exit_code == 6
    assert result.stdout.count("refused 550 Nobody of that name") == 2
    assert "2 of 2 messages were not taken" in result.stderr


def test_the_server_may_stand_in_book_yaml(project: Project, tmp_path: Path) -> None:
    received = Received()
    with a_mail_server(received) as port:
        settings = f"delivery:\n  smtp: smtp://{HOST}:{port}?security=none\n"
        project.book_yaml.write_text(BOOK_YAML + settings, encoding="utf-8")
        assert run(project, ANN, "--live").exit_code == 0
    assert len(received.messages) == 1


def test_without_a_server_it_says_how_to_name_one(project: Project) -> None:
    result = run(project, ANN, "--live")
    assert result.exit_code == 3
    assert "no mail server is named" in result.stderr
    assert "QUIRE_SMTP" in result.stderr


def test_an_account_without_a_password_is_asked_for_one(project: Project) -> None:
    result = run(project, ANN, "--live", QUIRE_SMTP="smtp://ann@mail.example.org")
    assert result.exit_code == 3
    assert "QUIRE_SMTP_PASSWORD is not set" in result.stderr


def test_a_key_to_sign_with_is_asked_for_where_messages_are_to_be_signed(project: Project, tmp_path: Path) -> None:
    project.book_yaml.write_text(BOOK_YAML + "delivery:\n  dkim:\n    selector: s1\n", encoding="utf-8")
    result = run(project, ANN, "--live", QUIRE_SMTP=f"folder:{tmp_path / 'sent'}")
    assert result.exit_code == 3
    assert "QUIRE_DKIM_KEY is not set" in result.stderr
    assert run(project, ANN).exit_code == 0


@pytest.mark.parametrize("address", ["ann", "ann@", "a b@example.org", "ann@example.org, bob@example.org"])
def test_what_is_no_address_is_refused(project: Project, address: str) -> None:
    result = run(project, address)
    assert result.exit_code == 3
    assert "is not an address" in result.stderr or "is not a domain" in result.stderr


def test_an_issue_that_is_not_there_is_told_with_how_many_there_are(project: Project) -> None:
    result = run(project, ANN, "--issue", "9", "--issue", "2", "--issue", "8")
    assert result.exit_code == 3
    assert "there is no issue 9, 8\n    There are 3" in result.stderr


def test_a_newsletter_that_was_changed_by_hand_is_not_sent(project: Project) -> None:
    (project.output / "newsletter" / "02-letter-2.txt").write_text("By hand", encoding="utf-8")
    result = run(project, ANN)
    assert result.exit_code == 3
    assert result.stderr.startswith("output/newsletter/02-letter-2.txt: has changed since it was built\n")


def test_a_newsletter_that_was_not_built_is_not_sent(tmp_path: Path) -> None:
    result = run(a_project(tmp_path), ANN)
    assert result.exit_code == 3
    assert "output/newsletter/sequence.json: can't be read" in result.stderr
    assert "quire build newsletter" in result.stderr
