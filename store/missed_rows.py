"""Rows of many machines of a kind at once, for who must catch up with what was stored while it was away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from device_profiles.kind import Kind, SignalType
from store.binary_arrays import elements
from store.copy_binary import EPOCH_2000_US
from store.database import Database, quoted
from store.sql_files import query_text


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRows:
    """Rows of machines of one kind, in no order; a value that was not sampled, or was bad, is NaN."""

    equipment_ids: npt.NDArray[np.int64]
    times_us: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    """Shape (rows, signals)."""
    names: tuple[str, ...]


def rows_of_machines(
    database: Database, kind: Kind, names: Sequence[str], equipment_ids: Sequence[int], *, start: datetime, end: datetime
) -> MachineRows:
    """Read some signals of machines of a kind in ``[start, end)``, also what came under their earlier names."""
    columns = ", ".join(f"({_number(kind, name)})::float8 AS column_{n}" for n, name in enumerate(names))
    arrays = ", ".join(f"array_send(array_agg(coalesce(column_{n}, 'NaN')))" for n in range(len(names)))
    statement = query_text(
        "alarm_worker", "rows_of_machines", columns=columns, arrays=arrays, table=f"reading.{quoted(kind.name)}"
    )
    with database.connection() as connection:
        values = {"ids": list(equipment_ids), "start": start, "end": end}
        ids, times, *found = connection.execute(statement, values, binary=True).fetchone() or ()
    return MachineRows(
        equipment_ids=elements(ids, ">i4").astype(np.int64),
        times_us=elements(times, ">i8").astype(np.int64) + EPOCH_2000_US,
        values=np.column_stack([elements(array, ">f8").astype(np.float64) for array in found]),
        names=tuple(names),
    )


def _number(kind: Kind, name: str) -> str:
    return f"{quoted(name)}::int" if kind.signals[name].type is SignalType.BOOLEAN else quoted(name)
