"""The kills of the gateway's bench are repeatable and of every kind, and a loss needs a gap."""

import random
from collections import Counter
from itertools import chain

from benchmarks.gateway_kills import PARTS, plan, unrecorded
from benchmarks.gateway_truth_join import Verdict


def test_a_seed_repeats_its_kills() -> None:
    assert list(plan(random.Random(5), kills=20)) == list(plan(random.Random(5), kills=20))
    assert list(plan(random.Random(5), kills=20)) != list(plan(random.Random(6), kills=20))


def test_a_plan_kills_so_many_of_every_part_and_some_at_once() -> None:
    kills = list(plan(random.Random(1), kills=200))
    parts = Counter(chain.from_iterable(kill.victims for kill in kills))
    assert parts.total() == 200
    assert all(parts[part] > 40 for part in PARTS)
    assert any(len(kill.victims) == 2 for kill in kills)


def test_a_loss_outside_of_every_gap_is_unrecorded() -> None:
    verdict = Verdict(lost_us=[1_000_000, 2_000_000, 9_990_000])
    assert unrecorded(verdict, [], [10_000_000]) == 2  # the last is a poll that the stop gave up
    assert unrecorded(verdict, [(1_500_000, 2_500_000)], [10_000_000]) == 1
    assert unrecorded(verdict, [(0, 1_100_000), (1_500_000, 2_000_000)], [10_000_000]) == 0
