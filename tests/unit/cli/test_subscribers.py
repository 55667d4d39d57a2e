"""`quire subscribers`, and `quire series bounces`, `status` and `log`: what they say, and how they end."""

import importlib
import json
import os
import pkgutil
import stat
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import a_project
from click.testing import CliRunner, Result
from series_builders import published, send

from pipeline.cli import _status, quire, subscribers
from pipeline.project import Project
from pipeline.series.links import Keys, verp
from pipeline.series.store.engine import Store, open_store

ANN, BEA = "ann@example.org", "bea@example.org"
LINK_KEY = "l" * 43
NAMES = ("QUIRE_DATABASE_URL", "QUIRE_ADDRESS_KEY", "QUIRE_LINK_KEYS", "QUIRE_IMAP_PASSWORD")
BLANK = {f"{name}{ending}": None for name in NAMES for ending in ("", "_FILE")}
NOW = datetime.now(UTC)

Run = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = a_project(tmp_path / "book")
    with closing(open_store(str(project.state / "series.db"))) as store, store.transaction() as tx:
        published(tx, "one", "two", now=NOW)
    return project


@pytest.fixture
def run(project: Project) -> Run:
    def run(*arguments: str, given: str | bytes = "", **environment: str) -> Result:
        command = ["-C", str(project.root), *arguments]
        return CliRunner().invoke(quire, command, prog_name="quire", input=given, env={**BLANK, **environment})

    return run


def opened(project: Project) -> "closing[Store]":
    return closing(open_store(str(project.state / "series.db")))


def added(run: Run, address: str = ANN) -> None:
    assert run("subscribers", "add", address, "--consent", "the fair", "--no-confirm").exit_code == 0


def sent(project: Project) -> list[int]:
    """Send what comes up in two days, when every first issue has; return the refs of the issues."""
    with opened(project) as store, store.transaction() as tx:
        return [claim.ref for claim in send(tx, NOW + timedelta(days=2)) if not claim.issue.startswith("mail/")]


# --------------------------------------------------------------------------- every command


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(subscribers.__path__)])
def test_every_command_has_an_example_and_says_what_it_does(run: Run, name: str) -> None:
    helped = run("subscribers", name, "--help")
    assert helped.exit_code == 0
    assert f"quire subscribers {name}" in helped.output.split("Examples:")[1]
    source = Path(importlib.import_module(f"pipeline.cli.subscribers.{name}").__file__ or "")
    assert len(source.read_text(encoding="utf-8").splitlines()) <= 40


# --------------------------------------------------------------------------- keys


def test_the_key_of_addresses_is_made_once_for_its_owner_alone_and_told(run: Run, project: Project) -> None:
    first, second = run("subscribers", "add", ANN), run("subscribers", "add", BEA)
    path = project.state / "address.key"
    assert "Made .quire/address.key" in first.stderr
    assert "address.key" not in second.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text(encoding="ascii").strip() not in first.output


def test_a_key_that_is_gone_is_not_replaced_once_somebody_is_known_by_it(run: Run, project: Project) -> None:
    added(run)
    assert run("subscribers", "erase", ANN, "--yes").exit_code == 0
    key = (project.state / "address.key").read_text(encoding="ascii")
    (project.state / "address.key").unlink()
    refused = run("subscribers", "add", ANN)
    assert refused.exit_code == 3
    assert ".quire/address.key is gone" in refused.stderr
    again = run("subscribers", "add", ANN, "--consent", "x", "--no-confirm", QUIRE_ADDRESS_KEY=key.strip())
    assert again.stdout == f"{ANN}: erased\n"


def test_another_key_than_the_store_was_made_with_is_refused_and_not_shown(run: Run, project: Project) -> None:
    added(run)
    path = project.state / "address.key"
    key, other = path.read_text(encoding="ascii").strip(), "o" * 43
    refused = run("subscribers", "show", ANN, QUIRE_ADDRESS_KEY=other)
    assert refused.exit_code == 3
    assert "QUIRE_ADDRESS_KEY is another key than the store was made with" in refused.stderr
    path.write_text(other, encoding="ascii")
    refused = run("subscribers", "erase", ANN, "--yes")
    assert refused.exit_code == 3
    assert ".quire/address.key is another key than the store was made with" in refused.stderr
    assert key not in refused.output
    assert other not in refused.output
    assert run("subscribers", "erase", ANN, "--yes", QUIRE_ADDRESS_KEY=key).exit_code == 0


def test_the_key_is_known_again_before_anybody_has_left(run: Run, project: Project) -> None:
    added(run)
    (project.state / "address.key").unlink()
    refused = run("subscribers", "add", BEA)
    assert refused.exit_code == 3
    assert ".quire/address.key is gone" in refused.stderr


def test_the_store_holds_no_key(run: Run, project: Project) -> None:
    added(run)
    key = (project.state / "address.key").read_bytes().strip()
    assert all(key not in path.read_bytes() for path in project.state.glob("series.db*"))


