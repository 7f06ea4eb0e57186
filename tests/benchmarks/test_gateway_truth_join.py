"""The judge of the end-to-end test is itself judged: it must see each kind of crime."""

from collections.abc import Mapping
from typing import Any

from benchmarks.gateway_truth_join import Row, Verdict, join

SECOND = 1_000_000
Line = tuple[int, str, Mapping[str, Any]]


def plant() -> tuple[list[Line], list[Row]]:
    """Five polls a second apart, each answered in two requests, all stored."""
    truth: list[Line] = []
    rows: list[Row] = []
    for n in range(1, 6):
        truth += [(n * SECOND + 3000, "b", {"steam_flow": 0.1 * n}), (n * SECOND + 9000, "b", {"fuel_total": 1000.5 + n})]
        rows.append((n * SECOND, {"steam_flow": 0.1 * n, "fuel_total": 1000.5 + n, "drum_level": None}))
    return truth, rows


def judge(truth: list[Line], rows: list[Row], *, kills_us: tuple[int, ...] = ()) -> Verdict:
    return join(truth, {"b": ("boiler", rows)}, gateway_kills_us=kills_us, window_us=SECOND // 2, stopped_us=100 * SECOND)


def test_a_faultless_plant_is_found_faultless() -> None:
    verdict = judge(*plant())
    assert (verdict.missing, verdict.double, verdict.wrong, verdict.values) == ([], [], [], 10)


def test_a_lost_row_is_missing_unless_a_kill_excuses_it() -> None:
    truth, rows = plant()
    del rows[2]
    assert len(judge(truth, rows).missing) == 2
    excused = judge(truth, rows, kills_us=(3 * SECOND + 200_000,))
    assert (excused.missing, excused.lost_in_window) == ([], 2)
    assert len(judge(truth, rows, kills_us=(4 * SECOND,)).missing) == 2  # older than the window


def test_a_row_stored_twice_is_double() -> None:
    truth, rows = plant()
    assert len(judge(truth, [*rows, rows[1]]).double) == 1


def test_a_value_of_another_poll_is_wrong() -> None:
    truth, rows = plant()
    rows[3] = (rows[3][0], {**rows[3][1], "steam_flow": rows[2][1]["steam_flow"]})
    assert len(judge(truth, rows).wrong) == 1


def test_a_value_stored_as_missing_is_wrong() -> None:
    truth, rows = plant()
    rows[3] = (rows[3][0], {**rows[3][1], "fuel_total": None})
    assert len(judge(truth, rows).wrong) == 1


def test_a_value_that_was_never_served_is_wrong() -> None:
    truth, rows = plant()
    rows[4] = (rows[4][0], {**rows[4][1], "drum_level": 3.0})
    assert len(judge(truth, rows).wrong) == 1


def test_a_row_of_the_past_repeated_at_a_new_time_is_seen() -> None:
    truth, rows = plant()
    rows.append((3 * SECOND + 500_000, rows[2][1]))
    assert judge(truth, rows).wrong != []


def test_a_machine_of_which_nothing_is_stored_is_missing() -> None:
    truth, rows = plant()
    assert judge([*truth, (SECOND, "other", {"steam_flow": 1.0})], rows).missing != []
