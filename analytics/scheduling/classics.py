"""Exact rules for one machine, and for two in a row; yardsticks of the general methods.

Beside them: earliest due date first is best for the greatest lateness, shortest first for the sum of ends, shortest by weight
first for the weighted sum; these are rules of `dispatching`.
"""

from collections.abc import Sequence
from heapq import heappop, heappush


def fewest_late(jobs: Sequence[tuple[int, int]]) -> list[int]:
    """Give the order on one machine in which the fewest jobs are late, those that are late at the end.

    Parameters
    ----------
    jobs : sequence of (minutes, due_minute)

    References
    ----------
    Moore 1968, Management Science 15:102 (with Hodgson's algorithm).
    """
    kept: list[tuple[int, int]] = []
    end = 0
    for number in sorted(range(len(jobs)), key=lambda one: jobs[one][1]):
        minutes, due = jobs[number]
        heappush(kept, (-minutes, number))
        end += minutes
        if end > due:
            end += heappop(kept)[0]  # the longest so far; it is late wherever it stands
    in_time = {number for _, number in kept}
    return sorted(range(len(jobs)), key=lambda one: (one not in in_time, jobs[one][1]))


def two_in_a_row(jobs: Sequence[tuple[int, int]]) -> list[int]:
    """Give the order of least makespan of jobs that all pass two machines, one after the other.

    Parameters
    ----------
    jobs : sequence of (minutes on the first machine, minutes on the second)

    References
    ----------
    Johnson 1954, Naval Research Logistics Quarterly 1:61.
    """
    early = [number for number, (first, second) in enumerate(jobs) if first < second]
    late = [number for number, (first, second) in enumerate(jobs) if first >= second]
    return sorted(early, key=lambda one: jobs[one][0]) + sorted(late, key=lambda one: -jobs[one][1])
