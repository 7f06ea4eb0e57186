"""One analytic on one window: what it gives, or why it gives nothing. Whatever happens in it, the worker goes on."""

import json
import logging
import math
import time
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from analytics.catalogue import Analytic
from analytics.result import NotEvaluated, Result, Why
from analytics.window import Window
from device_profiles.kind import load_kind
from telemetry.settings import Settings

_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What became of one run."""

    result: Result
    """Empty where it was not evaluated."""
    verdict: Literal["evaluated", "not_evaluated", "failed"]
    reason: str
    seconds: float


def evaluate(analytic: Analytic, window: Window, parameters: Settings, model: Mapping[str, Any] | None = None) -> Outcome:
    """Run one analytic; a missing input, a missing model and a program that breaks are outcomes, not errors."""
    begun = time.perf_counter()
    try:
        require_inputs(analytic, window)
        if analytic.train is None:
            result = analytic.evaluate(window, parameters)
        elif model is None:
            raise NotEvaluated(Why.NOT_TRAINED)  # noqa: TRY301 - one way out for all
        else:
            result = analytic.evaluate(window, parameters, model)
        _hold_to_the_spec(analytic, result)
    except NotEvaluated as declined:
        return Outcome(Result(), "not_evaluated", str(declined), time.perf_counter() - begun)
    except Exception as error:  # noqa: BLE001 - whatever an analytic does, the others go on
        _log.exception("analytic %s broke on a window of %s from %s", analytic.spec.name, window.kind, window.start)
        return Outcome(Result(), "failed", f"{Why.FAILED}: {type(error).__name__}: {error}", time.perf_counter() - begun)
    return Outcome(result, "evaluated", "", time.perf_counter() - begun)


def evaluate_station(analytic: Analytic, windows: Mapping[str, Window], parameters: Settings) -> dict[str, Outcome]:
    """Run an analytic of a station, whose machines are told apart by name; what fails, fails for all of them."""
    begun = time.perf_counter()
    try:
        results: Mapping[str, Result] = analytic.evaluate(windows, parameters)
        for result in results.values():
            _hold_to_the_spec(analytic, result)
    except NotEvaluated as declined:
        outcome = Outcome(Result(), "not_evaluated", str(declined), time.perf_counter() - begun)
        return dict.fromkeys(windows, outcome)
    except Exception as error:  # noqa: BLE001 - as above
        _log.exception("analytic %s broke on a station of %d machines", analytic.spec.name, len(windows))
        outcome = Outcome(Result(), "failed", f"{Why.FAILED}: {type(error).__name__}: {error}", time.perf_counter() - begun)
        return dict.fromkeys(windows, outcome)
    seconds = (time.perf_counter() - begun) / len(windows)
    return {name: Outcome(results.get(name, Result()), "evaluated", "", seconds) for name in windows}


def train(analytic: Analytic, history: Window, parameters: Settings) -> Mapping[str, Any] | NotEvaluated:
    """Make a model of one machine's history, or say why there is none."""
    assert analytic.train is not None
    assert analytic.spec.training is not None
    try:
        require_inputs(analytic, history, at_least_share=analytic.spec.training.at_least_share)
        model: Mapping[str, Any] = analytic.train(history, parameters)
        json.dumps(model, allow_nan=False)  # what the registry cannot keep must not reach it
    except NotEvaluated as declined:
        return declined
    except Exception as error:  # noqa: BLE001 - whatever an analytic does, the others go on
        _log.exception("training of %s broke on a history of %s from %s", analytic.spec.name, history.kind, history.start)
        return NotEvaluated(Why.FAILED, f"{type(error).__name__}: {error}")
    return model


def _hold_to_the_spec(analytic: Analytic, result: Result) -> None:
    """Let nothing pass that the database would refuse: one broken analytic must not stop the others.

    Raises
    ------
    ValueError
        If a figure or a finding is not one of the spec's, or a number of it is none.
    """
    outputs = {output.name for output in analytic.spec.outputs}
    for figure in result.figures:
        if figure.name not in outputs:
            raise ValueError(f"{figure.name} is not a figure of the spec")
        if not all(math.isfinite(number) for number in (figure.value, figure.uncertainty) if number is not None):
            raise ValueError(f"{figure.name} is {figure.value} ± {figure.uncertainty}")
    faults = {fault.code for fault in analytic.spec.faults}
    for found in result.findings:
        if found.code not in faults:
            raise ValueError(f"{found.code} is not a fault of the spec")
        json.dumps([found.confidence, dict(found.effect), list(found.evidence)], allow_nan=False)
    json.dumps(list(result.pictures), allow_nan=False)


def require_inputs(analytic: Analytic, window: Window, *, at_least_share: float = 0.0) -> None:
    """Hold a window against the spec.

    Raises
    ------
    NotEvaluated
        If a required signal has no value in it, or values in less than a share of it.
    """
    kind = load_kind(window.kind)
    for signal, _, is_required in analytic.spec.inputs:
        if not is_required:
            continue
        for name in kind.members.get(signal, {signal: {}}):
            known = int(np.count_nonzero(~np.isnan(window[name])))
            if known <= at_least_share * len(window):
                share = f" ({100 * known / max(len(window), 1):.0f} %)" if known else ""
                raise NotEvaluated(Why.MISSING_INPUT, f"{name}{share}")
