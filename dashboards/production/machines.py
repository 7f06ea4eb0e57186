"""The machine tools behind gateways: what each is at now, when it works, and what of it is for sale."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from store.database import Database
from store.equipment import Equipment, list_equipment
from store.production import MachineTerms, machine_terms
from store.readings import Latest, latest

KIND = "cnc_machine"
MachineState = Literal["executing", "not_executing", "out_of_service", "offline", "no_data"]
MACHINE_STATES: tuple[MachineState, ...] = get_args(MachineState)
DOWN = frozenset({"out_of_service", "offline"})
"""States in which nothing can be done on a machine."""
_ACTIVE, _UNAVAILABLE, _TRIGGERED, _FAULT = 0, 0, 1, 2
_AUTOMATIC = (1, 3)
"""Codes of the kind's execution, availability, emergency stop, controller condition and operation mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineNow:
    """One machine tool."""

    equipment: Equipment
    state: MachineState
    time: datetime | None
    """Of its newest values."""
    terms: MachineTerms

    @property
    def is_down(self) -> bool:
        return self.state in DOWN


def machines_of(
    database: Database,
    *,
    gateways: frozenset[str] | None,
    online: Mapping[str, bool],
    now: datetime,
    stale_seconds: float,
) -> list[MachineNow]:
    """Give the machine tools behind some gateways, all for None, by gateway and name.

    Parameters
    ----------
    online : mapping of str to bool
        What gateways have said of themselves.
    """
    found = [one for one in list_equipment(database, kind=KIND) if gateways is None or one.gateway in gateways]
    ids = [one.id for one in found]
    newest = {one.equipment_id: one for one in latest(database, ids)} if ids else {}
    terms = machine_terms(database, ids) if ids else {}
    stale = timedelta(seconds=stale_seconds)
    return [
        MachineNow(
            equipment=one,
            state=_state(newest.get(one.id), is_online=online.get(one.gateway, True), now=now, stale=stale),
            time=newest[one.id].time if one.id in newest else None,
            terms=terms.get(one.id, MachineTerms(equipment_id=one.id)),
        )
        for one in found
    ]


def _state(known: Latest | None, *, is_online: bool, now: datetime, stale: timedelta) -> MachineState:
    """Judge a machine as `analytics.cnc_machine.states` judges each step of a window."""
    if known is None:
        return "no_data"
    values = known.values
    if not is_online or now - known.time > stale or values.get("availability") == _UNAVAILABLE:
        return "offline"
    is_active = values.get("execution") == _ACTIVE
    if values.get("emergency_stop") == _TRIGGERED or (values.get("controller_condition") == _FAULT and not is_active):
        return "out_of_service"
    mode = values.get("operation_mode")
    return "executing" if is_active and (mode is None or mode in _AUTOMATIC) else "not_executing"
