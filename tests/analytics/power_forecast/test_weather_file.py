"""Tables of weather forecasts: what they say, what is wrong in them, and that no issue counts before it was there."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from analytics.power_forecast.features import LOOKS_AHEAD
from analytics.power_forecast.frame import WEATHER
from analytics.power_forecast.weather_file import RANGES, Issues, known_in_training, newest, read_weather
from telemetry.errors import ConfigError

SHANGHAI = ZoneInfo("Asia/Shanghai")
TWO_ISSUES = """issued_at,valid_at,wind_speed,wind_direction
2026-03-05T08:00+08:00,2026-03-06T00:00+08:00,6,350
2026-03-05T08:00+08:00,2026-03-06T01:00+08:00,8,10
2026-03-05T08:00+08:00,2026-03-06T02:00+08:00,10,30
2026-03-05T20:00+08:00,2026-03-06T01:00+08:00,9,
2026-03-05T20:00+08:00,2026-03-06T02:00+08:00,11,60
"""


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()) * 1_000_000


def instants(*texts: str) -> npt.NDArray[np.int64]:
    return np.array([at(text) for text in texts], np.int64)


def written(folder: Path, text: str) -> Path:
    file = folder / "weather.csv"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def issues(tmp_path: Path) -> Issues:
    return read_weather(written(tmp_path, TWO_ISSUES))


def test_a_table_is_read_with_gaps_as_not_known(issues: Issues) -> None:
    assert issues.issued_us.tolist() == [at("2026-03-05T08:00")] * 3 + [at("2026-03-05T20:00")] * 2
    assert issues.valid_us[0] == at("2026-03-06T00:00")
    np.testing.assert_array_equal(issues.fields["wind_speed"], [6, 8, 10, 9, 11])
    np.testing.assert_array_equal(issues.fields["wind_direction"], [350, 10, 30, np.nan, 60])


def test_times_may_leave_the_zone_to_the_reader_and_rows_may_come_in_any_order(tmp_path: Path, issues: Issues) -> None:
    header, *rows = TWO_ISSUES.replace("+08:00", "").splitlines()
    again = read_weather(written(tmp_path, "\ufeff" + "\n".join([header, *reversed(rows), "", ",,,"])), zone=SHANGHAI)
    np.testing.assert_array_equal(again.valid_us, issues.valid_us)
    np.testing.assert_array_equal(again.fields["wind_speed"], issues.fields["wind_speed"])


def test_the_newest_issue_that_was_there_counts(issues: Issues) -> None:
    times = instants("2026-03-06T01:00", "2026-03-06T02:00")
    early = newest(issues, times, known_us=at("2026-03-05T19:59"))
    late = newest(issues, times, known_us=at("2026-03-05T20:00"))
    never = newest(issues, times, known_us=at("2026-03-05T07:59"))
    assert early["wind_speed"].tolist() == [8, 10]
    assert late["wind_speed"].tolist() == [9, 11]
    assert np.isnan(never["wind_speed"]).all()
    each = newest(issues, times, known_us=instants("2026-03-05T21:00", "2026-03-05T09:00"))
    assert each["wind_speed"].tolist() == [9, 10]


def test_what_the_newest_issue_leaves_open_comes_from_the_one_before(issues: Issues) -> None:
    found = newest(issues, instants("2026-03-06T00:00", "2026-03-06T01:00"), known_us=at("2026-03-05T22:00"))
    assert found["wind_speed"].tolist() == [6, 9]
    assert found["wind_direction"].tolist() == [350, 10]


def test_of_no_issues_nothing_is_known() -> None:
    none = Issues(np.zeros(0, np.int64), np.zeros(0, np.int64), {"wind_speed": np.zeros(0)})
    assert np.isnan(newest(none, instants("2026-03-06T00:00"), known_us=at("2026-03-05T22:00"))["wind_speed"]).all()


def test_quarters_lie_between_hours_and_directions_turn_the_short_way(issues: Issues) -> None:
    """From 350° to 10° half an hour is north, not south; 6 to 8 m/s is 7."""
    times = instants("2026-03-06T00:30", "2026-03-06T00:45", "2026-03-05T23:45", "2026-03-06T02:15")
    found = newest(issues, times, known_us=at("2026-03-05T09:00"))
    np.testing.assert_allclose(found["wind_speed"], [7, 7.5, np.nan, np.nan])
    np.testing.assert_allclose(found["wind_direction"], [0, 5, np.nan, np.nan])


def test_nothing_is_made_up_over_more_than_three_hours(tmp_path: Path) -> None:
    head = "issued_at,valid_at,temperature\n"
    rows = [f"2026-03-05T08:00Z,2026-03-06T{hour:02d}:00Z,{hour}" for hour in (0, 3, 7)]
    found = read_weather(written(tmp_path, head + "\n".join(rows)))
    times = found.valid_us[0] + np.array([1, 3, 5, 7], np.int64) * 3600 * 1_000_000
    np.testing.assert_allclose(newest(found, times, known_us=times[0])["temperature"], [1, 3, np.nan, 7])


def test_an_issue_that_comes_later_changes_nothing(tmp_path: Path, issues: Issues) -> None:
    later = TWO_ISSUES + "2026-03-05T23:00+08:00,2026-03-06T01:00+08:00,30,90\n"
    times, known = instants("2026-03-06T00:45", "2026-03-06T01:00"), at("2026-03-05T22:59")
    again = newest(read_weather(written(tmp_path, later)), times, known_us=known)
    for name, column in newest(issues, times, known_us=known).items():
        np.testing.assert_array_equal(again[name], column)


def test_in_training_no_weather_around_a_target_is_newer_than_its_forecast() -> None:
    """Day ahead at 09:00: what is read up to 6 h past the target's midnight must not be of the next morning."""
    midnight = at("2026-03-06T00:00")
    known = midnight - 15 * 3600 * 1_000_000 + np.repeat(np.arange(3), 96) * 86_400 * 1_000_000
    early = known_in_training(known)
    assert early.shape == known.shape
    for row in range(len(known)):
        assert (early[row : row + LOOKS_AHEAD + 1] <= known[row]).all()
    np.testing.assert_array_equal(early[LOOKS_AHEAD:], known[:-LOOKS_AHEAD])


