"""The judge of the gateway's benches: polls that the devices served against rows that the database holds.

Every value says which poll of which device it belongs to (`gateway_site`), so rows are matched by what they hold, whatever their
times say; the times are then held against the moments of serving.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks import gateway_site
from benchmarks.gateway_responder import Polls
from store.database import Connection, Database

_EPOCH_2000_US = 946_684_800_000_000
_COPY_HEADER_BYTES, _COPY_TRAILER_BYTES = 19, 2
_TIME_TOLERANCE_US = 1_000_000
_NOT_ASKED = -1


class Stored(NamedTuple):
    """Rows of the site's kind, and what the site's own signals hold beside them. NaN is "no value"."""

    machines: npt.NDArray[np.int32]
    times_us: npt.NDArray[np.int64]
    commits_us: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    other_machines: npt.NDArray[np.int32]
    other_times_us: npt.NDArray[np.int64]
    other_points: npt.NDArray[np.int32]
    other_values: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the join found. ``excused`` were served when a reply could not reach its gateway any more."""

    served: int
    rows: int
    bad_rows: int
    missing: int
    excused: int
    double: int
    wrong: int
    mistimed: int
    other_faults: int

    @property
    def agrees(self) -> bool:
        return not (self.missing or self.double or self.wrong or self.mistimed or self.other_faults)

    def __str__(self) -> str:
        faults = (
            f"{self.missing} lost, {self.double} double, {self.wrong + self.other_faults} wrong, {self.mistimed} at a wrong time"
        )
        return f"{self.served:,} polls served: {faults}"


def judge(polls: Polls, stored: Stored, *, devices: int, excused_from_us: int) -> Verdict:
    """Match polls with rows; those served after ``excused_from_us`` may be missing, and must be right where they are there."""
    is_bad = np.isnan(stored.values).any(axis=1)
    base = np.where(is_bad, 0, stored.values[:, 0])
    points = np.arange(stored.values.shape[1])
    is_sound = ~is_bad & (stored.values == base[:, None] + points).all(axis=1)
    number, of_step = np.divmod(base.astype(np.int64), gateway_site.base_value(1, 0, devices=devices))
    is_sound &= (of_step == 0) & (number % devices == stored.machines)

    served = polls.numbers * devices + polls.devices
    by_number = np.argsort(served)
    place = np.searchsorted(served[by_number], number)
    is_known = np.zeros(len(number), bool)
    inside = place < len(served)
    is_known[inside] = served[by_number][place[inside]] == number[inside]
    is_right = is_sound & is_known
    poll_of_row = np.full(len(number), _NOT_ASKED)
    poll_of_row[is_right] = by_number[place[is_right]]

    copies = np.bincount(poll_of_row[is_right], minlength=len(served))
    is_missing = copies == 0
    is_excused = is_missing & (polls.times_us >= excused_from_us)
    off_us = np.abs(stored.times_us[is_right] - polls.times_us[poll_of_row[is_right]])
    return Verdict(
        served=len(served),
        rows=len(number),
        bad_rows=int(is_bad.sum()),
        missing=int((is_missing & ~is_excused).sum()),
        excused=int(is_excused.sum()),
        double=int((copies - 1).clip(min=0).sum()),
        wrong=int((~is_bad & ~is_right).sum()),
        mistimed=int((off_us > _TIME_TOLERANCE_US).sum()),
        other_faults=_other_faults(stored, base, is_right, own=gateway_site.POINTS - len(points)),
    )


def _other_faults(stored: Stored, base: npt.NDArray[np.float64], is_right: npt.NDArray[np.bool_], *, own: int) -> int:
    """Count values of the site's own signals that are missing, double or wrong beside a row that is right."""
    if not is_right.any():
        return int((~np.isnan(stored.other_values)).sum())
    earliest, latest = (f(np.concatenate([stored.times_us, stored.other_times_us])) for f in (np.min, np.max))
    span = int(latest - earliest) + 1
    keys = stored.machines[is_right].astype(np.int64) * span + stored.times_us[is_right] - earliest
    order = np.argsort(keys)
    keys = keys[order]
    wanted = stored.other_machines.astype(np.int64) * span + stored.other_times_us - earliest
    place = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    is_known = keys[place] == wanted
    alien = ~is_known & ~np.isnan(stored.other_values)  # beside a row without values there are none
    is_wrong = is_known & (stored.other_values != base[is_right][order][place] + stored.other_points)
    different = np.unique(place[is_known].astype(np.int64) * gateway_site.POINTS + stored.other_points[is_known])
    double, missing = int(is_known.sum()) - len(different), len(keys) * own - len(different)
    return int(alien.sum()) + int(is_wrong.sum()) + double + missing


