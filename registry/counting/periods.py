"""Periods that are counted: a day, or the month, quarter or year that holds it."""

from datetime import date, timedelta
from typing import NamedTuple

FORMS = ("day", "month", "quarter", "year")
"""Shanxi 五(三): 月度自评, 季度考评, 年度综合评估; a day's count is for the pages and is not kept."""
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_MOST_YEAR, _LEAST_YEAR = 2200, 2000


class Period(NamedTuple):
    """Both days included."""

    form: str
    first_day: date
    last_day: date

    @property
    def new_since(self) -> date:
        """Give the first day of the period in which "new" means something: for a day, its month."""
        return self.first_day if self.form != "day" else self.first_day.replace(day=1)


def period(form: str, day: date) -> Period:
    """Give the period of a form that holds a day.

    Raises
    ------
    ValueError
        If there is no such form, or the day is centuries away.
    """
    if form not in FORMS:
        raise ValueError(f"{form!r} is not a period; known: {', '.join(FORMS)}")
    if not _LEAST_YEAR <= day.year <= _MOST_YEAR:
        raise ValueError(f"{day} is not a day to count; {_LEAST_YEAR} to {_MOST_YEAR}")
    if form == "day":
        return Period(form, day, day)
    months = _MONTHS[form]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    month = first.month + months
    return Period(form, first, date(first.year + (month > 12), (month - 1) % 12 + 1, 1) - timedelta(days=1))


def newest_over(form: str, made_until: date) -> Period:
    """Give the newest period that is over on a day which is itself complete."""
    found = period(form, made_until)
    return found if found.last_day == made_until else period(form, found.first_day - timedelta(days=1))
