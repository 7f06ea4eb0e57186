"""An engine that idles more than this machine's own first days show, in longer spells."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics import evidence
from analytics.result import Found
from analytics.spec import label
from analytics.window import Flags, Window

RECENT_SECONDS = 21 * 3600.0
"""Of the engine's running: two days of work, over which a machine's idle share strays by some four points by itself."""
LEAST_SECONDS = RECENT_SECONDS / 3
LEAST_EXCESS, LEAST_SHARE = 0.12, 0.3
"""Above the usual share, three such strayings; and in all: 25 to 45 % are common on building sites."""
LEAST_SPELL_RATIO = 1.6
"""Short spells belong to the work, waiting for the next truck; an engine that is left running makes long ones."""


class Idling(NamedTuple):
    """Idling over a time of running."""

    share: float
    """Of the running; NaN of too little of it."""
    spell_seconds: float
    """Mean length of a spell."""
    hours: float
    """Of running."""


def learn(history: Window, running: Flags) -> dict[str, float] | None:
    """Give the usual share and the usual length of a spell; None of too little running, or of none that idles."""
    usual = idling(history, running, seconds=np.inf)
    if usual.hours * 3600 < RECENT_SECONDS or usual.spell_seconds == 0:
        return None
    return {"share": usual.share, "spell_seconds": usual.spell_seconds}


def idling(window: Window, running: Flags, *, seconds: float = RECENT_SECONDS) -> Idling:
    """Measure the newest running."""
    is_idle, rows = _idle_rows(window, running)
    if np.isfinite(seconds):
        newest = window.steps(seconds)
        is_idle, rows = is_idle[-newest:], rows[-newest:]
    hours = len(rows) * window.step_seconds / 3600
    if not len(rows):
        return Idling(float("nan"), float("nan"), 0.0)
    begins = is_idle & ~np.concatenate([[False], is_idle[:-1] & (np.diff(rows) == 1)])
    spells = int(begins.sum())
    mean_seconds = float(is_idle.sum()) * window.step_seconds / spells if spells else 0.0
    return Idling(float(is_idle.mean()), mean_seconds, hours)


def excess_idle(window: Window, running: Flags, usual: Mapping[str, float] | None) -> Found | None:
    """Name idling that is more than usual in share and in length of its spells."""
    now = idling(window, running)
    if usual is None or now.hours * 3600 < LEAST_SECONDS:
        return None
    limit = max(usual["share"] + LEAST_EXCESS, LEAST_SHARE)
    ratio = now.spell_seconds / usual["spell_seconds"]
    if now.share <= limit or ratio <= LEAST_SPELL_RATIO:
        return None
    _, rows = _idle_rows(window, running)
    idle = np.where(window.state_is("idle"), 1.0, 0.0)
    idle[~running] = np.nan
    return Found(
        code="excess_idle",
        since_us=int(window.times_us[rows[-window.steps(RECENT_SECONDS) :][0]]),
        confidence=round(float(min(0.9, 0.55 + 0.35 * (1 - np.exp(-(now.share - limit) / 0.1)))), 3),
        evidence=[
            evidence.inputs([
                ("怠速占运转 / idle share of running", 100 * now.share, "%"),
                ("平时 / usual", 100 * usual["share"], "%"),
                ("界限 / limit", 100 * limit, "%"),
                ("平均每次怠速 / mean spell", now.spell_seconds / 60, "min"),
                ("平时每次 / usual spell", usual["spell_seconds"] / 60, "min"),
                ("统计运转小时 / hours of running", now.hours, "h"),
            ]),
            evidence.series(label("怠速占比", "Share of idling"), "1", window.times_us, {"idle": idle}, band=(0.0, limit)),
        ],
    )  # fmt: skip


def _idle_rows(window: Window, running: Flags) -> tuple[Flags, npt.NDArray[np.intp]]:
    """Give the steps of running whose state is known, and where it idles; in a step of two states the one before goes on."""
    state = window["state"]
    latest = np.maximum.accumulate(np.where(np.isnan(state), -1, np.arange(len(state))))
    idle = window.state_is("idle")[np.maximum(latest, 0)] & (latest >= 0)
    rows = np.flatnonzero(running & (latest >= 0))
    return idle[rows], rows
