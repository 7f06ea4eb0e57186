"""Machines as the API tells them: a row of the list, and one machine with everything."""

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from dashboards.live.listing import Listing, Moment, activity
from dashboards.live.state import LiveState, Machine
from dashboards.presentation import all_key_signals, signal_json
from telemetry.quality import Quality

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def row_json(machine: Machine, state: LiveState, listing: Listing, moment: Moment) -> str:
    """Encode a row of the list: what the machine itself says is made once until it changes, the judgement every time."""
    fixed = machine.encoded("row", lambda: _fixed(machine))
    return f"{fixed[:-1]},{_encode(judged(machine, state, listing, moment))[1:]}"


def machine_json(machine: Machine, state: LiveState, listing: Listing, moment: Moment) -> dict[str, Any]:
    """Tell everything: what each signal is, and its newest value."""
    told = {name: signal_json(machine.kind.signals[name]) | value for name, value in values_json(machine, only_key=False).items()}
    return {**_head(machine), "values": told, **judged(machine, state, listing, moment)}


def judged(machine: Machine, state: LiveState, listing: Listing, moment: Moment) -> dict[str, Any]:
    """Say how old the values are, and what that and the alarms make of the machine."""
    age_us = None if machine.time_us is None else max(moment.now_us - machine.time_us, 0)
    gateway = machine.equipment.gateway
    return {
        "site": state.site_of(gateway),
        "gateway_online": state.gateways.get(gateway),
        "age_seconds": None if age_us is None else round(age_us / 1e6, 3),
        "stale": None if age_us is None else age_us > moment.stale_us,
        "condition": listing.condition(machine, moment),
        "alarm": moment.alarms.get(machine.equipment.id),
    }


def values_json(machine: Machine, *, only_key: bool) -> dict[str, dict[str, Any]]:
    """Give value, quality and time of each signal; null where nothing has come yet."""
    told: dict[str, dict[str, Any]] = {}
    for name in all_key_signals(machine.kind) if only_key else machine.kind.signals:
        signal = machine.kind.signals[name]
        cell = machine.cells.get(name)
        shown = None if cell is None else machine.shown(name)
        value: dict[str, Any] = {
            "value": shown,
            "quality": None if cell is None else quality_name(cell.quality),
            "time": None if cell is None else iso_us(cell.time_us),
        }
        if signal.states:
            state = next((state for state in signal.states if state.code == shown), None)
            value["state"] = state and state.name
            value["state_label"] = state and {"zh": state.label.zh, "en": state.label.en}
        told[name] = value
    return told


@lru_cache(maxsize=256)
def quality_name(quality: int) -> str:
    try:
        return Quality(quality).name.lower()
    except ValueError:  # a code of a newer producer: its severity still stands in the top two bits
        return Quality(quality & 0xC0 if quality < 0xC0 else Quality.BAD).name.lower()


def iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@lru_cache(maxsize=10_000)  # the values of a machine share their time
def iso_us(time_us: int) -> str:
    return iso(datetime.fromtimestamp(time_us / 1e6, UTC))


def _head(machine: Machine) -> dict[str, Any]:
    return {
        "id": machine.equipment.id,
        "gateway": machine.equipment.gateway,
        "name": machine.equipment.name,
        "kind": machine.kind.name,
        "kind_label": machine.kind.label.model_dump(),
        "time": None if machine.time_us is None else iso_us(machine.time_us),
        "activity": activity(machine),
    }


def _fixed(machine: Machine) -> str:
    values = values_json(machine, only_key=True)
    for name, value in values.items():
        signal = machine.kind.signals[name]
        value |= {"label": {"zh": signal.label.zh, "en": signal.label.en}, "unit": signal.unit}
    return _encode({**_head(machine), "values": values})
