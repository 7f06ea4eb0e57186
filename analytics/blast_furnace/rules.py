"""Rules that name what is wrong with a blast furnace; `diagnosis` asks them in the order of their weight.

Each rule compares a sign's mean over the last hours with the furnace's own healthy level. It must stray both by what matters to a
furnace (the parameters) and by what a healthy one does not do by itself (a multiple of the learned spread). Water, walls, stock
line and analyser have signs that nothing else moves; only furnace heat is told last, when nothing more specific explains it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import copysign
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.ndimage import binary_closing

from analytics import evidence
from analytics.blast_furnace.signs import (
    JUDGED_SECONDS,
    Level,
    Sign,
    levels_of,
    mean_of,
    parts_of,
    signs_of,
    strayed_since_us,
)
from analytics.blast_furnace.stock import Spells, descent_m_per_h, drops_m, spells_of, stock_line_m
from analytics.result import Found
from analytics.spec import label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_SPREADS = 4.0
"""A healthy furnace's means of six hours stray so far about once in a year, if they are normal and independent."""
_STANDS_BELOW = 0.6
"""Below this share of its usual speed the burden counts as standing."""
_GAP_SECONDS = 180.0
_RISE_SHARE = 0.04
"""A burden that hangs lets the pressure drop rise by more than it moves within a cast; a probe that is parked does not."""
_LEAST_SLIPS = 2


class DiagnosisParameters(Settings):
    """From where on a sign matters; a furnace with better meters may have less."""

    tuyere_loss_percent: float = Field(default=0.8, gt=0)
    """Water lost at a tuyere group beyond its meters' usual difference; without that, 1 to 2 is the usual limit."""
    makeup_m3_per_h: float = Field(default=0.75, gt=0)
    """Make-up of the closed loop beyond the usual."""
    lining_percent: float = Field(default=6.0, gt=0)
    """Of the hearth lining, gone."""
    stave_heat_percent: float = Field(default=50.0, gt=0)
    """Heat into a level of staves beyond the usual; the gas at the wall alone moves it by some 20."""
    standing_minutes: float = Field(default=14.0, gt=0)
    """So long the burden must stand to be hanging; ironmakers say 10 to 20."""
    drop_m: float = Field(default=0.5, gt=0)
    """Sudden fall of the stock line that is a slip."""
    low_line_m: float = Field(default=0.5, gt=0)
    """Stock line below the usual, even when it stands best."""
    sector_kelvin: float = Field(default=40.0, gt=0)
    """A sector of the top above the others, beyond the usual, while the gas is used worse."""
    analysis_percent: float = Field(default=0.6, gt=0)
    """Sum of the gas analysis away from the usual."""
    coal_percent: float = Field(default=8.0, gt=0)
    """Injected coal per blast below the usual."""
    direct_percent: float = Field(default=1.1, gt=0)
    """Degree of direct reduction away from the usual, in points."""
    utilisation_percent: float = Field(default=1.5, gt=0)
    """CO utilisation away from the usual, in points."""
    coal_hydrogen_percent: float = Field(default=4.5, ge=0, le=10)
    """Hydrogen of the injected coal, by mass."""


class Departure(NamedTuple):
    """A sign that has strayed."""

    sign: Sign
    level: Level
    now: float
    limit: float
    """How far it may stray, with the direction's sign."""

    @property
    def excess(self) -> float:
        """How many times beyond the limit, at least 1."""
        return (self.now - self.level.centre) / self.limit


