"""Files that are sent while they are being written."""

import threading
import time
from typing import IO

import pytest

from dashboards.streamed_file import streamed
from tests.dashboards.plant import wait_until


def test_what_is_written_comes_out_in_order() -> None:
    def write(stream: IO[bytes]) -> None:
        for number in range(100):
            assert stream.tell() == 3 * number
            stream.write(b"%03d" % number)

    assert b"".join(streamed(write)) == b"".join(b"%03d" % number for number in range(100))


def test_a_slow_reader_makes_the_writer_wait() -> None:
    written = []

    def write(stream: IO[bytes]) -> None:
        for number in range(1000):
            stream.write(bytes(1000))
            written.append(number)

    pieces = streamed(write)
    next(pieces)
    time.sleep(0.1)
    assert len(written) < 15
    assert sum(map(len, pieces)) == 999_000


def test_a_reader_who_goes_away_ends_the_writer() -> None:
    ended = threading.Event()

    def write(stream: IO[bytes]) -> None:
        try:
            while True:
                stream.write(bytes(1000))
        finally:
            ended.set()

    pieces = streamed(write)
    next(pieces)
    del pieces
    wait_until(ended.is_set)


def test_what_goes_wrong_while_writing_goes_wrong_for_the_reader() -> None:
    def write(stream: IO[bytes]) -> None:
        stream.write(b"half")
        raise OSError("the database went away")

    pieces = streamed(write)
    assert next(pieces) == b"half"
    with pytest.raises(OSError, match="went away"):
        next(pieces)
