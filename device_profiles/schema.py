"""JSON Schemas of the files that people write, made from the models that read them, for completion and hints in an editor.

A schema knows keys, types and words. What holds between them (a signal that the kind has, a unit that converts, two points in
one place) only ``shangyun profiles check`` can tell.
"""

import json
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from device_profiles.kind import Kind
from device_profiles.profile import ModbusProfile, MtConnectProfile, NmeaProfile, OpcUaProfile, Profile

_MODELS: dict[str, type[Profile]] = {
    "modbus": ModbusProfile,
    "opcua": OpcUaProfile,
    "mtconnect": MtConnectProfile,
    "nmea": NmeaProfile,
}


def profile_schema(protocol: str | None = None) -> dict[str, Any]:
    """Give the schema of device models of one protocol, or of any."""
    if protocol is not None:
        return _schema(_MODELS[protocol], f"Shangyun device model, {protocol}")
    schema = _schema(ModbusProfile | OpcUaProfile | MtConnectProfile | NmeaProfile, "Shangyun device model")
    schema["oneOf"] = schema.pop("anyOf")  # no file is right for two protocols
    return schema


def kind_schema() -> dict[str, Any]:
    """Give the schema of ``kind.toml``."""
    return _schema(Kind, "Shangyun equipment kind")


def as_json(schema: dict[str, Any]) -> str:
    """Write a schema as a file."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def _schema(model: Any, title: str) -> dict[str, Any]:
    head = {"$schema": GenerateJsonSchema.schema_dialect, "title": title}
    return head | {key: _plain(value) for key, value in TypeAdapter(model).json_schema().items() if key != "title"}


def _plain(node: Any) -> Any:
    """Leave out what no file can hold or no reader needs: null, which TOML lacks, and titles, which only repeat the keys."""
    match node:
        case {"anyOf": [*choices, {"type": "null"}], **rest}:
            inner = choices[0] if len(choices) == 1 else {"anyOf": choices}
            return _plain(inner | {key: value for key, value in rest.items() if key != "default"})
        case dict():
            kept = {key: value for key, value in node.items() if not (key == "title" and isinstance(value, str))}
            return {key: _flowing(value) if key == "description" else _plain(value) for key, value in kept.items()}
        case list():
            return [_plain(item) for item in node]
        case _:
            return node


def _flowing(description: Any) -> Any:
    """Let a text flow, for an editor breaks lines by itself, and mark code as it shows it."""
    return " ".join(description.split()).replace("``", "`") if isinstance(description, str) else _plain(description)
