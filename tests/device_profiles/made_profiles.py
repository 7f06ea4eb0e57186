"""Small register maps for tests."""

import struct
from typing import Any

from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusProfile


def profile_of(*points: dict[str, Any], **head: Any) -> ModbusProfile:
    about = {"maker": "test", "model": "test", "label": {"zh": "试", "en": "test"}, "source": "test", "verified": "simulator"}
    return ModbusProfile.model_validate({"kind": "boiler", "protocol": "modbus", **about, **head, "points": points})


def codec_of(profile: ModbusProfile, *, start: int = 0, count: int | None = None) -> BlockCodec:
    end = max(point.address + point.width for point in profile.points)
    return BlockCodec(profile, profile.points, table=profile.points[0].table, start=start, count=count or end - start)


def point(signal: str = "fuel_total", datatype: str = "uint16", **more: Any) -> dict[str, Any]:
    return {"signal": signal, "type": datatype, "address": 0, **more}


def registers(*words: int) -> bytes:
    """Give the bytes of registers as the protocol sends them, high byte first."""
    return struct.pack(f">{len(words)}H", *words)
