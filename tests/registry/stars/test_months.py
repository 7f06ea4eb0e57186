"""Months are cut in the plant's time zone."""

from datetime import UTC, date, datetime

from registry.stars.measuring import Month, last_whole_month
from tests.registry.stars.suzhou import ZONE


def test_the_month_is_cut_in_the_plants_zone() -> None:
    march = Month(date(2018, 3, 1), ZONE)
    assert (march.start, march.end) == (datetime(2018, 2, 28, 16, tzinfo=UTC), datetime(2018, 3, 31, 16, tzinfo=UTC))
    assert last_whole_month(datetime(2018, 3, 31, 15, 59, tzinfo=UTC), ZONE).first == date(2018, 2, 1)
    assert last_whole_month(datetime(2018, 3, 31, 16, tzinfo=UTC), ZONE).first == date(2018, 3, 1)
