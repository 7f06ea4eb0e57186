"""Where suspicion begins. Every figure with its unit and its reason; set on honest fleets, examined on others.

``python -m benchmarks.registry_authenticity`` shows what a change does to honest machines and to each way of cheating.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Usual(NamedTuple):
    """What honest machines of a kind show at most, as shares of their judged signals."""

    quiet: float
    """Signals that are noise around one value all week: tank levels of a ship in port, a wall that is thick."""
    plain: float
    """Signals without any movement of minutes beside noise."""


@cache
def usual_shares() -> dict[str, Usual]:
    """Give what is usual by kind; of a kind that is not there half is taken as usual."""
    rows = tomllib.loads((Path(__file__).parent / "habits.toml").read_text(encoding="utf-8"))["kinds"]
    return {kind: Usual(row["quiet"], row["plain"]) for kind, row in rows.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The defaults of all detectors."""

    least_signals: int = 4
    """A share of fewer signals says nothing."""
    least_work_hours: float = 6.0
    """Of less work in the window nothing is said."""

    still_hours: float = 6.0
    """A value that is exactly the same for so long at work. Sensors' noise, even rounded, moves one within minutes to an hour."""
    still_share: float = 0.3
    """Share of the signals that do so together. Honest machines: up to 0.16 (levels, staged values); one broken sensor is
    0.02."""
    dead_days: float = 3.0
    """A machine whose state is not sent, and whose every value stands still for so long."""

    beyond_usual: float = 0.35
    """Quiet or plain signals beyond what is usual for the kind, as a share of the other signals."""
    whole_share: float = 0.97
    """So many plain signals are suspicious for any kind, however plain the kind is."""
    white_ratio: float = 1.5
    """Deviation of means of ten minutes and more, against that of white noise (1.0), up to which there is nothing else."""
    quiet_spread: float = 1.3
    """Deviation of all values against that of their noise (1.0), up to which nothing has changed all week."""
    flat_spread: float = 0.02
    """Quiet values that spread by less than this share of their size are a flat line with noise, others were drawn by chance."""

    replay_signals: int = 32
    """More signals find weaker copies and cost time."""
    replay_block_hours: float = 3.0
    """Stretches are sought in blocks: one that lasts twice as long holds a whole block, wherever it begins."""
    replay_score: float = 11.0
    """Deviations of the correlation at the best of 10,000 shifts. Chance gives 5 to 6, repeated work of honest machines up to
    10; the weakest copies (half of the signals, with noise) 15 and more."""
    replay_spread: float = 0.17
    """Share of the signals without cycles that are alike, each for itself: copies of half of them have 0.2 to 0.5, honest
    machines below 0.1, one in 200 that cycles for days 0.14."""
    replay_near_minutes: float = 120.0
    """Shifts up to this are the machine itself: cycles of load repeat for an hour or two."""
    replay_least_share: float = 0.05
    """Share of the noise that is the same; a copy with added noise of twice the sensor's own on half of the signals has 0.2."""
    copy_score: float = 11.0
    """The same against another machine, with twice the signals; chance gives up to 9."""
    copy_candidates: int = 4
    """Machines that a sketch of the fleet names for each machine."""
    copy_spread: float = 0.2
    """Share of the signals that are alike, each for itself: what two machines on one grid share is less."""

    smooth_turns: float = 0.1
    """Share of steps that turn back. Noise turns back in two of three steps, a curve through few points nearly never."""
    smooth_share: float = 0.2
    """Share of the moving signals that are so smooth; honest machines: 0.02 (filtered and computed values)."""

    digit_values: int = 200
    """A last digit is judged on so many changes at least."""
    digit_excess: float = 0.35
    """Sum of (share - 0.1)²/0.1 over the ten last digits; even digits give 0, half of the values ending in 0 or 5 give 0.6."""
    list_fill: float = 0.3
    """Distinct values against the steps between their 5 % and 95 % points: a sensor passes through nearly all."""
    list_reuse: float = 15.0
    """Changes for each distinct value."""
    even_kurtosis: float = 2.1
    """Of values drawn evenly from a range 1.8, of noise 3."""
    digits_share: float = 0.2
    """Share of the judged signals with digits of no sensor; honest machines: 0.05."""

    physics_hours: float = 3.0
    """Hours that a relation must be broken for, in all."""
    physics_share: float = 0.05
    """And the share of the judged hours."""
    physics_relations: int = 2
    """So many broken laws that no single wrong sensor explains."""
    physics_couplings: int = 3
    """So many broken laws or lost couplings that no two wrong sensors explain: one that drifts is enough to lose a coupling."""

    clock_ratio: float = 0.08
    """Counters against elapsed time: further off than this."""
    clock_spread: float = 0.12
    """And all by the same factor, within this."""
    clock_future_minutes: float = 5.0
    """Time stamps ahead of their arrival."""
    clock_past_minutes: float = 30.0
    """Time stamps of which not one in twenty has come sooner: a gateway that was offline catches up and is live again."""
    clock_repeated_share: float = 0.02
    """Rows with the time stamp of another row."""
    clock_generated_share: float = 0.95
    """Steps between rows that are the same to the microsecond, with a fraction of a second that a clock would have rounded."""

    nameplate_distance: int = 1
    """Serial numbers of one maker and model that differ by so many characters are a hint."""

    usual: dict[str, Usual] = field(default_factory=usual_shares)


DEFAULTS = Thresholds()
UNKNOWN_KIND = Usual(0.5, 0.5)
