"""Whatever a plant sends, an analytic answers or declines: it never breaks."""

import numpy as np
import pytest

from analytics.catalogue import get_analytic
from analytics.engine.evaluation import evaluate, evaluate_station
from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind
from tests.analytics.pv_inverter.plant import RATED, START_US, Plant, plant_values

NAMES = ("pv_performance", "pv_strings", "pv_soiling", "pv_degradation", "pv_clear_sky")
PLATE = RATED | {"latitude": 36.65, "longitude": 117.0, "altitude": 30.0, "tilt": 26.0, "azimuth": 180.0}


def spoiled(kind: str, values: dict[str, FloatArray], dice: np.random.Generator) -> dict[str, FloatArray]:
    steps = len(next(iter(values.values())))
    if kind == "nothing":
        return {name: np.full(steps, np.nan) for name in values}
    if kind == "zeros":
        return {name: np.zeros(steps) for name in values}
    if kind == "noise":
        return {name: 1000 * dice.standard_normal(steps) for name in load_kind("pv_inverter").numeric_signals}
    if kind == "gaps":
        return {name: np.where(dice.random(steps) < 0.4, np.nan, of) for name, of in values.items()}
    if kind == "constant":
        return {name: np.full(steps, 7.0) for name in values}
    return {name: of for name, of in values.items() if dice.random() < 0.6}


@pytest.mark.parametrize("kind", ["nothing", "zeros", "noise", "gaps", "constant", "few"])
@pytest.mark.parametrize("name", NAMES)
def test_bad_values_are_declined_or_judged(name: str, kind: str) -> None:
    analytic = get_analytic(name)
    step = analytic.spec.step_seconds
    days = {"pv_soiling": 60, "pv_degradation": 800, "pv_strings": 8}.get(name, 1)
    good = plant_values(Plant(), days=days, step_seconds=step)
    values = spoiled(kind, good, np.random.default_rng(len(name)))
    window = Window(kind="pv_inverter", start_us=START_US, step_seconds=step, values=values, rated=PLATE)
    for plate in (PLATE, dict.fromkeys(PLATE, 0.0), {}):
        outcome = evaluate(
            analytic,
            Window(kind=window.kind, start_us=window.start_us, step_seconds=step, values=values, rated=plate),
            analytic.spec.parameters(),
        )
        assert outcome.verdict != "failed", outcome.reason


@pytest.mark.parametrize("kind", ["nothing", "zeros", "noise", "gaps", "constant", "few"])
def test_a_station_of_bad_windows_does_not_break(kind: str) -> None:
    analytic = get_analytic("pv_work_list")
    values = spoiled(kind, plant_values(Plant()), np.random.default_rng(9))
    bad = Window(kind="pv_inverter", start_us=START_US, step_seconds=60, values=values, rated=PLATE)
    good = Window(kind="pv_inverter", start_us=START_US, step_seconds=60, values=plant_values(Plant()), rated=PLATE)
    outcomes = evaluate_station(analytic, {"bad": bad, "good": good}, analytic.spec.parameters())
    assert {one.verdict for one in outcomes.values()} == {"evaluated"}
