"""Long work beside the server: one after the other, bounded, stopped when asked, killed when it is late or the server ends."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from dashboards.side_work import Busy, SideWork

ECHO = """
import json, sys
print(json.dumps({"heard": sys.stdin.readline().strip()}), flush=True)
sys.stdin.read()
print('{"over": 1}')
"""
SLEEP = "import time; print('{}', flush=True); time.sleep(600)"
BROKEN = "print('no json', flush=True); import time; time.sleep(600)"


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def worked(
    code: str, *, limit_seconds: float = 60.0, wants_end: bool = True
) -> tuple[list[dict[str, Any]], list[int], SideWork[int]]:
    """Do one piece, and give what was said and the exit status."""
    said: list[dict[str, Any]] = []
    statuses: list[int] = []

    def take(line: dict[str, Any]) -> bool:
        said.append(line)
        return wants_end

    def do(_piece: int) -> None:
        statuses.append(work.follow([sys.executable, "-c", code], take, send="hello", limit_seconds=limit_seconds))

    work = SideWork[int]("test", do, most_waiting=2)
    work.put(1)
    return said, statuses, work


def test_a_process_hears_its_line_and_ends_when_it_is_to_stop() -> None:
    said, statuses, work = worked(ECHO)
    until(lambda: statuses)
    work.close()
    assert (said, statuses) == ([{"heard": "hello"}, {"over": 1}], [0])


def test_what_takes_too_long_is_killed() -> None:
    _, statuses, work = worked(SLEEP, limit_seconds=0.5)
    until(lambda: statuses)
    work.close()
    assert statuses == [-9]


def test_a_server_that_ends_takes_its_process_with_it_and_takes_nothing_more() -> None:
    said, statuses, work = worked(SLEEP)
    until(lambda: said)
    begun = time.monotonic()
    work.close()
    assert (statuses, time.monotonic() - begun < 10) == ([-9], True)
    with pytest.raises(Busy):
        work.put(2)
    with pytest.raises(Busy):
        work.refuse_if_busy()


def test_a_piece_that_breaks_ends_alone_and_leaves_no_process(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []

    def do(piece: int) -> None:
        if piece == 1:
            work.follow([sys.executable, "-c", BROKEN], lambda _: False, limit_seconds=60)
        done.append(piece)

    work = SideWork[int]("test", do, most_waiting=2)
    work.put(1)
    work.put(2)
    until(lambda: done)
    work.close()
    assert done == [2]
    assert "a piece broke" in caplog.text


def test_more_than_so_many_do_not_wait() -> None:
    go = threading.Event()
    done: list[int] = []

    def do(piece: int) -> None:
        go.wait(30)
        done.append(piece)

    work = SideWork[int]("test", do, most_waiting=2)
    work.put(1)
    until(lambda: not work.waiting)
    work.put(2)
    work.put(3)
    assert work.waiting == [2, 3]
    with pytest.raises(Busy):
        work.refuse_if_busy()
    go.set()
    until(lambda: len(done) == 3)
    work.close()
    assert done == [1, 2, 3]
