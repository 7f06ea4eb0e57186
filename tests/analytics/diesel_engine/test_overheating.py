"""An engine that overheats with its coolant in place."""

import numpy as np
import pytest

from analytics.diesel_engine.overheating import ABOVE_K, learn, overheated
from analytics.window import Window

RUNNING, STOPPED = 3.0, 0.0


def engine(coolant: np.ndarray, *, level: float = 95.0, state: float = RUNNING) -> Window:
    n = len(coolant)
    values = {"state": np.full(n, state), "coolant_temperature": coolant, "coolant_level": np.full(n, level)}
    return Window(kind="diesel_engine", start_us=0, step_seconds=60, values=values)


@pytest.fixture
def learned() -> dict[str, float | None]:
    found = learn(engine(np.tile(np.linspace(78, 86, 60), 24)))
    assert found is not None
    assert found["hottest_celsius"] == pytest.approx(86, abs=0.1)
    return found


def test_ten_minutes_beyond_what_was_ever_seen_are_a_stuck_thermostat(learned: dict[str, float | None]) -> None:
    coolant = np.full(600, 82.0)
    coolant[300:310] = 86 + ABOVE_K + 2
    found = overheated(engine(coolant), learned)
    assert found is not None
    assert (found.code, found.since_us) == ("thermostat_stuck_closed", 300 * 60_000_000)
    assert found.confidence > 0.7


@pytest.mark.parametrize(
    "window",
    [
        engine(np.full(600, 86 + ABOVE_K - 1)),
        engine(np.append(np.full(596, 82.0), np.full(4, 99.0))),
        engine(np.full(600, 99.0), level=80.0),  # then it is the leak
        engine(np.full(600, 99.0), state=STOPPED),  # heat soak after the stop
        engine(np.full(600, np.nan)),
    ],
    ids=["not so hot", "four minutes", "coolant gone", "stopped", "not measured"],
)
def test_anything_less_is_none(window: Window, learned: dict[str, float | None]) -> None:
    assert overheated(window, learned) is None
    assert overheated(window, None) is None


def test_where_the_level_is_not_measured_the_heat_alone_counts() -> None:
    hot = np.full(600, 82.0)
    hot[300:320] = 99.0
    learned = learn(engine(np.full(600, 82.0), level=np.nan))
    assert learned is not None
    assert learned["level_percent"] is None  # the registry of models keeps no NaN
    assert overheated(engine(hot, level=np.nan), learned) is not None


def test_without_a_reading_nothing_is_learned() -> None:
    assert learn(engine(np.full(60, np.nan))) is None
