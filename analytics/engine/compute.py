"""Does a task: reads its windows, evaluates, and makes of the results what is written. The same on any engine."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from analytics import evidence
from analytics.catalogue import Analytic, get_analytic
from analytics.engine.evaluation import Outcome, evaluate, evaluate_station, train
from analytics.engine.reading import read_windows
from analytics.engine.replay import Course, follow
from analytics.engine.settings import parameters_of
from analytics.engine.task import Computed, Machine, Task, Trained, TrainingTask, instant
from analytics.result import NotEvaluated
from analytics.spec import Spec
from analytics.window import Window
from device_profiles.kind import Label
from store.database import Database
from store.models import models
from store.pictures import Pictures
from store.results import Finding, Kpi, Run
from telemetry.settings import Settings

_FORMULA = Label(zh="判据", en="Criterion")


def compute(task: Task, database: Database) -> Computed:
    """Evaluate all windows of a task.

    Raises
    ------
    DatabaseError
        If the windows cannot be read.
    """
    done = Computed(windows=task.windows)
    analytics = sorted((get_analytic(name) for name in task.ends_us), key=_reading_of)
    for (step_seconds, span), group in groupby(analytics, key=_reading_of):
        together = list(group)
        ends = [end for one in together for end in task.ends_us[one.spec.name]]
        windows = read_windows(
            database,
            task.kind,
            task.machines,
            together,
            start=instant(min(ends)) - span,
            end=instant(max(ends)),
            step_seconds=step_seconds,
        )
        for one in together:
            parameters = parameters_of(one, {name: dict(given) for name, given in task.parameters.items()})
            ends_us = task.ends_us[one.spec.name]
            outcomes = (
                _of_station(one, task.machines, windows, ends_us, parameters)
                if one.spec.scope == "station"
                else _of_machines(one, task.machines, windows, ends_us, parameters, _models(task, one, database))
            )
            for machine, of_ends in outcomes.items():
                _take(done, one.spec, machine, ends_us, of_ends, is_newest=task.is_newest)
    return done


def compute_training(task: TrainingTask, database: Database) -> list[Trained]:
    """Make the models of a task."""
    done: list[Trained] = []
    analytics = sorted((get_analytic(name) for name in task.analytics), key=lambda one: one.spec.step_seconds)
    for step_seconds, group in groupby(analytics, key=lambda one: one.spec.step_seconds):
        together = list(group)
        windows = read_windows(
            database, task.kind, task.machines, together, start=task.start, end=task.end, step_seconds=step_seconds
        )
        for one in together:
            parameters = parameters_of(one, {name: dict(given) for name, given in task.parameters.items()})
            for machine in task.machines:
                made = train(one, windows[machine.id], parameters)
                model, reason = (None, str(made)) if isinstance(made, NotEvaluated) else (made, "")
                done.append(Trained(one.spec.name, machine, task.start, task.end, model, reason))
    return done


def _reading_of(analytic: Analytic) -> tuple[float, timedelta]:
    """Analytics that read alike are read for together."""
    return analytic.spec.step_seconds, analytic.spec.window


def _models(task: Task, one: Analytic, database: Database) -> dict[int, Mapping[str, Any]]:
    if one.train is None:
        return {}
    found = task.models
    if found is None:
        ids = [machine.id for machine in task.machines]
        found = tuple(models(database, roles=["champion"], equipment_ids=ids, analytics=[one.spec.name]))
    return {model.equipment_id: model.model for model in found if model.analytic == one.spec.name}


def _of_machines(  # noqa: PLR0917 - one caller, which hands on what it has
    one: Analytic,
    machines: Sequence[Machine],
    windows: Mapping[int, Window],
    ends_us: Sequence[int],
    parameters: Settings,
    models: Mapping[int, Mapping[str, Any]],
) -> dict[Machine, list[Outcome]]:
    span_us = one.spec.window // timedelta(microseconds=1)
    return {
        machine: [
            evaluate(
                one,
                windows[machine.id].between(end - span_us, end),
                parameters,
                models.get(machine.id),
            )
            for end in ends_us
        ]
        for machine in machines
    }


def _of_station(
    one: Analytic,
    machines: Sequence[Machine],
    windows: Mapping[int, Window],
    ends_us: Sequence[int],
    parameters: Settings,
) -> dict[Machine, list[Outcome]]:
    span_us = one.spec.window // timedelta(microseconds=1)
    found: dict[Machine, list[Outcome]] = {machine: [] for machine in machines}
    for end in ends_us:
        cut = {machine.name: windows[machine.id].between(end - span_us, end) for machine in machines}
        outcomes = evaluate_station(one, cut, parameters)
        for machine in machines:
            found[machine].append(outcomes[machine.name])
    return found


def _take(
    done: Computed, spec: Spec, machine: Machine, ends_us: Sequence[int], outcomes: Sequence[Outcome], *, is_newest: bool
) -> None:
    """Make rows of one analytic's outcomes on one machine."""
    standing: dict[tuple[str, str], Course] = {}
    courses: list[Course] = []
    for end_us, outcome in zip(ends_us, outcomes, strict=True):
        start, end = instant(end_us) - spec.window, instant(end_us)
        done.runs.append(
            Run(
                analytic=spec.name,
                equipment_id=machine.id,
                start=start,
                end=end,
                result=outcome.verdict,
                detail=outcome.reason,
                seconds=outcome.seconds,
            )
        )
        done.kpis.extend(_kpis(spec, machine, outcome, start=start, end=end))
        courses += follow(standing, spec.name, outcome, end_us)
    if outcomes and outcomes[-1].result.pictures:
        end = instant(ends_us[-1])
        done.pictures.append(Pictures(machine.id, spec.name, end - spec.window, end, outcomes[-1].result.pictures))
    if is_newest and outcomes and outcomes[-1].verdict == "evaluated":
        done.ran.append((machine.id, spec.name, instant(ends_us[-1])))
    for course in courses:
        ended_us = course.until_us if course.until_us is not None or is_newest else course.last_us
        done.findings.append(_finding(spec, machine, course, ended_us))


