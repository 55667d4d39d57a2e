"""The address of a place where bounces arrive in; the mails in it out, one at a time, each to be marked as done.

Nothing is ever deleted. A mail is read up to a limit, since what it reports stands at its beginning.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from pipeline.errors import ConfigError, DeliveryError
from pipeline.series._mime import MOST

HINT = "Give a maildir, an mbox, a file, `-` for stdin, or imaps://user@host/INBOX."


class RawMail(Struct, frozen=True):
    """A mail as it came, cut at a limit; `id` is the same whenever it is read again.

    Call `done` once what it reports is recorded, and before the next mail is asked for. Where the place has no mark
    for it (an mbox, a file, stdin), it does nothing, and `id` tells a mail that was read before.
    """

    id: str
    raw: bytes
    done: Callable[[], None]


def mails(address: str, stdin: BinaryIO, password: Callable[[], str]) -> Iterator[RawMail]:
    """Yield the mails at an address that aren't done, the oldest first.

    `address` is the path of a maildir, of an mbox, or of a file that holds one mail; `-` is one mail from stdin; an
    `imaps:` address is a mailbox on a server, for which `password` is asked. Raises ConfigError where there is no such
    place, DeliveryError where a server refuses, and TransientDeliveryError where it can't be reached.
    """
    if address == "-":
        return _single(stdin, "stdin")
    if address.startswith("imaps:"):
        from pipeline.series import _imap

        return (RawMail(*found) for found in _imap.unseen(address, password, MOST))
    if address.partition("://")[1]:
        raise ConfigError(f"{_shown(address)}: bounces can't be read from there\n    {HINT}")
    path = Path(address)
    if path.is_dir():
        if not (path / "new").is_dir() or not (path / "cur").is_dir():
            raise ConfigError(f"{path}: the folder is no maildir; it lacks new/ or cur/\n    {HINT}")
        return _maildir(path)
    if not path.exists():
        raise ConfigError(f"{path}: there is no such file or folder\n    {HINT}")
    return _file(path)


def _shown(address: str) -> str:
    """Return an address without what may be a password."""
    scheme, mark, rest = address.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


# --------------------------------------------------------------------------- files


def _file(path: Path) -> Iterator[RawMail]:
    try:
        with path.open("rb") as file:
            is_mbox = file.read(5) == b"From "
        with path.open("rb") as file:
            yield from _mbox(file) if is_mbox else _single(file, "file")
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}\n    {HINT}") from error


def _single(stream: BinaryIO, kind: str) -> Iterator[RawMail]:
    raw = stream.read(MOST)
    # A program that pipes a mail to us fails when we don't take all of it.
    while stream.read(MOST):
        pass
    # Some servers that pipe a mail put the line of an mbox before it.
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    if raw.strip():
        yield _unmarked(raw, kind)


def _mbox(lines: Iterable[bytes]) -> Iterator[RawMail]:
    """Yield the mails of an mbox: each begins with a line “From ” after an empty one (RFC 4155)."""
    kept: list[bytes] = []
    size, is_after_empty = 0, True
    for line in lines:
        if is_after_empty and line.startswith(b"From "):
            if kept:
                yield _unmarked(b"".join(kept), "mbox")
            kept, size = [], 0
        elif size < MOST:
            kept.append(line[: MOST - size])
            size += len(line)
        is_after_empty = line in (b"\n", b"\r\n")
    if kept:
        yield _unmarked(b"".join(kept), "mbox")


def _unmarked(raw: bytes, kind: str) -> RawMail:
    return RawMail(f"{kind}:{hashlib.sha256(raw).hexdigest()}", raw, lambda: None)


# --------------------------------------------------------------------------- maildir


def _maildir(folder: Path) -> Iterator[RawMail]:
    """Yield what is in `new`, and what is in `cur` and hasn't been seen. Done is seen, in `cur`."""
    try:
        found = [path for name in ("new", "cur") for path in (folder / name).iterdir()]
    except OSError as error:
        raise ConfigError(f"{folder}: can't be read: {error.strerror}\n    {HINT}") from error
    for path in sorted(found, key=lambda path: path.name):
        unique, _, marks = path.name.partition(":2,")
        if path.name.startswith(".") or "S" in marks:
            continue
        try:
            with path.open("rb") as file:
                raw = file.read(MOST)
        except (FileNotFoundError, IsADirectoryError):
            # Another program has moved it.
            continue
        except OSError as error:
            raise DeliveryError(f"{path}: can't be read: {error.strerror}\n    See who may read it.") from error
        yield RawMail(f"maildir:{unique}", raw, lambda path=path: _mark_seen(folder, path))  # type: ignore[misc]


def _mark_seen(folder: Path, path: Path) -> None:
    unique, _, marks = path.name.partition(":2,")
    seen = folder / "cur" / f"{unique}:2,{''.join(sorted({*marks, 'S'}))}"
    try:
        os.rename(path, seen)  # noqa: PTH104 (says what it does on an existing file, the same)
    except FileNotFoundError:
        # Another program has moved it meanwhile; what it reports is recorded, and its id will say so.
        return
    except OSError as error:
        raise DeliveryError(f"{path}: can't be marked: {error.strerror}\n    See who may write there.") from error
