"""Importing: every good row is kept, every bad one is told with its line, and nobody comes back who has left."""

import csv
import re
import stat
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from series_builders import DAY, NOW, confirmed, published, send
from sqlalchemy import func, select

from pipeline.errors import ConfigError, ContentError
from pipeline.series import importing
from pipeline.series.addresses import Address, address_fault, address_hash, identity, is_plain, normalised, read_address
from pipeline.series.importing import Options, Tally
from pipeline.series.store import _schema as t
from pipeline.series.store import importing as rows
from pipeline.series.store import journal, leaving, people
from pipeline.series.store.engine import Store
from pipeline.series.store.people import Consent

KEY = b"k" * 32
CONSENT = Consent(NOW, "the form on our site")


def bring(store: Store, path: Path, **options: object) -> Tally:
    with store.reading() as tx:
        is_new = tx.execute(select(t.sequences.c.id)).first() is None
    if is_new:
        with store.transaction() as tx:
            published(tx, "one", "two")
    rejected = path.with_name(f"{path.name}.rejected.csv")
    wanted = Options(CONSENT, **options)  # type: ignore[arg-type]
    return importing.import_people(store, 1, path, path.name, rejected, KEY, wanted, NOW)


def rejected(path: Path) -> list[tuple[str, str]]:
    """Return the lines and reasons of rows that could not be used."""
    with path.with_name(f"{path.name}.rejected.csv").open(encoding="utf-8", newline="") as file:
        return [(row[0], row[1]) for row in list(csv.reader(file))[1:]]


def everyone(store: Store) -> dict[str, people.Subscriber]:
    with store.reading() as tx:
        return {one.address: one for one in people.everyone(tx)}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "readers.csv"


# --------------------------------------------------------------------------- what is kept


def test_people_are_enrolled_with_what_is_known_of_them_and_get_the_first_issue(store: Store, table: Path) -> None:
    table.write_text(
        "Email,First name,Time zone,Language\nAnn@Example.ORG,Ann,Europe/Paris,fr_CA\nbea@example.org,,,\n"
    )
    assert bring(store, table).verdicts == {"added": 2}
    ann = everyone(store)["Ann@example.org"]
    assert (ann.name, ann.time_zone, ann.locale, ann.state) == ("Ann", "Europe/Paris", "fr-CA", "active")
    assert (ann.consent_at, ann.consent_source) == (NOW, CONSENT.source)
    with store.transaction() as tx:
        assert {claim.address for claim in send(tx, NOW + DAY)} == {"Ann@example.org", "bea@example.org"}
        assert [entry.detail for entry in journal.entries(tx, what="imported")] == ["2: the form on our site"]


def test_the_same_file_again_adds_nobody(store: Store, table: Path) -> None:
    table.write_text("address\nann@example.org\nANN@example.org\n")
    assert bring(store, table).verdicts == {"added": 1, "known": 1}
    assert bring(store, table).verdicts == {"known": 2}
    with store.reading() as tx:
        assert tx.execute(select(func.count()).select_from(t.enrolments)).scalar() == 1


def test_what_is_known_of_somebody_is_not_overwritten(store: Store, table: Path) -> None:
    table.write_text("address,name\nann@example.org,Ann\n")
    bring(store, table)
    table.write_text("address,name\nann@example.org,Somebody\n")
    bring(store, table)
    assert everyone(store)["ann@example.org"].name == "Ann"


def test_a_subscriber_is_enrolled_in_a_second_newsletter(store: Store, table: Path) -> None:
    table.write_text("address\nann@example.org\n")
    bring(store, table)
    with store.transaction() as tx:
        published(tx, "one")
        tx.execute(t.sequences.update().values(name="other"))
        published(tx, "one")
        row = tx.execute(select(t.sequences.c.id).where(t.sequences.c.name == "letters")).scalar_one()
        person = importing.Person("ann@example.org", "ann@example.org", b"x" * 32)
        assert rows.add(tx, [person], row, CONSENT, NOW) == ["enrolled"]
        assert rows.add(tx, [person], row, CONSENT, NOW) == ["known"]


def test_a_subscriber_is_asked_about_a_second_newsletter_where_everybody_is(store: Store, table: Path) -> None:
    table.write_text("address\nann@example.org\nbea@example.org\n", encoding="utf-8")
    with store.transaction() as tx:
        published(tx, "one")
        confirmed(tx, "ann@example.org")
        tx.execute(t.sequences.update().values(name="other"))
        published(tx, "one")
        row = tx.execute(select(t.sequences.c.id).where(t.sequences.c.name == "letters")).scalar_one()
    ways = Options(CONSENT, confirm=True)
    dry = Options(CONSENT, confirm=True, dry_run=True)
    counts = [
        importing.import_people(store, row, table, table.name, table.with_name("bad.csv"), KEY, one, NOW).verdicts
        for one in (dry, ways, ways)
    ]
    assert [dict(count) for count in counts[:2]] == [{"added": 1, "enrolled": 1}] * 2
    assert dict(counts[2]) == {"known": 2}
    with store.transaction() as tx:
        mails = {(claim.address, claim.issue.split("/2")[0]) for claim in send(tx, NOW) if claim.sequence_id == row}
        assert mails == {("ann@example.org", "mail/confirmation"), ("bea@example.org", "mail/confirmation")}


