"""Wherever tasks are computed, the results are the same."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analytics.catalogue import get_analytic
from analytics.engine.engines import engine
from analytics.engine.planning import Plan, whole_span
from analytics.engine.task import Computed, Task
from store.equipment import list_equipment
from telemetry.errors import ConfigError
from tests.analytics.engine.conftest import DAY, START, Plant

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


def tasks(plant: Plant) -> list[Task]:
    plan = Plan(
        equipment=list_equipment(plant.database),
        analytics={name: get_analytic(name) for name in ("boiler_efficiency", "boiler_emissions")},
        zone=ZoneInfo("Asia/Shanghai"),
        parameters={},
    )
    start = START + 2 * DAY
    plant.site.roll_up(start + DAY)
    whole = whole_span(plan, start, start + timedelta(hours=3), is_newest=True)
    # A task for each machine: with few windows there is still something to share out.
    return [replace(task, machines=(machine,)) for task in whole for machine in task.machines]


def computed(plant: Plant, name: Any, **options: Any) -> list[Any]:
    with engine(name, plant.address, **options) as run:
        found = [done for _, done in run(tasks(plant))]
    kpis = [kpi for done in found if isinstance(done, Computed) for kpi in done.kpis]
    return sorted(kpis, key=lambda kpi: (kpi.equipment_id, kpi.analytic, kpi.name, kpi.end.astimezone(UTC)))


def test_processes_and_a_dask_cluster_of_two_workers_give_what_one_process_gives(plant: Plant) -> None:
    expected = computed(plant, "processes", processes=1)
    assert len(expected) >= 2 * 4 * 8
    assert computed(plant, "processes", processes=2) == expected
    pytest.importorskip("distributed")
    assert computed(plant, "dask", processes=2) == expected


def test_a_scheduler_that_does_not_answer_is_told(plant: Plant) -> None:
    pytest.importorskip("distributed")
    with pytest.raises(ConfigError, match="does not answer"), engine("dask", plant.address, scheduler="tcp://127.0.0.1:1"):
        pass
