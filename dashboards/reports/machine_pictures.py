"""The pictures that a kind asks for (`device_profiles.kind.Picture`), drawn from what a machine has recorded.

Points are means of minutes, or of a few minutes over a longer span; one counts where the machine was in one of the picture's
states all the while. A heat map has a row for each day and a column for each hour; that of a signal of parts (strings, cylinders)
has a row for each part, and its columns are hours of the day.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from analytics.vibration.spectra import spectrum_of
from dashboards.pictures.efficiency_map import efficiency_map
from dashboards.pictures.heat_map import heat_map
from dashboards.pictures.picture import Picture
from dashboards.pictures.scatter import scatter
from dashboards.pictures.spectrum import spectrum
from dashboards.texts import Language
from device_profiles.kind import Kind
from device_profiles.kind import Picture as PictureOfKind
from store.database import Database
from store.equipment import Equipment
from store.readings import waveforms
from store.series import series

MOST_POINTS = 5000
HOURS_OF_A_DAY = 24
Values = npt.NDArray[np.float64]


def draw(
    database: Database,
    equipment: Equipment,
    kind: Kind,
    wanted: PictureOfKind,
    *,
    start: datetime,
    end: datetime,
    zone: str,
    language: Language,
) -> Picture:
    """Draw one picture of a machine from ``[start, end)``."""

    def label(name: str) -> str:
        return str(getattr(kind.signals[name].label, language))

    def unit(name: str) -> str:
        return kind.signals[name].unit

    if wanted.form == "heat_map":
        return _heat_map(database, equipment, kind, wanted.y, start=start, end=end, zone=zone, language=language)
    if wanted.form == "spectrum":
        records = waveforms(database, equipment.id, wanted.y, start=start, end=end, limit=1)
        frequencies_hz, amplitudes = lines_of(records[0].samples, records[0].rate_hz) if records else ((), ())
        return spectrum(frequencies_hz, amplitudes, unit=unit(wanted.y), language=language)
    x, y, *z = _points(database, equipment, kind, wanted, start=start, end=end)
    axes: dict[str, Any] = {
        "x_label": label(wanted.x),
        "x_unit": unit(wanted.x),
        "y_label": label(wanted.y),
        "y_unit": unit(wanted.y),
        "language": language,
    }
    if wanted.form == "scatter":
        return scatter(x, y, **axes)
    return efficiency_map(x, y, z[0], **axes, z_label=label(wanted.z), z_unit=unit(wanted.z))


def lines_of(samples: npt.ArrayLike, rate_hz: float) -> tuple[npt.ArrayLike, npt.ArrayLike]:
    """Give frequencies and amplitudes of a record; nothing where it is too short to have any."""
    try:
        return spectrum_of(samples, rate_hz=rate_hz)
    except ValueError:
        return (), ()


def _points(
    database: Database, equipment: Equipment, kind: Kind, wanted: PictureOfKind, *, start: datetime, end: datetime
) -> list[Values]:
    names = [name for name in (wanted.x, wanted.y, wanted.z) if name]
    state = kind.state_signal if wanted.states else None
    asked = list(dict.fromkeys([*names, *([state] if state else [])]))
    found = series(database, equipment, asked, start=start, end=end, max_points=MOST_POINTS, level="1m")
    counts = np.ones(len(found.times_us), bool)
    if state:
        codes = [known.code for known in kind.signals[state].states if known.name in wanted.states]
        counts = np.isin(found.minimum[state], codes) & (found.minimum[state] == found.maximum[state])
    return [found.columns[name][counts] for name in names]


def _heat_map(
    database: Database,
    equipment: Equipment,
    kind: Kind,
    name: str,
    *,
    start: datetime,
    end: datetime,
    zone: str,
    language: Language,
) -> Picture:
    parts = next(members for members in kind.members.values() if name in members)
    found = series(database, equipment, list(parts), start=start, end=end, max_points=0, level="1h")
    there = ZoneInfo(zone)
    times = [datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(there) for time_us in found.times_us.tolist()]
    hours = np.array([time.hour for time in times], int)
    if len(parts) > 1:
        names = ["-".join(part.values()) for part in parts.values()]
        table = np.array([_means(found.columns[signal], hours) for signal in parts])
    else:
        days = [f"{time:%m-%d}" for time in times]
        names = list(dict.fromkeys(days))
        of_day = np.array(days)
        table = np.array([_means(found.columns[name][of_day == day], hours[of_day == day]) for day in names])
    labels = [f"{hour:02}" for hour in range(HOURS_OF_A_DAY)]
    return heat_map(table, row_labels=names, column_labels=labels, unit=kind.signals[name].unit, language=language)


def _means(values: Values, hours: npt.NDArray[np.int_]) -> Iterable[float]:
    """Give the mean of the values of each hour of the day; NaN where there are none."""
    known = ~np.isnan(values)
    total = np.bincount(hours[known], values[known], HOURS_OF_A_DAY)
    count = np.bincount(hours[known], minlength=HOURS_OF_A_DAY)
    means: Values = np.divide(total, count, out=np.full(HOURS_OF_A_DAY, np.nan), where=count > 0)
    return means
