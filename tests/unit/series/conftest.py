"""A store of the tests' own, on SQLite and on Postgres."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres_server import emptied
from sqlalchemy import Connection

from pipeline.series.store.engine import Store, open_store


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.needs("initdb"))])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where an empty store is."""
    if request.param == "sqlite":
        return str(tmp_path / "series.db")
    server: str = request.getfixturevalue("postgres")
    emptied(server).close()
    return server


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    opened = open_store(address)
    yield opened
    opened.close()


@pytest.fixture
def tx(store: Store) -> Iterator[Connection]:
    """Yield one transaction, for tests that need no second one."""
    with store.transaction() as connection:
        yield connection
