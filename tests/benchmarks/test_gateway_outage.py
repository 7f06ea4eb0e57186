"""What the commits tell of a drain, on rows made by hand."""

import numpy as np

from benchmarks.gateway_outage import read_drain
from benchmarks.gateway_served import Stored

SECOND = 1_000_000


def stored(rows: list[tuple[float, float]]) -> Stored:
    """Give rows of one machine by the seconds of their reading and of their commit."""
    times, commits = (np.array([row[n] * SECOND for row in rows], np.int64) for n in (0, 1))
    machines, values, nothing = np.zeros(len(rows), np.int32), np.zeros((len(rows), 1)), np.zeros(0, np.int32)
    return Stored(machines, times, commits, values, nothing, np.zeros(0, np.int64), nothing, np.zeros(0))


def test_a_backlog_is_what_was_read_before_the_first_commit_and_live_what_came_after() -> None:
    before = [(n, n + 0.5) for n in range(10)]
    backlog = [(n, 31 + (n - 10) * 0.1) for n in range(10, 30)]  # committed from 31.0 to 32.9
    live = [(31.2, 31.9), (32.2, 32.6), (33.2, 33.7)]
    drain = read_drain(stored(before + backlog + live), returned_us=30 * SECOND)
    assert (drain.backlog_rows, drain.out_of_order) == (20, 0)
    assert (drain.wait_seconds, drain.seconds) == (1.0, 1.9)
    assert round(drain.rows_per_second, 2) == round(20 / 1.9, 2)
    assert drain.live_rows == 3
    assert 0.69 < drain.live_p99_seconds <= 0.7


def test_a_backlog_that_came_in_another_order_is_seen() -> None:
    drain = read_drain(stored([(10, 31.0), (12, 31.1), (11, 31.2), (13, 31.3), (32, 32.5)]), returned_us=30 * SECOND)
    assert drain.out_of_order == 0  # two streams could have brought these
    drain = read_drain(stored([(12, 31.0), (11, 31.1), (10, 31.2), (32, 32.5)]), returned_us=30 * SECOND)
    assert drain.out_of_order == 1
