"""Ways to feign a machine's data, each with its severities: what the detectors of authenticity are examined on."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from analytics.general.at_work import measured_signals, working_states
from analytics.window import FloatArray, Window
from device_profiles.kind import Role, load_kind
from registry.authenticity.measured import spread_of_bends

Dice = np.random.Generator
Cheat = Callable[[Window, Dice], Window]
Columns = dict[str, FloatArray]


class Severity(NamedTuple):
    """How a copied or made series is disguised."""

    name: str
    noise: float = 0.0
    """White noise that is added, in deviations of the sensor's own."""
    share: float = 1.0
    """Of the measured signals that are feigned; the others stay as they are."""
    gain: float = 1.0
    offset: float = 0.0
    """In deviations of the signal."""


SEVERITIES = (
    Severity("as it is"),
    Severity("noise x 0.5", noise=0.5),
    Severity("noise x 1", noise=1.0),
    Severity("noise x 2", noise=2.0),
    Severity("half of the signals", share=0.5),
    Severity("half, noise x 1", noise=1.0, share=0.5),
)
DISGUISES = (*SEVERITIES, Severity("gain and offset", gain=1.1, offset=0.2))


def picked(window: Window, dice: Dice, share: float) -> list[str]:
    """Choose the measured signals that are feigned: those that the machine sends."""
    sent = [name for name in measured_signals(window.kind) if name in window and not np.isnan(window[name]).all()]
    if share >= 1:
        return sent
    return sorted(dice.choice(sent, size=max(1, round(share * len(sent))), replace=False).tolist())


def floor(column: FloatArray) -> float:
    """Noise of the sensor itself."""
    return float(np.nan_to_num(spread_of_bends(column[None])[0]))


def disguised(made: FloatArray, own: FloatArray, severity: Severity, dice: Dice) -> FloatArray:
    spread = float(np.nan_to_num(np.nanstd(own)))
    return made * severity.gain + severity.offset * spread + severity.noise * floor(own) * dice.standard_normal(len(made))


def at_work(window: Window, columns: Columns) -> Window:
    """Let the machine say that it works all the time."""
    signal = load_kind(window.kind).state_signal
    states = {state.name: state.code for state in load_kind(window.kind).signals[signal or ""].states}
    columns[signal or ""] = np.full(len(window), float(states[working_states(window.kind)[0]]))
    return replace(window, values={**window.values, **columns})


def a_working_row(window: Window, dice: Dice) -> int:
    rows = np.flatnonzero(window.state_is(*working_states(window.kind)))
    return int(dice.choice(rows)) if len(rows) else int(dice.integers(len(window)))


def flatlined(severity: Severity) -> Cheat:
    def make(window: Window, dice: Dice) -> Window:
        row = a_working_row(window, dice)
        columns = {
            name: disguised(np.full(len(window), window[name][row]), window[name], severity, dice)
            for name in picked(window, dice, severity.share)
        }
        return at_work(window, columns)

    return make


