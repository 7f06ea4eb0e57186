"""What tells series apart: a tone, a dash of the line, and a named key in the order of drawing; never colour alone."""

from collections.abc import Sequence

from dashboards.pictures.axes import LEFT, RIGHT, Scale, shortened
from dashboards.pictures.figures import significant, with_unit
from dashboards.pictures.picture import Drawing

SERIES = 6
LEVELS = 9
_KEY_Y = 332.0


def series_class(number: int) -> str:
    return f"series-{number % SERIES + 1}"


def draw_legend(drawing: Drawing, labels: Sequence[str], *, mark: str = "bar", first: int = 0) -> None:
    """Name the series below the plot, the first of them in tone number ``first``; a single one in the first tone needs no key."""
    if len(labels) + first < 2:
        return
    room = (RIGHT - LEFT) / min(len(labels), SERIES)
    for number, label in enumerate(labels[:SERIES], first):
        left = LEFT + (number - first) * room
        if mark == "bar":
            drawing.add("rect", series_class(number), x=left, y=_KEY_Y - 10, width=12, height=10)
        else:
            drawing.add("line", f"curve {series_class(number)}", x1=left, x2=left + 22, y1=_KEY_Y - 5, y2=_KEY_Y - 5)
        start = left + (16 if mark == "bar" else 28)
        drawing.add("text", "key", words=shortened(label, int((room - 30) / 6.5)), x=start, y=_KEY_Y)


def level_of(value: float, scale: Scale) -> int:
    """Give the tone of a value, 0 to 8 from pale to deep."""
    share = (value - scale.low) / (scale.high - scale.low)
    return min(max(int(share * LEVELS), 0), LEVELS - 1)


def draw_levels(drawing: Drawing, scale: Scale, *, title: str, unit: str) -> None:
    """Draw the key of the tones with the numbers at its ends."""
    width = 18.0
    left = LEFT + 60
    drawing.add("text", "key", words=significant(scale.low), x=left - 6, y=_KEY_Y, text_anchor="end")
    for level in range(LEVELS):
        drawing.add("rect", f"level-{level}", x=left + level * width, y=_KEY_Y - 11, width=width, height=12)
    words = f"{with_unit(significant(scale.high), unit)}  {title}".rstrip()
    drawing.add("text", "key", words=words, x=left + LEVELS * width + 6, y=_KEY_Y)
