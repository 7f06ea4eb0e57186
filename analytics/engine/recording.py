"""Writes what tasks gave; the runs last, for they say that the rest is there. Writing it twice changes nothing."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from analytics.catalogue import get_analytic
from analytics.engine.grid_of_windows import origin
from analytics.engine.task import Computed
from store.database import Database
from store.pictures import write_pictures
from store.results import add_runs, forget_sliding_kpis, write_findings, write_kpis


def record(database: Database, done: Computed, *, zone: ZoneInfo) -> None:
    """Store figures, findings, pictures and runs.

    Raises
    ------
    DatabaseError
        And then the same call later.
    """
    write_kpis(database, done.kpis)
    sliding: dict[tuple[int, str], tuple[datetime, datetime]] = {}
    for run in done.runs:
        spec = get_analytic(run.analytic).spec
        if spec.outputs and spec.cadence < spec.window:
            key = (run.equipment_id, run.analytic)
            sliding[key] = max(sliding.get(key, (run.start, run.end)), (run.start, run.end), key=lambda span: span[1])
    periods = [(equipment_id, name, start, end) for (equipment_id, name), (start, end) in sliding.items()]
    forget_sliding_kpis(database, periods, origin=origin(zone).astimezone(UTC))
    write_findings(database, done.findings, ran=done.ran)
    write_pictures(database, done.pictures)
    add_runs(database, done.runs)