def held_by_the_shift(window: Window, dice: Dice) -> Window:
    """Type new numbers each eight hours, and hold them."""
    rows = window.steps(8 * 3600)
    shifts = -(-len(window) // rows)
    at = [a_working_row(window, dice) for _ in range(shifts)]
    columns = {name: np.repeat(window[name][at], rows)[: len(window)] for name in picked(window, dice, 1.0)}
    return at_work(window, columns)


def replayed_itself(severity: Severity, *, whole_days: bool) -> Cheat:
    """Show half a day to three days once more, shifted by whole days or by anything."""

    def make(window: Window, dice: Dice) -> Window:
        n, hour = len(window), window.steps(3600)
        rows = int(dice.integers(12, 73)) * hour
        day = 24 * hour
        if whole_days:
            lag = day * int(dice.integers(-(-rows // day), (n - rows) // day + 1))
        else:
            lag = int(dice.integers(rows, n - rows + 1))
        source = int(dice.integers(0, n - rows - lag + 1))
        columns = {}
        for name in picked(window, dice, severity.share):
            own = window[name].copy()
            own[source + lag : source + lag + rows] = disguised(
                own[source : source + rows], own[source : source + rows], severity, dice
            )
            columns[name] = own
        return replace(window, values={**window.values, **columns})

    return make


def replayed_another(window: Window, other: Window, severity: Severity, dice: Dice) -> Window:
    """Show one to seven days of another machine in place of one's own, at another time of the week."""
    n = len(window)
    rows = int(dice.integers(1, 8)) * window.steps(86_400)
    source, target = (int(dice.integers(0, n - rows + 1)) for _ in range(2))
    columns = {}
    for name in picked(other, dice, severity.share):
        if name in window:
            own = window[name].copy()
            piece = other[name][source : source + rows]
            own[target : target + rows] = disguised(piece, piece, severity, dice)
            columns[name] = own
    return replace(window, values={**window.values, **columns})


def _range(column: FloatArray) -> tuple[float, float]:
    known = column[~np.isnan(column)]
    low, high = np.quantile(known, [0.05, 0.95])
    return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)


def sines(severity: Severity) -> Cheat:
    def make(window: Window, dice: Dice) -> Window:
        hours = np.arange(len(window)) * window.step_seconds / 3600
        columns = {}
        for name in picked(window, dice, severity.share):
            low, high = _range(window[name])
            wave = np.sin(2 * np.pi * (hours / dice.uniform(4, 24) + dice.random()))
            columns[name] = disguised((low + high) / 2 + (high - low) / 2 * wave, window[name], severity, dice)
        return at_work(window, columns)

    return make


def through_points(severity: Severity, *, is_straight: bool, digits: int | None = None) -> Cheat:
    """Draw a curve through a value each four hours, rounded or not."""

    def make(window: Window, dice: Dice) -> Window:
        rows = np.arange(0, len(window), window.steps(4 * 3600))
        columns = {}
        for name in picked(window, dice, severity.share):
            low, high = _range(window[name])
            points = dice.uniform(low, high, len(rows))
            at = np.arange(len(window))
            curve = np.interp(at, rows, points) if is_straight else CubicSpline(rows, points)(at)
            made = disguised(curve, window[name], severity, dice)
            if digits is not None:
                step = 10.0 ** (np.floor(np.log10(max(high - low, 1e-9))) - digits)
                made = np.round(made / step) * step
            columns[name] = made
        return at_work(window, columns)

    return make


def drawn(severity: Severity, *, is_even: bool) -> Cheat:
    """Ask a random number generator, minute by minute."""

    def make(window: Window, dice: Dice) -> Window:
        columns = {}
        for name in picked(window, dice, severity.share):
            low, high = _range(window[name])
            n = len(window)
            values = dice.uniform(low, high, n) if is_even else (low + high) / 2 + (high - low) / 6 * dice.standard_normal(n)
            columns[name] = disguised(values, window[name], severity, dice)
        return at_work(window, columns)

    return make


def typed(severity: Severity, *, is_list: bool) -> Cheat:
    """Type numbers as people do: from a dozen that come to mind, or with last digits of which half are 0 and 5."""

    def make(window: Window, dice: Dice) -> Window:
        n = len(window)
        columns = {}
        for name in picked(window, dice, severity.share):
            low, high = _range(window[name])
            step = 10.0 ** (np.floor(np.log10(max(high - low, 1e-9))) - 2)
            if is_list:
                made = dice.choice(np.round(dice.uniform(low, high, 12) / step) * step, n)
            else:
                tens = np.round(dice.uniform(low, high, n) / step / 10) * 10
                made = (tens + dice.choice(10, n, p=[0.3, 0.06, 0.08, 0.08, 0.04, 0.2, 0.06, 0.06, 0.1, 0.02])) * step
            columns[name] = made
        return at_work(window, columns)

    return make


def outputs_raised(factor: float, *, role: Role = Role.OUTPUT) -> Cheat:
    """Show more than the machine gives, or less than it takes."""

    def make(window: Window, dice: Dice) -> Window:
        kind = load_kind(window.kind)
        names = [name for name in picked(window, dice, 1.0) if kind.signals[name].role is role]
        return replace(window, values={**window.values, **{name: window[name] * factor for name in names}})

    return make


def shifted_by_half_a_day(window: Window, dice: Dice) -> Window:  # noqa: ARG001 - as all others
    """Show the night's data at noon."""
    half = window.steps(12 * 3600)
    return replace(window, values={name: np.roll(np.asarray(column), half) for name, column in window.values.items()})


def decoupled(severity: Severity) -> Cheat:
    """Take each signal from another time: every one for itself is real, and together they cannot be."""

    def make(window: Window, dice: Dice) -> Window:
        hour = window.steps(3600)
        shifts = {name: int(dice.integers(6 * hour, len(window) - 6 * hour)) for name in picked(window, dice, severity.share)}
        columns = {name: disguised(np.roll(window[name], shift), window[name], severity, dice) for name, shift in shifts.items()}
        return replace(window, values={**window.values, **columns})

    return make


def off_and_running(window: Window, dice: Dice) -> Window:  # noqa: ARG001 - as all others
    """Show signals at work under a state that is none, and the other way round, for all week."""
    kind = load_kind(window.kind)
    signal = kind.state_signal or ""
    working = {state.code for state in kind.signals[signal].states if state.name in working_states(window.kind)}
    resting = [state.code for state in kind.signals[signal].states if state.code not in working]
    state = window[signal]
    is_working = np.isin(state, list(working))
    turned = np.where(is_working, float(resting[0]), float(min(working)))
    return replace(window, values={**window.values, signal: turned})


def stretched(factor: float) -> Cheat:
    """Let an hour of the data be ``factor`` hours in truth: minutes that are left out are gaps, or several fall into one."""

    def make(window: Window, dice: Dice) -> Window:  # noqa: ARG001 - as all others
        n = len(window)
        if factor > 1:
            rows = (np.arange(int(n / factor)) * factor).astype(int)
            return replace(window, values={name: np.asarray(column)[rows] for name, column in window.values.items()})
        at = np.arange(int(n * factor))
        places = np.unique((at / factor).astype(int), return_index=True)
        columns = {}
        for name, column in window.values.items():
            made = np.full(n, np.nan)
            made[places[0]] = np.asarray(column, float)[at[places[1]]]
            columns[name] = made
        return replace(window, values=columns)

    return make


def can_cheat(kind: str, variant: str) -> bool:
    """Tell whether a kind has what a variant feigns: several outputs or inputs, of which one alone may be a wrong sensor."""
    role = {"outputs x 1.8": Role.OUTPUT, "inputs x 0.3": Role.INPUT}.get(variant)
    signals = load_kind(kind).signals
    of_role = [name for name in measured_signals(kind) if signals[name].role is role and not name.endswith("_override")]
    if variant == "half a day off":
        return kind == "pv_inverter"
    return role is None or len(of_role) >= 3


WINDOW_CHEATS: Mapping[str, Mapping[str, Cheat]] = {
    "flatlined": {**{s.name: flatlined(s) for s in SEVERITIES}, "held by the shift": held_by_the_shift},
    "replayed_itself": {
        **{f"{s.name}, whole days": replayed_itself(s, whole_days=True) for s in DISGUISES},
        **{f"{s.name}, any shift": replayed_itself(s, whole_days=False) for s in DISGUISES},
    },
    "too_smooth": {
        **{f"sines, {s.name}": sines(s) for s in SEVERITIES},
        "curve through points": through_points(Severity(""), is_straight=False),
        "lines through points": through_points(Severity(""), is_straight=True),
        "rounded curve": through_points(Severity(""), is_straight=False, digits=2),
        "half, curve through points": through_points(Severity("", share=0.5), is_straight=False),
    },
    "random_values": {
        **{f"even, {s.name}": drawn(s, is_even=True) for s in SEVERITIES},
        **{f"normal, {s.name}": drawn(s, is_even=False) for s in SEVERITIES},
    },
    "human_digits": {
        "a short list": typed(Severity(""), is_list=True),
        "liked digits": typed(Severity(""), is_list=False),
        "half, a short list": typed(Severity("", share=0.5), is_list=True),
        "half, liked digits": typed(Severity("", share=0.5), is_list=False),
    },
    "impossible_physics": {
        "outputs x 1.8": outputs_raised(1.8),
        "inputs x 0.3": outputs_raised(0.3, role=Role.INPUT),
        "decoupled": decoupled(Severity("")),
        "decoupled, noise x 2": decoupled(Severity("", noise=2.0)),
        "decoupled, half": decoupled(Severity("", share=0.5)),
        "state turned round": off_and_running,
        "half a day off": shifted_by_half_a_day,
    },
    "clock_stretched": {f"x {factor:g}": stretched(factor) for factor in (0.5, 0.8, 1.25, 1.5, 2.0)},
}
