"""A session in; the store of subscribers, the key of its hashes, and lines to print, out."""

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli._session import Session
from pipeline.errors import ConfigError

if TYPE_CHECKING:
    from pipeline.series.links import Keys
    from pipeline.series.readers import Register
    from pipeline.series.store.engine import Store

_URL, _KEY = "QUIRE_DATABASE_URL", "QUIRE_ADDRESS_KEY"


@contextmanager
def open_register(session: Session) -> Iterator["Register"]:
    """Yield the store of subscribers with the key that addresses are hashed with, and close it."""
    from pipeline.series.readers import Register
    from pipeline.series.store.engine import open_store

    with closing(open_store(store_address(session))) as store:
        yield Register(store, address_key(session, store))


def store_address(session: Session) -> str:
    """Return where the store is: what QUIRE_DATABASE_URL says, or a file of the project's."""
    from pipeline.series.secrets import secret

    if _is_set(session, _URL):
        return secret(session.environment, _URL)
    return str(session.project.state / "series.db")


def address_key(session: Session, store: "Store") -> bytes:
    """Return the key of QUIRE_ADDRESS_KEY, or that of a file of the project's, which is made with the first use.

    Raises ConfigError where it isn't the key that the store's hashes are made with, or the file is gone.
    """
    from pipeline.series.addresses import key_check
    from pipeline.series.secrets import secret
    from pipeline.series.store.keys import keep_check, kept_check
    from pipeline.series.store.people import has_suppressions

    with store.reading() as tx:
        check = kept_check(tx)
        is_used = check is not None or has_suppressions(tx)
    path = session.project.state / "address.key"
    shown = session.project.relative(path)
    if _is_set(session, _KEY):
        shown, key = _KEY, secret(session.environment, _KEY).encode()
        if len(key) < 32:
            raise ConfigError(f"{_KEY}: a key has at least 32 characters\n    `quire series key` makes one.")
    else:
        if not path.exists():
            if is_used:
                raise ConfigError(
                    f"{shown} is gone, and without its key nobody who has left is known again\n"
                    f"    Put it back, or the key into {_KEY}."
                )
            if _make(path, shown):
                session.say(
                    f"Made {shown}: the key by which those who have left or were erased are known again.\n"
                    f"Keep a copy of it with the store, or put it into {_KEY}."
                )
        key = secret({f"{_KEY}_FILE": str(path)}, _KEY).encode()
    if check is None:
        with store.transaction() as tx:
            check = keep_check(tx, key_check(key))
    if check != key_check(key):
        raise ConfigError(
            f"{shown} is another key than the store was made with: nobody who has left would be known again\n"
            f"    Put back the file that it was made with, or its key into {_KEY}."
        )
    return key


def _make(path: Path, shown: str) -> bool:
    """Make the file of a key, whole; return whether nobody else has meanwhile."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_urlsafe(32)}\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(new)
    except FileExistsError:
        return False
    except OSError as error:
        raise ConfigError(f"{shown}: can't be made: {error.strerror}\n    Set {_KEY}.") from error
    finally:
        new.unlink(missing_ok=True)
    return True


def _is_set(session: Session, name: str) -> bool:
    return bool(session.environment.get(name) or session.environment.get(f"{name}_FILE"))


def link_keys(session: Session) -> "Keys":
    """Return the keys that links and envelope senders are signed with."""
    from pipeline.series.links import read_keys
    from pipeline.series.secrets import secret

    return read_keys(secret(session.environment, "QUIRE_LINK_KEYS"))


def now() -> datetime:
    """Return what time it is."""
    return datetime.now(UTC)


def told(moment: datetime | None) -> str:
    """Return a moment as people write it, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "–"


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as text in columns; what is a number stands to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    lines = []
    for row in rows:
        cells = zip(row, widths, strict=True)
        aligned = [cell.rjust(width) if _is_number(cell) else cell.ljust(width) for cell, width in cells]
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines)


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").isdigit()
