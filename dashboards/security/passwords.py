"""Passwords: argon2id, few at a time, and as slow for a name that does not exist as for one that does."""

import base64
import secrets
from collections.abc import Callable
from typing import TypeVar

import argon2
from anyio import CapacityLimiter, to_thread
from fastapi import HTTPException

Result = TypeVar("Result")

SHORTEST, LONGEST = 10, 200
_AT_ONCE = 2
"""Each takes 64 MiB and a processor for a while."""
_MOST_WAITING = 30
_LETTERS = "abcdefghjkmnpqrstuvwxyz2345678"


class Passwords:
    """Makes and checks hashes without holding up anybody else."""

    def __init__(self) -> None:
        self._hasher = argon2.PasswordHasher()
        self._limiter: CapacityLimiter | None = None
        salt, tag = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
        costs = f"m={self._hasher.memory_cost},t={self._hasher.time_cost},p={self._hasher.parallelism}"
        self._nobody = f"$argon2id$v=19${costs}${salt}${tag}"

    async def hash(self, password: str) -> str:
        return await self._run(self._hasher.hash, password)

    async def is_right(self, password_hash: str | None, password: str) -> bool:
        """Check a password; without a hash, that of a name which does not exist, it takes as long and is wrong."""
        return await self._run(self._verify, password_hash or self._nobody, password)

    def hash_now(self, password: str) -> str:
        """Hash in this thread: for commands."""
        return self._hasher.hash(password)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    async def _run(self, function: Callable[..., Result], *arguments: str) -> Result:
        if self._limiter is None:  # it belongs to the loop that runs
            self._limiter = CapacityLimiter(_AT_ONCE)
        if self._limiter.statistics().tasks_waiting >= _MOST_WAITING:
            raise HTTPException(503, "too many log-ins at once", headers={"Retry-After": "5"})
        return await to_thread.run_sync(function, *arguments, limiter=self._limiter)


def random_password() -> str:
    """Make one that a person can type: 78 random bits without look-alikes."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def problem_of(password: str, name: str) -> str | None:
    """Say in one word what is wrong with a new password: its length, or that it is the name."""
    if not SHORTEST <= len(password) <= LONGEST:
        return "length"
    return "name" if password.casefold() == name.casefold() else None
