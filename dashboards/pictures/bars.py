"""Bars of one or several series over categories: energy by day, alarms by hour."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from dashboards.pictures.axes import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Scale, draw_y_axis, ends, floats, shortened
from dashboards.pictures.figures import significant, titled, with_unit
from dashboards.pictures.legend import draw_legend, series_class
from dashboards.pictures.picture import Drawing, Picture, empty_picture
from dashboards.texts import Language, translator

MOST_BARS = 1500
_GAP_SHARE = 0.25  # of a category's width


def bars(
    categories: Sequence[str],
    series: Mapping[str, Iterable[float | None]],
    *,
    unit: str,
    stacked: bool = True,
    language: Language,
) -> Picture:
    """Draw bars upon each other, or beside each other; what is below zero hangs from the axis."""
    _ = translator(language)
    columns = {label: floats(values) for label, values in series.items()}
    header = [_("分类"), *(titled(label, unit) for label in columns)]
    if not categories or not columns or all(np.isnan(values).all() for values in columns.values()):
        return empty_picture(header, language)
    shown = min(len(categories), MOST_BARS // len(columns))
    table = np.stack([values[:shown] for values in columns.values()])
    bottoms, tops = _stacked(table) if stacked else (np.zeros_like(table), table)
    low, high = ends(np.concatenate([bottoms.ravel(), tops.ravel()]), with_zero=True)
    y = Scale(low=low, high=high, start=BOTTOM, end=TOP)
    description = _("画出 {shown} 项，共 {count} 项", shown=shown, count=len(categories))
    drawing = Drawing(width=WIDTH, height=HEIGHT, title=_("柱形图"), description=description)
    draw_y_axis(drawing, y, unit)
    room = (RIGHT - LEFT) / shown
    width = room * (1 - _GAP_SHARE) / (1 if stacked else len(columns))
    for row, label in enumerate(columns):
        shift = room * _GAP_SHARE / 2 + (0 if stacked else row * width)
        for place in map(int, np.flatnonzero(~np.isnan(table[row]))):
            upper, lower = sorted((y.at(bottoms[row, place]), y.at(tops[row, place])))
            tip = f"{categories[place]} · {label}: {with_unit(significant(table[row, place]), unit)}"
            left = LEFT + place * room + shift
            drawing.add("rect", series_class(row), tip=tip, x=left, y=upper, width=width, height=lower - upper)
    drawing.add("line", "axis", x1=LEFT, x2=RIGHT, y1=y.at(0), y2=y.at(0))
    _draw_categories(drawing, categories[:shown], room)
    draw_legend(drawing, list(columns))
    rows = [(category, *(float(values[place]) for values in columns.values())) for place, category in enumerate(categories)]
    return Picture(svg=drawing.svg(), header=header, rows=rows)


def _stacked(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pile up what is above zero and, apart from it, what is below."""
    tops = np.where(table >= 0, np.cumsum(np.clip(np.nan_to_num(table), 0, None), axis=0), np.nan)
    tops = np.where(table < 0, np.cumsum(np.clip(np.nan_to_num(table), None, 0), axis=0), tops)
    return tops - table, tops


def _draw_categories(drawing: Drawing, categories: Sequence[str], room: float) -> None:
    """Write as many names as have room."""
    letters = 2 * max(max((len(name) for name in categories), default=1), 1)
    every = max(1, round(min(letters, 12) * 7 / room + 0.5))
    for place in range(0, len(categories), every):
        words = shortened(categories[place], max(int(every * room / 7), 4))
        drawing.add("text", "tick", words=words, x=LEFT + (place + 0.5) * room, y=BOTTOM + 18, text_anchor="middle")