def test_bytes_that_are_no_text_are_refused_and_told(run: Run) -> None:
    odd = "\udcff"
    for arguments, status, said in [
        (("add", ANN, "--name", odd), 3, "the name holds"),
        (("add", ANN, "--no-confirm", "--consent", f"the {odd} fair"), 3, "--consent holds a control character"),
        (("add", ANN, "--no-confirm", "--consent", "the \x1b[2J fair"), 3, "--consent holds a control character"),
        (("show", f"{odd}@example.org"), 7, "there is no such subscriber"),
        (("suppress", "nobody", f"{odd}@example.org"), 3, "nobody: "),
    ]:
        refused = run("subscribers", *arguments)
        assert (refused.exit_code, said in refused.stderr) == (status, True), refused.stderr


def test_an_address_of_a_database_that_is_none_is_told_without_its_password(run: Run) -> None:
    refused = run("subscribers", "stats", QUIRE_DATABASE_URL="postgresql://ann:sesame@host:port/letters")
    assert refused.exit_code == 3
    assert "QUIRE_DATABASE_URL is no address of a database" in refused.stderr
    assert "sesame" not in refused.output


def test_a_short_key_is_refused_and_not_shown(run: Run) -> None:
    refused = run("subscribers", "add", ANN, QUIRE_ADDRESS_KEY="opensesame")
    assert refused.exit_code == 3
    assert "QUIRE_ADDRESS_KEY: a key has at least 32 characters" in refused.stderr
    assert "opensesame" not in refused.output


# --------------------------------------------------------------------------- one reader


def test_a_reader_is_asked_or_enrolled_with_consent_only(run: Run) -> None:
    assert run("subscribers", "add", ANN, "--name", "Ann").stdout == f"{ANN}: asked\n"
    refused = run("subscribers", "add", BEA, "--no-confirm")
    assert refused.exit_code == 2
    assert "--no-confirm needs --consent" in refused.stderr
    assert run("subscribers", "add", BEA, "--consent", "the fair", "--no-confirm").stdout == f"{BEA}: added\n"


def test_a_reader_is_shown_with_consent_place_and_letters(run: Run, project: Project) -> None:
    added(run)
    assert sent(project)
    shown = run("subscribers", "show", "ANN@example.org").stdout
    assert f"{ANN}  UTC\nactive\n" in shown
    assert "the fair; confirmed: 20" in shown
    assert "letters: active, had up to one  next two at 20" in shown
    assert "one  sent  About one" in shown
    assert json.loads(run("subscribers", "show", ANN, "--json").stdout)["standings"][0]["reached"] == "one"


def test_what_can_be_done_with_a_reader_is_done_and_said(run: Run) -> None:
    added(run)
    for command, said in [
        (("pause", ANN), "paused"),
        (("pause", ANN), "was not getting any"),
        (("resume", ANN), "resumed"),
        (("skip", ANN), "won’t get one"),
        (("restart", ANN), "begins again"),
        (("pace", ANN, "--every", "2 weeks", "--on", "mon", "--on", "thu", "--at", "18:30"), "next one at 20"),
        (("pace", ANN), "next one at 20"),
        (("unsubscribe", ANN), "unsubscribed"),
        (("unsubscribe", ANN), "had left before"),
        (("suppress", ANN), "suppressed"),
        (("suppress", ANN), "was suppressed before"),
    ]:
        result = run("subscribers", *command)
        assert result.exit_code == 0, (command, result.output)
        assert result.stdout.startswith(f"{ANN}: {said}"), command


def test_a_pace_that_is_none_is_refused(run: Run) -> None:
    added(run)
    assert run("subscribers", "pace", ANN, "--every", "now and then").exit_code == 3


def test_erasing_asks_first_and_without_a_terminal_wants_to_be_told(run: Run) -> None:
    added(run)
    refused = run("subscribers", "erase", ANN, given="y\n")
    assert refused.exit_code == 2
    assert "say --yes" in refused.stderr
    assert run("subscribers", "show", ANN).exit_code == 0
    assert run("subscribers", "erase", ANN, "--yes").stdout == f"{ANN}: erased\n"
    assert run("subscribers", "show", ANN).exit_code == 7


def test_who_is_no_subscriber_is_told(run: Run) -> None:
    for name in ("show", "pause", "skip", "restart", "pace"):
        result = run("subscribers", name, ANN)
        assert (result.exit_code, result.stderr.splitlines()[-1]) == (7, f"{ANN}: there is no such subscriber")


# --------------------------------------------------------------------------- many


