"""Energy: amounts, specific consumption, standard coal and carbon dioxide of machines of one kind."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query

from analytics.energy.factors import read_factors
from dashboards.asking import Search, SiteId, example
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.error_answers import not_found
from dashboards.list_questions import MachineId, seen_gateways
from dashboards.live.equipment_json import iso
from dashboards.reports.energy import EnergyReport, FlowReport, Period, most_machines, read_report
from dashboards.security.access import Reader, Viewer
from dashboards.settings import WebSettings
from device_profiles.kind import Kind, kind_names, load_kind
from store.database import Database
from store.equipment import Equipment, get_equipment, list_equipment
from store.sites import list_sites

router = APIRouter(prefix="/api/v1/energy", tags=["energy"])

MOST_DAYS = 92
_EXAMPLE: dict[str, Any] = {
    "kind": "boiler",
    "from": "2026-11-13T16:00:00.000Z",
    "to": "2026-11-20T06:30:00.000Z",
    "time_zone": "Asia/Shanghai",
    "days": ["2026-11-14"],
    "machines_found": 1,
    "standard_coal_kg": 17556.0,
    "carbon_dioxide_kg": 28490.4,
    "flows": [
        {
            "label": {"zh": "燃气", "en": "Fuel gas"},
            "carrier": "natural_gas",
            "unit": "m³",
            "side": "input",
            "amount": 13200.0,
            "previous": 12900.0,
            "by_day": [13200.0],
        }
    ],
    "machines": [
        {
            "id": 7,
            "gateway": "plant-1",
            "name": "boiler-1",
            "flows": [{"amount": 13200.0, "coverage": 0.998, "validity": "valid", "by_day": [13200.0]}],
            "specific": [{"value": 78.4, "coverage": 0.99, "unit": "m³/t"}],
        }
    ],
}


@dataclass(frozen=True, kw_only=True)
class EnergyQuestion:
    """A checked question: machines of one kind over whole days of the plant, or of their site."""

    kind: Kind
    found: int
    machines: list[Equipment]
    """The first of them, as many as one report can hold."""
    period: Period
    is_one: bool
    """One machine was asked for by its id."""


def asked_period(settings: WebSettings, zone: str | None, days: int, until: date | None) -> Period:
    """Make days up to and with one that has begun; today where none is named."""
    there, now = ZoneInfo(zone or settings.time_zone), datetime.now(UTC)
    today = now.astimezone(there).date()
    last = until or today
    if not today - timedelta(days=20 * 365) <= last <= today:
        raise HTTPException(422, f"until: {last} is not among the days up to today, {today}")
    return Period(first=last - timedelta(days=days - 1), days=days, zone=there, now=now)


def _asked(
    *,
    database: CurrentDatabase,
    settings: CurrentSettings,
    viewer: Reader,
    kind: Annotated[
        str, Query(max_length=63, description="kind of equipment; without it the first that there is a machine of")
    ] = "",
    site: SiteId = None,
    equipment: MachineId = None,
    search: Search = "",
    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description="days, the last one included")] = 7,
    until: Annotated[date | None, Query(description="the last day, in the plant's time zone; today where left out")] = None,
) -> EnergyQuestion:
    machine = None
    if equipment is not None:
        machine = get_equipment(database, equipment)
        if machine is None or not viewer.sees(machine.gateway):
            raise not_found(f"equipment {equipment}")
        kind = machine.kind
    kind = kind or _first_kind(database, viewer)
    if kind not in kind_names():
        raise HTTPException(422, f"kind: {kind[:63]!r} is none of {', '.join(kind_names())}")
    zone = next((one.time_zone for one in list_sites(database) if one.id == site), None)
    period = asked_period(settings, zone, days, until)
    found = [machine] if machine else _machines(database, viewer, kind, site, search)
    return EnergyQuestion(
        kind=load_kind(kind), found=len(found), machines=found[: most_machines(days)], period=period, is_one=machine is not None
    )


Asked = Annotated[EnergyQuestion, Depends(_asked)]


def _first_kind(database: Database, viewer: Viewer) -> str:
    there = {one.kind for one in list_equipment(database) if viewer.sees(one.gateway)}
    return next((kind for kind in kind_names() if kind in there), kind_names()[0])


def _machines(database: Database, viewer: Viewer, kind: str, site: int | None, search: str) -> list[Equipment]:
    gateways, words = seen_gateways(viewer, database, site), search.strip().casefold()
    return [
        one
        for one in list_equipment(database, kind=kind)
        if (gateways is None or one.gateway in gateways) and (words in one.name.casefold() or words in one.gateway.casefold())
    ]


@router.get("", responses=example(_EXAMPLE))
def show_energy(asked: Asked, database: CurrentDatabase) -> dict[str, Any]:
    """Tell what machines of a kind consumed and made by day, what a unit of product took, and how well that is known.

    ``previous`` is the amount of equally many hours before; ``coverage`` the share of the time that has data; an amount is
    ``doubtful`` where that is below three quarters or a counter was reset. ``machines_found`` above the number of machines means
    that only the first ones were read: narrow the question.
    """
    report = read_report(database, asked.kind, asked.machines, asked.period)
    period = asked.period
    return {
        "kind": asked.kind.name,
        "from": iso(period.start),
        "to": iso(period.end),
        "time_zone": period.zone.key,
        "days": [day.isoformat() for day in period.dates],
        "machines_found": asked.found,
        "standard_coal_kg": _number(report.standard_coal_kg()),
        "carbon_dioxide_kg": _number(report.carbon_dioxide_kg()),
        "flows": [_flow(one) for one in report.flows],
        "machines": [_machine(report, place) for place in range(len(report.machines))],
    }


@router.get("/factors", responses=example({"factors": []}))
def show_factors(_viewer: Reader) -> dict[str, Any]:
    """Give the table of standard coal and carbon dioxide per unit, with its sources."""
    return {"factors": [factor.model_dump() for factor in read_factors()]}


def _flow(one: FlowReport) -> dict[str, Any]:
    return {
        "label": one.flow.label.model_dump(),
        "carrier": one.flow.carrier,
        "unit": one.flow.unit,
        "side": "input" if one.is_input else "output",
        "amount": _number(one.fleet()),
        "previous": _number(one.fleet_before()),
        "by_day": [_number(value) for value in one.fleet_by_day()],
    }


def _machine(report: EnergyReport, place: int) -> dict[str, Any]:
    machine = report.machines[place]
    return {
        "id": machine.id,
        "gateway": machine.gateway,
        "name": machine.name,
        "flows": [
            {
                "amount": _number(one.total.amount[place, 0]),
                "coverage": _number(one.total.coverage[place, 0]),
                "validity": str(one.total.validity()[place, 0]),
                "by_day": [_number(value) for value in one.days.amount[place].tolist()],
            }
            for one in report.flows
        ],
        "specific": [
            {
                "value": _number(one.machines.value[place]),
                "coverage": _number(one.machines.coverage[place]),
                "unit": specific_unit(one.flow.unit, one.product.unit),
            }
            for one in report.specific
        ],
    }


def specific_unit(consumed: str, made: str) -> str:
    return consumed if made == "1" else f"{consumed}/{made}"


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(f"{value:.10g}")
