"""The cache gives back what was put in, or nothing."""

import os
from pathlib import Path

from pipeline.cache import Cache


def entries(cache: Cache) -> list[Path]:
    return sorted((cache.folder / "results").glob("*/*"))


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
