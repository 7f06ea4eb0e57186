"""What a scan or a browse found, as a table of points that ``shangyun profiles new`` reads.

Only what is certain is filled in. A signal is named where a name on the device is that of one of the kind's signals, written in
whatever way, and where it is so once; a person completes the others, and rows that stay without a signal are left out later.
Signals with states are left to the person too, for nobody can guess what a device's codes mean. The rows of SunSpec models are
those of the device models that are shipped, at the addresses at which the scan found them.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from device_profiles.kind import Kind, SignalType
from device_profiles.profile import ModbusPoint, load_profile, profile_names
from device_profiles.profile_writer import export_points
from edge_gateway.drivers.mtconnect.units import spelled
from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from edge_gateway.drivers.modbus.discovery import SunSpecModel
    from edge_gateway.drivers.mtconnect.documents import DataItem, Device
    from edge_gateway.drivers.opcua.browse import Variable

Row = dict[str, str]
"""Cells by the heads of the table."""

_PROPERTIES = (
    *("EngineeringUnits", "EURange", "InstrumentRange", "Definition", "ValuePrecision"),
    *("TrueState", "FalseState", "EnumStrings", "EnumValues", "ValueAsText"),
    *("XAxisDefinition", "YAxisDefinition", "ZAxisDefinition", "AxisScaleType", "Title"),
)
"""What OPC UA Part 8 hangs below a variable to describe it; no point of a machine."""
_OPCUA_TYPES = {
    "Boolean": SignalType.BOOLEAN,
    "Float": SignalType.REAL,
    "Double": SignalType.DOUBLE,
    "String": SignalType.TEXT,
    "LocalizedText": SignalType.TEXT,
    **dict.fromkeys(("SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"), SignalType.INTEGER),
}
_NOT_GUESSED = (SignalType.ENUM, SignalType.WAVEFORM)
"""Nobody can guess what a device's codes mean, nor which of its arrays are waveforms."""
_SUNSPEC_MARK = int.from_bytes(b"SunS", "big")
_MODEL_ID = re.compile(r"model_(\d+)_id")


class Found(NamedTuple):
    """One row, and the name that may be a signal's."""

    name: str
    row: Row


def opcua_points(variables: "Iterable[Variable]", units: dict[str, str]) -> list[Found]:
    """Give the variables of a server; they go by their node ids, for a table cannot hold the namespaces that a path needs."""
    return [
        Found(
            "" if variable.type.endswith("]") else _last(variable.path),  # a signal is no array
            {
                "signal": "",
                "node": variable.node,
                "unit": units.get(variable.node, ""),
                "signal_type": _OPCUA_TYPES.get(variable.type, ""),
                "label": variable.path,
            },
        )
        for variable in variables
        if _last(variable.path) not in _PROPERTIES
    ]


def mtconnect_points(device: "Device", pattern: str) -> list[Found]:
    """Give the data items of a device whose path fits; vectors and tables, which nobody can read, are left out."""
    return [
        Found(
            item.name or item.type,
            {
                "signal": "",
                "data_item": item.id,
                "unit": spelled(item.units or "") or "",
                "signal_type": SignalType.REAL if item.category == "SAMPLE" else SignalType.TEXT,
                "label": item_path(device, item),
            },
        )
        for item in device.items
        if item.is_scalar and fnmatchcase(item_path(device, item), pattern)
    ]


def item_path(device: "Device", item: "DataItem") -> str:
    """Give the way to a data item: device, components with their names, and the item's type."""
    components = (kind if name == kind else f"{kind}:{name}" for kind, name in item.component)
    kind = item.type if item.sub_type is None else f"{item.type}.{item.sub_type}"
    return "/".join((device.name, *components, kind))


def with_signals(found: Sequence[Found], kind: Kind | None) -> tuple[list[Row], list[str]]:
    """Name the signals that are certain; gives the rows, and the signals that several of them could be."""
    if kind is None:
        return [row for _, row in found], []
    signal_of = {_folded(name): name for name, signal in kind.signals.items() if signal.type not in _NOT_GUESSED}
    guesses = [signal_of.get(_folded(name), "") for name, _ in found]
    times = Counter(guess for guess in guesses if guess)
    rows = [row | {"signal": guess if times[guess] == 1 else ""} for (_, row), guess in zip(found, guesses, strict=True)]
    return rows, [signal for signal, count in times.items() if count > 1]


