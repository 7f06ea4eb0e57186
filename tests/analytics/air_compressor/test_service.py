"""Days left of filter, separator and cooler: 2 kPa, 20 kPa and 45 % of the fan when new, limits 5, 60 and 100."""

from collections.abc import Callable

import numpy as np
import pytest

from analytics.air_compressor import service
from analytics.result import Figure, NotEvaluated
from analytics.window import FloatArray
from tests.analytics.air_compressor.conftest import Make

Values = dict[str, FloatArray]
STEP_SECONDS = 60.0


def days_of(values: Values) -> FloatArray:
    return np.asarray(np.arange(len(values["state"])) * STEP_SECONDS / 86_400, np.float64)


def scaled(signal: str, by: Callable[[FloatArray], FloatArray]) -> Callable[[Values], None]:
    def change(values: Values) -> None:
        values[signal] = values[signal] * by(days_of(values))

    return change


def judged(make: Make, days: float, change: Callable[[Values], object] = lambda _: None, *, seed: int = 1) -> dict[str, Figure]:
    window = make(days, step_seconds=STEP_SECONDS, change=change, seed=seed)
    return {figure.name: figure for figure in service.evaluate(window, service.ServiceParameters()).figures}


def value(figure: Figure) -> float:
    assert figure.value is not None, figure.reason
    return figure.value


def test_figures_are_those_of_the_spec(make: Make) -> None:
    figures = judged(make, 7)
    assert set(figures) == {output.name for output in service.SPEC.outputs}
    assert value(figures["service_hours_left_now"]) == pytest.approx(1000 - 7 * 24, abs=0.1)


def test_a_clogging_filter_has_its_days_counted(make: Make) -> None:
    # 2 kPa and 0.1 kPa more each day: after 14 days 3.4, and 16 days to 5 kPa
    figures = judged(make, 14, scaled("inlet_filter_pressure_drop", lambda days: 1 + 0.05 * days))
    left = figures["filter_days_left"]
    assert value(left) == pytest.approx(16.2, abs=1)
    assert left.uncertainty is not None
    assert abs(value(left) - 16.2) < left.uncertainty < 4
    assert figures["separator_days_left"].reason == "no_degradation"
    assert figures["cooler_days_left"].reason == "no_degradation"


def test_a_separator_that_clogs_ever_faster_is_due_earlier_than_its_straight_line(make: Make) -> None:
    # 20 kPa · (1 + t² / 800) is 60 kPa after 40 days
    figures = judged(make, 30, scaled("separator_pressure_drop", lambda days: 1 + days**2 / 800))
    assert value(figures["separator_days_left"]) == pytest.approx(10, abs=1.5)


def test_a_cooler_that_fouls_has_its_days_counted(make: Make) -> None:
    # 30 % · 90 kW in the busiest hours / (100 - 40) K are 45 % when clean; 45 % · (1 + 0.03 t) is 100 % after 40.7 days
    figures = judged(make, 30, scaled("fan_speed", lambda days: 1 + 0.03 * days))
    assert value(figures["fan_needed_when_hottest"]) == pytest.approx(45 * 1.88, rel=0.03)
    assert value(figures["cooler_days_left"]) == pytest.approx(10.7, abs=2)


def test_after_a_change_of_the_filter_days_are_counted_anew(make: Make) -> None:
    # Up to 4.1 kPa on day 21, then from 1.6 kPa on 0.1 kPa a day: 2.5 kPa on day 30
    changed = scaled("inlet_filter_pressure_drop", lambda days: np.where(days < 21, 1 + 0.05 * days, 0.8 + 0.05 * (days - 21)))
    assert value(judged(make, 30, changed)["filter_days_left"]) == pytest.approx(25, abs=2)
    just_changed = judged(make, 25, changed)["filter_days_left"]
    assert just_changed.reason.startswith("missing_input")
    assert "since the last maintenance" in just_changed.reason


def test_a_limit_that_is_passed_leaves_no_days_whether_it_worsens_or_not(make: Make) -> None:
    def worn(values: Values) -> None:
        scaled("inlet_filter_pressure_drop", lambda days: 2 + 0.05 * days)(values)
        scaled("separator_pressure_drop", lambda days: np.full(len(days), 3.5))(values)

    figures = judged(make, 14, worn)
    assert value(figures["filter_days_left"]) == 0
    assert value(figures["separator_days_left"]) == 0
    assert value(figures["separator_drop_at_full_flow"]) == pytest.approx(70, rel=0.02)


def test_a_limit_that_is_far_gives_no_number(make: Make) -> None:
    # 0.02 kPa a day: 136 days from 2.28 to 5 kPa, seen over 14
    figures = judged(make, 14, scaled("inlet_filter_pressure_drop", lambda days: 1 + 0.01 * days))
    assert figures["filter_days_left"].value is None


def test_what_strays_from_day_to_day_is_no_wear(make: Make) -> None:
    numbers = 0
    for seed in range(12):
        by_day = 1 + 0.04 * np.random.default_rng(seed).standard_normal((3, 31))

        def stray(values: Values, by_day: FloatArray = by_day) -> None:
            day = days_of(values).astype(int)
            for factors, signal in zip(
                by_day, ("inlet_filter_pressure_drop", "separator_pressure_drop", "fan_speed"), strict=True
            ):
                values[signal] = values[signal] * factors[day]

        figures = judged(make, 30, stray, seed=seed)
        numbers += sum(figures[f"{part}_days_left"].value is not None for part in ("filter", "separator", "cooler"))
    assert numbers == 0


def test_what_is_not_measured_or_hardly_known_says_so(make: Make) -> None:
    def few(values: Values) -> None:
        del values["inlet_filter_pressure_drop"], values["service_hours_left"]
        values["fan_speed"][days_of(values) < 11] = np.nan

    figures = judged(make, 14, few)
    for name in ("filter_drop_at_full_flow", "filter_days_left", "service_hours_left_now"):
        assert figures[name].reason.startswith("missing_input")
    assert figures["fan_needed_when_hottest"].value is not None
    assert figures["cooler_days_left"].reason == "missing_input: 6 readings, 12 are needed"
    with pytest.raises(NotEvaluated, match="not_running"):
        judged(make, 1, lambda values: values.update(state=np.zeros_like(values["state"])))
