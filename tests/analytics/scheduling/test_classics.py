import random
from itertools import permutations

import pytest

from analytics.scheduling.classics import fewest_late, two_in_a_row


@pytest.mark.parametrize("seed", range(8))
def test_no_order_has_fewer_late_jobs(seed: int) -> None:
    rng = random.Random(seed)
    jobs = [(rng.randint(1, 9), rng.randint(2, 25)) for _ in range(6)]

    def late(order: tuple[int, ...] | list[int]) -> int:
        end = count = 0
        for number in order:
            end += jobs[number][0]
            count += end > jobs[number][1]
        return count

    found = fewest_late(jobs)
    assert sorted(found) == list(range(6))
    assert late(found) == min(late(order) for order in permutations(range(6)))


def test_fewest_late_of_a_textbook_example() -> None:
    # Pinedo, Scheduling: Theory, Algorithms, and Systems, example 3.3.3: two jobs are late
    jobs = [(7, 9), (8, 17), (4, 18), (6, 19), (6, 21)]
    assert fewest_late(jobs) == [2, 3, 4, 0, 1]


@pytest.mark.parametrize("seed", range(8))
def test_no_order_on_two_machines_ends_earlier(seed: int) -> None:
    rng = random.Random(seed)
    jobs = [(rng.randint(1, 9), rng.randint(1, 9)) for _ in range(6)]

    def makespan(order: tuple[int, ...] | list[int]) -> int:
        first = second = 0
        for number in order:
            first += jobs[number][0]
            second = max(first, second) + jobs[number][1]
        return second

    assert makespan(two_in_a_row(jobs)) == min(makespan(order) for order in permutations(range(6)))


def test_no_jobs_have_an_empty_order() -> None:
    assert fewest_late([]) == []
    assert two_in_a_row([]) == []
