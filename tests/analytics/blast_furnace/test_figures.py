"""Figures of a day, of the balances and of the hearth on a plain furnace whose truth is known."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from analytics.blast_furnace import balance, hearth, performance
from analytics.result import Figure, NotEvaluated, Result
from analytics.window import FloatArray, Window

Furnace = Callable[..., Window]


def by_name(result: Result) -> dict[str, Figure]:
    return {figure.name: figure for figure in result.figures}


def value_of(figure: Figure) -> float:
    assert figure.value is not None, figure.reason
    return figure.value


def with_more(window: Window, rated: dict[str, float] | None = None, /, **more: npt.ArrayLike) -> Window:
    """Add level signals."""
    values = {name: np.broadcast_to(np.asarray(level, float), len(window)) for name, level in more.items()}
    return Window(
        kind=window.kind,
        start_us=window.start_us,
        step_seconds=window.step_seconds,
        values={**window.values, **values},
        rated=rated or {},
    )


@pytest.fixture
def day(furnace: Furnace) -> Window:
    """250 t/h of metal from 380 kg/t of coke and 42 t/h of coal; all gas as the blast's nitrogen asks."""
    window = furnace(days=1.0, step_seconds=60.0)
    hours = np.arange(len(window)) / 60
    return with_more(
        window,
        {"effective_volume": 2500.0, "daily_output": 6250.0},
        hot_metal_total=1e7 + 250 * hours,
        coke_total=4e6 + 95 * hours,
        coal_total=1e6 + 42 * hours,
        slag_total=3e6 + 75 * hours,
        trt_energy_total=8e8 + 11_000 * hours,
        bfg_flow=325_000 * 0.79 / np.mean(window["top_gas_n2"]) * 100,
        bfg_heating_value=3100.0,
        bfg_flare_flow=4700.0,
        stove_gas_flow_1=90_000.0,
        stove_gas_flow_2=90_000.0,
        stove_gas_flow_3=0.0,
        hot_blast_temperature=1110.0,
        cold_blast_temperature=213.0,
        hot_blast_pressure=0.415,
        top_pressure=225.0,
        oxygen_enrichment=2.9,
        bosh_gas_volume=7640.0,
        bosh_gas_index=77.5,
        gas_utilization=48.0,
        hot_metal_temperature=1500.0,
        hot_metal_si=0.46,
        ambient_oxygen=20.9,
        ambient_co_1=5.0,
        ambient_co_2=5.0,
        ambient_co_3=np.where((hours >= 10) & (hours < 11), 33.0, 2.0),
        ambient_co_4=1.0,
    )


def test_output_and_rates_of_a_day(day: Window) -> None:
    """250 t/h are 6000 t/d; counters of a day of minutes miss its last minute, 0.07 %."""
    found = by_name(performance.evaluate(day, performance.PerformanceParameters()))
    assert set(found) == {output.name for output in performance.SPEC.outputs}
    known = {
        "metal_output": 6000,
        "productivity": 2.4,
        "capacity_use": 96,
        "coke_rate": 380,
        "coal_rate": 168,
        "fuel_rate": 548,
        "slag_rate": 300,
        "turbine_yield": 44,
        "on_blast_share": 100,
    }
    for name, value in known.items():
        assert value_of(found[name]) == pytest.approx(value, rel=0.002), name


def test_monoxide_in_the_air_is_a_danger_and_the_rest_is_none(day: Window) -> None:
    found = by_name(performance.evaluate(day, performance.PerformanceParameters()))
    assert value_of(found["ambient_co_highest"]) == pytest.approx(33)
    assert [value_of(found[f"{name}_level"]) for name in ("ambient_co", "ambient_oxygen", "top_gas_h2")] == [2, 0, 0]


def test_hydrogen_that_rises_by_a_point_warns(day: Window) -> None:
    hydrogen = np.array(day["top_gas_h2"])
    hydrogen[-60:] += 1.2
    found = by_name(performance.evaluate(with_more(day, top_gas_h2=hydrogen), performance.PerformanceParameters()))
    assert value_of(found["top_gas_h2_level"]) == 2


