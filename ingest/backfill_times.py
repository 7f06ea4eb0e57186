"""A column of times, in any of the forms that files have, as microseconds since 1970 UTC."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.backfill_mapping import Mapping
from telemetry.bundle import MICROSECONDS
from telemetry.errors import ConfigError

Times = npt.NDArray[np.int64]

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_SPREADSHEET = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d")
"""What a spreadsheet makes of a time when it writes CSV in Chinese or Japanese settings."""
_SAMPLE_ROWS = 1000


class TimeReader:
    """Read times of one format; ``shown`` says which, for people.

    Raises
    ------
    ConfigError
        If the format cannot be told from the first rows, or they tell no time zone and none is given.
    """

    def __init__(self, mapping: Mapping, sample: pa.Array) -> None:
        self._zone, self._dst = mapping.zone, "raise" if mapping.dst == "stop" else mapping.dst
        if "%z" in mapping.time_format.lower():
            raise ConfigError("--time-format: a pattern tells no zone; give --zone and leave the offset out of the file")
        sample = _plain(sample).slice(0, _SAMPLE_ROWS).drop_null()
        self._format = mapping.time_format if mapping.time_format != "auto" else _detect(sample, mapping.time)
        self._is_text = pa.types.is_string(sample.type)
        self._is_local = self._format not in _PER_SECOND and self._tells_no_zone(sample)
        if self._is_local and not mapping.zone:
            shown = f", such as {sample[0]}," if len(sample) else ""
            raise ConfigError(f"column {mapping.time!r}: its times{shown} tell no time zone: give one, --zone Asia/Shanghai")
        self.shown = self._format + (f", local times of {mapping.zone}" if self._is_local else "")

    def read(self, column: pa.Array) -> tuple[Times, int | None, str]:
        """Convert a column; if that fails, also give the index of the first row that is no time, and why."""
        column = _plain(column)
        if column.null_count:
            return np.zeros(0, np.int64), int(pc.index(column.is_null(), value=True).as_py()), "has no time"
        try:
            return self._convert(column), None, ""
        except (pa.ArrowInvalid, OverflowError) as error:
            index = _first_failing(self._convert, column)
            reason = f"is no time of the format {self._format}"
            if "ambiguous" in str(error) or "doesn't exist" in str(error):
                reason = f"is repeated or skipped in {self._zone}, where clocks change: --dst chooses"
            return np.zeros(0, np.int64), index, f"{str(column[index])[:80]!r} {reason}"

    def _convert(self, column: pa.Array) -> Times:
        if self._format in _PER_SECOND:
            return _counted(column, _PER_SECOND[self._format])
        if self._is_text:
            column = self._parsed(pc.utf8_trim_whitespace(column))
        elif self._is_local:
            column = column.cast(pa.timestamp("us"), safe=False)
        if self._is_local:
            column = pc.assume_timezone(column, self._zone, ambiguous=self._dst, nonexistent=self._dst)
        times: Times = column.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64()).to_numpy(zero_copy_only=False)
        return times

    def _parsed(self, column: pa.Array) -> pa.Array:
        if self._format != "iso":
            return pc.strptime(column, format=self._format, unit="us")
        form = pa.timestamp("us") if self._is_local else pa.timestamp("us", "UTC")
        try:
            return column.cast(form)
        except pa.ArrowInvalid:  # more digits than microseconds, as .NET writes seven
            return pc.replace_substring_regex(column, r"(\.\d{6})\d+", r"\1").cast(form)

    def _tells_no_zone(self, sample: pa.Array) -> bool:
        if not self._is_text:
            return not (pa.types.is_timestamp(sample.type) and sample.type.tz)
        return self._format != "iso" or not pc.any(pc.match_substring_regex(sample, r"([zZ]|[+-]\d\d(:?\d\d)?)\s*$")).as_py()


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) else column


def _detect(sample: pa.Array, name: str) -> str:
    """Tell a format from the first times."""
    if pa.types.is_timestamp(sample.type) or pa.types.is_date(sample.type) or not len(sample):
        return "iso"
    if pa.types.is_string(sample.type):
        text = pc.utf8_trim_whitespace(sample)
        if pc.all(pc.match_substring_regex(text, r"^\d{4}-\d\d-\d\d([T ]|$)")).as_py():
            return "iso"
        for pattern in _SPREADSHEET:
            if not pc.strptime(text, format=pattern, unit="us", error_is_null=True).null_count:
                return pattern
    try:
        first = float(sample[0].as_py())
    except (TypeError, ValueError):
        raise ConfigError(f"column {name!r}: {str(sample[0])[:80]!r} is no known form of time: give --time-format") from None
    for word, per_second in _PER_SECOND.items():
        if 1e8 * per_second <= first < 1e10 * per_second:  # 1973 to 2286, and no two units overlap
            return word
    raise ConfigError(f"column {name!r}: {first:g} is no count since 1970 in s, ms, us or ns: give --time-format")


def _counted(column: pa.Array, per_second: int) -> Times:
    """Read counts since 1970; whole ones stay whole, since nanoseconds are beyond a float64."""
    if pa.types.is_string(column.type):
        column = pc.utf8_trim_whitespace(column)
        try:
            column = column.cast(pa.int64())
        except pa.ArrowInvalid:
            column = column.cast(pa.float64())
    numbers = column.to_numpy(zero_copy_only=False)
    if np.issubdtype(numbers.dtype, np.integer):
        whole = numbers.astype(np.int64)
        if len(whole) and np.abs(whole).max() > 2**62 // max(MICROSECONDS // per_second, 1):
            raise OverflowError
        times: Times = (
            whole * (MICROSECONDS // per_second) if per_second <= MICROSECONDS else whole // (per_second // MICROSECONDS)
        )
        return times
    scaled = numbers.astype(np.float64) * (MICROSECONDS / per_second)
    if not (np.abs(scaled) < 2.0**62).all():
        raise OverflowError
    rounded: Times = np.rint(scaled).astype(np.int64)
    return rounded


def _first_failing(convert: Callable[[pa.Array], Times], column: pa.Array) -> int:
    """Find the first row that cannot be converted, in as many attempts as the number of rows has binary digits."""
    low, high = 0, len(column)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            convert(column.slice(low, middle - low))
        except (pa.ArrowInvalid, OverflowError):
            high = middle
        else:
            low = middle
    return low
