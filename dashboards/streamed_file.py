"""A file that is sent while it is being written: by a thread that waits when the reader is slow, so memory stays small."""

import io
import queue
import threading
from collections.abc import Callable, Iterator
from typing import IO, cast

_MOST_WAITING = 8
_LOOK_SECONDS = 1.0


class _Abandoned(Exception):  # noqa: N818 - no error: the reader has gone away
    """Ends the writing thread."""


class _Pipe(io.RawIOBase):
    """Takes what is written; a position is all that the writers of CSV and Parquet need to know besides."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: queue.Queue[bytes | BaseException | None] = queue.Queue(_MOST_WAITING)
        self.is_abandoned = threading.Event()
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, piece: object) -> int:
        content = bytes(memoryview(piece))  # type: ignore[arg-type]  # whatever has bytes
        self._position += len(content)
        if content:
            self.put(content)
        return len(content)

    def put(self, piece: bytes | BaseException | None) -> None:
        while True:
            if self.is_abandoned.is_set():
                raise _Abandoned
            try:
                self.pieces.put(piece, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return


def streamed(write: Callable[[IO[bytes]], None]) -> Iterator[bytes]:
    """Run ``write`` in a thread and yield what it writes; its error comes out here, and closing the iterator ends it."""
    pipe = _Pipe()

    def work() -> None:
        try:
            write(cast("IO[bytes]", pipe))
            pipe.put(None)
        except _Abandoned:
            return
        except BaseException as error:  # noqa: BLE001 - it is raised where the file is read
            try:
                pipe.put(error)
            except _Abandoned:
                return

    threading.Thread(target=work, name="export", daemon=True).start()
    try:
        while (piece := pipe.pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece
    finally:
        pipe.is_abandoned.set()
