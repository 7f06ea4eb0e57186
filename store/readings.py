"""Reading back what ingest has committed, beside the series of `store.series`: newest values, texts, qualities, waveforms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from device_profiles.kind import kind_names, load_kind
from store.database import Database
from store.sql_files import query

LONGEST_RECORD = timedelta(hours=1)
"""A waveform that goes on for longer is given in parts."""
_BLOCKS_A_RECORD = 100
"""Three million samples; where records are longer, fewer are found than were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The newest known value of each signal of one equipment; ``qualities`` names only signals that are not good."""

    equipment_id: int
    time: datetime
    values: dict[str, float | None]
    qualities: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEvent:
    equipment_id: int
    time: datetime
    signal: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityInterval:
    """From its first to its last sample, both included, these signals were bad (value NULL) or uncertain."""

    equipment_id: int
    signals: tuple[str, ...]
    quality: int
    start: datetime
    end: datetime


def latest(database: Database, equipment_ids: Sequence[int] | None = None) -> list[Latest]:
    """Read the newest values of all equipment, or of those asked for, sorted by id; at most a few seconds behind."""
    wanted = None if equipment_ids is None else list(equipment_ids)
    with database.connection() as connection:
        rows = connection.execute(query("readings", "latest"), {"ids": wanted}).fetchall()
    return [Latest(equipment_id=row[0], time=row[1], values=row[2], qualities=row[3]) for row in rows]


def events(
    database: Database, equipment_id: int | None = None, *, start: datetime, end: datetime, limit: int = 1000
) -> list[TextEvent]:
    """Read text events in ``[start, end)``, newest first; of all equipment unless one is named."""
    with database.connection() as connection:
        rows = connection.execute(
            query("readings", "events"), {"id": equipment_id, "start": start, "end": end, "limit": limit}
        ).fetchall()
    return [TextEvent(equipment_id=row[0], time=row[1], signal=row[2], text=row[3]) for row in rows]


def latest_texts(database: Database) -> list[TextEvent]:
    """Read the newest text of each machine and signal, however old it is."""
    pairs = [(kind, signal) for kind in kind_names() for signal in load_kind(kind).text_signals]
    wanted = {"kinds": [kind for kind, _ in pairs], "signals": [signal for _, signal in pairs], "known_kinds": list(kind_names())}
    with database.connection() as connection:
        rows = connection.execute(query("readings", "latest_texts"), wanted).fetchall()
    return [TextEvent(equipment_id=row[0], time=row[1], signal=row[2], text=row[3]) for row in rows]


def quality_intervals(database: Database, equipment_id: int, *, start: datetime, end: datetime) -> list[QualityInterval]:
    """Read the intervals that touch ``[start, end)``, oldest first."""
    with database.connection() as connection:
        rows = connection.execute(query("readings", "quality_intervals"), [equipment_id, end, start]).fetchall()
    return [QualityInterval(equipment_id=row[0], signals=tuple(row[1]), quality=row[2], start=row[3], end=row[4]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """An evenly sampled record, whole, in however many blocks it came: ``samples`` float32, the first at ``start``."""

    equipment_id: int
    signal: str
    start: datetime
    rate_hz: float
    samples: npt.NDArray[np.float32]


def waveforms(
    database: Database, equipment_id: int, signal: str, *, start: datetime, end: datetime, limit: int = 100
) -> list[Waveform]:
    """Read the waveforms that begin in ``[start, end)``, newest first."""
    asked = {
        "id": equipment_id,
        "signal": signal,
        "start": start,
        "end": end,
        "longest": LONGEST_RECORD,
        "limit": limit,
        "most_blocks": _BLOCKS_A_RECORD * (limit + 1),
    }
    with database.connection() as connection:
        rows = connection.execute(query("readings", "waveforms"), asked, binary=True).fetchall()
    return [
        Waveform(equipment_id=equipment_id, signal=signal, start=row[0], rate_hz=row[1], samples=np.frombuffer(row[2], "<f4"))
        for row in rows
    ]
