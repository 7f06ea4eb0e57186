"""How far a value may be trusted, after OPC UA's split into good, uncertain and bad with a reason."""

from enum import IntEnum


class Quality(IntEnum):
    """Severity in the top two bits, reason in the lower six (OPC UA Part 4, 7.39). Stored and sent: never renumber."""

    GOOD = 0
    UNCERTAIN = 64
    UNCERTAIN_LAST_USABLE_VALUE = 65
    UNCERTAIN_SENSOR_NOT_ACCURATE = 66
    UNCERTAIN_ENGINEERING_UNITS_EXCEEDED = 67
    BAD = 128
    BAD_CONFIGURATION_ERROR = 129
    BAD_NOT_CONNECTED = 130
    BAD_DEVICE_FAILURE = 131
    BAD_SENSOR_FAILURE = 132
    BAD_NO_COMMUNICATION = 133
    BAD_NOT_AVAILABLE = 134
    BAD_REFUSED_BY_DEVICE = 135
    BAD_OUT_OF_SERVICE = 136

    @property
    def is_bad(self) -> bool:
        return self >= Quality.BAD

    @property
    def is_good(self) -> bool:
        return self < Quality.UNCERTAIN
