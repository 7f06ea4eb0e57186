"""Spans in lanes: a machine's states over a day, or the jobs of a plan on its machines (a Gantt chart)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from dashboards.pictures.axes import Scale, shortened
from dashboards.pictures.figures import titled
from dashboards.pictures.legend import SERIES, series_class
from dashboards.pictures.line import draw_time_axis
from dashboards.pictures.picture import Drawing, Picture, empty_picture
from dashboards.texts import Language, translator

MOST_SPANS = 3000
Span = tuple[int, int, str, str]
"""Start and end [µs], the state and the words of one span."""
_LEFT, _RIGHT, _TOP, _WIDTH = 110.0, 624.0, 28.0, 640.0
_LANE, _LETTER = 24.0, 7.0


def timeline(lanes: Mapping[str, Sequence[Span]], states: Mapping[str, str], *, zone: str, language: Language) -> Picture:
    """Draw each lane as a row; a span has the tone of its state, and its words where they have room.

    States that do not occur need no tone.
    """
    _ = translator(language)
    there = ZoneInfo(zone)
    header = [_("名称"), titled(_("开始"), zone), titled(_("结束"), zone), _("状态"), _("说明")]
    spans = [(lane, *span) for lane, of in lanes.items() for span in of]
    if not spans:
        return empty_picture(header, language)
    occur = {span[3] for span in spans}
    states = {state: words for state, words in states.items() if state in occur}
    low, high = min(span[1] for span in spans) / 1e6, max(span[2] for span in spans) / 1e6
    x = Scale(low=low, high=max(high, low + 1), start=_LEFT, end=_RIGHT)
    bottom = _TOP + _LANE * len(lanes)
    ends = " – ".join(_local(seconds, there) for seconds in (low, high))
    height = bottom + 34 + 18 * (-(-len(states) // SERIES))
    drawing = Drawing(width=_WIDTH, height=height, title=_("时间线"), description=f"{ends} ({zone})")
    draw_time_axis(drawing, x, there, top=_TOP, bottom=bottom)
    tones = {state: number for number, state in enumerate(states)}
    for row, (lane, of) in enumerate(lanes.items()):
        top = _TOP + _LANE * row
        drawing.add("text", "tick", words=shortened(lane, 15), tip=lane, x=_LEFT - 6, y=top + 16, text_anchor="end")
        for start, end, state, words in of[: MOST_SPANS // len(lanes)]:
            left, right = x.at(start / 1e6), x.at(end / 1e6)
            tip = f"{lane} · {states[state]} {words}: {_local(start / 1e6, there)} – {_local(end / 1e6, there)}"
            css = series_class(tones[state])
            drawing.add("rect", css, tip=tip, x=left, y=top + 3, width=max(right - left, 0.5), height=_LANE - 6)
            if words and (right - left) > _LETTER * len(words):
                drawing.add("text", "on-bar", words=words, x=(left + right) / 2, y=top + 16, text_anchor="middle")
    room = (_RIGHT - _LEFT) / SERIES
    for number, (state, words) in enumerate(states.items()):
        left, y = _LEFT + number % SERIES * room, bottom + 40 + 18 * (number // SERIES)
        drawing.add("rect", series_class(tones[state]), x=left, y=y - 10, width=12, height=10)
        drawing.add("text", "key", words=shortened(words, int((room - 16) / 6.5)), tip=words, x=left + 16, y=y)
    rows = [
        (lane, _local(start / 1e6, there), _local(end / 1e6, there), states[state], words)
        for lane, start, end, state, words in spans
    ]
    return Picture(svg=drawing.svg(), header=header, rows=list(rows))


def _local(seconds: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).isoformat(sep=" ", timespec="seconds")[:19]
