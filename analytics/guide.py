"""The functions of the Jinan guide for each kind of equipment, and what serves them: ``guide.toml`` held against the SPECs."""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from analytics.catalogue import catalogue
from device_profiles.kind import Label
from telemetry.errors import ConfigError

FILE = Path(__file__).with_name("guide.toml")


class Serving(NamedTuple):
    """An analytic or a service that serves a function."""

    name: str
    is_analytic: bool
    label: Label
    method: str
    source: str
    validation: str
    page: str


class Function(NamedTuple):
    """One function that the guide names."""

    kind: str
    label: Label
    served_by: tuple[Serving, ...]


@cache
def functions() -> tuple[Function, ...]:
    """Give the functions of all kinds in the guide's order.

    Raises
    ------
    ConfigError
        If a function names what does not exist or what is for another kind, or is served by nothing.
    """
    with FILE.open("rb") as file:
        document = tomllib.load(file)
    found = []
    for one in document["functions"]:
        where = f"{FILE.name}: {one['kind']} {one['zh']}"
        analytics = [_analytic(where, one["kind"], name, document["methods"]) for name in one.get("analytics", ())]
        services = [_service(where, name, document["services"]) for name in one.get("services", ())]
        if not analytics and not services:
            raise ConfigError(f"{where}: nothing serves it")
        found.append(Function(one["kind"], Label(zh=one["zh"], en=one["en"]), (*analytics, *services)))
    return tuple(found)


def _analytic(where: str, kind: str, name: str, methods: dict[str, list[str]]) -> Serving:
    if name not in catalogue() or name not in methods:
        raise ConfigError(f"{where}: {name!r} is not an analytic, or has no line in [methods]")
    spec = catalogue()[name].spec
    if spec.kinds and kind not in spec.kinds:
        raise ConfigError(f"{where}: {name!r} is for {', '.join(spec.kinds)}")
    method, validation = methods[name]
    return Serving(name, True, spec.label, method, spec.source, validation, "/equipment/ID")


def _service(where: str, name: str, services: dict[str, dict[str, str]]) -> Serving:
    if name not in services:
        raise ConfigError(f"{where}: {name!r} is not a service; known: {', '.join(services)}")
    one = services[name]
    label = Label(zh=one["zh"], en=one["en"])
    return Serving(name, False, label, one["method"], one["source"], one["validation"], one["page"])
