"""The cache gives back what was put in, or nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.cache import Cache, Result
from pipeline.errors import WriteError


def entries(cache: Cache) -> list[Path]:
    return sorted((cache.folder / "results").glob("*/*"))


def test_looking_for_a_result_leaves_alone_what_another_process_puts_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, other = Cache(tmp_path), Cache(tmp_path)
    opened = Path.open

    def just_before(path: Path, *arguments: object, **options: object) -> object:
        try:
            return opened(path, *arguments, **options)  # type: ignore[arg-type]
        except FileNotFoundError:
            monkeypatch.undo()
            other.put("ab" * 32, b"a result")
            raise

    monkeypatch.setattr(Path, "open", just_before)
    assert cache.get("ab" * 32) is None
    assert cache.get("ab" * 32) == b"a result"


def test_a_result_comes_back_as_it_was_put_in(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(cache.key("work", 1), b"result")
    assert cache.get(cache.key("work", 1)) == b"result"
    assert cache.get(cache.key("work", 2)) is None


def test_a_damaged_result_is_not_trusted_and_is_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(cache.key("work"), b"result")
    [entry] = entries(cache)
    entry.write_bytes(entry.read_bytes()[:-1] + b"X")
    assert cache.get(cache.key("work")) is None
    assert entries(cache) == []


def test_a_truncated_result_is_not_trusted(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(cache.key("work"), b"result")
    [entry] = entries(cache)
    entry.write_bytes(b"")
    assert cache.get(cache.key("work")) is None


def test_a_result_lies_in_its_file_until_it_is_read(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    put = cache.put(cache.key("work"), bytes(1000))
    assert cache.find(cache.key("work")) == put
    assert put.content == b""
    assert put.read() == bytes(1000)


def test_a_result_is_kept_and_comes_back_in_pieces(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    long = bytes(range(256)) * 4096
    put = cache.put_pieces(cache.key("work"), (long[at : at + 1000] for at in range(0, len(long), 1000)))
    assert put == cache.find(cache.key("work"))
    assert put is not None
    assert put.read() == long
    pieces = list(put.pieces())
    assert len(pieces) > 1
    assert b"".join(pieces) == long
    assert list(Result(content=b"result").pieces()) == [b"result"]


def test_a_result_whose_pieces_fail_is_not_kept(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"one"
        raise WriteError("no more")

    cache = Cache(tmp_path)
    with pytest.raises(WriteError, match="no more"):
        cache.put_pieces(cache.key("work"), pieces())
    assert cache.find(cache.key("work")) is None
    assert entries(cache) == []


def test_a_result_that_nothing_keeps_is_there_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where the folder should be")
    for cache in (Cache(tmp_path), Cache(tmp_path, enabled=False)):
        assert cache.put(cache.key("work"), b"result") == Result(content=b"result")
        assert cache.find(cache.key("work")) is None


def test_a_result_whose_file_is_gone_or_damaged_is_not_read(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    put = cache.put(cache.key("work"), b"result")
    [entry] = entries(cache)
    entry.write_bytes(entry.read_bytes()[:-1] + b"X")
    for _ in ("damaged", "gone"):
        with pytest.raises(WriteError, match="was removed or changed"):
            put.read()
        with pytest.raises(WriteError, match="was removed or changed"):
            list(put.pieces())
        entry.unlink(missing_ok=True)


def test_pruning_removes_what_was_used_longest_ago(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for number in range(4):
        cache.put(cache.key(number), bytes(1000))
        os.utime(cache._path(cache.key(number)), (number, number))
    assert cache.get(cache.key(0)) is not None, "it is used again, and so the newest"
    assert cache.prune(2 * 1032) == (2, 2 * 1032)
    assert [cache.get(cache.key(number)) is not None for number in range(4)] == [True, False, False, True]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file where the folder should be")
    cache = Cache(tmp_path)
    cache.put(cache.key("work"), b"result")
    assert cache.get(cache.key("work")) is None


def test_a_cache_that_is_turned_off_keeps_nothing(tmp_path: Path) -> None:
    cache = Cache(tmp_path, enabled=False)
    cache.put(cache.key("work"), b"result")
    assert cache.get(cache.key("work")) is None
    assert entries(cache) == []
