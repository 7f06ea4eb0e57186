"""Expressions of the table of physics: arithmetic over the signals of one machine, read as data and never executed."""

import ast
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind
from registry.authenticity.sun import elevation_deg

_HOUR_SECONDS = 3600.0
_LEAST_KNOWN = 0.4
"""Share of an hour that must have values."""
_OPERATORS: dict[type[ast.AST], Callable[[FloatArray, FloatArray], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Gt: np.greater,
    ast.Lt: np.less,
}
_OF_PARTS = frozenset({"sum_of", "mean_of", "rated"})
_OF_VALUES = frozenset({"hourly", "per_hour", "abs", "sqrt", "cos_deg"})


class BadExpressionError(ValueError):
    """An expression that is not one, or names what its kind does not have."""


@cache
def parse(text: str, kind: str) -> ast.expr:
    """Read an expression and check every name in it against the kind.

    Raises
    ------
    BadExpressionError
        If it is anything else than arithmetic over signals of the kind.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise BadExpressionError(f"{text!r}: {error.msg}") from error
    _check(tree, kind)
    return tree


def signals_of(tree: ast.expr, kind: str) -> frozenset[str]:
    """Name the signals that an expression reads; parts of a family all stand under the family's name."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & set(load_kind(kind).signals)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "state":
            names.add(load_kind(kind).state_signal or "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _OF_PARTS - {"rated"}:
            names.add(f"{_text(node.args[0])}_*")
    return frozenset(names)


def evaluate(tree: ast.expr, window: Window) -> FloatArray:
    """Give the value at each row, shape (n,); 1 and 0 for yes and no; NaN where a value that it needs is not known."""
    with np.errstate(all="ignore"):
        found: FloatArray = np.broadcast_to(np.asarray(_value(tree, window), np.float64), (len(window),))
    return found


def members(name: str, kind: str) -> tuple[str, ...]:
    """Name the parts of a family by the beginning of its name; ``current`` is that of the phases or lines.

    ``voltage_ab`` stands for the three voltages between lines, ``current_a`` for the three phases.
    """
    known = load_kind(kind)
    for family, of in known.members.items():
        if name in of or family.split("_{", maxsplit=1)[0] == name:
            return tuple(of)
    return tuple(one for one in known.signals if one.rsplit("_", 1)[0] == name and known.signals[one].is_numeric)


def _check(node: ast.expr, kind: str) -> None:  # noqa: C901, PLR0912 - one case for each form that is let through
    match node:
        case ast.BinOp(left=left, right=right, op=op) if type(op) in _OPERATORS:
            _check(left, kind)
            _check(right, kind)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
            _check(left, kind)
            _check(right, kind)
        case ast.BoolOp(op=ast.And(), values=values):
            for value in values:
                _check(value, kind)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            _check(operand, kind)
        case ast.Constant(value=int() | float()):
            pass
        case ast.Name(id=name):
            if name not in load_kind(kind).signals:
                raise BadExpressionError(f"{kind} has no signal {name!r}")
        case ast.Call(func=ast.Name(id=name), args=[value], keywords=[]) if name in _OF_VALUES:
            _check(value, kind)
        case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(family))], keywords=[]) if name in _OF_PARTS:
            if name != "rated" and not members(family, kind):
                raise BadExpressionError(f"{kind} has no family {family!r}")
        case ast.Call(func=ast.Name(id="sun"), args=[], keywords=[]):
            pass
        case ast.Call(func=ast.Name(id="state"), args=args, keywords=[]) if args:
            signal = load_kind(kind).state_signal
            states = {state.name for state in load_kind(kind).signals[signal].states} if signal else set()
            unknown = {_text(one) for one in args} - states
            if unknown:
                raise BadExpressionError(f"{kind} has no state {', '.join(sorted(unknown))}")
        case _:
            raise BadExpressionError(f"{ast.unparse(node)!r} is not arithmetic over signals")


