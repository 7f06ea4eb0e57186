"""Working days of the Chinese calendar: weekends and public holidays are none, make-up days at weekends are.

The state announces next year's holidays each November, so the package that lists them must be brought up to date each year.
"""

from datetime import date, timedelta

from telemetry.errors import ShangyunError


class CalendarUnknown(ShangyunError):  # noqa: N818 - named by what happened, as in telemetry.errors
    """The table of public holidays is not there, or does not have the year yet."""


def is_working_day(day: date) -> bool:
    """Tell whether a day is worked.

    Raises
    ------
    CalendarUnknown
    """
    try:
        import chinese_calendar  # noqa: PLC0415 - of the extra "city"
    except ModuleNotFoundError:
        raise CalendarUnknown("working days need the package chinesecalendar: pip install 'shangyun[city]'") from None
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        raise CalendarUnknown(
            f"the table of public holidays does not have {day.year}: update it with pip install -U chinesecalendar"
            " (a release with the next year comes each November)"
        ) from None


def add_working_days(day: date, count: int) -> date:
    """Give the day on which ``count`` working days after a day are full; the day itself is not one of them.

    Raises
    ------
    CalendarUnknown
    ValueError
        If the count is not above 0.
    """
    if count < 1:
        raise ValueError(f"{count} working days")
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day
