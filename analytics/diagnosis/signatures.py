"""Names a fault by the signs of residuals: each fault has a row of expected signs, and the row that agrees best is named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

UP, DOWN, STILL = 1, -1, 0


@dataclass(frozen=True, slots=True)
class Signature:
    """What a fault does to the residuals; those that it may move either way are left out."""

    code: str
    signs: Mapping[str, int]


class Match(NamedTuple):
    """How well a row agrees."""

    code: str
    agreement: float
    """Share of its assessable cells that agree, the moving ones weighted by two: they are what makes a fault."""
    moved: tuple[str, ...]
    """Residuals that moved as the row says."""


def ranked(
    scores: Mapping[str, float],
    signatures: Sequence[Signature],
    *,
    threshold: float = 3.0,
    least_moved: int = 2,
) -> list[Match]:
    """Give the signatures that agree, the best first.

    Parameters
    ----------
    scores : mapping of str to float
        Of each residual its mean in spreads of the healthy machine; NaN where it is not assessable.
    threshold : float
        From here on a residual has moved.
    least_moved : int
        So many independent residuals must have moved as the row says, or all moving ones of a row that has fewer.

    Notes
    -----
    A residual that moved although the row says that it stays counts against the row, as one that should have moved does.
    """
    matches = []
    for signature in signatures:
        agree = total = 0.0
        moved: list[str] = []
        for name, sign in signature.signs.items():
            score = scores.get(name, float("nan"))
            if score != score:  # noqa: PLR0124 - not assessable
                continue
            weight = 1.0 if sign == STILL else 2.0
            total += weight
            if sign == STILL:
                agree += weight if abs(score) < threshold else 0.0
            elif score * sign >= threshold:
                agree += weight
                moved.append(name)
        moving = sum(sign != STILL for sign in signature.signs.values())
        if moved and len(moved) >= min(least_moved, moving):
            matches.append(Match(signature.code, agree / total, tuple(moved)))
    return sorted(matches, key=lambda match: (-match.agreement, -len(match.moved), match.code))
