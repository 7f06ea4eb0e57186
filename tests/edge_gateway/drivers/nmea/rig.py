"""Lines, drivers and profiles for the tests of NMEA 0183."""

import socket
import time
from collections.abc import Sequence
from typing import Any

from device_profiles.profile import NmeaProfile
from edge_gateway.driver import Poll, Target
from edge_gateway.drivers.nmea.driver import Nmea
from edge_gateway.settings import NmeaTcpSettings, NmeaUdpSettings
from telemetry.quality import Quality

POINTS: list[dict[str, Any]] = [
    {"signal": "latitude", "sentence": "RMC", "field": "latitude_degrees"},
    {"signal": "speed_through_water", "sentence": "VHW", "field": "speed_knots"},
    {"signal": "heading", "sentence": "HDT", "field": "heading_degrees"},
    {"signal": "ambient_pressure", "sentence": "XDR", "field": "pressure_pascals", "source": "ENV_ATMOS_P"},
]
RMC = "GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E"


def line(text: str, start: str = "$") -> str:
    """Give a sentence with its checksum: the exclusive or of its characters."""
    total = 0
    for character in text:
        total ^= ord(character)
    return f"{start}{text}*{total:02X}"


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def profile(points: Sequence[dict[str, Any]] = POINTS, signals: dict[str, Any] | None = None) -> NmeaProfile:
    return NmeaProfile.model_validate(
        {
            "kind": "ship",
            "maker": "test",
            "model": "test",
            "label": {"zh": "测试", "en": "Test"},
            "source": "this test",
            "verified": "simulator",
            "protocol": "nmea",
            "signals": signals or {},
            "points": list(points),
        }
    )


def target(points: Sequence[dict[str, Any]] = POINTS, *, signals: dict[str, Any] | None = None) -> Target:
    return Target.from_profile(profile(points, signals), name="ship-1")


def now_us() -> int:
    return time.time_ns() // 1000


def tcp(port: int, **settings: Any) -> Nmea:
    given = {"protocol": "nmea_tcp", "host": "127.0.0.1", "port": port, "timeout_seconds": 1.0, "stale_seconds": 0.5} | settings
    return Nmea("bridge", NmeaTcpSettings.model_validate(given), now_us=now_us)


def udp(port: int, **settings: Any) -> Nmea:
    given = {"protocol": "nmea_udp", "host": "127.0.0.1", "port": port, "stale_seconds": 0.5} | settings
    return Nmea("bridge", NmeaUdpSettings.model_validate(given), now_us=now_us)


def told(target: Target, poll: Poll) -> tuple[dict[str, float | str], dict[str, Quality]]:
    """Give the good values and the texts, and the qualities of the others."""
    pairs = dict(zip(target.signals.names, poll.readings, strict=True))
    good: dict[str, float | str] = {signal: value for signal, (value, quality) in pairs.items() if quality == Quality.GOOD}
    return good | poll.texts, {signal: Quality(quality) for signal, (_, quality) in pairs.items() if quality}