@pytest.mark.parametrize("reason", ["unsubscribed", "hard", "soft", "complaint", "manual", "erased"])
@pytest.mark.parametrize("confirm", [False, True])
def test_nobody_who_has_left_comes_back(store: Store, table: Path, reason: leaving.Reason, confirm: bool) -> None:
    with store.transaction() as tx:
        published(tx, "one", "two")
        number = confirmed(tx, "ann@example.org")
        hashed = address_hash(KEY, "ann@example.org")
        if reason == "erased":
            leaving.erase(tx, number, hashed, NOW)
        else:
            leaving.leave(tx, number, reason, NOW, hashed)
    table.write_text("address\nann@example.org\nbea@example.org\n")
    tally = bring(store, table, confirm=confirm)
    assert (tally.left, tally.verdicts["added"]) == (1, 1)
    [(line, said)] = rejected(table)
    assert line == "2"
    assert "doesn't bring anybody back" in said
    with store.transaction() as tx:
        claims = send(tx, NOW + DAY)
        assert {claim.address for claim in claims} == {"bea@example.org"}


def test_a_suppressed_address_stays_out_also_where_no_subscriber_ever_had_it(store: Store, table: Path) -> None:
    with store.transaction() as tx:
        published(tx, "one")
        leaving.suppress_hash(tx, address_hash(KEY, "Ann@example.org"), "manual", NOW)
    table.write_text("address\nANN@EXAMPLE.org\n")
    assert bring(store, table).left == 1


def test_whoever_is_asked_gets_the_question_and_nothing_else(store: Store, table: Path) -> None:
    table.write_text("address\nann@example.org\n")
    bring(store, table, confirm=True)
    with store.transaction() as tx:
        assert [claim.issue.split("/2")[0] for claim in send(tx, NOW + 9 * DAY)] == ["mail/confirmation"]


def test_a_dry_run_changes_nothing_and_comes_to_the_same(
    store: Store, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "MOST", 2)
    table.write_text("address\n" + "".join(f"{name}@example.org\n" for name in ("a", "b", "c", "A", "d", "a")))
    dry = bring(store, table, dry_run=True)
    assert everyone(store) == {}
    assert bring(store, table).verdicts == dry.verdicts == {"added": 4, "known": 2}


