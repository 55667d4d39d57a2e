"""A store of the tests' own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from pipeline.series.store.engine import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(str(tmp_path / "series.db"))
    yield opened
    opened.close()


@pytest.fixture
def tx(store: Store) -> Iterator[Connection]:
    """Yield one transaction, for tests that need no second one."""
    with store.transaction() as connection:
        yield connection
