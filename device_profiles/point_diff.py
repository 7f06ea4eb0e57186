"""What two states of a device model differ in: points and own signals that came, went or changed."""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from device_profiles.profile import Point, Profile, signals_of


class Change(NamedTuple):
    """One difference; what came or went is told whole in ``new`` or ``old`` and has no ``field``."""

    what: Literal["added", "removed", "changed"]
    thing: str
    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Diff:
    """All differences, in the order of the new profile; false where there is none."""

    changes: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __str__(self) -> str:
        if not self.changes:
            return "no point differs"
        counts = {what: len({c.thing for c in self.changes if c.what == what}) for what in ("added", "removed", "changed")}
        rows = [("CHANGE", "POINT", "FIELD", "OLD", "NEW"), *self.changes]
        return f"{_table(rows)}\n\n{', '.join(f'{number} {what}' for what, number in counts.items())}"


def diff_of(old: Profile | None, new: Profile) -> Diff:
    """Compare two states of a device model; against nothing, everything was added."""
    before = {} if old is None else _things(old)
    after = _things(new)
    changes: list[Change] = []
    for name, fields in after.items():
        if name in before:
            changes += _field_changes(name, before[name], fields)
        else:
            changes.append(Change("added", name, "", "", _told(fields)))
    changes += [Change("removed", name, "", _told(fields), "") for name, fields in before.items() if name not in after]
    return Diff(tuple(changes))


def _things(profile: Profile) -> dict[str, dict[str, Any]]:
    """Give points and own signals by name, without what goes without saying, so that only meaning is compared."""
    signals = signals_of(profile)
    things: dict[str, dict[str, Any]] = {}
    for point in profile.points:
        fields = point.model_dump(mode="json", exclude_defaults=True)
        name = fields.pop("signal", None) or fields.pop("name")
        for order in ("word_order", "byte_order"):
            if fields.get(order) == getattr(profile, order, None):
                fields.pop(order, None)
        if point.signal in signals and fields.get("unit") == signals[point.signal].unit:
            del fields["unit"]
        things[name] = {key: fields[key] for key in sorted(fields, key=lambda key: key in Point.model_fields)}  # its place first
    for name, signal in profile.signals.items():
        things[f"signals.{name}"] = signal.model_dump(mode="json", exclude_defaults=True)
    return things


def _field_changes(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys((*new, *old)):
        before, after = (_text(fields[key]) if key in fields else "" for fields in (old, new))
        if before != after:
            yield Change("changed", name, key, before, after)


def _told(fields: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} = {_text(value)}" for key, value in fields.items())


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _width(text: str) -> int:
    """Count the places that a text takes on a terminal, where a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
