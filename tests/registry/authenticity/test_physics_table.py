"""The table of physics: every law names what its kind has, in arithmetic alone; expressions are never executed."""

import numpy as np
import pytest

from analytics.window import Window
from device_profiles.kind import kind_names
from registry.authenticity.expressions import BadExpressionError, evaluate, parse
from registry.authenticity.physics import are_sensors, relations
from registry.authenticity.sun import elevation_deg
from registry.authenticity.thresholds import DEFAULTS


@pytest.mark.parametrize("kind", kind_names())
def test_every_kind_has_laws_of_several_sensors_and_habits(kind: str) -> None:
    laws = relations(kind)
    assert len(laws) >= 8
    assert len({law.name for law in laws}) == len(laws)
    assert all(law.low < law.high and law.why.zh and law.why.en for law in laws)
    assert not are_sensors([law.signals for law in laws], 1)
    assert kind in DEFAULTS.usual


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "steam_flow.real",
        "steam_flow ** 2",
        "no_such_signal",
        "mean_of('no_such_family')",
        "state('asleep')",
        "hourly(steam_flow, fuel_flow)",
        "[steam_flow]",
        "steam_flow >",
        "'text'",
        "",
    ],
)
def test_what_is_no_arithmetic_over_signals_is_refused(text: str) -> None:
    with pytest.raises(BadExpressionError):
        parse(text, "boiler")


def test_counters_and_hours_are_worked_out_by_hand() -> None:
    minutes = np.arange(120.0)
    window = Window(
        kind="boiler", start_us=0, step_seconds=60.0, values={"fuel_total": 10 * minutes, "fuel_flow": np.full(120, 600.0)}
    )
    assert evaluate(parse("per_hour(fuel_total) / hourly(fuel_flow)", "boiler"), window) == pytest.approx(np.ones(120))


def test_the_sun_stands_where_an_almanac_says() -> None:
    # Solar noon in Jinan (117.0 E) on the equinox of 2026 is at 04:19 UTC: 90 less latitude; midnight is as far below.
    noon_us = int(np.datetime64("2026-03-20T04:19:30", "us").astype(np.int64))
    times = np.array([noon_us, noon_us + 12 * 3_600_000_000])
    heights = elevation_deg(times, latitude_deg=36.65, longitude_deg=117.0)
    assert heights == pytest.approx([53.2, -53.2], abs=0.5)
