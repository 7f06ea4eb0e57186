"""The history of signals: for charts as columns, for spreadsheets as a table, for programs as Arrow."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
from fastapi import APIRouter, Depends, Header, HTTPException, Query
from fastapi.responses import Response, StreamingResponse

from dashboards.asking import SPANS, EquipmentId, Instant, example, interval
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.live.equipment_json import iso
from dashboards.security.access import Reader
from device_profiles.kind import load_kind
from store.equipment import Equipment, get_equipment
from store.export import sample_signals
from store.kind_tables import OTHER
from store.series import Series, Values, series

router = APIRouter(prefix="/api/v1/equipment/{equipment_id}", tags=["series"])

MOST_SIGNALS = 30
MOST_POINTS = 5000
SPARKLINE_POINTS = 100
_COUNTERS_FROM = 1e6
ARROW = "application/vnd.apache.arrow.stream"
_EXAMPLE = {
    "equipment": 7,
    "from": "2026-05-01T00:00:00.000Z",
    "to": "2026-05-02T00:00:00.000Z",
    "level": "1m",
    "times": [1777593600000, 1777593660000],
    "columns": {"steam_flow": [9.84, None]},
    "minimum": {"steam_flow": [9.6, None]},
    "maximum": {"steam_flow": [10.1, None]},
}


def _equipment(equipment_id: EquipmentId, database: CurrentDatabase, viewer: Reader) -> Equipment:
    """Look a machine up in the database, which knows it by its earlier names too."""
    equipment = get_equipment(database, equipment_id)
    if equipment is None or not viewer.sees(equipment.gateway):
        raise not_found(f"equipment {equipment_id}")
    return equipment


SeenEquipment = Annotated[Equipment, Depends(_equipment)]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A checked question for history."""

    equipment: Equipment
    signals: list[str]
    start: datetime
    end: datetime


def _asked(
    *,
    equipment: SeenEquipment,
    database: CurrentDatabase,
    settings: CurrentSettings,
    signals: Annotated[str, Query(max_length=4000, description="names, comma-separated")],
    span: Annotated[
        str | None, Query(max_length=20, description=f"{', '.join(SPANS)}, up to now; instead of from and to")
    ] = None,
    start: Annotated[Instant, Query(alias="from")] = None,
    end: Annotated[Instant, Query(alias="to", description="likewise; now when left out")] = None,
) -> Asked:
    first, last = interval(settings, span=span, start=start, end=end, longest_days=settings.longest_span_days)
    legal = sample_signals(database, equipment, start=first, end=last)
    names = list(dict.fromkeys(filter(None, signals.split(","))))
    wrong = [name[:80] for name in names if name not in legal]
    if wrong:
        raise HTTPException(422, f"signals: {', '.join(map(repr, wrong[:5]))} unknown; legal: {', '.join(legal)}")
    if not 1 <= len(names) <= MOST_SIGNALS:
        raise HTTPException(422, f"signals: name 1 to {MOST_SIGNALS} of {', '.join(legal)}")
    return Asked(equipment=equipment, signals=names, start=first, end=last)


