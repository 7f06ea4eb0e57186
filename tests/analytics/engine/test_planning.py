"""What is due: each window once, and the newest one however long its cadence is."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.catalogue import Analytic
from analytics.engine.planning import Plan, due
from analytics.engine.task import instant
from analytics.spec import Spec, label
from store.equipment import Equipment
from store.grids import MadeUntil

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 26, 4, tzinfo=UTC)


def weekly(step_seconds: float = 3600.0) -> Analytic:
    text = label("试", "Trial")
    spec = Spec(
        name="weekly", label=text, kinds=("boiler",), inputs=(), step_seconds=step_seconds, window=30 * DAY, cadence=7 * DAY,
        source="none", validity=text,
    )  # fmt: skip
    return Analytic(spec, lambda *_: None, None)


def ends(last: datetime | None, *, hours: datetime | None = NOW, of: Analytic | None = None) -> list[datetime]:
    """Give the ends of the windows that are due, with two days to catch up."""
    machine = Equipment(id=1, gateway="gw-1", name="boiler-1", kind="boiler", first_seen=NOW - 90 * DAY)
    plan = Plan(equipment=[machine], analytics={"weekly": of or weekly()}, zone=ZoneInfo("Asia/Shanghai"), parameters={})
    known = {} if last is None else {(1, "weekly"): last}
    tasks = due(plan, made_until=MadeUntil(NOW, hours), last_ends=known, catch_up=2 * DAY)
    return [instant(end) for task in tasks for end in task.ends_us["weekly"]]


def test_a_weekly_window_is_due_once() -> None:
    (newest,) = ends(None)
    assert NOW - 7 * DAY < newest <= NOW
    assert ends(newest) == []


def test_a_weekly_window_that_ended_while_the_worker_was_away_is_made_up_for() -> None:
    (newest,) = ends(None)
    assert newest < NOW - 2 * DAY, "further back than days that are caught up"
    assert ends(newest - 7 * DAY) == [newest]


@pytest.mark.parametrize(("step_seconds", "count"), [(3600.0, 0), (60.0, 1)])
def test_windows_of_hours_wait_until_hours_are_made(step_seconds: float, count: int) -> None:
    assert len(ends(None, hours=None, of=weekly(step_seconds))) == count
