"""The errors of the house, named by what the reader must do.

ShangyunError
├── ConfigError       mend the file that it names; the command ends with status 2
├── RetryableError    wait and try again
│   ├── NotConnected  the other side is away
│   └── Refused       the other side answered, and said no (its own code is kept)
└── BadPayload        a message that can never be accepted, with the reason to count it under

Anything else that is raised is a bug and ends the process.
"""

from dataclasses import dataclass
from pathlib import Path


class ShangyunError(Exception):
    """Root of all errors that are meant to reach a person as a sentence, never as a traceback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a file, told so that it can be found: ``file:line: key: what is wrong``."""

    message: str
    file: Path | None = None
    line: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        place = "" if self.file is None else f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        return f"{place}{self.key}: {self.message}" if self.key else f"{place}{self.message}"


class ConfigError(ShangyunError):
    """Settings, profile or command line that cannot be used; holds every mistake found, not only the first."""

    def __init__(
        self, *problems: Problem | str, file: Path | None = None, line: int | None = None, key: str | None = None
    ) -> None:
        self.problems = tuple(
            problem if isinstance(problem, Problem) else Problem(message=problem, file=file, line=line, key=key)
            for problem in problems
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RetryableError(ShangyunError):
    """Something outside failed that may work later."""


class NotConnected(RetryableError):  # noqa: N818 - a state of the world, not a mistake
    """The other side cannot be reached, or went away while it was asked."""


class Refused(RetryableError):  # noqa: N818 - the same
    """The other side answered with a refusal; ``code`` is its own number."""

    def __init__(self, what: str, *, code: int) -> None:
        self.code = code
        super().__init__(f"{what}: refused with code {code}")


class BadPayload(ShangyunError):  # noqa: N818 - the same
    """A message that no retry will make acceptable; ``reason`` is a short word for counters and dead letters."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")
