"""Analytics: what there is, and the record of what ran on which machine."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from analytics.catalogue import analytics_of, catalogue
from analytics.spec import Spec
from dashboards.asking import EquipmentId, Name, example
from dashboards.context import CurrentDatabase
from dashboards.error_answers import not_found
from dashboards.live.equipment_json import iso
from dashboards.security.access import Permission, Reader, require
from device_profiles.kind import Label, kind_names
from store.equipment import get_equipment
from store.results import DayOfRuns, days_of_runs

router = APIRouter(prefix="/api/v1", tags=["analytics"])

_RUN = {
    "analytic": "boiler_efficiency",
    "day": "2026-11-02",
    "evaluated": 20,
    "not_evaluated": 4,
    "failed": 0,
    "last_from": "2026-11-01T16:00:00.000Z",
    "last_to": "2026-11-02T16:00:00.000Z",
    "last_result": "evaluated",
    "last_detail": "",
    "seconds": 0.21,
}
_SPEC = {
    "name": "boiler_efficiency",
    "label": {"zh": "锅炉效率", "en": "Boiler efficiency"},
    "kinds": ["boiler"],
    "scope": "machine",
    "window_seconds": 86400,
    "cadence_seconds": 3600,
    "source": "GB/T 10180-2017",
    "validity": {"zh": "燃气锅炉", "en": "gas boilers"},
    "inputs": [{"signal": "fuel_flow", "unit": "m³/h", "required": True}],
    "figures": [{"name": "efficiency_direct", "unit": "%", "label": {"zh": "正平衡效率", "en": "Direct efficiency"}}],
    "faults": [],
    "parameters": {},
    "training_days": None,
}


@router.get("/analytics", responses=example({"items": [_SPEC]}), dependencies=[require(Permission.READ)])
def list_analytics(kind: Annotated[Name, Query(description="name of a kind of equipment")] = "") -> dict[str, Any]:
    """List the analytics of this installation, or those that are for a kind."""
    if kind and kind not in kind_names():
        raise not_found(f"kind {kind}")
    chosen = analytics_of(kind) if kind else catalogue().values()
    return {"items": [_spec_json(one.spec) for one in chosen]}


@router.get("/equipment/{equipment_id}/runs", responses=example({"items": [_RUN]}))
def list_runs(
    equipment_id: EquipmentId,
    database: CurrentDatabase,
    viewer: Reader,
    days: Annotated[int, Query(ge=1, le=400, description="so many days back")] = 30,
) -> dict[str, Any]:
    """List which analytics ran on a machine, by day (UTC), with what came of the newest run."""
    machine = get_equipment(database, equipment_id)
    if machine is None or not viewer.sees(machine.gateway):
        raise not_found(f"equipment {equipment_id}")
    since = (datetime.now(UTC) - timedelta(days=days)).date()
    return {"items": [_run_json(day) for day in days_of_runs(database, machine.id, since=since)]}


def _run_json(day: DayOfRuns) -> dict[str, Any]:
    told = day._asdict()
    for name in ("equipment_id", "last_start", "last_end"):
        told.pop(name)
    return {**told, "day": day.day.isoformat(), "last_from": iso(day.last_start), "last_to": iso(day.last_end)}


def _spec_json(spec: Spec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "label": _label_json(spec.label),
        "kinds": list(spec.kinds),
        "scope": spec.scope,
        "window_seconds": spec.window.total_seconds(),
        "cadence_seconds": spec.cadence.total_seconds(),
        "source": spec.source,
        "validity": _label_json(spec.validity),
        "inputs": [one._asdict() for one in spec.inputs],
        "figures": [{"name": one.name, "unit": one.unit, "label": _label_json(one.label)} for one in spec.outputs],
        "faults": [
            {
                "code": one.code,
                "label": _label_json(one.label),
                "advice": _label_json(one.advice),
                "severity": one.severity,
                "formula": one.formula,
                "part": one.part,
            }
            for one in spec.faults
        ],
        "parameters": {name: field.default for name, field in spec.parameters.model_fields.items()},
        "training_days": None if spec.training is None else spec.training.days,
    }


def _label_json(label: Label) -> dict[str, str]:
    return {"zh": label.zh, "en": label.en}
