"""OEE, cycles and energy of the plain machine, whose day is known by how it was made."""

import json

import numpy as np
import pytest

from analytics.cnc_machine import cycle_times, energy, performance
from analytics.cnc_machine.parts import bad_share, parts_of, rises
from analytics.result import Figure, NotEvaluated, Result
from analytics.spec import NoParameters
from tests.analytics.cnc_machine.plain_machine import DAY_ROWS, Signals, machine, window


@pytest.fixture(scope="module")
def day() -> Signals:
    return machine(1.0)


def figures(result: Result) -> dict[str, Figure]:
    json.dumps(list(result.pictures), allow_nan=False)
    return {figure.name: figure for figure in result.figures}


def value(found: dict[str, Figure], name: str) -> float:
    number = found[name].value
    assert number is not None, found[name].reason
    return number


def test_availability_is_thirteen_rows_of_fifteen(day: Signals) -> None:
    # 260 s of execution in each cycle of 300 s; the first row counts nothing.
    found = figures(performance.evaluate(window(day), performance.Parameters()))
    assert value(found, "oee_availability") == pytest.approx(100 * 13 / 15, rel=2e-3)
    assert value(found, "oee_effectiveness") == pytest.approx(100.0)
    assert value(found, "parts_made") == 287
    assert found["oee"].validity == "doubtful"  # no ideal cycle time on the plate


def test_the_ideal_cycle_of_the_plate_makes_oee_valid(day: Signals) -> None:
    # Ideal 208 s of 260 s: effectiveness 80 %.
    found = figures(performance.evaluate(window(day, ideal_cycle_time=208.0), performance.Parameters()))
    assert value(found, "oee_effectiveness") == pytest.approx(80.0, rel=5e-3)
    share, _, parts = bad_share(window(day))
    assert value(found, "oee") == pytest.approx(100 * 208 * parts * (1 - share) / 86_400, rel=1e-9)
    assert found["oee"].validity == "valid"


def test_a_planned_shift_makes_a_shorter_day(day: Signals) -> None:
    found = figures(performance.evaluate(window(day), performance.Parameters(planned_hours_per_day=22.0)))
    assert value(found, "oee_availability") == pytest.approx(100 * 13 / 15 * 24 / 22, rel=2e-3)


def test_eighty_percent_of_feed_loses_a_fifth_of_the_cutting_time(day: Signals) -> None:
    slow = day | {"feed_override": np.full(DAY_ROWS, 80.0)}
    found = figures(performance.evaluate(window(slow), performance.Parameters()))
    assert value(found, "override_loss") == pytest.approx(0.2 * 24 * 8 / 15, rel=1e-3)  # eight rows of fifteen cut


def test_failures_are_counted_with_their_times(day: Signals) -> None:
    failed = {name: column.copy() for name, column in day.items()}
    for first in (1000, 3000):
        failed["execution"][first : first + 90] = 1.0
        failed["controller_condition"][first : first + 90] = 2.0
    found = figures(performance.evaluate(window(failed), performance.Parameters()))
    assert value(found, "time_to_restore") == pytest.approx(0.5, rel=0.05)
    assert value(found, "time_between_failures") == pytest.approx((4320 - 180) * 20 * 13 / 15 / 3600 / 2, rel=0.02)


def test_no_failure_is_good_news_and_no_number(day: Signals) -> None:
    found = figures(performance.evaluate(window(day), performance.Parameters()))
    assert found["time_between_failures"].value is None
    assert found["time_between_failures"].reason.startswith("no_degradation")


def test_a_day_without_parts_has_no_oee(day: Signals) -> None:
    with pytest.raises(NotEvaluated, match="not_running"):
        performance.evaluate(window(day | {"part_count_total": np.full(DAY_ROWS, 5000.0)}), performance.Parameters())


def test_oee_shows_states_losses_and_reasons(day: Signals) -> None:
    forms = [picture["form"] for picture in performance.evaluate(window(day), performance.Parameters()).pictures]
    assert forms == ["timeline", "waterfall", "bars"]


def test_cycle_and_gap_of_each_part(day: Signals) -> None:
    found = figures(cycle_times.evaluate(window(day), NoParameters()))
    assert value(found, "part_time") == pytest.approx(260.0)
    assert value(found, "part_gap") == pytest.approx(40.0)
    assert value(found, "part_time_spread") == pytest.approx(0.0, abs=1e-6)
    assert value(found, "parts_per_hour") == pytest.approx(3600 / 260)


def test_without_a_part_counter_the_spindle_tells_the_cycles(day: Signals) -> None:
    # One program all day: 288 cycles of 300 s, on a grid of 20 s.
    one = {name: column[:75] for name, column in day.items()}
    same = {name: np.tile(column, 20) for name, column in one.items()} | {"part_count_total": np.full(1500, np.nan)}
    found = figures(cycle_times.evaluate(window(same), NoParameters()))
    assert found["part_time"].value is None
    assert value(found, "power_period") == pytest.approx(300.0, abs=3.0)
    assert value(found, "power_cycles") == pytest.approx(100, abs=1)


def test_energy_for_each_part(day: Signals) -> None:
    found = figures(energy.evaluate(window(day), NoParameters()))
    kwh = float(day["energy_total"][-1] - day["energy_total"][0])
    assert value(found, "electricity") == pytest.approx(kwh)
    assert value(found, "energy_per_part") == pytest.approx(kwh / 287)
    assert value(found, "standing_power") == pytest.approx(2.0, abs=1e-9)
    assert value(found, "standing_energy_share") == pytest.approx(100 * 2 * 24 * 2 / 15 / kwh, rel=5e-3)


def test_energy_without_a_meter_is_the_sum_of_the_power(day: Signals) -> None:
    bare = {name: column for name, column in day.items() if name != "energy_total"}
    found = figures(energy.evaluate(window(bare), NoParameters()))
    assert value(found, "electricity") == pytest.approx(float(day["machine_power"].sum()) * 20 / 3600)


def test_a_machine_without_power_has_no_energy(day: Signals) -> None:
    dark = day | {"machine_power": np.zeros(DAY_ROWS), "energy_total": np.full(DAY_ROWS, 7.0)}
    with pytest.raises(NotEvaluated, match="not_running"):
        energy.evaluate(window(dark), NoParameters())


def test_counters_bridge_gaps_and_begin_anew() -> None:
    assert rises(np.array([np.nan, 5.0, np.nan, 7.0, 1.0, 2.0])).tolist() == [0.0, 0.0, 2.0, 0.0, 1.0]
    assert len(rises(np.empty(0))) == 0


def test_a_part_counter_that_is_reset_makes_no_part(day: Signals) -> None:
    total = day["part_count_total"].copy()
    total[2000:] -= total[2000]
    assert parts_of(window(day | {"part_count_total": total})).number.sum() == pytest.approx(287, abs=1)
