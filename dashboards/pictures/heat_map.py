"""A heat map: the value of each hour of each day, of each string of each inverter."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from dashboards.pictures.axes import BOTTOM, HEIGHT, RIGHT, TOP, WIDTH, Floats, Scale, ends, floats, shortened
from dashboards.pictures.cells import draw_cells
from dashboards.pictures.figures import significant, titled, with_unit
from dashboards.pictures.legend import LEVELS, draw_levels, level_of
from dashboards.pictures.picture import Drawing, Picture, empty_picture
from dashboards.texts import Language, translator

MOST_LINES = 60
"""More rows or columns than this are drawn as the mean of neighbours; the table keeps them all."""
_NUMBER_WIDTH, _NUMBER_HEIGHT = 34.0, 15.0
_LEFT = 110.0


def heat_map(
    values: ArrayLike, *, row_labels: Sequence[str], column_labels: Sequence[str], unit: str, language: Language
) -> Picture:
    """Draw rows from top to bottom and columns from left to right, pale for little and deep for much."""
    _ = translator(language)
    header = [_("分类"), *column_labels]
    table = floats(np.asarray(values, dtype=float)).reshape(len(row_labels), len(column_labels))
    if not table.size or np.isnan(table).all():
        return empty_picture(header, language)
    drawn, row_names, column_names = _thinned(table, row_labels, column_labels)
    low, high = ends(drawn)
    scale = Scale(low=low, high=high, start=0, end=1)
    highest = np.unravel_index(np.nanargmax(table), table.shape)
    description = _(
        "最大值 {value}：{row}，{column}",
        value=with_unit(significant(float(table[highest])), unit),
        row=row_labels[int(highest[0])],
        column=column_labels[int(highest[1])],
    )
    drawing = Drawing(width=WIDTH, height=HEIGHT, title=_("热力图"), description=description)
    x_edges = np.linspace(_LEFT, RIGHT, drawn.shape[1] + 1)
    y_edges = np.linspace(TOP - 16, BOTTOM, drawn.shape[0] + 1)
    drawing.add("rect", "no-value", x=_LEFT, y=TOP - 16, width=RIGHT - _LEFT, height=BOTTOM - TOP + 16)
    draw_cells(drawing, drawn, scale, x_edges=x_edges, y_edges=y_edges)
    if x_edges[1] - x_edges[0] >= _NUMBER_WIDTH and y_edges[1] - y_edges[0] >= _NUMBER_HEIGHT:
        _draw_numbers(drawing, drawn, scale, x_edges, y_edges)
    _draw_names(drawing, row_names, column_names, x_edges, y_edges)
    draw_levels(drawing, scale, title=_("空白为没有数据"), unit=unit)
    rows = [(label, *map(float, line)) for label, line in zip(row_labels, table, strict=True)]
    return Picture(svg=drawing.svg(), header=[header[0], *(titled(label, unit) for label in column_labels)], rows=rows)


def _thinned(table: Floats, rows: Sequence[str], columns: Sequence[str]) -> tuple[Floats, list[str], list[str]]:
    """Join neighbours until the drawing has room for them."""
    down, across = -(-table.shape[0] // MOST_LINES), -(-table.shape[1] // MOST_LINES)
    padded = np.pad(table, [(0, -table.shape[0] % down), (0, -table.shape[1] % across)], constant_values=np.nan)
    blocks = padded.reshape(padded.shape[0] // down, down, padded.shape[1] // across, across)
    count = (~np.isnan(blocks)).sum(axis=(1, 3))
    total = np.nansum(blocks, axis=(1, 3))
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0), list(rows[::down]), list(columns[::across])


def _draw_numbers(drawing: Drawing, table: Floats, scale: Scale, x_edges: Floats, y_edges: Floats) -> None:
    for row, column in np.argwhere(~np.isnan(table)):
        x, y = (x_edges[column] + x_edges[column + 1]) / 2, (y_edges[row] + y_edges[row + 1]) / 2
        tone = "on-deep" if level_of(table[row, column], scale) > LEVELS // 2 else "on-pale"
        drawing.add("text", f"cell-number {tone}", words=significant(table[row, column]), x=x, y=y + 4, text_anchor="middle")


def _draw_names(drawing: Drawing, rows: list[str], columns: list[str], x_edges: Floats, y_edges: Floats) -> None:
    for row in range(0, len(rows), max(1, round(14 / (y_edges[1] - y_edges[0]) + 0.49))):
        y = (y_edges[row] + y_edges[row + 1]) / 2
        drawing.add("text", "tick", words=shortened(rows[row], 14), x=_LEFT - 6, y=y + 4, text_anchor="end")
    width = x_edges[1] - x_edges[0]
    longest = min(max(len(name) for name in columns), 12) * 8 + 6
    every = max(1, round(longest / width + 0.49))
    for column in range(0, len(columns), every):
        x = (x_edges[column] + x_edges[column + 1]) / 2
        words = shortened(columns[column], max(int(every * width / 7), 3))
        drawing.add("text", "tick", words=words, x=x, y=BOTTOM + 18, text_anchor="middle")