def test_every_field_has_a_range() -> None:
    assert RANGES.keys() == WEATHER.keys()


HEAD = "issued_at,valid_at,wind_speed,pressure\n"
ROW = "2026-03-05T08:00Z,2026-03-06T00:00Z,6,1013\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("valid_at,wind_speed\n", "weather.csv:1: issued_at: this column is missing"),
        ("issued_at,valid_at\n", "at least one field is needed: wind_speed"),
        ("issued_at,valid_at,wind\n", "weather.csv:1: wind: no such column; known: issued_at, valid_at, wind_speed"),
        ("issued_at,valid_at,wind_speed,wind_speed\n", "wind_speed: this column is there twice"),
        ("", "issued_at: this column is missing"),
        (HEAD, "weather.csv: has no rows"),
        (HEAD + ROW + ROW.replace("6,1013", "x,1013"), "weather.csv:3: wind_speed: 'x' is not a number"),
        (HEAD + ROW.replace("1013", "101300"), "weather.csv:2: pressure: 101300 hPa cannot be; 400 to 1100 can"),
        (HEAD + ROW.replace(",6,", ",-999,"), "weather.csv:2: wind_speed: -999 m/s cannot be"),
        (HEAD + ROW.replace(",6,", ",inf,"), "wind_speed: inf m/s cannot be"),
        (HEAD + ROW.replace("2026-03-06T", "6 March "), "weather.csv:2: valid_at: '6 March 00:00Z' is not a time"),
        (HEAD + ROW.replace("00Z", "00"), "weather.csv:2: issued_at: '2026-03-05T08:00' names no time zone"),
        (HEAD + ROW + ROW, "weather.csv:3: valid_at: 2026-03-06T00:00Z is there already in the issue of 2026-03-05T08:00Z"),
        (HEAD + "2026-03-05T08:00Z,2026-03-06T00:00Z,6\n", "weather.csv:2: 3 cells, the header has 4"),
        (HEAD + '2026-03-05T08:00Z,"2026', "weather.csv: cannot be read"),
    ],
)
def test_mistakes_are_told_by_file_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_weather(written(tmp_path, text))
    assert message in str(caught.value)


def test_all_mistakes_are_told_up_to_twenty(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_weather(written(tmp_path, HEAD + 30 * ROW.replace("6,1013", "x,1013").replace("8:00Z", "x")))
    assert len(caught.value.problems) == 20


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_weather(tmp_path / "none.csv")
    file = tmp_path / "weather.csv"
    file.write_bytes(b"issued_at,\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_weather(file)