class Case:
    """One window with its signs, and the furnace's healthy levels."""

    def __init__(self, window: Window, parameters: DiagnosisParameters, model: Mapping[str, Any]) -> None:
        self.window, self.parameters = window, parameters
        self.levels = levels_of(model["levels"])
        self._usual_descent = model.get("descent_m_per_h_per_blast")
        self.signs = signs_of(window, coal_hydrogen_percent=parameters.coal_hydrogen_percent)
        self._judged = slice(max(0, len(window) - window.steps(JUDGED_SECONDS)), None)

    def now(self, name: str) -> float:
        """Mean of a sign over the last hours."""
        return mean_of(self.signs[name].values[self._judged])

    def change(self, name: str) -> float:
        """Give how far it is from its level; NaN where either is not known."""
        return self.now(name) - self.levels[name].centre if name in self.levels else float("nan")

    def strayed(self, name: str, limit: float, *, share: bool = False) -> Departure | None:
        """Tell whether a sign strays by ``limit`` (of its level, in percent, where ``share``), in the direction of its sign."""
        level = self.levels.get(name)
        if level is None:
            return None
        size = abs(limit) / 100 * abs(level.centre) if share else abs(limit)
        found = Departure(self.signs[name], level, self.now(name), copysign(max(size, _SPREADS * level.spread), limit))
        return found if found.excess >= 1 else None  # NaN is not

    def found(
        self, code: str, departure: Departure, *, part: str = "", supports: Sequence[str] = (), confidence: float | None = None
    ) -> Found:
        """Write a finding with its numbers and its curve.

        Parameters
        ----------
        supports : sequence of str
            Other signs whose change is shown beside it.
        """
        sign, level, now, limit = departure
        rows = [
            (f"{sign.label.zh} / {sign.label.en}", now, sign.unit),
            ("正常值 / usual", level.centre, sign.unit),
            ("正常波动 / usual spread", level.spread, sign.unit),
            ("界限 / limit", level.centre + limit, sign.unit),
        ]
        for name in supports:
            other = self.signs[name]
            change = self.change(name)
            if not np.isnan(change):
                rows.append((f"{other.label.zh}变化 / change of {other.label.en}", change, other.unit))
        # The band must hold both sides, so that a curve inside it is plainly healthy.
        band = (level.centre - abs(limit), level.centre + abs(limit))
        return Found(
            code=code,
            part=part,
            since_us=strayed_since_us(self.window, sign.values, centre=level.centre, by=limit / 2),
            confidence=round(_confidence(departure.excess) if confidence is None else confidence, 3),
            evidence=[
                evidence.inputs(rows),
                evidence.series(sign.label, sign.unit, self.window.times_us, {sign.label.en: sign.values}, band=band),
            ],
        )

    @cached_property
    def line_m(self) -> FloatArray:
        """Stock line while the furnace blows."""
        line = stock_line_m(np.array([self.window[name] for _, name in parts_of(self.window, "stockline_{probe}")]))
        return np.where(self.window.state_is("blowing"), line, np.nan)

    @cached_property
    def hung(self) -> Spells:
        """Spells of the last hours over which the burden stood and resisted, or fell afterwards."""
        if self._usual_descent is None:
            return Spells(np.array([], np.int64), np.array([], np.int64))
        speed = descent_per_blast(self.window)
        with np.errstate(invalid="ignore"):
            stands = speed < _STANDS_BELOW * self._usual_descent
        stands[: self._judged.start] = False
        # The speed flickers about the limit; a pause of three minutes does not end a spell.
        closed = binary_closing(stands, np.ones(1 + self.window.steps(_GAP_SECONDS)))
        spells = spells_of(closed).at_least(self.window.steps(60 * self.parameters.standing_minutes))
        resists = [self._resists(first, steps) for first, steps in zip(spells.first, spells.steps, strict=True)]
        return Spells(spells.first[resists], spells.steps[resists]) if resists else spells

    @cached_property
    def slips(self) -> tuple[npt.NDArray[np.int64], FloatArray]:
        """Drops of the last hours: instants in µs, and depths. [m]"""
        steps, depths = drops_m(self.line_m[self._judged], step_seconds=self.window.step_seconds, least_m=self.parameters.drop_m)
        return self.window.times_us[self._judged][steps], depths

    def _resists(self, first: int, steps: int) -> bool:
        pressure = self.window["pressure_drop_total"]
        before = mean_of(pressure[max(0, first - self.window.steps(600)) : first])
        last = mean_of(pressure[first + steps * 3 // 4 : first + steps])
        rose = last >= (1 + _RISE_SHARE) * before
        after = self.line_m[first + steps // 2 : first + steps + self.window.steps(600)]
        falls, _ = drops_m(after, step_seconds=self.window.step_seconds, least_m=self.parameters.drop_m)
        return bool(rose or len(falls))


def descent_per_blast(window: Window) -> FloatArray:
    """Speed of the burden per blast, which burns the coke that makes room; NaN unless the furnace blows fully. [m/h per m³/h]"""
    line = stock_line_m(np.array([window[name] for _, name in parts_of(window, "stockline_{probe}")]))
    blast = np.where(window.state_is("blowing"), window["blast_volume"], np.nan)
    speed: FloatArray = descent_m_per_h(line, step_seconds=window.step_seconds) / np.where(blast > 0, blast, np.nan)
    return speed


def tuyere_leaks(case: Case) -> list[Found]:
    """Water that a tuyere group takes and does not give back."""
    found = []
    for part, _ in parts_of(case.window, "tuyere_water_in_flow_{tuyere}"):
        departure = case.strayed(f"tuyere_loss_{part}", case.parameters.tuyere_loss_percent)
        if departure:
            confidence = _supported(departure.excess, case.change("hydrogen") < 0)
            found.append(case.found("tuyere_leak", departure, part=part, supports=("hydrogen", "coke"), confidence=confidence))
    return found


def water_leaks(case: Case) -> list[Found]:
    """Water that the closed loop loses; hydrogen that nobody has fed says that it comes into the furnace."""
    departure = case.strayed("makeup", case.parameters.makeup_m3_per_h)
    if departure is None:
        return []
    # The loop has one make-up and no outlet flows: which stave it is, these signals cannot tell.
    confidence = _supported(departure.excess, case.change("hydrogen") < 0)
    return [case.found("water_leak", departure, supports=("hydrogen",), confidence=confidence)]


def hearth_erosion(case: Case) -> list[Found]:
    """Lining that two couples no longer see."""
    found = []
    for part, _ in parts_of(case.window, "hearth_temperature_inner_{hearth}"):
        departure = case.strayed(f"lining_{part}", -case.parameters.lining_percent, share=True)
        if departure:
            found.append(case.found("hearth_erosion", departure, part=part))
    return found


def stave_losses(case: Case) -> list[Found]:
    """Heat into one level of staves, far beyond what gas at the wall does to all."""
    found = []
    for part, _ in parts_of(case.window, "stave_water_out_temperature_{stave}"):
        departure = case.strayed(f"stave_heat_{part}", case.parameters.stave_heat_percent, share=True)
        if departure:
            found.append(case.found("stave_loss", departure, part=part))
    return found


def hanging_or_slipping(case: Case) -> list[Found]:
    """A burden that stands for long hangs, whatever follows; one that drops again and again slips."""
    at, depths = case.slips
    if len(case.hung):
        longest = float(case.hung.steps.max() * case.window.step_seconds / 60)
        begun = int(case.window.times_us[case.hung.first[0]])
        sure = 0.8 if len(case.hung) == 1 else 0.95
        return [_stock_finding(case, "hanging", since_us=begun, spells=len(case.hung), longest=longest, depths=depths, sure=sure)]
    if len(at) >= _LEAST_SLIPS:
        sure = min(0.7 + 0.05 * len(at), 0.95)
        return [_stock_finding(case, "slip", since_us=int(at[0]), spells=0, longest=0.0, depths=depths, sure=sure)]
    return []


def low_line(case: Case) -> list[Found]:
    departure = case.strayed("line", case.parameters.low_line_m)
    if departure is None:
        return []
    confidence = _supported(departure.excess, case.change("top") > 0)
    return [case.found("low_line", departure, supports=("top",), confidence=confidence)]


def channelling(case: Case) -> list[Found]:
    """Gas that has found a way up one side, and leaves less used.

    Sectors of a healthy top wander by tens of kelvin; only with the gas worse used is it a channel. Where the gas is unknown the
    side must stand out by twice as much, which is the 80 K of the handbooks.
    """
    used = case.change("utilisation")
    if used > -case.parameters.utilisation_percent:
        return []
    limit = case.parameters.sector_kelvin * (2 if np.isnan(used) else 1)
    departures = {
        part: case.strayed(f"sector_{part}", limit) for part, _ in parts_of(case.window, "top_temperature_{top_sector}")
    }
    standing = {part: one for part, one in departures.items() if one}
    if not standing:
        return []
    part, departure = max(standing.items(), key=lambda item: item[1].now - item[1].level.centre)
    confidence = _supported(departure.excess, case.change("permeability") > 0)
    supports = ("permeability", "utilisation", "direct")
    return [case.found("channelling", departure, part=part, supports=supports, confidence=confidence)]


def analyser_drift(case: Case) -> list[Found]:
    """Components of a dry gas that no longer add up as they did."""
    limit = case.parameters.analysis_percent
    departure = case.strayed("analysis_sum", limit) or case.strayed("analysis_sum", -limit)
    return [case.found("gas_analyser_drift", departure, supports=("utilisation", "direct"))] if departure else []


def coal_loss(case: Case) -> list[Found]:
    """Less coal than the furnace has always had; the flame gets hotter and the hydrogen less."""
    departure = case.strayed("coal", -case.parameters.coal_percent, share=True)
    if departure is None:
        return []
    confidence = _supported(departure.excess, case.change("flame") > 0)
    return [case.found("coal_lance_loss", departure, supports=("flame", "coke", "utilisation"), confidence=confidence)]


def furnace_heat(case: Case) -> list[Found]:
    """Reduction that costs more, or less, carbon than usual, with the gas used worse, or better: the hearth will follow."""
    for code, direction in (("cooling", 1), ("heating", -1)):
        direct = case.strayed("direct", direction * case.parameters.direct_percent)
        used = case.strayed("utilisation", -direction * case.parameters.utilisation_percent)
        if direct and used:
            confidence = _supported(min(direct.excess, used.excess), case.change("coke") * direction > 0)
            return [case.found(code, direct, supports=("utilisation", "coke", "top"), confidence=confidence)]
    return []


def diagnose(case: Case) -> list[Found]:
    """Ask all rules, the gravest first.

    A rule is not asked where a finding before it explains its sign: a leak cools, a channel wastes gas, a hanging burden leaves
    the stock line low.
    """
    found: list[Found] = []
    for rule, explained_by in _RULES:
        if not {one.code for one in found} & explained_by:
            found += rule(case)
    return found


_UPSET = frozenset({"hanging", "slip"})
_RULES: tuple[tuple[Callable[[Case], list[Found]], frozenset[str]], ...] = (
    (tuyere_leaks, frozenset()),
    (water_leaks, frozenset()),
    (hearth_erosion, frozenset()),
    (hanging_or_slipping, frozenset()),
    (channelling, _UPSET),
    (low_line, _UPSET),
    (stave_losses, frozenset()),
    (analyser_drift, frozenset()),
    (coal_loss, frozenset()),
    (
        furnace_heat,
        _UPSET | {"tuyere_leak", "water_leak", "channelling", "gas_analyser_drift", "coal_lance_loss"},
    ),
)


def _confidence(excess: float) -> float:
    """0.6 at the limit, 0.8 at twice, towards 1."""
    return 1 - 0.4 / excess


def _supported(excess: float, is_supported: bool) -> float:  # noqa: FBT001 - a helper of this module
    """Half the doubt is left where an independent sign agrees, and a quarter more where none does."""
    doubt = 1 - _confidence(excess)
    return 1 - doubt / 2 if is_supported else max(1 - doubt * 1.25, 0.5)


def _stock_finding(
    case: Case, code: str, *, since_us: int, spells: int, longest: float, depths: FloatArray, sure: float
) -> Found:
    window = case.window
    rows = [
        ("停料次数 / spells at rest", float(spells), ""),
        ("最长停料 / longest", longest, "min"),
        ("崩料次数 / drops", float(len(depths)), ""),
        ("最大落差 / deepest", float(depths.max()) if len(depths) else float("nan"), "m"),
    ]
    line, pressure = label("料线", "Stock line"), label("全压差", "Total pressure drop")
    recent = window.between(window.end_us - round(JUDGED_SECONDS * 1e6), window.end_us)
    shown = case.line_m[-len(recent) :]
    return Found(
        code=code,
        since_us=since_us,
        confidence=round(sure, 3),
        evidence=[
            evidence.inputs(rows),
            evidence.series(line, "m", recent.times_us, {line.en: shown}),
            evidence.series(pressure, "kPa", recent.times_us, {pressure.en: recent["pressure_drop_total"]}),
        ],
    )
