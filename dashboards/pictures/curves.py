"""Lines of one quantity over another, and the points that they were made of: a power curve, a speed-power curve."""

from collections.abc import Iterable, Mapping

import numpy as np

from dashboards.pictures.axes import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Floats,
    Scale,
    draw_x_axis,
    draw_y_axis,
    ends,
    floats,
)
from dashboards.pictures.figures import titled
from dashboards.pictures.legend import draw_legend, series_class
from dashboards.pictures.line import curve
from dashboards.pictures.picture import Drawing, Picture, coordinate, empty_picture
from dashboards.texts import Language, translator

Pairs = tuple[Iterable[float | None], Iterable[float | None]]


def curves(
    lines: Mapping[str, Pairs],
    points: Pairs | None = None,
    *,
    x_label: str,
    x_unit: str,
    y_label: str,
    y_unit: str,
    language: Language,
) -> Picture:
    """Draw lines over points; the table has the lines, one beneath the other."""
    _ = translator(language)
    x_title, y_title = titled(x_label, x_unit), titled(y_label, y_unit)
    header = [_("曲线"), x_title, y_title]
    known = {name: (floats(across), floats(up)) for name, (across, up) in lines.items()}
    cloud = (np.empty(0), np.empty(0)) if points is None else (floats(points[0]), floats(points[1]))
    x, y = (_scale([*(pair[axis] for pair in known.values()), cloud[axis]], *place) for axis, place in enumerate(_PLACES))
    if x is None or y is None:
        return empty_picture(header, language)
    drawing = Drawing(width=WIDTH, height=HEIGHT, title=_("曲线图"), description=f"{y_title} – {x_title}")
    draw_x_axis(drawing, x, x_title)
    draw_y_axis(drawing, y, y_title)
    whole = ~np.isnan(cloud[0]) & ~np.isnan(cloud[1])
    dots = zip(x.all_at(cloud[0][whole]), y.all_at(cloud[1][whole]), strict=True)
    drawing.add("path", "points", d="".join(f"M{coordinate(left)} {coordinate(top)}h0" for left, top in dots))
    for number, (across, up) in enumerate(known.values()):
        there = ~np.isnan(across)
        drawing.add("path", f"curve {series_class(number + 1)}", d=curve(x.all_at(across[there]), y.all_at(up[there])))
    draw_legend(drawing, list(known), mark="line", first=1)
    rows = [(name, float(left), float(top)) for name, (across, up) in known.items() for left, top in zip(across, up, strict=True)]
    return Picture(svg=drawing.svg(), header=header, rows=list(rows))


_PLACES = ((LEFT, RIGHT), (BOTTOM, TOP))


def _scale(columns: Iterable[Floats], start: float, end: float) -> Scale | None:
    values = np.concatenate(list(columns))
    if np.isnan(values).all():
        return None
    low, high = ends(values)
    return Scale(low=low, high=high, start=start, end=end)
