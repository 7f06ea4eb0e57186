"""A forecast with its intervals, and what came of it."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike

from dashboards.pictures.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Floats, Scale, draw_y_axis, ends, floats
from dashboards.pictures.figures import titled
from dashboards.pictures.legend import draw_legend, series_class
from dashboards.pictures.line import curve, draw_time_axis
from dashboards.pictures.picture import Drawing, Picture, coordinate, empty_picture
from dashboards.texts import Language, translator

Bounds = tuple[Iterable[float | None], Iterable[float | None]]
_TONES = (0, 2, 4, 5)
"""Of the bands, the widest palest."""


def fan(
    times_us: ArrayLike,
    median: Iterable[float | None],
    bands: Mapping[int, Bounds],
    *,
    actual: Iterable[float | None] | None,
    others: Mapping[str, Iterable[float | None]] | None = None,
    unit: str,
    zone: str,
    language: Language,
) -> Picture:
    """Draw the bands, widest first, the median over them and the actual course over all; ``others`` are further named courses."""
    _ = translator(language)
    there = ZoneInfo(zone)
    seconds = np.asarray(times_us, dtype=np.int64) / 1e6
    middle = floats(median)
    bounds = {percent: (floats(low), floats(high)) for percent, (low, high) in bands.items()}
    came = np.full(len(middle), np.nan) if actual is None else floats(actual)
    beside = {name: floats(course) for name, course in (others or {}).items()}
    names = [_("中位预测"), *([] if actual is None else [_("实际")]), *beside]
    header = [titled(_("时间"), zone), *(titled(name, unit) for name in names)]
    header += [f"{percent}% {side}" for percent in bounds for side in (_("下界"), _("上界"))]
    everything = np.concatenate([middle, came, *beside.values(), *(side for pair in bounds.values() for side in pair)])
    if not seconds.size or np.isnan(everything).all():
        return empty_picture(header, language)
    x = Scale(low=float(seconds.min()), high=max(float(seconds.max()), float(seconds.min()) + 1), start=LEFT, end=RIGHT)
    low, high = ends(everything)
    y = Scale(low=low, high=high, start=BOTTOM, end=TOP)
    shares = " / ".join(f"{percent}%" for percent in bounds)
    drawing = Drawing(width=WIDTH, height=HEIGHT, title=_("预测扇形图"), description=_("区间 {shares}", shares=shares))
    for tone, (lower, upper) in zip(_TONES, bounds.values(), strict=False):
        drawing.add("path", f"level-{tone}", d=_area(x.all_at(seconds), y.all_at(lower), y.all_at(upper)))
    draw_y_axis(drawing, y, unit)
    draw_time_axis(drawing, x, there)
    courses = [middle, *([] if actual is None else [came]), *beside.values()]
    for number, course in enumerate(courses):
        drawing.add("path", f"curve {series_class(number)}", d=curve(x.all_at(seconds), y.all_at(course)))
    draw_legend(drawing, names, mark="line")
    columns = [*courses, *(side for pair in bounds.values() for side in pair)]
    rows = [
        (
            datetime.fromtimestamp(second, UTC).astimezone(there).isoformat(sep=" ", timespec="minutes")[:16],
            *(float(column[place]) for column in columns),
        )
        for place, second in enumerate(seconds)
    ]
    return Picture(svg=drawing.svg(), header=header, rows=list(rows))


def _area(x: Floats, lower: Floats, upper: Floats) -> str:
    """Give one closed path for each stretch without gaps."""
    whole = ~np.isnan(lower) & ~np.isnan(upper)
    pieces = np.split(np.arange(len(x)), np.flatnonzero(np.diff(whole)) + 1)
    paths = []
    for piece in pieces:
        if piece.size and whole[piece[0]]:
            corners = [*zip(x[piece], upper[piece], strict=True), *zip(x[piece][::-1], lower[piece][::-1], strict=True)]
            paths.append("M" + "L".join(f"{coordinate(left)} {coordinate(top)}" for left, top in corners) + "Z")
    return "".join(paths)
