"""Pure work in, results out, in order: over every core, and nothing twice.

Work is a module-level function from one frozen struct to bytes, or to an iterator over pieces of them. Its result is
kept under the hash of the function's name, the struct, and this program with its libraries; so everything that a result
depends on is in the struct.
"""

import os
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from pipeline.cache import Cache, Result
from pipeline.errors import WriteError
from pipeline.processes import Queue, Task, Work, kept

Made = TypeVar("Made")
_LITTLE = 8


class Progress:
    """What a build tells of its work while it runs; this one tells nothing."""

    def step(self, name: str, done: int, total: int) -> None:
        """Say that `done` of `total` pieces of a step are there."""

    def finished(self, name: str, files: int) -> None:
        """Say that a format is made."""

    def tell(self, message: str) -> None:
        """Say why something is done that was not asked for."""


def no_preparation() -> None:
    """Prepare nothing."""


class Press:
    """Runs work; `jobs` is the number of processes, and `reused` and `worked` count what it did.

    `prepare` runs once in each process before its first work: it loads what every piece of work needs. `processes` is
    how many to start beside this one, where fewer than `jobs` will do; with 0, all is done in this process, one after
    the other, until there is much to do.

    Threads may take turns with a press: who holds `turn` computes, and `run` passes it on while its work is elsewhere.
    Of the work that waits, that goes first whose thread has had most done: it is the nearest to a finished file.
    """

    def __init__(
        self,
        cache: Cache,
        jobs: int | None = None,
        progress: Progress | None = None,
        prepare: Callable[[], None] = no_preparation,
        processes: int | None = None,
    ) -> None:
        self.cache = cache
        most = jobs or usable_cores()
        self.jobs = 1 if processes == 0 else most
        self._processes = min(processes or most, most)
        self.reused = 0
        self.worked = 0
        self.progress = progress or Progress()
        self._prepare = prepare
        self._is_prepared = False
        self.turn = threading.Lock()
        self._runs = threading.local()
        # Two formats may need the same work at once; and without a cache, one after the other.
        self._begun: dict[str, Future[Result]] = {}
        self._begins = threading.Lock()
        self._shared: dict[str, Future[Any]] = {}
        self._queue: Queue | None = None
        if self.jobs > 1:
            self._open()

    def run(self, work: Work[Task], tasks: Sequence[Task], step: str = "", *, is_light: bool = False) -> list[bytes]:
        """Return the result of `work` for each task, as `results` does, and read."""
        return [result.read() for result in self.results(work, tasks, step, is_light=is_light)]

    def results(
        self, work: Work[Task], tasks: Sequence[Task], step: str = "", *, is_light: bool = False
    ) -> list[Result]:
        """Return the result of `work` for each task, in the order of the tasks; what was begun before isn't done again.

        Results lie in files where there is a cache, so that many of them take no memory. `step` names the work in
        progress reports. Errors of the work are raised here. Work that `is_light` needs no preparation, and a little
        of it is done in this process while the others are at something heavy.
        """
        name = f"{work.__module__}.{work.__qualname__}"
        keys = [self.cache.key(name, task) for task in tasks]
        results = [self.cache.find(key) for key in keys]
        missing = [position for position, result in enumerate(results) if result is None]
        done = len(tasks) - len(missing)
        begun = sum(keys[position] in self._begun for position in missing)
        self.reused += done + begun
        self.worked += len(missing) - begun
        if step:
            self.progress.step(step, done, len(tasks))
        work_done: Iterator[tuple[int, Result]]
        if is_light and len(missing) <= _LITTLE:
            work_done = ((position, kept(self.cache, keys[position], work, tasks[position])) for position in missing)
        else:
            work_done = self._work(work, tasks, keys, missing, is_light=is_light)
        for position, result in work_done:
            results[position] = result
            done += 1
            if step:
                self.progress.step(step, done, len(tasks))
        return [result for result in results if result is not None]

    def kept(self, name: str, depends: object, make: Callable[[], bytes]) -> bytes:
        """Return what `make` makes, in this process; kept under `name` and all that it depends on."""
        key = self.cache.key(name, depends)
        result = self.cache.get(key)
        if result is not None:
            self.reused += 1
            return result
        result = make()
        self.cache.put(key, result)
        return result

    def shared(self, name: str, depends: object, make: Callable[[], Made]) -> Made:
        """Return what `make` makes, once for all threads that ask for it under `name` and what it depends on."""
        key = self.cache.key(name, depends)
        with self._begins:
            is_first = key not in self._shared
            future = self._shared.setdefault(key, Future())
        if not is_first:
            with self._turn_passed_on():
                made: Made = future.result()
            return made
        try:
            future.set_result(make())
        finally:
            # Whoever waits is to hear of an error too.
            if not future.done():
                future.set_exception(sys.exception() or CancelledError())
        result: Made = future.result()
        return result

    def together(self, makers: Sequence[Callable[[], Made]]) -> list[Made]:
        """Return what each of several makes, in their order; they take turns, so that none waits for another's work."""
        if self.jobs == 1 or len(makers) < 2:
            return [make() for make in makers]

        def in_turn(make: Callable[[], Made]) -> Made:
            with self.turn:
                return make()

        with self._turn_passed_on(), ThreadPoolExecutor(len(makers)) as threads:
            return list(threads.map(in_turn, makers))

    def _work(
        self,
        work: Work[Task],
        tasks: Sequence[Task],
        keys: Sequence[str],
        missing: list[int],
        *,
        is_light: bool,
    ) -> Iterator[tuple[int, Result]]:
        before = getattr(self._runs, "count", 0)
        self._runs.count = before + 1
        if len(missing) > _LITTLE and self._processes > self.jobs:
            # What was thought to be kept is not. There are no threads: these are for more jobs than one.
            self._open()
        if self._queue is None:
            if missing and not (is_light or self._is_prepared):
                self._prepare()
                self._is_prepared = True
            for position in missing:
                if keys[position] not in self._begun:
                    made: Future[Result] = Future()
                    made.set_result(kept(self.cache, keys[position], work, tasks[position]))
                    self._begun[keys[position]] = made
                yield position, self._begun[keys[position]].result()
            return
        # The longest first, so that no core waits at the end for one that began late.
        order = sorted(missing, key=lambda position: -_weight(tasks[position])) if len(missing) > 1 else missing
        futures: dict[Future[Result], list[int]] = {}
        for position in order:
            key = keys[position]
            with self._begins:
                if key not in self._begun:
                    self._begun[key] = self._queue.submit(before, partial(kept, self.cache, key, work), tasks[position])
            futures.setdefault(self._begun[key], []).append(position)
        try:
            for future in self._as_completed(futures):
                for position in futures[future]:
                    yield position, future.result()
        except BrokenProcessPool as error:
            raise WriteError(
                "a typesetting process was killed, as happens when memory runs out\n    Try again with --jobs 1."
            ) from error
        except CancelledError:
            raise KeyboardInterrupt from None
        finally:
            for future, positions in futures.items():
                if future.cancel() or not future.done() or future.exception() is not None:
                    for position in positions:
                        self._begun.pop(keys[position], None)

    def _as_completed(self, futures: Collection[Future[Result]]) -> Iterator[Future[Result]]:
        """Yield futures as they end; while none has, the turn is somebody else's."""
        # Unlike concurrent.futures.as_completed, a callback hears of a future that was cancelled before it ran.
        ended: SimpleQueue[Future[Result]] = SimpleQueue()
        for future in futures:
            future.add_done_callback(ended.put)
        for _ in futures:
            with self._turn_passed_on():
                future = ended.get()
            yield future

    @contextmanager
    def _turn_passed_on(self) -> Iterator[None]:
        is_taken = self.turn.locked()
        if is_taken:
            self.turn.release()
        try:
            yield
        finally:
            if is_taken:
                self.turn.acquire()

    def _open(self) -> None:
        """Start the processes now: they load their libraries while the manuscript is read."""
        if self._queue is not None:
            return
        self._queue = Queue(self._processes, self._prepare)

    def close(self) -> None:
        """Let the workers finish what they do, and end them."""
        if self._queue is not None:
            self._queue.close()


@contextmanager
def open_press(
    cache: Cache,
    jobs: int | None = None,
    progress: Progress | None = None,
    prepare: Callable[[], None] = no_preparation,
    processes: int | None = None,
) -> Iterator[Press]:
    """Give a press whose processes end with the block."""
    press = Press(cache, jobs, progress, prepare, processes)
    try:
        yield press
    finally:
        press.close()


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _weight(task: Struct) -> int:
    """Return about how long a piece of work takes, as the bytes that it starts from."""
    return len(msgspec.msgpack.encode(task))
