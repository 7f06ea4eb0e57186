"""Runs analytics over a past, window by window as the worker would have done; nothing is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from analytics.catalogue import Analytic
from analytics.engine.evaluation import Outcome, evaluate, train
from analytics.result import Figure, Found, NotEvaluated
from analytics.window import Window
from telemetry.settings import Settings


@dataclass(slots=True)
class Course:
    """One finding from its first window to its last."""

    analytic: str
    code: str
    part: str
    since_us: int
    """When it began, as far as its windows can tell."""
    first_us: int
    """End of the first window that showed it: when a person would have heard of it."""
    last_us: int
    newest: Found
    until_us: int | None = None
    """End of the first window that no longer showed it; None while it goes on."""


@dataclass(slots=True)
class Replay:
    """What one machine's past gave."""

    courses: list[Course] = field(default_factory=list)
    figures: dict[tuple[str, str], list[tuple[int, Figure]]] = field(default_factory=dict)
    """By analytic and figure: end of the window, and what it gave."""
    runs: dict[str, dict[str, int]] = field(default_factory=dict)
    """By analytic: how often each verdict."""
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    """By analytic: how often each reason for not evaluating."""
    seconds: dict[str, float] = field(default_factory=dict)

    def standing_at(self, at_us: int) -> list[Course]:
        """Give the findings that stood at an instant, the surest first."""
        found = [one for one in self.courses if one.first_us <= at_us and (one.until_us is None or one.until_us > at_us)]
        return sorted(found, key=lambda course: -course.newest.confidence)


def train_all(
    analytics: Sequence[Analytic],
    history: Window,
    *,
    parameters: Callable[[Analytic], Settings] = lambda one: one.spec.parameters(),
) -> dict[str, Mapping[str, Any]]:
    """Make a model for each analytic that needs one; those that cannot are left out, and are then not evaluated."""
    models = {one.spec.name: train(one, history, parameters(one)) for one in analytics if one.train is not None}
    return {name: model for name, model in models.items() if not isinstance(model, NotEvaluated)}


def replay(
    analytics: Sequence[Analytic],
    history: Window,
    models: Mapping[str, Mapping[str, Any]],
    *,
    start_us: int,
    parameters: Callable[[Analytic], Settings] = lambda one: one.spec.parameters(),
    cadence: timedelta | None = None,
) -> Replay:
    """Evaluate each analytic at its own cadence (or a common one) from ``start_us`` to the end of the history."""
    done = Replay()
    for one in analytics:
        every = (cadence or one.spec.cadence) // timedelta(microseconds=1)
        span = one.spec.window // timedelta(microseconds=1)
        standing: dict[tuple[str, str], Course] = {}
        counts, reasons = done.runs.setdefault(one.spec.name, {}), done.reasons.setdefault(one.spec.name, {})
        for end_us in range(start_us + every, history.end_us + 1, every):
            window = history.between(end_us - span, end_us)
            outcome = evaluate(one, window, parameters(one), models.get(one.spec.name))
            counts[outcome.verdict] = counts.get(outcome.verdict, 0) + 1
            if outcome.reason:
                reasons[outcome.reason] = reasons.get(outcome.reason, 0) + 1
            done.seconds[one.spec.name] = done.seconds.get(one.spec.name, 0.0) + outcome.seconds
            for figure in outcome.result.figures:
                done.figures.setdefault((one.spec.name, figure.name), []).append((end_us, figure))
            done.courses += follow(standing, one.spec.name, outcome, end_us)
    return done


def follow(standing: dict[tuple[str, str], Course], name: str, outcome: Outcome, end_us: int) -> list[Course]:
    """Bring the findings that stand up to one more window, and give those that are new.

    A finding goes on while evaluated windows show it, and while there is nothing to evaluate.
    """
    new: list[Course] = []
    seen = {(found.code, found.part): found for found in outcome.result.findings}
    for key, found in seen.items():
        if key in standing:
            course = standing[key]
            course.last_us, course.newest, course.since_us = end_us, found, min(course.since_us, found.since_us)
        else:
            standing[key] = Course(name, *key, found.since_us, end_us, end_us, found)
            new.append(standing[key])
    if outcome.verdict == "evaluated":
        for key in set(standing) - set(seen):
            standing.pop(key).until_us = end_us
    return new