@router.get("/series", responses=example(_EXAMPLE) | {200: {"content": {"application/json": {"example": _EXAMPLE}, ARROW: {}}}})
def show_series(
    *,
    asked: Annotated[Asked, Depends(_asked)],
    database: CurrentDatabase,
    points: Annotated[int, Query(ge=10, le=MOST_POINTS, description="instants at most, about")] = 2000,
    form: Annotated[Literal["json", "arrow"] | None, Query(alias="format", description="instead of the header Accept")] = None,
    accept: Annotated[str, Header(max_length=1000, description="the Arrow type for a stream of Arrow, else JSON")] = "",
) -> Response:
    """Give the history of some signals as columns; null where there is no value, a band of extremes for rollups.

    The level follows from the span: the rows themselves up to two hours, means by minute or hour beyond. As an Arrow stream each
    signal is a column, beside it ``<signal>_min`` and ``<signal>_max`` where there are extremes.
    """
    found = series(database, asked.equipment, asked.signals, start=asked.start, end=asked.end, max_points=points)
    if form == "arrow" or (form is None and ARROW in accept):
        return Response(_arrow(found, asked.equipment), media_type=ARROW)
    content = {
        "equipment": asked.equipment.id,
        "from": iso(asked.start),
        "to": iso(asked.end),
        "level": found.level,
        "times": found.times_us // 1000,
        "columns": _short(found.columns),
        "minimum": _short(found.minimum),
        "maximum": _short(found.maximum),
    }
    return Response(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


@router.get("/series.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
def download_series(
    *,
    asked: Annotated[Asked, Depends(_asked)],
    database: CurrentDatabase,
    settings: CurrentSettings,
) -> StreamingResponse:
    """Give the same history as a table for spreadsheets, in the plant's time."""
    found = series(database, asked.equipment, asked.signals, start=asked.start, end=asked.end, max_points=MOST_POINTS)
    zone = ZoneInfo(settings.time_zone)
    header = [f"time ({zone.key})"]
    columns = []
    for name, column in _columns(found):
        header.append(name)
        columns.append([_number(value) for value in column.tolist()])
    return csv_response(f"{asked.equipment.name}_{asked.start:%Y%m%dT%H%M%SZ}", header, _rows(found, columns, zone))


@router.get(
    "/sparklines",
    responses=example({"signals": {"steam_flow": {"times": [1777593600000, 1777594464000], "values": [9.84, None]}}}),
)
def show_sparklines(
    *,
    equipment: SeenEquipment,
    database: CurrentDatabase,
    settings: CurrentSettings,
    span: Annotated[str, Query(max_length=20, description=", ".join(SPANS))] = "24h",
) -> dict[str, Any]:
    """Give the course of each measured key signal in a hundred points at most, for the small pictures beside its value."""
    start, end = interval(settings, span=span, start=None, end=None, longest_days=settings.longest_span_days)
    if equipment.table == OTHER:
        return {"signals": {}}
    kind = load_kind(equipment.kind)
    names = [name for name in kind.numeric_signals if kind.signals[name].key][:MOST_SIGNALS]
    # Buckets begin at whole multiples of their width: one more than fit into the span may touch it.
    found = series(database, equipment, names, start=start, end=end, max_points=SPARKLINE_POINTS - 1, level=_level(span))
    told = {}
    for name in names:
        column = found.columns[name]
        has_value = np.isfinite(column)
        if has_value.any():
            told[name] = {"times": (found.times_us // 1000).tolist(), "values": [_number(value) for value in column.tolist()]}
    return {"signals": told}


def _level(span: str) -> Literal["1m", "1h"]:
    """Choose the rollups from which a sparkline is drawn: hours are few enough for a week and more."""
    return "1m" if SPANS[span] <= timedelta(days=1) else "1h"


def _columns(found: Series) -> Iterator[tuple[str, Any]]:
    for name, column in found.columns.items():
        yield name, column
        if found.minimum:
            yield f"{name}_min", found.minimum[name]
            yield f"{name}_max", found.maximum[name]


def _arrow(found: Series, equipment: Equipment) -> bytes:
    times = pa.array(found.times_us).cast(pa.timestamp("us", "UTC"))
    named = dict(_columns(found))
    table = pa.table([times, *(pa.array(column, from_pandas=True) for column in named.values())], names=["time", *named])
    table = table.replace_schema_metadata({"equipment": f"{equipment.gateway}/{equipment.name}", "level": found.level})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _rows(found: Series, columns: list[list[float | None]], zone: ZoneInfo) -> Iterator[list[object]]:
    for time_us, *values in zip(found.times_us.tolist(), *columns, strict=True):
        time = datetime.fromtimestamp(time_us / 1e6, zone)
        yield [time.isoformat(" ", "milliseconds"), *values]


def _short(columns: dict[str, Values]) -> dict[str, npt.NDArray[np.floating[Any]]]:
    """Write values with the digits of a float32, as a sensor has them at most; counters keep all of theirs. NaN becomes null."""
    return {
        name: column if np.nanmax(np.abs(column), initial=0) >= _COUNTERS_FROM else column.astype(np.float32)
        for name, column in columns.items()
    }


def _number(value: float) -> float | None:
    if not math.isfinite(value):
        return None
    return float(f"{value:.7g}") if abs(value) < _COUNTERS_FROM else value
