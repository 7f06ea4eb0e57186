"""Readings of one machine as a file, of a day or of years, sent while it is being written."""

import itertools
import threading
from collections.abc import Iterator
from typing import IO, Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import StreamingResponse

from dashboards.api.series import SeenEquipment
from dashboards.asking import Instant, interval
from dashboards.context import CurrentDatabase, CurrentSettings
from dashboards.streamed_file import streamed
from store.export import Selection, export, sample_signals
from store.export_files import CsvSink, ParquetSink

router = APIRouter(prefix="/api/v1/equipment/{equipment_id}", tags=["series"])

LONGEST_DAYS = 20 * 366
MOST_AT_ONCE = 3
"""Each keeps a connection to the database and a processor busy, and operators look on at the same time."""
_MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {}, "application/vnd.apache.parquet": {}}},
        503: {"description": "too many at once"},
    },
)
def download(
    *,
    equipment: SeenEquipment,
    database: CurrentDatabase,
    settings: CurrentSettings,
    start: Annotated[Instant, Query(alias="from")] = None,
    end: Annotated[Instant, Query(alias="to", description="likewise; now when left out")] = None,
    form: Annotated[Literal["csv", "parquet"], Query(alias="format", description="of the file")] = "csv",
    level: Annotated[Literal["raw", "1m", "1h", "1d"], Query(description="rows, or mean, minimum and maximum")] = "raw",
    signals: Annotated[str, Query(max_length=20_000, description="names, comma-separated; all when left out")] = "",
) -> StreamingResponse:
    """Download readings: CSV in the plant's time zone for spreadsheets, or Parquet with units and labels."""
    first, last = interval(settings, span=None, start=start, end=end, longest_days=LONGEST_DAYS)
    known = sample_signals(database, equipment, start=first, end=last)
    names = tuple(dict.fromkeys(filter(None, signals.split(",")))) or known
    unknown = [name[:80] for name in names if name not in known]
    if unknown or not names:
        raise HTTPException(422, f"signals: {', '.join(map(repr, unknown[:5]))} unknown; legal: {', '.join(known) or 'none'}")
    selection = Selection(machines=(equipment,), signals=names, start=first, end=last, level=level, zone=settings.time_zone)

    def write(stream: IO[bytes]) -> None:
        sink = (
            ParquetSink(stream, selection.schema)
            if form == "parquet"
            else CsvSink(stream, selection.schema, zone=settings.time_zone, bom=True)
        )
        export(database, selection, sink)
        sink.close()

    name = f"{equipment.name}_{first:%Y%m%dT%H%M%SZ}_{last:%Y%m%dT%H%M%SZ}.{form}"
    return StreamingResponse(
        _begun(_in_a_place(streamed(write))),
        media_type=_MEDIA_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _in_a_place(pieces: Iterator[bytes]) -> Iterator[bytes]:
    if not _places.acquire(blocking=False):
        raise HTTPException(503, f"{MOST_AT_ONCE} files are being written already", headers={"Retry-After": "30"})
    try:
        yield from pieces
    finally:
        _places.release()


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Wait for the first piece, so that what fails at once is an answer of its own and no torn file."""
    return itertools.chain([next(pieces, b"")], pieces)
