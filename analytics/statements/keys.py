"""The file with the keys of a plant: one signs its statements, the other hides places in them."""

import hashlib
import os
import secrets
import stat
import tomllib
from pathlib import Path
from typing import NamedTuple

from analytics.leasing.chain import key_pair
from telemetry.errors import ConfigError

_BYTES = 32
_TEXT = """# Keys of usage statements. Who has them can make statements in the plant's name: keep this file secret, and a copy.

signing_key = "{signing}"       # Ed25519; its public key is {public}
location_key = "{location}"      # hides places (HMAC); give it to whoever is to check where a machine was
"""


class Keys(NamedTuple):
    """What is in the file, and what follows from it."""

    signing_key: bytes
    location_key: bytes
    public_key: bytes

    @property
    def key_id(self) -> str:
        return key_id_of(self.public_key)


def key_id_of(public_key: bytes) -> str:
    """Give the short name of a public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def make_keys(file: Path) -> Keys:
    """Write a new key file that only its owner can read.

    Raises
    ------
    ConfigError
        If there is such a file, which is never overwritten, or it cannot be written.
    """
    signing, public = key_pair()
    location = secrets.token_bytes(_BYTES)
    text = _TEXT.format(signing=signing.hex(), public=public.hex(), location=location.hex())
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        raise ConfigError("is there already, and keys are never overwritten", file=file) from None
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", file=file) from None
    return Keys(signing, location, public)


def read_keys(file: Path) -> Keys:
    """Read a key file.

    Raises
    ------
    ConfigError
        If it is none, or others can read it.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        others = stat.S_IMODE(file.stat().st_mode) & 0o077
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}", file=file) from None
    if others:
        raise ConfigError(f"others can read it: chmod 600 {file}", file=file)
    found = {name: _key(file, name, content.get(name)) for name in ("signing_key", "location_key")}
    return Keys(**found, public_key=key_pair(found["signing_key"])[1])


def public_key_of(text: str) -> bytes:
    """Read a public key as people write it.

    Raises
    ------
    ConfigError
        If it is none.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise ConfigError(f"{text!r} is not a public key: 64 hexadecimal digits, as `shangyun statements key` shows them")
    return key


def _key(file: Path, name: str, written: object) -> bytes:
    try:
        key = bytes.fromhex(written) if isinstance(written, str) else b""
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise ConfigError("is not 64 hexadecimal digits", file=file, key=name)
    return key
