"""The judge of the kills: rows that were sent against rows that are stored, value by value.

It shares no code with what it judges: the truth comes from a file that the senders wrote, the stored rows straight from the
tables in PostgreSQL's own binary form.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from store.database import Connection

_EPOCH_2000_US = 946_684_800_000_000
_COPY_HEADER_BYTES, _COPY_TRAILER_BYTES = 19, 2
_EXAMPLES = 5


class Rows(NamedTuple):
    """Rows of one table in any order; ``machines`` are the senders' own numbers, NaN is "no value"."""

    machines: npt.NDArray[np.int32]
    times_us: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


@dataclass(slots=True)
class Verdict:
    """Counts of rows by what is wrong with them; ``rows`` is how many should be there."""

    rows: int = 0
    missing: int = 0
    double: int = 0
    wrong: int = 0
    alien: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not (self.missing or self.double or self.wrong or self.alien)

    def add(self, other: "Verdict") -> None:
        for name in ("rows", "missing", "double", "wrong", "alien"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.examples += other.examples

    def __str__(self) -> str:
        return f"{self.rows:,} rows sent: {self.missing} missing, {self.double} double, {self.wrong} wrong, {self.alien} alien"


def truth_dtype(signals: Sequence[str]) -> np.dtype[Any]:
    """Describe a record of the truth file; the senders append to it, so a gateway's rows lie in the order of their making."""
    return np.dtype([("machine", "<i4"), ("time_us", "<i8"), ("values", "<f8", (len(signals),))])


def compare(truth: Rows, stored: Rows, *, table: str = "") -> Verdict:
    """Match rows by machine and time. Truth names each only once; every copy that is stored must have its values."""
    _, ranks = np.unique(np.concatenate([truth.times_us, stored.times_us]), return_inverse=True)
    step = int(ranks.max(initial=0)) + 1
    expected = truth.machines.astype(np.int64) * step + ranks[: len(truth.times_us)]
    found = stored.machines.astype(np.int64) * step + ranks[len(truth.times_us) :]
    by_expected, by_found = np.argsort(expected, kind="stable"), np.argsort(found, kind="stable")
    expected, found = expected[by_expected], found[by_found]
    if len(expected) and (expected[1:] == expected[:-1]).any():
        raise ValueError("the truth names a machine and time twice")

    place = np.searchsorted(expected, found)
    is_known = np.zeros(len(found), bool)
    inside = place < len(expected)
    is_known[inside] = expected[place[inside]] == found[inside]
    is_copy = np.concatenate([np.zeros(min(len(found), 1), bool), found[1:] == found[:-1]])
    is_missing = np.ones(len(expected), bool)
    is_missing[place[is_known]] = False
    sent, seen = truth.values[by_expected[place[is_known]]], stored.values[by_found[is_known]]
    is_wrong = ~((sent == seen) | (np.isnan(sent) & np.isnan(seen))).all(axis=1)

    verdict = Verdict(
        rows=len(expected),
        missing=int(is_missing.sum()),
        double=int((is_copy & is_known).sum()),
        wrong=int(is_wrong.sum()),
        alien=int((~is_known).sum()),
    )
    faults = {
        "missing": (truth, by_expected[is_missing]),
        "double": (stored, by_found[is_copy & is_known]),
        "wrong": (stored, by_found[is_known][is_wrong]),
        "alien": (stored, by_found[~is_known]),
    }
    for fault, (rows, places) in faults.items():
        verdict.examples += [f"{fault} {table}: {_told(rows, int(place))}" for place in places[:_EXAMPLES]]
    return verdict


def compare_texts(truth: Sequence[tuple[int, int, str]], stored: Sequence[tuple[int, int, str]]) -> Verdict:
    """Match events of machine, time and text, each of which is sent once."""
    sent, seen = set(truth), set(stored)
    verdict = Verdict(rows=len(truth), missing=len(sent - seen), double=len(stored) - len(seen), alien=len(seen - sent))
    for fault, events in (("missing", sent - seen), ("alien", seen - sent)):
        verdict.examples += [f"{fault} event: {event}" for event in sorted(events)[:_EXAMPLES]]
    return verdict


def read_truth(path: str, signals: Sequence[str]) -> Rows:
    records = np.fromfile(path, truth_dtype(signals))
    return Rows(records["machine"], records["time_us"], records["values"])


def read_stored(
    connection: Connection, kind: str, signals: Sequence[str], *, boolean: Sequence[str] = (), machines: dict[int, int]
) -> Rows:
    """Read a table whole; ``machines`` gives the sender's number of each equipment id, and others come out as -1."""
    values = [f'"{name}"::int' if name in boolean else f'"{name}"' for name in signals]
    nulls = " | ".join(f"(({value} IS NULL)::int << {bit})" for bit, value in enumerate(values))
    columns = ", ".join(f"coalesce({value}::float8, 0)" for value in values)
    statement = f'COPY (SELECT equipment_id, time, {nulls}, {columns} FROM reading."{kind}") TO STDOUT (FORMAT binary)'
    fields = [
        ("count", ">i2"),
        ("l0", ">i4"),
        ("equipment", ">i4"),
        ("l1", ">i4"),
        ("time", ">i8"),
        ("l2", ">i4"),
        ("nulls", ">i4"),
    ]
    fields += [field for n in range(len(signals)) for field in ((f"length_{n}", ">i4"), (f"value_{n}", ">f8"))]
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        stream = b"".join(copy)
    records = np.frombuffer(stream[_COPY_HEADER_BYTES:-_COPY_TRAILER_BYTES], np.dtype(fields))
    matrix = np.stack([records[f"value_{n}"].astype("<f8") for n in range(len(signals))], axis=1)
    is_null = (records["nulls"][:, None] >> np.arange(len(signals))) & 1 == 1
    matrix[np.isnan(matrix) & ~is_null] = np.inf  # a stored NaN is no NULL
    matrix[is_null] = np.nan
    ids, back = np.unique(records["equipment"], return_inverse=True)
    numbers = np.array([machines.get(int(number), -1) for number in ids], np.int32)
    return Rows(numbers[back], records["time"].astype(np.int64) + _EPOCH_2000_US, matrix)


def _told(rows: Rows, place: int) -> str:
    at = datetime.fromtimestamp(int(rows.times_us[place]) / 1e6, UTC).isoformat()
    return f"machine {rows.machines[place]} at {at} with {rows.values[place].tolist()}"
