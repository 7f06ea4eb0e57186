"""Numbers as people read them on a picture."""

import math

MINUS = "\N{MINUS SIGN}"
THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


def fixed(number: float, decimals: int) -> str:
    """Write a number with a true minus sign and thin separators of thousands."""
    text = f"{number:,.{decimals}f}".replace(",", THIN_SPACE)
    return text.replace("-", MINUS) if any(digit in text for digit in "123456789") else text.replace("-", "")


def significant(number: float, digits: int = 3) -> str:
    """Write a number with so many digits that matter: 0.953, 184, 12 400."""
    if number == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(number)))
    text = fixed(round(number, places), max(places, 0))
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_unit(text: str, unit: str) -> str:
    """Add the unit of a number or, in brackets, of a label; a pure number has none."""
    return text if unit in ("", "1") else f"{text}{THIN_SPACE}{unit}"


def titled(label: str, unit: str) -> str:
    """Write the heading of an axis or column."""
    return label if unit in ("", "1") else f"{label} ({unit})"
