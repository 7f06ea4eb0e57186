"""What people send from the pages of projects, checked: closed models, every number and text bounded."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from dashboards.list_questions import GivenId, Line, Text
from registry.uscc import normalise
from telemetry.settings import Settings

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
Named = Annotated[Line, Field(min_length=1)]
Code = Annotated[str, Field(max_length=60, pattern=r"^[A-Za-z0-9_.]+$")]
Money = Annotated[Decimal, Field(ge=0, le=Decimal(999_999_999_999), decimal_places=2, allow_inf_nan=False)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4, allow_inf_nan=False)]
LocalTime = Annotated[str, Field(max_length=16, pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$")]
"""As a browser's field for date and time sends it: in the plant's time zone."""


class NewProject(Settings):
    """A project to open."""

    uscc: Annotated[str, Field(max_length=40, pattern=r"^[^\x00]*$")]
    title: Named
    template: Literal["jinan_2020", "jiangsu_2018"]
    provider: Line = ""

    @property
    def code(self) -> str:
        return normalise(self.uscc)


class ItemChange(Settings):
    """How a line of the checklist stands now."""

    state: Literal["open", "in_progress", "done", "not_needed"]
    owner: Line = ""
    due_on: Day | None = None
    done_on: Day | None = None
    note: Text = ""


class ScopeEntered(Settings):
    """A system or machine that the project is about."""

    name: Named
    machine: GivenId | None = None
    strategy: Literal["direct", "after_rework", "rebuild_as_service", "stay"]
    dependence: Literal["continuous", "interruptible", "deferrable"]
    longest_interruption_minutes: Annotated[int, Field(ge=0, le=1_000_000)] | None = None


class DocumentAdded(Settings):
    """A document, and where it is."""

    kind: Code
    item_code: Annotated[str, Field(max_length=8, pattern=r"^([0-9]+\.[0-9]+)?$")] = ""
    title: Named
    reference: Named


class TestMade(Settings):
    """A test that was made."""

    stage: Literal["rehearsal", "after_cut_over"]
    type: Code
    performed_on: Day
    passed: bool
    document: Line = ""
    note: Text = ""


class DrillAdded(Settings):
    """A drill that was held."""

    form: Literal["simulated_migration", "rollback", "restore", "incident"]
    performed_on: Day
    succeeded: bool
    rollback_minutes: Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=1, allow_inf_nan=False)] | None = None
    document: Line = ""
    note: Text = ""


class EffectDeclared(Settings):
    """An effect that the enterprise declares."""

    category: Literal["resource_scale", "resource_use", "business_efficiency", "economic", "social"]
    name: Named
    value: Annotated[Decimal, Field(ge=-(10**12), le=10**12, decimal_places=4, allow_inf_nan=False)]
    unit: Line = ""
    document: Named


class DecisionMade(Settings):
    """A decision; a cut-over has a time."""

    decision: Literal["go", "no_go", "cut_over", "roll_back", "accept", "verify"]
    cut_over_at: LocalTime | None = None
    note: Text = ""


class AnswerGiven(Settings):
    """An answer to a question of the matrix of duties."""

    duty: Code
    answer: Literal["met", "partly", "not_met", "not_applicable"]
    document: Line = ""
    note: Text = ""


class AgreementAdded(Settings):
    """A service agreement; ``tiers`` as people write them: ``99.9:10, 99.5:25`` is 10 % below 99.9 %, 25 % below 99.5 %."""

    provider: Named
    target_percent: Percent
    tiers: Annotated[str, Field(max_length=200, pattern=r"^ *[0-9.]+ *: *[0-9.]+ *(, *[0-9.]+ *: *[0-9.]+ *)*$")]
    monthly_fee_cny: Money
    valid_from: Day
    valid_to: Day | None = None
    document: Named

    @property
    def pairs(self) -> list[tuple[Decimal, Decimal]]:
        """The tiers as numbers.

        Raises
        ------
        ValueError
            If one is no number.
        """
        try:
            return [
                (Decimal(below.strip()), Decimal(credit.strip()))
                for below, credit in (one.split(":") for one in self.tiers.split(","))
            ]
        except ArithmeticError:
            raise ValueError(f"tiers: {self.tiers!r} are not pairs of numbers such as 99.9:10, 99.5:25") from None


class MaintenanceAgreed(Settings):
    """Time that was agreed not to count, in the plant's time zone."""

    agreement: GivenId
    start: LocalTime
    end: LocalTime
    reason: Named


class MonthSettled(Settings):
    """A month to be settled."""

    agreement: GivenId
    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


def instant(text: str, zone: ZoneInfo) -> datetime:
    """Read a time of the plant.

    Raises
    ------
    ValueError
        If there is no such time.
    """
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
