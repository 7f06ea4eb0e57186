"""Whatever a machine sends, no analytic breaks: it gives figures, or it declines and says why."""

import logging
import zlib

import numpy as np
import pytest

from analytics.catalogue import analytics_of
from analytics.engine.evaluation import Outcome, evaluate, evaluate_station, train
from analytics.result import NotEvaluated, Why
from analytics.spec import Spec
from analytics.window import Window
from benchmarks.simulated_plant import rated_of
from device_profiles.kind import kind_names, load_kind

CONSTANTS = (0.0, 1.0, -1.0, 1e30, -1e30, 3e38)
"""What broken devices and wrong scales send; the last is close to the largest that a float32 holds."""


def window(kind: str, spec: Spec, values: float | str, rated: dict[str, float]) -> Window:
    steps = max(round(spec.window.total_seconds() / spec.step_seconds), 1)
    dice = np.random.default_rng(zlib.crc32(spec.name.encode()))
    return Window(
        kind=kind,
        start_us=1_795_000_000_000_000,
        step_seconds=spec.step_seconds,
        values={
            name: (dice.normal(0, 1e3, steps) if isinstance(values, str) else np.full(steps, values)).astype(np.float32)
            for name in load_kind(kind).numeric_signals
        },
        rated=rated,
    )


@pytest.mark.filterwarnings("ignore")  # numbers beyond all measure overflow; what counts is what is said of them
@pytest.mark.parametrize("kind", kind_names())
@pytest.mark.parametrize("values", [*CONSTANTS, np.nan, "noise"])
def test_no_analytic_breaks_on_what_cannot_be(kind: str, values: float | str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    broken = []
    for rated in ({}, rated_of(kind), dict.fromkeys(rated_of(kind), 0.0), dict.fromkeys(rated_of(kind), -1.0)):
        for one in analytics_of(kind):
            given, parameters = window(kind, one.spec, values, rated), one.spec.parameters()
            outcome: Outcome
            if one.spec.scope == "station":
                outcome = evaluate_station(one, {"a": given, "b": given}, parameters)["a"]
            elif one.train is None:
                outcome = evaluate(one, given, parameters)
            else:
                model = train(one, given, parameters)
                if isinstance(model, NotEvaluated):
                    broken += [f"training of {one.spec.name}: {model}"] if model.why is Why.FAILED else []
                    continue
                outcome = evaluate(one, given, parameters, model)
            broken += [f"{one.spec.name}: {outcome.reason}"] if outcome.verdict == "failed" else []
    assert broken == []
