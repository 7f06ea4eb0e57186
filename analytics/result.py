"""What an analytic says of one machine over one window: figures, findings, or why it says nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from telemetry.errors import ShangyunError

Validity = Literal["valid", "doubtful"]


class Why(StrEnum):
    """Why something is not evaluated; pages say it in the reader's language, followed by the detail."""

    MISSING_INPUT = "missing_input"
    """A signal has no values, or too few."""
    BAD_INPUT = "bad_input"
    """Values that cannot be: a sensor that stands still, a negative flow."""
    NOT_RUNNING = "not_running"
    """The machine was not at work for long enough."""
    NOT_STEADY = "not_steady"
    """It was, but never long enough at one load."""
    OUTSIDE_VALIDITY = "outside_validity"
    """The formula does not hold here, or the model has not seen such conditions."""
    NO_NAMEPLATE = "no_nameplate"
    """A rated value is not filled in."""
    NOT_TRAINED = "not_trained"
    """There is no model yet: too little history."""
    WEAK_RECORDING = "weak_recording"
    """A high-rate record is too short, too quiet or taken at too little load."""
    NO_DEGRADATION = "no_degradation"
    """Nothing worsens, so that there are no days to a limit; good news, and no number."""
    NO_LIBRARY = "no_library"
    """An optional library is not installed; the detail tells how."""
    FAILED = "failed"
    """The program broke; that is ours to mend."""


class NotEvaluated(ShangyunError):  # noqa: N818 - an answer, not a fault
    """An analytic declines: ``why`` as a code, ``detail`` names the signal, the share or the limit."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}" if detail else str(why))
        self.why, self.detail = why, detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of the spec's outputs; without a value it has a reason, ``str(NotEvaluated)``."""

    name: str
    value: float | None
    uncertainty: float | None = None
    """Half width of the 95 % interval, in the output's unit."""
    validity: Validity = "valid"
    reason: str = ""

    def __post_init__(self) -> None:
        if self.value is None and not self.reason:
            raise ValueError(f"{self.name} has no value and no reason")

    @classmethod
    def declined(cls, name: str, why: Why, detail: str = "") -> "Figure":
        return cls(name=name, value=None, reason=str(NotEvaluated(why, detail)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One fault of the spec's faults that the window shows."""

    code: str
    part: str = ""
    """One of the kind's parts: cylinder ``3``."""
    since_us: int
    confidence: float
    """0 to 1; above 0.5 it is more likely than not."""
    evidence: Sequence[Mapping[str, Any]] = ()
    """Pieces made by `analytics.evidence`."""
    effect: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    """``energy`` and ``money``, each a number and a unit a year; only where it can be computed."""
    severity: str = ""
    """Where it differs from what the spec says of the fault."""


class Result(NamedTuple):
    """All of one machine and window."""

    figures: Sequence[Figure] = ()
    findings: Sequence[Found] = ()
    pictures: Sequence[Mapping[str, Any]] = ()
    """Pieces made by `analytics.evidence`, for the machine's page; those of the newest run are kept."""