def _kpis(spec: Spec, machine: Machine, outcome: Outcome, *, start: datetime, end: datetime) -> Iterable[Kpi]:
    """Give a row for each output; what was not evaluated says so, too."""
    figures = {figure.name: figure for figure in outcome.result.figures}
    for output in spec.outputs:
        figure = figures.get(output.name)
        if figure is None and outcome.verdict == "evaluated":
            continue  # an output that this machine does not have
        value = None if figure is None else figure.value
        yield Kpi(
            equipment_id=machine.id,
            name=output.name,
            start=start,
            end=end,
            value=value,
            unit=output.unit,
            uncertainty=None if figure is None else figure.uncertainty,
            validity="not_evaluated" if figure is None or value is None else figure.validity,
            reason=outcome.reason if figure is None else figure.reason,
            analytic=spec.name,
        )


def _finding(spec: Spec, machine: Machine, course: Course, until_us: int | None) -> Finding:
    fault, found = spec.fault(course.code), course.newest
    criterion = evidence.table(_FORMULA, ("公式 / formula", "来源 / source"), [(fault.formula, spec.source)])
    return Finding(
        equipment_id=machine.id,
        analytic=spec.name,
        code=course.code,
        part=course.part,
        title={"zh": fault.label.zh, "en": fault.label.en},
        severity=found.severity or fault.severity,
        since=instant(course.since_us),
        until=None if until_us is None else instant(until_us),
        seen_at=instant(course.last_us),
        confidence=min(max(found.confidence, 0.0), 1.0),
        advice={"zh": fault.advice.zh, "en": fault.advice.en},
        evidence=[criterion, *found.evidence],
        effect={name: list(amount) for name, amount in found.effect.items()},
        source=spec.source,
    )
