"""Impossible physics: laws and balances that are broken for hours, and what has one cause and does not move together.

Bounds must hold with every sensor at the end of its tolerance, and on a machine that runs steadily made-up data hold them too.
Ups and downs are finer: an offset leaves them as they are, and what was taken from different times has none in common.
"""

import ast
import tomllib
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analytics.evidence import series, table
from analytics.window import Flags, FloatArray, Window
from device_profiles.kind import Label, kind_names, load_kind
from registry.authenticity.coupling import togetherness
from registry.authenticity.expressions import BadExpressionError, evaluate, parse, signals_of
from registry.authenticity.suspicion import Method, Suspicion, told_time
from registry.authenticity.thresholds import DEFAULTS, Thresholds

TABLE = Path(__file__).parent / "physics.toml"


class Relation(NamedTuple):
    """One law: ``value`` lies between ``low`` and ``high`` wherever ``where`` holds.

    With ``moves_with`` it is not the value that does, but the correlation of its ups and downs with those of the other.
    """

    kind: str
    name: str
    text: str
    value: ast.expr
    moves_with: ast.expr | None
    where: ast.expr | None
    low: float
    high: float
    why: Label
    signals: frozenset[str]
    """Those that may be wrong; the state is not among them."""


class Broken(NamedTuple):
    """A relation that does not hold, where, and how far off."""

    relation: Relation
    rows: Flags
    judged_hours: float
    hours: float
    middle: float
    """Median of the value where it is broken."""
    value: FloatArray


@cache
def relations(kind: str) -> tuple[Relation, ...]:
    """Read the table of a kind.

    Raises
    ------
    BadExpressionError
        If a relation names what its kind does not have; the table is checked by a test.
    """
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["relation"]
    unknown = {row["kind"] for row in rows} - set(kind_names())
    if unknown:
        raise BadExpressionError(f"{TABLE.name}: no such kind: {', '.join(sorted(unknown))}")
    return tuple(_relation(row) for row in rows if row["kind"] == kind)


def detect(window: Window, thresholds: Thresholds = DEFAULTS) -> list[Suspicion]:
    """Judge every relation of the kind, and raise a suspicion where no few wrong sensors explain what is broken.

    One meter in a wrong unit, one dead transmitter: that is a matter of data quality, and is not held against anybody here. Two
    that fail at once leave bounds in peace unless they are far off, but move with nothing any more: ups and downs must tell of a
    third.
    """
    broken = broken_relations(window, thresholds)
    laws = [one for one in broken if one.relation.moves_with is None]
    threshold = thresholds.physics_relations
    if len(laws) < threshold or are_sensors([one.relation.signals for one in laws], threshold - 1):
        threshold = thresholds.physics_couplings
        if len(broken) < threshold or are_sensors([one.relation.signals for one in broken], threshold - 1):
            return []
    broken.sort(key=lambda one: -one.hours)
    rows = np.flatnonzero(np.any([one.rows for one in broken], axis=0))
    start_us, end_us = int(window.times_us[rows[0]]), int(window.times_us[rows[-1]]) + round(window.step_seconds * 1e6)
    worst = broken[0]
    reasons_zh = "；".join(f"{one.relation.why.zh}（{one.hours:.0f} 小时不符）" for one in broken[:3])
    reasons_en = "; ".join(f"{one.relation.why.en} (not for {one.hours:.0f} h)" for one in broken[:3])
    return [
        Suspicion(
            method=Method.IMPOSSIBLE_PHYSICS,
            score=float(len(broken)),
            threshold=float(threshold),
            start_us=start_us,
            end_us=end_us,
            explanation=Label(
                zh=f"自 {told_time(start_us)} 起，{len(broken)} 条物理关系不成立，"
                f"{threshold - 1} 个传感器出错解释不了：{reasons_zh}。",
                en=f"Since {told_time(start_us)} {len(broken)} laws do not hold, and {threshold - 1} wrong sensors would "
                f"not explain it: {reasons_en}.",
            ),
            evidence=(
                series(worst.relation.why, "1", window.times_us, {worst.relation.name: worst.value}, band=_band(worst)),
                table(
                    Label(zh="不成立的关系", en="Laws that do not hold"),
                    (
                        "关系 / law",
                        "公式 / formula",
                        "下限 / low",
                        "上限 / high",
                        "实际 / found",
                        "小时 / hours",
                        "判定小时 / judged",
                    ),
                    [
                        (
                            one.relation.name,
                            one.relation.text,
                            one.relation.low,
                            one.relation.high,
                            one.middle,
                            one.hours,
                            one.judged_hours,
                        )
                        for one in broken
                    ],
                ),
            ),
        )
    ]


def broken_relations(window: Window, thresholds: Thresholds = DEFAULTS) -> list[Broken]:
    """Find the relations that are broken for long enough."""
    found = []
    hours_a_row = window.step_seconds / 3600
    for relation in relations(window.kind):
        value = np.array(evaluate(relation.value, window))
        where = np.ones(len(window), bool) if relation.where is None else evaluate(relation.where, window) == 1
        if relation.moves_with is not None:
            value[:] = togetherness(value, evaluate(relation.moves_with, window), where, window)
        value[~where] = np.nan
        judged = np.isfinite(value)
        off = judged & ((value < relation.low) | (value > relation.high))
        hours, of_hours = off.sum() * hours_a_row, judged.sum() * hours_a_row
        if hours >= thresholds.physics_hours and hours >= thresholds.physics_share * of_hours:
            found.append(Broken(relation, off, float(of_hours), float(hours), float(np.median(value[off])), value))
    return found


def are_sensors(broken: Sequence[frozenset[str]], count: int) -> bool:
    """Tell whether so many signals are enough to have one in each relation: they alone may be wrong."""
    signals = sorted(frozenset().union(*broken))
    return any(all(of.intersection(wrong) for of in broken) for wrong in combinations(signals, min(count, len(signals))))


def _relation(row: dict[str, object]) -> Relation:
    kind, text = str(row["kind"]), str(row["value"])
    value, where = parse(text, kind), parse(str(row["where"]), kind) if "where" in row else None
    moves_with = parse(str(row["moves_with"]), kind) if "moves_with" in row else None
    why = row["why"]
    assert isinstance(why, dict)
    # A flow by which rows are chosen may be the wrong one. A state is no sensor: where it contradicts two, somebody made it up.
    judged_by = signals_of(where, kind) if where is not None else frozenset()
    moving = signals_of(moves_with, kind) if moves_with is not None else frozenset()
    no_sensor = {load_kind(kind).state_signal or ""}
    return Relation(
        kind=kind,
        name=str(row["name"]),
        text=text if moves_with is None else f"{text} ~ {row['moves_with']}",
        value=value,
        moves_with=moves_with,
        where=where,
        low=float(row.get("low", -np.inf)),  # type: ignore[arg-type]
        high=float(row.get("high", np.inf)),  # type: ignore[arg-type]
        why=Label(zh=why["zh"], en=why["en"]),
        signals=(signals_of(value, kind) | moving | judged_by) - no_sensor,
    )


def _band(broken: Broken) -> tuple[float, float] | None:
    low, high = broken.relation.low, broken.relation.high
    if np.isfinite(low) and np.isfinite(high):
        return low, high
    known = broken.value[np.isfinite(broken.value)]
    return (low, float(known.max())) if np.isfinite(low) else (float(known.min()), high)
