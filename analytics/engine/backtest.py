"""Analytics tried on a past: what they would have said, how often they could speak, and what people said of it."""

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from analytics.engine.engines import EngineName, engine
from analytics.engine.planning import Plan, whole_span
from analytics.engine.task import MOST_MACHINES, Computed, Machine, Task, TrainingTask
from store.database import Database
from store.models import Model
from store.results import Finding, findings
from telemetry.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of it."""

    start: datetime
    end: datetime
    machines: dict[int, str]
    runs: dict[str, Counter[str]] = field(default_factory=dict)
    """By analytic: how often evaluated, not evaluated, failed."""
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)
    verdicts: dict[tuple[int, str, str, str], str] = field(default_factory=dict)
    """What people made of findings of the same name at that time: confirmed or rejected."""


def backtest(
    database: Database,
    plan: Plan,
    start: datetime,
    end: datetime,
    *,
    address: str,
    engine_name: EngineName = "processes",
    processes: int = 2,
    scheduler: str = "",
    train: bool = False,
) -> Report:
    """Run every window that ends in ``(start, end]``; with ``train`` on models of the days before ``start``."""
    report = Report(start=start, end=end, machines={one.id: f"{one.gateway}/{one.name}" for one in plan.equipment})
    with engine(engine_name, address, processes=processes, scheduler=scheduler) as run:
        if train:
            plan = _trained(plan, start, dict(run(_training_tasks(plan, start))).values())
        tasks = list(whole_span(plan, start, end, is_newest=True))
        with Progress("windows", total=sum(task.windows for task in tasks), unit="windows") as progress:
            for task, done in run(tasks):
                assert isinstance(task, Task)
                assert isinstance(done, Computed)
                _take(report, done)
                progress.advance(task.windows)
    report.found.sort(key=lambda one: (one.since, one.equipment_id, one.code))
    _, said = findings(database, equipment_ids=list(report.machines), states=["confirmed", "rejected"], limit=10_000)
    for one in said:
        report.verdicts[one.equipment_id, one.analytic, one.code, one.part] = one.state
    return report


def _training_tasks(plan: Plan, until: datetime) -> list[TrainingTask]:
    tasks = []
    for kind in {one.kind for one in plan.equipment}:
        machines = [Machine(one.id, one.gateway, one.name) for one in plan.equipment if one.kind == kind]
        for one in plan.analytics.values():
            if one.spec.training and (not one.spec.kinds or kind in one.spec.kinds):
                tasks += [
                    TrainingTask(
                        kind=kind,
                        machines=tuple(machines[first : first + MOST_MACHINES]),
                        analytics=(one.spec.name,),
                        start=until - timedelta(days=one.spec.training.days),
                        end=until,
                    )
                    for first in range(0, len(machines), MOST_MACHINES)
                ]
    return tasks


def _trained(plan: Plan, at: datetime, done: Any) -> Plan:
    found = [
        Model(0, one.analytic, one.machine.id, "champion", one.start, one.end, at, "backtest", one.model)
        for some in done
        for one in some
        if one.model is not None
    ]
    return replace(plan, models=found)


def _take(report: Report, done: Computed) -> None:
    for one in done.runs:
        report.runs.setdefault(one.analytic, Counter())[one.result] += 1
        report.seconds[one.analytic] = report.seconds.get(one.analytic, 0.0) + one.seconds
        if one.detail:
            report.reasons.setdefault(one.analytic, Counter())[one.detail] += 1
    report.found.extend(done.findings)


def written(report: Report, *, as_json: bool = False) -> str:
    """Write a report for people (Markdown) or for programs (JSON)."""
    if as_json:
        return json.dumps(_document(report), ensure_ascii=False, indent=1) + "\n"
    lines = [
        f"# Back-test of {len(report.machines)} machines, {report.start:%Y-%m-%d %H:%M} to {report.end:%Y-%m-%d %H:%M} UTC",
        "",
        "| analytic | windows | evaluated | findings | confirmed | rejected | ms a window | why not evaluated |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, counts in sorted(report.runs.items()):
        total = sum(counts.values())
        of = [one for one in report.found if one.analytic == name]
        said = Counter(_verdict(report, one) for one in of)
        reasons = "; ".join(f"{reason} x {count}" for reason, count in report.reasons.get(name, Counter()).most_common(3))
        share = f"{100 * counts['evaluated'] / total:.0f} %"
        cells = [name, f"{total:,}", share, str(len(of)), str(said["confirmed"]), str(said["rejected"])]
        lines.append(f"| {' | '.join(cells)} | {1000 * report.seconds[name] / total:.1f} | {reasons} |")
    if report.found:
        lines += [
            "",
            "| since | until | machine | finding | severity | confidence | people said |",
            "|---|---|---|---|---|---|---|",
        ]
    for one in report.found:
        until = "goes on" if one.until is None else f"{one.until:%Y-%m-%d %H:%M}"
        name = f"{one.title['zh']} {one.code}{f' ({one.part})' if one.part else ''}"
        cells = [f"{one.since:%Y-%m-%d %H:%M}", until, report.machines[one.equipment_id], name, one.severity]
        lines.append(f"| {' | '.join(cells)} | {100 * one.confidence:.0f} % | {_verdict(report, one)} |")
    return "\n".join(lines) + "\n"


def _verdict(report: Report, one: Finding) -> str:
    return report.verdicts.get((one.equipment_id, one.analytic, one.code, one.part), "")


def _document(report: Report) -> dict[str, Any]:
    return {
        "from": report.start.isoformat(),
        "to": report.end.isoformat(),
        "machines": sorted(report.machines.values()),
        "analytics": {
            name: {
                **counts,
                "seconds": round(report.seconds[name], 3),
                "why_not_evaluated": dict(report.reasons.get(name, Counter())),
            }
            for name, counts in sorted(report.runs.items())
        },
        "findings": [
            {
                "machine": report.machines[one.equipment_id],
                "analytic": one.analytic,
                "code": one.code,
                "part": one.part,
                "since": one.since.isoformat(),
                "until": None if one.until is None else one.until.isoformat(),
                "confidence": round(one.confidence, 3),
                "people_said": _verdict(report, one),
            }
            for one in report.found
        ],
    }