def _value(node: ast.expr, window: Window) -> FloatArray:  # noqa: PLR0911 - one for each form
    match node:
        case ast.BinOp(left=left, right=right, op=op):
            result: FloatArray = _OPERATORS[type(op)](_value(left, window), _value(right, window))
            return result
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            first, second = _value(left, window), _value(right, window)
            known = ~(np.isnan(first) | np.isnan(second))
            return np.where(known, _OPERATORS[type(op)](first, second), np.nan)
        case ast.BoolOp(values=values):
            both: FloatArray = np.prod([np.broadcast_to(_value(value, window), (len(window),)) for value in values], axis=0)
            return both
        case ast.UnaryOp(operand=operand):
            return -_value(operand, window)
        case ast.Constant(value=value):
            return np.asarray(float(value))  # type: ignore[arg-type]
        case ast.Name(id=name):
            return window[name]
        case ast.Call(func=ast.Name(id=name), args=args):
            return _call(name, args, window)
    raise AssertionError(ast.dump(node))  # parse has let nothing else through


def _call(name: str, args: list[ast.expr], window: Window) -> FloatArray:  # noqa: PLR0911 - one for each function
    match name:
        case "state":
            state = window[load_kind(window.kind).state_signal or ""]
            return np.where(np.isnan(state), np.nan, window.state_is(*(_text(one) for one in args)))
        case "sun":
            return _sun(window)
        case "rated":
            return np.asarray(window.rated.get(_text(args[0]), np.nan))
        case "sum_of" | "mean_of":
            sent = [window[one] for one in members(_text(args[0]), window.kind) if one in window]
            columns = np.array([column for column in sent if not np.isnan(column).all()]).reshape(-1, len(window))
            if not len(columns):
                return np.full(len(window), np.nan)
            total: FloatArray = columns.sum(axis=0)
            return total / len(columns) if name == "mean_of" else total
    value = np.broadcast_to(_value(args[0], window), (len(window),))
    match name:
        case "abs":
            return np.abs(value)
        case "sqrt":
            return np.sqrt(value)
        case "cos_deg":
            return np.cos(np.radians(value))
        case "hourly":
            return _by_hour(value, window, _means)
        case _:
            return _by_hour(value, window, growth_by_hour)


_ENDS = ((18.0, 75.0), (53.0, 75.0), (18.0, 135.0), (53.0, 135.0))
"""Latitude and longitude of the ends of the country: where a plate does not say where the machine stands, it is night when it is
night at all of them."""


def _sun(window: Window) -> FloatArray:
    places: tuple[tuple[float, float], ...] = _ENDS
    if {"latitude", "longitude"} <= window.rated.keys():
        places = ((window.rated["latitude"], window.rated["longitude"]),)
    heights = [elevation_deg(window.times_us, latitude_deg=north, longitude_deg=east) for north, east in places]
    highest: FloatArray = np.max(heights, axis=0)
    return highest


def _by_hour(value: FloatArray, window: Window, reduce: Callable[[FloatArray], FloatArray]) -> FloatArray:
    rows = window.steps(_HOUR_SECONDS)
    found = np.full(len(value), np.nan)
    whole = len(value) // rows * rows
    found[:whole] = np.repeat(reduce(value[:whole].reshape(-1, rows)), rows)
    return found


def _means(hours: FloatArray) -> FloatArray:
    known = ~np.isnan(hours)
    count = known.sum(axis=1)
    total = np.where(known, hours, 0.0).sum(axis=1)
    means: FloatArray = np.where(count >= _LEAST_KNOWN * hours.shape[1], total / np.maximum(count, 1), np.nan)
    return means


def growth_by_hour(hours: FloatArray) -> FloatArray:
    """Give the growth of a counter in an hour of n rows: from its first to its last known value, brought to n rows."""
    rows = hours.shape[1]
    known = ~np.isnan(hours)
    first, last = known.argmax(axis=1), rows - 1 - known[:, ::-1].argmax(axis=1)
    number = np.arange(len(hours))
    grown = (hours[number, last] - hours[number, first]) * rows / np.maximum(last - first, 1)
    found: FloatArray = np.where(last - first >= _LEAST_KNOWN * rows, grown, np.nan)
    return found


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise BadExpressionError(f"{ast.unparse(node)!r} is not a name in quotes")
