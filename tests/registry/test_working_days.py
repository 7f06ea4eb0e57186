"""Working days over the long holidays, with their make-up days at weekends, as the State Council announced them."""

import sys
from datetime import date

import pytest

from registry.working_days import CalendarUnknown, add_working_days, is_working_day


@pytest.mark.parametrize(
    ("published", "last_day"),
    [
        ("2018-02-09", "2018-02-22"),  # Spring Festival 15 to 21; Sunday 11 is worked
        ("2018-09-28", "2018-10-10"),  # National Day 1 to 7; Saturday 29 and Sunday 30 of September are worked
        ("2019-02-01", "2019-02-13"),  # Spring Festival 4 to 10; Saturday 2 and Sunday 3 are worked
        ("2020-01-22", "2020-02-06"),  # the holiday was prolonged to the 2nd of February
        ("2020-09-30", "2020-10-14"),  # 1 to 8; Saturday 10 is worked
        ("2018-07-09", "2018-07-16"),  # five plain days
        ("2026-02-13", "2026-02-27"),  # 15 to 23; Saturday 14 and Saturday 28 are worked
        ("2026-09-29", "2026-10-12"),  # 1 to 7; Saturday 10 is worked
    ],
)
def test_jining_3_4_five_working_days_go_by_the_statutory_calendar(published: str, last_day: str) -> None:
    assert add_working_days(date.fromisoformat(published), 5).isoformat() == last_day


def test_a_make_up_day_is_worked_and_a_holiday_on_a_weekday_is_not() -> None:
    assert is_working_day(date(2018, 2, 11))
    assert not is_working_day(date(2018, 2, 15))
    assert not is_working_day(date(2018, 7, 14))


def test_a_year_that_the_table_does_not_have_says_what_to_update() -> None:
    with pytest.raises(CalendarUnknown, match=r"does not have 20\d\d: update it with pip install -U chinesecalendar"):
        add_working_days(date(2099, 12, 30), 5)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chinese_calendar", None)
    with pytest.raises(CalendarUnknown, match=r"shangyun\[city\]"):
        is_working_day(date(2018, 2, 11))


def test_no_days_are_no_publicity() -> None:
    with pytest.raises(ValueError, match="0 working days"):
        add_working_days(date(2018, 7, 9), 0)
