"""What milling takes: force and power after Kienzle, the life of an edge after Taylor, and an operation that obeys both.

``F_c = k_c1.1 · b · h^(1 - m_c)`` and ``P = F_c · v_c / 60,000``, with k_c1.1 and m_c as tables of cutting data have them for
steels, aluminium and cast iron; flank wear VB raises the power to ``P0 · (1 + k · VB)`` and grows at the rate that Taylor's
``v_c · T^n = C`` gives, n = 0.25 for carbide.

Limits: mean chip and mean power, no tooth's entry and exit; wear is linear in time; k is an engineering default.
"""

import math
from typing import NamedTuple

TAYLOR_EXPONENT = 0.25
VB_LIMIT_MM = 0.3
"""Flank wear at the end of an edge's life."""
POWER_PER_VB = 1.17
"""Growth of the cut's power with wear, per millimetre: 35 % at the limit."""
_REFERENCE_LIFE_MINUTES = 90.0


class Material(NamedTuple):
    """What is cut."""

    specific_force_n_per_mm2: float
    """k_c1.1: of a chip one millimetre wide and thick."""
    exponent: float
    """m_c: how much less force a thicker chip takes for its section."""
    reference_speed_m_per_min: float
    """The cutting speed at which an edge lasts an hour and a half."""


MATERIALS = (
    Material(1500.0, 0.25, 190.0),
    Material(1990.0, 0.26, 170.0),
    Material(700.0, 0.23, 420.0),
    Material(1100.0, 0.24, 210.0),
)
"""Two steels, aluminium and cast iron."""


def cutting_force_n(*, width_mm: float, thickness_mm: float, specific_force_n_per_mm2: float, exponent: float) -> float:
    """Give the cutting force after Kienzle for a chip of this width and thickness."""
    return specific_force_n_per_mm2 * width_mm * math.pow(thickness_mm, 1 - exponent)


def cutting_power_kw(*, force_n: float, speed_m_per_min: float) -> float:
    return force_n * speed_m_per_min / 60_000


def tool_life_minutes(*, speed_m_per_min: float, reference_speed_m_per_min: float) -> float:
    """Give an edge's life after Taylor."""
    return _REFERENCE_LIFE_MINUTES * math.pow(reference_speed_m_per_min / speed_m_per_min, 1 / TAYLOR_EXPONENT)


class Operation(NamedTuple):
    """One tool's cut."""

    tool: int
    seconds: float
    """At a feed override of 100 %."""
    change_seconds: float
    """To bring the tool into the spindle."""
    diameter_mm: float
    teeth: int
    speed_m_per_min: float
    feed_per_tooth_mm: float
    depth_mm: float
    width_mm: float
    material: Material
    start_mm: tuple[float, float, float]
    stroke_mm: float

    @property
    def rpm(self) -> float:
        return 1000 * self.speed_m_per_min / (math.pi * self.diameter_mm)

    @property
    def feed_mm_per_min(self) -> float:
        return self.feed_per_tooth_mm * self.teeth * self.rpm

    @property
    def power_kw(self) -> float:
        """Mean power of a sharp tool: the mean chip is as thick as the engagement makes it, and as wide as its area asks for."""
        thickness = self.feed_per_tooth_mm * math.sqrt(self.width_mm / self.diameter_mm)
        area = self.depth_mm * self.width_mm * self.feed_per_tooth_mm * self.teeth / (math.pi * self.diameter_mm)
        force = cutting_force_n(
            width_mm=area / thickness,
            thickness_mm=thickness,
            specific_force_n_per_mm2=self.material.specific_force_n_per_mm2,
            exponent=self.material.exponent,
        )
        return cutting_power_kw(force_n=force, speed_m_per_min=self.speed_m_per_min)

    @property
    def life_minutes(self) -> float:
        """How long a mean edge cuts until its flank is worn to the limit."""
        reference = self.material.reference_speed_m_per_min
        return tool_life_minutes(speed_m_per_min=self.speed_m_per_min, reference_speed_m_per_min=reference)
