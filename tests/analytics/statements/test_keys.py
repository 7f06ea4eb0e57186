"""The key file of statements."""

from pathlib import Path

import pytest

from analytics.statements.keys import make_keys, read_keys
from telemetry.errors import ConfigError


def test_a_key_file_is_neither_overwritten_nor_read_where_others_could(tmp_path: Path) -> None:
    file = tmp_path / "statements.key"
    keys = make_keys(file)
    assert read_keys(file) == keys
    with pytest.raises(ConfigError, match="never overwritten"):
        make_keys(file)
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="others can read it"):
        read_keys(file)
    file.chmod(0o600)
    file.write_text('signing_key = "abc"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="64 hexadecimal digits"):
        read_keys(file)
