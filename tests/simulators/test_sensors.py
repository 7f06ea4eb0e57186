"""Sensors are never perfect, and sometimes broken."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from simulators.sensors import Sensor, SensorFaultSize, Sensors, Values

TRUE: Values = {"pressure": np.full(2000, 1.0), "flow": np.zeros(2000), "count": np.full(2000, 7.0)}
SENSORS = {
    "pressure": Sensor(noise=0.002, offset=0.01, gain=0.005, resolution=0.0),
    "flow": Sensor(relative_noise=0.01, lowest=0.0),
}


def read(signal: str, *, times: int = 1) -> npt.NDArray[np.float64]:
    sensors = Sensors(SENSORS, range(2000))
    return np.array([sensors.read(TRUE, seconds=0)[signal] for _ in range(times)])


def test_sensors_of_two_machines_differ_by_an_offset_that_stays() -> None:
    pressure = read("pressure", times=50)
    means = pressure.mean(axis=0)
    # Offset and gain error at 1.0 add up to 0.0112; the mean of 50 readings has 0.0003 of noise on top.
    assert means.std() == pytest.approx(math.hypot(0.01, 0.005), rel=0.06)
    assert (pressure - means).std() == pytest.approx(0.002, rel=0.03)


def test_what_stands_still_reads_still_and_what_is_counted_reads_exactly() -> None:
    assert not read("flow").any()
    assert (read("count") == 7).all()


def test_a_transmitter_with_steps_gives_nothing_between_them() -> None:
    sensors = Sensors({"level": Sensor(noise=3.0, resolution=0.5, lowest=-1.0, highest=1.0)}, range(500))
    found = sensors.read({"level": np.zeros(500)}, seconds=0)["level"]
    assert set(np.asarray(found).tolist()) <= {-1.0, -0.5, 0.0, 0.5, 1.0}


def spoilt(size: SensorFaultSize, *, seconds: float = 0.0, unit: str = "MPa", reads: int = 1) -> list[float]:
    sensors = Sensors({}, [1, 2])
    sensors.strike("pressure", size, machine=1, unit=unit, seconds=0)
    values = []
    for number in range(reads):
        true: Values = {"pressure": np.array([1.0, 1.0 + number]), "temperature": np.array([180.0, 184.0])}
        got = sensors.read(true, seconds=seconds)
        assert got["pressure"][0] == 1.0  # the neighbour's sensor is sound
        values.append(float(got["pressure"][1]))
    return values


def test_each_fault_of_a_sensor_shows_as_what_it_is() -> None:
    assert spoilt(SensorFaultSize("stuck"), reads=3) == [1.0, 1.0, 1.0]
    assert math.isnan(spoilt(SensorFaultSize("dead"))[0])
    assert spoilt(SensorFaultSize("bias", 0.2)) == [1.2]
    assert spoilt(SensorFaultSize("drift", 0.1), seconds=7200) == [1.2]
    assert spoilt(SensorFaultSize("swapped", other="temperature")) == [184.0]
    assert spoilt(SensorFaultSize("wrong_unit", other="bar")) == [10.0]
    noisy = np.array(spoilt(SensorFaultSize("noise", 5.0), reads=400)) - np.arange(400) - 1
    assert noisy.std() == pytest.approx(5, rel=0.15)
    spikes = np.array(spoilt(SensorFaultSize("spike", 50.0), reads=2000)) - np.arange(2000) - 1
    assert np.count_nonzero(spikes > 49) == pytest.approx(40, abs=25)
    assert np.count_nonzero(spikes == 0) > 1900


def test_a_mended_sensor_reads_right_again() -> None:
    sensors = Sensors({}, [1])
    sensors.strike("pressure", SensorFaultSize("bias", 1.0), machine=0, unit="MPa", seconds=0)
    sensors.mend("pressure", machine=0)
    assert sensors.read({"pressure": np.array([1.0])}, seconds=0)["pressure"][0] == 1.0