def test_batches_end_where_they_end(store: Store, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST", 3)
    table.write_text("address\n" + "".join(f"{number}@example.org\n" for number in range(7)))
    assert bring(store, table).verdicts == {"added": 7}
    assert len(everyone(store)) == 7


# --------------------------------------------------------------------------- what is told


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("nobody,Ann,UTC", "@"),
        (",Ann,UTC", "there is no address"),
        ("ann@example.org\0,Ann,UTC", "control character"),
        ("ann@example.org,A\0nn,UTC", "the name holds a line break or a control character, or is no text"),
        ('ann@example.org,"Ann\nBcc: all@example.org",UTC', "the name holds a line break"),
        ("ann@example.org,Ann\u2028B,UTC", "the name holds a line break"),
        (f"ann@example.org,{'n' * 300},UTC", "longer than 200"),
        ("ann@example.org,Ann,Mars/Olympus", "“Mars/Olympus” is no time zone"),
        ("ann@example.org,Ann,UTC,more", "has 4 cells, and there are 3 columns"),
        ("ann@localhost,Ann,UTC", ""),
        ('ann@example.org,"An"n,UTC', "is no row of a table"),
        ("ann@example.org;bea@example.org,Ann,UTC", ""),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_the_good_ones_around_it_are_kept(
    store: Store, table: Path, row: str, reason: str
) -> None:
    table.write_text(f"address,name,time zone\nfirst@example.org,F,UTC\n\n{row}\nlast@example.org,L,UTC\n")
    tally = bring(store, table)
    assert (tally.rejected, tally.verdicts) == (1, {"added": 2})
    [(line, said)] = rejected(table)
    assert line == "4"
    assert reason in said
    assert set(everyone(store)) == {"first@example.org", "last@example.org"}


def test_a_quotation_mark_that_is_never_closed_swallows_no_row_unseen(store: Store, table: Path) -> None:
    after = "".join(f"{number}@example.org,,\n" for number in range(200))
    table.write_text(f'address,name,notes\nfirst@example.org,F,\nann@example.org,A,"open\n{after}')
    tally = bring(store, table)
    assert tally.verdicts == {"added": 1}
    assert rejected(table) == [("3", "lines 3 to 203 are one row: a quotation mark isn't closed")]


def test_rows_that_were_mended_can_be_imported_from_the_file_that_told_of_them(store: Store, table: Path) -> None:
    table.write_text("address,name\nann@example,=Ann\n")
    bring(store, table)
    told = table.with_name("readers.csv.rejected.csv")
    assert "'=Ann" in told.read_text(encoding="utf-8")
    told.write_text(told.read_text(encoding="utf-8").replace("ann@example,", "ann@example.org,"), encoding="utf-8")
    bring(store, told)
    assert everyone(store)["ann@example.org"].name == "=Ann"


def test_the_file_of_rejected_rows_holds_no_formula_and_is_its_owners_alone(store: Store, table: Path) -> None:
    table.write_text('address,=1+1,"@two\nlines"\nnobody,"\n=1+1",＝1+1\nann@example.org,=2,-3\n', encoding="utf-8")
    assert bring(store, table).verdicts == {"added": 1}
    path = table.with_name(f"{table.name}.rejected.csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(encoding="utf-8", newline="") as file:
        head, row = csv.reader(file)
    assert head == ["line", "reason", "address", "'=1+1", "'@two\nlines"]
    assert row[0] == "3"
    assert row[2:] == ["nobody", "'\n=1+1", "'＝1+1"]


def test_the_file_of_an_earlier_import_is_not_left_to_be_taken_for_this_ones(store: Store, table: Path) -> None:
    table.write_text("address\nnobody\n")
    bring(store, table)
    table.write_text("address\nann@example.org\n")
    bring(store, table)
    assert [path.name for path in table.parent.glob("*.csv")] == ["readers.csv"]


# --------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", "\t"), ("cp1252", ",")],
)
def test_encoding_and_delimiter_are_found(store: Store, table: Path, encoding: str, delimiter: str) -> None:
    text = "E-Mail,Name\njosé@example.org,José Müller\n".replace(",", delimiter)
    table.write_bytes(text.encode(encoding))
    bring(store, table)
    assert everyone(store)["josé@example.org"].name == "José Müller"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("address\nann@example.org\n".encode("utf-16"), "readers.csv:1: is text in UTF-16"),
        (b"address,name\na@example.org,Ana\xe9\nb@example.org,\x81\n", "readers.csv:3: is neither UTF-8 nor Windows"),
        (b"address,name\na@example.org,Jos\xc3\xa9\nb@example.org,Jos\xe9\n", "readers.csv:3: is not UTF-8, as other"),
        (b"", "readers.csv:1: has no names of columns"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(store: Store, table: Path, content: bytes, said: str) -> None:
    table.write_bytes(content)
    with pytest.raises(ContentError, match=re.escape(said)):
        bring(store, table)
    assert everyone(store) == {}


def test_columns_are_guessed_and_can_be_named(store: Store, table: Path) -> None:
    table.write_text("Address,E-Mail Address,Vorname\n1 Street,ann@example.org,Ann\n")
    bring(store, table, columns={"name": "Vorname"})
    assert everyone(store)["ann@example.org"].name == "Ann"


@pytest.mark.parametrize(
    ("head", "columns", "said"),
    [
        ("who,name", {}, "no column is called address or email\n    Say which it is, as in --map “address=who”"),
        ("ann@example.org,Ann", {}, "has to name the columns"),
        ("address,name", {"name": "Vorname"}, "has no column “Vorname”\n    It has address, name."),
    ],
)
def test_a_column_that_is_missing_is_told(
    store: Store, table: Path, head: str, columns: dict[str, str], said: str
) -> None:
    table.write_text(f"{head}\nann@example.org,Ann\n")
    with pytest.raises(ConfigError, match=re.escape(said)):
        bring(store, table, columns=columns)


# --------------------------------------------------------------------------- addresses

NEAR = st.text(string.ascii_letters + string.digits + ".-_+@é'\" !", max_size=24)
LABELS = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=66)


@given(
    st.one_of(
        NEAR,
        st.builds("{}@{}".format, NEAR, st.lists(LABELS, min_size=1, max_size=4).map(".".join)),
        st.builds("{}@{}.{}".format, st.just("ann"), LABELS, st.sampled_from(("org", "TEST", "local", "arpa", "c0m"))),
        st.builds("{}@example.org".format, st.integers(60, 70).map("a".__mul__)),
        st.builds("ann@{}.org".format, st.integers(55, 70).map("a".__mul__)),
    )
)
def test_the_fast_way_with_addresses_is_as_strict_as_the_slow_one(address: str) -> None:
    if is_plain(address):
        assert address_fault(address) == ""
    read = read_address(address)
    if isinstance(read, Address):
        assert address_fault(address.strip()) == ""
        assert (read.normalised, read.identity) == (normalised(address), identity(address))
    else:
        assert read == address_fault(address.strip())


@pytest.mark.parametrize("address", ["ann@example.org", "A.n+n_0@mail.example-9.co.uk", "1@2.3.museum"])
def test_ordinary_addresses_take_the_fast_way(address: str) -> None:
    assert is_plain(address)
