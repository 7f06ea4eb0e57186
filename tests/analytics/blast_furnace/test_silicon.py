"""Silicon forecasts on casts whose law is known."""

from datetime import timedelta

import numpy as np
import pytest

from analytics.blast_furnace.silicon import casts_of, fit, forecast, score_of
from analytics.blast_furnace.silicon_forecast import SPEC, evaluate, train
from analytics.blast_furnace.taps import taps_of
from analytics.result import NotEvaluated
from analytics.spec import NoParameters
from analytics.window import Window

STEP, CAST = 60.0, 110


def window_of(heat: np.ndarray, *, noise: float = 0.05, seed: int = 0) -> Window:
    """Casts every 110 min: silicon and temperature both tell the hearth's heat, silicon with noise."""
    dice = np.random.default_rng(1000 + seed)
    silicon = 0.46 + heat + noise * dice.normal(size=len(heat))
    celsius = 1500 + 100 * heat + 3 * dice.normal(size=len(heat))
    n = len(heat) * CAST
    values = {
        "state": np.full(n, 2.0),
        "hot_metal_si": np.repeat(silicon, CAST),
        "hot_metal_temperature": np.repeat(celsius, CAST),
    }
    return Window(kind="blast_furnace", start_us=0, step_seconds=STEP, values=values)


def wandering(casts: int, seed: int) -> np.ndarray:
    """Heat as a first-order process: correlation 0.85 from cast to cast, deviation 0.08."""
    dice = np.random.default_rng(seed)
    heat = np.zeros(casts)
    for number in range(1, casts):
        heat[number] = 0.85 * heat[number - 1] + 0.08 * np.sqrt(1 - 0.85**2) * dice.normal()
    return heat


def test_casts_are_found_where_the_values_of_a_new_one_arrive() -> None:
    taps = taps_of(window_of(wandering(20, 1)))
    assert taps.steps.tolist() == list(range(CAST, 20 * CAST, CAST))


def test_values_that_arrive_one_after_another_are_one_cast() -> None:
    window = window_of(wandering(6, 1))
    celsius = np.roll(window["hot_metal_temperature"], 3)
    celsius[:3] = celsius[3]
    late = Window(kind="blast_furnace", start_us=0, step_seconds=STEP, values={**window.values, "hot_metal_temperature": celsius})
    assert taps_of(late).steps.tolist() == [CAST * number + 3 for number in range(1, 6)]


def test_the_ridge_beats_persistence_and_the_mean_on_a_wandering_hearth() -> None:
    """Noise 0.05 on both casts costs persistence a root mean square of 0.082; the best linear forecast reaches 0.068."""
    learned = casts_of(window_of(wandering(200, 2), seed=2))
    model = fit(learned)
    new = casts_of(window_of(wandering(400, 3), seed=3))
    ours, persistence = score_of(forecast(new, model), new), score_of(new.silicon_percent, new)
    assert ours is not None
    assert persistence is not None
    assert persistence.rmse == pytest.approx(0.082, abs=0.01)
    assert ours.rmse < 0.9 * persistence.rmse
    assert ours.hit_percent > persistence.hit_percent
    assert ours.direction_percent > 60


def test_the_interval_covers_19_of_20_casts() -> None:
    model = fit(casts_of(window_of(wandering(300, 4), seed=4)))
    new = casts_of(window_of(wandering(600, 5), seed=5))
    error = new.next_percent - forecast(new, model)
    covered = np.abs(error[~np.isnan(error)]) < 1.96 * model["deviation"]
    assert covered.mean() == pytest.approx(0.95, abs=0.03)


def test_the_analytic_foretells_and_shows_persistence_beside() -> None:
    history = window_of(wandering(120, 6), seed=6)
    model = train(history, NoParameters())
    recent = history.between(history.end_us - SPEC.window // timedelta(microseconds=1), history.end_us)
    figures = {figure.name: figure for figure in evaluate(recent, NoParameters(), model).figures}
    assert set(figures) == {output.name for output in SPEC.outputs}
    assert figures["next_silicon"].value == pytest.approx(0.46, abs=0.3)
    assert figures["next_silicon"].uncertainty == pytest.approx(1.96 * model["deviation"])
    assert figures["persistence_error"].value is not None


def test_too_few_casts_are_not_learned_and_not_foretold() -> None:
    with pytest.raises(NotEvaluated, match="not_trained"):
        fit(casts_of(window_of(wandering(20, 7))))
    model = fit(casts_of(window_of(wandering(100, 7))))
    with pytest.raises(NotEvaluated, match="missing_input"):
        evaluate(window_of(wandering(3, 7)), NoParameters(), model)
    with pytest.raises(NotEvaluated, match="missing_input"):
        evaluate(window_of(np.full(3, np.nan)), NoParameters(), model)
