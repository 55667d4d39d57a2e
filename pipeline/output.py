"""Artifacts in; files under `output/`, each whole or not at all, a manifest, and a line for a person on each, out."""

import contextlib
import hashlib
import json
import shutil
import signal
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct

from pipeline.errors import WriteError
from pipeline.model import Artifact, Book

MANIFEST = "manifest.json"
README = "README.txt"


class Made(Struct, frozen=True):
    """A file that was built, as the manifest names it."""

    path: str
    format: str
    media_type: str
    bytes: int
    sha256: str
    summary: str
    sources: tuple[str, ...]
    pages: int | None = None
    edition: str = ""
    standard: str = ""


class _Manifest(Struct, frozen=True):
    artifacts: tuple[Made, ...]
    identifier: str = ""


def put_in_place(
    artifacts: Sequence[Artifact], output: Path, chosen: Collection[tuple[str, str]], book: Book
) -> tuple[tuple[Made, ...], tuple[str, ...], tuple[str, ...]]:
    """Write every file beside its place, then move all of them in; return what there is, was written and removed.

    `chosen` are formats with their editions. A failure before the moves leaves `output` as it was. What the chosen ones
    no longer make is removed.
    """
    made = [described(artifact) for artifact in artifacts]
    before = earlier(output)
    paths = {entry.path for entry in made}
    kept = [entry for entry in before if (entry.format, entry.edition) not in chosen and entry.path not in paths]
    listing = tuple(sorted((*kept, *made), key=lambda entry: entry.path))
    digests = {entry.path: entry.sha256 for entry in made}
    about = {MANIFEST: _manifest(listing, book), README: _readme(listing, book)}
    stale = tuple(entry.path for entry in before if entry.path not in {entry.path for entry in listing})
    changed: dict[str, Artifact | bytes] = {
        artifact.path: artifact
        for artifact in artifacts
        if not _is_same(output / artifact.path, digests[artifact.path])
    }
    changed |= {
        name: content
        for name, content in about.items()
        if not _is_same(output / name, hashlib.sha256(content).hexdigest())
    }
    try:
        output.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".quire-", dir=output))
    except OSError as error:
        raise cant_write(output, error) from error
    try:
        for path, content in changed.items():
            staged = staging / path
            staged.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                staged.write_bytes(content)
            else:
                with staged.open("wb") as file:
                    file.writelines(content.pieces())
        with _uninterrupted():
            for path in changed:
                (output / path).parent.mkdir(parents=True, exist_ok=True)
                (staging / path).replace(output / path)
            for path in stale:
                _remove(output, path)
    except OSError as error:
        raise cant_write(output, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return listing, tuple(sorted(changed)), stale


def described(artifact: Artifact) -> Made:
    """Return an artifact as the manifest names it. Raises WriteError for a path outside the output."""
    parts = PurePosixPath(artifact.path).parts
    if not parts or PurePosixPath(artifact.path).is_absolute() or ".." in parts:
        raise WriteError(f"a writer made a file outside output/: {artifact.path}")
    digest, size = hashlib.sha256(), 0
    for piece in artifact.pieces():
        digest.update(piece)
        size += len(piece)
    return Made(
        artifact.path,
        artifact.format,
        artifact.media_type,
        size,
        digest.hexdigest(),
        artifact.summary,
        artifact.sources,
        artifact.pages,
        artifact.edition,
        artifact.standard,
    )


def earlier(output: Path) -> tuple[Made, ...]:
    """Return the files that the manifest in `output` names, none where there is no manifest of ours."""
    manifest = _manifest_in(output)
    if manifest is None:
        return ()
    # The manifest lies in a folder that anybody may edit: it must not make us remove a file elsewhere.
    return tuple(e for e in manifest.artifacts if not PurePosixPath(e.path).is_absolute() and ".." not in e.path)


def earlier_identifier(output: Path) -> str:
    """Return the identifier of the book that was built into `output` before, or nothing."""
    manifest = _manifest_in(output)
    return manifest.identifier if manifest else ""


def _manifest_in(output: Path) -> _Manifest | None:
    try:
        return msgspec.json.decode((output / MANIFEST).read_bytes(), type=_Manifest)
    except (OSError, msgspec.DecodeError):
        return None


def _manifest(listing: Sequence[Made], book: Book) -> bytes:
    artifacts = [
        {
            "path": entry.path,
            "format": entry.format,
            "media_type": entry.media_type,
            "bytes": entry.bytes,
            "sha256": entry.sha256,
            "summary": entry.summary,
            "sources": entry.sources,
            **({} if entry.pages is None else {"pages": entry.pages}),
            **({"edition": entry.edition} if entry.edition else {}),
            **({"standard": entry.standard} if entry.standard else {}),
        }
        for entry in listing
    ]
    manifest = {"title": book.title, "identifier": book.identifier, "date": book.date, "artifacts": artifacts}
    return (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()


def _readme(listing: Sequence[Made], book: Book) -> bytes:
    width = max((len(entry.path) for entry in listing), default=0)
    rows = [f"{entry.path.ljust(width)}  {entry.summary}" for entry in listing]
    rows.append(f"{MANIFEST.ljust(width)}  every file above with its size, hash and sources, for programs")
    return (f"{book.title}\n{'=' * len(book.title)}\n\n" + "\n".join(rows) + "\n").encode()


def _is_same(path: Path, digest: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
    except OSError:
        return False


def _remove(output: Path, path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        (output / path).unlink()
    with contextlib.suppress(OSError):
        (output / path).parent.rmdir()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in a folder of its own, then move it to its place; who may read it is as for any new file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _move_in(path.parent, {path.name: content})


def put_beside(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Put files by their names into a folder of the output, each whole; no build makes them, and so none removes them.

    Raises WriteError where that can't be done.
    """
    try:
        _move_in(folder, contents)
    except OSError as error:
        raise cant_write(folder, error) from error


def _move_in(folder: Path, contents: Mapping[str, bytes]) -> None:
    staging = Path(tempfile.mkdtemp(prefix=".quire-", dir=folder))
    try:
        for name, content in contents.items():
            (staging / name).write_bytes(content)
        for name in contents:
            (staging / name).replace(folder / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def cant_write(output: Path, error: OSError) -> WriteError:
    """Return the error to raise where a folder can't be written."""
    return WriteError(
        f"{output}: can't be written: {error.strerror or error}\n"
        "    What was there before is whole. Free the disk or the folder, or name another: --output DIR."
    )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until the block has ended, so that no half of a build is moved in."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
