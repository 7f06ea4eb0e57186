"""The files that browsers fetch from us alone: our own, and the built packages with their versions in the address."""

import json
from functools import cache
from pathlib import Path

from telemetry.errors import ConfigError

STATIC = Path(__file__).parent / "static"
VENDOR = STATIC / "vendor"
BUILD_COMMAND = "scripts/frontend"


@cache
def vendor_hashes() -> dict[str, str]:
    """Give the built files and their hashes.

    Raises
    ------
    ConfigError
        If they are not built or not complete; the message names the command that builds them.
    """
    try:
        manifest = json.loads((VENDOR / "manifest.json").read_text(encoding="utf-8"))
        hashes = {entry["file"]: entry["sha256"] for entry in manifest["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(f"the front-end packages are not built; run: {BUILD_COMMAND}", file=VENDOR) from None
    missing = sorted(name for name in hashes if not (VENDOR / name).is_file())
    if missing:
        raise ConfigError(f"front-end files are missing ({', '.join(missing)}); run: {BUILD_COMMAND}", file=VENDOR)
    return hashes


def vendor_address(name: str) -> str:
    """Give the address of a built file, other with every version, so that no browser keeps an old one.

    Without the build it is the plain address: pages still render, and ``shangyun web`` has said what is missing.
    """
    try:
        version = vendor_hashes()[name][:12]
    except ConfigError:
        return f"/static/vendor/{name}"
    return f"/static/vendor/{name}?v={version}"
