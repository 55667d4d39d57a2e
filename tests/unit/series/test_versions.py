"""The store's tables: made by the migrations, they are those that the program knows."""

import secrets
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from postgres_server import new_database
from series_builders import NOW, asked, published
from sqlalchemy import inspect, select, text

from pipeline.errors import StoreError
from pipeline.series.store import _schema, engine, leaving
from pipeline.series.store.engine import Store, open_store


def test_the_newest_migration_is_the_one_that_a_store_is_opened_at() -> None:
    versions = Path(engine.__file__).parent / "migrations" / "versions"
    assert max(path.name[:4] for path in versions.glob("0*.py")) == engine.HEAD


def test_the_migrations_make_the_tables_and_indexes_that_the_program_knows(store: Store) -> None:
    with store.reading() as tx:
        context = MigrationContext.configure(tx, opts={"render_as_batch": True})
        assert compare_metadata(context, _schema.metadata) == []


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("initdb"))])
def nowhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a store that has yet to be made."""
    if request.param == "sqlite":
        return str(tmp_path / "series.db")
    server: str = request.getfixturevalue("postgres")
    return new_database(server, f"new_{secrets.token_hex(4)}")


def tables(address: str) -> set[str]:
    with closing(open_store(address)) as store, store.reading() as tx:
        return set(inspect(tx).get_table_names())


def test_a_store_of_the_first_version_is_brought_up_to_date_and_keeps_what_it_holds(
    nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        old.setattr(engine, "HEAD", "0001")
        old.setattr(command, "upgrade", partial(_upgrade_to, command.upgrade, "0001"))
        with closing(open_store(nowhere)) as store, store.transaction() as tx:
            tx.execute(_schema.suppressions.insert(), {"hash": b"h" * 32, "reason": "erased", "at": NOW})
            assert "settings" not in inspect(tx).get_table_names()
    with closing(open_store(nowhere)) as store, store.reading() as tx:
        assert tx.execute(select(_schema.suppressions.c.reason)).scalars().all() == ["erased"]
        assert tx.execute(text("SELECT version_num FROM alembic_version")).scalar() == engine.HEAD
    assert tables(nowhere) >= {table.name for table in _schema.metadata.sorted_tables}


def test_who_read_before_consent_was_kept_for_each_newsletter_has_agreed_to_what_they_read(
    nowhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as old:
        old.setattr(engine, "HEAD", "0004")
        old.setattr(command, "upgrade", partial(_upgrade_to, command.upgrade, "0004"))
        with closing(open_store(nowhere)) as store, store.transaction() as tx:
            sequence = {"id": 1, "name": "letters", "head": b"", "schedule": b"{}", "version": 1, "published_at": NOW}
            tx.execute(_schema.sequences.insert(), sequence)
            for number, confirmed_at in ((1, NOW), (2, None)):
                row = {"id": number, "ref": number, "state": "active", "created_at": NOW, "consent_at": NOW}
                row |= {"consent_source": f"form {number}", "confirmed_at": confirmed_at}
                tx.execute(_schema.subscribers.insert(), row)
                tx.execute(
                    text(
                        "INSERT INTO enrolments (sequence_id, subscriber_id, state, started_at) VALUES (1, :n, 'x', :s)"
                    ),
                    {"n": number, "s": confirmed_at and _schema.microseconds(confirmed_at)},
                )
    with closing(open_store(nowhere)) as store, store.reading() as tx:
        e = _schema.enrolments.c
        rows = tx.execute(select(e.consent_at, e.consent_source, e.confirmed_at).order_by(e.subscriber_id)).all()
    assert [tuple(row) for row in rows] == [(NOW, "form 1", NOW), (NOW, "form 2", None)]


def _upgrade_to(upgrade: Callable[[Config, str], None], version: str, config: Config, _: str) -> None:
    upgrade(config, version)


def test_several_that_open_a_new_store_at_once_make_its_tables_once(nowhere: str) -> None:
    start = threading.Barrier(8)

    def act(_: int) -> set[str]:
        start.wait()
        return tables(nowhere)

    with ThreadPoolExecutor(8) as pool:
        first, *others = pool.map(act, range(8))
    assert all(other == first for other in others)


def test_a_store_that_a_later_quire_made_is_refused(nowhere: str) -> None:
    with closing(open_store(nowhere)) as store, store.transaction() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="of version 9999, which this Quire doesn't know"):
        open_store(nowhere)


def test_the_store_is_where_its_path_says_whatever_is_in_that(tmp_path: Path) -> None:
    path = tmp_path / "what? #1 100%20" / "series.db"
    open_store(str(path)).close()
    assert [one.name for one in tmp_path.iterdir()] == ["what? #1 100%20"]
    assert path.stat().st_size > 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_store_of_its_own_keeps_no_trace_of_who_was_erased_in_what_it_has_let_go_of(tmp_path: Path) -> None:
    path = tmp_path / "series.db"
    with closing(open_store(str(path))) as store:
        with store.transaction() as tx:
            published(tx, "one")
            numbers = [asked(tx, f"reader-{number}@example.org") for number in range(300)]
        with closing(open_store(str(path))) as other, other.reading() as tx:
            assert tx.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
        with store.transaction() as tx:
            for number in numbers:
                leaving.erase(tx, number, bytes([number % 256]) * 32, NOW)
    assert [one.name for one in tmp_path.iterdir()] == ["series.db"]
    assert b"reader-" not in path.read_bytes()


def test_nobody_else_may_read_who_reads_what(tmp_path: Path) -> None:
    open_store(str(tmp_path / "deep" / "series.db")).close()
    assert stat.S_IMODE((tmp_path / "deep" / "series.db").stat().st_mode) == 0o600
