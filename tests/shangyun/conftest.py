"""Folders of these tests hold databases, so they lie where any user can reach them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import reachable_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with reachable_folder() as folder:
        yield folder
