"""Values that a datatype cannot hold are no value: a rounded or cut one was never measured."""

import pytest

from device_profiles.kind import Signal, SignalType, State
from edge_gateway.sparkplug.metric import Metric
from telemetry.quality import Quality

LABEL = {"zh": "值", "en": "Value"}
STATES = (State.model_validate({"code": 0, "name": "off", "label": LABEL}),)


@pytest.mark.parametrize(
    ("kind", "value", "held"),
    [
        (SignalType.REAL, 3.4028234e38, 3.4028234e38),
        (SignalType.REAL, 3.5e38, None),
        (SignalType.REAL, float("nan"), None),
        (SignalType.REAL, float("-inf"), None),
        (SignalType.DOUBLE, 1e300, 1e300),
        (SignalType.INTEGER, -(2.0**63), -(2**63)),
        (SignalType.INTEGER, 2.0**63, None),
        (SignalType.INTEGER, 0.5, None),
        (SignalType.BOOLEAN, 1.0, 1.0),
        (SignalType.BOOLEAN, 2.0, None),
        (SignalType.ENUM, 32767.0, 32767),
        (SignalType.TEXT, "half \ud800 pair", "half ? pair"),
    ],
)
def test_a_value_is_held_exactly_or_not_at_all(kind: SignalType, value: float | str, held: float | str | None) -> None:
    signal = Signal.model_validate({"type": kind, "label": LABEL, "states": STATES if kind is SignalType.ENUM else ()})
    metric = Metric(name="x", alias=1, signal=signal)
    assert metric.take(value, Quality.GOOD, 1) == (held is not None)
    assert metric.value == held
    assert not metric.take(value, Quality.GOOD, 2)
