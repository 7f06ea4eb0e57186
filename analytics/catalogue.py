"""Every analytic of this installation: a module below this package that has a ``SPEC``."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import analytics
from analytics.spec import Spec
from device_profiles.kind import kind_names, load_kind
from telemetry.errors import ConfigError

_WITHOUT = frozenset({"alarms", "notifications", "engine", "forecasts", "statements"})
"""Packages that talk to the world, and hold no analytics."""


class Analytic(NamedTuple):
    """One analytic, ready to be run."""

    spec: Spec
    evaluate: Callable[..., Any]
    train: Callable[..., Any] | None


@cache
def catalogue() -> dict[str, Analytic]:
    """Give all analytics by name, each held against the kinds it is for.

    Raises
    ------
    ConfigError
        If a spec names a signal that its kind does not have, or another unit; and if two share a name.
    """
    found: dict[str, Analytic] = {}
    for module in _modules():
        spec = getattr(module, "SPEC", None)
        if not isinstance(spec, Spec):
            continue
        _check(spec, module.__name__)
        if spec.name in found:
            raise ConfigError(f"{module.__name__}: another analytic is called {spec.name!r}")
        found[spec.name] = Analytic(spec, module.evaluate, getattr(module, "train", None))
    return dict(sorted(found.items()))


def analytics_of(kind: str) -> list[Analytic]:
    """Give the analytics that are for a kind."""
    return [one for one in catalogue().values() if not one.spec.kinds or kind in one.spec.kinds]


def get_analytic(name: str) -> Analytic:
    """Look one up by name; a wrong name's error lists the legal ones."""
    if name not in catalogue():
        raise ConfigError(f"{name!r} is not an analytic; known: {', '.join(catalogue())}")
    return catalogue()[name]


def _modules() -> Iterator[ModuleType]:
    for package in pkgutil.iter_modules(analytics.__path__, "analytics."):
        if not package.ispkg or package.name.removeprefix("analytics.") in _WITHOUT:
            continue
        for module in pkgutil.walk_packages(importlib.import_module(package.name).__path__, f"{package.name}."):
            yield importlib.import_module(module.name)


def _check(spec: Spec, module: str) -> None:
    for name in spec.kinds:
        if name not in kind_names():
            raise ConfigError(f"{module}: {name!r} is not an equipment kind")
        kind = load_kind(name)
        for signal, unit, _ in spec.inputs:
            known = kind.families.get(signal) or kind.signals.get(signal)
            if known is None:
                raise ConfigError(f"{module}: {name} has no signal {signal!r}")
            if known.unit != unit:
                raise ConfigError(f"{module}: {signal} of {name} is in {known.unit}, not in {unit}")