def test_without_nameplate_and_meters_the_figures_say_so(furnace: Furnace) -> None:
    window = with_more(furnace(days=1.0), hot_metal_total=1e7 + np.arange(1440) * 4.0)
    found = by_name(performance.evaluate(window, performance.PerformanceParameters()))
    assert found["productivity"].reason == "no_nameplate: effective_volume"
    assert found["process_energy"].reason.startswith("missing_input")
    assert found["ambient_co_level"].value is None
    idle = by_name(performance.evaluate(with_more(window, hot_metal_total=1e7), performance.PerformanceParameters()))
    assert idle["coke_rate"].value is None


def test_a_furnace_that_closes_is_told_to_close(day: Window) -> None:
    """The plain furnace has no carbon of its own in coke and metal: only what its gas fixes is held against the truth."""
    found = by_name(balance.evaluate(day, balance.BalanceParameters(coal_oxygen_percent=0)))
    assert set(found) == {output.name for output in balance.SPEC.outputs}
    assert value_of(found["oxygen_closure"]) == pytest.approx(0, abs=0.5)
    assert value_of(found["nitrogen_closure"]) == pytest.approx(0, abs=0.5)
    assert value_of(found["analysis_sum"]) == pytest.approx(100, abs=0.05)
    assert value_of(found["direct_reduction"]) == pytest.approx(25, abs=0.4)
    assert value_of(found["hydrogen_used"]) == pytest.approx(40, abs=0.5)
    given, spent = value_of(found["heat_given"]), value_of(found["heat_reduction"])
    assert 8_000 < given < 13_000
    assert spent < given


def test_an_analyser_that_is_wrong_makes_its_closures_doubtful(day: Window) -> None:
    low = with_more(day, top_gas_co2=day["top_gas_co2"] - 3.5)
    found = by_name(balance.evaluate(low, balance.BalanceParameters(coal_oxygen_percent=0)))
    assert found["oxygen_closure"].validity == "doubtful"
    assert found["analysis_sum"].validity == "doubtful"
    assert found["nitrogen_closure"].validity == "valid"


def test_balances_ask_for_half_a_day_of_blast(day: Window) -> None:
    state = np.full(len(day), 2.0)
    state[: round(0.6 * len(day))] = 0
    with pytest.raises(NotEvaluated, match="not_running"):
        balance.evaluate(with_more(day, state=state), balance.BalanceParameters())


def wall(thickness_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Couples at 350 and 100 mm of a wall between 60 and 1150 °C."""
    inner, outer = (60 + 1090 * depth / thickness_mm for depth in (350, 100))
    return inner, outer


def test_a_wall_that_wears_10_mm_a_day_is_followed(furnace: Furnace) -> None:
    """1000 mm a week ago, 930 mm now; 500 mm are reached after another 43 days."""
    window = furnace(days=7.0, step_seconds=600.0)
    days = np.arange(len(window)) / 144
    dice = np.random.default_rng(5)
    inner, outer = wall(1000 - 10 * days)
    noisy = {
        "hearth_temperature_inner_2": inner + 0.5 * dice.normal(size=len(days)),
        "hearth_temperature_outer_2": outer + 0.4 * dice.normal(size=len(days)),
    }
    found = by_name(hearth.evaluate(with_more(window, None, **noisy), hearth.HearthParameters()))
    assert set(found) == {output.name for output in hearth.SPEC.outputs}
    # The newest thickness is the mean of the last day.
    assert value_of(found["lining_2"]) == pytest.approx(935, abs=3)
    assert value_of(found["lining_least"]) == value_of(found["lining_2"])
    assert value_of(found["wear_rate"]) == pytest.approx(10, abs=0.5)
    assert value_of(found["days_to_limit"]) == pytest.approx(43.5, abs=3)


def test_a_quiet_wall_foretells_no_end(furnace: Furnace) -> None:
    found = by_name(hearth.evaluate(furnace(days=7.0, step_seconds=600.0), hearth.HearthParameters()))
    assert abs(value_of(found["wear_rate"])) < 2
    assert found["days_to_limit"].value is None


def test_a_hearth_without_couples_is_not_evaluated(furnace: Furnace) -> None:
    window = furnace(days=7.0, step_seconds=600.0)
    bare = Window(kind=window.kind, start_us=0, step_seconds=600.0, values={"state": window["state"]})
    with pytest.raises(NotEvaluated, match="missing_input"):
        hearth.evaluate(bare, hearth.HearthParameters())
