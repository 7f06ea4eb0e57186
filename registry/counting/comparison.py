"""What differs between two counts, machine by machine, with sums that reconcile.

``counted`` of the later less that of the earlier is what was gained less what was lost; in an area, those that moved besides.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry.counting.recount import CannotCount, again
from registry.counting.rule import Parameters
from registry.counting.words import name_of_test, sentence
from store.city_counting import differences, one_moment
from store.city_snapshots import Snapshot, snapshot
from store.database import Database

CAUSES: dict[str, dict[str, str]] = {
    "rule": {"zh": "计数规则改变", "en": "the rule changed"},
    "registered": {"zh": "新登记", "en": "newly registered"},
    "left": {"zh": "不再属于统计区域", "en": "no longer in the counted area"},
    "moved": {"zh": "企业更换填报区域", "en": "its enterprise moved to another area"},
}
"""Beside these a cause is the test that a machine has come to pass, or to fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One machine that counts in one of the snapshots only, or in both, in two areas."""

    machine_id: int
    uscc: str
    enterprise: str
    label: str
    kind: str
    change: str
    """``gained``, ``lost`` or ``moved``."""
    cause: str
    """One of `CAUSES`, or of the tests."""
    area_before: str | None
    area_after: str | None
    reason_before: Mapping[str, Any] | None
    reason_after: Mapping[str, Any] | None
    """None where the snapshot does not have the machine."""

    def sentence(self, language: str) -> str:
        """Say why: what was in the way before, or is now; or the rule."""
        told = self.reason_before if self.change == "gained" else self.reason_after
        if self.cause in CAUSES:
            cause = CAUSES[self.cause]["zh" if language.startswith("zh") else "en"]
        else:
            cause = name_of_test(self.cause, language)
        if told is None or self.change == "moved":
            return cause
        colon = "：" if language.startswith("zh") else ": "
        return f"{cause}{colon}{sentence(told, language, kind=self.kind)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two snapshots, the earlier first, and the machines that make the difference."""

    before: Snapshot
    after: Snapshot
    rows: list[Difference]
    parameters: dict[str, tuple[Any, Any]]
    """Parameters of the rule that differ: before and after."""

    @property
    def gained(self) -> int:
        return sum(row.change == "gained" for row in self.rows)

    @property
    def lost(self) -> int:
        return sum(row.change == "lost" for row in self.rows)

    @property
    def reconciles(self) -> bool:
        """Whether the machines explain the whole difference; anything else would be a fault of ours."""
        return self.after.counted - self.before.counted == self.gained - self.lost

    def by_cause(self) -> dict[tuple[str, str], int]:
        """Count the machines by change and cause."""
        return dict(sorted(Counter((row.change, row.cause) for row in self.rows).items()))

    def by_area(self) -> dict[str, dict[str, int]]:
        """Give ``gained``, ``lost``, ``moved_in`` and ``moved_out`` of each area that something changed in."""
        found: dict[str, Counter[str]] = {}
        for row in self.rows:
            if row.change == "moved":
                found.setdefault(str(row.area_before), Counter())["moved_out"] += 1
                found.setdefault(str(row.area_after), Counter())["moved_in"] += 1
            else:
                area = row.area_after if row.change == "gained" else row.area_before
                found.setdefault(str(area), Counter())[row.change] += 1
        names = ("gained", "lost", "moved_in", "moved_out")
        return {area: {name: counts[name] for name in names} for area, counts in sorted(found.items())}


def compare(database: Database, before_id: int, after_id: int) -> Comparison:
    """Explain the difference between two snapshots.

    Where their rules differ, a machine of the earlier one is held against the later one's rule too: what changes by that alone,
    the rule has changed.

    Raises
    ------
    CannotCount
        If one of them is not there.
    """
    before, after = (_there(database, number) for number in (before_id, after_id))
    then, now = (Parameters.model_validate(one.parameters) for one in (before, after))
    changed = {
        name: (getattr(then, name), getattr(now, name))
        for name in Parameters.model_fields
        if name != "sources" and getattr(then, name) != getattr(now, name)
    }
    with one_moment(database) as connection:
        found = [_Row(*row) for row in differences(connection, before.id, after.id)]
        by_rule: dict[int, bool] = {}
        if changed:
            ids = [row.machine_id for row in found if row.lost_before is not None]
            by_rule = {row.registered.machine_id: not row.lost_at for row in again(connection, before, now, ids)}
    return Comparison(before=before, after=after, rows=[row.explained(by_rule) for row in found], parameters=changed)


@dataclass(frozen=True, slots=True)
class _Row:
    """As the query gives it."""

    machine_id: int
    uscc: str
    kind: str
    area_before: str | None
    area_after: str | None
    lost_before: str | None
    lost_after: str | None
    reason_before: dict[str, Any] | None
    reason_after: dict[str, Any] | None
    label: str
    enterprise: str

    def explained(self, by_rule: Mapping[int, bool]) -> Difference:
        counted_before, counted_after = self.lost_before == "", self.lost_after == ""
        change = "moved" if counted_before and counted_after else "gained" if counted_after else "lost"
        return Difference(
            machine_id=self.machine_id,
            uscc=self.uscc,
            enterprise=self.enterprise,
            label=self.label,
            kind=self.kind,
            change=change,
            cause=self._cause(change, is_by_rule=by_rule.get(self.machine_id, counted_before) is not counted_before),
            area_before=self.area_before,
            area_after=self.area_after,
            reason_before=self.reason_before,
            reason_after=self.reason_after,
        )

    def _cause(self, change: str, *, is_by_rule: bool) -> str:
        if change == "moved":
            return "moved"
        if is_by_rule:
            return "rule"
        if self.lost_before is None:
            return "registered"
        return "left" if self.lost_after is None else self.lost_before or self.lost_after


def _there(database: Database, number: int) -> Snapshot:
    found = snapshot(database, number)
    if found is None:
        raise CannotCount(f"there is no snapshot {number}")
    return found
