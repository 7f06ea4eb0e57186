"""Days to the limits of an engine's filters, oil and coolant; in the window that ends at midnight it last ran until 20 h."""

from collections.abc import Callable

import numpy as np
import pytest

from analytics.diesel_engine import health
from analytics.result import Figure
from analytics.window import FloatArray
from tests.analytics.diesel_engine.engine import Values, engine_window

STEP_SECONDS = 300.0
Change = Callable[[Values, FloatArray], None]


def days_of(values: Values) -> FloatArray:
    return np.asarray(np.arange(len(values["state"])) * STEP_SECONDS / 86_400, np.float64)


def scaled(signal: str, by: Callable[[FloatArray], FloatArray]) -> Change:
    def change(values: Values, _share: FloatArray) -> None:
        values[signal] = values[signal] * by(days_of(values))

    return change


def judged(days: float, change: Change | None = None, *, seed: int = 1) -> dict[str, Figure]:
    window = engine_window(days, step_seconds=STEP_SECONDS, change=change, seed=seed)
    return {figure.name: figure for figure in health.evaluate(window, health.Parameters()).figures}


def value(figure: Figure) -> float:
    assert figure.value is not None, figure.reason
    return figure.value


def test_a_fuel_filter_that_fills_is_given_its_days() -> None:
    figures = judged(14, scaled("fuel_filter_pressure_drop", lambda days: 1 + 0.15 * days))
    # 18 kPa · (1 + 0.15 t) = 100 kPa at t = 30.4, seen from the last evening, day 13.8
    left = figures["fuel_filter_days_left"]
    assert value(left) == pytest.approx(16.6, abs=1.5)
    assert left.uncertainty is not None
    assert abs(value(left) - 16.6) < left.uncertainty < 5
    assert value(figures["fuel_filter_days_left_early"]) < value(left)
    others = [figure for name, figure in figures.items() if not name.startswith("fuel_filter")]
    assert all(figure.reason == "no_degradation" for figure in others)


def test_oil_pressure_that_falls_is_given_its_days() -> None:
    figures = judged(14, scaled("lube_oil_pressure", lambda days: 1 - 0.015 * days))
    # Near 4.7 bar at high load: 4.7 · (1 - 0.015 t) = 2 bar at t = 38.3
    assert value(figures["lube_oil_days_left"]) == pytest.approx(24.5, abs=3)


def test_where_nothing_wears_there_is_no_number() -> None:
    assert not any(figure.value is not None for seed in range(20) for figure in judged(14, seed=seed).values())


def test_a_limit_that_is_far_gives_no_number() -> None:
    # 18 kPa · (1 + 0.04 t) = 100 kPa at t = 114, seen over 14 days
    figures = judged(14, scaled("fuel_filter_pressure_drop", lambda days: 1 + 0.04 * days))
    assert figures["fuel_filter_days_left"].value is None


def test_a_limit_that_is_passed_leaves_no_days_whether_it_worsens_or_not() -> None:
    def worn(values: Values, share: FloatArray) -> None:
        scaled("oil_filter_pressure_drop", lambda days: np.full(len(days), 4.0))(values, share)
        scaled("lube_oil_pressure", lambda days: np.full(len(days), 0.3))(values, share)
        scaled("fuel_filter_pressure_drop", lambda days: 6 + 0.3 * days)(values, share)
        scaled("coolant_level", lambda days: 0.6 - 0.01 * days)(values, share)

    figures = judged(14, worn)
    for item in ("oil_filter", "lube_oil", "fuel_filter", "coolant"):
        assert value(figures[f"{item}_days_left"]) == 0
        assert value(figures[f"{item}_days_left_early"]) == 0


def test_a_new_filter_begins_anew() -> None:
    # From day 7 on 18 kPa · (1 + 0.3 t) = 100 kPa at t = 15.2, seen from t = 6.8
    filled = scaled("fuel_filter_pressure_drop", lambda days: np.where(days < 7, 2 + 0.3 * days, 1 + 0.3 * (days - 7)))
    assert value(judged(14, filled)["fuel_filter_days_left"]) == pytest.approx(8.4, abs=1.2)
    just_changed = judged(9, filled)["fuel_filter_days_left"]
    assert "since the last maintenance" in just_changed.reason


def test_oil_that_is_changed_begins_anew() -> None:
    # 4.7 bar · (1 - 0.03 t) = 2 bar at t = 19, seen from t = 6.8
    changed = scaled("lube_oil_pressure", lambda days: np.where(days < 7, 0.8 - 0.03 * days, 1 - 0.03 * (days - 7)))
    assert value(judged(14, changed)["lube_oil_days_left"]) == pytest.approx(12.3, abs=2)


def test_what_is_not_measured_has_no_days() -> None:
    def lose(values: Values, _share: FloatArray) -> None:
        del values["coolant_level"]
        values["lube_oil_temperature"] = np.full_like(values["state"], np.nan)

    figures = judged(7, lose)
    assert figures["coolant_days_left"].reason == "missing_input: coolant_level"
    assert figures["lube_oil_days_left"].reason == "missing_input: load, oil"


def test_two_days_are_too_few() -> None:
    assert judged(2)["fuel_filter_days_left"].reason == "missing_input: 8 readings, 12 are needed"
