"""Facts for the rating: all that a number of stars needs and not a bit more, to be changed row by row."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from registry.stars.rating import Content, Facts, Figure

SIX = ("computing", "storage", "database", "content_security", "business_security", "network_security")
NINE = ("recruiting", "performance", "training", "payroll", "tax", "expenses", "portal", "office", "guarding")
IT = ("it_development", "it_testing", "it_operation")
CORE = (
    "design_application",
    "scheduling",
    "mes",
    "erp",
    "purchasing",
    "customers",
    "customer_service",
    "e_commerce",
    "production_data",
)
DEEP = ("market", "diagnosis", "quality", "customised")
LEAST: Mapping[int, Mapping[str, int]] = {
    3: {"R1": 6, "R2": 3, "R3": 1, "R4": 1, "R5": 0, "R6": 30, "R7": 30, "R8": 5, "R9": 30, "R10": 1000, "R11": 50_000},
    4: {"R1": 6, "R2": 4, "R3": 2, "R4": 3, "R5": 0, "R6": 30, "R7": 50, "R8": 10, "R9": 40, "R10": 10_000, "R11": 500_000},
    5: {"R1": 6, "R2": 5, "R3": 3, "R4": 5, "R5": 2, "R6": 30, "R7": 80, "R8": 25, "R9": 50, "R10": 50_000, "R11": 4_000_000},
}
"""The table of the document, typed from it once more."""
_ITEMS: Mapping[str, Sequence[str]] = {"R1": SIX, "R2": NINE, "R3": IT, "R4": CORE, "R5": DEEP}


def facts(star: int, changed: Mapping[str, Fraction | int | None] = MappingProxyType({}), *, is_it_service: bool = True) -> Facts:
    """Give facts just at a star, with the values of some rows changed; None states nothing."""
    values: dict[str, Fraction | int | None] = {**LEAST[star], **changed}
    contents = {
        code: Content(text="在用", document="合同1") for row, items in _ITEMS.items() for code in items[: int(values[row] or 0)]
    }
    figures = {
        row: Figure(value=Fraction(value), source="declared")
        for row, value in values.items()
        if row not in _ITEMS and value is not None
    }
    return Facts(contents=contents, figures=figures, is_it_service=is_it_service)
