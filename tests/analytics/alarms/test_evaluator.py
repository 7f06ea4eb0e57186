"""The evaluator: each form worked by hand, and everything at once against the plain one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.alarms.changes import Changes
from analytics.alarms.evaluator import Evaluator
from analytics.alarms.rules import Rule
from telemetry.quality import Quality
from tests.analytics.alarms.plain_evaluator import PlainMachine, Told

NAMES = ("state", "drum_level", "steam_pressure", "feedwater_flow")
OFF, RUNNING = 0.0, 3.0
NONE = float("nan")
LEVEL = {"form": "limit", "signal": "drum_level", "side": "high", "value": 50, "deadband": 2}


def rule(name: str, when: dict[str, Any], *, on: float = 0, off: float = 0, **more: Any) -> Rule:
    text = {"zh": "文", "en": "text"}
    texts = {"title": text, "consequence": text, "action": text, "priority": "low"}
    delays = {"on_delay_seconds": on, "off_delay_seconds": off}
    return Rule.model_validate({"name": f"boiler.{name}", "kind": "boiler", "when": when, **texts, **delays, **more})


class Bench:
    """One boiler, told in seconds: ``say(3, level=51)``."""

    def __init__(self, *rules: Rule) -> None:
        self.evaluator = Evaluator({"boiler": rules})

    def say(self, at: float, *, bad: Sequence[str] = (), machine: int = 1, **values: float) -> list[Any]:
        level = {"drum_level": values.pop("level", NONE), "steam_pressure": values.pop("pressure", NONE)}
        row = [(values | level).get(name, NONE) for name in NAMES]
        quality = [Quality.BAD_SENSOR_FAILURE if name in bad else Quality.GOOD for name in NAMES]
        return seen(self.evaluator.take("boiler", [machine], [round(at * 1e6)], [row], [quality], NAMES))

    def tick(self, at: float) -> list[Any]:
        return seen(self.evaluator.tick(round(at * 1e6)))


def seen(changes: Changes) -> list[Any]:
    """Shorten what was told: ``("level", True, 5.0)`` became active at second 5."""
    told = [(c.rule.removeprefix("boiler."), c.is_active, c.time_us / 1e6) for c in changes.changes]
    suppressed = (
        (s.rule.removeprefix("boiler."), f"suppressed {s.is_suppressed}", s.time_us / 1e6) for s in changes.suppressions
    )
    return [*told, *suppressed]


def test_beyond_the_limit_is_above_it_and_back_is_within_by_the_deadband() -> None:
    bench = Bench(rule("level", LEVEL))
    assert bench.say(1, level=50) == []
    assert bench.say(2, level=50.1) == [("level", True, 2)]
    assert bench.say(3, level=48.1) == []
    assert bench.say(4, level=48) == [("level", False, 4)]


def test_a_low_limit_is_the_mirror_of_a_high_one() -> None:
    bench = Bench(rule("level", LEVEL | {"side": "low", "value": -50}))
    assert [bench.say(at, level=level) for at, level in enumerate([-50, -50.1, -48.1, -48])] == [
        [],
        [("level", True, 1)],
        [],
        [("level", False, 3)],
    ]


def test_a_change_names_value_and_limit() -> None:
    [change] = (
        Bench(rule("level", LEVEL | {"side": "low", "value": -50}))
        .evaluator.take("boiler", [7], [5], [[-51.5]], [[Quality.UNCERTAIN]], ["drum_level"])
        .changes
    )
    assert change == (7, "boiler.level", True, 5, -51.5, -50.0, False)


def test_the_on_delay_has_run_out_when_the_value_was_beyond_for_exactly_so_long() -> None:
    bench = Bench(rule("level", LEVEL, on=5))
    assert bench.say(10, level=51) == []
    assert bench.tick(14.999999) == []
    assert bench.tick(15) == [("level", True, 15)]


def test_the_time_of_a_change_is_when_the_delay_ran_out_even_if_the_next_row_notices_it_later() -> None:
    bench = Bench(rule("level", LEVEL, on=5, off=3))
    assert bench.say(10, level=51) == []
    assert bench.say(17, level=0) == [("level", True, 15)]
    assert bench.say(30, level=51) == [("level", False, 20)]


def test_coming_back_before_the_on_delay_starts_it_again() -> None:
    bench = Bench(rule("level", LEVEL, on=5))
    assert [bench.say(at, level=level) for at, level in ((0, 51), (4, 49), (6, 51), (10.9, 51))] == [[], [], [], []]
    assert bench.say(11, level=51) == [("level", True, 11)]


def test_going_beyond_again_before_the_off_delay_keeps_the_condition() -> None:
    bench = Bench(rule("level", LEVEL, off=5))
    assert bench.say(0, level=51) == [("level", True, 0)]
    assert [bench.say(at, level=level) for at, level in ((1, 0), (5, 49), (7, 0), (11.9, 0))] == [[], [], [], []]
    assert bench.tick(13) == [("level", False, 12)]


def test_bad_data_never_returns_a_condition_to_normal_nor_lets_a_delay_go_on() -> None:
    bench = Bench(rule("level", LEVEL, on=2, off=2))
    assert bench.say(0, level=51) == []
    assert bench.say(1, bad=["drum_level"]) == []
    assert bench.tick(9) == []
    assert bench.say(10, level=51) == []
    assert bench.say(12, level=51) == [("level", True, 12)]
    assert bench.say(13, level=0) == []
    assert bench.say(14, bad=["drum_level"], level=0) == []
    assert bench.tick(100) == []
    assert bench.say(101, level=0) == []
    assert bench.tick(103) == [("level", False, 103)]


def test_a_row_without_a_sample_of_the_signal_leaves_the_former_value_in_force() -> None:
    bench = Bench(rule("level", LEVEL, on=2))
    assert bench.say(0, level=51) == []
    assert bench.say(1, pressure=1) == []
    assert bench.say(2, pressure=1) == [("level", True, 2)]


@pytest.mark.parametrize("number", [np.inf, -np.inf])
def test_an_infinite_number_is_bad_data(number: float) -> None:
    bench = Bench(rule("level", LEVEL), rule("bad", {"form": "bad_quality", "signals": ["drum_level"]}))
    assert bench.say(0, level=number) == [("bad", True, 0)]


def test_a_signal_that_swings_faster_than_allowed_is_active_while_it_does() -> None:
    swing = {"form": "rate_of_change", "signal": "drum_level", "side": "rising", "value": 10, "per_seconds": 8}
    bench = Bench(rule("swing", swing))
    levels = [0, 0, 0, 0, 0, 0, 0, 0, 10, 10.5, 11, 11, 11, 11, 11, 11, 11, 11]
    told = [said for at, level in enumerate(levels) for said in bench.say(at, level=level)]
    # Second 9: 10.5 against 0 of second 1. Second 16: 11 against 10 of second 8.
    assert told == [("swing", True, 9), ("swing", False, 16)]


def test_a_change_over_a_gap_is_scaled_to_the_window() -> None:
    swing = {"form": "rate_of_change", "signal": "drum_level", "value": 10, "per_seconds": 8}
    bench = Bench(rule("swing", swing))
    bench.say(0, level=0)
    assert bench.say(16, level=-20) == []  # 10 in 8 seconds
    assert bench.say(32, level=1) == [("swing", True, 32)]  # 10.5 in 8 seconds


def test_a_deviation_counts_both_ways_and_needs_both_signals() -> None:
    bench = Bench(rule("twins", {"form": "deviation", "signal": "drum_level", "against": "steam_pressure", "value": 5}))
    assert bench.say(0, level=9) == []
    assert bench.say(1, pressure=3) == [("twins", True, 1)]
    assert bench.say(2, bad=["steam_pressure"], level=3) == []
    assert bench.say(3, pressure=8) == [("twins", False, 3)]
    assert bench.say(4, pressure=8.1) == [("twins", True, 4)]


def test_a_deviation_from_a_number_names_the_distance() -> None:
    bench = Bench(rule("off", {"form": "deviation", "signal": "drum_level", "against": -1.5, "value": 5}))
    [change] = bench.evaluator.take("boiler", [1], [0], [[-10]], [[0]], ["drum_level"]).changes
    assert (change.value, change.limit) == (8.5, 5)


def test_bad_quality_is_seen_after_its_delay_and_names_the_worst_code() -> None:
    evaluator = Bench(rule("bad", {"form": "bad_quality", "signals": ["drum_level", "steam_pressure"]}, on=3)).evaluator
    columns = ["drum_level", "steam_pressure", "feedwater_flow"]
    for at in range(3):
        row = [[Quality.BAD_NOT_CONNECTED, Quality.BAD_DEVICE_FAILURE, Quality.BAD_NOT_AVAILABLE]]
        assert not evaluator.take("boiler", [1], [at * 1_000_000], [[1, NONE, 1]], row, columns)
    [change] = evaluator.tick(3_000_000).changes
    assert (change.time_us, change.value, change.limit) == (3_000_000, Quality.BAD_DEVICE_FAILURE, None)


def test_nan_with_an_uncertain_quality_is_bad_and_with_a_good_one_no_sample() -> None:
    evaluator = Bench(rule("bad", {"form": "bad_quality"})).evaluator
    assert not evaluator.take("boiler", [1], [0], [[NONE]], [[Quality.GOOD]], ["drum_level"])
    assert evaluator.take("boiler", [1], [1], [[NONE]], [[Quality.UNCERTAIN]], ["drum_level"])


def test_a_state_is_an_alarm_while_the_machine_is_in_it() -> None:
    bench = Bench(rule("off", {"form": "state", "signal": "state", "states": ["off", "tripped"]}))
    assert bench.say(0, state=RUNNING) == []
    assert bench.say(1, state=4) == [("off", True, 1)]
    assert bench.say(2, state=OFF) == []
    assert bench.say(3, bad=["state"]) == []
    assert bench.say(4, state=RUNNING) == [("off", False, 4)]


def test_a_silent_machine_is_stale_from_its_last_row_on_and_comes_back_with_the_next() -> None:
    bench = Bench(rule("stale", {"form": "stale", "after_seconds": 60}, off=5))
    bench.say(0, level=1)
    bench.say(10, level=1)
    assert bench.tick(69.999999) == []
    assert bench.tick(75) == [("stale", True, 70)]
    assert bench.tick(500) == []
    assert bench.say(500, level=1) == []
    assert bench.say(503, level=1) == []
    assert bench.tick(505) == [("stale", False, 505)]
    assert bench.tick(600) == [("stale", True, 563)]


def test_a_machine_that_was_switched_off_may_be_silent() -> None:
    bench = Bench(rule("stale", {"form": "stale", "after_seconds": 60}, applies_in=["running"]))
    bench.say(0, state=OFF)
    assert bench.tick(1000) == []
    bench.say(1001, state=RUNNING)
    assert bench.tick(1100) == [("stale", True, 1061)]


def test_outside_the_states_it_applies_in_a_condition_is_normal() -> None:
    bench = Bench(rule("level", LEVEL, off=2, applies_in=["running"]))
    assert bench.say(0, state=OFF, level=51) == []
    assert bench.say(1, state=RUNNING) == [("level", True, 1)]
    assert bench.say(2, bad=["state"]) == []
    assert bench.say(3, state=OFF) == []
    assert bench.tick(5) == [("level", False, 5)]


def test_a_machine_that_never_told_its_state_is_taken_to_be_in_all_of_them() -> None:
    assert Bench(rule("level", LEVEL, applies_in=["running"])).say(0, level=51) == [("level", True, 0)]


def test_the_inner_limit_is_suppressed_while_the_outer_one_is_active() -> None:
    inner = rule("high", LEVEL, suppressed_by=[{"rule": "boiler.high_high"}])
    bench = Bench(inner, rule("high_high", LEVEL | {"side": "high_high", "value": 75}, on=5))
    assert bench.say(0, level=80) == [("high", True, 0)]
    assert bench.tick(6) == [("high_high", True, 5), ("high", "suppressed True", 5)]
    assert bench.say(7, level=70) == [("high_high", False, 7), ("high", "suppressed False", 7)]
    assert bench.say(8, level=0) == [("high", False, 8)]


def test_a_condition_that_comes_up_while_it_is_expected_comes_up_suppressed() -> None:
    bench = Bench(rule("level", LEVEL, suppressed_by=[{"signal": "state", "states": ["igniting", "purging"]}]))
    [change] = bench.evaluator.take("boiler", [1], [0], [[1, 51]], [[0, 0]], ["state", "drum_level"]).changes
    assert change.is_active
    assert change.is_suppressed
    assert bench.say(1, state=2) == []
    assert bench.say(2, state=RUNNING) == [("level", "suppressed False", 2)]
    assert bench.say(3, state=1) == [("level", "suppressed True", 3)]
    assert bench.say(4, state=1, level=0) == [("level", False, 4)]
    assert bench.say(5, state=RUNNING) == []


def test_a_row_older_than_the_newest_raises_nothing() -> None:
    bench = Bench(rule("level", LEVEL))
    bench.say(10, level=0)
    assert bench.say(9, level=99) == []
    assert bench.say(10, level=99) == [("level", True, 10)]


def test_a_row_that_comes_in_after_a_tick_cannot_undo_what_was_told_for_a_later_time() -> None:
    bench = Bench(rule("level", LEVEL, on=5))
    bench.say(0, level=51)
    assert bench.tick(6) == [("level", True, 5)]
    assert bench.say(4, level=0) == [("level", False, 5)]


def test_rows_of_one_call_count_in_the_order_of_their_time_whatever_their_order() -> None:
    evaluator = Bench(rule("level", LEVEL)).evaluator
    rows = [(1, 4, 0), (2, 3, 60), (1, 2, 60), (1, 3, 60), (1, 1, 0), (1, 5, 60)]
    ids, times, levels = zip(*rows, strict=True)
    told = evaluator.take("boiler", ids, times, [[level] for level in levels], np.zeros((6, 1)), ["drum_level"])
    assert [(c.equipment_id, c.time_us, c.is_active) for c in told.changes] == [
        (1, 2, True),
        (2, 3, True),
        (1, 4, False),
        (1, 5, True),
    ]


def test_a_rule_for_named_machines_leaves_the_others_alone() -> None:
    bench = Bench(rule("level", LEVEL, equipment=["plant-a/boiler-2"]))
    assert bench.say(0, level=60, machine=2) == []
    bench.evaluator.name_machines({1: "plant-a/boiler-1", 2: "plant-a/boiler-2"})
    assert bench.say(1, level=60, machine=1) == []
    assert bench.say(1, level=60, machine=2) == [("level", True, 1)]
    bench.evaluator.name_machines({2: "plant-a/boiler-3"})
    assert bench.say(2, level=60, machine=2) == [("level", False, 2)]


def test_a_disabled_rule_and_a_kind_without_rules_say_nothing() -> None:
    bench = Bench(rule("level", LEVEL, enabled=False))
    assert bench.say(0, level=60) == []
    assert not bench.evaluator.take("motor", [1], [0], [[1]], [[0]], ["state"])


def test_rows_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match=r"do not fit together: \(2,\) ids, \(1,\) times"):
        Bench().evaluator.take("boiler", [1, 2], [1], [[1]], [[1]], ["drum_level"])


def test_delays_and_last_values_survive_a_restart() -> None:
    swing = {"form": "rate_of_change", "signal": "drum_level", "value": 10, "per_seconds": 8}
    rules = [
        rule("level", LEVEL, on=5, off=5),
        rule("swing", swing),
        rule("silent", {"form": "stale", "after_seconds": 60}),
        rule("low", LEVEL | {"side": "low", "value": 0}, suppressed_by=[{"signal": "state", "states": ["off"]}]),
    ]
    bench, later = Bench(*rules), Bench(*rules[::-1])
    assert bench.say(0, level=-5, state=OFF, machine=2) == [("low", True, 0)]
    bench.say(1, level=51)
    assert later.evaluator.restore(bench.evaluator.snapshot(), 5_000_000) == ([], [])
    assert later.say(5.5, pressure=1) == []
    assert later.tick(6) == [("level", True, 6)]
    assert later.say(9, level=40) == [("swing", True, 9)]
    assert later.say(9, state=RUNNING, machine=2) == [("low", "suppressed False", 9)]
    assert later.tick(70) == [("level", False, 14), ("silent", True, 69), ("silent", True, 69)]


@pytest.mark.parametrize("damage", [b"", b"nothing", bytes(1000)])
def test_what_is_no_snapshot_is_refused_and_changes_nothing(damage: bytes) -> None:
    bench = Bench(rule("level", LEVEL))
    bench.say(0, level=60)
    with pytest.raises(ValueError, match="not a snapshot of alarm conditions"):
        bench.evaluator.restore(damage, 0)
    assert bench.say(1, level=0) == [("level", False, 1)]


def test_new_rules_keep_the_conditions_and_the_running_delays_of_those_that_stay() -> None:
    slow = rule("slow", LEVEL, on=10)
    bench = Bench(rule("level", LEVEL), slow, rule("gone", LEVEL))
    bench.say(0, level=60)
    told = bench.evaluator.replace_rules({"boiler": [rule("level", LEVEL | {"value": 80}), slow]}, 5_000_000)
    assert seen(told) == [("gone", False, 5)]
    assert bench.tick(9.9) == []
    assert bench.say(10, level=60) == [("slow", True, 10), ("level", False, 10)]
    assert seen(bench.evaluator.replace_rules({}, 11_000_000)) == [("slow", False, 11)]


RULES = [
    rule("high", LEVEL | {"value": 1}, on=2, off=1, suppressed_by=[{"rule": "boiler.high_high"}]),
    rule("high_high", LEVEL | {"value": 2, "deadband": 1}, on=3, suppressed_by=[{"signal": "state", "states": ["off"]}]),
    rule("low", LEVEL | {"side": "low", "value": -1, "deadband": 0}, off=4, applies_in=["running"]),
    rule("twins", {"form": "deviation", "signal": "drum_level", "against": "steam_pressure", "value": 2, "deadband": 1}, on=1),
    rule("swing", {"form": "rate_of_change", "signal": "drum_level", "value": 1, "per_seconds": 4, "side": "falling"}, off=1),
    rule("bad", {"form": "bad_quality", "signals": ["drum_level", "state"]}, on=2, suppressed_by=[{"rule": "boiler.silent"}]),
    rule("silent", {"form": "stale", "after_seconds": 5}, off=3, on=1, applies_in=["running", "purging"]),
    rule(
        "resting",
        {"form": "state", "signal": "state", "states": ["off"]},
        on=1,
        off=1,
        suppressed_by=[{"rule": "boiler.high"}, {"rule": "boiler.low"}, {"rule": "boiler.bad"}],
    ),
]

samples = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from([OFF, 1.0, RUNNING, None]),
        "drum_level": st.sampled_from([-2.0, -1.0, -0.5, 0.0, 1.0, 1.5, 2.5, 4.0, None]),
        "steam_pressure": st.sampled_from([0.0, 1.0, 3.0, None]),
    },
)
rows = st.tuples(st.integers(1, 3), st.integers(0, 8), samples)
calls = st.lists(st.lists(rows, min_size=1, max_size=8) | st.integers(0, 8), min_size=1, max_size=12)


@settings(max_examples=300, deadline=None)
@given(calls)
def test_all_machines_at_once_change_as_each_does_alone(
    calls: list[list[tuple[int, int, dict[str, float | None]]] | int],
) -> None:
    evaluator = Evaluator({"boiler": RULES})
    plain: dict[int, PlainMachine] = {}
    start = 0
    for turn, call in enumerate(calls):
        if isinstance(call, int):
            told = evaluator.tick((start + call) * 500_000)
            for machine in plain.values():
                machine.advance((start + call) * 500_000)
        else:
            values = [[NONE if (v := sample.get(name, NONE)) is None else v for name in NAMES] for _, _, sample in call]
            quality = [[128 if sample.get(name, NONE) is None else 0 for name in NAMES] for _, _, sample in call]
            times = [(start + at) * 500_000 for _, at, _ in call]
            told = evaluator.take("boiler", [number for number, _, _ in call], times, values, quality, NAMES)
            for number, at, sample in sorted(call, key=lambda row: row[1]):
                plain.setdefault(number, PlainMachine(number, RULES)).row((start + at) * 500_000, sample)
        expected = [one for machine in plain.values() for one in machine.told]
        assert sorted(all_told(told)) == sorted(expected)
        assert [c.time_us for c in told.changes] == sorted(c.time_us for c in told.changes)
        for machine in plain.values():
            machine.told.clear()
        start += 4
        if turn % 3 == 2:  # a restart on the way makes no difference
            snapshot = evaluator.snapshot()
            evaluator = Evaluator({"boiler": RULES})
            assert evaluator.restore(snapshot, 0) == ([], [])


def all_told(told: Changes) -> list[Told]:
    changes: list[Told] = [("change", c.equipment_id, c.rule, c.is_active, c.time_us) for c in told.changes]
    return changes + [("suppression", s.equipment_id, s.rule, s.is_suppressed, s.time_us) for s in told.suppressions]
