"""Long work beside the web server: one piece after the other, each in a process of its own that tells by lines of JSON."""

import json
import logging
import queue
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Busy(Exception):  # noqa: N818 - named by what happened, as in telemetry.errors
    """So many pieces wait already, or the server is about to end."""


class SideWork(Generic[T]):
    """Pieces that wait, and the one that goes on; the thread that looks after them starts with the first.

    Parameters
    ----------
    do : callable
        Does one piece, in the thread; what it raises ends that piece alone.
    """

    def __init__(self, name: str, do: Callable[[T], None], *, most_waiting: int) -> None:
        self._name, self._do, self._most_waiting = name, do, most_waiting
        self._queue: queue.Queue[T | None] = queue.Queue(most_waiting + 1)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self.is_closed = False

    @property
    def waiting(self) -> list[T]:
        """Those that are not begun."""
        return [one for one in list(self._queue.queue) if one is not None]

    def refuse_if_busy(self) -> None:
        """Say no before anything is written.

        Raises
        ------
        Busy
        """
        if self.is_closed or self._queue.qsize() >= self._most_waiting:
            raise Busy

    def put(self, piece: T) -> None:
        """Let a piece be done as soon as those before it are.

        Raises
        ------
        Busy
        """
        with self._lock:
            if self.is_closed:
                raise Busy
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()
            try:
                self._queue.put_nowait(piece)
            except queue.Full:
                raise Busy from None

    def close(self) -> None:
        """End what goes on; what waits is not begun."""
        with self._lock:
            self.is_closed = True
            thread, process = self._thread, self._process
        if thread is None:
            return
        if process is not None:
            process.kill()
        with suppress(queue.Full):
            self._queue.put_nowait(None)
        thread.join(10)

    def follow(
        self, command: Sequence[str], take: Callable[[dict[str, Any]], bool], *, send: str = "", limit_seconds: float
    ) -> int:
        """Run a process to its end, and give its exit status; only ``do`` calls this.

        Parameters
        ----------
        command : sequence of str
            One of our own modules.
        take : callable
            Gets each line, and tells whether the process is to come to an end: its input is closed then.
        send : str
            The line that it reads first.
        limit_seconds : float
            So much later it is killed.
        """
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:  # noqa: S603 - our own modules
            assert process.stdin is not None
            assert process.stdout is not None
            with self._lock:
                self._process = process
                if self.is_closed:
                    process.kill()
            end = threading.Timer(limit_seconds, process.kill)
            end.start()
            try:
                with suppress(BrokenPipeError):
                    process.stdin.write(send + "\n")
                    process.stdin.flush()
                for line in process.stdout:
                    if take(json.loads(line)):
                        with suppress(OSError):
                            process.stdin.close()
            except BaseException:
                process.kill()
                raise
            finally:
                end.cancel()
                with self._lock:
                    self._process = None
        return process.returncode

    def _work(self) -> None:
        while not self.is_closed and (piece := self._queue.get()) is not None:
            try:
                self._do(piece)
            except Exception:  # noqa: BLE001 - one piece that breaks must not end those after it
                _log.exception("%s: a piece broke", self._name)
