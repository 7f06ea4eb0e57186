"""The worker on a real database: what is due is run once, late rows run it again, and what cannot be said says why."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from analytics.catalogue import analytics_of
from analytics.engine.settings import AnalyticsSettings
from analytics.engine.worker import Worker
from analytics.window import Window
from benchmarks.simulated_plant import repeated
from store.grids import late_spans
from store.leadership import lead
from store.models import models
from store.nameplates import Nameplate, save_nameplate
from store.results import days_of_runs, kpis
from tests.analytics.engine.conftest import DAY, START, Plant

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
ONLY = "boiler_efficiency"


def settings(plant: Plant, *only: str, **options: Any) -> AnalyticsSettings:
    wanted = only or (ONLY,)
    without = tuple(one.spec.name for one in analytics_of("boiler") if one.spec.name not in wanted)
    return AnalyticsSettings(database=plant.address, health_port=0, processes=1, without=without, **options)


def work(plant: Plant, now: datetime, of: AnalyticsSettings | None = None) -> Worker:
    """Let a worker do one round at a time of the plant."""
    worker = Worker(of or settings(plant), plant.database, stop=asyncio.Event(), now=lambda: now)
    plant.site.roll_up(now)
    from analytics.engine.engines import engine

    with engine("processes", plant.address, processes=1) as run:
        worker.round(run)
    return worker


def runs(plant: Plant, name: str = "boiler-1") -> int:
    days = days_of_runs(plant.database, plant.ids[name], since=START.date())
    return sum(day.evaluated + day.not_evaluated + day.failed for day in days)


def test_each_round_runs_what_has_ended_since_the_last(plant: Plant) -> None:
    now = START + 2 * DAY + timedelta(hours=5, minutes=10)
    work(plant, now)
    assert runs(plant) == 1  # a machine that is new begins with its newest window
    work(plant, now)
    assert runs(plant) == 1
    work(plant, now + timedelta(hours=3))
    assert runs(plant) == 4
    (day,) = days_of_runs(plant.database, plant.ids["boiler-2"], since=START.date())
    assert (day.analytic, day.evaluated, day.last_end) == (ONLY, 4, START + 2 * DAY + timedelta(hours=8))


def test_figures_have_values_units_and_periods(plant: Plant) -> None:
    work(plant, START + 2 * DAY + timedelta(minutes=5))
    found = kpis(plant.database, plant.ids.values(), None, START, START + 3 * DAY)
    direct = [one for one in found if one.name == "efficiency_direct"]
    assert len(direct) == 2
    for one in direct:
        assert one.value is not None
        assert 85 < one.value < 98
        assert (one.unit, one.end - one.start) == ("%", DAY)
    # Without a nameplate nobody knows the share of the surface's loss.
    assert {one.reason for one in found if one.name == "efficiency_indirect"} == {"no_nameplate: steam_flow"}


def test_machines_of_no_known_kind_are_left_alone(plant: Plant) -> None:
    with plant.database.connection() as connection:
        connection.execute(
            b"INSERT INTO reading.equipment (gateway, name, kind) VALUES ('gw-1', 'only-events', ''), ('gw-1', 'x', 'toaster')"
        )
    every = AnalyticsSettings(database=plant.address, health_port=0, processes=1)
    work(plant, START + 2 * DAY + timedelta(minutes=5), every)
    with plant.database.connection() as connection:
        rows = connection.execute(b"SELECT DISTINCT equipment_id FROM result.run ORDER BY 1").fetchall()
    assert [number for (number,) in rows] == sorted(plant.ids.values())


def test_a_nameplate_that_is_filled_in_is_used(plant: Plant) -> None:
    boiler = plant.ids["boiler-1"]
    save_nameplate(plant.database, Nameplate(equipment_id=boiler, rated={"steam_flow": [10.0, "t/h"]}))
    work(plant, START + 2 * DAY + timedelta(minutes=5))
    (indirect,) = kpis(plant.database, [boiler], ["efficiency_indirect"], START, START + 3 * DAY)
    assert indirect.value is not None
    assert indirect.uncertainty is not None


def test_what_a_stopped_worker_missed_is_made_up_for_as_far_back_as_it_may(plant: Plant) -> None:
    work(plant, START + 1 * DAY + timedelta(minutes=5))
    work(plant, START + 3 * DAY + timedelta(minutes=5), settings(plant, catch_up_days=1))
    assert runs(plant) == 1 + 24


def test_late_rows_run_again_what_they_touch(plant: Plant, boiler_days: list[Window]) -> None:
    day = repeated(boiler_days[0], 2)
    noon_us = day.start_us + 36 * 3_600_000_000
    plant.ids |= plant.site.fill("gw-1", {"boiler-3": day.between(day.start_us, noon_us)})
    now = START + 2 * DAY + timedelta(minutes=5)
    work(plant, now)
    assert (runs(plant, "boiler-3"), late_spans(plant.database)) == (1, [])
    before = kpis(plant.database, [plant.ids["boiler-3"]], ["evaporation_ratio"], START, START + 3 * DAY)
    plant.site.fill("gw-1", {"boiler-3": day.between(noon_us, day.end_us)})
    work(plant, now + timedelta(minutes=2))
    after = kpis(plant.database, [plant.ids["boiler-3"]], ["evaporation_ratio"], START, START + 3 * DAY)
    newest = START + 2 * DAY
    assert [one.end for one in before] == [newest]
    assert newest in [one.end for one in after]
    assert before[0].value != next(one.value for one in after if one.end == newest)
    # The half day that came late lies in the newest window and in the eleven before it that end since noon.
    assert runs(plant, "boiler-3") == 1 + 12
    assert runs(plant, "boiler-1") == 1
    assert late_spans(plant.database) == []


def test_a_missing_input_gives_a_reason_and_no_number(plant: Plant, boiler_days: list[Window]) -> None:
    day = repeated(boiler_days[0], 2)
    values = {**day.values, "fuel_flow": np.full(len(day), np.nan, np.float32)}
    blind = Window(kind="boiler", start_us=day.start_us, step_seconds=60, values=values)
    plant.ids |= plant.site.fill("gw-2", {"boiler-9": blind})
    work(plant, START + 2 * DAY + timedelta(minutes=5))
    (day_of_runs,) = days_of_runs(plant.database, plant.ids["boiler-9"], since=START.date())
    assert (day_of_runs.last_result, day_of_runs.last_detail) == ("not_evaluated", "missing_input: fuel_flow")
    found = kpis(plant.database, [plant.ids["boiler-9"]], None, START, START + 3 * DAY)
    assert found
    assert all(one.value is None and one.reason == "missing_input: fuel_flow" for one in found)


def test_a_machine_with_history_enough_gets_a_model_and_is_then_judged(plant: Plant, boiler_days: list[Window]) -> None:
    plant.ids |= plant.site.fill("gw-1", {"boiler-1": repeated(boiler_days[0], 9)})
    of, now = settings(plant, "boiler_diagnosis"), START + 8 * DAY + timedelta(minutes=5)
    work(plant, now, of)
    made = models(plant.database)
    assert {(one.equipment_id, one.role, one.made_by) for one in made} == {(plant.ids["boiler-1"], "champion", "worker")}
    assert made[0].trained_until - made[0].trained_from == 7 * DAY
    work(plant, now + timedelta(hours=1), of)
    (day,) = (day for day in days_of_runs(plant.database, plant.ids["boiler-1"], since=START.date()))
    assert (day.not_evaluated, day.evaluated) == (1, 1)


def test_one_worker_leads_and_another_stands_by(plant: Plant) -> None:
    async def stand_by() -> dict[str, Any]:
        stop = asyncio.Event()
        worker = Worker(settings(plant), plant.database, stop=stop, now=lambda: START + 2 * DAY, round_seconds=0.1)
        task = asyncio.create_task(worker.run())
        await asyncio.sleep(0.5)
        told = worker.status()[1]
        stop.set()
        await task
        return told

    with lead(plant.database, "analytics worker") as leading:
        assert leading is not None
        assert asyncio.run(stand_by())["role"] == "standby"
    assert runs(plant) == 0
    plant.site.roll_up(START + 2 * DAY)
    assert asyncio.run(stand_by())["role"] == "leader"
    assert runs(plant) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"without": ("boiler_eficiency",)}, "'boiler_eficiency' is not an analytic; known: .*boiler_efficiency"),
        ({"parameters": {"boiler_efficiency": {"no_such": 1}}}, r"parameters of boiler_efficiency: no_such: .*known:"),
        ({"time_zone": "Asia/Jinan"}, "not a time zone"),
        ({"processes": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_cannot_be_are_told(options: dict[str, Any], message: str, database: str) -> None:
    with pytest.raises(ValueError, match=message):
        AnalyticsSettings.model_validate({"database": database, **options})
