"""A machine's days as a calendar: week by week, how many of its required points were valid."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from dashboards.pictures.axes import Scale
from dashboards.pictures.legend import LEVELS, level_of
from dashboards.pictures.picture import Drawing, Picture, empty_picture
from dashboards.texts import Language, translator

_CELL, _LEFT, _TOP, _WIDTH = 30.0, 46.0, 24.0, 640.0
_WEEKDAYS = 7


class Valid(NamedTuple):
    """A day on which something came: valid points of those required, and hours with anything."""

    points: int
    required: int
    hours: int


def calendar(days: Mapping[date, Valid], *, first: date, last: date, language: Language) -> Picture:
    """Draw the days from first to last, a column for each week; a day without data is an empty frame."""
    _ = translator(language)
    header = [_("日期"), _("有效测点"), _("规定测点"), _("有数据的小时")]
    if not days:
        return empty_picture(header, language)
    monday = first - timedelta(days=first.weekday())
    weeks = (last - monday).days // _WEEKDAYS + 1
    most = max(1, *(day.required for day in days.values()))
    scale = Scale(low=0, high=most, start=0, end=1)
    whole = sum(1 for day in days.values() if day.required and day.points == day.required)
    description = _("{first} 至 {last}：{days} 天有数据，{whole} 天测点齐全", first=first, last=last, days=len(days), whole=whole)
    drawing = Drawing(
        width=max(_LEFT + weeks * _CELL + 8, _WIDTH),
        height=_TOP + _WEEKDAYS * _CELL + 32,
        title=_("数据日历"),
        description=description,
    )
    for weekday, name in enumerate((_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))):
        drawing.add("text", "tick", words=name, x=0, y=_TOP + weekday * _CELL + 20)
    rows: list[tuple[object, ...]] = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        column, row = divmod((day - monday).days, _WEEKDAYS)
        left, top = _LEFT + column * _CELL, _TOP + row * _CELL
        if day.day == 1 or (number == 0 and (day + timedelta(days=2 * _WEEKDAYS)).month == day.month):
            drawing.add("text", "tick", words=f"{day:%m-%d}", x=left, y=_TOP - 8)
        size = _CELL - 3
        found = days.get(day)
        if found is None:
            tip = _("{day}：没有数据", day=day)
            drawing.add("rect", "no-value", tip=tip, x=left + 0.5, y=top + 0.5, width=size - 1, height=size - 1)
            rows.append((day.isoformat(), None, None, None))
            continue
        tip = _("{day}：{points}/{required} 个测点有效，{hours} 小时有数据", day=day, **found._asdict())
        level = level_of(found.points, scale)
        drawing.add("rect", f"level-{level}", tip=tip, x=left, y=top, width=size, height=size)
        tone = "on-deep" if level > LEVELS // 2 else "on-pale"
        drawing.add("text", f"cell-number {tone}", words=str(found.points), x=left + size / 2, y=top + 18, text_anchor="middle")
        rows.append((day.isoformat(), *found))
    key_y = _TOP + _WEEKDAYS * _CELL + 22
    words = _("格中为有效测点数，规定 {most} 个；空框为没有数据", most=most)
    drawing.add("text", "key", words=words, x=0, y=key_y)
    return Picture(svg=drawing.svg(), header=header, rows=rows)
