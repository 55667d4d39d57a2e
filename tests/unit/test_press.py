"""The press does each piece of work once, in any number of processes, and gives the results in order."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec import Struct

from pipeline.cache import Cache
from pipeline.errors import ContentError, Finding, Location, WriteError
from pipeline.press import Press, Progress, open_press
from pipeline.processes import apart


class Number(Struct, frozen=True):
    value: int
    folder: str


def square(task: Number) -> bytes:
    (Path(task.folder) / f"done-{task.value}-{os.getpid()}").touch()
    return str(task.value**2).encode()


def digits(task: Number) -> Iterator[bytes]:
    (Path(task.folder) / f"done-{task.value}-{os.getpid()}").touch()
    for _ in range(3):
        yield str(task.value).encode()


def refuse(task: Number) -> bytes:
    raise ContentError([Finding(Location("content/a.md", task.value), "code", "wrong")])


def die(task: Number) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def square_apart(task: Number) -> bytes:
    (Path(task.folder) / f"asked-{os.getpid()}").touch()
    return apart(square, task)


def refuse_apart(task: Number) -> bytes:
    return apart(refuse, task)


def die_apart(task: Number) -> bytes:
    return apart(die, task)


def tasks(folder: Path, count: int = 6) -> list[Number]:
    return [Number(value, str(folder)) for value in range(count)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_tasks(tmp_path: Path, jobs: int) -> None:
    with open_press(Cache(tmp_path / "cache"), jobs) as press:
        assert press.run(square, tasks(tmp_path)) == [b"0", b"1", b"4", b"9", b"16", b"25"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_lie_in_files_where_there_is_a_cache(tmp_path: Path, jobs: int) -> None:
    for is_on in (True, False):
        with open_press(Cache(tmp_path / "cache", enabled=is_on), jobs) as press:
            results = press.results(square, tasks(tmp_path))
        assert [bool(result.path) for result in results] == [is_on] * 6
        assert [result.read() for result in results] == [b"0", b"1", b"4", b"9", b"16", b"25"]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("cache", ["on", "off", "full"])
def test_work_may_come_piece_by_piece(tmp_path: Path, jobs: int, cache: str) -> None:
    if cache == "full":
        (tmp_path / "cache").write_text("a file where the folder should be")
    with open_press(Cache(tmp_path / "cache", enabled=cache != "off"), jobs) as press:
        results = press.results(digits, tasks(tmp_path))
    assert [bool(result.path) for result in results] == [cache == "on"] * 6
    assert [b"".join(result.pieces()) for result in results] == [b"000", b"111", b"222", b"333", b"444", b"555"]


def test_nothing_is_done_twice(tmp_path: Path) -> None:
    for _ in range(2):
        with open_press(Cache(tmp_path / "cache"), 2) as press:
            press.run(square, tasks(tmp_path))
    assert (press.worked, press.reused) == (0, 6)
    assert len(list(tmp_path.glob("done-*"))) == 6


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_two_formats_need_is_done_once_even_without_a_cache(tmp_path: Path, jobs: int) -> None:
    with open_press(Cache(tmp_path / "cache", enabled=False), jobs) as press:
        both = [press.run(square, tasks(tmp_path)) for _ in range(2)]
    assert both[0] == both[1] == [b"0", b"1", b"4", b"9", b"16", b"25"]
    assert (press.worked, press.reused) == (6, 6)
    assert len(list(tmp_path.glob("done-*"))) == 6


def test_what_two_threads_ask_for_at_once_is_done_once(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press, ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(press.run, square, tasks(tmp_path, 30)) for _ in range(2)]
        results = [one.result() for one in asked]
    assert results[0] == results[1]
    assert len(list(tmp_path.glob("done-*"))) == 30


def test_a_task_that_is_there_twice_has_its_result_twice(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press:
        assert press.run(square, tasks(tmp_path, 2) * 2) == [b"0", b"1", b"0", b"1"]


def test_several_processes_share_the_work(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press:
        press.run(square, tasks(tmp_path, 40))
    processes = {path.name.rpartition("-")[2] for path in tmp_path.glob("done-*")}
    assert str(os.getpid()) not in processes


def test_an_error_of_the_work_arrives_whole(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press, pytest.raises(ContentError) as caught:
        press.run(refuse, tasks(tmp_path, 2))
    assert caught.value.findings[0].message == "wrong"


def test_a_process_that_is_killed_ends_the_build_with_a_message(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press, pytest.raises(WriteError, match="was killed"):
        press.run(die, tasks(tmp_path, 2))


def test_progress_counts_what_was_reused_and_what_was_done(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []

    class Telling(Progress):
        def step(self, name: str, done: int, total: int) -> None:
            told.append((name, done, total))

    cache = Cache(tmp_path / "cache")
    Press(cache, 1).run(square, tasks(tmp_path, 2))
    Press(cache, 1, Telling()).run(square, tasks(tmp_path, 3), "squares")
    assert told == [("squares", 2, 3), ("squares", 3, 3)]


def test_fewer_processes_than_jobs_can_be_asked_for(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2, processes=1) as press:
        press.run(square, tasks(tmp_path, 8))
    assert len({path.name.rpartition("-")[2] for path in tmp_path.glob("done-*")}) == 1


def test_a_thread_that_waits_for_the_press_passes_its_turn_on(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press:
        held = []

        def wait() -> None:
            with press.turn:
                press.run(square, tasks(tmp_path, 2))
                held.append(press.turn.locked())

        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    assert held == [True, True, True]
    assert not press.turn.locked()


def slowly(task: Number) -> bytes:
    time.sleep(0.05)
    (Path(task.folder) / f"order-{time.monotonic_ns()}-{task.value}").touch()
    return b""


def test_what_a_thread_asks_for_next_goes_before_what_others_asked_for_first(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press:
        other = threading.Thread(target=lambda: press.run(slowly, tasks(tmp_path, 20)))
        press.run(square, [Number(1, str(tmp_path))])
        other.start()
        time.sleep(0.02)
        press.run(slowly, [Number(100, str(tmp_path))])
        other.join(timeout=30)
    order = [int(path.name.rpartition("-")[2]) for path in sorted(tmp_path.glob("order-*"))]
    assert order.index(100) < 8


def test_what_is_kept_is_made_anew_only_when_something_it_depends_on_changes(tmp_path: Path) -> None:
    press = Press(Cache(tmp_path / "cache"), 1)
    made = []

    def make() -> bytes:
        made.append(1)
        return b"result"

    results = [press.kept("name", depends, make) for depends in ("a", "a", "b")]
    assert results == [b"result"] * 3
    assert (len(made), press.reused) == (2, 1)


def test_a_little_light_work_is_done_in_this_process(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press:
        assert press.run(square, tasks(tmp_path, 2), is_light=True) == [b"0", b"1"]
        press.run(square, [Number(value, str(tmp_path)) for value in range(10, 20)], is_light=True)
    here = [path.name for path in tmp_path.glob(f"done-*-{os.getpid()}")]
    assert len(here) == 2


@pytest.mark.parametrize(("count", "is_here"), [(3, True), (30, False)])
def test_processes_that_seemed_needless_start_when_there_is_much_to_do(
    tmp_path: Path, count: int, is_here: bool
) -> None:
    with open_press(Cache(tmp_path / "cache"), 2, processes=0) as press:
        assert press.run(square, tasks(tmp_path, count)) == [str(n * n).encode() for n in range(count)]
        assert press.together([lambda: 1, lambda: 2]) == [1, 2]
    here = list(tmp_path.glob(f"done-*-{os.getpid()}"))
    assert len(here) == (count if is_here else 0)


def test_what_threads_share_is_made_once_and_whoever_waits_passes_the_turn_on(tmp_path: Path) -> None:
    made: list[int] = []
    with open_press(Cache(tmp_path / "cache"), 2) as press:

        def make() -> str:
            made.append(1)
            press.run(square, tasks(tmp_path, 4))
            return "made"

        def ask() -> str:
            return press.shared("name", "depends", make)

        assert press.together([ask, ask, ask]) == ["made"] * 3
        assert press.shared("name", "another", make) == "made"
    assert len(made) == 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_what_threads_share_reaches_each_of_them(tmp_path: Path, jobs: int) -> None:
    def make() -> str:
        raise WriteError("wrong")

    with open_press(Cache(tmp_path / "cache"), jobs) as press:
        for _ in range(2):
            with pytest.raises(WriteError, match="wrong"):
                press.shared("name", "depends", make)


def test_work_done_apart_has_a_process_of_its_own(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press:
        assert press.run(square_apart, tasks(tmp_path)) == [b"0", b"1", b"4", b"9", b"16", b"25"]
    asked = {path.name.rpartition("-")[2] for path in tmp_path.glob("asked-*")}
    done = [path.name.rpartition("-")[2] for path in tmp_path.glob("done-*")]
    assert len(set(done)) == len(done) == 6
    assert not asked.intersection(done)


def test_an_error_of_work_done_apart_is_raised_where_the_press_was_asked(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press, pytest.raises(ContentError):
        press.run(refuse_apart, tasks(tmp_path, 1))


def test_a_killed_process_of_work_done_apart_is_told_like_any_other(tmp_path: Path) -> None:
    with open_press(Cache(tmp_path / "cache"), 2) as press, pytest.raises(WriteError, match="was killed"):
        press.run(die_apart, tasks(tmp_path, 1))
