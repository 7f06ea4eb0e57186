"""The plant of the gateway's benches: many small Modbus devices of one model, and what each of them says at its n-th poll.

A device has 30 float32 values in 60 holding registers, so one request reads them all. Every value tells which poll of which
device it belongs to and which of its points it is, and is exact in 24 bits: a value in the database is right or wrong and never
close.
"""

import struct
from functools import cache
from itertools import islice
from pathlib import Path

from device_profiles.kind import SignalType, load_kind
from telemetry.errors import ShangyunError

KIND = "boiler"
POINTS, OF_THE_KIND = 30, 22
"""A plant's device has signals that its kind knows, and some of its own."""
REGISTERS = 2 * POINTS
PERIOD_SECONDS = 1.0
OWN_SIGNAL = 'type = "real"\nunit = "1"\nrole = "condition"\nlabel = { zh = "现场", en = "Site" }\n'
"""What a profile says of a signal that its kind lacks."""
_STEP = 32
"""Room for the number of the point in a value."""
_EXACT_BELOW = 2**24


@cache
def own_to_kind() -> tuple[str, ...]:
    """Name the signals that have a column of their own."""
    reals = (name for name, signal in load_kind(KIND).signals.items() if signal.type is SignalType.REAL)
    return tuple(islice(reals, OF_THE_KIND))


@cache
def own_to_site() -> tuple[str, ...]:
    """Name the signals that the kind lacks; they are kept one value per row."""
    return tuple(f"site_{number}" for number in range(POINTS - OF_THE_KIND))


def signals() -> tuple[str, ...]:
    """Name all points in the order of their registers."""
    return own_to_kind() + own_to_site()


def device_name(device: int) -> str:
    return f"device-{device}"


def device_host(device: int) -> str:
    """Each device has a loopback address of its own (127.0.0.0/8 is Linux' own), as each has its own in a plant."""
    return f"127.20.{device // 250}.{device % 250 + 1}"


def base_value(device: int, poll: int, *, devices: int) -> int:
    """Give what the first point holds at the device's n-th poll; the others count on from there.

    Raises
    ------
    ShangyunError
        When a run is too long for its devices: float32 could not hold the value exactly.
    """
    base = (poll * devices + device) * _STEP
    if base + POINTS >= _EXACT_BELOW:
        raise ShangyunError(f"poll {poll} of {devices} devices: float32 cannot tell its value any more")
    return base


def registers(base: int) -> bytes:
    """Give the whole image of a device as it is on the wire."""
    return _IMAGE.pack(*range(base, base + POINTS))


_IMAGE = struct.Struct(f">{POINTS}f")


def write_profile(path: Path) -> None:
    """Write the register map as a plant would: a profile of its own beside ``gateway.toml``."""
    points = "".join(
        f'  {{ signal = "{name}", address = {2 * index}, type = "float32" }},\n' for index, name in enumerate(signals())
    )
    own = "".join(f"[signals.{name}]\n{OWN_SIGNAL}" for name in own_to_site())
    path.write_text(
        f'kind = "{KIND}"\nmaker = "bench"\nmodel = "thirty_points"\nlabel = {{ zh = "三十点", en = "Thirty points" }}\n'
        f'protocol = "modbus"\nsource = "the gateway\'s benches"\nverified = "simulator"\npoints = [\n{points}]\n{own}',
        encoding="utf-8",
    )
