"""The store's tables: made by the migrations, they are those that the program knows."""

import stat
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from pipeline.series.store import _schema, engine
from pipeline.series.store.engine import Store, open_store


def test_the_newest_migration_is_the_one_that_a_store_is_opened_at() -> None:
    versions = Path(engine.__file__).parent / "migrations" / "versions"
    assert max(path.name[:4] for path in versions.glob("0*.py")) == engine.HEAD


def test_the_migrations_make_the_tables_and_indexes_that_the_program_knows(store: Store) -> None:
    with store.reading() as tx:
        context = MigrationContext.configure(tx, opts={"render_as_batch": True})
        assert compare_metadata(context, _schema.metadata) == []


def test_the_store_is_where_its_path_says_whatever_is_in_that(tmp_path: Path) -> None:
    path = tmp_path / "what? #1 100%20" / "series.db"
    open_store(str(path)).close()
    assert [one.name for one in tmp_path.iterdir()] == ["what? #1 100%20"]
    assert path.stat().st_size > 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nobody_else_may_read_who_reads_what(tmp_path: Path) -> None:
    open_store(str(tmp_path / "deep" / "series.db")).close()
    assert stat.S_IMODE((tmp_path / "deep" / "series.db").stat().st_mode) == 0o600
