"""A Postgres of the tests' own: in a folder of its own, reached by a socket there and by no network."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from pipeline.series.store import _schema as t
from pipeline.series.store.engine import Store, open_store

# What only a crash of the machine would need.
UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class Server:
    """A running server: the address of its database, and a way to let it end and begin again."""

    def __init__(self, address: str, start: Callable[[], "subprocess.Popen[bytes]"]) -> None:
        self.address, self._start, self._process = address, start, start()

    def restart(self) -> None:
        """Throw everybody out, and come back."""
        self.stop()
        self._process = self._start()

    def stop(self) -> None:
        # Without waiting for those who are still connected.
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def postgres_server() -> Iterator[str]:
    """Yield the address of an empty database on a server that is stopped in the end."""
    with a_postgres() as server:
        yield server.address


@contextmanager
def a_postgres() -> Iterator[Server]:
    """Yield a server with an empty database, which is stopped in the end."""
    # Short, since the path of a socket has room for 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="quire-pg-"))
    try:
        if os.geteuid() == 0:
            # Postgres refuses to run as root.
            owner = pwd.getpwnam("nobody")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": ()}
        else:
            user = {}
        made = ["initdb", "-D", f"{folder}/d", "-U", "quire", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True, cwd=folder, **user)  # type: ignore[call-overload]
        options = [f"-c{option}" for option in ("listen_addresses=", f"unix_socket_directories={folder}", *UNSAFE)]

        def start() -> "subprocess.Popen[bytes]":
            with (folder / "log").open("ab") as log:
                process = subprocess.Popen(  # type: ignore[call-overload]
                    ["postgres", "-D", f"{folder}/d", *options], stdout=log, stderr=log, cwd=folder, **user
                )
            _wait(process, folder)
            return process  # type: ignore[no-any-return]

        server = Server(f"postgresql://quire@/postgres?host={folder}", start)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _wait(server: "subprocess.Popen[bytes]", folder: Path) -> None:
    end = time.monotonic() + 20
    asked = ["pg_isready", "-q", "-h", str(folder), "-U", "quire"]
    while subprocess.run(asked).returncode:
        assert server.poll() is None, (folder / "log").read_text(errors="replace")
        assert time.monotonic() < end, "Postgres doesn't answer"
        time.sleep(0.02)


def new_database(address: str, name: str) -> str:
    """Return the address of a new database on the server of another."""
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address.replace("/postgres?", f"/{name}?")


def emptied(address: str) -> Store:
    """Return an open store on Postgres with nothing in it, its numbers counted from 1."""
    store = open_store(address)
    tables = ", ".join(table.name for table in t.metadata.sorted_tables)
    with store.transaction() as tx:
        tx.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    return store
