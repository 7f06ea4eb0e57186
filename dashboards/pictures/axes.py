"""Axes: round steps, and where a number lies on the drawing."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboards.pictures.figures import fixed
from dashboards.pictures.picture import Drawing

Floats = NDArray[np.float64]
WIDTH, HEIGHT = 640.0, 340.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 624.0, 28.0, 284.0
"""The plot inside the drawing; around it stand the numbers."""
MOST_TICKS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A straight line from data to the drawing."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def all_at(self, values: Floats) -> Floats:
        return self.start + (values - self.low) / (self.high - self.low) * (self.end - self.start)


def floats(values: Iterable[float | None]) -> Floats:
    """Give values as an array in which what is missing or endless is NaN."""
    array = np.array(values if isinstance(values, np.ndarray) else list(values), dtype=np.float64)
    array[~np.isfinite(array)] = np.nan
    return array


def round_step(span: float, most: int) -> float:
    """Give the smallest of 1, 2, 5, 10 ... that divides a span into at most so many parts."""
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / most))
    return next(power * factor for factor in (1, 2, 5, 10, 20) if span / (power * factor) <= most * (1 + 1e-9))


def ticks(low: float, high: float, most: int = MOST_TICKS) -> list[float]:
    """Give the round numbers between two ends."""
    step = round_step(high - low, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def ends(values: Floats, *, with_zero: bool = False) -> tuple[float, float]:
    """Give round ends that hold every value and are never the same."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if with_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        room = abs(low) * 0.1 or 1.0
        low, high = (low, high + room) if with_zero and low == 0 else (low - room, high + room)
    step = round_step(high - low, MOST_TICKS)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step


def tick_words(places: list[float]) -> list[str]:
    """Write the numbers of an axis with as many decimals as their step needs."""
    step = places[1] - places[0] if len(places) > 1 else places[0] if places else 1.0
    decimals = 0 if step == 0 else min(max(0, -math.floor(math.log10(abs(step)) + 1e-9)), 9)
    return [fixed(place, decimals) for place in places]


def draw_y_axis(drawing: Drawing, y: Scale, title: str) -> None:
    places = ticks(y.low, y.high)
    for place, words in zip(places, tick_words(places), strict=True):
        drawing.add("line", "grid", x1=LEFT, x2=RIGHT, y1=y.at(place), y2=y.at(place))
        drawing.add("text", "tick", words=words, x=LEFT - 6, y=y.at(place) + 4, text_anchor="end")
    drawing.add("text", "axis-title", words="" if title == "1" else title, x=4, y=TOP - 12)


def draw_x_axis(drawing: Drawing, x: Scale, title: str) -> None:
    places = ticks(x.low, x.high, 10)
    for place, words in zip(places, tick_words(places), strict=True):
        drawing.add("line", "grid", x1=x.at(place), x2=x.at(place), y1=TOP, y2=BOTTOM)
        drawing.add("text", "tick", words=words, x=x.at(place), y=BOTTOM + 18, text_anchor="middle")
    drawing.add("text", "axis-title", words=title, x=RIGHT, y=BOTTOM + 40, text_anchor="end")


def shortened(words: str, room: int) -> str:
    """Cut a label to the width of so many Latin letters; a Chinese character is as wide as two."""
    width = 0
    for place, letter in enumerate(words):
        width += 2 if letter > "\u2e7f" else 1
        if width > room:
            return words[: max(place - 1, 1)] + "…"
    return words