def sunspec_points(models: "Sequence[SunSpecModel]", kind: str | None) -> list[Row]:
    """Give the rows of the models that a device has, each moved to where it stands in this device.

    Where several device models know a model, the one that knows most of this device's is asked. A signal that an earlier model
    carries already stays without a name, and a model that nobody knows is one row.
    """
    numbers = {model.number for model in models}
    known = sorted(_shipped_models(kind), key=lambda blocks: len(numbers & blocks.keys()), reverse=True)
    rows: list[Row] = [
        {"name": "SunS", "pdu_address": str(models[0].address - 2), "type": "uint32", "constant": str(_SUNSPEC_MARK)}
    ]
    taken = {"SunS"}
    for model in models:
        block = next((blocks[model.number] for blocks in known if model.number in blocks), None)
        if block is None:
            label = f"SunSpec model {model.number}, {model.length} registers; no device model that is shipped has it"
            rows.append({"pdu_address": str(model.address), "label": label})
        else:
            rows += _moved(block, model, taken)
    return rows


_Block = list[tuple[ModbusPoint, Row]]


def _shipped_models(kind: str | None) -> Iterator[dict[int, _Block]]:
    """Give the SunSpec models in each device model that is shipped, by their numbers."""
    for name in profile_names():
        if "/sunspec_" not in name or (kind is not None and not name.startswith(f"{kind}/")):
            continue
        profile = load_profile(name)
        blocks: dict[int, _Block] = {}
        block: _Block = []
        for point, row in zip(profile.points, csv.DictReader(io.StringIO(export_points(profile))), strict=True):
            assert isinstance(point, ModbusPoint)
            if start := _MODEL_ID.fullmatch(point.name or ""):
                block = blocks[int(start[1])] = []
            elif point.name == "end_id":
                break
            block.append((point, {key: cell for key, cell in row.items() if key != "simulated"}))
        yield blocks


def _moved(block: _Block, model: "SunSpecModel", taken: set[str]) -> Iterator[Row]:
    shift = model.address - block[0][0].address
    end = model.address + 2 + model.length
    # A device may have two models with a helper of the same name, or one model twice.
    names = {point.name: f"{point.name}_{point.address + shift}" for point, _ in block if point.name and point.name in taken}
    for point, row in block:
        address = point.address + shift
        if address + point.width > end:
            continue  # this device has fewer modules, or does without the pad
        moved = row | {"pdu_address": str(address)}
        if point.name is not None:
            moved["name"] = names.get(point.name, point.name)
        if point.scale_factor is not None:
            moved["scale_factor"] = names.get(point.scale_factor, point.scale_factor)
        if point.name == f"model_{model.number}_length":
            moved["constant"] = str(model.length)
        if point.signal in taken:
            moved |= {"signal": "", "label": f"{point.signal}, as in an earlier model"}
        taken.add(point.signal or moved["name"])
        yield moved


def write_points(path: Path, rows: Sequence[Row]) -> None:
    """Write a table; one that is there already is left alone, for a person may have completed it.

    Raises
    ------
    ConfigError
        If it cannot be written.
    """
    heads = ["signal", *dict.fromkeys(head for row in rows for head in row if head != "signal")]
    heads = [head for head in heads if head == "signal" or any(row.get(head) for row in rows)]
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, heads, restval="", extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    except FileExistsError:
        raise ConfigError("exists already and is left alone; name another file", file=path) from None
    except OSError as error:
        raise ConfigError(error.strerror or str(error), file=path) from error


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _folded(name: str) -> str:
    """Leave of a name what does not depend on how it is written: ``SteamFlow``, ``steam flow`` and ``steam_flow`` are one."""
    return re.sub(r"[\W_]+", "", name).casefold()