def test_a_table_is_imported_and_exported(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Mail,Vorname\nann@example.org,=Ann\nnobody,X\n", encoding="utf-8")
    command = ("subscribers", "import", str(path), "--map", "name=Vorname", "--consent", "our shop")
    dry = run(*command, "--dry-run").stdout
    assert dry.splitlines()[:2] == ["2 rows", "1 added"]
    assert "Nothing was changed" in dry
    assert run("subscribers", "stats").stdout == "There are no subscribers yet.\n"
    done = run(*command)
    assert "1 can't be used" in done.stdout
    assert f"{path}.rejected.csv says which, and why." in done.stdout
    assert json.loads(run(*command, "--json").stdout)["verdicts"] == {"known": 1}
    assert f"{ANN},'=Ann,UTC,,active," in run("subscribers", "export").stdout
    assert json.loads(run("subscribers", "export", "--json").stdout)["name"] == "=Ann"
    assert json.loads(run("subscribers", "export", "--address", ANN).stdout)["log"] == []
    assert json.loads(run("subscribers", "stats", "--json").stdout) == {
        "subscribers": {"active": 1},
        "sequences": {"letters": {"active": 1}},
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "Missing option '--consent'"),
        (["--consent", " "], "--consent is empty"),
        (["--consent", "x", "--map", "name"], "--map takes FIELD=COLUMN"),
        (["--consent", "x", "--map", "age=Age"], "fields are address, name, time_zone, locale"),
    ],
)
def test_an_import_without_consent_or_with_a_wrong_map_is_refused(
    run: Run, tmp_path: Path, options: list[str], said: str
) -> None:
    (tmp_path / "list.csv").write_text("address\n")
    refused = run("subscribers", "import", str(tmp_path / "list.csv"), *options)
    assert refused.exit_code == 2
    assert said in refused.stderr


# --------------------------------------------------------------------------- what comes back, and reports


def test_bounces_are_read_from_a_maildir_acted_on_and_told(run: Run, project: Project, tmp_path: Path) -> None:
    added(run)
    [ref] = sent(project)
    for name in ("new", "cur", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    to = verp(ref, Keys((LINK_KEY,)), "example.com")
    bounce = (
        f"From: MAILER-DAEMON@x\nTo: {to}\nContent-Type: multipart/report; boundary=b\n\n--b\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        "Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    )
    (tmp_path / "mail" / "new" / "1").write_text(bounce)
    (tmp_path / "mail" / "new" / "2").write_text("From: a@b.example\nSubject: hello\n\nHi.\n")
    first = run("series", "bounces", str(tmp_path / "mail"), QUIRE_LINK_KEYS=LINK_KEY)
    assert first.exit_code == 0, first.output
    assert f"hard  {ANN}  one  5.1.1: the subscription has ended" in first.stdout
    said = "doesn't prove whom it is about; nothing was done  “hello”  (maildir:2)"
    assert f"unknown  a@b.example: {said}" in first.stdout
    assert "2 new mails: 1 hard, 1 unknown. 1 subscription ended." in first.stderr
    assert run("series", "bounces", str(tmp_path / "mail"), QUIRE_LINK_KEYS=LINK_KEY).stdout == ""
    piped = run("series", "bounces", "-", "--json", given=bounce.encode(), QUIRE_LINK_KEYS=LINK_KEY)
    assert json.loads(piped.stdout)["what"] == "nothing"


def test_bounces_need_the_keys_that_envelope_senders_are_signed_with(run: Run) -> None:
    refused = run("series", "bounces", "-")
    assert refused.exit_code == 3
    assert "QUIRE_LINK_KEYS is not set" in refused.stderr


def test_status_and_log_tell_how_it_goes(run: Run, project: Project) -> None:
    added(run)
    added(run, BEA)
    sent(project)
    shown = run("series", "status")
    assert shown.exit_code == 0
    [head] = [line.split() for line in shown.stdout.splitlines() if "waiting" in line]
    [row] = [line.split() for line in shown.stdout.splitlines() if " one " in line]
    assert dict(zip(head, row[1:], strict=True))["sent"] == "2"
    assert "Letters, published 1 time; readers: 2 active" in shown.stdout
    assert json.loads(run("series", "status", "--json").stdout)["letters"][0]["sent"] == 2
    log = run("series", "log").stdout.splitlines()
    assert {line.split("  ")[1] for line in log} == {ANN, BEA}
    assert all("  one  sent" in line for line in log)
    assert len(run("series", "log", ANN, "--json").stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("counts", "drawn"),
    [([], ""), ([0, 0], "  "), ([1, 0, 8], "▁ █"), ([1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█"), ([1, 1_000_000], "▁█")],
)
def test_a_bar_is_there_wherever_anything_was_sent(counts: list[int], drawn: str) -> None:
    assert _status.sparkline(counts) == drawn


def test_the_commands_without_a_newsletter_say_what_to_do(tmp_path: Path) -> None:
    project = a_project(tmp_path / "other")
    result = CliRunner().invoke(quire, ["-C", str(project.root), "series", "status"], env=BLANK)
    assert result.exit_code == 7
    assert "Publish it first: quire series publish." in result.stderr
    assert not os.environ.get("QUIRE_DATABASE_URL")
