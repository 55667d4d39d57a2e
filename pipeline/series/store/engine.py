"""The address of a store in; an open store out, its tables brought up to date."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from pipeline.errors import ConfigError, StoreError

# The newest of `migrations/versions`; a test holds it.
HEAD = "0006"
# What is done within one transaction is handed this: see `Store.transaction`.
Transaction: TypeAlias = Connection
# How long a process waits for another's transaction, in seconds.
_PATIENCE = 30


class Store:
    """An open store. `transaction` is for changes, one at a time; `reading` for a look that hinders nobody."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection whose changes are kept, all of them, when the block ends without an error.

        Raises StoreError where the database can't be used.
        """
        with _told(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the store. Raises StoreError where it can't be used."""
        # SQLite's transactions see one state each by themselves, and Postgres' each statement another.
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with _told(), self._engine.connect().execution_options(quire_reads=True, **options) as connection:
            yield connection

    @contextmanager
    def trial(self) -> Iterator[Connection]:
        """Yield a connection whose changes are taken back: for seeing what would happen."""
        with _told(), self._engine.connect() as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        lost = error.connection_invalidated
        raise StoreError(f"the store {'was lost' if lost else 'failed'}: {_reason(error)}") from error
    except UnicodeEncodeError as error:
        raise StoreError("the store holds text only, and this holds bytes that are none") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the store can't be used: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return the first line of what a database says; it may go on with the values of a row."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0][:300]


def open_store(address: str) -> Store:
    """Return the store at an address, its tables made or brought up to date.

    The address is a path for SQLite, or `postgresql://…`. Raises ConfigError for any other, StoreError where the
    database can't be opened or was made by a later Quire.
    """
    engine = _postgres(address) if "://" in address else _sqlite(Path(address))
    store = Store(engine)
    try:
        version = _version(store)
        if version != HEAD:
            _upgrade(store, version)
    except StoreError:
        store.close()
        raise
    return store


def _postgres(address: str) -> Engine:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise ConfigError("QUIRE_DATABASE_URL is no address of a database, such as postgresql://host/name") from error
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ConfigError(
            f"QUIRE_DATABASE_URL: “{url.get_backend_name()}” is no database that Quire keeps subscribers in\n"
            "    Use postgresql://user@host/name, or unset it for a file of SQLite."
        )
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": _PATIENCE,
                # A process that stops in the midst of a change doesn't keep the others from theirs for long.
                "options": f"-c lock_timeout={_PATIENCE}s -c idle_in_transaction_session_timeout={2 * _PATIENCE}s",
            },
        )
        event.listen(engine, "begin", _take_turn)
        return engine
    except ModuleNotFoundError as error:
        raise ConfigError("Postgres needs one more library: pip install 'quire[postgres]'") from error


def _take_turn(connection: Connection) -> None:
    # One transaction changes something at a time, as on SQLite. A change here is a matter of milliseconds, and what
    # reads and then writes needs no locks of its own, of which two could wait for each other.
    if not connection.get_execution_options().get("quire_reads"):
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('quire'))")


def _sqlite(path: Path) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # It holds who reads what, which concerns nobody else; the files that SQLite puts beside it do as it does.
        path.touch(mode=0o600)
    except OSError as error:
        raise StoreError(f"{path}: can't be made: {error.strerror}") from error
    # Not as text, where a question mark in a folder's name would end the path.
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": _PATIENCE})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes late and takes no lock; ours is in `_begin`.
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_wal(cursor)
    # FULL: what is committed has reached the disk. A ledger that forgets a sent message would send it twice.
    # A thousand claims among a million readers change some 3,000 pages: not every one is to wait until those are
    # written back, as it would at SQLite's 1,000. Who was erased is not to be read in pages that were let go of, also
    # where SQLite was built to leave them as they are.
    for pragma in (
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
        "wal_autocheckpoint=4096",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    # SQLite waits for nobody where two make a database at once, and both want this of it; so we do.
    for left in reversed(range(_PATIENCE * 20)):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if not left or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(0.05)


def _begin(connection: Connection) -> None:
    # Taking the lock at once, and not at the first change, no transaction has to be given up halfway.
    reads = connection.get_execution_options().get("quire_reads")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _version(store: Store) -> str:
    """Return the version of the store's tables, empty for a store without any."""
    with store.reading() as connection:
        if not store._engine.dialect.has_table(connection, "alembic_version"):
            return ""
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def _upgrade(store: Store, version: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    try:
        with store.transaction() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"the store's tables are of version {version}, which this Quire doesn't know\n"
            "    A later Quire has made them: install it."
        ) from error
