"""A spectrum of vibration or current, with the frequencies at which a fault would show."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

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
    shortened,
)
from dashboards.pictures.figures import significant, titled, with_unit
from dashboards.pictures.picture import Drawing, Picture, coordinate, empty_picture
from dashboards.texts import Language, translator

MOST_LINES = 1000


def spectrum(
    frequencies_hz: ArrayLike,
    amplitudes: ArrayLike,
    *,
    unit: str,
    marks: Sequence[tuple[float, str]] = (),
    language: Language,
) -> Picture:
    """Draw amplitudes over frequency; where lines are closer than the drawing shows, the highest of them stands."""
    _ = translator(language)
    header = [titled(_("频率"), "Hz"), titled(_("幅值"), unit)]
    frequencies, heights = floats(np.asarray(frequencies_hz, dtype=float)), floats(np.asarray(amplitudes, dtype=float))
    whole = ~np.isnan(frequencies) & ~np.isnan(heights)
    if not whole.any():
        return empty_picture(header, language)
    frequencies, heights = frequencies[whole], heights[whole]
    y_low, y_high = ends(heights, with_zero=True)
    x_low, x_high = float(frequencies.min()), float(frequencies.max())
    x = Scale(low=x_low, high=x_high if x_high > x_low else x_low + 1, start=LEFT, end=RIGHT)
    y = Scale(low=y_low, high=y_high, start=BOTTOM, end=TOP)
    peak = int(np.argmax(heights))
    description = _(
        "最高峰 {amplitude}，在 {frequency} Hz",
        amplitude=with_unit(significant(float(heights[peak])), unit),
        frequency=significant(float(frequencies[peak]), digits=4),
    )
    drawing = Drawing(width=WIDTH, height=HEIGHT, title=_("频谱图"), description=description)
    draw_x_axis(drawing, x, header[0])
    draw_y_axis(drawing, y, header[1])
    drawn = _peaks(heights)
    points = zip(x.all_at(frequencies[drawn]), y.all_at(heights[drawn]), strict=True)
    drawing.add("polyline", "curve series-1", points=" ".join(f"{coordinate(left)},{coordinate(top)}" for left, top in points))
    _draw_marks(drawing, x, marks)
    rows = [(float(left), float(height)) for left, height in zip(frequencies, heights, strict=True)]
    return Picture(svg=drawing.svg(), header=header, rows=list(rows))


def _peaks(heights: Floats) -> np.ndarray:
    """Choose the highest of each group of neighbours, so that no peak is lost."""
    group = -(-heights.size // MOST_LINES)
    padded = np.pad(heights, (0, -heights.size % group), constant_values=-np.inf).reshape(-1, group)
    chosen: np.ndarray = padded.argmax(axis=1) + np.arange(len(padded)) * group
    return chosen


def _draw_marks(drawing: Drawing, x: Scale, marks: Sequence[tuple[float, str]]) -> None:
    inside = sorted(mark for mark in marks if x.low <= mark[0] <= x.high)
    for number, (frequency, label) in enumerate(inside):
        left = x.at(frequency)
        anchor = "end" if left > RIGHT - 120 else "start"
        drawing.add("line", "mark", x1=left, x2=left, y1=TOP, y2=BOTTOM)
        # Names of close marks would lie upon each other: they go down in three rows.
        words = shortened(label, 18)
        drawing.add(
            "text",
            "mark-name",
            words=words,
            x=left + (3 if anchor == "start" else -3),
            y=TOP + 12 + 15 * (number % 3),
            text_anchor=anchor,
        )
