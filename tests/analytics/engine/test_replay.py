"""A past run window by window: when a finding comes, goes on and is over."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from analytics.catalogue import Analytic
from analytics.engine.evaluation import evaluate, evaluate_station, train
from analytics.engine.replay import replay, train_all
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, NoParameters, Output, Spec, Training, label
from analytics.window import Window

HOUR_US = 3_600_000_000
NAME = label("试", "trial")
SPEC = Spec(
    name="trial",
    label=NAME,
    kinds=("boiler",),
    inputs=(Input("steam_flow", "t/h"),),
    window=timedelta(hours=2),
    cadence=timedelta(hours=1),
    outputs=(Output("mean", "t/h", NAME),),
    faults=(Fault("too_much", NAME, NAME, "low", "mean > 5"),),
    source="test",
    validity=NAME,
)


def above_five(window: Window, parameters: Any) -> Result:
    flow = window["steam_flow"]
    if np.isnan(flow).all():
        raise NotEvaluated(Why.NOT_RUNNING, "steam_flow")
    mean = float(np.nanmean(flow))
    found = [Found(code="too_much", since_us=window.start_us, confidence=0.8)] if mean > 5 else []
    return Result([Figure(name="mean", value=mean)], found)


def hourly(*levels: float) -> Window:
    """A boiler whose steam flow stands at a level for an hour each."""
    values = np.repeat(np.array(levels), 60)
    return Window(kind="boiler", start_us=0, step_seconds=60, values={"steam_flow": values})


def test_a_finding_goes_on_while_windows_show_it_and_while_there_is_nothing_to_evaluate() -> None:
    analytic = Analytic(SPEC, above_five, None)
    nothing = float("nan")
    done = replay([analytic], hourly(1, 1, 9, 9, nothing, nothing, nothing, 9, 1, 1, 1, 9, 9), {}, start_us=0)
    spans = [(one.first_us // HOUR_US, None if one.until_us is None else one.until_us // HOUR_US) for one in done.courses]
    # The mean of two hours passes 5 with the second hour of 9, and falls below it with the first hour of 1.
    assert spans == [(4, 9), (13, None)]
    assert done.courses[0].since_us == 2 * HOUR_US
    assert done.runs["trial"] == {"evaluated": 11, "not_evaluated": 2}
    assert done.reasons["trial"] == {"missing_input: steam_flow": 2}
    assert [one.code for one in done.standing_at(5 * HOUR_US)] == ["too_much"]
    assert done.standing_at(10 * HOUR_US) == []
    assert done.figures["trial", "mean"][0] == (1 * HOUR_US, Figure(name="mean", value=1.0))


def test_without_a_model_a_learner_is_not_evaluated_and_with_one_it_is() -> None:
    spec = Spec(**{name: getattr(SPEC, name) for name in Spec.__slots__} | {"training": Training(days=0.25)})
    analytic = Analytic(
        spec,
        lambda window, _, model: Result([Figure(name="mean", value=float(np.nanmean(window["steam_flow"]) - model["usual"]))]),
        lambda history, _: {"usual": float(np.nanmean(history["steam_flow"]))},
    )
    history = hourly(*[3.0] * 6, *[4.0] * 3)
    assert evaluate(analytic, history, NoParameters()).reason == "not_trained"
    models = train_all([analytic], history.between(0, 6 * HOUR_US))
    assert models == {"trial": {"usual": 3.0}}
    done = replay([analytic], history, models, start_us=6 * HOUR_US)
    assert [figure.value for _, figure in done.figures["trial", "mean"]] == [0.5, 1.0, 1.0]
    empty = hourly(*[float("nan")] * 5, 3.0)
    declined = train(analytic, empty, NoParameters())
    assert isinstance(declined, NotEvaluated)
    assert str(declined) == "missing_input: steam_flow (17 %)"


def test_a_program_that_breaks_is_an_outcome_and_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    def broken(window: Window, parameters: Any) -> Result:
        raise ZeroDivisionError("by nothing")

    outcome = evaluate(Analytic(SPEC, broken, None), hourly(1), NoParameters())
    assert (outcome.verdict, outcome.reason) == ("failed", "failed: ZeroDivisionError: by nothing")
    assert "analytic trial broke on a window of boiler" in caplog.text
    of_station = evaluate_station(Analytic(SPEC, broken, None), {"a": hourly(1), "b": hourly(1)}, NoParameters())
    assert {one.verdict for one in of_station.values()} == {"failed"}


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (Result([Figure(name="mean", value=float("nan"))]), "mean is nan"),
        (Result([Figure(name="mean", value=1.0, uncertainty=float("inf"))]), "mean is 1.0 ± inf"),
        (Result([Figure(name="median", value=1.0)]), "median is not a figure of the spec"),
        (Result((), [Found(code="too_little", since_us=0, confidence=1)]), "too_little is not a fault of the spec"),
        (Result((), [Found(code="too_much", since_us=0, confidence=float("nan"))]), "not JSON compliant"),
    ],
)
def test_what_the_database_would_refuse_is_a_failure_of_its_analytic_alone(result: Result, told: str) -> None:
    outcome = evaluate(Analytic(SPEC, lambda *_: result, None), hourly(1), NoParameters())
    assert outcome.verdict == "failed"
    assert told in outcome.reason
    assert outcome.result == Result()
    of_station = evaluate_station(Analytic(SPEC, lambda *_: {"a": result}, None), {"a": hourly(1)}, NoParameters())
    assert of_station["a"].verdict == "failed"


def test_a_model_that_cannot_be_kept_is_none() -> None:
    spec = Spec(**{name: getattr(SPEC, name) for name in Spec.__slots__} | {"training": Training(days=0.25)})
    declined = train(Analytic(spec, above_five, lambda *_: {"x": float("nan")}), hourly(1), NoParameters())
    assert isinstance(declined, NotEvaluated)
    assert declined.why == Why.FAILED


def test_windows_are_views_and_know_where_they_are() -> None:
    whole = hourly(1, 2, 3)
    part = whole.between(HOUR_US, 2 * HOUR_US)
    assert len(part) == 60
    assert (part.start_us, part.end_us, part.days) == (HOUR_US, 2 * HOUR_US, 1 / 24)
    assert np.shares_memory(part.values["steam_flow"], whole.values["steam_flow"])
    assert len(whole.between(-HOUR_US, 0)) == 0
    assert np.isnan(whole["fuel_flow"]).all()
    with pytest.raises(NotEvaluated, match="no_nameplate: rated_steam_flow"):
        whole.rating("rated_steam_flow")
