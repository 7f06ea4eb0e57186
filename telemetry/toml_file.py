"""TOML with positions: the standard library parses it, this module remembers on which line each key stood."""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from telemetry.errors import ConfigError, Problem

KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]+")


class TomlFile:
    """A parsed TOML file that can say where each of its keys stands.

    Raises
    ------
    ConfigError
        If the file cannot be read, is not UTF-8 or is not TOML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            raise ConfigError(error.strerror or str(error), file=path) from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigError(f"is not UTF-8 text ({error.reason})", file=path, line=line) from error
        try:
            self.content: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            place = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
            line = int(place[1]) if place else text.count("\n") + 1
            message = str(error)[: place.start()] if place else str(error).replace(" (at end of document)", ", at the end")
            raise ConfigError(f"is not valid TOML: {message}", file=path, line=line) from error
        self._lines = _Scanner(text).lines()

    def line_of(self, path: Sequence[str | int]) -> int | None:
        """Give the line of a key, or of the nearest thing around it; parts that are no keys of the file are passed over."""
        place: KeyPath = ()
        for part in path:
            if (*place, part) in self._lines:
                place = (*place, part)
        return self._lines.get(place)

    def problem(self, path: Sequence[str | int], message: str) -> Problem:
        return Problem(message=message, file=self.path, line=self.line_of(path), key=_dotted(path) or None)


def _dotted(path: Sequence[str | int]) -> str:
    """Write a path as people do: ``equipment[2].connection`` (the first of an array is 1, as one counts in the file)."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class _Scanner:
    """One walk over text that tomllib has already accepted, so that it needs no error handling of its own."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._line_ends = [match.start() for match in re.finditer("\n", self._text)]
        self._at = 0
        self._found: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}

    def lines(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self._text):
            if self._text.startswith("[", self._at):
                table = self._header()
            else:
                self._pair(table)
        return self._found

    def _header(self) -> KeyPath:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        start = self._at
        keys = self._keys()
        table: KeyPath = ()
        for key in keys[:-1]:
            table = (*table, key)
            self._note(table, start)
            if table in self._arrays:
                table = (*table, self._arrays[table])
        table = (*table, keys[-1])
        if is_array:
            self._note(table, start)
            self._arrays[table] = self._arrays.get(table, -1) + 1
            table = (*table, self._arrays[table])
        self._note(table, start)
        self._at = self._text.index("]", self._at) + (2 if is_array else 1)
        return table

    def _pair(self, table: KeyPath) -> None:
        start = self._at
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path, start)
        self._at = self._text.index("=", self._at) + 1
        self._skip(_SPACE)
        self._value(path)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_SPACE)
            quoted = _STRING.match(self._text, self._at)
            match = quoted or _BARE_KEY.match(self._text, self._at)
            assert match is not None
            keys.append(next(iter(tomllib.loads(f"{match[0]} = 0"))) if quoted else match[0])
            self._at = match.end()
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        self._note(path, self._at)
        first = self._text[self._at]
        if first == "[":
            self._items(path)
        elif first == "{":
            self._at += 1
            while self._text[self._skip(_BLANK)] != "}":
                if self._text[self._at] == ",":
                    self._at += 1
                else:
                    self._pair(path)
            self._at += 1
        else:
            match = _STRING.match(self._text, self._at) or _SCALAR.match(self._text, self._at)
            assert match is not None
            self._at = match.end()

    def _items(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while self._text[self._skip(_BLANK)] != "]":
            if self._text[self._at] == ",":
                self._at += 1
            else:
                self._value((*path, index))
                index += 1
        self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return self._at

    def _note(self, path: KeyPath, at: int) -> None:
        self._found.setdefault(path, bisect_left(self._line_ends, at) + 1)
