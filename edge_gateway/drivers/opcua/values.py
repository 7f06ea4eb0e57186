"""From what a server says to readings: a status is a quality, and what is no number is never made one."""

from datetime import datetime, timedelta
from typing import Any

from asyncua import ua

from device_profiles.value import NO_VALUE, Reading, ValueCodec
from telemetry.quality import Quality

_REASONS = {
    "BadNotConnected": Quality.BAD_NOT_CONNECTED,
    "BadDeviceFailure": Quality.BAD_DEVICE_FAILURE,
    "BadSensorFailure": Quality.BAD_SENSOR_FAILURE,
    "BadNoCommunication": Quality.BAD_NO_COMMUNICATION,
    "BadOutOfService": Quality.BAD_OUT_OF_SERVICE,
    "BadWaitingForInitialData": Quality.BAD_NOT_AVAILABLE,
    "BadNoData": Quality.BAD_NOT_AVAILABLE,
    "BadConfigurationError": Quality.BAD_CONFIGURATION_ERROR,
    "BadNodeIdUnknown": Quality.BAD_CONFIGURATION_ERROR,
    "BadNodeIdInvalid": Quality.BAD_CONFIGURATION_ERROR,
    "BadAttributeIdInvalid": Quality.BAD_CONFIGURATION_ERROR,
    "BadDecodingError": Quality.BAD_CONFIGURATION_ERROR,
    "BadNotReadable": Quality.BAD_REFUSED_BY_DEVICE,
    "BadUserAccessDenied": Quality.BAD_REFUSED_BY_DEVICE,
    "UncertainLastUsableValue": Quality.UNCERTAIN_LAST_USABLE_VALUE,
    "UncertainSensorNotAccurate": Quality.UNCERTAIN_SENSOR_NOT_ACCURATE,
    "UncertainEngineeringUnitsExceeded": Quality.UNCERTAIN_ENGINEERING_UNITS_EXCEEDED,
}
_BY_SEVERITY = (Quality.GOOD, Quality.UNCERTAIN, Quality.BAD, Quality.BAD)
_CODE = 0xFFFF_0000
_OVERFLOW = 0x0480
"""InfoType "data value" and its overflow bit (OPC UA Part 4, 7.39): the server's queue was full and it dropped changes."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the library's times are UTC without saying so


def status_name(code: int) -> str:
    return str(ua.StatusCode(ua.UInt32(code & _CODE)).name)


def quality_of(status: ua.StatusCode | None) -> Quality:
    if status is None:
        return Quality.GOOD
    return _REASONS.get(status_name(status.value), _BY_SEVERITY[status.value >> 30])


def tells_overflow(data: ua.DataValue) -> bool:
    return data.StatusCode is not None and data.StatusCode.value & _OVERFLOW == _OVERFLOW


def microseconds(at: datetime) -> int:
    return (at.replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)


def pick(value: Any, index: int | None) -> Any:
    """Give one element of an array; None where there is no such element, or no array."""
    if index is None:
        return value
    return value[index] if isinstance(value, list) and 0 <= index < len(value) else None


def reading_of(data: ua.DataValue, value: Any, codec: ValueCodec) -> Reading:
    """Give a node's reading; ``value`` is what was picked of it, None where the picking failed."""
    quality = quality_of(data.StatusCode)
    if quality.is_bad:
        return NO_VALUE, quality
    if data.Value is None or data.Value.Value is None:
        return NO_VALUE, Quality.BAD_NOT_AVAILABLE
    if not isinstance(value, int | float):
        return NO_VALUE, Quality.BAD_CONFIGURATION_ERROR
    decoded, own = codec.decode(value)
    return (decoded, own) if own >= Quality.BAD else (decoded, max(own, quality))


def text_of(data: ua.DataValue, value: Any) -> str | None:
    if quality_of(data.StatusCode).is_bad:
        return None
    if isinstance(value, ua.LocalizedText):
        value = value.Text
    elif isinstance(value, ua.QualifiedName):
        value = value.Name
    elif isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)  # programs and orders are often numbers
    return value if isinstance(value, str) else None


def shown(data: ua.DataValue) -> str:
    status = data.StatusCode
    value: Any = None if data.Value is None else data.Value.Value
    return f"{value!r}" if status is None or status.is_good() else f"{value!r} ({status_name(status.value)})"