def out_of_order(machines: npt.NDArray[np.int32], times_us: npt.NDArray[np.int64], commits_us: npt.NDArray[np.int64]) -> int:
    """Count rows that fit into neither of two streams of their machine, live and backlog, each committed in the order of reading.

    Which row came by which stream cannot be seen in the database. A row goes to the stream whose last row is the later of those
    before it: that leaves room for all that can have any.
    """
    late = 0
    order = np.lexsort((times_us, commits_us, machines))
    machine, ahead_us, behind_us = _NOT_ASKED, 0, 0
    for this, time_us in zip(machines[order].tolist(), times_us[order].tolist(), strict=True):
        if this != machine:
            machine, ahead_us, behind_us = this, time_us, 0
        elif time_us >= ahead_us:
            ahead_us = time_us
        elif time_us >= behind_us:
            behind_us = time_us
        else:
            late += 1
    return late


def missed_polls(polls: Polls, *, begin_us: int, end_us: int, devices: int, period_seconds: float) -> int:
    """Count polls that a device expected between two moments and did not get.

    From the first poll of a device on there is one per period; half a period of delay still belongs to its turn.
    """
    period_us, missed = period_seconds * 1e6, 0
    inside = (polls.times_us >= begin_us) & (polls.times_us < end_us)
    counts = np.bincount(polls.devices[inside], minlength=devices)
    for device in range(devices):
        times_us = polls.times_us[inside & (polls.devices == device)]
        first_us = times_us[0] if len(times_us) else begin_us + period_us
        late_us = max(
            float(first_us) - begin_us - period_us, 0.0
        )  # a device first polled later than that has missed some already
        expected = int((end_us - first_us) / period_us + 0.5) + int(late_us / period_us)
        missed += max(expected - int(counts[device]), 0)
    return missed


def read_stored(address: str, *, devices: int) -> Stored:
    """Read all rows with the times of their commits, for which the server must keep those."""
    numbers = {gateway_site.device_name(n): n for n in range(devices)}
    own = {name: index + len(gateway_site.own_to_kind()) for index, name in enumerate(gateway_site.own_to_site())}
    with Database(address) as database, database.connection() as connection:
        names = connection.execute(b"SELECT id, name FROM reading.equipment").fetchall()
        machines = {identity: numbers[name] for identity, name in names}
        points = {
            identity: own[name]
            for identity, name in connection.execute(b"SELECT id, name FROM reading.other_signal").fetchall()
            if name in own
        }
        columns = ", ".join(f"coalesce(\"{name}\"::float8, 'NaN')" for name in gateway_site.own_to_kind())
        rows = _copy(
            connection,
            f"SELECT equipment_id, time, pg_xact_commit_timestamp(xmin), {columns} FROM reading.{gateway_site.KIND}",
            ["i4", "i8", "i8", *["f8"] * len(gateway_site.own_to_kind())],
        )
        others = _copy(
            connection,
            "SELECT equipment_id, time, signal_id, coalesce(value::float8, 'NaN') FROM reading.other",
            ["i4", "i8", "i4", "f8"],
        )
    return Stored(
        _translate(rows["value_0"], machines),
        rows["value_1"].astype(np.int64) + _EPOCH_2000_US,
        rows["value_2"].astype(np.int64) + _EPOCH_2000_US,
        np.stack([rows[f"value_{n + 3}"].astype(np.float64) for n in range(len(gateway_site.own_to_kind()))], axis=1),
        _translate(others["value_0"], machines),
        others["value_1"].astype(np.int64) + _EPOCH_2000_US,
        _translate(others["value_2"], points),
        others["value_3"].astype(np.float64),
    )


def _copy(connection: Connection, query: str, types: list[str]) -> npt.NDArray[Any]:
    """Take a query's rows in PostgreSQL's binary form; every column has a value and a fixed size."""
    fields = [("count", ">i2")]
    for index, name in enumerate(types):
        fields += [(f"length_{index}", ">i4"), (f"value_{index}", f">{name}")]
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT binary)".encode()) as copy:
        stream = b"".join(copy)
    return np.frombuffer(stream[_COPY_HEADER_BYTES:-_COPY_TRAILER_BYTES], np.dtype(fields))


def _translate(identities: npt.NDArray[Any], numbers: dict[int, int]) -> npt.NDArray[np.int32]:
    known, back = np.unique(identities, return_inverse=True)
    return np.array([numbers.get(int(identity), _NOT_ASKED) for identity in known], np.int32)[back]
