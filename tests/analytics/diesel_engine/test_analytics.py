"""Performance, duty and health of a plain engine whose figures are known."""

import numpy as np
import pytest

from analytics.diesel_engine import duty, health, performance
from analytics.result import Figure, NotEvaluated, Result
from analytics.window import FloatArray, Window
from tests.analytics.diesel_engine.engine import WILLANS_KG_PER_H, WILLANS_KG_PER_KWH, Values, engine_window


def by_name(result: Result) -> dict[str, Figure]:
    return {figure.name: figure for figure in result.figures}


def value(figure: Figure) -> float:
    assert figure.value is not None, figure.reason
    return figure.value


@pytest.mark.parametrize("module", [performance, duty, health])
def test_figures_are_those_of_the_spec(module: object) -> None:
    window = engine_window(4)
    assert isinstance(module.SPEC.outputs, tuple)  # type: ignore[attr-defined]
    result = module.evaluate(window, module.SPEC.parameters())  # type: ignore[attr-defined]
    assert {figure.name for figure in result.figures} == {output.name for output in module.SPEC.outputs}  # type: ignore[attr-defined]
    assert not result.findings


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_the_willans_line_of_the_engine_is_found(step_seconds: float) -> None:
    figures = by_name(performance.evaluate(engine_window(1, step_seconds=step_seconds), performance.Parameters()))
    for name, truth in (("willans_intercept", WILLANS_KG_PER_H), ("willans_slope", 1000 * WILLANS_KG_PER_KWH)):
        figure = figures[name]
        assert figure.uncertainty is not None
        assert abs(value(figure) - truth) < 2 * figure.uncertainty
        assert figure.uncertainty < 0.05 * truth


def test_consumption_of_set_and_shaft_agree() -> None:
    window = engine_window(1)
    figures = by_name(performance.evaluate(window, performance.Parameters(generator_efficiency_percent=95)))
    running = window["state"] == 3
    truth = 1000 * window["fuel_rate"][running].sum() / window["active_power"][running].sum()
    assert value(figures["set_consumption"]) == pytest.approx(truth, rel=0.001)
    assert value(figures["brake_consumption"]) == pytest.approx(0.95 * truth, rel=0.001)
    # 3600 / (b · 42.7)
    assert value(figures["brake_efficiency"]) == pytest.approx(360_000 / 42.7 / (0.95 * truth), rel=0.001)
    # Near 20 °C and 101 kPa the correction is below a percent.
    assert value(figures["brake_consumption_corrected"]) == pytest.approx(0.95 * truth, rel=0.01)


def test_effective_pressure_needs_the_nameplate() -> None:
    window = engine_window(1)
    assert "no_nameplate" in by_name(performance.evaluate(window, performance.Parameters()))["mean_effective_pressure"].reason
    named = Window(
        kind=window.kind, start_us=window.start_us, step_seconds=60, values=window.values, rated={"displacement": 15.0}
    )
    running = window["state"] == 3
    # P · 2 / (V n) with P at the shaft, 94 % of which reach the terminals
    truth = 10 * window["active_power"][running].mean() / 0.94 / (15 * 25 / 2)
    found = by_name(performance.evaluate(named, performance.Parameters()))["mean_effective_pressure"]
    assert value(found) == pytest.approx(truth, rel=0.001)


def test_an_engine_at_rest_has_no_performance_but_a_duty() -> None:
    def stop(values: Values, _share: FloatArray) -> None:
        for name in ("state", "engine_speed", "active_power", "load_percent", "fuel_rate"):
            values[name] = np.zeros_like(values[name])

    window = engine_window(1, change=stop)
    with pytest.raises(NotEvaluated, match="not_running"):
        performance.evaluate(window, performance.Parameters())
    figures = by_name(duty.evaluate(window, duty.Parameters()))
    assert value(figures["running_hours"]) == 0
    assert "not_running" in figures["idle_share"].reason
    assert "not_running" in figures["transient_index"].reason
    with pytest.raises(NotEvaluated, match="not_running"):
        health.evaluate(window, health.Parameters())


def test_hours_by_mode_come_to_the_hours_at_work() -> None:
    figures = by_name(duty.evaluate(engine_window(2), duty.Parameters()))
    modes = [value(figure) for name, figure in figures.items() if name.startswith("hours_at_")]
    assert len(modes) == 5
    assert sum(modes) == pytest.approx(value(figures["running_hours"]), abs=0.1)
    assert value(figures["running_hours"]) == pytest.approx(28, abs=0.1)  # 6 to 20 on two days
    assert value(figures["starts"]) == 2
    assert value(figures["equivalent_hours"]) >= value(figures["running_hours"])


def test_a_duty_of_which_most_is_unknown_is_not_told() -> None:
    def lose(values: Values, _share: FloatArray) -> None:
        values["engine_speed"][: int(0.7 * len(values["engine_speed"]))] = np.nan

    with pytest.raises(NotEvaluated, match="30 %"):
        duty.evaluate(engine_window(1, change=lose), duty.Parameters())


def test_the_nameplates_speed_goes_first_and_one_that_cannot_be_is_refused() -> None:
    window = engine_window(1)

    def plated(rpm: float) -> Window:
        return Window(
            kind=window.kind, start_us=window.start_us, step_seconds=60, values=window.values, rated={"rated_speed": rpm}
        )

    # 1500 rpm are half of 3000: for such an engine that is cranking.
    assert value(by_name(duty.evaluate(plated(3000), duty.Parameters()))["running_hours"]) == 0
    with pytest.raises(NotEvaluated, match="bad_input"):
        duty.evaluate(plated(0), duty.Parameters())


def test_pressures_that_cannot_be_give_no_figures_that_need_them() -> None:
    def break_it(values: Values, _share: FloatArray) -> None:
        values["ambient_pressure"] = np.zeros_like(values["state"])

    window = engine_window(1, change=break_it)
    named = Window(kind=window.kind, start_us=window.start_us, step_seconds=60, values=window.values, rated={"displacement": 0.0})
    figures = by_name(performance.evaluate(named, performance.Parameters()))
    for name in ("brake_consumption_corrected", "cooler_effectiveness", "mean_effective_pressure"):
        assert figures[name].value is None
    assert value(figures["set_consumption"]) > 0
