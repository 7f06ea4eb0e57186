"""The SQL of the panels: ``store/queries/grafana.sql`` with the names of kinds and signals filled in."""

from collections.abc import Iterable, Mapping

from device_profiles.kind import Kind, Label, Signal
from store.sql_files import query_text

MACHINES = "'{${machine:csv}}'"
GATEWAYS = "'{${gateway:csv}}'"
OF_MACHINES = f"e.id = ANY ({MACHINES})"
OF_GATEWAYS = f"e.gateway = ANY ({GATEWAYS})"


def gateways_of(kinds: Iterable[Kind]) -> str:
    return _statement("gateways", kinds="{" + ",".join(kind.name for kind in kinds) + "}")


def machines_of(kind: Kind) -> str:
    return _statement("machines", kind=kind.name, gateways=GATEWAYS)


def mean_by_machine(kind: Kind, signal: str) -> str:
    return _statement("mean_by_machine", rollup=_rollup(kind, signal, "mean", "count"))


def band(kind: Kind, signal: str, *, minimum: str, maximum: str) -> str:
    """Ask for the extremes of all chosen machines together."""
    return _statement("band", rollup=_rollup(kind, signal, "min", "max"), minimum=minimum, maximum=maximum)


def highest_state(kind: Kind, signal: str) -> str:
    return _statement("highest_state", rollup=_rollup(kind, signal, "max"))


def newest_values(signal: str) -> str:
    return _statement("newest_values", signal=signal, machines=MACHINES)


def machine_table(signals: Mapping[str, Signal]) -> str:
    columns = ",\n".join(f'  (l."values"->>\'{name}\')::float8 AS "{both(signal.label)}"' for name, signal in signals.items())
    return _statement("machine_table", columns=columns, machines=MACHINES)


def standing_alarms(chosen: str) -> str:
    return _statement("standing_alarms", chosen=chosen)


def of_gateways(name: str) -> str:
    """Give one of the fleet's statements that ask for nothing but the chosen gateways."""
    return _statement(name, gateways=GATEWAYS)


def machines_by_kind(kinds: Iterable[Kind]) -> str:
    known = ", ".join(f"('{kind.name}', '{_quotable(both(kind.label))}')" for kind in kinds)
    return _statement("machines_by_kind", kinds=known, gateways=GATEWAYS)


def rows_received(kinds: Iterable[Kind]) -> str:
    """Count the rows of each kind by the signal that all of them carry, its state."""
    branches = [
        _statement(
            "rows_of_kind",
            label=_quotable(both(kind.label)),
            signal=kind.state_signal or kind.numeric_signals[0],
            kind=kind.name,
        )
        for kind in kinds
    ]
    return _statement("rows_received", branches="\nUNION ALL\n".join(branches), gateways=GATEWAYS)


def both(label: Label) -> str:
    """Write a label in both languages: Grafana shows one text to everyone."""
    return f"{label.zh} {label.en}"


def _rollup(kind: Kind, signal: str, *parts: str) -> str:
    columns = ", ".join(f"{signal}_{part} AS {part}" for part in parts)
    return _statement("rollup", columns=columns, kind=kind.name, machines=MACHINES)


def _statement(name: str, **parts: str) -> str:
    return query_text("grafana", name, **parts).decode()


def _quotable(text: str) -> str:
    return text.replace("'", "''")
