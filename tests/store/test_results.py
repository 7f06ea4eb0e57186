"""Figures and findings: what a later run makes of them, and what people do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from store.database import RowRefused
from store.results import (
    Finding,
    Kpi,
    Run,
    add_runs,
    days_of_runs,
    evaluated_shares,
    findings,
    forget_sliding_kpis,
    judge,
    kpis,
    last_ends,
    verdicts,
    write_findings,
    write_kpis,
)

DAY = timedelta(days=1)
START = datetime(2026, 11, 1, tzinfo=UTC)
once = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@pytest.fixture
def machines(store: Any) -> dict[str, int]:
    """Two boilers behind one gateway and a motor behind another."""
    store.run(
        "INSERT INTO reading.equipment (gateway, name, kind)"
        " VALUES ('gw-1', 'boiler-1', 'boiler'), ('gw-1', 'boiler-2', 'boiler'), ('gw-2', 'motor-1', 'motor')"
    )
    return dict(store.ask("SELECT name, id FROM reading.equipment"))


@pytest.fixture
def fouling(machines: dict[str, int]) -> Callable[..., Finding]:
    def make(machine: str = "boiler-1", **changes: Any) -> Finding:
        finding = Finding(
            equipment_id=machines[machine],
            analytic="boiler.faults",
            code="gas_side_fouling",
            title={"zh": "烟气侧积灰", "en": "Gas-side fouling"},
            severity="medium",
            since=START,
            seen_at=START + DAY,
            confidence=0.8,
            advice={"zh": "吹灰", "en": "Blow the soot"},
            evidence=[{"form": "series", "signals": ["flue_gas_temperature_stack"]}],
            effect={"energy": [1200, "kWh"]},
            source="GB/T 10180",
        )
        return replace(finding, **changes)

    return make


def test_a_period_that_is_computed_again_replaces_its_figure(store: Any, machines: dict[str, int]) -> None:
    first = Kpi(
        equipment_id=machines["boiler-1"], name="efficiency", start=START, end=START + DAY, value=91.5, unit="%", analytic="a"
    )
    other = replace(first, equipment_id=machines["boiler-2"], value=None, validity="not_evaluated", reason="no fuel flow")
    write_kpis(store.database, [first, other])
    write_kpis(store.database, [replace(first, value=92.0, uncertainty=0.4)])
    asked = (machines.values(), None, START, START + DAY)
    assert kpis(store.database, *asked) == [replace(first, value=92.0, uncertainty=0.4), other]
    assert kpis(store.database, machines.values(), ["other"], START, START + DAY) == []
    assert kpis(store.database, machines.values(), None, START + DAY, START + 2 * DAY) == []


@once
@pytest.mark.parametrize(
    "changes", [{"value": None}, {"validity": "not_evaluated", "value": None}, {"end": START}, {"validity": "perhaps"}]
)
def test_a_figure_without_value_has_a_reason_and_others_have_values(
    store: Any, machines: dict[str, int], changes: dict[str, Any]
) -> None:
    good = Kpi(equipment_id=machines["boiler-1"], name="x", start=START, end=START + DAY, value=1.0, unit="1", analytic="a")
    with pytest.raises(RowRefused):
        write_kpis(store.database, [replace(good, **changes)])


def test_a_finding_that_goes_on_stays_one_and_another_part_is_another(store: Any, fouling: Callable[..., Finding]) -> None:
    write_findings(store.database, [fouling(), fouling(part="economiser")])
    later = fouling(since=START + DAY, seen_at=START + 2 * DAY, confidence=0.95, severity="high")
    write_findings(store.database, [later])
    total, (worst, other) = findings(store.database)
    assert total == 2
    assert (worst.severity, worst.confidence, worst.since, worst.seen_at) == ("high", 0.95, START, START + 2 * DAY)
    assert (worst.gateway, worst.machine, worst.kind) == ("gw-1", "boiler-1", "boiler")
    assert (other.part, other.title["zh"], other.evidence[0]["form"]) == ("economiser", "烟气侧积灰", "series")


def test_what_is_over_and_comes_again_is_a_new_finding(store: Any, fouling: Callable[..., Finding]) -> None:
    write_findings(store.database, [fouling()])
    write_findings(store.database, [fouling(until=START + DAY)])
    write_findings(store.database, [fouling(since=START + 5 * DAY, seen_at=START + 6 * DAY)])
    _, found = findings(store.database, sort="since")
    assert [(one.since, one.until) for one in found] == [(START, START + DAY), (START + 5 * DAY, None)]


def test_what_people_rejected_stays_rejected_while_it_goes_on(store: Any, fouling: Callable[..., Finding]) -> None:
    write_findings(store.database, [fouling()])
    _, (finding,) = findings(store.database)
    judge(store.database, finding.id, "rejected", "li", "sensor was being cleaned", now=START + DAY)
    write_findings(store.database, [fouling(confidence=0.99)])
    _, (seen_again,) = findings(store.database)
    assert (seen_again.id, seen_again.state, seen_again.confidence) == (finding.id, "rejected", 0.99)
    judge(store.database, finding.id, "closed", "wang", now=START + 2 * DAY)
    assert [(said.actor, said.state_before, said.state_after) for said in verdicts(store.database, finding.id)] == [
        ("li", "open", "rejected"),
        ("wang", "rejected", "closed"),
    ]
    with pytest.raises(ValueError, match="closed cannot become open"):
        judge(store.database, finding.id, "open", "li", now=START)
    with pytest.raises(LookupError):
        judge(store.database, 999, "closed", "li", now=START)
    write_findings(store.database, [fouling()])
    assert findings(store.database)[0] == 2


@once
def test_findings_are_filtered_sorted_and_paged(store: Any, fouling: Callable[..., Finding]) -> None:
    write_findings(
        store.database,
        [fouling("boiler-1"), fouling("boiler-2", severity="critical"), fouling("motor-1", severity="low", confidence=0.1)],
    )

    def machines(**asked: Any) -> list[str]:
        return [one.machine for one in findings(store.database, **asked)[1]]

    assert machines() == ["boiler-2", "boiler-1", "motor-1"]
    assert machines(sort="confidence") == ["motor-1", "boiler-1", "boiler-2"]
    assert machines(gateways=frozenset({"gw-2"})) == ["motor-1"]
    assert machines(gateways=frozenset()) == []
    assert machines(kinds=["boiler"], severities=["medium", "low"]) == ["boiler-1"]
    assert machines(search="BOILER-2") == ["boiler-2"]
    assert machines(search="100%") == []
    assert findings(store.database, limit=1, offset=2)[0] == 3
    assert machines(limit=1, offset=2) == ["motor-1"]
    assert machines(states=["closed"]) == []


@once
def test_results_follow_a_machine_to_its_new_name(store: Any, machines: dict[str, int], fouling: Callable[..., Finding]) -> None:
    write_findings(store.database, [fouling("boiler-2")])
    write_kpis(
        store.database,
        [Kpi(equipment_id=machines["boiler-2"], name="x", start=START, end=START + DAY, value=1.0, unit="1", analytic="a")],
    )
    store.run("UPDATE reading.equipment SET same_as = 1 WHERE name = 'boiler-2'".replace("1", str(machines["boiler-1"]), 1))
    _, (finding,) = findings(store.database, equipment_ids=[machines["boiler-1"]])
    (kpi,) = kpis(store.database, [machines["boiler-1"]], None, START, START + DAY)
    assert finding.machine == "boiler-1"
    assert kpi.equipment_id == machines["boiler-1"]


@once
def test_runs_are_counted_by_day_and_the_newest_is_told(store: Any, machines: dict[str, int]) -> None:
    boiler = machines["boiler-1"]

    def run(end: datetime, result: Any, detail: str = "") -> Run:
        return Run(analytic="a", equipment_id=boiler, start=end - DAY, end=end, result=result, detail=detail, seconds=0.25)

    hours = [START + timedelta(hours=n) for n in (1, 2, 24)]
    add_runs(store.database, [run(hours[1], "not_evaluated", "missing_input: steam_flow"), run(hours[0], "evaluated")])
    add_runs(store.database, [run(hours[2], "evaluated"), run(hours[0], "evaluated")])
    (first,) = days_of_runs(store.database, boiler, since=START.date())
    assert (first.evaluated, first.not_evaluated, first.failed, first.seconds) == (3, 1, 0, 1.0)
    assert (first.last_end, first.last_result) == (hours[2], "evaluated")  # midnight ends the day that it closes
    assert last_ends(store.database, since=START.date()) == {(boiler, "a"): hours[2]}
    assert evaluated_shares(store.database, since=START.date()) == {(boiler, "a"): 0.75}


@once
def test_a_finding_that_the_newest_run_no_longer_shows_is_over(store: Any, machines: dict[str, int], fouling: Any) -> None:
    boiler = machines["boiler-1"]
    write_findings(store.database, [fouling(), fouling(code="tube_leak")])
    write_findings(store.database, [fouling(seen_at=START + 2 * DAY)], ran=[(boiler, "boiler.faults", START + 2 * DAY)])
    _, found = findings(store.database, sort="since")
    assert {one.code: one.until for one in found} == {"gas_side_fouling": None, "tube_leak": START + 2 * DAY}
    write_findings(store.database, [], ran=[(machines["boiler-2"], "boiler.faults", START + 3 * DAY)])
    _, (still,) = findings(store.database, search="积灰", states=["open"], limit=1)
    assert still.until is None


@once
def test_a_past_that_is_run_again_meets_the_finding_of_its_time(store: Any, machines: dict[str, int], fouling: Any) -> None:
    over = fouling(until=START + 2 * DAY, seen_at=START + 2 * DAY)
    write_findings(store.database, [over])
    write_findings(store.database, [fouling(since=START + DAY, until=START + 3 * DAY)])
    _, (one,) = findings(store.database)
    assert (one.since, one.until) == (START, START + 3 * DAY)
    write_findings(store.database, [fouling(since=START + 9 * DAY, seen_at=START + 10 * DAY)])
    assert findings(store.database)[0] == 2
    # What a run of older windows says does not end what goes on now.
    write_findings(store.database, [fouling(since=START + 9 * DAY, until=START + 9.5 * DAY)])
    _, found = findings(store.database, sort="since")
    assert [one.until for one in found] == [START + 3 * DAY, None]


@once
def test_of_periods_that_slide_the_newest_is_kept_beside_those_on_the_grid(store: Any, machines: dict[str, int]) -> None:
    boiler = machines["boiler-1"]
    ends = [START + timedelta(hours=n) for n in (24, 25, 26)]
    write_kpis(
        store.database,
        [Kpi(equipment_id=boiler, name="x", start=end - DAY, end=end, value=1.0, unit="1", analytic="a") for end in ends],
    )
    forget_sliding_kpis(store.database, [(boiler, "a", ends[-1] - DAY, ends[-1])], origin=datetime(2000, 1, 1, tzinfo=UTC))
    assert [kpi.end for kpi in kpis(store.database, [boiler], None, START, START + 9 * DAY)] == [ends[0], ends[2]]
