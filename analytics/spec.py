"""What an analytic declares of itself: a module with a ``SPEC`` and a pure function is all that one more costs.

A module holds

* ``SPEC``, a `Spec`;
* ``evaluate(window, parameters)``, or ``evaluate(window, parameters, model)`` where the spec has a ``training``, giving a
  `Result` or raising `NotEvaluated`; for a station ``evaluate(windows, parameters)`` takes and gives mappings by machine;
* ``train(history, parameters)`` where the spec has a ``training``: a model as plain dictionaries, lists and numbers.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple

from device_profiles.kind import Label
from telemetry.settings import Settings

Severity = Literal["critical", "high", "medium", "low"]


def label(zh: str, en: str) -> Label:
    """Write a text for people in both languages."""
    return Label(zh=zh, en=en)


class Input(NamedTuple):
    """A signal that an analytic reads; a family, ``{cylinder}`` in its name, stands for those of all parts."""

    signal: str
    unit: str
    required: bool = True
    """Without it the analytic is not evaluated; otherwise it does what it can."""


class Output(NamedTuple):
    """A figure that it computes."""

    name: str
    """Unique over all analytics of a kind; it ends in no unit, the unit stands beside it."""
    unit: str
    label: Label


class Fault(NamedTuple):
    """Something that it can find."""

    code: str
    label: Label
    advice: Label
    """What to do, as an instruction."""
    severity: Severity
    formula: str
    """What is compared with what, in symbols or a sentence of both languages' mathematics."""
    part: str = ""
    """The kind's part that is named with it."""


class Training(NamedTuple):
    """It learns how each machine behaves while healthy."""

    days: float
    """So long a history makes a model; hours at work, where the machine stands still at times."""
    at_least_share: float = 0.8
    """Of these days so much must hold values of each required input."""


class NoParameters(Settings):
    """Nothing to choose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """An analytic's contract; the worker, the pages and the documentation read it."""

    name: str
    """Unique, as written in the database: ``boiler_efficiency``."""
    label: Label
    kinds: tuple[str, ...]
    """Empty: every kind."""
    inputs: tuple[Input, ...]
    """Empty where it takes whatever numeric signals the kind has."""
    records: tuple[str, ...] = ()
    """Signals whose high-rate records it reads."""
    rated: tuple[tuple[str, str], ...] = ()
    """Nameplate values that it uses, each with its unit."""
    scope: Literal["machine", "station"] = "machine"
    """A station are all machines of one kind behind one gateway."""
    step_seconds: float = 60.0
    window: timedelta = timedelta(days=1)
    cadence: timedelta = timedelta(hours=1)
    outputs: tuple[Output, ...] = ()
    faults: tuple[Fault, ...] = ()
    parameters: type[Settings] = NoParameters
    """Fields with defaults; the unit ends each name."""
    training: Training | None = None
    source: str
    """Standard and clause, or publication."""
    validity: Label
    """Where it holds."""

    def fault(self, code: str) -> Fault:
        return next(fault for fault in self.faults if fault.code == code)

    def output(self, name: str) -> Output:
        return next(output for output in self.outputs if output.name == name)
