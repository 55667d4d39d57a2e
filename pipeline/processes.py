"""Work in, most urgent first; the processes that do it, each letting go of its memory in time; results out."""

import gc
import heapq
import itertools
import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from types import FunctionType
from typing import TypeAlias, TypeVar, cast

from msgspec import Struct

from pipeline.cache import Cache, Result

Task = TypeVar("Task", bound=Struct)
# What is long may come piece by piece, so that it is nowhere whole.
Work: TypeAlias = Callable[[Task], bytes | Iterator[bytes]]

# Two or three chapters leave about as many objects behind.
_OBJECTS_BETWEEN_COLLECTIONS = 60_000


class Queue:
    """Processes, and the work that waits for them.

    They get a few pieces at a time, so that what comes later and is more urgent needn't wait. They start at once, each
    with `prepare`, so that they load their libraries while the manuscript is read.
    """

    def __init__(self, count: int, prepare: Callable[[], None]) -> None:
        # They are forked before any thread begins; and fork needs no socket, as forkserver does.
        method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(method)
        self._executor = ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(prepare,))
        self._executor.submit(_nothing)
        self._free = count + 1
        self._lock = threading.RLock()
        self._numbers = itertools.count()
        self._order: list[tuple[int, int]] = []
        self._waiting: dict[tuple[int, int], tuple[Future[Result], Callable[[], Future[Result]]]] = {}

    def submit(self, urgency: int, work: Callable[[Task], Result], task: Task) -> Future[Result]:
        """Return the future result of work; of like urgency, what was submitted first begins first."""
        future: Future[Result] = Future()
        start = partial(self._executor.submit, _in_worker, work, task)
        with self._lock:
            place = (-urgency, next(self._numbers))
            self._waiting[place] = (future, start)
            heapq.heappush(self._order, place)
            self._feed()
        return future

    def close(self) -> None:
        """Cancel everything that has not begun, let the processes finish what they do, and end them."""
        with self._lock:
            for future, _ in self._waiting.values():
                future.cancel()
            self._order.clear()
            self._waiting.clear()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _feed(self) -> None:
        with self._lock:
            while self._free and self._order:
                future, start = self._waiting.pop(heapq.heappop(self._order))
                if not future.set_running_or_notify_cancel():
                    continue
                self._free -= 1
                try:
                    begun = start()
                except RuntimeError as error:
                    # The processes are gone: one was killed, or the press is closed.
                    self._free += 1
                    future.set_exception(error if isinstance(error, BrokenProcessPool) else CancelledError())
                    continue
                begun.add_done_callback(partial(self._pass_on, future))

    def _pass_on(self, future: Future[Result], begun: Future[Result]) -> None:
        with self._lock:
            self._free += 1
            self._feed()
        if begun.cancelled():
            future.set_exception(CancelledError())
        elif error := begun.exception():
            future.set_exception(error)
        else:
            future.set_result(begun.result())


def kept(cache: Cache, key: str, work: Work[Task], task: Task) -> Result:
    """Do a piece of work, and return its result as the cache keeps it."""
    made = work(task)
    if isinstance(made, bytes):
        return cache.put(key, made)
    # Where the disk is full after some pieces, the work is done again.
    return cache.put_pieces(key, made) or Result(content=b"".join(cast(Iterator[bytes], work(task))))


def apart(work: Callable[[Task], bytes], task: Task) -> bytes:
    """Return what work makes of a task, in a process of its own where that is safe, with which all its room goes.

    Python gives its room back a megabyte at a time, and only where nothing is left in it: after a long piece of work
    some of each is.
    """
    if "fork" not in multiprocessing.get_all_start_methods() or threading.active_count() > 1:
        return work(task)
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork"), _leave_interrupts_to_the_parent) as executor:
        return executor.submit(work, task).result()


def let_go() -> None:
    """Free what nothing refers to any more, and give it back to the system where the C library lets us.

    Work takes its room in turn from Python, Pango, and qpdf, and what one has kept free is of no use to the others.
    """
    import ctypes

    gc.collect()
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def _nothing() -> None:
    """Be done by a process so that all of them start."""


def _leave_interrupts_to_the_parent() -> None:
    # Ctrl-C reaches every process of the group.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _begin(prepare: Callable[[], None]) -> None:
    _leave_interrupts_to_the_parent()
    prepare()
    gc.freeze()


def _call(work: Callable[[Task], Result], task: Task) -> Result:
    return work(task)


# CPython keeps its frames in pieces of 16 kB. A recursion that wavers about the end of one takes a piece from the
# system and gives it back at every call, tens of thousands of times in a chapter. A frame that asks for much gets a
# piece as large, and those below it find room there.
_call_with_room = FunctionType(_call.__code__.replace(co_stacksize=80_000), globals())


def _in_worker(work: Callable[[Task], Result], task: Task) -> Result:
    # A document is one large cyclic structure, and looking for such while it grows takes a fifth of the time. A few
    # documents, or a large one, are collected at once before the next begins, so that no result waits for it.
    gc.disable()
    if gc.get_count()[0] > _OBJECTS_BETWEEN_COLLECTIONS:
        let_go()
    result: Result = _call_with_room(work, task)
    return result
