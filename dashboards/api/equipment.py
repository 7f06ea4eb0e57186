"""Machines, their newest values, and their history."""

import csv
import io
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import JSONResponse, StreamingResponse

from dashboards.context import CurrentDatabase, CurrentFeed, CurrentSettings
from dashboards.error_answers import not_found, require_directory
from dashboards.feed import Feed
from dashboards.live import Machine
from dashboards.presentation import signal_json
from dashboards.settings import WebSettings
from device_profiles.kind import kind_names, load_kind
from store.equipment import Equipment, get_equipment
from store.series import Series, series
from telemetry.quality import Quality

router = APIRouter(prefix="/api/v1/equipment")

SPANS = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7)}
MOST_SIGNALS = 30
MOST_POINTS = 5000
MOST_LISTED = 2000


@router.get("")
async def list_all(
    *,
    feed: CurrentFeed,
    settings: CurrentSettings,
    kind: str | None = None,
    gateway: str | None = None,
    search: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 200,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> JSONResponse:
    """List machines with their key values, sorted by kind, name and gateway."""
    require_directory(feed)
    found = feed.state.find(kind=kind, gateway=gateway, search=search)
    return JSONResponse(
        {
            "total": len(found),
            "offset": offset,
            "equipment": [machine_json(machine, feed, settings) for machine in found[offset : offset + limit]],
        }
    )


@router.get("/{equipment_id}")
async def show(equipment_id: int, feed: CurrentFeed, settings: CurrentSettings) -> JSONResponse:
    """Show one machine with all its values."""
    require_directory(feed)
    machine = feed.state.get(equipment_id)
    if machine is None:
        raise not_found(f"equipment {equipment_id}")
    return JSONResponse(machine_json(machine, feed, settings, only_key=False))


class Asked(NamedTuple):
    """A checked question for history."""

    equipment: Equipment
    signals: list[str]
    start: datetime
    end: datetime


def _asked(
    *,
    equipment_id: int,
    database: CurrentDatabase,
    settings: CurrentSettings,
    signals: Annotated[str, Query(max_length=4000, description="names, comma-separated")],
    span: Annotated[str | None, Query(description="1h, 24h or 7d, up to now; instead of from and to")] = None,
    start: Annotated[str | None, Query(alias="from", description="ISO 8601")] = None,
    end: Annotated[str | None, Query(alias="to", description="ISO 8601; now when left out")] = None,
) -> Asked:
    equipment = get_equipment(database, equipment_id)
    if equipment is None:
        raise not_found(f"equipment {equipment_id}")
    legal = load_kind(equipment.kind).numeric_signals if equipment.kind in kind_names() else ()
    names = list(dict.fromkeys(filter(None, signals.split(","))))
    wrong = [name for name in names if name not in legal]
    if wrong:
        raise HTTPException(422, f"signals: {', '.join(map(repr, wrong[:5]))} unknown; legal: {', '.join(legal)}")
    if not 1 <= len(names) <= MOST_SIGNALS:
        raise HTTPException(422, f"signals: name 1 to {MOST_SIGNALS} of {', '.join(legal)}")
    return Asked(equipment, names, *_interval(settings, span=span, start=start, end=end))


@router.get("/{equipment_id}/series")
def show_series(
    asked: Annotated[Asked, Depends(_asked)],
    database: CurrentDatabase,
    points: Annotated[int, Query(ge=10, le=MOST_POINTS)] = 2000,
) -> JSONResponse:
    """Give the history of some signals as columns; null where there is no value, a band of extremes for rollups."""
    found = series(database, asked.equipment, asked.signals, start=asked.start, end=asked.end, max_points=points)
    return JSONResponse(
        {
            "equipment": asked.equipment.id,
            "from": _iso(asked.start),
            "to": _iso(asked.end),
            "level": found.level,
            "times": (found.times_us // 1000).tolist(),
            "columns": _with_nulls(found.columns),
            "minimum": _with_nulls(found.minimum),
            "maximum": _with_nulls(found.maximum),
        }
    )


@router.get("/{equipment_id}/series.csv")
def download_series(
    asked: Annotated[Asked, Depends(_asked)], database: CurrentDatabase, settings: CurrentSettings
) -> StreamingResponse:
    """Give the same history as a table for spreadsheets, in the plant's time."""
    found = series(database, asked.equipment, asked.signals, start=asked.start, end=asked.end, max_points=MOST_POINTS)
    name = f"{asked.equipment.name}_{asked.start:%Y%m%dT%H%M%SZ}.csv"
    return StreamingResponse(
        _csv_lines(found, ZoneInfo(settings.time_zone)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def machine_json(machine: Machine, feed: Feed, settings: WebSettings, *, only_key: bool = True) -> dict[str, Any]:
    age_seconds = None if machine.time_us is None else max(feed.now() - machine.time_us / 1e6, 0)
    values = {}
    for name, signal in machine.kind.signals.items():
        if only_key and not signal.key:
            continue
        cell = machine.cells.get(name)
        described = signal_json(signal)
        shown = None if cell is None else machine.shown(name)
        described["value"] = shown
        if signal.states:
            described["state"] = next((state.name for state in signal.states if state.code == shown), None)
            described["state_label"] = next((state.label.model_dump() for state in signal.states if state.code == shown), None)
        described["quality"] = None if cell is None else quality_name(cell.quality)
        described["time"] = None if cell is None else _iso_us(cell.time_us)
        values[name] = described
    return {
        "id": machine.equipment.id,
        "gateway": machine.equipment.gateway,
        "gateway_online": feed.state.gateways.get(machine.equipment.gateway),
        "name": machine.equipment.name,
        "kind": machine.kind.name,
        "kind_label": machine.kind.label.model_dump(),
        "time": None if machine.time_us is None else _iso_us(machine.time_us),
        "age_seconds": None if age_seconds is None else round(age_seconds, 3),
        "stale": None if age_seconds is None else age_seconds > settings.stale_seconds,
        "values": values,
    }


def quality_name(quality: int) -> str:
    try:
        return Quality(quality).name.lower()
    except ValueError:  # a code of a newer producer: its severity still stands in the top two bits
        return Quality(quality & 0xC0 if quality < 0xC0 else Quality.BAD).name.lower()


def _interval(settings: WebSettings, *, span: str | None, start: str | None, end: str | None) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    if span is not None:
        if start or end:
            raise HTTPException(422, "span: give either span, or from and to")
        if span not in SPANS:
            raise HTTPException(422, f"span: {span[:20]!r} is none of {', '.join(SPANS)}")
        return now - SPANS[span], now
    if start is None:
        raise HTTPException(422, f"from: give from (and to), or a span of {', '.join(SPANS)}")
    first = _time(start, "from", settings)
    last = now if end is None else _time(end, "to", settings)
    if first >= last:
        raise HTTPException(422, f"from: {_iso(first)} is not before {_iso(last)}")
    if last - first > timedelta(days=settings.longest_span_days):
        raise HTTPException(422, f"from: at most {settings.longest_span_days:g} days can be asked for at once")
    return first, last


def _time(text: str, key: str, settings: WebSettings) -> datetime:
    """Read a time; one without a zone is meant in the plant's."""
    try:
        time = datetime.fromisoformat(text.replace(" ", "+", 1) if text.count(":") > 1 and " " in text[19:] else text)
        return (time if time.tzinfo else time.replace(tzinfo=ZoneInfo(settings.time_zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise HTTPException(422, f"{key}: {text[:40]!r} is not a time; one looks like 2026-05-01T08:00:00+08:00") from None


def _with_nulls(columns: dict[str, Any]) -> dict[str, list[float | None]]:
    """Write values with seven digits, as a sensor has them at most; counters keep all of theirs."""
    return {name: [_number(value) for value in column.tolist()] for name, column in columns.items()}


def _number(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return float(f"{value:.7g}") if abs(value) < 1e6 else value


def _csv_lines(found: Series, zone: ZoneInfo) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    extremes = [("min", found.minimum), ("max", found.maximum)] if found.minimum else []
    header = [f"time ({zone.key})"]
    columns = []
    for name, column in found.columns.items():
        header += [name, *(f"{name} {what}" for what, _ in extremes)]
        columns += [column, *(table[name] for _, table in extremes)]
    writer.writerow(header)
    matrix = np.column_stack(columns) if columns else np.empty((0, 0))
    yield "\N{ZERO WIDTH NO-BREAK SPACE}"  # Excel in China takes a file without this mark for GBK
    for index, time_us in enumerate(found.times_us.tolist()):
        time = datetime.fromtimestamp(time_us / 1e6, zone)
        numbers = ("" if (number := _number(value)) is None else number for value in matrix[index].tolist())
        writer.writerow([time.isoformat(" ", "milliseconds"), *numbers])
        if text.tell() > 65_536:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _iso_us(time_us: int) -> str:
    return _iso(datetime.fromtimestamp(time_us / 1e6, UTC))
