"""A search that somebody may stop, and that gives back the best it has then."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
_LOOK_SECONDS = 0.2


def until_stopped(search: Callable[[Callable[[], bool]], T], *, stop: threading.Event, tell: Callable[[], None]) -> T:
    """Run a search in a thread of its own, so that this one hears signals; Ctrl-C stops it, a second one is Ctrl-C.

    Parameters
    ----------
    search : callable
        Gets what it is to ask whether it is stopped.
    tell : callable
        Called again and again meanwhile.
    """
    found: list[T] = []
    failed: list[BaseException] = []
    is_done = threading.Event()  # a join that Ctrl-C interrupts would take the thread for ended

    def run() -> None:
        try:
            found.append(search(stop.is_set))
        except BaseException as error:  # noqa: BLE001 - raised below, where the caller is
            failed.append(error)
        finally:
            is_done.set()

    threading.Thread(target=run, name="search", daemon=True).start()
    with suppress(KeyboardInterrupt):
        _wait(is_done, tell)
    if not is_done.is_set():
        stop.set()
        _wait(is_done, tell)
    if failed:
        raise failed[0]
    return found[0]


def _wait(is_done: threading.Event, tell: Callable[[], None]) -> None:
    while not is_done.wait(_LOOK_SECONDS):
        tell()
