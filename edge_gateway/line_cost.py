"""What requests cost on their line, estimated before anything is connected."""

from typing import NamedTuple

from edge_gateway.planner import Request
from edge_gateway.settings import ModbusRtuSettings, ModbusSettings, ModbusTcpSettings

_TURNAROUND_SECONDS = {"modbus_tcp": 0.005, "modbus_rtu_over_tcp": 0.025, "modbus_rtu": 0.005}
"""What usual devices take from request to reply; a serial server's own line is in it at 9600 baud for a short reply."""
_TCP_HEADER_BYTES, _RTU_REQUEST_BYTES, _RTU_REPLY_BYTES, _PDU_BYTES = 7, 8, 5, 5


class Cost(NamedTuple):
    """Of one request: bytes both ways, and how long the line is busy."""

    bytes: int
    seconds: float


def cost_of(request: Request, settings: ModbusSettings) -> Cost:
    """Estimate what a request costs on a connection."""
    data = (request.count + 7) // 8 if request.table.is_bits else 2 * request.count
    protocol = str(getattr(settings, "protocol", "modbus_tcp"))
    seconds = _TURNAROUND_SECONDS[protocol]
    if isinstance(settings, ModbusTcpSettings):
        size = 2 * _TCP_HEADER_BYTES + _PDU_BYTES + 2 + data
        return Cost(size, seconds + settings.pause_seconds)
    size = _RTU_REQUEST_BYTES + _RTU_REPLY_BYTES + data
    if isinstance(settings, ModbusRtuSettings):
        pause = max(3.5 * settings.character_seconds, 0.00175) if settings.pause_seconds is None else settings.pause_seconds
        return Cost(size, seconds + size * settings.character_seconds + 2 * pause)
    return Cost(size, seconds)
