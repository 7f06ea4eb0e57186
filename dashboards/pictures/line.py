"""Values over time beside a finding or an alarm; what people zoom and compare in is drawn by the browser instead."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike

from dashboards.pictures.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Floats, Scale, draw_y_axis, ends, floats, shortened
from dashboards.pictures.figures import titled
from dashboards.pictures.legend import draw_legend, series_class
from dashboards.pictures.picture import Drawing, Picture, coordinate, empty_picture
from dashboards.texts import Language, translator

MOST_GROUPS = 400
"""Of more samples than twice this the lowest and the highest of each group are drawn."""
_STEPS_SECONDS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000, 31536000)
_MOST_TIME_TICKS = 7
_DAY_SECONDS = 86400


def line(
    times_us: ArrayLike,
    series: Mapping[str, Iterable[float | None]],
    *,
    unit: str,
    zone: str,
    band: tuple[float, float] | None = None,
    marks: Sequence[tuple[int, str]] = (),
    language: Language,
) -> Picture:
    """Draw curves with their gaps, the normal band behind them, and marks at moments (microseconds) that matter."""
    _ = translator(language)
    there = ZoneInfo(zone)
    header = [titled(_("时间"), zone), *(titled(label, unit) for label in series)]
    times = np.asarray(times_us, dtype=np.int64)
    columns = {label: floats(values) for label, values in series.items()}
    if not times.size or not columns or all(np.isnan(values).all() for values in columns.values()):
        return empty_picture(header, language)
    seconds = times / 1e6
    x_low, x_high = float(seconds.min()), float(seconds.max())
    x = Scale(low=x_low, high=x_high if x_high > x_low else x_low + 1, start=LEFT, end=RIGHT)
    y_low, y_high = ends(np.concatenate([*columns.values(), np.array(band or (), dtype=float)]))
    y = Scale(low=y_low, high=y_high, start=BOTTOM, end=TOP)
    description = f"{_local(x_low, there)} – {_local(x_high, there)} ({zone})"
    drawing = Drawing(width=WIDTH, height=HEIGHT, title=_("曲线图"), description=description)
    if band:
        drawing.add("rect", "normal-band", x=LEFT, y=y.at(band[1]), width=RIGHT - LEFT, height=y.at(band[0]) - y.at(band[1]))
    draw_y_axis(drawing, y, unit)
    draw_time_axis(drawing, x, there)
    for number, values in enumerate(columns.values()):
        drawing.add("path", f"curve {series_class(number)}", d=curve(x.all_at(seconds), y.all_at(values)))
    _draw_marks(drawing, x, marks)
    draw_legend(drawing, list(columns), mark="line")
    rows = [
        (_local(second, there), *(float(values[place]) for values in columns.values())) for place, second in enumerate(seconds)
    ]
    return Picture(svg=drawing.svg(), header=header, rows=list(rows))


def curve(x: Floats, y: Floats) -> str:
    """Write a path that breaks where there is no value; a value between two gaps is a dot."""
    x, y = _thinned(x, y)
    pieces = []
    drawing = False
    for left, top in zip(x, y, strict=True):
        if math.isnan(top):
            drawing = False
            continue
        pieces.append(f"{'L' if drawing else 'M'}{coordinate(left)} {coordinate(top)}{'' if drawing else 'h0'}")
        drawing = True
    return "".join(pieces)


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Keep the lowest and the highest of each group, and one gap where a group is nothing but gap."""
    if y.size <= 2 * MOST_GROUPS:
        return x, y
    group = -(-y.size // MOST_GROUPS)
    kept = []
    for start in range(0, y.size, group):
        part = y[start : start + group]
        if np.isnan(part).all():
            kept.append(start)
        else:
            kept += sorted({start + int(np.nanargmin(part)), start + int(np.nanargmax(part))})
    return x[kept], y[kept]


def draw_time_axis(drawing: Drawing, x: Scale, zone: ZoneInfo, *, top: float = TOP, bottom: float = BOTTOM) -> None:
    """Draw round instants of a zone; the scale is in seconds since 1970."""
    span = x.high - x.low
    step = next((step for step in _STEPS_SECONDS if span / step <= _MOST_TIME_TICKS), _STEPS_SECONDS[-1])
    offset = datetime.fromtimestamp(x.low, zone).utcoffset()
    shift = 0.0 if offset is None else offset.total_seconds()
    for number in range(math.ceil((x.low + shift) / step), math.floor((x.high + shift) / step) + 1):
        second = number * step - shift
        form = "%m-%d" if step >= _DAY_SECONDS else "%H:%M" if step >= 60 else "%H:%M:%S"
        words = datetime.fromtimestamp(second, zone).strftime(form)
        drawing.add("line", "grid", x1=x.at(second), x2=x.at(second), y1=top, y2=bottom)
        anchor = "end" if x.at(second) > RIGHT - 6 else "middle"  # half of it would lie beyond the drawing
        drawing.add("text", "tick", words=words, x=x.at(second), y=bottom + 18, text_anchor=anchor)
    day = datetime.fromtimestamp(x.low, zone).strftime("%Y-%m-%d")
    drawing.add("text", "axis-title", words=f"{day} ({zone})", x=RIGHT, y=top - 12, text_anchor="end")


def _draw_marks(drawing: Drawing, x: Scale, marks: Sequence[tuple[int, str]]) -> None:
    for time_us, label in marks:
        if x.low <= time_us / 1e6 <= x.high:
            left = x.at(time_us / 1e6)
            anchor = "end" if left > RIGHT - 120 else "start"
            drawing.add("line", "mark", x1=left, x2=left, y1=TOP, y2=BOTTOM)
            shift = 3 if anchor == "start" else -3
            drawing.add("text", "mark-name", words=shortened(label, 18), x=left + shift, y=TOP + 12, text_anchor=anchor)


def _local(seconds: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).isoformat(sep=" ", timespec="seconds")[:19]
